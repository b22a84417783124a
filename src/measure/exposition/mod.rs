//! A streaming reader of Prometheus text 0.0.4 (<https://prometheus.io/docs/instrumenting/exposition_formats/>) and
//! OpenMetrics 1.0 (<https://prometheus.io/docs/specs/om/open_metrics_spec/>). Bytes are visited a constant number of
//! times; only lines that straddle chunks are copied, and only names are parsed until the page wants the line.
//!
//! | file | holds |
//! | --- | --- |
//! | `digits` | whole numbers, read fast |
//! | `error` | what can be wrong with a page |
//! | `lines` | cuts a stream of chunks into lines |
//! | `reader` | from chunks to samples |
//! | `sample` | one line of a page, taken apart where it lies |

mod digits;
mod error;
mod lines;
mod reader;
mod sample;
#[cfg(test)]
mod tests;

pub use digits::whole;
pub use error::{Fault, quote};
pub use error::{MAX_SERIES, PageError};
pub use lines::MAX_LINE;
pub use reader::Format;
pub use reader::{Exposition, Page};
pub use sample::{Sample, Text, value};
