//! What sort of value a key takes: what is allowed, how it is read and where it goes.

use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

use super::draft::Draft;
use super::instances;
use super::matchers::LabelFilter;
use super::model::Named;
use super::parse;
use super::query::{self, PromQl, QueryConfig};
use super::raw::{Raw, Scalar};
use super::routes::Routes;
use super::statuses::StatusSet;
use super::values::{AdminUrl, InstanceUrl, Ratio, SocketAddress};
use crate::model::number::{duration_exact, size_exact};

/// Puts a value where it belongs.
pub type Set<T> = fn(&mut Draft, T);

/// One word of a [`Kind::Choice`] and what it means.
pub struct Word {
    pub text: &'static str,
    pub set: fn(&mut Draft),
}

/// What sort of value a key takes.
pub enum Kind {
    Service(Set<String>),
    Path(Set<PathBuf>),
    Duration {
        min: Duration,
        max: Duration,
        set: Set<Duration>,
    },
    /// In bytes.
    Size {
        min: u64,
        max: u64,
        set: Set<u64>,
    },
    Bool(Set<bool>),
    Choice(&'static [Word]),
    Ratio(Set<Ratio>),
    /// A ratio with bounds of its own, both included.
    RatioWithin {
        min: Ratio,
        max: Ratio,
        set: Set<Ratio>,
    },
    Count {
        min: u64,
        max: u64,
        set: Set<u64>,
    },
    Instances(Set<Vec<InstanceUrl>>),
    UrlPath(Set<String>),
    Metric(Set<Named>),
    Label(Set<Named>),
    Statuses(Set<StatusSet>),
    /// Matchers of labels.
    Series(Set<LabelFilter>),
    /// Patterns of routes.
    Routes(Set<Routes>),
    Command(Set<Vec<String>>),
    /// Names in the configuration of something else.
    Words(Set<Vec<String>>),
    /// One of them.
    Word(Set<String>),
    /// A group of users, by its name or its number.
    Group(Set<String>),
    /// Anything that can be written down.
    Text(Set<String>),
    Socket(Set<SocketAddress>),
    /// Where to listen.
    Listen(Set<SocketAddr>),
    Admin(Set<AdminUrl>),
    BaseUrl(Set<InstanceUrl>),
    /// The name of a server, with or without a port.
    Host(Set<String>),
    PromQl(Set<PromQl>),
    /// Checks by queries, as JSON.
    Queries(Set<Vec<QueryConfig>>),
    /// May also stand in a file of its own, named by a second key and a second variable.
    Secret {
        file_key: &'static str,
        file_env: &'static str,
        set: Set<SecretString>,
    },
}

impl Kind {
    /// Whether a value is a number, perhaps with a unit.
    pub const fn is_number(&self) -> bool {
        matches!(
            self,
            Self::Duration { .. } | Self::Size { .. } | Self::Ratio(_) | Self::RatioWithin { .. } | Self::Count { .. }
        )
    }

    /// What is allowed, in words for a person.
    pub fn allowed(&self) -> String {
        match self {
            Self::Service(_) => "[a-z0-9][a-z0-9-]{0,62}".to_owned(),
            Self::Path(_) => "path".to_owned(),
            Self::Duration { min, max, .. } => format!("{}..{}", duration_exact(*min), duration_exact(*max)),
            Self::Size { min, max, .. } => format!("{}..{}", size_exact(*min), size_exact(*max)),
            Self::Bool(_) => "true/false/1/0/yes/no/on/off".to_owned(),
            Self::Choice(words) => words.iter().map(|word| word.text).collect::<Vec<_>>().join(", "),
            Self::Ratio(_) => "above 0, below 1, as 5% or 0.05".to_owned(),
            Self::RatioWithin { min, max, .. } => format!("{min}..{max}"),
            Self::Count { min, max, .. } => format!("{min}..{max}"),
            Self::Instances(_) => {
                "base URLs (http, https, dns+http, dns+https), comma-separated or an array".to_owned()
            }
            Self::UrlPath(_) => "path of a URL, from /".to_owned(),
            Self::Metric(_) => "auto, or the name of a metric".to_owned(),
            Self::Label(_) => "auto, or the name of a label".to_owned(),
            Self::Statuses(_) => "classes (5xx), codes (429) and words (error), comma-separated or an array".to_owned(),
            Self::Series(_) => "matchers of labels with =, !=, =~ or !~, comma-separated".to_owned(),
            Self::Routes(_) => {
                "paths from /, * for one segment, ** for any number, comma-separated or an array; or none".to_owned()
            }
            Self::Command(_) => "command line as an array of strings (JSON in a variable)".to_owned(),
            Self::Words(_) => "names without spaces, comma-separated or an array".to_owned(),
            Self::Word(_) => "a name without spaces".to_owned(),
            Self::Group(_) => "name or number of a group, without spaces".to_owned(),
            Self::Text(_) => "text".to_owned(),
            Self::Socket(_) => "path, or tcp://host:port".to_owned(),
            Self::Listen(_) => "IP address and port, such as 127.0.0.1:9710".to_owned(),
            Self::Admin(_) => "base URL (http, https), or unix:///path".to_owned(),
            Self::BaseUrl(_) => "base URL (http, https)".to_owned(),
            Self::Host(_) => "name of a host, or name:port".to_owned(),
            Self::PromQl(_) => "PromQL of at most 4,000 bytes".to_owned(),
            Self::Queries(_) => {
                "JSON object; each check has query, threshold, breach (above, below), for (0s..10m), required, \
                 or alerts instead of the first three"
                    .to_owned()
            }
            Self::Secret { .. } => "secret, visible ASCII characters".to_owned(),
        }
    }

