//! What asking and ordering over the network needs.

use super::*;

const OPERATOR: &str = "0f5b2c9d8e7a61430f5b2c9d8e7a6143";
const VIEWER: &str = "d41d8cd98f00b204e9800998ecf8427e";
/// The key of the Standard Webhooks specification's example.
const SIGNING: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// `SWITCHBACK_CONTROL_` stands in front of the names.
fn control(variables: &[(&str, &str)]) -> Inputs {
    let named = |(name, value): &(&str, &str)| (format!("SWITCHBACK_CONTROL_{name}"), (*value).to_owned());
    Inputs { env: variables.iter().map(named).collect(), ..env(&[]) }
}

#[test]
fn nothing_listens_on_the_network_unless_it_is_told_to() {
    let config = load(env(&[])).unwrap().config.control;
    assert!(config.listen.is_none() && config.url.is_none());
}

#[test]
fn a_guarded_address_is_listened_on() {
    for inputs in [
        control(&[("LISTEN", "127.0.0.1:9710"), ("VIEWER_TOKEN", VIEWER)]),
        control(&[("LISTEN", "[::1]:9710"), ("ORDER_SECRET", SIGNING)]),
        control(&[
            ("LISTEN", "0.0.0.0:9710"),
            ("OPERATOR_TOKEN", OPERATOR),
            ("TLS_CERTIFICATE", "/tls.pem"),
            ("TLS_KEY", "/tls.key"),
        ]),
        control(&[("URL", "https://deploy-1:9710"), ("OPERATOR_TOKEN", OPERATOR)]),
        control(&[("URL", "http://localhost:9710"), ("VIEWER_TOKEN", VIEWER)]),
        control(&[
            ("LISTEN", "0.0.0.0:9710"),
            ("OPERATOR_TOKEN", OPERATOR),
            ("TLS_CERTIFICATE", "/tls.pem"),
            ("TLS_KEY", "/tls.key"),
            ("CLIENT_CA_FILE", "/ca.pem"),
        ]),
        control(&[
            ("URL", "https://deploy-1:9710"),
            ("OPERATOR_TOKEN", OPERATOR),
            ("CLIENT_CERTIFICATE", "/c.pem"),
            ("CLIENT_KEY", "/c.key"),
        ]),
    ] {
        let loaded = load(inputs).unwrap();
        assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
        let shown: Vec<_> = loaded.settings.iter().filter_map(|setting| setting.value.as_deref()).collect();
        assert!(!shown.iter().any(|value| [OPERATOR, VIEWER, SIGNING].contains(value)), "{shown:?}");
    }
}

