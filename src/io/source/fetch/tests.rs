use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::io::source::testing::{Server, Then, answer, instance};

fn fetcher(url: &str) -> Fetcher {
    fetcher_with(url, &Access::default()).unwrap()
}

fn fetcher_with(url: &str, access: &Access<'_>) -> Result<Fetcher, ClientError> {
    let limit = Limit { key: "metrics.timeout", time: Duration::from_secs(30) };
    Fetcher::new(&instance(url), "/x", limit, HeaderMap::new(), access)
}

async fn get(fetcher: &Fetcher) -> Result<u16, FetchError> {
    fetcher
        .get(None, Connection::Kept, fetcher.turn().await, |answer| async move { Ok(answer.status().as_u16()) })
        .await
}

/// The body of an answer.
async fn get_whole(fetcher: &Fetcher) -> Vec<u8> {
    let read = |answer: Answer| async move { Ok::<_, FetchError>(answer.body(1 << 20).await) };
    fetcher.get(None, Connection::Kept, fetcher.turn().await, read).await.unwrap().unwrap().unwrap()
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
        let root = reqwest::Certificate::from_der(certificate.der()).unwrap();
        fetcher.way = Ways::Pooled { client: http::client().tls_certs_only([root]).build().unwrap(), anew: None };
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
        assert_eq!(reason.to_string(), expected);
    }
}

/// What `openssl req -x509` makes unless it is told otherwise.
#[tokio::test]
async fn the_certificate_of_an_authority_is_none_of_a_server() {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let told = ask_with(params, 2000, 2090, true).await.unwrap_err().to_string();
    assert!(told.ends_with("its certificate is a CA certificate (CA:TRUE); a server needs its own"), "{told}");
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
        format!("{url}/x could not be reached securely: the port does not speak TLS; should the URL begin with http?")
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

/// A certificate for this name by nobody but itself, and its key, in files of their own.
fn files(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([name.to_owned()]).unwrap().self_signed(&key).unwrap();
    let (certificate_file, key_file) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
    std::fs::write(&certificate_file, certificate.pem()).unwrap();
    std::fs::write(&key_file, key.serialize_pem()).unwrap();
    (certificate_file, key_file)
}

#[test]
fn a_file_that_is_of_no_use_is_named_with_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = files(folder.path(), "one");
    let (other, _) = files(folder.path(), "two");
    let (none, text) = (folder.path().join("none"), folder.path().join("text"));
    std::fs::write(&text, "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n").unwrap();
    let told = |ca: Option<&Path>, identity: Option<(&Path, &Path)>| {
        let access = Access { ca_file: ca, identity, keys: TlsKeys::Instances, ..Access::default() };
        fetcher_with("https://localhost", &access).map_or_else(|error| error.to_string(), |_| "fine".to_owned())
    };
    assert_eq!(told(Some(&certificate), Some((&certificate, &key))), "fine");
    for (ca, identity, expected) in [
        (Some(&*none), None, "`instances.ca_file`: `"),
        (Some(&*text), None, "` is not PEM: "),
        (Some(&*key), None, "` holds no certificate"),
        (None, Some((&*none, &*key)), "`instances.tls_certificate`: `"),
        (None, Some((&*text, &*key)), "` is not PEM: "),
        (None, Some((&*key, &*key)), "` holds no certificate"),
        (None, Some((&*certificate, &*none)), "`instances.tls_key`: `"),
        (None, Some((&*certificate, &*certificate)), "` holds no private key"),
        (None, Some((&*other, &*key)), "` does not belong to the certificate: "),
    ] {
        let told = told(ca, identity);
        assert!(told.contains(expected), "{told}");
    }
    // Without TLS none of them is of use, and none is read.
    let access = Access { ca_file: Some(&none), ..Access::default() };
    assert!(fetcher_with("http://localhost", &access).is_ok());
    assert!(matches!(
        fetcher_with("http://localhost", &Access { host: Some("a\nb"), ..Access::default() }),
        Err(ClientError::Header("instances.host"))
    ));
}

