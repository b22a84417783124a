//! The flags of `status`.

use clap::Args;

use crate::app::headless::Output;

/// Flags of `status`.
#[derive(Clone, Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that is given or not")]
pub struct Status {
    /// Print JSON, over several lines.
    #[arg(long)]
    pub json: bool,
    /// Keep showing it until Ctrl-C.
    #[arg(long)]
    pub watch: bool,
    /// Print only the color to deploy to, for scripts.
    #[arg(long, conflicts_with_all = ["json", "watch"])]
    pub inactive: bool,
    /// Exit with the code of the newest soak.
    ///
    /// 0 only if its release was retained and is live, 10 while it runs.
    #[arg(long, conflicts_with_all = ["watch", "inactive"])]
    pub exit_code: bool,
    /// Wait until the soak is over, and exit the same way.
    ///
    /// The exit code is 7 once a rollback has failed for `rollback.give_up`.
    #[arg(long, conflicts_with_all = ["watch", "inactive"])]
    pub wait: bool,
    /// Output format.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human, conflicts_with_all = ["watch", "inactive"])]
    pub output: Output,
}
