//! Pure: many services and their soaks as one list, the worst first.
//!
//! | file | holds |
//! | --- | --- |
//! | `rank` | which of two rows is worse, and which of two exit codes |
//! | `rows` | the list itself, folded from what the hosts say |
//! | `trend` | the course of a row's value, bounded |

mod rank;
mod rows;
mod trend;

#[cfg(test)]
mod tests;

#[cfg(test)]
use rank::worst;
pub(crate) use rows::{Change, Counts, Fleet, Key, Row, Update};
pub(crate) use trend::Trend;