#[tokio::test]
async fn a_server_goes_by_the_name_that_it_is_told_for_its_host_header_its_certificate_and_its_redirects() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = files(folder.path(), "shop.internal");
    let chain = vec![rustls::pki_types::pem::PemObject::from_pem_file(&certificate).unwrap()];
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, rustls::pki_types::pem::PemObject::from_pem_file(&key).unwrap())
        .unwrap();
    let tls = Some(TlsAcceptor::from(Arc::new(config)));
    let there = answer("307 Temporary Redirect", "location: https://shop.internal/x/\r\n", "");
    let server = Server::start_with(vec![there, answer("200 OK", "", "")], Then::KeepOpen, tls).await;
    for (host, name) in [("127.0.0.1", "shop.internal"), ("localhost", "shop.internal:8443")] {
        server.requests.lock().unwrap().clear();
        let access =
            Access { ca_file: Some(&certificate), host: Some(name), keys: TlsKeys::Instances, ..Access::default() };
        let url = format!("https://{host}:{}", server.addr.port());
        let fetcher = fetcher_with(&url, &access).unwrap();
        assert_eq!(get(&fetcher).await.unwrap(), 200);
        assert_eq!(fetcher.url().as_str(), format!("{url}/x"), "as it is configured");
        let requests = server.requests.lock().unwrap().clone();
        assert!(requests.iter().all(|head| head.contains(&format!("host: {name}\r\n"))), "{requests:?}");
        assert!(requests[1].starts_with("GET /x/ HTTP/1.1\r\n"), "{requests:?}");
    }
    let access = Access { ca_file: Some(&certificate), keys: TlsKeys::Instances, ..Access::default() };
    let told = get(&fetcher_with(&format!("https://127.0.0.1:{}", server.addr.port()), &access).unwrap()).await;
    let told = told.unwrap_err().to_string();
    assert!(told.ends_with("for another host name: set `instances.host` to the name in it"), "{told}");
}

#[tokio::test]
async fn a_redirect_to_the_name_that_a_server_was_told_stays_on_that_server() {
    for (location, leads) in [
        ("http://shop.example/x/?a=b", Some("GET /x/?a=b HTTP/1.1\r\n")),
        ("http://shop.example:8080/x/", Some("GET /x/ HTTP/1.1\r\n")),
        ("https://shop.example/x/", None),
        ("http://other.example/x/", None),
    ] {
        let there = answer("302 Found", &format!("location: {location}\r\n"), "");
        let server = Server::start(vec![there, answer("200 OK", "", "")], Then::KeepOpen).await;
        let access = Access { host: Some("shop.example:8080"), ..Access::default() };
        let asked = get(&fetcher_with(&format!("http://{}", server.addr), &access).unwrap()).await;
        match leads {
            Some(head) => {
                assert_eq!(asked.unwrap(), 200);
                assert!(server.requests.lock().unwrap()[1].starts_with(head));
            }
            None => assert!(matches!(asked, Err(FetchError::OtherHost { .. })), "{location}"),
        }
    }
}

/// An instance that is asked so often, one after the other.
async fn ask_often(server: &Server, times: usize, connection: Connection) -> Vec<Result<Vec<u8>, String>> {
    let access = Access { keys: TlsKeys::Instances, ..Access::default() };
    let fetcher = fetcher_with(&format!("http://{}", server.addr), &access).unwrap();
    let mut answers = Vec::new();
    for _ in 0..times {
        let read = |answer: Answer| async move { Ok::<_, FetchError>(answer.body(1 << 20).await) };
        let answer = fetcher.get(None, connection, fetcher.turn().await, read).await;
        let body = answer.map_err(|error| error.to_string());
        answers.push(body.and_then(|body| body.map(Option::unwrap_or_default).map_err(|broken| broken.to_string())));
    }
    answers
}

