//! The keys: what is pressed, what it means where, and the texts about it, all from one table.
//!
//! | file | holds |
//! | --- | --- |
//! | `bindings` | the table of bindings |
//! | `key` | one key as a person names it |
//! | `texts` | footer and help, generated from the bindings |

mod bindings;
mod key;
mod texts;

pub(crate) use bindings::{Command, Context, Scope, command, named};
pub(crate) use key::Key;
pub(crate) use texts::{help, hints};

#[cfg(test)]
mod tests;