#[test]
fn what_is_not_guarded_is_refused() {
    let twice = [("LISTEN", "127.0.0.1:9710"), ("OPERATOR_TOKEN", OPERATOR), ("VIEWER_TOKEN", OPERATOR)];
    for (variables, key, what) in [
        (&[("LISTEN", "127.0.0.1:9710")][..], "listen", "no client could authenticate"),
        (&[("LISTEN", "0.0.0.0:9710"), ("VIEWER_TOKEN", VIEWER)], "listen", "tokens and answers would cross"),
        (&[("LISTEN", "[::]:9710"), ("ORDER_SECRET", SIGNING)], "listen", "tokens and answers would cross"),
        (&[("LISTEN", "localhost:9710"), ("VIEWER_TOKEN", VIEWER)], "listen", "not an IP address with a port"),
        (
            &[("LISTEN", "127.0.0.1:0"), ("VIEWER_TOKEN", VIEWER)],
            "listen",
            "port 0 is not allowed: clients could not know the port",
        ),
        (
            &[("LISTEN", "127.0.0.1:1"), ("VIEWER_TOKEN", "hunter2")],
            "viewer_token",
            "too short: its length allows 36 bits",
        ),
        (&[("LISTEN", "127.0.0.1:1"), ("OPERATOR_TOKEN", "hunter2")], "operator_token", "too short: its length allows"),
        (&twice, "viewer_token", "the same as control.operator_token: viewers could give orders"),
        (&[("LISTEN", "127.0.0.1:1"), ("ORDER_SECRET", "hunter2")], "order_secret", "it has to begin with whsec_"),
        (
            &[("LISTEN", "127.0.0.1:1"), ("VIEWER_TOKEN", VIEWER), ("TLS_KEY", "/k")],
            "tls_certificate",
            "certificate and private key are needed together",
        ),
        (
            &[("LISTEN", "127.0.0.1:1"), ("VIEWER_TOKEN", VIEWER), ("CLIENT_CA_FILE", "/ca")],
            "client_ca_file",
            "client certificates need TLS: set control.tls_certificate and control.tls_key",
        ),
        (&[("CLIENT_KEY", "/k")], "client_certificate", "client certificate and private key are needed together"),
        (
            &[("URL", "https://deploy-1:9710"), ("VIEWER_TOKEN", VIEWER), ("CLIENT_CERTIFICATE", "/c")],
            "client_key",
            "client certificate and private key are needed together",
        ),
        (&[("TLS_CERTIFICATE", "/c")], "tls_key", "certificate and private key are needed together"),
        (&[("URL", "http://deploy-1:9710"), ("VIEWER_TOKEN", VIEWER)], "url", "the token would cross the network"),
        (
            &[("URL", "https://ana@deploy-1"), ("VIEWER_TOKEN", VIEWER)],
            "url",
            "credentials are not allowed in this URL",
        ),
        (&[("URL", "https://deploy-1:9710")], "url", "needs a token"),
    ] {
        let found = headlines(control(variables));
        assert!(
            found.len() == 1 && found[0].starts_with(&format!("control.{key}: {what}")),
            "{variables:?}: {found:?}"
        );
        assert!(!problems(control(variables)).concat().contains("hunter2"));
    }
}

#[test]
fn what_everybody_can_read_in_the_documentation_is_no_secret() {
    for (name, env) in
        [("operator_token", "OPERATOR_TOKEN"), ("viewer_token", "VIEWER_TOKEN"), ("order_secret", "ORDER_SECRET")]
    {
        let name = format!("control.{name}");
        let example = keys().find(|key| key.name == name).unwrap().example;
        let found = headlines(control(&[("LISTEN", "127.0.0.1:9710"), (env, example)]));
        assert_eq!(found, [format!("{name}: this is the published example from the documentation")]);
    }
}

#[test]
fn whoever_is_notified_gives_no_orders() {
    let mut inputs = control(&[("LISTEN", "127.0.0.1:9710"), ("ORDER_SECRET", SIGNING)]);
    inputs.env.extend(owned(&[("SWITCHBACK_NOTIFY_URL", "https://hooks"), ("SWITCHBACK_NOTIFY_SECRET", SIGNING)]));
    let found = headlines(inputs);
    assert_eq!(
        found,
        ["control.order_secret: the same as notify.secret: receivers of notifications could give orders"]
    );
}

#[test]
fn what_has_no_effect_is_told() {
    let variables = [("VIEWER_TOKEN", VIEWER), ("ORDER_SECRET", SIGNING), ("CA_FILE", "/ca.pem")];
    let client = [("CLIENT_CERTIFICATE", "/c.pem"), ("CLIENT_KEY", "/c.key"), ("CLIENT_CA_FILE", "/clients.pem")];
    let variables = [&variables[..], &client].concat();
    assert_eq!(
        load(control(&variables)).unwrap().warnings,
        [
            "control.client_ca_file (environment SWITCHBACK_CONTROL_CLIENT_CA_FILE) has no effect: set control.listen",
            "control.viewer_token (environment SWITCHBACK_CONTROL_VIEWER_TOKEN) has no effect: set control.listen or \
             control.url",
            "control.order_secret (environment SWITCHBACK_CONTROL_ORDER_SECRET) has no effect: set control.listen",
            "control.ca_file (environment SWITCHBACK_CONTROL_CA_FILE) has no effect: set control.url",
            "control.client_certificate (environment SWITCHBACK_CONTROL_CLIENT_CERTIFICATE) has no effect: set control.url",
        ]
    );
}
