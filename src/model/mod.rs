//! The vocabulary that all floors above share. It knows none of them.
//!
//! | file | holds |
//! | --- | --- |
//! | `color` | blue and green |
//! | `traffic` | where the traffic of users is after a failure |
//! | `limits` | how many recordings are kept |
//! | `signing_key` | the secret with which webhooks and orders are signed |
//! | `webhook` | what a webhook's URL has to be |
//! | `printable` | foreign text, made fit for a terminal |

mod color;
mod limits;
pub mod printable;
mod signing_key;
mod traffic;
mod webhook;

pub use color::{Color, UnknownColor};
pub use limits::Limits;
pub use signing_key::SigningKey;
pub use traffic::Traffic;
pub use webhook::webhook;
