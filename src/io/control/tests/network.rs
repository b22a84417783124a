//! Over TCP: who is let in, and that nobody else is.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, channel, unbounded_channel};

use super::harness::{Harness, places};
use crate::config::{Config, ControlConfig, Inputs, InstanceUrl, load};
use crate::io::control::{Client, ClientError, ListenError, NetworkListener, check_tls};
use crate::model::{Action, Actor, SigningKey};

pub(super) const OPERATOR: &str = "0f5b2c9d8e7a61430f5b2c9d8e7a6143";
pub(super) const VIEWER: &str = "d41d8cd98f00b204e9800998ecf8427e";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A monitor that listens on the network too.
pub(super) struct Door {
    pub(super) harness: Harness,
    pub(super) address: SocketAddr,
    pub(super) config: Config,
    pub(super) folder: tempfile::TempDir,
}

/// What this machine's configuration says of control, with an address that is free now.
pub(super) async fn listening() -> Config {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut config = load(Inputs { folder: "/srv".into(), ..Inputs::default() }).unwrap().config;
    let control = &mut config.control;
    control.listen = Some(free);
    control.operator_token = Some(OPERATOR.into());
    control.viewer_token = Some(VIEWER.into());
    control.order_secret = Some(SECRET.into());
    config
}

pub(super) async fn bound(config: &ControlConfig, folder: &Path) -> Result<Option<NetworkListener>, ListenError> {
    NetworkListener::bind(config, None, &folder.join("signed-orders"), jiff::Timestamp::now().as_second()).await
}

impl Door {
    pub(super) async fn open() -> Self {
        Self::open_with(|_, _| ()).await
    }

    pub(super) async fn open_with(change: impl FnOnce(&mut ControlConfig, &Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = listening().await;
        change(&mut config.control, folder.path());
        let listener = bound(&config.control, folder.path()).await.unwrap();
        let harness = Harness::start_with(rustix::process::geteuid().as_raw(), listener).await;
        Self { harness, address: config.control.listen.unwrap(), config, folder }
    }

    /// A client from another machine that has these tokens.
    pub(super) fn client(&self, scheme: &str, operator: Option<&str>, viewer: Option<&str>) -> Client {
        let mut config = self.config.clone();
        let port = self.address.port();
        config.service = crate::core::soak::testing::settings().service;
        config.control.url = Some(InstanceUrl::parse(&format!("{scheme}://localhost:{port}")).unwrap());
        config.control.operator_token = operator.map(SecretString::from);
        config.control.viewer_token = viewer.map(SecretString::from);
        Client::of(&config)
    }

    /// Lets every order be taken, and hands it on.
    pub(super) fn take_orders(&mut self) -> UnboundedReceiver<(Action, Actor, Option<String>)> {
        let (told, taken) = unbounded_channel();
        let mut orders = std::mem::replace(&mut self.harness.orders, channel(1).1);
        tokio::spawn(async move {
            while let Some(order) = orders.recv().await {
                order.answer.send(Ok(1)).unwrap();
                told.send((order.action, order.actor, order.reason)).unwrap();
            }
        });
        taken
    }

    /// The status line's code, the head and the body of the answer to a request with these header lines.
    pub(super) async fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n");
        stream.write_all(format!("{head}{headers}\r\n{body}").as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_owned(), body.to_owned())
    }
}

pub(super) fn bearer(token: &str) -> String {
    format!("authorization: Bearer {token}\r\n")
}

/// The headers of an order that is signed so many seconds from now.
fn signed(id: &str, later: i64, body: &str) -> String {
    signed_with(SECRET, id, later, body)
}

/// The same with another secret.
pub(super) fn signed_with(secret: &str, id: &str, later: i64, body: &str) -> String {
    let at = jiff::Timestamp::now().as_second() + later;
    let signature = SigningKey::parse(&secret.into()).unwrap().sign(id, at, body);
    format!("webhook-id: {id}\r\nwebhook-timestamp: {at}\r\nwebhook-signature: {signature}\r\n")
}

