//! Why a text is no URL.

use url::ParseError;

/// In words that repeat nothing of what was given, as those of `url` do not either.
pub fn url_error(error: ParseError) -> String {
    match error {
        // The tables that turn letters beyond ASCII into the form of DNS are not built in.
        ParseError::IdnaError => {
            "the host is no name in ASCII: write an international one as DNS has it, `xn--…`".to_owned()
        }
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    #[test]
    fn an_international_name_is_read_as_dns_has_it() {
        for text in ["http://b\u{fc}cher.example/", "HTTPS://a:b@B\u{dc}CHER:80", "http:\u{fc}X", "http://%C3%BCX/"] {
            let why = url_error(Url::parse(text).unwrap_err());
            assert!(why.contains("xn--"), "{text}: {why}");
        }
        assert_eq!(Url::parse("http://xn--bcher-kva.example/").unwrap().host_str(), Some("xn--bcher-kva.example"));
        assert_eq!(url_error(Url::parse("http://:1/").unwrap_err()), "empty host");
    }
}