    /// Reads a value, puts it into the draft and returns it as a person may see it. For everything but secrets and
    /// credentials that text, read again, gives the same value.
    pub fn store(&self, draft: &mut Draft, raw: &Raw) -> Result<String, String> {
        Ok(match self {
            Self::Service(set) => put(draft, *set, parse::service(string(raw)?)?, Clone::clone),
            Self::Path(set) => {
                let path = absolute(draft.base(), string(raw)?)?;
                put(draft, *set, path, |path| path.display().to_string())
            }
            Self::Duration { min, max, set } => {
                let text = raw.scalar(&NUMERIC, "a string such as \"30s\"")?;
                put(draft, *set, parse::duration(text, *min, *max)?, |value| duration_exact(*value))
            }
            Self::Size { min, max, set } => {
                let text = raw.scalar(&NUMERIC, "a string such as \"1GiB\"")?;
                put(draft, *set, parse::size(text, *min, *max)?, |value| size_exact(*value))
            }
            Self::Bool(set) => {
                let text = raw.scalar(&[Scalar::String, Scalar::Bool, Scalar::Integer], "true or false")?;
                put(draft, *set, parse::boolean(text)?, ToString::to_string)
            }
            Self::Choice(words) => choose(draft, words, string(raw)?)?,
            Self::Ratio(set) => {
                let text = raw.scalar(&NUMERIC, "a string such as \"5%\" or a number such as 0.05")?;
                put(draft, *set, parse::ratio(text)?, |value| parse::format_ratio(*value))
            }
            Self::RatioWithin { min, max, set } => {
                let text = raw.scalar(&NUMERIC, "a string such as \"1%\" or a number such as 0.01")?;
                put(draft, *set, parse::ratio_within(text, *min, *max)?, |value| parse::format_ratio(*value))
            }
            Self::Count { min, max, set } => {
                let text = raw.scalar(&NUMERIC, "an integer")?;
                put(draft, *set, parse::count(text, *min, *max)?, ToString::to_string)
            }
            Self::Instances(set) => {
                let pieces = urls(raw)?;
                put(draft, *set, instances::parse(pieces.iter().map(String::as_str))?, |urls| joined(urls))
            }
            Self::UrlPath(set) => put(draft, *set, parse::url_path(string(raw)?)?, Clone::clone),
            Self::Metric(set) => put(draft, *set, parse::metric(string(raw)?)?, shown_name),
            Self::Label(set) => put(draft, *set, parse::label(string(raw)?)?, shown_name),
            Self::Statuses(set) => put(draft, *set, statuses(raw)?, ToString::to_string),
            Self::Series(set) => put(draft, *set, LabelFilter::parse(string(raw)?)?, ToString::to_string),
            Self::Routes(set) => put(draft, *set, routes(raw)?, ToString::to_string),
            Self::Command(set) => put(draft, *set, command(raw)?, |words| command_text(words)),
            Self::Words(set) => put(draft, *set, words(raw)?, |words| words.join(",")),
            Self::Word(set) => put(draft, *set, parse::word(string(raw)?)?, Clone::clone),
            Self::Group(set) => put(draft, *set, parse::group(string(raw)?)?, Clone::clone),
            Self::Text(set) => put(draft, *set, parse::text(string(raw)?)?, Clone::clone),
            Self::Socket(set) => {
                let socket = match parse::tcp(string(raw)?)? {
                    Some(host_port) => SocketAddress::Tcp(host_port),
                    None => SocketAddress::Unix(absolute(draft.base(), string(raw)?)?),
                };
                put(draft, *set, socket, ToString::to_string)
            }
            Self::Listen(set) => put(draft, *set, parse::listen(string(raw)?)?, ToString::to_string),
            Self::Admin(set) => put(draft, *set, instances::admin(string(raw)?)?, ToString::to_string),
            Self::BaseUrl(set) => put(draft, *set, instances::base(string(raw)?)?, ToString::to_string),
            Self::Host(set) => put(draft, *set, parse::host(string(raw)?)?, Clone::clone),
            Self::PromQl(set) => put(draft, *set, PromQl::new(string(raw)?)?, |text| text.as_str().to_owned()),
            Self::Queries(set) => put(draft, *set, query::parse(string(raw)?)?, |checks| query::format(checks)),
            Self::Secret { set, .. } => {
                let secret = SecretString::from(parse::token(string(raw)?)?.to_owned());
                put(draft, *set, secret, |_| "***".to_owned())
            }
        })
    }

