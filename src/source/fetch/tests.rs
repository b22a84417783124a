use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::source::testing::{Server, Then, answer, instance};

fn fetcher(url: &str) -> Fetcher {
    Fetcher::new(&instance(url), "/x", Duration::from_secs(30), HeaderMap::new(), Access::default()).unwrap()
}

async fn get(fetcher: &Fetcher) -> Result<u16, FetchError> {
    fetcher.get(|answer| async move { Ok(answer.status().as_u16()) }).await
}

/// Asks a TLS server whose certificate, for `name` and from year `from` to year `to`, the client trusts or does not.
async fn ask_securely(name: &str, from: i32, to: i32, trusted: bool) -> Result<u16, FetchError> {
    let params = CertificateParams::new([name.to_owned()]).unwrap();
    ask_with(params, from, to, trusted).await
}

async fn ask_with(mut params: CertificateParams, from: i32, to: i32, trusted: bool) -> Result<u16, FetchError> {
    (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        .unwrap();
    let tls = Some(TlsAcceptor::from(Arc::new(config)));
    let server = Server::start_with(vec![answer("200 OK", "", "")], Then::KeepOpen, tls).await;
    let mut fetcher = fetcher(&format!("https://localhost:{}", server.addr.port()));
    if trusted {
        let root = Certificate::from_der(certificate.der()).unwrap();
        fetcher.client = http::client().tls_certs_only([root]).build().unwrap();
    }
    get(&fetcher).await
}

#[tokio::test]
async fn a_trusted_certificate_is_accepted() {
    assert_eq!(ask_securely("localhost", 2000, 2090, true).await.unwrap(), 200);
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said_in_words() {
    for (name, from, to, trusted, expected) in [
        ("localhost", 2000, 2090, false, "its certificate is not trusted (invalid peer certificate: UnknownIssuer)"),
        ("localhost", 2000, 2001, true, "its certificate has expired"),
        ("localhost", 2080, 2090, true, "its certificate is not valid yet"),
        ("elsewhere.example", 2000, 2090, true, "its certificate is for another host name"),
    ] {
        let Err(FetchError::NoAnswer { why: NoAnswer::Tls(reason), .. }) = ask_securely(name, from, to, trusted).await
        else {
            panic!("no TLS error: {expected}");
        };
        assert_eq!(reason, expected);
    }
}

/// What `openssl req -x509` makes unless it is told otherwise.
#[tokio::test]
async fn the_certificate_of_an_authority_is_none_of_a_server() {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let told = ask_with(params, 2000, 2090, true).await.unwrap_err().to_string();
    assert!(
        told.ends_with("its certificate is that of an authority (CA:TRUE), and a server needs one of its own"),
        "{told}"
    );
}

#[tokio::test]
async fn a_port_that_does_not_speak_tls_is_said_in_words() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        stream
    });
    let error = get(&fetcher(&url)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{url}/x could not be reached securely: the port does not speak TLS; is the URL to begin with http?")
    );
    drop(server.await);
}

#[tokio::test]
async fn another_scheme_or_port_is_another_server() {
    for location in ["https://127.0.0.1/", "http://127.0.0.1:1/"] {
        let server = Server::once(answer("301 Moved Permanently", &format!("location: {location}\r\n"), "")).await;
        let error = get(&fetcher(&format!("http://{}", server.addr))).await.unwrap_err();
        assert!(matches!(error, FetchError::OtherHost { .. }), "{error}");
    }
}

#[test]
fn a_client_that_cannot_be_made_names_the_instance_without_its_credentials() {
    let source = http::client().user_agent("a\nb").build().unwrap_err();
    let error = ClientError::Setup { instance: instance("http://me:secret@a:1").to_string(), source };
    assert_eq!(error.to_string(), "no HTTP client for http://***@a:1");
}