#[tokio::test]
async fn whoever_has_a_token_may_do_what_it_is_for() {
    let mut door = Door::open().await;
    door.harness.publish(0..60);
    for token in [OPERATOR, VIEWER] {
        for path in ["/v1/status", "/metrics"] {
            assert_eq!(door.ask("GET", path, &bearer(token), "").await.0, 200, "{path}");
        }
        assert_eq!(door.ask("GET", "/", &bearer(token), "").await.0, 404);
    }
    let viewer = door.client("http", None, Some(VIEWER));
    assert_eq!(viewer.status().await.unwrap()["activeColor"], "green");
    assert_eq!(places(&mut viewer.events(1).await.unwrap(), 60).await.len(), 60);

    let ana = Actor::Operator("ana@laptop".to_owned());
    let refused = viewer.act(Action::Abort, &ana, None).await.unwrap_err();
    assert!(
        matches!(&refused, ClientError::Forbidden(why) if why == "a viewer's token may not give orders"),
        "{refused}"
    );
    let operator = door.client("http", Some(OPERATOR), Some(VIEWER));
    let ordering = tokio::spawn(async move { operator.act(Action::Abort, &ana, Some("slow")).await });
    let order = door.harness.orders.recv().await.unwrap();
    assert_eq!(order.actor.to_string(), "operator:ana@laptop (token, 127.0.0.1)");
    assert_eq!((order.action, order.reason.as_deref()), (Action::Abort, Some("slow")));
    order.answer.send(Ok(61)).unwrap();
    assert_eq!(ordering.await.unwrap().unwrap(), 61);
}

#[tokio::test]
async fn nobody_else_learns_or_orders_anything() {
    let mut door = Door::open().await;
    let order = r#"{"action":"rollback"}"#;
    let short = &OPERATOR[1..];
    for (headers, why) in [
        (String::new(), "a token is required: `Authorization: Bearer TOKEN`"),
        (bearer("wrong"), "unknown token"),
        (bearer(short), "unknown token"),
        (bearer(""), "unknown token"),
        (format!("authorization: Basic {OPERATOR}\r\n"), "unknown token"),
        ("authorization: \u{fc}\u{fc}\u{fc}\u{fc}\r\n".to_owned(), "unknown token"),
    ] {
        let (code, head, body) = door.ask("POST", "/v1/actions", &headers, order).await;
        assert!(code == 401 && head.contains("www-authenticate: Bearer"), "{headers}: {head}");
        assert_eq!(body, serde_json::json!({ "error": why }).to_string());
    }
    for path in ["/metrics", "/v1/events", "/nothing"] {
        assert_eq!(door.ask("GET", path, "", "").await.0, 401, "{path}");
    }
    let outsider = door.client("http", None, Some("an-outsider-s-guess-of-a-token"));
    assert!(matches!(outsider.status().await, Err(ClientError::Forbidden(_))));
    let page = door.harness.hub.metrics();
    assert!(page.contains("switchback_control_refused_total 10\n"), "{page}");
    assert!(door.harness.orders.try_recv().is_err());
}

#[tokio::test]
async fn after_ten_failures_nothing_from_there_is_looked_at_and_the_socket_is_not_concerned() {
    let door = Door::open().await;
    for _ in 0..10 {
        assert_eq!(door.ask("GET", "/v1/status", &bearer("guess"), "").await.0, 401);
    }
    let (code, head, body) = door.ask("GET", "/v1/status", &bearer(OPERATOR), "").await;
    assert!(code == 429 && head.contains("retry-after: ") && body.contains("all are refused for now"), "{head}");
    let refused = door.client("http", Some(OPERATOR), None).status().await.unwrap_err();
    assert!(refused.to_string().starts_with("too many failed attempts from this address"), "{refused}");
    door.harness.client.status().await.unwrap();
}

