//! From text to one value, or why it is none. Pure; one function a kind.

use std::net::SocketAddr;
use std::time::Duration;

use super::duration::parse_duration;
use super::size::parse_size;
use super::values::Ratio;
use crate::model::number::{duration_exact, size_exact};
use measure::invalid::{Result, ensure, invalid, within};
use measure::statuses::StatusSet;
use measure::wanted::Named;

pub fn duration(text: &str, min: Duration, max: Duration) -> Result<Duration> {
    within(parse_duration(text)?, min, max, duration_exact)
}

/// In bytes.
pub fn size(text: &str, min: u64, max: u64) -> Result<u64> {
    within(parse_size(text)?, min, max, size_exact)
}

/// A share above 0 and below 1: `5%` or `0.05`.
pub fn ratio(text: &str) -> Result<Ratio> {
    let text = text.trim();
    let percent = text.strip_suffix('%');
    let number: f64 = percent.unwrap_or(text).trim_end().parse().map_err(|_| "not a number")?;
    ensure(number.is_finite(), "not a finite number")?;
    let value = if percent.is_some() { number / 100.0 } else { number };
    ensure(value > 0.0, "must be above 0")?;
    ensure(value < 1.0 || percent.is_none(), "must be below 100%")?;
    ensure(value < 1.0, format!("not a fraction below 1: for {number} percent write `{number}%`"))?;
    Ok(Ratio(value))
}

pub fn ratio_within(text: &str, min: Ratio, max: Ratio) -> Result<Ratio> {
    within(ratio(text)?, min, max, |bound| bound.to_string())
}

/// A ratio the way [`ratio`] reads it back exactly: in percent where that is exact, else as a plain number.
pub fn format_ratio(value: Ratio) -> String {
    let percent = value.to_string();
    if ratio(&percent) == Ok(value) { percent } else { value.0.to_string() }
}

pub fn count(text: &str, min: u64, max: u64) -> Result<u64> {
    let text = text.trim();
    ensure(!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()), "not a whole number")?;
    // Only digits: what does not fit into 64 bits is too large.
    within(text.parse().unwrap_or(u64::MAX), min, max, |bound| bound.to_string())
}

/// `true/false/1/0/yes/no/on/off`, in any case.
pub fn boolean(text: &str) -> Result<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => invalid("not yes or no"),
    }
}

/// The name of a service: `[a-z0-9][a-z0-9-]{0,62}`.
pub fn service(text: &str) -> Result<String> {
    let valid = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    ensure(!text.is_empty(), "the name is empty")?;
    ensure(text.len() <= 63, "the name is longer than 63 characters")?;
    ensure(
        text.bytes().all(valid) && !text.starts_with('-'),
        "only lower-case letters, digits and, after the first character, `-` are allowed",
    )?;
    Ok(text.to_owned())
}

/// The path of a URL: begins with `/`, has no query, fragment, space or control character.
pub fn url_path(text: &str) -> Result<String> {
    ensure(text.starts_with('/'), "a path begins with `/`")?;
    match text.chars().find(|character| matches!(character, '?' | '#') || !character.is_ascii_graphic()) {
        Some('?' | '#') => invalid("a path has neither a query nor a fragment"),
        Some(_) => invalid("a path is written in visible ASCII characters; write others as `%20`"),
        None => Ok(text.to_owned()),
    }
}

/// The name of a server, with or without a port: `shop.example.com`, `10.0.0.7:8443`.
pub fn host(text: &str) -> Result<String> {
    let text = text.trim();
    let url = url::Url::parse(&format!("http://{text}/"));
    // What the reader of URLs takes for a user, a path or a query is part of a URL, not of a name.
    let is_name = !text.is_empty() && !text.contains(['/', '@', '?', '#', ' ', '\\']);
    let valid = is_name && url.is_ok_and(|url| url.host_str().is_some());
    ensure(valid, "not a host name: letters, digits, `-` and `.`, and perhaps a port")?;
    Ok(text.to_owned())
}

/// `auto` or the name of a metric. Since version 3 of Prometheus any text can be one (`http.server.request.duration_count`).
pub fn metric(text: &str) -> Result<Named> {
    ensure(
        !text.contains(LABELS),
        "not a metric name: labels are matched with checks.error-rate.match, and a name has neither braces nor `=`",
    )?;
    named(text).ok_or_else(|| "not a metric name: a name is one word of visible characters".into())
}

/// `auto` or the name of a label, likewise (`http.response.status_code`).
pub fn label(text: &str) -> Result<Named> {
    named(text).ok_or_else(|| "not a label name: a name is one word of visible characters".into())
}

/// What labels and their matchers are written with.
const LABELS: [char; 4] = ['{', '}', '=', '~'];

