//! The vocabulary that all floors above share. It knows none of them. Numbers for people are written by
//! [`number`], which the floor below needs as well.
//!
//! | file | holds |
//! | --- | --- |
//! | `action` | what an operator can order |
//! | `actor` | who made a decision |
//! | `decision` | what was decided, by whom, and on which numbers |
//! | `outcome` | how a soak stands, and how it ends |
//! | `check_id` | the names of checks |
//! | `color` | blue and green |
//! | `reason` | why a decision was made |
//! | `words` | words that stand in files, in JSON and on screen, each written once |
//! | `traffic` | where the traffic of users is after a failure |
//! | `limits` | how many recordings are kept |
//! | `signing_key` | the secret with which webhooks and orders are signed |
//! | `url_error` | why a text is no URL |
//! | `webhook` | what a webhook's URL has to be |
//! | `printable` | foreign text, made fit for a terminal |

mod action;
mod actor;
mod check_id;
mod color;
mod decision;
mod limits;
mod outcome;
pub mod printable;
mod reason;
mod signing_key;
mod traffic;
mod url_error;
mod webhook;
mod words;

pub use action::Action;
pub(crate) use action::UnknownAction;
pub use actor::Actor;
pub use check_id::CheckId;
pub use color::Color;
pub use decision::{Decision, DecisionKind};
pub(crate) use limits::Limits;
pub use measure::number;
pub(crate) use outcome::Phase;
pub use outcome::{Cause, Ending, Outcome, Verdict};
pub(crate) use reason::{Reason, ReasonCode};
pub use signing_key::SigningKey;
pub(crate) use traffic::Traffic;
pub(crate) use url_error::url_error;
pub(crate) use webhook::webhook;
