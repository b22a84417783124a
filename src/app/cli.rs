//! What can be typed: subcommands and flags. The flags of configuration keys come from the key table.
//!
//! | file | holds |
//! | --- | --- |
//! | `agent`, `demo`, `fleet`, `init`, `status` | the flags of the commands that are called so |
//! | `examples` | examples of each command, and the meaning of the exit codes |
//! | `help` | the command line as it is parsed and as it is shown |
//! | `past` | the records of the past |
//! | `version` | which program this is |

mod agent;
mod demo;
mod examples;
mod fleet;
mod help;
mod init;
mod past;
mod status;
mod version;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgMatches, Args, Command as Clap, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

use crate::app::headless::Output;
use crate::app::order::Order;
use crate::app::tui::{CharsetChoice, ColorChoice};
use crate::config::{flags, parse_duration};
use crate::model::Color;

pub(crate) use agent::Agent;
pub(crate) use demo::Demo;
pub(crate) use examples::{EXIT_CODES, examples};
pub(crate) use fleet::Fleet;
pub(crate) use help::command;
pub use help::try_parse_from;
pub use init::Init;
pub(crate) use past::{Backtest, HistoryCommand, Replay};
pub(crate) use status::Status;
pub(crate) use version::text as version;

/// Watches a blue/green deploy after the switch, and switches back automatically if the new release is bad.
#[derive(Debug, Parser)]
#[command(name = "switchback", version, subcommand_required = true)]
pub struct Cli {
    /// Flags that every command takes.
    #[command(flatten)]
    pub common: Common,
    /// The subcommand.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Args)]
pub struct Common {
    /// Run as if started in DIR.
    #[arg(short = 'C', long = "directory", global = true, help_heading = help::GLOBAL, value_name = "DIR")]
    pub directory: Option<PathBuf>,
    /// Configuration file; the deployment is its folder (default: switchback.toml in the working directory or above).
    #[arg(long, global = true, help_heading = help::GLOBAL, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Level of the log files: error, warn, info, debug or trace.
    #[arg(long, global = true, help_heading = help::GLOBAL, value_name = "LEVEL", default_value = "info")]
    pub log_level: tracing::Level,
    /// Colors of the terminal UI.
    #[arg(long, global = true, help_heading = help::GLOBAL, value_enum, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,
    /// Glyphs of the terminal UI.
    #[arg(long, global = true, help_heading = help::GLOBAL, value_enum, value_name = "WHICH", default_value_t = CharsetChoice::Auto)]
    pub charset: CharsetChoice,
    /// Values of configuration keys.
    #[command(flatten)]
    pub settings: Settings,
}

/// The flags of configuration keys, as pairs of key and text.
#[derive(Debug, Default)]
pub struct Settings(pub Vec<(String, String)>);

impl Args for Settings {
    fn augment_args(command: Clap) -> Clap {
        command.args(flags().filter_map(|key| {
            let flag = key.flag?;
            let help = format!("{} [{}; default {}]", key.help, key.allowed(), key.default_text());
            // Flags that name the deployment are not settings of a run.
            let (value, heading) = match key.name {
                "service" => ("NAME", help::GLOBAL.to_owned()),
                "control.url" => ("URL", help::GLOBAL.to_owned()),
                // It stands beside the other flags of the terminal UI.
                "terminal.theme" => ("WHICH", help::GLOBAL.to_owned()),
                name => ("VALUE", help::heading(name)),
            };
            let arg = Arg::new(key.name).long(flag).help(help).global(true).allow_hyphen_values(true);
            Some(arg.value_name(value).help_heading(heading))
        }))
    }

