//! One line of a page, parsed in place.

use std::borrow::Cow;
use std::fmt;

use memchr::memchr2;

use super::{Fault, quote, whole};

#[derive(Debug)]
pub enum Line<'a> {
    /// Blank, or an irrelevant comment.
    Nothing,
    /// `# EOF`.
    Eof,
    /// `# TYPE name kind`.
    Family {
        name: Text<'a>,
        /// `counter`, `histogram`, …
        kind: &'a [u8],
    },
    /// `# UNIT name unit`.
    Unit {
        name: Text<'a>,
        /// `seconds`, `ms`, `By`, …
        unit: &'a [u8],
    },
    Sample(Sample<'a>),
}

impl<'a> Line<'a> {
    /// Parses a line (without its line feed and space around it) up to its metric's name.
    pub fn read(line: &'a [u8]) -> Result<Self, Fault> {
        match line.first() {
            None => Ok(Self::Nothing),
            Some(b'#') => comment(&line[1..]),
            Some(_) => Sample::split(line).map(Self::Sample),
        }
    }
}

fn comment(line: &[u8]) -> Result<Line<'_>, Fault> {
    let (word, rest) = token(line);
    match word {
        b"EOF" if rest.trim_ascii().is_empty() => Ok(Line::Eof),
        b"TYPE" => {
            let rest = rest.trim_ascii_start();
            let (name, rest) = if rest.starts_with(b"\"") { quoted(rest)? } else { metric_name(rest)? };
            let (kind, _) = token(rest);
            if kind.is_empty() {
                return Err(Fault::Expected("a type after the metric's name"));
            }
            Ok(Line::Family { name, kind })
        }
        // Only OpenMetrics gives the word a meaning; elsewhere it may begin any sentence.
        b"UNIT" => Ok(unit(rest.trim_ascii_start()).unwrap_or(Line::Nothing)),
        _ => Ok(Line::Nothing),
    }
}

fn unit(rest: &[u8]) -> Option<Line<'_>> {
    let (name, rest) = if rest.starts_with(b"\"") { quoted(rest).ok()? } else { metric_name(rest).ok()? };
    let (unit, rest) = token(rest);
    (!unit.is_empty() && rest.trim_ascii().is_empty()).then_some(Line::Unit { name, unit })
}

/// Only the name has been parsed.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    pub name: Text<'a>,
    in_braces: bool,
    line: &'a [u8],
    body: &'a [u8],
}

impl<'a> Sample<'a> {
    fn split(line: &'a [u8]) -> Result<Self, Fault> {
        if let Some(inner) = line.strip_prefix(b"{") {
            let (name, rest) = quoted(inner.trim_ascii_start())?;
            let rest = rest.trim_ascii_start();
            let in_braces = rest.starts_with(b",");
            return match rest.split_first() {
                Some((b',' | b'}', body)) => Ok(Self { name, in_braces, line, body }),
                _ => Err(Fault::Expected("`,` or `}` after the metric's name")),
            };
        }
        let (name, rest) = metric_name(line)?;
        let body = rest.trim_ascii_start();
        match body.strip_prefix(b"{") {
            Some(body) => Ok(Self { name, in_braces: true, line, body }),
            None if body.len() < rest.len() => Ok(Self { name, in_braces: false, line, body }),
            None => Err(Fault::Expected("labels or a space and a value after the metric's name")),
        }
    }

    /// Has braces, and so perhaps labels.
    pub const fn is_labeled(&self) -> bool {
        self.in_braces
    }

    /// The line up to its labels, or up to its value if it has none.
    pub fn head(&self) -> &'a [u8] {
        self.before(self.body)
    }

    /// The line up to its value.
    pub fn series(&self) -> &'a [u8] {
        let rest = if self.in_braces { labels(self.body, |_, _| {}) } else { Ok(self.body) };
        rest.map_or(self.line, |rest| self.before(rest))
    }

    fn before(&self, rest: &[u8]) -> &'a [u8] {
        &self.line[..self.line.len() - rest.len()]
    }

    /// Calls `label` with every label and returns the value. A timestamp is checked, an exemplar is not.
    pub fn read(&self, label: impl FnMut(Text<'a>, Text<'a>)) -> Result<f64, Fault> {
        value(if self.in_braces { labels(self.body, label)? } else { self.body })
    }
}

