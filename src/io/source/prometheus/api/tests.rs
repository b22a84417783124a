use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::io::source::testing::{Server, Then, answer, instance};

const ONE: &str =
    r#"{"status":"success","data":{"resultType":"scalar","result":[1,"1"]},"warnings":["one store is away"]}"#;

fn config() -> PrometheusConfig {
    PrometheusConfig {
        url: None,
        bearer_token: None,
        username: None,
        password: None,
        tenant: None,
        ca_file: None,
        timeout: Duration::from_secs(30),
        max_age: Duration::from_mins(2),
        query_offset: Duration::ZERO,
    }
}

async fn asked(answer: Vec<u8>, config: &PrometheusConfig) -> (Result<Told<Outcome>, QueryError>, String) {
    let server = Server::start(vec![answer], Then::KeepOpen).await;
    let api = Api::new(&server.instance(), config).unwrap();
    let told = api.query("up{a=\"b c\"}", Some(1_700_000_000_250)).await;
    let head = server.requests.lock().unwrap().first().cloned().unwrap_or_default();
    (told, head.to_ascii_lowercase())
}

async fn refused(answer: Vec<u8>) -> String {
    asked(answer, &config()).await.0.unwrap_err().to_string()
}

#[tokio::test]
async fn a_query_is_sent_with_its_time_and_its_warnings_come_back() {
    let (told, head) = asked(answer("200 OK", "", ONE), &config()).await;
    assert_eq!(told.unwrap().warnings, ["one store is away"]);
    let line = "get /api/v1/query?query=up%7ba%3d%22b+c%22%7d&nocache=1&time=1700000000.250 http/1.1";
    assert_eq!(head.lines().next(), Some(line));
    assert!(!head.contains("authorization") && !head.contains("x-scope-orgid"), "{head}");
}

#[tokio::test]
async fn a_token_a_login_and_a_tenant_are_sent() {
    let token = PrometheusConfig { bearer_token: Some("Sesame".into()), tenant: Some("shop".to_owned()), ..config() };
    let (_, head) = asked(answer("200 OK", "", ONE), &token).await;
    assert!(
        head.contains("\r\nauthorization: bearer sesame\r\n") && head.contains("\r\nx-scope-orgid: shop\r\n"),
        "{head}"
    );
    let login = PrometheusConfig { username: Some("ana".to_owned()), password: Some("x".into()), ..config() };
    let (_, head) = asked(answer("200 OK", "", ONE), &login).await;
    // "ana:x" in base64.
    assert!(head.contains("\r\nauthorization: basic yw5hong=\r\n"), "{head}");
    assert!(
        Api::new(&instance("http://a"), &PrometheusConfig { tenant: Some("\u{7f}".to_owned()), ..config() }).is_err()
    );
}

#[tokio::test]
async fn what_is_no_answer_to_the_query_has_words_of_its_own() {
    let error = r#"{"status":"error","errorType":"bad_data","error":"parse error: unclosed left parenthesis"}"#;
    let long = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{}", 20 << 20, "x".repeat(17 << 20));
    for (answer, why) in [
        (
            answer("400 Bad Request", "", error),
            "/api/v1/query refuses the query: parse error: unclosed left parenthesis",
        ),
        (answer("404 Not Found", "", "<html>"), "/api/v1/query answered 404 Not Found, and not as Prometheus does"),
        (answer("503 Service Unavailable", "", "busy"), "/api/v1/query answered 503 Service Unavailable"),
        (answer("401 Unauthorized", "", ""), "answered 401 Unauthorized: set prometheus.bearer_token, or prometheus."),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{".to_vec(), "was cut in the middle"),
        (long.into_bytes(), "is larger than 16MiB: let the query add up more"),
    ] {
        let closes = answer.ends_with(b"{");
        let told = if closes {
            let server = Server::once(answer).await;
            Api::new(&server.instance(), &config()).unwrap().query("up", None).await.unwrap_err().to_string()
        } else {
            refused(answer).await
        };
        assert!(told.contains(why), "{told}");
    }
    let known = PrometheusConfig { bearer_token: Some("Sesame".into()), ..config() };
    let told = asked(answer("403 Forbidden", "", ""), &known).await.0.unwrap_err().to_string();
    assert!(told.contains("it refuses the token"), "{told}");
}

#[tokio::test]
async fn an_api_that_is_silent_is_not_waited_for() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let hasty = PrometheusConfig { timeout: Duration::from_millis(50), ..config() };
    let told = Api::new(&instance(&url), &hasty).unwrap().query("up", None).await.unwrap_err().to_string();
    assert_eq!(told, format!("{url}/api/v1/query did not answer within 50ms (prometheus.timeout)"));
}

#[tokio::test]
async fn rules_are_known_by_their_names() {
    let rules = r#"{"status":"success","data":{"groups":[{"name":"g","rules":[{"name":"Slow"},{"name":"Bad"}]}]}}"#;
    let server = Server::start(vec![answer("200 OK", "", rules)], Then::KeepOpen).await;
    let told = Api::new(&server.instance(), &config()).unwrap().rules().await.unwrap();
    assert_eq!(told.data.names().collect::<Vec<_>>(), ["Slow", "Bad"]);
    assert!(server.requests.lock().unwrap()[0].starts_with("GET /api/v1/rules?type=alert&exclude_alerts=true "));
}

#[tokio::test]
async fn the_authorities_of_a_file_are_trusted_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let secured = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, certificate.pem()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
            .unwrap();
        (path, TlsAcceptor::from(Arc::new(config)))
    };
    let ((known, tls), (other, _)) = (secured("known.pem"), secured("other.pem"));
    let server = Server::start_with(vec![answer("200 OK", "", ONE)], Then::KeepOpen, Some(tls)).await;
    let url = instance(&format!("https://localhost:{}", server.addr.port()));
    let trusting = |path: PathBuf| Api::new(&url, &PrometheusConfig { ca_file: Some(path), ..config() });
    assert!(trusting(known).unwrap().query("up", None).await.is_ok());
    let told = trusting(other).unwrap().query("up", None).await.unwrap_err().to_string();
    assert!(told.contains("its certificate is not trusted"), "{told}");

    std::fs::write(folder.path().join("empty.pem"), "").unwrap();
    std::fs::write(folder.path().join("odd.pem"), "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n")
        .unwrap();
    for (name, why) in
        [("empty.pem", "holds no certificate"), ("odd.pem", "is not PEM"), ("none.pem", "cannot be read")]
    {
        let told = trusting(folder.path().join(name)).unwrap_err().to_string();
        assert!(told.starts_with("`prometheus.ca_file`: ") && told.contains(why), "{told}");
    }
}
