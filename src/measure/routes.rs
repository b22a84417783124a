//! Routes that are left out, and whether a label of a metrics page says one of them. Patterns are paths of whole
//! segments: `*` is one, `**` any number, none included. Labels are compared without method, scheme, host, query,
//! fragment, slashes at the end, and case.

#[cfg(test)]
mod tests;

use std::fmt;

use super::invalid::{Result, ensure, invalid};

const MAX_PATTERNS: usize = 100;

/// Last words of routes that answer for the process, not its users. A placeholder is a probe's only behind one.
const OWN_WORDS: [&str; 22] = [
    "health",
    "healthz",
    "healthcheck",
    "health-check",
    "healthchecks",
    "ready",
    "readyz",
    "readiness",
    "live",
    "livez",
    "liveness",
    "alive",
    "ping",
    "status",
    "up",
    "heartbeat",
    "probe",
    "probes",
    "check",
    "checks",
    "metrics",
    "actuator",
];

/// Routes to leave out: patterns, and the paths that this program asks for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    patterns: Vec<Vec<Segment>>,
    own: Vec<Vec<String>>,
    /// Whether `/` is one of the own paths: there nobody can tell a probe from a user.
    asks_root: bool,
}

/// Whose requests a route label counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    Users,
    /// Probes, scrapes and whatever else is left out.
    LeftOut,
    /// It does not say: the label is empty, holds no path (`UNKNOWN`), or a path that probes and users share.
    Unsaid,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Word(String),
    /// `*`: any one segment.
    One,
    /// `**`: any number of segments.
    Any,
}

impl Routes {
    /// Reads patterns; `none` alone stands for no pattern at all.
    pub fn parse<'a>(items: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let items: Vec<&str> = items.into_iter().map(str::trim).collect();
        if items == ["none"] {
            return Ok(Self::default());
        }
        ensure(items.len() <= MAX_PATTERNS, format!("more than {MAX_PATTERNS} routes"))?;
        let patterns = items.into_iter().map(pattern).collect::<Result<_>>()?;
        Ok(Self { patterns, ..Self::default() })
    }

    /// Also leaves out `paths`, which this program asks itself: as they are and without a mount point (`/ready`).
    #[must_use]
    pub fn and_own<'a>(mut self, paths: impl IntoIterator<Item = &'a str>) -> Self {
        for path in paths {
            let own: Vec<String> = segments(path.as_bytes()).map(text).collect();
            if own.is_empty() {
                self.asks_root = true;
            } else if !self.own.contains(&own) {
                self.own.push(own);
            }
        }
        self
    }

    /// The same, also leaving out what `others` leaves out.
    #[must_use]
    pub fn and(mut self, others: &Self) -> Self {
        self.patterns.extend(others.patterns.iter().cloned());
        self.own.extend(others.own.iter().cloned());
        self.asks_root |= others.asks_root;
        self
    }

    pub const fn is_empty(&self) -> bool {
        self.patterns.is_empty() && self.own.is_empty()
    }

    /// Whether a label's value, as it stands on a page, is a route that is left out.
    pub fn contain(&self, value: &[u8]) -> bool {
        self.whose(value) == Whose::LeftOut
    }

    /// Whose requests a series counts, by the value of its route label as it stands on the page.
    pub fn whose(&self, value: &[u8]) -> Whose {
        let Some(path) = path_of(value) else { return Whose::Unsaid };
        let first = segments(path).next();
        let left_out = self.patterns.iter().any(|pattern| begins_like(pattern, first) && fits(pattern, segments(path)))
            || first.is_some_and(|_| self.own.iter().any(|own| is_own(own, path)));
        if left_out {
            return Whose::LeftOut;
        }
        let is_root = first.is_none();
        if !path.contains(&b'/') || (is_root && self.asks_root) { Whose::Unsaid } else { Whose::Users }
    }
}

impl fmt::Display for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.patterns.is_empty() {
            return f.write_str("none");
        }
        for (at, pattern) in self.patterns.iter().enumerate() {
            f.write_str(if at > 0 { "," } else { "" })?;
            if pattern.is_empty() {
                f.write_str("/")?;
            }
            for segment in pattern {
                match segment {
                    Segment::Word(word) => write!(f, "/{word}")?,
                    Segment::One => f.write_str("/*")?,
                    Segment::Any => f.write_str("/**")?,
                }
            }
        }
        Ok(())
    }
}

