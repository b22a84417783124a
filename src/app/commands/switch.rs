//! `switch`: the target color is settled before anything begins.

use std::ffi::OsString;
use std::io::{IsTerminal as _, stderr, stdin};

use clap::Parser as _;
use jiff::ZonedDateTime;

use crate::app::cli::{Cli, Command, Common, Switch};
use crate::app::deploy::since;
use crate::app::monitor::Begin;
use crate::config::{Loaded, mask, shell_word};
use crate::io::state::StatusReport;
use crate::model::Color;

use super::soak;
use super::status::inactive_of;
use super::support::failure::Failure;
use super::support::{ci_job, context, output};

/// Without a color it prompts on a terminal and fails elsewhere: running it twice would move traffic back.
pub async fn run(common: &Common, color: Option<Color>, switch: &Switch) -> Result<u8, Failure> {
    let Some(to) = (match color {
        named @ Some(_) => named,
        None => asked_for(common, switch.watch.supervised).await?,
    }) else {
        output::line("nothing was moved");
        return Ok(ABORTED);
    };
    let begin = Begin::Switch { to, soak: !switch.no_soak, no_rollback: switch.no_rollback, force: switch.force };
    soak::run(common, begin, &switch.watch).await
}

/// The exit code of a switch that was declined at the prompt.
const ABORTED: u8 = 5;

/// The color chosen at the prompt; `None` if declined.
async fn asked_for(common: &Common, supervised: bool) -> Result<Option<Color>, Failure> {
    let loaded = context::read(common)?;
    let Loaded { config, .. } = if supervised { loaded } else { context::strictly(loaded)? };
    let found = inactive_of(&config).await;
    if supervised || !can_be_asked() {
        return Err(Failure::usage(missing(std::env::args_os(), &found)));
    }
    let (report, inactive) = found?;
    loop {
        output::ask(&question(&report, inactive, &ZonedDateTime::now()));
        // Signals are not handled yet: Ctrl-C ends the program here.
        let line = tokio::task::spawn_blocking(|| stdin().lines().next()).await.map_err(Failure::internal)?;
        let Some(Ok(line)) = line else { return Ok(None) };
        match answer(&line, inactive) {
            Answer::Color(color) => return Ok(Some(color)),
            Answer::No => return Ok(None),
            Answer::Unclear => output::warn("answer y, n, blue or green"),
        }
    }
}

/// Whether a person sits at a terminal that a question can be put to.
fn can_be_asked() -> bool {
    !ci_job::in_ci() && stdin().is_terminal() && stderr().is_terminal()
}

fn question(report: &StatusReport, inactive: Color, now: &ZonedDateTime) -> String {
    let active = report.active_color;
    let since = report.last_switch.map(|at| format!(", switched to {}", since(at, now))).unwrap_or_default();
    format!("{active} is active{since}. Move traffic to {inactive}? [y/N, or a color] ")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Color(Color),
    No,
    Unclear,
}

fn answer(line: &str, inactive: Color) -> Answer {
    match line.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Answer::Color(inactive),
        "" | "n" | "no" => Answer::No,
        word => word.parse().map_or(Answer::Unclear, Answer::Color),
    }
}

fn missing(arguments: impl Iterator<Item = OsString>, found: &Result<(StatusReport, Color), Failure>) -> String {
    let words: Vec<String> = arguments.skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let command = |color: Color| completed(&words, color);
    let (next, why) = match found {
        Ok((report, inactive)) => (command(*inactive), format!("{} is active", report.active_color)),
        Err(failure) => {
            let first_line = failure.message.lines().next().unwrap_or_default();
            (format!("{}, or {}", command(Color::Blue), command(Color::Green)), first_line.to_owned())
        }
    };
    format!(
        "`switch` needs a color without a terminal: run twice, it would move traffic back ({why})\n\
         next: {next}\n\
         in CI, choose the color once, in its own step: switchback status --inactive"
    )
}

fn completed(words: &[String], color: Color) -> String {
    let with_color = |at: usize| {
        let mut words = words.to_vec();
        words.insert(at + 1, color.name().to_owned());
        words
    };
    let is_complete = |words: &[String]| {
        let line = std::iter::once("switchback").chain(words.iter().map(String::as_str));
        matches!(Cli::try_parse_from(line).map(|cli| cli.command), Ok(Command::Switch { color: Some(_), .. }))
    };
    let places = (0..words.len()).filter(|at| words[*at] == "switch").map(with_color);
    let complete = places.into_iter().find(|words| is_complete(words));
    let words = complete.unwrap_or_else(|| vec!["switch".to_owned(), color.name().to_owned()]);
    let words: Vec<String> = words.iter().map(|word| shell_word(&shown(word))).collect();
    format!("switchback {}", words.join(" "))
}

/// A URL on the command line may hold a password.
fn shown(word: &str) -> String {
    if word.contains("://") { mask(word) } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(line: &str) -> String {
        completed(&line.split(' ').map(str::to_owned).collect::<Vec<_>>(), Color::Green)
    }

    #[test]
    fn the_color_is_put_where_the_command_line_lacks_it() {
        for (typed, whole) in [
            ("switch", "switchback switch green"),
            ("switch --no-tui --output github", "switchback switch green --no-tui --output github"),
            ("--service switch switch --no-soak", "switchback --service switch switch green --no-soak"),
            ("switch --config a;b", "switchback switch green --config 'a;b'"),
        ] {
            assert_eq!(complete(typed), whole);
        }
    }

    #[test]
    fn an_answer_is_yes_no_a_color_or_asked_for_again() {
        for (line, meant) in [
            ("y", Answer::Color(Color::Green)),
            (" YES ", Answer::Color(Color::Green)),
            ("blue", Answer::Color(Color::Blue)),
            ("Green", Answer::Color(Color::Green)),
            ("", Answer::No),
            ("n", Answer::No),
            ("gren", Answer::Unclear),
            ("yy", Answer::Unclear),
        ] {
            assert_eq!(answer(line, Color::Green), meant, "{line:?}");
        }
    }
}
