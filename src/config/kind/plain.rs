//! Sorts of values that have no bounds.

use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};

use secrecy::SecretString;

use super::{NUMERIC, Sort, Value, string};
use crate::config::instances;
use crate::config::parse;
use crate::config::query::{self, PromQl, QueryConfig};
use crate::config::raw::{Raw, Scalar};
use crate::config::values::{AdminUrl, InstanceUrl, Ratio, SocketAddress};
use measure::invalid::{Result, ensure};
use measure::matchers::LabelFilter;
use measure::routes::Routes;
use measure::statuses::StatusSet;
use measure::wanted::Named;

/// A sort of value without bounds: its name, what is read, what is allowed, how it is read and how it is shown.
macro_rules! simple {
    ($($(#[$about:meta])* $Name:ident: $Read:ty, $allowed:literal, $read:expr, $show:expr $(, { $($rest:tt)+ })?;)+) => {$(
        $(#[$about])*
        pub struct $Name;

        impl Sort for $Name {
            fn allowed(&self) -> String {
                $allowed.to_owned()
            }
            $($($rest)+)?
        }

        impl Value for $Name {
            type Read = $Read;

            fn read(&self, raw: &Raw, base: &Path) -> Result<$Read> {
                let read: fn(&Raw, &Path) -> Result<$Read> = $read;
                read(raw, base)
            }

            fn show(&self, value: &$Read) -> String {
                let show: fn(&$Read) -> String = $show;
                show(value)
            }
        }
    )+};
}

simple! {
    Service: String, "[a-z0-9][a-z0-9-]{0,62}", |raw, _| parse::service(string(raw)?), Clone::clone;
    File: PathBuf, "path", |raw, base| absolute(base, string(raw)?), |path| path.display().to_string();
    Switch: bool, "true/false/1/0/yes/no/on/off",
        |raw, _| parse::boolean(raw.scalar(&[Scalar::String, Scalar::Bool, Scalar::Integer], "true or false")?),
        ToString::to_string,
        {
            fn words(&self) -> Vec<&'static str> {
                vec!["true", "false"]
            }
            fn toml(&self, text: &str) -> String {
                text.to_owned()
            }
        };
    Share: Ratio, "above 0, below 1, as 5% or 0.05",
        |raw, _| parse::ratio(raw.scalar(&NUMERIC, "a string such as \"5%\" or a number such as 0.05")?),
        |share| parse::format_ratio(*share),
        {
            fn is_number(&self) -> bool {
                true
            }
        };
    Instances: Vec<InstanceUrl>, "base URLs (http, https, dns+http, dns+https), comma-separated or an array",
        |raw, _| instances::parse(urls(raw)?.iter().map(String::as_str)),
        |urls| urls.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        {
            fn given(&self, raw: &Raw) -> String {
                instances::mask_list(&urls(raw).unwrap_or_else(|_| raw.texts()))
            }
            fn toml(&self, text: &str) -> String {
                serde_json::json!(instances::split(text)).to_string()
            }
        };
    UrlPath: String, "path of a URL, from /", |raw, _| parse::url_path(string(raw)?), Clone::clone;
    Metric: Named, "auto, or the name of a metric", |raw, _| parse::metric(string(raw)?), shown_name;
    Label: Named, "auto, or the name of a label", |raw, _| parse::label(string(raw)?), shown_name;
    Statuses: StatusSet, "classes (5xx), codes (429) and words (error), comma-separated or an array",
        |raw, _| statuses(raw), ToString::to_string;
    Series: LabelFilter, "matchers of labels with =, !=, =~ or !~, comma-separated",
        |raw, _| LabelFilter::parse(string(raw)?), ToString::to_string;
    RouteList: Routes, "paths from /, * for one segment, ** for any number, comma-separated or an array; or none",
        |raw, _| routes(raw), ToString::to_string,
        {
            fn toml(&self, text: &str) -> String {
                array(text)
            }
        };
    CommandLine: Vec<String>, "command line as an array of strings (JSON in a variable)",
        |raw, _| command(raw), |words| serde_json::json!(words).to_string(),
        {
            fn toml(&self, text: &str) -> String {
                text.to_owned()
            }
        };
    Words: Vec<String>, "names without spaces, comma-separated or an array", |raw, _| words(raw), |words| words.join(","),
        {
            fn toml(&self, text: &str) -> String {
                array(text)
            }
        };
    Word: String, "a name without spaces", |raw, _| parse::word(string(raw)?), Clone::clone;
    Group: String, "name or number of a group, without spaces", |raw, _| parse::group(string(raw)?), Clone::clone;
    Line: String, "text", |raw, _| parse::text(string(raw)?), Clone::clone;
    Socket: SocketAddress, "path, or tcp://host:port",
        |raw, base| Ok(match parse::tcp(string(raw)?)? {
            Some(host_port) => SocketAddress::Tcp(host_port),
            None => SocketAddress::Unix(absolute(base, string(raw)?)?),
        }),
        ToString::to_string;
    Listen: SocketAddr, "IP address and port, such as 127.0.0.1:9710", |raw, _| parse::listen(string(raw)?), ToString::to_string;
    Admin: AdminUrl, "base URL (http, https), or unix:///path", |raw, _| instances::admin(string(raw)?), ToString::to_string;
    BaseUrl: InstanceUrl, "base URL (http, https)", |raw, _| instances::base(string(raw)?), ToString::to_string;
    BaseUrls: Vec<InstanceUrl>, "base URLs (http, https), comma-separated or an array",
        |raw, _| urls(raw)?.iter().map(|url| instances::base(url)).collect(),
        |urls| urls.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        {
            fn given(&self, raw: &Raw) -> String {
                instances::mask_list(&urls(raw).unwrap_or_else(|_| raw.texts()))
            }
            fn toml(&self, text: &str) -> String {
                serde_json::json!(instances::split(text)).to_string()
            }
        };
    Host: String, "name of a host, or name:port", |raw, _| parse::host(string(raw)?), Clone::clone;
    Query: PromQl, "PromQL of at most 4,000 bytes", |raw, _| PromQl::new(string(raw)?), |text| text.as_str().to_owned();
    Queries: Vec<QueryConfig>,
        "JSON object; each check has query, threshold, breach (above, below), for (0s..10m), required, \
         or alerts instead of the first three",
        |raw, _| query::parse(string(raw)?), |checks| query::format(checks);
    Secret: SecretString, "secret, visible ASCII characters",
        |raw, _| Ok(SecretString::from(parse::token(string(raw)?)?.to_owned())),
        |_| "***".to_owned(),
        {
            fn given(&self, _: &Raw) -> String {
                "***".to_owned()
            }
            fn is_secret(&self) -> bool {
                true
            }
        };
}

fn array(text: &str) -> String {
    serde_json::json!(text.split(',').collect::<Vec<_>>()).to_string()
}

/// Makes a path absolute: relative ones lie in `base`. `~` is the shell's business and is not expanded.
fn absolute(base: &Path, text: &str) -> Result<PathBuf> {
    ensure(!text.is_empty(), "the path is empty")?;
    ensure(!text.contains('\0'), "the path contains a NUL character")?;
    Ok(base.join(text).components().filter(|part| *part != Component::CurDir).collect())
}

fn urls(raw: &Raw) -> Result<Vec<String>> {
    match raw {
        Raw::Scalar(Scalar::String, text) => Ok(instances::split(text)),
        _ => Ok(raw.list(&[Scalar::String], "an array of strings")?.into_iter().map(str::to_owned).collect()),
    }
}

fn words(raw: &Raw) -> Result<Vec<String>> {
    match raw {
        Raw::Scalar(Scalar::String, text) => parse::words(text.split(',')),
        _ => parse::words(raw.list(&[Scalar::String], "an array of strings")?),
    }
}

fn statuses(raw: &Raw) -> Result<StatusSet> {
    match raw {
        Raw::List(_) => parse::statuses(raw.list(&[Scalar::String, Scalar::Integer], "an array of statuses")?),
        _ => {
            parse::statuses(raw.scalar(&[Scalar::String, Scalar::Integer], "a string such as \"5xx,429\"")?.split(','))
        }
    }
}

fn routes(raw: &Raw) -> Result<Routes> {
    match raw {
        Raw::List(_) => Routes::parse(raw.list(&[Scalar::String], "an array of routes")?),
        _ => Routes::parse(string(raw)?.split(',')),
    }
}

fn command(raw: &Raw) -> Result<Vec<String>> {
    let words = match raw {
        Raw::Scalar(Scalar::String, text) => parse::command_json(text)?,
        _ => raw.list(&[Scalar::String], "an array of strings")?.into_iter().map(str::to_owned).collect(),
    };
    parse::command(words)
}

fn shown_name(name: &Named) -> String {
    match name {
        Named::Auto => "auto".to_owned(),
        Named::Name(name) => name.clone(),
    }
}
