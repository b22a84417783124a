//! An order to a running soak, as `ctl` and the command line of the terminal UI read it.

use clap::error::ErrorKind;
use clap::{Args, Command as Clap, FromArgMatches as _};

use crate::model::{Action, UnknownAction};

/// What to order.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[group(skip)]
pub struct Order {
    /// abort, rollback, pause, resume, extend DURATION or keep.
    #[arg(required = true, num_args = 1..=2, value_name = "ACTION")]
    pub action: Vec<String>,
    /// With `rollback`: override the standby and router checks.
    ///
    /// Even if the standby is down, or the router holds a configuration that Switchback did not write.
    #[arg(long)]
    pub force: bool,
    /// Reason, recorded in the journal.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub reason: Option<String>,
}

impl Order {
    /// What is ordered.
    pub fn action(&self) -> Result<Action, UnknownAction> {
        let text = self.action.join(" ");
        if self.force { format!("{text} --force").parse() } else { text.parse() }
    }

    /// The order on a line that is typed without a shell: the words behind `switchback ctl`. An error is one sentence.
    pub fn on_line(line: &str) -> Result<Self, String> {
        let command = Clap::new("ctl").no_binary_name(true).disable_help_flag(true);
        let parsed = Self::augment_args(command).try_get_matches_from(words(line)?);
        parsed.and_then(|matches| Self::from_arg_matches(&matches)).map_err(|error| match error.kind() {
            ErrorKind::MissingRequiredArgument => UnknownAction::Word(line.trim().to_owned()).to_string(),
            _ => first_line(&error),
        })
    }
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").replace('\'', "`")
}

/// The words of a line. Quotes hold words together, as in a shell.
fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let (mut word, mut quote) = (None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.map_or(Ok(words), |quote| Err(format!("the quote {quote} is not closed")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_the_words_behind_ctl_are() {
        for (line, action, reason) in [
            ("abort", Action::Abort, None),
            ("  rollback --force ", Action::Rollback { force: true }, None),
            ("extend 5m --reason 'one more \"look\"'", Action::Extend { by_ms: 300_000 }, Some("one more \"look\"")),
            ("--reason=drill pause", Action::Pause, Some("drill")),
            ("keep --reason \"\"", Action::Keep, Some("")),
        ] {
            let order = Order::on_line(line).unwrap();
            assert_eq!((order.action(), order.reason.as_deref()), (Ok(action), reason), "{line}");
        }
    }

    #[test]
    fn what_is_no_order_is_told_in_one_sentence() {
        let known = "is not a valid action: expected abort, rollback, pause, resume, extend DURATION or keep";
        for (line, wanted) in [
            ("abort 'now", "the quote ' is not closed".to_owned()),
            ("--force", format!("`--force` {known}")),
            ("abort --quickly", "unexpected argument `--quickly` found".to_owned()),
            ("pause known issue", "unexpected value `issue` for `<ACTION>...` found; no more were expected".to_owned()),
        ] {
            assert_eq!(Order::on_line(line), Err(wanted), "{line}");
        }
        let later = |line| Order::on_line(line).unwrap().action().unwrap_err().to_string();
        assert_eq!(later("abort --force"), format!("`abort --force` {known}"));
        assert_eq!(later("extend"), "`extend` takes a duration above 0 and at most 24h, such as `extend 5m`");
    }
}