    fn augment_args_for_update(command: Clap) -> Clap {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Settings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |name: &'static str| Some((name.to_owned(), matches.get_one::<String>(name)?.clone()));
        Ok(Self(flags().filter_map(|key| given(key.name)).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try everything: embedded services, router and load; nothing to install.
    Demo(Demo),
    /// Wait until COLOR is ready, move traffic to it, and watch it for the soak window.
    Switch {
        /// Target color, blue or green; prompts on a terminal if missing.
        // `--color` is taken by the colors of the terminal.
        #[arg(id = "to", value_name = "COLOR")]
        color: Option<Color>,
        /// Its flags.
        #[command(flatten)]
        switch: Switch,
    },
    /// The same as `switch green`, as deploy.ts spells it.
    SwitchGreen(Switch),
    /// The same as `switch blue`.
    SwitchBlue(Switch),
    /// Watch the active deployment, or resume an unfinished soak.
    Soak {
        /// Resume an unfinished soak.
        ///
        /// If the soak of this deployment has ended already, its outcome is printed and decides the exit code.
        #[arg(long)]
        resume: bool,
        /// Its flags.
        #[command(flatten)]
        watch: Watch,
    },
    /// Watch every deployment configured in DIR; soaks begin by themselves.
    Agent(Agent),
    /// Follow a running soak; it continues when you leave.
    Attach(Attach),
    /// Show the soaks of many services on many hosts, the worst first.
    Fleet(Fleet),
    /// Give a running soak an order, and wait for the result.
    Ctl {
        /// What to order.
        #[command(flatten)]
        order: Order,
        /// Output format.
        ///
        /// `json` prints one object with the result of the order.
        #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
        output: Output,
        /// The same as `--output json`.
        #[arg(long, conflicts_with = "output")]
        json: bool,
    },
    /// Move traffic back to the previous color; safe to run twice.
    Rollback {
        /// Reason, recorded in the journal.
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        reason: Option<String>,
        /// Override the standby and router checks.
        ///
        /// Even if the standby is not ready, the switch was made with --no-rollback, or the router holds a configuration that
        /// Switchback did not write; a copy of that is kept.
        #[arg(long)]
        force: bool,
        /// Retry until it works, instead of five times.
        ///
        /// For a full disk, or a router that is unreachable.
        #[arg(long)]
        keep_trying: bool,
        /// Dry run: print what would happen, and move nothing.
        ///
        /// Everything that can be checked in advance is checked; the exit code is that of the real rollback.
        #[arg(long, conflicts_with = "keep_trying")]
        dry_run: bool,
        /// Output format.
        #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
        output: Output,
    },
    /// Propose a configuration from what is there, and write it.
    Init(Init),
    /// Check that everything a switch, a soak and a rollback need is in place.
    Doctor {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Disable automatic rollback for the service: soaks keep watching, a breach is held.
    Freeze {
        /// Duration, such as 2h (default: until `unfreeze`).
        #[arg(long = "for", value_name = "DURATION", value_parser = freeze_length)]
        length: Option<Duration>,
        /// Reason, recorded in the journal.
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        reason: Option<String>,
    },
    /// Enable automatic rollback again.
    Unfreeze,
    /// Show the active color and the state of the last soak.
    Status(Status),
    /// List the decisions in the journal, newest last.
    History {
        /// Print JSON lines, as in the journal.
        #[arg(long)]
        json: bool,
        /// Number of decisions [default: 50].
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
        /// The subcommand, instead of the list.
        #[command(subcommand)]
        command: Option<HistoryCommand>,
    },
    /// Play back the recording of a soak: pause, seek, speed.
    Replay(Replay),
    /// Judge recorded soaks again, to choose a threshold from past data.
    Backtest(Backtest),
    /// Verify the hash chain of the decision journal.
    Verify {
        /// Journal file (default: this service's).
        file: Option<PathBuf>,
    },
    /// Show or validate the configuration, or print a template.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print completions for a shell, to be sourced.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page of the program or of a command, in roff.
    Man {
        /// The command, such as `switch` or `config show`.
        #[arg(value_name = "COMMAND", conflicts_with = "all")]
        page: Vec<String>,
        /// Write every page into DIR, one file each.
        #[arg(long, value_name = "DIR")]
        all: Option<PathBuf>,
    },
    /// Print the version and the commit it was built from.
    Version,
}

/// Flags of `switch`.
#[derive(Clone, Debug, Args)]
// Its group would bear the name of the variant `Switch`'s.
#[group(skip)]
pub struct Switch {
    /// Move traffic without a soak: nothing watches the release.
    #[arg(long)]
    pub no_soak: bool,
    /// Never roll this release back automatically.
    ///
    /// For a release that must not be rolled back, for example after a migration: a breach is held, and only
    /// `rollback --force` moves traffic back.
    #[arg(long, alias = "no-way-back")]
    pub no_rollback: bool,
    /// Replace a router configuration that Switchback did not write.
    ///
    /// Traffic is moved even if the router holds a maintenance page, for example; a copy of it is kept.
    #[arg(long)]
    pub force: bool,
    /// Flags of a soak.
    #[command(flatten)]
    pub watch: Watch,
}

/// Flags of a soak.
#[derive(Clone, Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that is given or not")]
pub struct Watch {
    /// Print lines instead of the terminal UI.
    ///
    /// The soak runs in this process and ends with it.
    #[arg(long)]
    pub no_tui: bool,
    /// Watch in the background, and return once the soak runs.
    #[arg(long, conflicts_with_all = ["no_tui", "supervised"])]
    pub detach: bool,
    /// Run as a service: SIGTERM saves the soak, to be resumed.
    ///
    /// The exit code is then 143. Without this flag SIGTERM aborts the soak.
    #[arg(long)]
    pub supervised: bool,
    /// Output format.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
    pub output: Output,
    /// Run as the background process.
    #[arg(long, hide = true, conflicts_with = "detach")]
    pub background: bool,
}

/// Flags of `attach`.
#[derive(Clone, Debug, Args)]
pub struct Attach {
    /// Read-only view: give no orders.
    #[arg(long)]
    pub read_only: bool,
    /// Print lines instead of the terminal UI.
    #[arg(long)]
    pub no_tui: bool,
    /// Output format.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
    pub output: Output,
}

/// Subcommands of `config`.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the effective values, each with its origin; secrets are masked.
    Show {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Validate, and report every problem.
    Check,
    /// Print a configuration file with every key, its default and what is allowed.
    Template,
}

/// A freeze lasts between a second and a year.
fn freeze_length(text: &str) -> Result<Duration, String> {
    let length = parse_duration(text)?;
    let year = Duration::from_hours(365 * 24);
    if (Duration::from_secs(1)..=year).contains(&length) { Ok(length) } else { Err("1s to 365d".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_line_is_well_formed() {
        command().debug_assert();
        for line in [
            "switch",
            "switch green --no-soak --detach",
            "-C /srv/shop rollback",
            "rollback -C /srv/shop",
            "switch-green",
            "switch-blue",
            "soak --resume --no-tui --supervised",
            "agent /srv/switchback --output json",
            "attach --read-only",
            "ctl extend 5m --reason slow",
            "ctl rollback --force",
            "ctl pause --json",
            "ctl extend 5m --output github",
            "rollback --output github",
            "status --watch",
            "status --wait --json",
            "status --exit-code --output github",
            "status --inactive",
            "rollback --dry-run",
            "freeze --for 2h --reason migration",
            "unfreeze",
            "doctor --json",
            "fleet https://deploy-1:9710 /run/switchback/agent.sock --token-file token",
            "fleet --file fleet.toml --once --output json",
            "demo",
        ] {
            let words = std::iter::once("switchback").chain(line.split(' '));
            assert!(try_parse_from(words).is_ok(), "{line}");
        }
    }
}
