mod snapshots;

use super::super::examples::examples;
use super::*;

fn help_of(words: &[&str]) -> String {
    let line = std::iter::once("switchback").chain(words.iter().copied());
    try_parse_from(line).unwrap_err().to_string()
}

fn all(command: &Clap, path: &str, found: &mut Vec<String>) {
    for below in command.get_subcommands() {
        let path = format!("{path} {}", below.get_name()).trim_start().to_owned();
        all(below, &path, found);
        found.push(path);
    }
}

#[test]
fn every_command_stands_in_one_group_of_the_help() {
    let command = command();
    let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    let help = help_of(&["--help"]);
    for name in &grouped {
        assert!(help.contains(&format!("\n  {name} ")), "{name}: {help}");
    }
    grouped.retain(|name| *name != "help");
    grouped.sort_unstable();
    let mut known: Vec<&str> = command.get_subcommands().map(Clap::get_name).collect();
    known.sort_unstable();
    assert_eq!(grouped, known);
    assert_eq!(help_of(&["help"]), help);
}

#[test]
fn lists_name_nothing_but_commands_and_flags_that_there_are() {
    let mut paths = Vec::new();
    all(&command(), "", &mut paths);
    for path in [&JUDGES[..], &SCREENS, &LOGS, &REMOTE, &NOWHERE].concat() {
        assert!(paths.iter().any(|known| known == path), "{path}");
    }
    for id in BACKTEST {
        assert!(command().get_arguments().any(|arg| arg.get_id() == id), "{id}");
    }
}

#[test]
fn a_setting_is_shown_only_where_it_means_something() {
    for (words, shown, hidden) in [
        (&["switch", "--help"][..], &["--window", "--threshold", "--service", "--color"][..], &["--url"][..]),
        (&["unfreeze", "--help"], &["--service", "--config"], &["--window", "--color", "--url"]),
        (&["completions", "--help"], &["<SHELL>"], &["--window", "--config", "--service", "--log-level"]),
        (&["backtest", "--help"], &["--threshold", "--window", "--sweep"], &["--grace", "--quantile", "--log-level"]),
        (&["config", "template", "--help"], &["Usage"], &["--window", "--config"]),
        (&["config", "show", "--help"], &["--json", "--window", "--url"], &["--color <WHEN>"]),
        (&["--help"], &["--config", "--log-level"], &["--threshold <VALUE>"]),
    ] {
        let help = help_of(words);
        for flag in shown {
            assert!(help.contains(flag), "{words:?} does not show {flag}: {help}");
        }
        for flag in hidden {
            assert!(!help.contains(&format!("      {flag}")), "{words:?} shows {flag}: {help}");
        }
    }
}

#[test]
fn help_fits_a_screen_and_its_own_options_stand_first() {
    let mut paths = Vec::new();
    all(&command(), "", &mut paths);
    for path in paths {
        let words: Vec<&str> = path.split(' ').chain(["-h"]).collect();
        let help = help_of(&words);
        assert!(help.lines().count() <= 50, "{path}: {} lines\n{help}", help.lines().count());
        if let (Some(own), Some(global)) = (help.find("\nOptions:"), help.find("\nGlobal options:")) {
            assert!(own < global, "{help}");
        }
    }
    assert!(help_of(&["switch", "-h"]).contains("switchback help switch"));
}

#[test]
fn a_flag_that_a_command_does_not_show_is_taken_wherever_it_stands() {
    for line in [
        "--window 5m unfreeze",
        "unfreeze --window 5m",
        "history prune --window 5m",
        "--window 5m config show",
        "config show --window 5m",
        "man --window 5m",
    ] {
        let words = std::iter::once("switchback").chain(line.split(' '));
        let cli = try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(cli.common.settings.0, [("soak.window".to_owned(), "5m".to_owned())], "{line}");
    }
}

#[test]
fn every_example_can_be_typed() {
    let mut paths = vec![String::new()];
    all(&command(), "", &mut paths);
    let mut seen = 0;
    for path in paths {
        for (example, _) in examples(&path) {
            let words = example
                .split('\'')
                .enumerate()
                .flat_map(|(index, part)| if index % 2 == 1 { vec![part] } else { part.split_whitespace().collect() });
            let parsed = try_parse_from(words);
            assert!(parsed.is_ok(), "{example}: {}", parsed.err().map(|error| error.to_string()).unwrap_or_default());
            seen += 1;
        }
        assert!(path.contains(' ') || path == "version" || !examples(&path).is_empty(), "{path} has no example");
    }
    assert!(seen > 30, "{seen}");
}
