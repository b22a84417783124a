//! The records of the past: history, replay, backtest.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::app::headless::Output;
use crate::core::backtest::Sweep;

/// Sizes of a picture: from that of the smallest screen with panes on.
const COLUMNS: RangeInclusive<u16> = 60..=300;
const ROWS: RangeInclusive<u16> = 15..=100;

/// Flags of `replay`.
#[derive(Clone, Debug, Args)]
pub struct Replay {
    /// The ID of a soak, or a file (default: the newest recording).
    pub recording: Option<String>,
    /// Speed, as a multiple of the real one (default: 1).
    ///
    /// With `--svg` the default is what makes the recording take about 20s.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub speed: Option<u32>,
    /// Print its lines at once instead of the terminal UI.
    #[arg(long)]
    pub no_tui: bool,
    /// Write an animated picture (SVG) of it instead.
    ///
    /// Browsers play it over and over, with a pause on the last screen.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["no_tui", "output"])]
    pub svg: Option<PathBuf>,
    /// Columns and rows of the picture.
    #[arg(long, value_name = "SIZE", default_value = "120x36", value_parser = size, requires = "svg")]
    pub size: (u16, u16),
    /// Output format.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
    pub output: Output,
}

/// `120x36`.
fn size(text: &str) -> Result<(u16, u16), String> {
    let sides = text.split_once('x').and_then(|(columns, rows)| Some((columns.parse().ok()?, rows.parse().ok()?)));
    let fits = |(columns, rows): &(u16, u16)| COLUMNS.contains(columns) && ROWS.contains(rows);
    sides.filter(fits).ok_or_else(|| {
        let (columns, rows) = ((COLUMNS.start(), COLUMNS.end()), (ROWS.start(), ROWS.end()));
        format!("from {}x{} to {}x{}, such as 120x36", columns.0, rows.0, columns.1, rows.1)
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tui::SMALLEST;

    #[test]
    fn a_picture_has_a_size_that_there_are_screens_of() {
        assert_eq!((*COLUMNS.start(), *ROWS.start()), SMALLEST);
        assert_eq!(size("120x36"), Ok((120, 36)));
        for wrong in ["", "120", "120x", "x36", "59x36", "120x101", "120X36", "-1x20", "99999x36"] {
            assert_eq!(size(wrong), Err("from 60x15 to 300x100, such as 120x36".to_owned()), "{wrong}");
        }
    }
}
