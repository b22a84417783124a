//! The secrets that this process knows, masked in foreign texts: a command's output, an API that quotes a token.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};

use super::model::{Config, RouterKind};
use super::values::InstanceUrl;

/// Shorter ones stand in too many words for their masking to be of use.
const MIN_SECRET: usize = 4;

/// What is percent-encoded in URLs: all but the unreserved characters (RFC 3986, 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

static KNOWN: RwLock<BTreeSet<String>> = RwLock::new(BTreeSet::new());

/// From now on [`scrub`] masks the secrets of this configuration.
pub fn keep_secret(config: &Config) {
    let tokens = [
        config.metrics.bearer_token.as_ref(),
        config.health.bearer_token.as_ref(),
        config.prometheus.bearer_token.as_ref(),
        config.prometheus.password.as_ref(),
        config.coordination.password.as_ref(),
        config.notify.url.as_ref(),
        config.notify.secret.as_ref(),
    ];
    let control = config.control.secrets().map(|(_, secret)| secret);
    let exposed =
        tokens.into_iter().chain(control).flatten().map(|secret: &SecretString| secret.expose_secret().to_owned());
    let admin = match &config.router.kind {
        RouterKind::Caddy(caddy) => Some(&caddy.admin.base),
        _ => None,
    };
    let instances = config.colors.blue.iter().chain(&config.colors.green);
    let pages = config.colors.blue_metrics.iter().chain(&config.colors.green_metrics);
    let urls = instances.chain(pages).chain(&config.prometheus.url).chain(admin);
    let secrets: Vec<String> = exposed.chain(urls.clone().flat_map(passwords)).collect();
    let prometheus = config.prometheus.username.iter().zip(&config.prometheus.password);
    let logins = prometheus.map(|(user, password)| format!("{user}:{}", password.expose_secret()));
    let logins = logins.chain(urls.flat_map(logins_of));
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    // What of a login is quoted is the header of basic authentication; its user name alone is none.
    known.extend(logins.flat_map(|login| [STANDARD.encode(&login), URL_SAFE.encode(&login)]));
    known.extend(secrets.iter().filter(|secret| secret.len() >= MIN_SECRET).flat_map(|secret| forms(secret)));
}

/// From now on [`scrub`] masks this secret as well.
pub fn keep_one_secret(secret: &SecretString) {
    let secret = secret.expose_secret();
    if secret.len() >= MIN_SECRET {
        KNOWN.write().unwrap_or_else(PoisonError::into_inner).extend(forms(secret));
    }
}

/// A secret as it is, and as others may write it: in base64, percent-encoded, in JSON, in hex.
fn forms(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).unwrap_or_default();
    let hex: String = secret.bytes().flat_map(|byte| [byte >> 4, byte & 0xf]).filter_map(hex_digit).collect();
    let encoded = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD].map(|engine| engine.encode(secret));
    let percent = |set| utf8_percent_encode(secret, set).to_string();
    let mut forms = vec![
        secret.to_owned(),
        json.trim_matches('"').to_owned(),
        percent(NON_ALPHANUMERIC),
        percent(UNRESERVED),
        percent(UNRESERVED).replace("%20", "+"),
        hex.to_uppercase(),
        hex,
    ];
    forms.extend(encoded);
    forms
}

fn hex_digit(nibble: u8) -> Option<char> {
    char::from_digit(u32::from(nibble), 16)
}

/// A URL's user name and password, joined by a colon, as they stand there and as they are meant.
fn logins_of(url: &InstanceUrl) -> Vec<String> {
    let Some((user, Some(password))) = url.credentials() else { return Vec::new() };
    let meant = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    vec![format!("{user}:{password}"), format!("{}:{}", meant(user), meant(password))]
}

/// A URL's password as it stands there and as it is meant.
fn passwords(url: &InstanceUrl) -> Vec<String> {
    let Some((_, Some(password))) = url.credentials() else { return Vec::new() };
    vec![password.to_owned(), percent_decode_str(password).decode_utf8_lossy().into_owned()]
}

/// The text with every known secret in it masked as `***`.
pub fn scrub(text: &str) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    // The longest first: one may be a part of another.
    let mut found: Vec<&String> = known.iter().filter(|secret| text.contains(secret.as_str())).collect();
    found.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
    found.into_iter().fold(Cow::Borrowed(text), |text, secret| Cow::Owned(text.replace(secret.as_str(), "***")))
}

pub fn scrub_in_place(text: &mut String) {
    if let Cow::Owned(masked) = scrub(text) {
        *text = masked;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Inputs, load};

    #[test]
    fn every_secret_of_a_configuration_is_masked_wherever_it_stands() {
        let env = [
            ("SWITCHBACK_METRICS_BEARER_TOKEN", "metrics-canary"),
            ("SWITCHBACK_HEALTH_BEARER_TOKEN", "health-canary"),
            ("SWITCHBACK_COLORS_GREEN_METRICS", "http://ana:page-canary@g:2,http://h:2"),
            ("SWITCHBACK_CONTROL_OPERATOR_TOKEN", "operator-canary-0123456789"),
            ("SWITCHBACK_PROMETHEUS_URL", "http://u:url%2Dcanary@p"),
            ("SWITCHBACK_PROMETHEUS_USERNAME", "ana"),
            ("SWITCHBACK_PROMETHEUS_PASSWORD", "metrics-canary-and-more"),
            ("SWITCHBACK_COLORS_GREEN_INSTANCES", "http://ana:green-canary@g:1,http://ana:abc@h:1"),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        keep_secret(&load(Inputs { env, folder: "/srv".into(), ..Inputs::default() }).unwrap().config);
        for (text, shown) in [
            ("A=metrics-canary B=metrics-canary-and-more", "A=*** B=***"),
            ("http://u:url%2Dcanary@p and url-canary", "http://u:***@p and ***"),
            ("green-canary", "***"),
            ("health-canary page-canary", "*** ***"),
            ("Bearer operator-canary-0123456789", "Bearer ***"),
            ("Basic YW5hOmdyZWVuLWNhbmFyeQ==", "Basic ***"),
            ("Basic YW5hOm1ldHJpY3MtY2FuYXJ5LWFuZC1tb3Jl", "Basic ***"),
            ("Basic dTp1cmwtY2FuYXJ5", "Basic ***"),
            ("bWV0cmljcy1jYW5hcnk", "***"),
            ("metrics%2Dcanary", "***"),
            ("6d6574726963732D63616E617279 6d6574726963732d63616e617279", "6d6574726963732D63616E617279 ***"),
            ("abc is too short to be told from a word", "abc is too short to be told from a word"),
        ] {
            assert_eq!(scrub(text), shown);
        }
        assert!(matches!(scrub("nothing of the kind"), Cow::Borrowed(_)));
    }
}
