//! The flags of `init`.

use clap::Args;

/// Flags of `init`.
#[derive(Clone, Debug, Args)]
pub struct Init {
    /// Write the file without asking.
    #[arg(long)]
    pub yes: bool,
    /// Print the proposed file, and write nothing.
    #[arg(long, conflicts_with = "yes")]
    pub print: bool,
    /// Instances of blue, instead of those that are found.
    #[arg(long, value_name = "URL", value_delimiter = ',')]
    pub blue: Vec<String>,
    /// Instances of green, instead of those that are found.
    #[arg(long, value_name = "URL", value_delimiter = ',')]
    pub green: Vec<String>,
}
