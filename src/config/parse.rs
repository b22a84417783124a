//! From text to one value, or a sentence fragment that says why not. Pure; one function a kind.

use std::net::SocketAddr;
use std::time::Duration;

use super::duration::parse_duration;
use super::model::Named;
use super::size::parse_size;
use super::statuses::StatusSet;
use super::values::Ratio;
use crate::model::number::{duration_exact, size_exact};

/// A duration from `min` to `max`, both included.
pub fn duration(text: &str, min: Duration, max: Duration) -> Result<Duration, String> {
    let value = parse_duration(text)?;
    if value < min {
        return Err(format!("must be at least {}", duration_exact(min)));
    }
    if value > max {
        return Err(format!("must be at most {}", duration_exact(max)));
    }
    Ok(value)
}

/// A size from `min` to `max` bytes, both included.
pub fn size(text: &str, min: u64, max: u64) -> Result<u64, String> {
    let value = parse_size(text)?;
    if value < min {
        return Err(format!("must be at least {}", size_exact(min)));
    }
    if value > max {
        return Err(format!("must be at most {}", size_exact(max)));
    }
    Ok(value)
}

/// A share above 0 and below 1: `5%` or `0.05`.
pub fn ratio(text: &str) -> Result<Ratio, String> {
    let text = text.trim();
    let percent = text.strip_suffix('%');
    let number: f64 = percent.unwrap_or(text).trim_end().parse().map_err(|_| "not a number".to_owned())?;
    if !number.is_finite() {
        return Err("not a finite number".to_owned());
    }
    let value = if percent.is_some() { number / 100.0 } else { number };
    if value <= 0.0 {
        return Err("must be above 0".to_owned());
    }
    if value >= 1.0 {
        return Err(match percent {
            Some(_) => "must be below 100%".to_owned(),
            None => format!("not a fraction below 1: for {number} percent write `{number}%`"),
        });
    }
    Ok(Ratio(value))
}

/// A share from `min` to `max`, both included.
pub fn ratio_within(text: &str, min: Ratio, max: Ratio) -> Result<Ratio, String> {
    let value = ratio(text)?;
    if value < min {
        return Err(format!("must be at least {min}"));
    }
    if value > max {
        return Err(format!("must be at most {max}"));
    }
    Ok(value)
}

/// A ratio the way [`ratio`] reads it back exactly: in percent where that is exact, else as a plain number.
pub fn format_ratio(value: Ratio) -> String {
    let percent = value.to_string();
    if ratio(&percent) == Ok(value) { percent } else { value.0.to_string() }
}

/// A whole number from `min` to `max`, both included.
pub fn count(text: &str, min: u64, max: u64) -> Result<u64, String> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("not a whole number".to_owned());
    }
    // Only digits: what does not fit into 64 bits is too large.
    let value = text.parse().unwrap_or(u64::MAX);
    if value < min {
        return Err(format!("must be at least {min}"));
    }
    if value > max {
        return Err(format!("must be at most {max}"));
    }
    Ok(value)
}

/// `true/false/1/0/yes/no/on/off`, in any case.
pub fn boolean(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("neither yes nor no".to_owned()),
    }
}

/// The name of a service: `[a-z0-9][a-z0-9-]{0,62}`.
pub fn service(text: &str) -> Result<String, String> {
    let valid = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    match text.as_bytes() {
        [] => Err("the name is empty".to_owned()),
        bytes if bytes.len() > 63 => Err("the name is longer than 63 characters".to_owned()),
        [first, rest @ ..] if valid(*first) && rest.iter().all(|byte| valid(*byte) || *byte == b'-') => {
            Ok(text.to_owned())
        }
        _ => Err("only lower-case letters, digits and, after the first character, `-` may stand in a name".to_owned()),
    }
}

/// The path of a URL: begins with `/`, has no query, fragment, space or control character.
pub fn url_path(text: &str) -> Result<String, String> {
    if !text.starts_with('/') {
        return Err("a path begins with `/`".to_owned());
    }
    match text.chars().find(|character| matches!(character, '?' | '#') || !character.is_ascii_graphic()) {
        Some('?' | '#') => Err("a path has neither a query nor a fragment".to_owned()),
        Some(_) => Err("a path is written in visible ASCII characters; write others as `%20`".to_owned()),
        None => Ok(text.to_owned()),
    }
}

/// The name of a server, with or without a port: `shop.example.com`, `10.0.0.7:8443`.
pub fn host(text: &str) -> Result<String, String> {
    let text = text.trim();
    let url = url::Url::parse(&format!("http://{text}/"));
    // What the reader of URLs takes for a user, a path or a query stands in a URL, and in no name.
    let is_name = !text.is_empty() && !text.contains(['/', '@', '?', '#', ' ', '\\']);
    match url {
        Ok(url) if is_name && url.host_str().is_some() => Ok(text.to_owned()),
        _ => Err("not a host name: letters, digits, `-` and `.`, and perhaps a port".to_owned()),
    }
}

/// `auto` or the name of a metric. Since version 3 of Prometheus any text can be one (`http.server.request.duration_count`).
pub fn metric(text: &str) -> Result<Named, String> {
    named(text).map_err(|why| match why {
        Unnamed::Labels => {
            "not a metric name: labels are matched with checks.error-rate.match, and neither braces nor `=` stand \
             in a name"
                .to_owned()
        }
        Unnamed::Other => "not a metric name: a name is one word of visible characters".to_owned(),
    })
}

