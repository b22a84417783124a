//! Many services on many hosts.
//!
//! | file | part |
//! | --- | --- |
//! | `follow` | one host after the other is followed, and found again when it is lost |
//! | `lines` | what changes, as lines and as JSON; the table |

mod follow;
mod lines;

pub(crate) use follow::{Place, follow_all};
pub(crate) use lines::{Form, Lines};
