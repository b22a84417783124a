//! `.env`: which of its lines are ours, and what they say. The file belongs to the application and may be written for
//! any tool, in any encoding: only lines that begin with `SWITCHBACK_` are read and can be wrong. Quoted values that
//! span lines are followed, because the text in them is not ours.

use std::borrow::Cow;
use std::path::PathBuf;

use super::layers::PREFIX;

/// `.env` as it was found. It may hold secrets, so it has no `Debug`.
#[derive(Clone)]
pub struct DotEnv {
    /// The file, as it is shown to people.
    pub path: PathBuf,
    /// Its bytes, or why it could not be read.
    pub bytes: Result<Vec<u8>, String>,
    /// Whether the file goes on behind them.
    pub is_cut: bool,
}

impl From<&str> for DotEnv {
    fn from(text: &str) -> Self {
        Self { path: PathBuf::from(".env"), bytes: Ok(text.into()), is_cut: false }
    }
}

#[derive(Clone, PartialEq, Eq)]
pub struct Assignment {
    pub name: String,
    pub value: String,
    /// From 1.
    pub line: usize,
}

/// A line of ours that cannot be read. Its text is not kept: it may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    pub line: usize,
    pub what: &'static str,
}

#[derive(Default)]
pub struct Ours {
    pub assignments: Vec<Assignment>,
    pub bad: Vec<BadLine>,
    /// Lines that set a variable of ours behind something else, such as `declare -x`: they are not read.
    pub overlooked: Vec<usize>,
}

/// Reads the lines that begin with `SWITCHBACK_`, after an optional `export`. Values stand in single quotes (literal), double
/// quotes (`\n`, `\t`, `\r`, `\"`, `\\`, `\$`) or none (up to ` #`). A quoted value may span lines.
pub fn parse(bytes: &[u8]) -> Ours {
    let text = lines(bytes);
    let mut ours = Ours::default();
    let (mut rest, mut line) = (&text[..], 1);
    while !rest.is_empty() {
        let (read, length) = statement(rest);
        match read {
            Statement::Ours(name, value) => ours.assignments.push(Assignment { name, value, line }),
            Statement::Bad(what) => ours.bad.push(BadLine { line, what }),
            Statement::Overlooked => ours.overlooked.push(line),
            Statement::Others => {}
        }
        let (read, after) = rest.split_at(length);
        line += memchr::memchr_iter(b'\n', read).count();
        rest = after;
    }
    ours
}

/// The text without byte order mark and with lines ended by `\n`, from UTF-16 if Windows PowerShell wrote it.
fn lines(bytes: &[u8]) -> Cow<'_, [u8]> {
    let unit = |pair: &[u8], make: fn([u8; 2]) -> u16| pair.try_into().map_or(0xfffd, make);
    let utf16 = |bytes: &[u8], make| {
        let units: Vec<u16> = bytes.chunks(2).map(|pair| unit(pair, make)).collect();
        Cow::Owned(String::from_utf16_lossy(&units).into_bytes())
    };
    let text = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => Cow::Borrowed(rest),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => Cow::Borrowed(bytes),
    };
    if !text.contains(&b'\r') {
        return text;
    }
    let mut ended = Vec::with_capacity(text.len());
    for (index, byte) in text.iter().enumerate() {
        match byte {
            b'\r' if text.get(index + 1) == Some(&b'\n') => {}
            b'\r' => ended.push(b'\n'),
            other => ended.push(*other),
        }
    }
    Cow::Owned(ended)
}