fn pattern(item: &str) -> Result<Vec<Segment>> {
    ensure(!item.is_empty(), "a route is empty")?;
    ensure(item.starts_with('/'), format!("the route `{}` does not begin with `/`", item.escape_debug()))?;
    ensure(
        !item.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#' | ',')),
        format!("the route `{}` has a query, a fragment or a space in it", item.escape_debug()),
    )?;
    let segment = |word: &str| match word {
        "*" => Ok(Segment::One),
        "**" => Ok(Segment::Any),
        _ if word.contains('*') => {
            invalid(format!("`{}`: `*` stands for a whole segment, `**` for any number of them", word.escape_debug()))
        }
        _ => Ok(Segment::Word(word.to_owned())),
    };
    let pattern = item.split('/').filter(|word| !word.is_empty()).map(segment).collect::<Result<Vec<_>>>()?;
    ensure(
        pattern.is_empty() || pattern.iter().any(|segment| *segment != Segment::Any),
        "`/**` would leave out every request",
    )?;
    Ok(pattern)
}

fn path_of(value: &[u8]) -> Option<&[u8]> {
    let value = value.trim_ascii();
    let value = match value.iter().position(|byte| matches!(byte, b' ' | b':')) {
        // `GET /health`, `GET:/health`, but not `http://…`.
        Some(at) if at > 0 && value[..at].iter().all(u8::is_ascii_alphabetic) && !value[at..].starts_with(b"://") => {
            value[at + 1..].trim_ascii_start()
        }
        _ => value,
    };
    let value = match value.windows(3).position(|three| three == b"://").filter(|at| *at < 8) {
        Some(at) => {
            let rest = &value[at + 3..];
            rest.iter().position(|byte| *byte == b'/').map_or(&b"/"[..], |slash| &rest[slash..])
        }
        None => value,
    };
    let value = value.strip_prefix(b"^").unwrap_or(value);
    let end = value.iter().position(|byte| matches!(byte, b'?' | b'#' | b' ')).unwrap_or(value.len());
    let value = value[..end].strip_suffix(b"$").unwrap_or(&value[..end]);
    (!value.is_empty()).then_some(value)
}

fn segments(path: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    path.split(|byte| *byte == b'/').filter(|segment| !segment.is_empty())
}

fn text(segment: &[u8]) -> String {
    String::from_utf8_lossy(segment).into_owned()
}

/// A cheap look at the first segment: most routes of users are told apart by it.
fn begins_like(pattern: &[Segment], first: Option<&[u8]>) -> bool {
    match (pattern.first(), first) {
        (Some(Segment::Word(word)), Some(first)) => word.as_bytes().eq_ignore_ascii_case(first),
        (Some(Segment::Word(_) | Segment::One), None) | (None, Some(_)) => false,
        _ => true,
    }
}

fn fits<'a>(pattern: &[Segment], mut path: impl Iterator<Item = &'a [u8]> + Clone) -> bool {
    let Some((segment, rest)) = pattern.split_first() else { return path.next().is_none() };
    match segment {
        Segment::Word(word) => {
            path.next().is_some_and(|segment| word.as_bytes().eq_ignore_ascii_case(segment)) && fits(rest, path)
        }
        Segment::One => path.next().is_some() && fits(rest, path),
        Segment::Any if rest.is_empty() => true,
        Segment::Any => loop {
            if fits(rest, path.clone()) {
                return true;
            }
            if path.next().is_none() {
                return false;
            }
        },
    }
}

/// Whether `path` is the own one, that without its mount point, or a placeholder route behind which the own one lies.
fn is_own(own: &[String], path: &[u8]) -> bool {
    let same = |a: &String, b: &[u8]| a.as_bytes().eq_ignore_ascii_case(b);
    let length = segments(path).count();
    if length <= own.len() && own[own.len() - length..].iter().zip(segments(path)).all(|(a, b)| same(a, b)) {
        return true;
    }
    let Some(words) = length.checked_sub(1).filter(|words| (1..=own.len()).contains(words)) else { return false };
    let Some(last) = segments(path).last() else { return false };
    let (is_any, is_one) = (last == b"**", is_placeholder(last));
    let speaks_of_itself = |word: &String| OWN_WORDS.iter().any(|known| word.eq_ignore_ascii_case(known));
    (is_any || is_one)
        && (0..=own.len() - words).any(|from| {
            let left = own.len() - from - words;
            let (here, ends) = (&own[from..from + words], is_any || left == 1);
            ends && here.iter().zip(segments(path)).all(|(a, b)| same(a, b))
                && here.last().is_some_and(speaks_of_itself)
        })
}

/// `*`, `{probe}`, `:probe`, `<probe>`, `[probe]`, `{path:.*}`.
fn is_placeholder(segment: &[u8]) -> bool {
    matches!(segment, b"*" | [b'{', .., b'}'] | [b':', _, ..] | [b'<', .., b'>'] | [b'[', .., b']'])
}
