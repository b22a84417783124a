//! Flags of `demo`.

use clap::Args;

use crate::app::demo::Scenario;
use crate::app::headless::Output;

/// Flags of `demo`.
#[derive(Clone, Debug, Args)]
pub struct Demo {
    /// Scenario: what happens to the new release.
    #[arg(long, value_enum, value_name = "NAME", default_value_t = Scenario::Breach)]
    pub scenario: Scenario,
    /// Speed: the soak window is a minute divided by this.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20))]
    pub speed: u32,
    /// Hosts that watch: of two, the leader dies in the middle of its rollback. Needs etcd.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=2))]
    pub hosts: u32,
    /// Seed of the random numbers.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Print lines instead of the terminal UI.
    #[arg(long)]
    pub no_tui: bool,
    /// Output format.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
    pub output: Output,
}
