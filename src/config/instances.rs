//! Lists of base URLs, and how their credentials are kept out of sight.

use std::collections::{HashMap, HashSet};

use url::Url;

use super::values::{AdminUrl, InstanceUrl};
use crate::model::url_error;
use measure::invalid::{Result, ensure, invalid};

/// Splits a list at commas. A piece that begins no URL belongs to the one before, whose password may hold a comma.
pub fn split(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for piece in text.split(',') {
        match pieces.last_mut() {
            Some(last) if !piece.contains("://") && !piece.trim().is_empty() => {
                last.push(',');
                last.push_str(piece);
            }
            _ => pieces.push(piece.to_owned()),
        }
    }
    pieces
}

/// Reads base URLs: `http` or `https`, a host, no query and no fragment, none twice.
pub fn parse<'a>(items: impl IntoIterator<Item = &'a str>) -> Result<Vec<InstanceUrl>> {
    let mut urls: Vec<InstanceUrl> = Vec::new();
    let mut places: HashMap<Url, usize> = HashMap::new();
    for (index, item) in items.into_iter().enumerate() {
        let url = listed(item.trim()).map_err(|why| format!("URL {}: {why}", index + 1))?;
        if let Some(twin) = places.insert(place(&url), index) {
            return invalid(format!("URL {} is the same instance as URL {}", index + 1, twin + 1));
        }
        urls.push(url);
    }
    ensure(!urls.is_empty(), "no URL is given")?;
    Ok(urls)
}

/// Reads where an admin API listens: a base URL, or `unix:///path`.
pub fn admin(text: &str) -> Result<AdminUrl> {
    let Some(path) = text.strip_prefix("unix://") else {
        return Ok(AdminUrl { base: base(text)?, socket: None });
    };
    ensure(path.starts_with('/') && !path.contains('\0'), "expected an absolute path after `unix://`")?;
    // Whoever listens on a socket is on this machine, and knows itself by this host.
    let base = InstanceUrl::new(Url::parse("http://127.0.0.1").map_err(|error| error.to_string())?);
    Ok(AdminUrl { base, socket: Some(path.into()) })
}

pub fn base(text: &str) -> Result<InstanceUrl> {
    one(text.trim())
}

/// Reads one base URL of a list, which may stand for all addresses of a name: `dns+http://name:port`.
fn listed(text: &str) -> Result<InstanceUrl> {
    match text.strip_prefix("dns+") {
        Some(name) => one(name).map(InstanceUrl::as_name),
        None => one(text),
    }
}

/// Where a URL leads; credentials do not matter.
fn place(url: &InstanceUrl) -> Url {
    url.join("/")
}

/// The first of `urls` that leads where one of the `others` does.
pub fn twin<'a>(urls: &'a [InstanceUrl], others: &[InstanceUrl]) -> Option<&'a InstanceUrl> {
    let taken: HashSet<Url> = others.iter().map(place).collect();
    urls.iter().find(|url| taken.contains(&place(url)))
}

fn one(text: &str) -> Result<InstanceUrl> {
    ensure(!text.is_empty(), "it is empty")?;
    let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    ensure(matches!(scheme.as_deref(), Some("http" | "https")), "must begin with `http://` or `https://`")?;
    ensure(
        !text.contains(|character: char| character.is_whitespace() || character.is_control()),
        "contains a space or a control character",
    )?;
    let url = Url::parse(text).map_err(url_error)?;
    ensure(
        url.host_str().is_some_and(|host| !host.contains(',')),
        "the host contains a comma: each URL needs its own `http://`",
    )?;
    ensure(url.port() != Some(0), "port 0 cannot be reached")?;
    ensure(url.query().is_none() && url.fragment().is_none(), "a base URL has neither a query nor a fragment")?;
    Ok(InstanceUrl::new(url))
}

/// Hides what may be credentials, even in what is no URL: everything between `://` (or the beginning) and the last `@`.
pub fn mask(text: &str) -> String {
    let Some((hidden, host)) = text.rsplit_once('@') else {
        return text.to_owned();
    };
    match hidden.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://***@{host}"),
        None => format!("***@{host}"),
    }
}

