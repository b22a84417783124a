//! The records of the past: history, replay, backtest.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::app::headless::Output;
use crate::core::backtest::Sweep;

/// Flags of `replay`.
#[derive(Clone, Debug, Args)]
pub struct Replay {
    /// The ID of a soak, or a file (default: the newest recording).
    pub recording: Option<String>,
    /// Speed, as a multiple of the real one.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub speed: u32,
    /// Print its lines at once instead of the terminal UI.
    #[arg(long)]
    pub no_tui: bool,
    /// Output format.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
    pub output: Output,
}

/// Flags of `backtest`. Settings come from flags, environment and file as for a soak, but for window and interval:
/// without a flag they are those of the trace.
#[derive(Clone, Debug, Args)]
pub struct Backtest {
    /// Recordings of soaks, or CSV files.
    ///
    /// Whether the release of a recording was good is taken from the soak's outcome. CSV files have the header
    /// `tick_ms,total,errors`, and count as good releases. Files that cannot be used are skipped.
    #[arg(required_unless_present_any = ["good", "bad"], value_name = "TRACE")]
    pub traces: Vec<PathBuf>,
    /// Traces of releases that are known to be good.
    ///
    /// Whatever their outcome was, for example after a false alarm.
    #[arg(long, num_args = 1.., value_name = "TRACE")]
    pub good: Vec<PathBuf>,
    /// Traces of releases that are known to be bad.
    ///
    /// Their results are counted separately.
    #[arg(long, num_args = 1.., value_name = "TRACE")]
    pub bad: Vec<PathBuf>,
    /// Try several values of a setting: `threshold=1%,5%`.
    ///
    /// The results are printed side by side. Several sweeps multiply.
    #[arg(long, value_name = "KEY=V,V,…")]
    pub sweep: Vec<Sweep>,
    /// Print one JSON object a line for each trace and setting.
    #[arg(long)]
    pub json: bool,
}

/// Subcommands of `history`.
#[derive(Clone, Debug, Subcommand)]
pub enum HistoryCommand {
    /// Remove recordings beyond `retention.*`; decisions stay.
    ///
    /// Removes recordings beyond the age, count or size that `retention` allows.
    Prune {
        /// Dry run: list what would be removed.
        #[arg(long)]
        dry_run: bool,
    },
    /// List the IDs of the recorded soaks, oldest first, for `replay`.
    Soaks,
}
