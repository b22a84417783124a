//! The table of keys. Each row says all there is to know about one key; sections have a file each.
//!
//! The order is that of the template and the docs, and a derived default may use only what stands before it.

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
pub use key::{Key, flags, keys, shell_word};
