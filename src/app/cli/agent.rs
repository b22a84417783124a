//! The flags of `agent`.

use std::path::PathBuf;

use clap::Args;

use crate::app::headless::Output;

/// Flags of `agent`.
#[derive(Clone, Debug, Args)]
pub struct Agent {
    /// Folder with a configuration file (`*.toml`) for each service.
    ///
    /// Files that are added, changed or removed while it runs are noticed. `agent.toml` is the agent's own.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Output format.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
    pub output: Output,
}