    /// What was given, safe to show: secrets and credentials masked.
    pub fn given(&self, raw: &Raw) -> String {
        match self {
            Self::Secret { .. } => "***".to_owned(),
            Self::Instances(_) => instances::mask_list(&urls(raw).unwrap_or_else(|_| raw.texts())),
            _ => raw.texts().iter().map(|text| instances::mask(text)).collect::<Vec<_>>().join(", "),
        }
    }

    /// A value from a variable's text as it is written in TOML.
    pub fn toml(&self, text: &str) -> String {
        match self {
            Self::Bool(_) | Self::Count { .. } | Self::Command(_) => text.to_owned(),
            Self::Instances(_) => serde_json::json!(instances::split(text)).to_string(),
            Self::Words(_) | Self::Routes(_) => serde_json::json!(text.split(',').collect::<Vec<_>>()).to_string(),
            _ => serde_json::json!(text).to_string(),
        }
    }
}

/// Numbers are let in where a string is wanted, so that the parser can say what is wrong with them.
const NUMERIC: [Scalar; 3] = [Scalar::String, Scalar::Integer, Scalar::Float];

fn put<T>(draft: &mut Draft, set: Set<T>, value: T, show: impl Fn(&T) -> String) -> String {
    let shown = show(&value);
    set(draft, value);
    shown
}

fn string(raw: &Raw) -> Result<&str, String> {
    raw.scalar(&[Scalar::String], "a string")
}

fn choose(draft: &mut Draft, words: &[Word], text: &str) -> Result<String, String> {
    let word = words.iter().find(|word| word.text == text.trim()).ok_or("this is none of the allowed words")?;
    (word.set)(draft);
    Ok(word.text.to_owned())
}

/// Makes a path absolute: relative ones lie in `base`. `~` is the shell's business and is not expanded.
fn absolute(base: &Path, text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("the path is empty".to_owned());
    }
    if text.contains('\0') {
        return Err("the path holds a NUL character".to_owned());
    }
    Ok(base.join(text).components().filter(|part| *part != Component::CurDir).collect())
}

fn urls(raw: &Raw) -> Result<Vec<String>, String> {
    match raw {
        Raw::Scalar(Scalar::String, text) => Ok(instances::split(text)),
        _ => Ok(raw.list(&[Scalar::String], "an array of strings")?.into_iter().map(str::to_owned).collect()),
    }
}

fn words(raw: &Raw) -> Result<Vec<String>, String> {
    match raw {
        Raw::Scalar(Scalar::String, text) => parse::words(text.split(',')),
        _ => parse::words(raw.list(&[Scalar::String], "an array of strings")?),
    }
}

fn joined(urls: &[InstanceUrl]) -> String {
    urls.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn statuses(raw: &Raw) -> Result<StatusSet, String> {
    match raw {
        Raw::List(_) => parse::statuses(raw.list(&[Scalar::String, Scalar::Integer], "an array of statuses")?),
        _ => {
            parse::statuses(raw.scalar(&[Scalar::String, Scalar::Integer], "a string such as \"5xx,429\"")?.split(','))
        }
    }
}

fn routes(raw: &Raw) -> Result<Routes, String> {
    match raw {
        Raw::List(_) => Routes::parse(raw.list(&[Scalar::String], "an array of routes")?),
        _ => Routes::parse(string(raw)?.split(',')),
    }
}

fn command(raw: &Raw) -> Result<Vec<String>, String> {
    let words = match raw {
        Raw::Scalar(Scalar::String, text) => parse::command_json(text)?,
        _ => raw.list(&[Scalar::String], "an array of strings")?.into_iter().map(str::to_owned).collect(),
    };
    parse::command(words)
}

fn command_text(words: &[String]) -> String {
    serde_json::json!(words).to_string()
}

fn shown_name(name: &Named) -> String {
    match name {
        Named::Auto => "auto".to_owned(),
        Named::Name(name) => name.clone(),
    }
}