#[tokio::test]
async fn an_instance_has_one_connection_and_is_told_who_asks() {
    let server = Server::start(vec![answer("200 OK", "", "fine")], Then::KeepOpen).await;
    assert_eq!(ask_often(&server, 3, Connection::Kept).await, vec![Ok(b"fine".to_vec()); 3]);
    assert_eq!(server.connections.load(std::sync::atomic::Ordering::SeqCst), 1);
    let head = server.requests.lock().unwrap()[2].to_ascii_lowercase();
    let host = format!("host: {}\r\n", server.addr);
    for line in ["get /x http/1.1\r\n", &host, "accept: */*\r\n", "user-agent: switchback/"] {
        assert!(head.contains(line), "{line:?} in {head}");
    }
    assert!(!head.contains("connection:"), "{head}");
}

#[tokio::test]
async fn a_connection_that_its_server_has_closed_is_replaced() {
    let server = Server::start(vec![answer("200 OK", "", "fine")], Then::Close).await;
    assert_eq!(ask_often(&server, 3, Connection::Kept).await, vec![Ok(b"fine".to_vec()); 3]);
    assert_eq!(server.connections.load(std::sync::atomic::Ordering::SeqCst), 3);
    let server = Server::start(vec![answer("200 OK", "", "fine")], Then::KeepOpen).await;
    assert_eq!(ask_often(&server, 3, Connection::Closed).await, vec![Ok(b"fine".to_vec()); 3]);
    assert_eq!(server.connections.load(std::sync::atomic::Ordering::SeqCst), 3, "and so is one that is not to be kept");
    assert!(server.requests.lock().unwrap()[0].contains("connection: close\r\n"));
}

#[tokio::test]
async fn only_a_connection_on_which_an_answer_can_follow_is_used_again() {
    let fine = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine";
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nfi\r\n2\r\nne\r\n0\r\ntrailer: x\r\n\r\n";
    for (bytes, connections) in [
        (fine.to_vec(), 1),
        (chunked.to_vec(), 1),
        ([&fine[..], b"HTTP/1.1 500 Nobody Asked\r\ncontent-length: 0\r\n\r\n"].concat(), 3),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nfine".to_vec(), 3),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\nfine".to_vec(), 3),
    ] {
        let server = Server::start(vec![bytes.clone()], Then::KeepOpen).await;
        let told = String::from_utf8_lossy(&bytes);
        assert_eq!(ask_often(&server, 3, Connection::Kept).await, vec![Ok(b"fine".to_vec()); 3], "{told}");
        assert_eq!(server.connections.load(std::sync::atomic::Ordering::SeqCst), connections, "{told}");
    }
}

#[tokio::test]
async fn what_a_server_says_unasked_is_no_answer_and_a_request_is_not_sent_twice_for_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (said, mut unasked) = tokio::sync::mpsc::channel(8);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let said = said.clone();
            tokio::spawn(async move {
                let mut request = [0; 1024];
                while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine").await.unwrap();
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    stream.write_all(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 4\r\n\r\nlate").await.unwrap();
                    said.send(()).await.unwrap();
                }
            });
        }
    });
    let access = Access { keys: TlsKeys::Instances, ..Access::default() };
    let fetcher = fetcher_with(&format!("http://{addr}"), &access).unwrap();
    for _ in 0..3 {
        assert_eq!(get_whole(&fetcher).await, b"fine");
        unasked.recv().await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(fetcher.tally().requests().most, 3);
}

