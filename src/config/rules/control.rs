//! Over the network a monitor is reached with a secret that cannot be guessed, and never in the clear.

use secrecy::{ExposeSecret as _, SecretString};

use super::Settled;
use crate::config::draft::Draft;
use crate::config::keys::keys;
use crate::config::model::{Config, ControlConfig, Engine};
use crate::config::problem::{Origin, Problem};
use crate::config::strength;
use crate::model::SigningKey;

pub fn check(draft: &Draft, settled: &Settled, problems: &mut Vec<Problem>, warnings: &mut Vec<String>) {
    let Config { control, notify, .. } = &draft.config;
    for (key, what) in wrong_secrets(control, notify.secret.as_ref()) {
        problems.extend(settled.problem(key, what));
    }
    listening_is_guarded(&draft.config.control, settled, problems);
    asking_is_guarded(&draft.config.control, settled, problems);
    nothing_is_in_vain(&draft.config, settled, warnings);
}

/// What is wrong with the secrets of the control API, by their keys. `notify` is the one that notifications are signed with.
pub fn wrong_secrets(control: &ControlConfig, notify: Option<&SecretString>) -> Vec<(&'static str, String)> {
    let ControlConfig { operator_token, viewer_token, order_secret, .. } = control;
    let mut wrong = Vec::new();
    for (name, secret) in control.secrets() {
        let example = keys().find(|key| key.name == name).map(|key| key.example);
        if secret.is_some_and(|secret| Some(secret.expose_secret()) == example) {
            wrong.push((name, "this is the published example from the documentation".to_owned()));
        }
    }
    for (key, token) in [("control.operator_token", operator_token), ("control.viewer_token", viewer_token)] {
        if let Some(Err(what)) = token.as_ref().map(|token| strength::check(token.expose_secret())) {
            wrong.push((key, what.into()));
        }
    }
    if same(operator_token.as_ref(), viewer_token.as_ref()) {
        let what = "the same as control.operator_token: viewers could give orders";
        wrong.push(("control.viewer_token", what.to_owned()));
    }
    if let Some(Err(what)) = order_secret.as_ref().map(SigningKey::parse) {
        wrong.push(("control.order_secret", what));
    } else if same(order_secret.as_ref(), notify) {
        let what = "the same as notify.secret: receivers of notifications could give orders";
        wrong.push(("control.order_secret", what.to_owned()));
    }
    wrong
}

fn same(one: Option<&SecretString>, other: Option<&SecretString>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one.expose_secret() == other.expose_secret())
}

fn listening_is_guarded(control: &ControlConfig, settled: &Settled, problems: &mut Vec<Problem>) {
    let tls = match (&control.certificate, &control.key) {
        (Some(_), Some(_)) => true,
        (None, None) => false,
        (given, _) => {
            let missing = if given.is_some() { "control.tls_key" } else { "control.tls_certificate" };
            problems.extend(settled.problem(missing, "certificate and private key are needed together"));
            return;
        }
    };
    let Some(address) = control.listen else { return };
    if control.client_ca_file.is_some() && !tls {
        let what = "client certificates need TLS: set control.tls_certificate and control.tls_key";
        problems.extend(settled.problem("control.client_ca_file", what));
    }
    if !address.ip().is_loopback() && !tls {
        let what = "tokens and answers would cross the network unencrypted: set control.tls_certificate and \
                    control.tls_key, or listen on 127.0.0.1";
        problems.extend(settled.problem("control.listen", what));
    }
    if control.operator_token.is_none() && control.viewer_token.is_none() && control.order_secret.is_none() {
        let what =
            "no client could authenticate: set control.operator_token, control.viewer_token or control.order_secret";
        problems.extend(settled.problem("control.listen", what));
    }
}

fn asking_is_guarded(control: &ControlConfig, settled: &Settled, problems: &mut Vec<Problem>) {
    if control.client_certificate.is_some() != control.client_key.is_some() {
        let missing = if control.client_key.is_none() { "control.client_key" } else { "control.client_certificate" };
        problems.extend(settled.problem(missing, "client certificate and private key are needed together"));
    }
    if let Some(url) = &control.advertise {
        if url.credentials().is_some() {
            let what = "credentials are not allowed in this URL: the other hosts have tokens of their own";
            problems.extend(settled.problem("control.advertise", what));
        }
        if url.is_in_the_clear() {
            let what = "the tokens of the other hosts would cross the network unencrypted: use https";
            problems.extend(settled.problem("control.advertise", what));
        }
    }
    let Some(url) = &control.url else { return };
    if url.credentials().is_some() {
        let what = "credentials are not allowed in this URL: put the token into control.operator_token or control.viewer_token";
        problems.extend(settled.problem("control.url", what));
    }
    if url.is_in_the_clear() {
        problems.extend(settled.problem("control.url", "the token would cross the network unencrypted: use https"));
    }
    if control.operator_token.is_none() && control.viewer_token.is_none() {
        let what = "needs a token: set control.operator_token or control.viewer_token";
        problems.extend(settled.problem("control.url", what));
    }
}

/// Keys that are of no use without another one.
fn nothing_is_in_vain(config: &Config, settled: &Settled, warnings: &mut Vec<String>) {
    let control = &config.control;
    // With several hosts the leader is asked, wherever it is.
    let asks = control.url.is_some() || config.coordination.kind != Engine::Local;
    let listens = control.listen.is_some();
    for (key, used, by) in [
        ("control.advertise", listens, "control.listen"),
        ("control.tls_certificate", listens, "control.listen"),
        ("control.client_ca_file", listens, "control.listen"),
        ("control.operator_token", listens || asks, "control.listen or control.url"),
        ("control.viewer_token", listens || asks, "control.listen or control.url"),
        ("control.order_secret", listens, "control.listen"),
        ("control.ca_file", asks, "control.url"),
        ("control.client_certificate", asks, "control.url"),
    ] {
        if let Some(setting) = settled.sound(key).filter(|given| given.origin != Origin::Default && !used) {
            warnings.push(format!("{key} ({}) has no effect: set {by}", setting.origin));
        }
    }
}
