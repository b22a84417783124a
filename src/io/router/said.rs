//! The color in a command's output: a word, or `activeColor` in JSON, Node's inspect form, YAML or an env file.

use serde_json::Value;

use crate::model::Color;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoColor {
    /// No color, or none marked as active.
    None,
    Ambiguous,
}

/// In order: the whole output; JSON `activeColor`; the least nested `activeColor` (`active_color`, `ACTIVE_COLOR=`),
/// else `active`; one line, if no other mentions the other color. No prose: `blue is idle` says nothing of green.
pub fn color_in(printed: &str) -> Result<Color, NoColor> {
    let plain = without_escapes(printed);
    let text = without_banner(&plain);
    if let Some(color) = word(text.trim()) {
        return Ok(color);
    }
    if let Some(said) = serde_json::from_slice(text.trim().as_bytes()).ok().and_then(|value| in_json(&value)) {
        return said;
    }
    let named = named_colors(&text);
    for key in ["activecolor", "active"] {
        if let Some(found) = least_nested(&named, key) {
            return found;
        }
    }
    lonely_line(&text)
}

fn word(text: &str) -> Option<Color> {
    let bare = text.trim_matches(|c| matches!(c, '\'' | '"' | '`'));
    Color::ALL.into_iter().find(|color| bare.eq_ignore_ascii_case(color.name()))
}

fn in_json(value: &Value) -> Option<Result<Color, NoColor>> {
    let said = value.get("activeColor")?;
    Some(said.as_str().and_then(word).ok_or(NoColor::None))
}

/// Removes CSI sequences such as colors, OSC sequences such as links, and byte order marks.
fn without_escapes(printed: &str) -> String {
    let mut plain = String::with_capacity(printed.len());
    let mut rest = printed.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' if rest.peek() == Some(&'[') => {
                rest.next();
                while rest.next().is_some_and(|c| !('\u{40}'..='\u{7e}').contains(&c)) {}
            }
            '\u{1b}' if rest.peek() == Some(&']') => {
                while rest.next().is_some_and(|c| !matches!(c, '\u{7}' | '\u{9c}' | '\\')) {}
            }
            '\u{1b}' | '\u{feff}' | '\r' => {}
            c => plain.push(c),
        }
    }
    plain
}

/// Removes banners: `> shop@1.0.0 run` (npm, pnpm), `yarn run v1.22.19`, `Done in 0.05s.`, `$ node run.js` (yarn, bun).
fn without_banner(plain: &str) -> String {
    let is_banner = |line: &str| {
        line.trim().is_empty() || line.starts_with("> ") || line.starts_with("$ ") || line.starts_with("yarn run v")
    };
    let own = plain.lines().skip_while(|line| is_banner(line));
    let own: Vec<&str> = own.filter(|line| !(line.starts_with("Done in ") && line.ends_with("s."))).collect();
    own.join("\n")
}

/// A key with a word as its value, and its nesting depth: by brackets, outside of them by indentation.
#[derive(Debug, PartialEq, Eq)]
struct Named {
    /// In lower case, without `_`, `-` and blanks.
    key: String,
    depth: (usize, usize),
    said: Said,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Color(Color),
    SomethingElse,
}

/// Between a key and its value: `:` (JSON, YAML, Node), `=` (a shell), `=>` (a map in Node), `│` (a table in Node), or `is`.
const BETWEEN: [&str; 6] = ["=>", ":", "=", "│", "|", "is "];

/// Words that form another key with the next word: `active color`, and what is not the active color.
const FIRST_WORDS: [&str; 8] = ["active", "not", "no", "non", "previous", "previously", "last", "next"];

fn named_colors(text: &str) -> Vec<Named> {
    let mut found = Vec::new();
    let mut brackets = 0_usize;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let mut tokens = Tokens { rest: line, before: None };
        let mut key = String::new();
        while let Some(token) = tokens.next() {
            match token {
                Token::Open => brackets += 1,
                Token::Close => brackets = brackets.saturating_sub(1),
                Token::Word(name) | Token::Quoted(name) => {
                    key = if FIRST_WORDS.contains(&key.as_str()) { key + &bare(name) } else { bare(name) };
                    if let Some(said) = tokens.value() {
                        let depth = (brackets, if brackets == 0 { indent } else { 0 });
                        found.push(Named { key: std::mem::take(&mut key), depth, said });
                    }
                    continue;
                }
                Token::Other => {}
            }
            key.clear();
        }
    }
    found
}

