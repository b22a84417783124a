//! The command line as parsed and as shown: grouped commands, the flags that each one uses, examples.
//!
//! Every command takes every global flag in any position, so that a script can pass the same flags to all. Help, manual
//! pages and completions show those that a command uses; `-h` only names the flags that are not the command's own.

use std::ffi::OsString;
use std::fmt::Write as _;

use clap::builder::StyledStr;
use clap::{Arg, ArgMatches, Command as Clap, CommandFactory as _, FromArgMatches as _};

use super::examples::{example_lines, examples, exit_codes};
use super::{Cli, version};
use crate::config::{flags, section};

const GROUPS: [(&str, &[&str]); 5] = [
    ("Deploy", &["switch", "switch-green", "switch-blue", "soak", "agent", "rollback"]),
    ("Running soak", &["attach", "ctl", "status", "fleet"]),
    ("Automatic rollback", &["freeze", "unfreeze"]),
    ("Past soaks", &["history", "replay", "backtest", "verify"]),
    ("Set up", &["demo", "init", "doctor", "config", "completions", "man", "version", "help"]),
];

/// Commands that show every setting: those that judge a release, check that one can be judged, or show the settings.
const JUDGES: [&str; 8] =
    ["demo", "switch", "switch-green", "switch-blue", "soak", "doctor", "config show", "config check"];
const SCREENS: [&str; 8] = ["demo", "switch", "switch-green", "switch-blue", "soak", "attach", "replay", "fleet"];
const LOGS: [&str; 11] = [
    "demo",
    "switch",
    "switch-green",
    "switch-blue",
    "soak",
    "agent",
    "attach",
    "rollback",
    "ctl",
    "freeze",
    "unfreeze",
];
/// Commands that work with a monitor on another machine.
const REMOTE: [&str; 6] = ["attach", "ctl", "status", "rollback", "config show", "config check"];
/// Commands that need no deployment.
const NOWHERE: [&str; 4] = ["completions", "man", "version", "config template"];
const BACKTEST: [&str; 6] = [
    "checks.error-rate.threshold",
    "checks.error-rate.min_requests",
    "checks.error-rate.method",
    "checks.error-rate.false_alarm",
    "soak.window",
    "soak.interval",
];