#[tokio::test]
async fn so_many_requests_are_under_way_at_once_and_one_that_hangs_is_in_nobodys_way() {
    let server = Server::start(vec![answer("200 OK", "", "fine")], Then::KeepOpen).await;
    let fetcher = fetcher(&format!("http://{}", server.addr));
    let mut all = Vec::new();
    while lanes::free() > 0 {
        all.push(free_lane().await);
    }
    assert!(timeout(10 * LANE, get(&fetcher)).await.is_err(), "it waits for a lane");
    drop(all);
    assert_eq!(get(&fetcher).await.unwrap(), 200);
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hanging =
        (0..100).map(|_| fetcher_with(&format!("http://{}", silent.local_addr().unwrap()), &Access::default()));
    let hanging: Vec<_> = hanging.map(|one| tokio::spawn(async move { get(&one.unwrap()).await })).collect();
    tokio::task::yield_now().await;
    assert_eq!(get(&fetcher).await.unwrap(), 200);
    assert!(hanging.iter().all(|one| !one.is_finished()));
}

#[tokio::test]
async fn whoever_waits_for_a_connection_that_hangs_is_in_nobodys_way_either() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let fetchers = (0..100).map(|_| Arc::new(fetcher(&format!("http://{}", silent.local_addr().unwrap()))));
    let fetchers: Vec<_> = fetchers.collect();
    let all = lanes::free();
    let asking = |one: &Arc<Fetcher>| {
        let one = Arc::clone(one);
        tokio::spawn(async move { get(&one).await })
    };
    let _hanging: Vec<_> = fetchers.iter().map(asking).collect();
    let is_asked = |one: &Arc<Fetcher>| one.tally().requests().most == 1;
    while !fetchers.iter().all(is_asked) || lanes::free() < all {
        tokio::time::sleep(LANE).await;
    }
    let _waiting: Vec<_> = fetchers.iter().map(asking).collect();
    for _ in 0..10 {
        tokio::task::yield_now().await;
        assert_eq!(lanes::free(), all);
    }
}

/// What a server does that closes connections without a word: the next request on it is answered with a reset.
#[tokio::test]
async fn a_connection_that_is_reset_when_it_is_used_again_is_replaced() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine").await;
                let _ = stream.read(&mut request).await;
                let _ = stream.set_zero_linger();
            });
        }
    });
    // With a connection of its own, and with a pool.
    for keys in [TlsKeys::Instances, TlsKeys::Prometheus] {
        let access = Access { keys, ..Access::default() };
        let fetcher = fetcher_with(&format!("http://{addr}"), &access).unwrap();
        for _ in 0..3 {
            assert_eq!(get_whole(&fetcher).await, b"fine");
        }
    }
    serving.abort();
}

#[tokio::test]
async fn a_redirect_is_followed_over_the_same_connection() {
    let moved = answer("302 Found", "location: /y?z=1\r\n", "moved");
    let server = Server::start(vec![moved, answer("200 OK", "", "fine")], Then::KeepOpen).await;
    assert_eq!(ask_often(&server, 1, Connection::Kept).await, [Ok(b"fine".to_vec())]);
    assert_eq!(server.connections.load(std::sync::atomic::Ordering::SeqCst), 1);
    assert!(server.requests.lock().unwrap()[1].starts_with("GET /y?z=1 HTTP/1.1\r\n"));
}

#[tokio::test]
async fn what_is_no_answer_is_said_in_words() {
    let ask = async |bytes: &[u8]| {
        let server = Server::once(bytes).await;
        let told = ask_often(&server, 1, Connection::Kept).await.remove(0).expect_err("no answer");
        told.replace(&server.addr.to_string(), "ADDRESS")
    };
    let long = answer("200 OK", &format!("x: {}\r\n", "y".repeat(100_000)), "");
    assert_eq!(ask(b"SSH-2.0-OpenSSH\r\n").await, "http://ADDRESS/x could not be read: invalid HTTP version parsed");
    assert_eq!(ask(&long).await, "http://ADDRESS/x could not be read: message head is too large");
    assert_eq!(ask(b"").await, "http://ADDRESS/x could not be read: connection closed before message completed");
    let cut = ask(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfour").await;
    assert!(cut.contains("error reading a body"), "{cut}");
}