fn bare(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

#[derive(Clone, Copy)]
enum Token<'a> {
    Open,
    Close,
    Word(&'a str),
    Quoted(&'a str),
    Other,
}

struct Tokens<'a> {
    rest: &'a str,
    /// The preceding character: an apostrophe within a word opens no string.
    before: Option<char>,
}

impl<'a> Tokens<'a> {
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.before = taken.chars().next_back().or(self.before);
        self.rest = rest;
        taken
    }

    fn next(&mut self) -> Option<Token<'a>> {
        let blank = self.rest.len() - self.rest.trim_start().len();
        self.take(blank);
        let first = self.rest.chars().next()?;
        Some(match first {
            '{' | '[' => {
                self.take(1);
                Token::Open
            }
            '}' | ']' => {
                self.take(1);
                Token::Close
            }
            '\'' | '"' | '`' => self.quoted(first).map_or_else(
                || {
                    self.take(1);
                    Token::Other
                },
                Token::Quoted,
            ),
            c if is_word(c) => {
                let end = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
                Token::Word(self.take(end))
            }
            c => {
                self.take(c.len_utf8());
                Token::Other
            }
        })
    }

    /// A string that ends on this line and does not begin within a word.
    fn quoted(&mut self, quote: char) -> Option<&'a str> {
        if self.before.is_some_and(is_word) {
            return None;
        }
        let inner = &self.rest[1..];
        let mut escaped = false;
        let end = inner.char_indices().find_map(|(at, c)| {
            let ends = c == quote && !escaped;
            escaped = c == '\\' && !escaped;
            ends.then_some(at)
        })?;
        self.take(end + 2);
        Some(&inner[..end])
    }

    /// The value after a key. Anything but a color is left, as it may be a key itself: `proxy-1 | activeColor: green`.
    fn value(&mut self) -> Option<Said> {
        let rest = self.rest.trim_start();
        let between = BETWEEN.iter().find(|between| rest.starts_with(**between))?;
        let mut ahead = Tokens { rest: rest[between.len()..].trim_start(), before: None };
        let color = match ahead.next()? {
            // `blue/green` is not a color, and neither is `green.example.com`.
            Token::Word(_) if ahead.rest.starts_with(['/', '.', ':', '@']) && ahead.rest.len() > 1 => None,
            Token::Word(value) | Token::Quoted(value) => word(value),
            Token::Open | Token::Close | Token::Other => return None,
        };
        let Some(color) = color else { return Some(Said::SomethingElse) };
        *self = ahead;
        Some(Said::Color(color))
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

/// `None` if there is no such key.
fn least_nested(named: &[Named], key: &str) -> Option<Result<Color, NoColor>> {
    let depth = named.iter().filter(|one| one.key == key).map(|one| one.depth).min()?;
    let mut said = named.iter().filter(|one| one.key == key && one.depth == depth).map(|one| one.said);
    let first = said.next()?;
    Some(match first {
        _ if said.any(|other| other != first) => Err(NoColor::Ambiguous),
        Said::Color(color) => Ok(color),
        Said::SomethingElse => Err(NoColor::None),
    })
}

/// The color on a line of its own, if the rest of the text does not mention the other one.
fn lonely_line(text: &str) -> Result<Color, NoColor> {
    let mentioned = |color: Color| text.split(|c| !is_word(c)).any(|part| part.eq_ignore_ascii_case(color.name()));
    if Color::ALL.into_iter().all(mentioned) {
        return Err(NoColor::Ambiguous);
    }
    text.lines().find_map(|line| word(line.trim())).ok_or(NoColor::None)
}

#[cfg(test)]
mod tests;
