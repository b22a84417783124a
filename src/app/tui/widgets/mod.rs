//! What a screen is made of. Every widget draws into its area and nowhere else, whatever its size.
//!
//! | file | draws |
//! | --- | --- |
//! | `header`, `footer` | the first and the last row |
//! | `chart`, `evidence` | the big chart; how far its check is from a breach |
//! | `graph`, `axis`, `plot` | what charts are made of: labels, threshold, marks; values to rows; dots to cells |
//! | `checks`, `sparkline`, `meter` | the checks, their history, how far from a breach |
//! | `status`, `instances`, `routes`, `decisions`, `selected`, `outcome` | the other panes |
//! | `overlay/` | what lies above the panes: help, the detail of a row, dialogs, the demo's faults |
//! | `pane`, `pen`, `cells`, `stretch` | frames, text, numbers to cells, the stretch of time that is shown |

mod axis;
mod cells;
mod chart;
mod checks;
mod decisions;
mod evidence;
mod footer;
mod graph;
mod header;
mod instances;
mod meter;
mod outcome;
mod overlay;
pub(super) mod pane;
mod pen;
mod plot;
mod routes;
mod selected;
mod sparkline;
mod status;
mod stretch;

pub(crate) use chart::chart;
pub(crate) use checks::checks;
pub(crate) use decisions::decisions;
pub(crate) use evidence::evidence;
pub(crate) use footer::footer;
pub(crate) use header::{beneath, header};
pub(crate) use instances::instances;
pub use outcome::outcome;
pub(crate) use outcome::rows as outcome_rows;
pub(crate) use overlay::{Above, above, overlay};
pub(crate) use pane::first_row;
pub(crate) use pen::{after, row, wrap, write, write_right};
pub(crate) use routes::routes;
pub(crate) use selected::{selected, subject};
pub(crate) use sparkline::height;
pub(crate) use status::{rows as status_rows, status};
pub(crate) use stretch::Stretch;
