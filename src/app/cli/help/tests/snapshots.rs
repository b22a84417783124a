//! The help of every command, short and long, as it is on a terminal of 80 columns.

use support::Snapshots;

use super::*;

/// Where settings begin and end in a long help.
const SETTINGS_BEGIN: &str = "\nSettings:\n";
const SETTINGS_END: &str = "\n\nExamples:\n";

fn at_80_columns(path: &str, flag: &str) -> String {
    let words = ["switchback"].into_iter().chain(path.split_whitespace()).chain([flag]);
    command().term_width(80).try_get_matches_from(words).unwrap_err().to_string()
}

/// The settings of a long help.
fn settings(help: &str) -> Option<&str> {
    let (_, rest) = help.split_once(SETTINGS_BEGIN)?;
    Some(rest.split_once(SETTINGS_END).map_or(rest, |(settings, _)| settings))
}

#[test]
fn the_help_of_every_command() {
    let mut paths = vec![String::new()];
    all(&command(), "", &mut paths);
    let of_switch = at_80_columns("switch", "--help");
    let of_switch = settings(&of_switch).unwrap();
    let snapshots = Snapshots::of("src/app/cli/help/snapshots");
    for path in paths {
        let mut long = at_80_columns(&path, "--help");
        // They are long, and shown once.
        if path != "switch" {
            long = long.replace(of_switch, "  as those of switch");
        }
        let text =
            format!("$ switchback {path} -h\n{}\n$ switchback {path} --help\n{long}", at_80_columns(&path, "-h"));
        let name = format!("switchback {path}").trim_end().replace(' ', "-");
        snapshots.assert(&name, &text.replace("switchback  -", "switchback -"));
    }
    snapshots.assert_no_other();
}
