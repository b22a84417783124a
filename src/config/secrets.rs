//! The secrets that this process knows, so that none is repeated by somebody else's text: a router's command prints its
//! environment, an API quotes the token that it refuses.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};

use super::model::{Config, RouterKind};
use super::values::InstanceUrl;

/// Shorter ones stand in too many words for their masking to be of use.
const SHORTEST: usize = 4;

/// What is not to be repeated, by the process as a whole.
static KNOWN: RwLock<BTreeSet<String>> = RwLock::new(BTreeSet::new());

/// From now on [`scrub`] masks the secrets of this configuration.
pub fn keep_secret(config: &Config) {
    let tokens = [
        config.metrics.bearer_token.as_ref(),
        config.health.bearer_token.as_ref(),
        config.prometheus.bearer_token.as_ref(),
        config.prometheus.password.as_ref(),
        config.notify.url.as_ref(),
        config.notify.secret.as_ref(),
        config.control.operator_token.as_ref(),
        config.control.viewer_token.as_ref(),
        config.control.order_secret.as_ref(),
    ];
    let exposed = tokens.into_iter().flatten().map(|secret: &SecretString| secret.expose_secret().to_owned());
    let admin = match &config.router.kind {
        RouterKind::Caddy(caddy) => Some(&caddy.admin.base),
        _ => None,
    };
    let instances = config.colors.blue.iter().chain(&config.colors.green);
    let pages = config.colors.blue_metrics.iter().chain(&config.colors.green_metrics);
    let urls = instances.chain(pages).chain(&config.prometheus.url).chain(admin);
    let secrets: Vec<String> = exposed.chain(urls.flat_map(passwords)).collect();
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known.extend(secrets.into_iter().filter(|secret| secret.len() >= SHORTEST));
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
    found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    found.into_iter().fold(Cow::Borrowed(text), |text, secret| Cow::Owned(text.replace(secret.as_str(), "***")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Inputs, load};

    #[test]
    fn every_secret_of_a_configuration_is_masked_wherever_it_stands() {
        let env = [
            ("SWITCHBACK_METRICS_TOKEN", "metrics-canary"),
            ("SWITCHBACK_HEALTH_BEARER_TOKEN", "health-canary"),
            ("SWITCHBACK_GREEN_METRICS", "http://ana:page-canary@g:2,http://h:2"),
            ("SWITCHBACK_CONTROL_OPERATOR_TOKEN", "operator-canary-0123456789"),
            ("SWITCHBACK_PROMETHEUS_URL", "http://u:url%2Dcanary@p"),
            ("SWITCHBACK_PROMETHEUS_USERNAME", "ana"),
            ("SWITCHBACK_PROMETHEUS_PASSWORD", "metrics-canary-and-more"),
            ("SWITCHBACK_GREEN_INSTANCES", "http://ana:green-canary@g:1,http://ana:abc@h:1"),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        keep_secret(&load(Inputs { env, folder: "/srv".into(), ..Inputs::default() }).unwrap().config);
        for (text, shown) in [
            ("A=metrics-canary B=metrics-canary-and-more", "A=*** B=***"),
            ("http://u:url%2Dcanary@p and url-canary", "http://u:***@p and ***"),
            ("green-canary", "***"),
            ("health-canary page-canary", "*** ***"),
            ("Bearer operator-canary-0123456789", "Bearer ***"),
            ("abc is too short to be told from a word", "abc is too short to be told from a word"),
        ] {
            assert_eq!(scrub(text), shown);
        }
        assert!(matches!(scrub("nothing of the kind"), Cow::Borrowed(_)));
    }
}
