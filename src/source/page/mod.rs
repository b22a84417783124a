//! From a page's samples to a [`crate::detect::Reading`]: which counter counts the requests, and what its series add up to.

mod book;
mod census;
mod counters;
mod culprits;
mod histogram;
mod reader;
mod rows;
#[cfg(test)]
mod tests;

pub use book::MAX_SERIES;
pub use counters::{LABELS, METRICS};
pub use histogram::HISTOGRAMS;
pub use reader::PageReader;
