//! The flags of `fleet`.

use std::path::PathBuf;

use clap::Args;

use crate::app::fleet::Form;

#[derive(Clone, Debug, Args)]
pub struct Fleet {
    /// Hosts: URLs such as https://deploy-1:9710, or paths of sockets (default: those of the file).
    #[arg(value_name = "HOST")]
    pub hosts: Vec<String>,
    /// List of hosts (default: fleet.toml here, in ~/.config/switchback, or in /etc/switchback).
    #[arg(long, value_name = "FILE", conflicts_with = "hosts")]
    pub file: Option<PathBuf>,
    /// File with the token for hosts without one of their own.
    ///
    /// Without it the token of the configuration is taken: `control.operator_token`, else `control.viewer_token`.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Authorities (PEM) to trust instead of those of the system.
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
    /// Print the table once every host has answered, and end.
    #[arg(long)]
    pub once: bool,
    /// Output format.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Form::Human)]
    pub output: Form,
}
