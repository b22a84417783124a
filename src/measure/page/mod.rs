//! From a page's samples to a [`crate::detect::Reading`]: which counter counts the requests, and what its series add up to.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `names`, `labels` | what the names of a counter and of its labels say |
//! | `origin` | whose requests a series counts |
//! | `memo` | what is to be done with the samples of each metric |
//! | `known_lines` | what was done with each line of the page before |
//! | `shelf` | what the pages of several instances have in common |
//! | `spare` | lists that pages are read into |
//! | `candidate`, `catalog` | the counters of a page that may be the one of requests, and which of them is |
//! | `wanted` | which series count, and which of them are errors |
//! | `rows`, `series` | the series of one page while it is read |
//! | `count` | what a value counts |
//! | `settle`, `series_store` | where each series is added up, and what they add up to over many pages |
//! | `build` | the release that answers |
//! | `label_counts` | which labels the failed requests carry |
//! | `family`, `metric_inventory`, `why` | why no counter was taken |
//! | `histogram` | which histogram says how long requests took, and what it says |
//! | `agreement` | what both colors are measured by |
//! | `reader` | all of it together |

mod agreement;
mod build;
mod candidate;
mod catalog;
mod count;
mod family;
mod histogram;
mod known_lines;
mod label_counts;
mod labels;
mod memo;
mod metric_inventory;
mod names;
mod origin;
mod reader;
mod rows;
mod series;
mod series_store;
mod settle;
mod shelf;
mod spare;
#[cfg(test)]
mod tests;
mod wanted;
mod why;

pub use agreement::Agreement;
pub use labels::LABELS;
pub use reader::PageReader;