pub fn command() -> Clap {
    let top = Cli::command().version(version::text()).about(about_of_all());
    let globals: Vec<Arg> = top.get_arguments().filter(|arg| arg.is_global_set()).cloned().collect();
    let top = top.mut_subcommands(|command| shown(command, "", &globals));
    let top = top.mut_args(|arg| {
        let hidden = is_setting(&arg) || arg.get_id() == "service" || arg.get_id() == "control.url";
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

pub const GLOBAL: &str = "Global options";
/// Line width of what follows the flags in the short help. Terminals have 80 columns or more.
const WIDTH: usize = 79;

fn about_of_all() -> &'static str {
    "Watches a blue/green deploy after the switch, and switches back automatically if the new release is bad."
}

/// A subcommand with its own copies of the global flags, as it shows them; clap then adds none.
fn shown(command: Clap, above: &str, globals: &[Arg]) -> Clap {
    let path = format!("{above}{}", command.get_name());
    let command = command.mut_subcommands(|command| shown(command, &format!("{path} "), globals));
    let applies = |arg: &Arg| applies(&path, arg.get_id().as_str());
    let own = globals.iter().map(|arg| arg.clone().hide(!applies(arg)).hide_short_help(true));
    let used: Vec<&Arg> = globals.iter().filter(|arg| applies(arg)).collect();
    let command = command.args(own.collect::<Vec<_>>());
    let command = if command.get_arguments().any(|arg| arg.get_id() == "output") {
        command.mut_arg("output", forms_in_the_long_help)
    } else {
        command
    };
    let long = example_lines(&path);
    let long = if long.is_empty() { long } else { format!("Examples:\n{}", long.trim_end()) };
    command.after_help(in_short(&path, &used)).after_long_help(long)
}

/// Shortens the help of `--output`, whose values would take a line each in every short help.
fn forms_in_the_long_help(output: Arg) -> Arg {
    let mut long = output.get_long_help().or_else(|| output.get_help()).map(ToString::to_string).unwrap_or_default();
    let mut names = Vec::new();
    for value in output.get_possible_values() {
        let meaning = value.get_help().map(ToString::to_string).unwrap_or_default();
        let _ = write!(long, "\n- {}: {meaning}", value.get_name());
        names.push(value.get_name().to_owned());
    }
    let help = format!("Output format: {} [default: human]", names.join(", "));
    output.hide_possible_values(true).hide_default_value(true).help(help).long_help(long + "\n\n[default: human]")
}

/// The end of a command's short help: one example, and the names of its settings and global flags.
fn in_short(path: &str, used: &[&Arg]) -> String {
    let mut text = String::new();
    // Writing into a string cannot fail, here and below.
    let (globals, settings): (Vec<&Arg>, Vec<&Arg>) =
        used.iter().copied().partition(|arg| arg.get_help_heading() == Some(GLOBAL));
    // The last one shows settings, where there are any.
    let examples = examples(path);
    if let Some((example, _)) = if settings.is_empty() { examples.first() } else { examples.last() } {
        let _ = writeln!(text, "Example: {example}");
    }
    let names = |args: &[&Arg]| args.iter().map(|arg| name_of(arg)).collect::<Vec<_>>();
    if !settings.is_empty() {
        let _ = writeln!(text, "\nSettings (explained by `switchback help {path}`):");
        for group in settings.chunk_by(|one, next| group_of(one) == group_of(next)) {
            text.push_str(&wrapped(&format!("  {:<12}", group.first().map_or("", |arg| group_of(arg))), &names(group)));
        }
        text.push('\n');
    }
    if !globals.is_empty() {
        text.push_str(&wrapped(
            "Global:  ",
            &names(&globals).iter().map(|name| format!("{name} ")).collect::<Vec<_>>(),
        ));
    }
    text.trim_end().to_owned()
}

/// A flag in its short form if it has one, with its value unless that is a setting's: `-C DIR`, `--window`.
fn name_of(arg: &Arg) -> String {
    let name = match (arg.get_short(), arg.get_long()) {
        (Some(short), _) => format!("-{short}"),
        (None, long) => format!("--{}", long.unwrap_or_default()),
    };
    match arg.get_value_names() {
        Some([value]) if arg.get_help_heading() == Some(GLOBAL) => format!("{name} {value}"),
        _ => name,
    }
}

/// The last word of a setting's section: `error-rate`.
fn group_of(arg: &Arg) -> &str {
    match section(arg.get_id().as_str()) {
        "" => "general",
        section => section.rsplit('.').next().unwrap_or(section),
    }
}

fn wrapped(label: &str, words: &[String]) -> String {
    let indent = label.chars().count();
    let (mut text, mut column) = (label.to_owned(), indent);
    for word in words {
        let width = word.chars().count() + 1;
        if column + width > WIDTH + 1 && column > indent {
            text = text.trim_end().to_owned() + "\n" + &" ".repeat(indent);
            column = indent;
        }
        text = text + word + " ";
        column += width;
    }
    text.trim_end().to_owned() + "\n"
}

pub fn heading(key: &str) -> String {
    match section(key) {
        "" => "Settings".to_owned(),
        section => format!("Settings of {section}"),
    }
}

/// Whether a flag belongs to a setting that only some commands use.
fn is_setting(arg: &Arg) -> bool {
    arg.get_help_heading() != Some(GLOBAL) && flags().any(|key| arg.get_id() == key.name)
}

fn applies(path: &str, id: &str) -> bool {
    let is_one_of = |commands: &[&str]| commands.contains(&path);
    if is_one_of(&NOWHERE) || path == "config" {
        return false;
    }
    match id {
        "config" | "service" if path == "agent" || path == "fleet" => false,
        "directory" | "config" | "service" => true,
        "log_level" => is_one_of(&LOGS),
        "color" | "charset" | "terminal.theme" => is_one_of(&SCREENS),
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
                "Print this help, or that of a command".to_owned()
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
