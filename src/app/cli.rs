//! What can be typed: subcommands and flags. The flags of configuration keys come from the key table.
//!
//! | file | holds |
//! | --- | --- |
//! | `examples` | what is typed most, and what the program's exit codes mean |
//! | `help` | the command line as it is parsed and as it is shown |
//! | `past` | the records of the past |
//! | `status` | the flags of `status` |
//! | `version` | which program this is |

mod examples;
mod help;
mod past;
mod status;
mod version;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgMatches, Args, Command as Clap, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

use crate::app::demo::Scenario;
use crate::app::headless::Output;
use crate::app::tui::{CharsetChoice, ColorChoice};
use crate::config::{flags, parse_duration};
use crate::model::Color;

pub(crate) use examples::{EXIT_CODES, examples};
pub(crate) use help::command;
pub use help::try_parse_from;
pub(crate) use past::{Backtest, HistoryCommand, Replay};
pub(crate) use status::Status;
pub(crate) use version::text as version;

/// Watches a blue/green deploy after the switch, and switches back by itself when the new release is bad.
#[derive(Debug, Parser)]
#[command(name = "switchback", version, subcommand_required = true)]
pub struct Cli {
    /// Flags that every command takes.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Args)]
pub struct Common {
    /// Run as if started in DIR.
    #[arg(short = 'C', long = "directory", global = true, help_heading = help::GLOBAL, value_name = "DIR")]
    pub directory: Option<PathBuf>,
    /// The configuration file; the deployment lies beside it (default: switchback.toml in the working directory or above).
    #[arg(long, global = true, help_heading = help::GLOBAL, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What the log files keep: error, warn, info, debug or trace.
    #[arg(long, global = true, help_heading = help::GLOBAL, value_name = "LEVEL", default_value = "info")]
    pub log_level: tracing::Level,
    /// Colours of the terminal UI.
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
            // Which deployment a command is about, and where that runs, is no setting of a run.
            let (value, heading) = match key.name {
                "service" => ("NAME", help::GLOBAL.to_owned()),
                "control.url" => ("URL", help::GLOBAL.to_owned()),
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
    /// Wait until COLOR is ready, move traffic to it, and soak.
    Switch {
        /// Where traffic goes: blue or green; asked for where it is missing.
        // `--color` is taken by the colours of the terminal.
        #[arg(id = "to", value_name = "COLOR")]
        color: Option<Color>,
        /// How.
        #[command(flatten)]
        switch: Switch,
    },
    /// The same as `switch green`, as deploy.ts spells it.
    SwitchGreen(Switch),
    /// The same as `switch blue`.
    SwitchBlue(Switch),
    /// Watch the deployment that is active now; a soak that was left unfinished goes on.
    Soak {
        /// Go on with what was left unfinished.
        ///
        /// Where the soak of this deployment has ended, its outcome is printed, and the exit code is the outcome's.
        #[arg(long)]
        resume: bool,
        /// How.
        #[command(flatten)]
        watch: Watch,
    },
    /// Follow a running soak; it goes on when you leave.
    Attach(Attach),
    /// Give a running soak an order, and wait for what comes of it.
    Ctl {
        /// abort, rollback, pause, resume, extend DURATION or keep.
        #[arg(required = true, num_args = 1..=2, value_name = "ACTION")]
        action: Vec<String>,
        /// With `rollback`: whatever the standby and the router say.
        ///
        /// Also when the standby is down, or the router holds what Switchback did not write.
        #[arg(long)]
        force: bool,
        /// Why, for the journal.
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        reason: Option<String>,
        /// What is printed.
        ///
        /// `json` is one object with what came of the order.
        #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
        output: Output,
        /// The same as `--output json`.
        #[arg(long, conflicts_with = "output")]
        json: bool,
    },
    /// Move traffic back to the previous color; safe to run twice.
    Rollback {
        /// Why, for the journal.
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        reason: Option<String>,
        /// Whatever the standby and the router say.
        ///
        /// Also when the standby is not ready, the release was switched to with --no-way-back, or the router holds what Switchback
        /// did not write; a copy of that is kept.
        #[arg(long)]
        force: bool,
        /// Try until it works, not five times.
        ///
        /// For a disk that is full, or a router that is away.
        #[arg(long)]
        keep_trying: bool,
        /// Only say what would happen.
        ///
        /// What would be done is checked as far as that is possible.
        #[arg(long, conflicts_with = "keep_trying")]
        dry_run: bool,
        /// What is printed.
        #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
        output: Output,
    },
    /// Look whether everything is there that a switch, a soak and a rollback need.
    Doctor {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Turn automatic rollback off for the service: soaks watch on, a breach is held.
    Freeze {
        /// For how long, such as 2h (default: until `unfreeze`).
        #[arg(long = "for", value_name = "DURATION", value_parser = freeze_length)]
        length: Option<Duration>,
        /// Why, for the journal.
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        reason: Option<String>,
    },
    /// Turn automatic rollback on again.
    Unfreeze,
    /// What is active, and how the last soak stands.
    Status(Status),
    /// The decisions in the journal, newest last.
    History {
        /// As JSON lines, as they stand in the journal.
        #[arg(long)]
        json: bool,
        /// At most so many [default: 50].
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
        /// Something else than showing them.
        #[command(subcommand)]
        command: Option<HistoryCommand>,
    },
    /// Play the recording of a soak: pause, seek, speed.
    Replay(Replay),
    /// Judge recorded soaks again, to choose a threshold from the past.
    Backtest(Backtest),
    /// Check the hash chain of the decision journal.
    Verify {
        /// The journal (default: this service's).
        file: Option<PathBuf>,
    },
    /// Effective values, validation, template.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Completions for a shell, to be sourced.
    Completions {
        /// Which shell.
        shell: Shell,
    },
    /// The manual page of the program or of a command, in roff.
    Man {
        /// Which command, such as `switch` or `config show`.
        #[arg(value_name = "COMMAND", conflicts_with = "all")]
        page: Vec<String>,
        /// Write every page into DIR, a file each.
        #[arg(long, value_name = "DIR")]
        all: Option<PathBuf>,
    },
    /// Which version this is, and the commit it was built from.
    Version,
}

/// How to switch.
#[derive(Clone, Debug, Args)]
// Its group would bear the name of the variant `Switch`'s.
#[group(skip)]
pub struct Switch {
    /// Move traffic and do not watch.
    #[arg(long)]
    pub no_soak: bool,
    /// Never roll this release back automatically.
    ///
    /// For one that must not go back, because of a migration say: a breach is held, and only `rollback --force` goes back.
    #[arg(long)]
    pub no_way_back: bool,
    /// Replace what Switchback did not write in the router.
    ///
    /// Traffic is moved even where the router holds a maintenance page, for example; a copy of it is kept.
    #[arg(long)]
    pub force: bool,
    /// How to watch.
    #[command(flatten)]
    pub watch: Watch,
}

/// How to watch.
#[derive(Clone, Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that is given or not")]
pub struct Watch {
    /// Watch with lines instead of the terminal UI.
    ///
    /// The watch lives and ends with this process.
    #[arg(long)]
    pub no_tui: bool,
    /// Watch in the background; return once that has begun.
    #[arg(long, conflicts_with_all = ["no_tui", "supervised"])]
    pub detach: bool,
    /// For services: SIGTERM saves the soak to be resumed.
    ///
    /// The exit code is then 143. Without this flag SIGTERM aborts the soak.
    #[arg(long)]
    pub supervised: bool,
    /// What is printed.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
    pub output: Output,
    /// Be the background process.
    #[arg(long, hide = true, conflicts_with = "detach")]
    pub background: bool,
}

/// How to follow.
#[derive(Clone, Debug, Args)]
pub struct Attach {
    /// Show everything and order nothing.
    #[arg(long)]
    pub read_only: bool,
    /// Lines instead of the terminal UI.
    #[arg(long)]
    pub no_tui: bool,
    /// What is printed.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
    pub output: Output,
}

/// What to try.
#[derive(Clone, Debug, Args)]
pub struct Demo {
    /// What happens to the new release.
    #[arg(long, value_enum, value_name = "NAME", default_value_t = Scenario::Breach)]
    pub scenario: Scenario,
    /// How many times shorter than a minute the soak is.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20))]
    pub speed: u32,
    /// Seed of everything that is left to chance.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Lines instead of the terminal UI.
    #[arg(long)]
    pub no_tui: bool,
    /// What is printed.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
    pub output: Output,
}

/// What to do with the configuration.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// The effective values, each with its origin; secrets are masked.
    Show {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Validate, and report every problem.
    Check,
    /// A configuration file with every key, its default and what is allowed.
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
            "demo",
        ] {
            let words = std::iter::once("switchback").chain(line.split(' '));
            assert!(try_parse_from(words).is_ok(), "{line}");
        }
    }
}