/// Calls `label` for each label, and returns what follows the closing brace.
fn labels<'a>(mut rest: &'a [u8], mut label: impl FnMut(Text<'a>, Text<'a>)) -> Result<&'a [u8], Fault> {
    loop {
        rest = rest.trim_ascii_start();
        if let Some(after) = rest.strip_prefix(b"}") {
            return Ok(after);
        }
        let (name, after) = if rest.starts_with(b"\"") { quoted(rest)? } else { label_name(rest)? };
        let after = after.trim_ascii_start().strip_prefix(b"=").ok_or(Fault::Expected("`=` after a label's name"))?;
        let (value, after) = quoted(after.trim_ascii_start())?;
        label(name, value);
        rest = after.trim_ascii_start();
        match rest.split_first() {
            Some((b',', after)) => rest = after,
            Some((b'}', _)) => {}
            _ => return Err(Fault::Expected("`,` or `}` after a label's value")),
        }
    }
}

/// The value of a sample, from what follows its labels.
pub fn value(rest: &[u8]) -> Result<f64, Fault> {
    // Most often a count, and nothing behind it.
    if let Some(count) = whole(rest) {
        #[expect(clippy::cast_precision_loss, reason = "of at most 15 digits")]
        return Ok(count as f64);
    }
    let (number, rest) = token(rest);
    let value = float(number).ok_or(Fault::Expected("a number as value"))?;
    let (timestamp, rest) = token(rest);
    if timestamp.is_empty() || timestamp.starts_with(b"#") {
        return Ok(value);
    }
    float(timestamp).ok_or(Fault::Expected("a timestamp or nothing after the value"))?;
    match token(rest).0 {
        [] | [b'#', ..] => Ok(value),
        _ => Err(Fault::Expected("nothing after the timestamp")),
    }
}

fn float(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn token(text: &[u8]) -> (&[u8], &[u8]) {
    let text = text.trim_ascii_start();
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    text.split_at(end)
}

fn metric_name(text: &[u8]) -> Result<(Text<'_>, &[u8]), Fault> {
    name(text, |byte| byte == b':').ok_or(Fault::Expected("a metric's name"))
}

fn label_name(text: &[u8]) -> Result<(Text<'_>, &[u8]), Fault> {
    // OpenTelemetry's own names have dots, which are unambiguous here.
    name(text, |byte| byte == b'.').ok_or(Fault::Expected("a label's name or `}`"))
}

fn name(text: &[u8], also: impl Fn(u8) -> bool) -> Option<(Text<'_>, &[u8])> {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || also(byte);
    let end = text.iter().position(|&byte| !letter(byte) && !byte.is_ascii_digit()).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    letter(*name.first()?).then_some((Text { raw: name, escaped: false }, rest))
}

fn quoted(text: &[u8]) -> Result<(Text<'_>, &[u8]), Fault> {
    let text = text.strip_prefix(b"\"").ok_or(Fault::Expected("text in double quotes"))?;
    let (mut at, mut escaped) = (0, false);
    while let Some(found) = text.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        let end = at + found;
        if text[end] == b'"' {
            return Ok((Text { raw: &text[..end], escaped }, &text[end + 1..]));
        }
        (at, escaped) = (end + 2, true);
    }
    Err(Fault::Expected("a closing double quote"))
}

/// A name or label value as on the page, with escapes.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    raw: &'a [u8],
    escaped: bool,
}

impl<'a> Text<'a> {
    pub const fn raw(self) -> &'a [u8] {
        self.raw
    }

    pub fn is(self, text: &str) -> bool {
        if self.escaped { self.bytes().eq(text.bytes()) } else { self.raw == text.as_bytes() }
    }

    pub fn to_owned_text(self) -> String {
        String::from_utf8_lossy(&self.bytes().collect::<Vec<_>>()).into_owned()
    }

    pub fn resolved(self) -> Cow<'a, [u8]> {
        if self.escaped { self.bytes().collect() } else { self.raw.into() }
    }

    /// Resolves `\\`, `\"` and `\n`.
    fn bytes(self) -> impl Iterator<Item = u8> + use<'a> {
        let mut raw = self.raw.iter().copied();
        std::iter::from_fn(move || match raw.next()? {
            b'\\' => Some(match raw.next() {
                Some(b'n') => b'\n',
                Some(byte) => byte,
                None => b'\\',
            }),
            byte => Some(byte),
        })
    }
}

/// For messages: at most 80 characters, control characters escaped.
impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quote(&self.bytes().take(400).collect::<Vec<_>>()))
    }
}
