//! An order as it is typed, and what can be typed next.

use crate::app::order::Order;
use crate::app::tui::OrderView;
use crate::model::Action;

use super::Field;

/// What the footer offers behind `extend`.
const LENGTHS: [&str; 4] = ["1m", "5m", "10m", "30m"];

/// The line behind `:`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderLine {
    field: Field,
    /// Why the line is no order, until another key is pressed.
    wrong: Option<String>,
}

impl OrderLine {
    pub fn add(&mut self, text: &str) {
        self.wrong = None;
        self.field.add(text);
    }

    /// Takes back a character; says whether there was one.
    pub fn erase(&mut self) -> bool {
        self.wrong = None;
        let any = !self.field.text().is_empty();
        self.field.erase();
        any
    }

    pub fn is_empty(&self) -> bool {
        self.field.trimmed().is_none()
    }

    /// The order that is meant; none where the line is none, which it then says.
    pub fn order(&mut self) -> Option<(Action, Option<String>)> {
        let order = Order::on_line(self.field.text());
        let read = order.and_then(|order| match order.action() {
            Ok(action) => Ok((action, order.reason)),
            Err(error) => Err(error.to_string()),
        });
        read.map_err(|why| self.wrong = Some(why)).ok()
    }

    /// Types as much of the next word as is certain. `accepted` are the orders that can be given now.
    pub fn complete(&mut self, accepted: &[&str]) {
        self.wrong = None;
        let matches = self.next_words(accepted);
        let [first, others @ ..] = &matches[..] else { return };
        let common = others.iter().fold(first.as_str(), |common, other| common_start(common, other));
        let more = common[self.last_word().len()..].to_owned();
        self.field.add(&more);
        if others.is_empty() {
            self.field.add(" ");
        }
    }

    pub fn view(&self, accepted: &[&str]) -> OrderView {
        let note = self.wrong.clone().unwrap_or_else(|| self.next_words(accepted).join("  "));
        OrderView { text: self.field.text().to_owned(), note, wrong: self.wrong.is_some() }
    }

    /// The word that is being typed; empty behind a blank.
    fn last_word(&self) -> &str {
        self.field.text().rsplit(char::is_whitespace).next().unwrap_or_default()
    }

    /// The words that can stand in the place of the one that is being typed.
    fn next_words(&self, accepted: &[&str]) -> Vec<String> {
        let text = self.field.text();
        let last = self.last_word();
        let before: Vec<&str> = text[..text.len() - last.len()].split_whitespace().collect();
        let words: Vec<&str> = match before[..] {
            [] => accepted.to_vec(),
            ["extend"] => LENGTHS.to_vec(),
            [.., "--reason"] => Vec::new(),
            // Whatever follows it is the reason.
            _ if before.iter().any(|word| word.starts_with("--reason")) => Vec::new(),
            ["rollback"] => vec!["--force", "--reason"],
            _ => vec!["--reason"],
        };
        words.into_iter().filter(|word| word.starts_with(last)).map(str::to_owned).collect()
    }
}

fn common_start<'a>(one: &'a str, other: &str) -> &'a str {
    let same = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    &one[..same]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> OrderLine {
        let mut line = OrderLine::default();
        line.add(text);
        line
    }

    #[test]
    fn tab_types_what_is_certain() {
        for (text, completed, offered) in [
            ("", "", "abort  rollback  pause  resume  extend  keep"),
            ("r", "r", "rollback  resume"),
            ("ro", "rollback ", "--force  --reason"),
            ("rollback -", "rollback --", "--force  --reason"),
            ("rollback --force ", "rollback --force --reason ", ""),
            ("extend ", "extend ", "1m  5m  10m  30m"),
            ("extend 5", "extend 5m ", "--reason"),
            ("keep --r", "keep --reason ", ""),
            ("keep --reason a r", "keep --reason a r", ""),
            ("x", "x", ""),
        ] {
            let mut line = typed(text);
            line.complete(&Action::NAMES);
            let OrderView { text: now, note, wrong } = line.view(&Action::NAMES);
            assert_eq!((now.as_str(), note.as_str(), wrong), (completed, offered, false), "{text:?}");
        }
    }

    #[test]
    fn only_what_can_be_ordered_now_is_offered() {
        let mut line = typed("r");
        line.complete(&["rollback"]);
        assert_eq!(line.view(&[]).text, "rollback ");
    }

    #[test]
    fn a_line_that_is_no_order_says_why_until_the_next_key() {
        let mut line = typed("aboard");
        assert_eq!(line.order(), None);
        let view = line.view(&Action::NAMES);
        assert!(view.wrong && view.note.starts_with("`aboard` is not a valid action"), "{view:?}");
        assert!(line.erase());
        assert!(!line.view(&Action::NAMES).wrong);
        assert_eq!(typed("pause --reason 'a b'").order(), Some((Action::Pause, Some("a b".to_owned()))));
        assert!(!typed("").erase());
    }
}
