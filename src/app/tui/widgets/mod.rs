//! What a screen is made of. Every widget draws into its area and nowhere else, whatever its size.
//!
//! | file | draws |
//! | --- | --- |
//! | `header`, `footer` | the first and the last row |
//! | `chart`, `axis`, `plot` | the big chart: labels, threshold, marks; values to rows; dots to cells |
//! | `checks`, `sparkline`, `meter` | the checks, their history, how far from a breach |
//! | `status`, `instances`, `decisions`, `outcome` | the other panes |
//! | `overlay/` | what lies above the panes: help, a decision's detail, dialogs, the demo's weather |
//! | `pane`, `pen`, `cells`, `stretch` | frames, text, numbers to cells, the stretch of time that is shown |

mod axis;
mod cells;
mod chart;
mod checks;
mod decisions;
mod footer;
mod header;
mod instances;
mod meter;
mod outcome;
mod overlay;
mod pane;
mod pen;
mod plot;
mod sparkline;
mod status;
mod stretch;

pub use chart::chart;
pub use checks::checks;
pub use decisions::decisions;
pub use footer::footer;
pub use header::header;
pub use instances::instances;
pub use outcome::{outcome, rows as outcome_rows};
pub use overlay::overlay;
pub use pen::{wrap, write};
pub use status::{rows as status_rows, status};
pub use stretch::Stretch;
