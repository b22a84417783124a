//! The flags of `fleet`.

use std::path::PathBuf;

use clap::Args;

use crate::app::fleet::Form;

#[derive(Clone, Debug, Args)]
pub struct Fleet {
    /// URLs, or paths of sockets (default: those of the file).
    ///
    /// An agent's, or that of the monitor of one service, such as `https://deploy-1:9710` or `/run/switchback/agent.sock`.
    #[arg(value_name = "HOST")]
    pub hosts: Vec<String>,
    /// List of hosts (default: fleet.toml).
    ///
    /// It is looked for here, in ~/.config/switchback, and in /etc/switchback.
    #[arg(long, value_name = "FILE", conflicts_with = "hosts")]
    pub file: Option<PathBuf>,
    /// Token for hosts without one of their own.
    ///
    /// Without it the token of the configuration is taken: `control.operator_token`, else `control.viewer_token`.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Authorities (PEM) to trust.
    ///
    /// Instead of those of the system.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Read-only view: give no orders.
    #[arg(long)]
    pub read_only: bool,
    /// Print lines instead of the terminal UI.
    ///
    /// It ends when no soak runs any more; the exit code is the worst of all services.
    #[arg(long)]
    pub no_tui: bool,
    /// Print the table, and end.
    ///
    /// Once every host has answered, after 15s at the latest.
    #[arg(long)]
    pub once: bool,
    /// Output format.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Form::Human)]
    pub output: Form,
}
