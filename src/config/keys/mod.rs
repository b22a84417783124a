//! The table of keys. Each row says all there is to know about one key; sections have a file each.
//!
//! The order is that of the template and the docs, and a derived default may use only what stands before it.
//!
//! | file | holds |
//! | --- | --- |
//! | `checks` | `checks.*` |
//! | `control` | `control` |
//! | `general` | keys outside of any section |
//! | `instances` | `colors`, `instances`, `metrics` and `health` |
//! | `key` | what a row of the table is made of, and the rows as one list |
//! | `notify` | `notify` |
//! | `probe` | `router.probe_*` |
//! | `prometheus` | `prometheus` |
//! | `requests` | `requests` |
//! | `retention` | `retention` |
//! | `rollback` | `rollback` |
//! | `router` | `router` |
//! | `soak` | `soak` |

mod checks;
mod control;
mod general;
mod instances;
mod key;
mod notify;
mod probe;
mod prometheus;
mod requests;
mod retention;
mod rollback;
mod router;
mod soak;

pub(in crate::config) use key::{Fallback, OTHER_VARIABLES};
pub use key::{Key, flags, keys, section, shell_word};
