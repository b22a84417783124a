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

/// The short help of these has more lines than 15, for what is the command's own: two for its argument and a blank one, or four for
/// its subcommands. `replay` has an argument, and names the flags of the terminal UI and of a picture.
const LONGER: [(&str, usize); 4] = [("ctl", 16), ("fleet", 20), ("history", 16), ("replay", 18)];

#[test]
fn short_help_is_short_and_has_an_example_and_long_help_has_everything() {
    let mut paths = Vec::new();
    all(&command(), "", &mut paths);
    let globals = command();
    let globals: Vec<&Arg> = globals.get_arguments().filter(|arg| arg.is_global_set()).collect();
    for path in paths {
        let asked = |flag| {
            let words = ["switchback"].into_iter().chain(path.split(' ')).chain([flag]);
            command().term_width(80).try_get_matches_from(words).unwrap_err().to_string()
        };
        let (short, long) = (asked("-h"), asked("--help"));
        let longer = LONGER.iter().find(|(longer, _)| *longer == path).map(|(_, lines)| *lines);
        // A screen has 24 lines or more; the flags of a run do not fit one with the names of all settings.
        let most = match path.as_str() {
            "doctor" | "backtest" | "config show" | "config check" => 24,
            path if JUDGES.contains(&path) => 32,
            _ => longer.unwrap_or(15),
        };
        let lines = short.lines().count();
        assert!(lines <= most, "{path}: {lines} lines\n{short}");
        assert!(short.lines().all(|line| line.chars().count() <= 80), "{short}");
        assert!(short.contains(&format!("\nExample: switchback {}", path.split(' ').next().unwrap())), "{short}");
        assert!(long.contains("\nExamples:\n  switchback "), "{long}");
        let mut found = &command();
        for word in path.split(' ') {
            found = found.find_subcommand(word).unwrap();
        }
        let own = found.get_arguments().filter(|arg| !arg.is_hide_set() && !arg.is_positional());
        for arg in own {
            let flag = format!("--{}", arg.get_long().unwrap());
            assert!(long.contains(&flag), "{path} --help does not show {flag}");
            let name = arg.get_short().map_or(flag.clone(), |short| format!("-{short}"));
            assert!(short.contains(&name), "{path} -h does not name {flag}: {short}");
        }
        // What is hidden is a global flag that the command has no use for, or for the program itself.
        for arg in found.get_arguments().filter(|arg| arg.is_hide_set()) {
            let known = globals.iter().any(|global| global.get_id() == arg.get_id()) || arg.get_id() == "background";
            assert!(known, "{path}: {}", arg.get_id());
        }
        if let (Some(own), Some(global)) = (long.find("\nOptions:"), long.find("\nGlobal options:")) {
            assert!(own < global, "{long}");
        }
    }
}

#[test]
fn the_short_help_of_a_switch_names_its_settings_in_groups() {
    let help = help_of(&["switch", "-h"]);
    for line in ["  general     --release\n", "\n  soak        --window --interval ", "\n  error-rate  --threshold "] {
        assert!(help.contains(line), "{line}: {help}");
    }
    assert!(help.contains("explained by `switchback help switch`"), "{help}");
    let long = help_of(&["help", "switch"]);
    for heading in ["Global options:", "Settings:", "Settings of soak:", "Settings of checks.latency:"] {
        assert!(long.contains(&format!("\n{heading}\n")), "{heading}: {long}");
    }
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
        assert!(!examples(&path).is_empty(), "{path} has no example");
    }
    assert!(seen > 30, "{seen}");
}