#[tokio::test]
async fn a_signed_order_is_taken_once() {
    let mut door = Door::open().await;
    let mut taken = door.take_orders();
    let body = r#"{"action":"rollback","actor":"operator:ci@runner","reason":"smoke test"}"#;
    let headers = signed("msg_1", -200, body);
    assert_eq!(door.ask("POST", "/v1/actions", &headers, body).await.0, 202);
    let order = taken.recv().await.unwrap();
    assert_eq!(order.1.to_string(), "operator:ci@runner (signed msg_1, 127.0.0.1)");
    assert_eq!((order.0, order.2.as_deref()), (Action::Rollback { force: false }, Some("smoke test")));

    let (code, _, again) = door.ask("POST", "/v1/actions", &headers, body).await;
    assert_eq!((code, again.as_str()), (409, r#"{"error":"order `msg_1` was already received (replay rejected)"}"#));
    let resigned = signed("msg_1", 0, body);
    assert_eq!(door.ask("POST", "/v1/actions", &resigned, body).await.0, 409, "the id counts, not the time");
    let kept = std::fs::read_to_string(door.folder.path().join("signed-orders")).unwrap();
    assert!(kept.lines().count() == 1 && kept.ends_with(" msg_1\n"), "{kept}");
    assert!(taken.try_recv().is_err());
}

#[tokio::test]
async fn an_order_that_is_not_signed_by_us_now_and_for_this_service_is_refused() {
    let mut door = Door::open().await;
    let mut taken = door.take_orders();
    let abort = r#"{"action":"abort"}"#;
    let other = r#"{"action":"abort","service":"another"}"#;
    let huge = format!(r#"{{"action":"abort","reason":"{}"}}"#, "x".repeat(20_000));
    let forged = signed("msg_2", 0, r#"{"action":"keep"}"#);
    for (headers, body, code, why) in [
        (forged.clone(), abort, 401, "no signature of the order is valid"),
        (signed("msg_3", -302, abort), abort, 401, "s ago; 300s before and after are allowed"),
        (signed("msg_4", 302, abort), abort, 401, "s ago; 300s before and after are allowed"),
        ("webhook-signature: v1,abcd\r\n".to_owned(), abort, 401, "webhook-id must be there exactly once"),
        (signed("msg_5", 0, other), other, 409, "this is the monitor of `shop`, not of `another`"),
        (signed("msg_6", 0, &huge), &huge, 400, "the body is longer than 16384 bytes"),
        // Who comes with a token is judged by that.
        (signed("msg_7", 0, abort) + &bearer(VIEWER), abort, 403, "a viewer's token may not give orders"),
        (signed("msg_8", 0, abort) + &bearer("guess"), abort, 401, "unknown token"),
    ] {
        let (answered, _, told) = door.ask("POST", "/v1/actions", &headers, body).await;
        assert!(answered == code && told.contains(why), "{answered} {told}");
    }
    // Nothing but orders is signed.
    assert_eq!(door.ask("GET", "/v1/status", &signed("msg_9", 0, ""), "").await.0, 401);
    assert!(taken.try_recv().is_err());
}

#[tokio::test]
async fn without_a_secret_for_orders_a_signature_is_worth_nothing() {
    let door = Door::open_with(|control, _| control.order_secret = None).await;
    let body = r#"{"action":"abort"}"#;
    let (code, _, told) = door.ask("POST", "/v1/actions", &signed("msg_1", 0, body), body).await;
    assert!(code == 401 && told.contains("a token is required"), "{told}");
    assert!(!door.folder.path().join("signed-orders").exists());
}

/// A certificate for `localhost` and its key, in files.
pub(super) fn certificate(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let paths = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
    std::fs::write(&paths.0, made.cert.pem()).unwrap();
    std::fs::write(&paths.1, made.signing_key.serialize_pem()).unwrap();
    paths
}

#[tokio::test]
async fn with_a_certificate_nothing_goes_in_the_clear_and_nobody_else_is_taken_for_the_monitor() {
    let mut door = Door::open_with(|control, folder| {
        let (certificate, key) = certificate(folder, "tls");
        (control.certificate, control.key) = (Some(certificate), Some(key));
    })
    .await;
    door.config.control.ca_file = door.config.control.certificate.clone();
    door.harness.publish(0..60);
    let client = door.client("https", Some(OPERATOR), None);
    assert_eq!(client.status().await.unwrap()["activeColor"], "green");
    assert_eq!(places(&mut client.events(1).await.unwrap(), 60).await.len(), 60);

    let clear = door.client("http", Some(OPERATOR), None).status().await.unwrap_err();
    assert!(clear.to_string().ends_with("; should the URL begin with https?"), "{clear}");
    let (other, _) = certificate(door.folder.path(), "other");
    door.config.control.ca_file = Some(other);
    let untrusted = door.client("https", Some(OPERATOR), None).status().await.unwrap_err().to_string();
    assert!(untrusted.contains("its certificate is not trusted"), "{untrusted}");
    door.config.control.ca_file = Some(door.folder.path().join("missing"));
    let missing = door.client("https", Some(OPERATOR), None).status().await.unwrap_err().to_string();
    assert!(missing.starts_with("`control.ca_file`: ") && missing.contains("cannot be read"), "{missing}");
}

#[tokio::test]
async fn a_certificate_that_is_of_no_use_is_told_before_anything_begins() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (good, key) = certificate(folder.path(), "good");
    let (_, other_key) = certificate(folder.path(), "other");
    std::fs::write(path("empty"), "").unwrap();
    let broken = "-----BEGIN CERTIFICATE-----\n???\n-----END CERTIFICATE-----\n";
    std::fs::write(path("broken"), broken).unwrap();
    let mut control = listening().await.control;
    for (certificate, key, told) in [
        (path("none"), key.clone(), "`control.tls_certificate`: `FOLDER/none` cannot be read: "),
        (path("empty"), key.clone(), "`control.tls_certificate`: `FOLDER/empty` holds no certificate"),
        (path("broken"), key.clone(), "`control.tls_certificate`: `FOLDER/broken` is not PEM: "),
        (good.clone(), path("none"), "`control.tls_key`: `FOLDER/none` cannot be read: "),
        (good.clone(), path("empty"), "`control.tls_key`: `FOLDER/empty` holds no private key"),
        (good.clone(), other_key, "`control.tls_key`: `FOLDER/other.key` cannot be used with the certificate: "),
    ] {
        (control.certificate, control.key) = (Some(certificate), Some(key));
        let error = bound(&control, folder.path()).await.err().unwrap().to_string();
        assert!(error.starts_with(&told.replace("FOLDER", &folder.path().display().to_string())), "{error}");
        assert_eq!(check_tls(&control).unwrap_err().to_string(), error);
    }
    (control.certificate, control.key) = (Some(good), Some(key));
    check_tls(&control).unwrap();
    (control.certificate, control.key) = (None, None);
    check_tls(&control).unwrap();
}

#[tokio::test]
async fn an_address_that_is_taken_and_ids_that_cannot_be_kept_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut control = listening().await.control;
    control.listen = Some(taken.local_addr().unwrap());
    let error = bound(&control, folder.path()).await.err().unwrap().to_string();
    assert!(error.starts_with("cannot listen on `control.listen` = 127.0.0.1:"), "{error}");
    drop(taken);
    std::os::unix::fs::symlink("elsewhere", folder.path().join("signed-orders")).unwrap();
    let error = bound(&control, folder.path()).await.err().unwrap().to_string();
    assert!(error.contains("it is a symlink"), "{error}");
    control.listen = None;
    assert!(bound(&control, folder.path()).await.unwrap().is_none());
}

#[tokio::test]
async fn whoever_floods_the_port_keeps_nobody_from_the_socket() {
    let door = Door::open().await;
    let mut idle = Vec::new();
    for _ in 0..140 {
        idle.push(TcpStream::connect(door.address).await.unwrap());
    }
    door.harness.client.status().await.unwrap();
    drop(idle);
    assert_eq!(door.ask("GET", "/v1/status", &bearer(VIEWER), "").await.0, 200);
}

#[tokio::test]
async fn nobody_there_is_told_with_the_address() {
    let door = Door::open().await;
    let client = door.client("http", None, Some(VIEWER));
    door.harness.server.stop().await;
    let error = client.status().await.unwrap_err().to_string();
    let port = door.address.port();
    assert_eq!(error, format!("no monitor answers: http://localhost:{port}/ refused the connection"));
}