/// [`mask`] for URLs of which one was refused: what stands before an `@` may be a password, unless it is a URL itself.
pub fn mask_list(pieces: &[String]) -> String {
    let last_at = pieces.iter().rposition(|piece| piece.contains('@')).unwrap_or(0);
    let show = |(index, piece): (usize, &String)| {
        let piece = piece.trim();
        if index >= last_at || listed(piece).is_ok() { mask(piece) } else { "***".to_owned() }
    };
    pieces.iter().enumerate().map(show).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Vec<String>> {
        let pieces = split(text);
        parse(pieces.iter().map(String::as_str)).map(|urls| urls.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn lists_of_base_urls_are_read() {
        for (text, urls) in [
            ("http://127.0.0.1:3001", vec!["http://127.0.0.1:3001"]),
            ("http://a:1, https://b/base/", vec!["http://a:1", "https://b/base"]),
            ("HTTP://[::1]:9000", vec!["http://[::1]:9000"]),
            ("dns+http://u:p@green:3002, http://a", vec!["dns+http://***@green:3002", "http://a"]),
            ("http://user:pa,ss@a:1,http://b:2", vec!["http://***@a:1", "http://b:2"]),
        ] {
            assert_eq!(read(text).unwrap(), urls, "{text}");
        }
    }

    #[test]
    fn what_is_no_base_url_is_refused_by_its_position() {
        for (text, why) in [
            ("", "URL 1: it is empty"),
            ("http://a:1,", "URL 2: it is empty"),
            ("localhost:3001", "URL 1: must begin with `http://` or `https://`"),
            ("ftp://a", "URL 1: must begin with `http://` or `https://`"),
            ("http://a b", "URL 1: contains a space or a control character"),
            ("http://", "URL 1: empty host"),
            ("http://a:1,http://user:pass@:99999", "URL 2: empty host"),
            ("http://a:99999", "URL 1: invalid port number"),
            ("http://a:0", "URL 1: port 0 cannot be reached"),
            ("http://a?x=1", "URL 1: a base URL has neither a query nor a fragment"),
            ("http://a#top", "URL 1: a base URL has neither a query nor a fragment"),
            ("http://a,b:3000", "URL 1: the host contains a comma: each URL needs its own `http://`"),
            ("http://a:1,http://u:p@A:1/", "URL 2 is the same instance as URL 1"),
        ] {
            assert_eq!(read(text).unwrap_err(), why, "{text}");
        }
        assert_eq!(parse([]).unwrap_err(), "no URL is given");
    }

    #[test]
    fn an_admin_api_has_a_url_or_a_socket() {
        for text in ["http://127.0.0.1:2019", "unix:///run/caddy/admin.sock"] {
            assert_eq!(admin(text).unwrap().to_string(), text);
        }
        assert_eq!(admin("unix://run/x").unwrap_err(), "expected an absolute path after `unix://`");
        assert!(admin("caddy:2019").is_err());
    }

    #[test]
    fn credentials_are_hidden_even_in_what_is_no_url() {
        for (text, shown) in [
            ("http://user:secret@:99999", "http://***@:99999"),
            ("http://user:sec/ret@host", "http://***@host"),
            ("user:secret@host", "***@host"),
            ("http://user:se@cret@host", "http://***@host"),
            ("http://user:sec,ret@host:x", "http://***@host:x"),
            ("http://user:sec,x://ret@host:x", "***,x://***@host:x"),
            ("http://a:99999", "http://a:99999"),
            ("http://a:1,http://u:secret@b,nonsense://", "http://a:1,http://***@b,nonsense://"),
        ] {
            assert_eq!(mask_list(&split(text)), shown, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".*") {
            let _ = read(&text);
            mask_list(&split(&text));
        }

        #[test]
        fn no_password_is_ever_shown(
            before in "(http://a:1,|nonsense,|)", user in "[a-z]{0,4}", around in "[,:/?#x@ ]{0,3}", port in "(:1|:99999|)",
        ) {
            let text = format!("{before}http://{user}:{around}SECRET{around}@host{port}");
            prop_assert!(!mask_list(&split(&text)).contains("SECRET"), "{}", text);
            if let Err(why) = read(&text) {
                prop_assert!(!why.contains("SECRET"), "{}", why);
            }
        }
    }
}