/// A name, perhaps in quotes as on a page. What is valid by the grammar and most likely a mistake is refused.
fn named(text: &str) -> Option<Named> {
    const MAX_NAME: usize = 200;
    let text = text.trim();
    let name = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '`' | ',' | '\\');
    if name.is_empty() || name.len() > MAX_NAME || name.contains(LABELS) || name.contains(odd) {
        return None;
    }
    Some(if name == "auto" { Named::Auto } else { Named::Name(name.to_owned()) })
}

/// Classes (`1xx` to `5xx`), codes (`100` to `599`) and words (`error`, `Unavailable`); duplicates count once.
pub fn statuses<'a>(items: impl IntoIterator<Item = &'a str>) -> Result<StatusSet> {
    let mut set = StatusSet::default();
    for item in items.into_iter().map(str::trim) {
        match item.as_bytes() {
            [class @ b'1'..=b'5', b'x' | b'X', b'x' | b'X'] => push_once(&mut set.classes, class - b'0'),
            [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'] => push_once(&mut set.codes, item.parse().unwrap_or_default()),
            [] => return invalid("a status is missing"),
            [first, rest @ ..]
                if first.is_ascii_alphabetic() && rest.len() < 60 && rest.iter().copied().all(is_of_word) =>
            {
                push_once(&mut set.words, item.to_owned());
            }
            _ => return invalid("a status is a class such as `5xx`, a code such as `429` or a word such as `error`"),
        }
    }
    ensure(set != StatusSet::default(), "a status is missing")?;
    Ok(set)
}

const fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b' ' | b':')
}

fn push_once<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// A name in the configuration of something else: visible, without spaces, commas and what ends a command there.
pub fn word(text: &str) -> Result<String> {
    let text = text.trim();
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | ';' | '"' | '\'');
    ensure(!text.is_empty(), "a name is missing")?;
    ensure(!text.contains(odd), "a name contains a space, a comma, a semicolon or a quote")?;
    Ok(text.to_owned())
}

/// The name or the number of a group, as the system knows it: nothing is trimmed.
pub fn group(text: &str) -> Result<String> {
    let group = word(text)?;
    ensure(group == text, "the name begins or ends with a space")?;
    Ok(group)
}

/// Such names, at least one and none twice.
pub fn words<'a>(items: impl IntoIterator<Item = &'a str>) -> Result<Vec<String>> {
    let mut words = Vec::new();
    for item in items {
        let word = word(item)?;
        ensure(!words.contains(&word), format!("`{word}` is listed twice"))?;
        words.push(word);
    }
    ensure(!words.is_empty(), "a name is missing")?;
    Ok(words)
}

/// A text that is not blank and can be written into a file.
pub fn text(text: &str) -> Result<String> {
    ensure(!text.trim().is_empty(), "the text is blank")?;
    ensure(!text.contains('\0'), "the text contains a NUL character")?;
    Ok(text.to_owned())
}

/// `host:port` of `tcp://host:port`; none for what does not begin so.
pub fn tcp(text: &str) -> Result<Option<String>> {
    let Some(host_port) = text.strip_prefix("tcp://") else {
        ensure(!text.contains("://"), "the only allowed scheme is `tcp://`")?;
        return Ok(None);
    };
    let valid = |(host, port): (&str, &str)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0);
    let valid = host_port.rsplit_once(':').is_some_and(valid) && !host_port.contains(char::is_whitespace);
    ensure(valid, "expected `tcp://HOST:PORT`")?;
    Ok(Some(host_port.to_owned()))
}

pub fn listen(text: &str) -> Result<SocketAddr> {
    let address: SocketAddr = text.trim().parse().map_err(|_| "not an IP address with a port")?;
    ensure(address.port() != 0, "port 0 is not allowed: clients could not know the port")?;
    Ok(address)
}

/// A command line as a JSON array of strings.
pub fn command_json(text: &str) -> Result<Vec<String>> {
    serde_json::from_slice(text.as_bytes()).map_err(|_| "not a JSON array of strings".into())
}

/// A command line: at least the program, and nothing that the system cannot pass on.
pub fn command(words: Vec<String>) -> Result<Vec<String>> {
    let program = words.first().ok_or("the command is empty")?;
    ensure(!program.trim().is_empty(), "the program has no name")?;
    ensure(!words.iter().any(|word| word.contains('\0')), "a word contains a NUL character")?;
    Ok(words)
}

/// A bearer token: visible ASCII characters, so that it can stand in a header (RFC 6750, section 2.1, is narrower).
pub fn token(text: &str) -> Result<&str> {
    ensure(!text.is_empty(), "the token is empty")?;
    ensure(
        text.bytes().all(|byte| byte.is_ascii_graphic()),
        "the token contains a space, a line break or a character that is not ASCII",
    )?;
    Ok(text)
}

#[cfg(test)]
mod tests;