/// `auto` or the name of a label, likewise (`http.response.status_code`).
pub fn label(text: &str) -> Result<Named, String> {
    named(text).map_err(|_| "not a label name: a name is one word of visible characters".to_owned())
}

/// Why a text is no name.
enum Unnamed {
    Labels,
    Other,
}

/// A name, perhaps in quotes as it stands on a page. What is valid by the grammar and most likely a mistake is refused.
fn named(text: &str) -> Result<Named, Unnamed> {
    const LONGEST: usize = 200;
    let text = text.trim();
    let name = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    if name.contains(['{', '}', '=', '~']) {
        return Err(Unnamed::Labels);
    }
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '`' | ',' | '\\');
    if name.is_empty() || name.len() > LONGEST || name.contains(odd) {
        return Err(Unnamed::Other);
    }
    Ok(if name == "auto" { Named::Auto } else { Named::Name(name.to_owned()) })
}

/// Classes (`1xx` to `5xx`), codes (`100` to `599`) and words (`error`, `Unavailable`); what stands twice counts once.
pub fn statuses<'a>(items: impl IntoIterator<Item = &'a str>) -> Result<StatusSet, String> {
    let mut set = StatusSet::default();
    for item in items.into_iter().map(str::trim) {
        let (classes, codes) = (&mut set.classes, &mut set.codes);
        match item.as_bytes() {
            [class @ b'1'..=b'5', b'x' | b'X', b'x' | b'X'] => push_once(classes, class - b'0'),
            [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'] => push_once(codes, item.parse().unwrap_or_default()),
            [] => return Err("a status is missing".to_owned()),
            [first, rest @ ..]
                if first.is_ascii_alphabetic() && rest.len() < 60 && rest.iter().copied().all(is_of_word) =>
            {
                push_once(&mut set.words, item.to_owned());
            }
            _ => {
                return Err(
                    "a status is a class such as `5xx`, a code such as `429` or a word such as `error`".to_owned()
                );
            }
        }
    }
    if set == StatusSet::default() {
        return Err("a status is missing".to_owned());
    }
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
pub fn word(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().find(|c| c.is_whitespace() || c.is_control() || matches!(c, ',' | ';' | '"' | '\'')) {
        _ if text.is_empty() => Err("a name is missing".to_owned()),
        Some(_) => Err("a name holds a space, a comma, a semicolon or a quote".to_owned()),
        None => Ok(text.to_owned()),
    }
}

/// The name or the number of a group, as the system knows it: nothing is trimmed.
pub fn group(text: &str) -> Result<String, String> {
    let group = word(text)?;
    if group == text { Ok(group) } else { Err("there is a space before or behind the name".to_owned()) }
}

/// Such names, at least one and none twice.
pub fn words<'a>(items: impl IntoIterator<Item = &'a str>) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    for item in items {
        let word = word(item)?;
        if words.contains(&word) {
            return Err(format!("`{word}` stands here twice"));
        }
        words.push(word);
    }
    if words.is_empty() { Err("a name is missing".to_owned()) } else { Ok(words) }
}

/// A text that is not blank and can be written into a file.
pub fn text(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("the text is blank".to_owned());
    }
    if text.contains('\0') {
        return Err("the text holds a NUL character".to_owned());
    }
    Ok(text.to_owned())
}

/// `host:port` of `tcp://host:port`; none for what does not begin so.
pub fn tcp(text: &str) -> Result<Option<String>, String> {
    let Some(host_port) = text.strip_prefix("tcp://") else {
        return if text.contains("://") { Err("only `tcp://` can stand in front".to_owned()) } else { Ok(None) };
    };
    let valid = |(host, port): (&str, &str)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0);
    if !host_port.rsplit_once(':').is_some_and(valid) || host_port.contains(char::is_whitespace) {
        return Err("expected `tcp://HOST:PORT`".to_owned());
    }
    Ok(Some(host_port.to_owned()))
}

pub fn listen(text: &str) -> Result<SocketAddr, String> {
    match text.trim().parse::<SocketAddr>() {
        Ok(address) if address.port() == 0 => Err("port 0 is not allowed: clients could not know the port".to_owned()),
        Ok(address) => Ok(address),
        Err(_) => Err("not an IP address with a port".to_owned()),
    }
}

/// A command line as a JSON array of strings.
pub fn command_json(text: &str) -> Result<Vec<String>, String> {
    serde_json::from_str(text).map_err(|_| "not a JSON array of strings".to_owned())
}

/// A command line: at least the program, and nothing that the system cannot pass on.
pub fn command(words: Vec<String>) -> Result<Vec<String>, String> {
    match words.first() {
        None => Err("the command is empty".to_owned()),
        Some(program) if program.trim().is_empty() => Err("the program has no name".to_owned()),
        Some(_) if words.iter().any(|word| word.contains('\0')) => Err("a word holds a NUL character".to_owned()),
        Some(_) => Ok(words),
    }
}

/// A bearer token: visible ASCII characters, so that it can stand in a header (RFC 6750, section 2.1, is narrower).
pub fn token(text: &str) -> Result<&str, String> {
    if text.is_empty() {
        return Err("the token is empty".to_owned());
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("the token holds a space, a line break or a character that is not ASCII".to_owned());
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
