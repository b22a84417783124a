//! The command line as it is parsed and as it is shown: commands in groups, flags where they mean something, examples.
//!
//! Every command takes every global flag wherever it stands, so that `switchback --window 5m soak` and a script that hands the same
//! flags to all its commands work. Help, manual pages and completions of a command show those that it uses.

use std::ffi::OsString;
use std::fmt::Write as _;

use clap::builder::StyledStr;
use clap::{Arg, ArgMatches, Command as Clap, CommandFactory as _, FromArgMatches as _};

use super::examples::{example_lines, exit_codes};
use super::{Cli, version};

/// Commands by what they are for, in the order of a deployment.
const GROUPS: [(&str, &[&str]); 5] = [
    ("Deploy", &["switch", "switch-green", "switch-blue", "soak", "rollback"]),
    ("Running soak", &["attach", "ctl", "status"]),
    ("Automatic rollback", &["freeze", "unfreeze"]),
    ("Past soaks", &["history", "replay", "backtest", "verify"]),
    ("Set up", &["demo", "doctor", "config", "completions", "man", "version", "help"]),
];

/// Commands that judge a release: every setting matters.
const JUDGES: [&str; 8] =
    ["demo", "switch", "switch-green", "switch-blue", "soak", "doctor", "config show", "config check"];
/// Commands with a screen.
const SCREENS: [&str; 7] = ["demo", "switch", "switch-green", "switch-blue", "soak", "attach", "replay"];
/// Commands that write a log.
const LOGS: [&str; 10] =
    ["demo", "switch", "switch-green", "switch-blue", "soak", "attach", "rollback", "ctl", "freeze", "unfreeze"];
/// Commands that can be about a monitor on another machine.
const REMOTE: [&str; 6] = ["attach", "ctl", "status", "rollback", "config show", "config check"];
/// Commands that are about no deployment.
const NOWHERE: [&str; 4] = ["completions", "man", "version", "config template"];
/// What `backtest` judges by.
const BACKTEST: [&str; 6] = [
    "checks.error-rate.threshold",
    "checks.error-rate.min_requests",
    "checks.error-rate.method",
    "checks.error-rate.false_alarm",
    "soak.window",
    "soak.interval",
];

/// The whole command line.
pub fn command() -> Clap {
    let top = Cli::command().version(version::text()).about(about_of_all());
    let globals: Vec<Arg> = top.get_arguments().filter(|arg| arg.is_global_set()).cloned().collect();
    let top = top.mut_subcommands(|command| shown(command, "", &globals));
    let top = top.mut_args(|arg| {
        let hidden = arg.get_help_heading() == Some(SETTINGS);
        arg.hide(hidden)
    });
    let template = template(&top);
    top.help_template(template).after_help(format!("Examples:\n{}\n{}", example_lines(""), exit_codes()))
}

/// Parses a command line, the program's name first.
pub fn try_parse_from<T: Into<OsString> + Clone>(words: impl IntoIterator<Item = T>) -> Result<Cli, clap::Error> {
    let matches: ArgMatches = command().try_get_matches_from(words)?;
    Cli::from_arg_matches(&matches)
}

/// The heading of the flags of configuration keys.
pub const SETTINGS: &str = "Settings";
const GLOBAL: &str = "Global options";

fn about_of_all() -> &'static str {
    "Watches a blue/green deploy after the switch, and switches back by itself when the new release is bad."
}

/// A subcommand with the global flags as it shows them. They are its own, so that clap hands it no other copies.
fn shown(command: Clap, above: &str, globals: &[Arg]) -> Clap {
    let path = format!("{above}{}", command.get_name());
    let command = command.mut_subcommands(|command| shown(command, &format!("{path} "), globals));
    let judges = JUDGES.contains(&path.as_str());
    let own = globals.iter().map(|arg| {
        let id = arg.get_id().as_str();
        let arg = arg.clone().hide(!applies(&path, id));
        match arg.get_help_heading() {
            Some(_) => arg.hide_short_help(judges),
            None => arg.help_heading(GLOBAL),
        }
    });
    let command = command.args(own.collect::<Vec<_>>());
    let mut after = String::new();
    let examples = example_lines(&path);
    if !examples.is_empty() {
        // Writing into a string cannot fail, here and below.
        let _ = write!(after, "Examples:\n{examples}");
    }
    let after = after.trim_end().to_owned();
    if judges {
        let short = format!("{after}\n\nSettings such as --window and --threshold: switchback help {path}");
        command.after_help(short.trim_start().to_owned()).after_long_help(after.clone())
    } else if after.is_empty() {
        command
    } else {
        command.after_help(after)
    }
}

/// Whether a command uses a global flag.
fn applies(path: &str, id: &str) -> bool {
    let is_one_of = |commands: &[&str]| commands.contains(&path);
    if is_one_of(&NOWHERE) || path == "config" {
        return false;
    }
    match id {
        "directory" | "config" | "service" => true,
        "log_level" => is_one_of(&LOGS),
        "color" | "charset" => is_one_of(&SCREENS),
        "control.url" => is_one_of(&REMOTE),
        key if path == "backtest" => BACKTEST.contains(&key),
        _ => is_one_of(&JUDGES),
    }
}

/// The page of the whole program: commands in their groups.
fn template(top: &Clap) -> StyledStr {
    let styles = top.get_styles();
    let (header, literal) = (styles.get_header(), styles.get_literal());
    let mut text = String::from("{about-with-newline}\n{usage-heading} {usage}\n");
    for (group, commands) in GROUPS {
        let _ = write!(text, "\n{header}{group}:{header:#}\n");
        for name in commands {
            let about = if *name == "help" {
                "Print this page, or that of a command".to_owned()
            } else {
                let command = top.get_subcommands().find(|command| command.get_name() == *name);
                command.and_then(Clap::get_about).map(ToString::to_string).unwrap_or_default()
            };
            let _ = writeln!(
                text,
                "  {literal}{name}{literal:#}{:width$}{}",
                "",
                about.trim_end_matches('.'),
                width = 14 - name.len()
            );
        }
    }
    let _ = write!(text, "\n{header}Options:{header:#}\n{{options}}{{after-help}}");
    StyledStr::from(text)
}

#[cfg(test)]
mod tests;