enum Statement {
    Ours(String, String),
    Bad(&'static str),
    Overlooked,
    Others,
}

/// Reads one statement, and says how many bytes it has with the end of its last line.
fn statement(text: &[u8]) -> (Statement, usize) {
    let alone = line_length(text);
    let line = text[..alone].trim_ascii();
    if line.is_empty() || line.starts_with(b"#") {
        return (Statement::Others, alone);
    }
    let exported = line.strip_prefix(b"export").filter(|rest| rest.starts_with(b" ") || rest.starts_with(b"\t"));
    let named = exported.map_or(line, <[u8]>::trim_ascii_start);
    if !named.starts_with(PREFIX.as_bytes()) {
        let length = others(text, alone);
        let overlooked = length == alone && sets_ours(line);
        return (if overlooked { Statement::Overlooked } else { Statement::Others }, length);
    }
    let Some(equals) = text[..alone].iter().position(|byte| *byte == b'=') else {
        // `export NAME` hands on what was set before; it sets nothing.
        let hands_on = exported.is_some() && named.iter().all(|byte| is_name(*byte) || byte.is_ascii_whitespace());
        return (if hands_on { Statement::Others } else { Statement::Bad(EXPECTED) }, alone);
    };
    let name = &named[..named.iter().position(|byte| *byte == b'=').unwrap_or(named.len())];
    match name.trim_ascii() {
        name if name.iter().all(|byte| is_name(*byte)) => match value(&text[equals + 1..]) {
            // A mistake of ours is told; the lines after it are still read.
            Err(what) => (Statement::Bad(what), alone),
            Ok((value, length)) => match String::from_utf8(value) {
                Ok(value) => (Statement::Ours(String::from_utf8_lossy(name).into_owned(), value), equals + 1 + length),
                Err(_) => (Statement::Bad("the value is not UTF-8"), equals + 1 + length),
            },
        },
        _ => (Statement::Bad(EXPECTED), alone),
    }
}

const EXPECTED: &str = "expected NAME=VALUE";

/// The bytes up to the end of the first line, that included.
fn line_length(text: &[u8]) -> usize {
    memchr::memchr(b'\n', text).map_or(text.len(), |end| end + 1)
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether only blanks and a comment stand before the end of the line.
fn ends(text: &[u8]) -> bool {
    let behind = text.iter().find(|byte| !matches!(byte, b' ' | b'\t'));
    matches!(behind, None | Some(b'\n' | b'#'))
}

/// The value of an assignment of ours and the bytes it takes with the end of its last line.
fn value(text: &[u8]) -> Result<(Vec<u8>, usize), &'static str> {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let quoted = match text.get(blanks) {
        Some(b'\'') => single_quoted(&text[blanks + 1..]),
        Some(b'"') => double_quoted(&text[blanks + 1..]),
        _ => {
            let length = line_length(text);
            return Ok((unquoted(&text[..length]), length));
        }
    };
    let (value, length) = quoted.ok_or("the quote is never closed")?;
    let behind = &text[blanks + 1 + length..];
    if !ends(behind) {
        return Err("text after the closing quote");
    }
    Ok((value, blanks + 1 + length + line_length(behind)))
}

fn unquoted(line: &[u8]) -> Vec<u8> {
    let comment = line.windows(2).position(|pair| pair[0].is_ascii_whitespace() && pair[1] == b'#');
    line[..comment.unwrap_or(line.len())].trim_ascii().to_owned()
}

/// The value up to the closing quote, and the bytes it takes with that.
fn single_quoted(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let end = text.iter().position(|byte| *byte == b'\'')?;
    Some((text[..end].to_owned(), end + 1))
}

fn double_quoted(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut value = Vec::new();
    let mut bytes = text.iter().enumerate();
    while let Some((index, byte)) = bytes.next() {
        match byte {
            b'"' => return Some((value, index + 1)),
            b'\\' => match bytes.next()?.1 {
                b'n' => value.push(b'\n'),
                b't' => value.push(b'\t'),
                b'r' => value.push(b'\r'),
                escaped @ (b'"' | b'\\' | b'$') => value.push(*escaped),
                other => value.extend([b'\\', *other]),
            },
            other => value.push(*other),
        }
    }
    None
}

/// How many bytes a statement of somebody else has. A value spans lines as in npm's dotenv: it begins with a quote, and
/// the next unescaped one has only a comment behind it. Any other quote ends with its line.
fn others(text: &[u8], alone: usize) -> usize {
    let line = &text[..alone];
    let equals = line.iter().position(|byte| *byte == b'=');
    let colon = line.windows(2).position(|pair| pair[0] == b':' && pair[1].is_ascii_whitespace());
    let Some(sign) = [equals, colon].into_iter().flatten().min() else { return alone };
    let blanks = line[sign + 1..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let open = sign + 1 + blanks;
    let Some(quote @ (b'\'' | b'"' | b'`')) = text.get(open) else { return alone };
    if line[..sign].iter().any(|byte| matches!(byte, b'\'' | b'"' | b'`')) {
        return alone;
    }
    match closing(&text[open + 1..], *quote) {
        Some(close) => open + 1 + close + line_length(&text[open + 1 + close..]),
        None => alone,
    }
}

/// Where the value ends that a quote opens: behind its closing quote. `C:\` in quotes ends with an escaped one.
fn closing(text: &[u8], quote: u8) -> Option<usize> {
    let valid = |close: usize| Some(close).filter(|close| ends(&text[*close..]) || text[*close..].starts_with(b";"));
    let (mut index, mut escaped) = (0, None);
    while let Some(byte) = text.get(index) {
        match byte {
            b'\\' => {
                if text.get(index + 1) == Some(&quote) {
                    escaped = valid(index + 2).or(escaped);
                }
                index += 2;
            }
            byte if *byte == quote => return valid(index + 1).or(escaped),
            _ => index += 1,
        }
    }
    escaped
}

/// Whether a line that does not begin with one still sets a variable of ours: `declare -x SWITCHBACK_SOAK_GRACE=5s`.
fn sets_ours(line: &[u8]) -> bool {
    memchr::memmem::find_iter(line, PREFIX).any(|at| {
        let before = at.checked_sub(1).map(|before| line[before]);
        let name = line[at..].iter().take_while(|byte| is_name(**byte)).count();
        !before.is_some_and(|byte| is_name(byte) || matches!(byte, b'$' | b'{')) && line.get(at + name) == Some(&b'=')
    })
}

#[cfg(test)]
mod tests;
