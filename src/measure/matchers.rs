//! Which series of a page are ours: matchers of labels, written as in PromQL.

#[cfg(test)]
mod tests;

use std::fmt;

use regex_lite::{Regex, RegexBuilder};

use super::invalid::{Result, ensure, invalid};

const MAX_MATCHERS: usize = 16;
const MAX_REGEX_BYTES: usize = 1 << 20;

/// Matchers that all have to hold, such as `direction="inbound", authority!~"db.*"`. None at all lets every series in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelFilter(Vec<Matcher>);

#[derive(Clone, Debug)]
struct Matcher {
    label: String,
    wanted: Wanted,
    value: String,
    negated: bool,
}

#[derive(Clone, Debug)]
enum Wanted {
    Same,
    /// The whole of it matches.
    Like(Regex),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matching {
    /// Bit `i`: the `i`th matcher's label was there.
    seen: u16,
    holds: bool,
}

impl LabelFilter {
    /// Reads matchers, with or without braces around them.
    pub fn parse(text: &str) -> Result<Self> {
        let inner = text.trim();
        let inner = match inner.strip_prefix('{') {
            Some(rest) => rest.strip_suffix('}').ok_or("the closing `}` is missing")?,
            None => inner,
        };
        let (mut rest, mut matchers) = (inner.trim(), Vec::new());
        while !rest.is_empty() {
            let (matcher, after) = matcher(rest)?;
            matchers.push(matcher);
            rest = after.trim_start();
            rest = match rest.strip_prefix(',') {
                Some(after) => after.trim_start(),
                None if rest.is_empty() => rest,
                None => return invalid(format!("expected `,` before `{}`", shown(rest))),
            };
        }
        ensure(!matchers.is_empty(), "no matcher is given")?;
        ensure(matchers.len() <= MAX_MATCHERS, format!("more than {MAX_MATCHERS} matchers"))?;
        Ok(Self(matchers))
    }

    /// Whether every series is let in.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a matcher is about the label of which `is` says whether it is called so.
    pub fn is_about(&self, is: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|matcher| is(&matcher.label))
    }

    pub const fn begin() -> Matching {
        Matching { seen: 0, holds: true }
    }

    /// The series has a label: `is` says whether it is called so, `value` is what it holds.
    pub fn see<'v>(
        &self,
        matching: &mut Matching,
        is: impl Fn(&str) -> bool,
        value: impl Fn() -> std::borrow::Cow<'v, [u8]>,
    ) {
        for (at, matcher) in self.0.iter().enumerate() {
            if is(&matcher.label) {
                matching.seen |= 1 << at;
                matching.holds &= matcher.accepts(&value());
            }
        }
    }

    /// Whether the series is let in. A missing label counts as empty, as in PromQL; with `lenient` it is not asked for.
    pub fn lets_in(&self, matching: Matching, lenient: bool) -> bool {
        let absent = |(at, matcher): (usize, &Matcher)| matching.seen >> at & 1 == 1 || lenient || matcher.accepts(b"");
        matching.holds && self.0.iter().enumerate().all(absent)
    }
}

impl Matcher {
    fn accepts(&self, value: &[u8]) -> bool {
        let like = match &self.wanted {
            Wanted::Same => self.value.as_bytes() == value,
            Wanted::Like(regex) => regex.is_match(&String::from_utf8_lossy(value)),
        };
        like != self.negated
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        let told = |matcher: &Self| (matches!(matcher.wanted, Wanted::Same), matcher.negated);
        told(self) == told(other) && self.label == other.label && self.value == other.value
    }
}

impl Eq for Matcher {}

impl fmt::Display for LabelFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, Matcher { label, wanted, value, negated }) in self.0.iter().enumerate() {
            f.write_str(if at > 0 { "," } else { "" })?;
            f.write_str(&if is_plain(label) { label.clone() } else { quoted(label) })?;
            f.write_str(match (wanted, negated) {
                (Wanted::Same, false) => "=",
                (Wanted::Same, true) => "!=",
                (Wanted::Like(_), false) => "=~",
                (Wanted::Like(_), true) => "!~",
            })?;
            f.write_str(&quoted(value))?;
        }
        Ok(())
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

fn is_plain(label: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    label.bytes().next().is_some_and(letter) && label.bytes().all(|byte| letter(byte) || byte.is_ascii_digit())
}

/// The first matcher of `text`, and what stands behind it.
fn matcher(text: &str) -> Result<(Matcher, &str)> {
    let (label, rest) = if text.starts_with(['"', '\'', '`']) {
        string(text)?
    } else {
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
        (text[..end].to_owned(), &text[end..])
    };
    ensure(
        !label.is_empty() && !label.starts_with(|c: char| c.is_ascii_digit()),
        format!("expected a label's name before `{}`", shown(text)),
    )?;
    let rest = rest.trim_start();
    let (negated, is_regex, rest) = [("=~", false, true), ("!~", true, true), ("!=", true, false), ("=", false, false)]
        .into_iter()
        .find_map(|(sign, negated, is_regex)| Some((negated, is_regex, rest.strip_prefix(sign)?)))
        .ok_or_else(|| format!("expected `=`, `!=`, `=~` or `!~` after `{label}`"))?;
    let (value, rest) = string(rest.trim_start()).map_err(|why| format!("{why} as the value of `{label}`"))?;
    let wanted = if is_regex { Wanted::Like(compile(&value)?) } else { Wanted::Same };
    Ok((Matcher { label, wanted, value, negated }, rest))
}

/// A text in quotes, its escapes resolved, and what stands behind it.
fn string(text: &str) -> Result<(String, &str)> {
    let mut characters = text.char_indices();
    let Some((_, quote @ ('"' | '\'' | '`'))) = characters.next() else {
        return invalid("expected text in quotes");
    };
    let mut value = String::new();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' if quote != '`' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, escaped @ ('\\' | '"' | '\''))) => value.push(escaped),
                // PromQL has more escapes; regular expressions are written with `\\d` there, and often without here.
                Some((_, other)) => value.extend(['\\', other]),
                None => break,
            },
            _ if character == quote => return Ok((value, &text[at + character.len_utf8()..])),
            _ => value.push(character),
        }
    }
    invalid("expected a closing quote")
}

/// The syntax is RE2's, as in PromQL; it has to match the whole value. No input makes it slow.
fn compile(pattern: &str) -> Result<Regex> {
    RegexBuilder::new(&format!(r"\A(?:{pattern})\z"))
        .size_limit(MAX_REGEX_BYTES)
        .dot_matches_new_line(true)
        .build()
        .map_err(|_| format!("`{}` is not a valid regular expression, or is too large", shown(pattern)).into())
}

fn shown(text: &str) -> String {
    text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
