use std::sync::atomic::Ordering;
use std::time::Duration;

use super::*;
use crate::http::NoAnswer;
use crate::source::testing::{Server, Then, answer, instance};

fn probe(instance: &InstanceUrl, timeout: Duration) -> Probe {
    let health = HealthConfig { path: "/health/ready".to_owned(), timeout, switch_timeout: timeout };
    Probe::new(instance, &health).unwrap()
}

async fn ask(answer: Vec<u8>) -> Result<(), ProbeError> {
    let server = Server::once(answer).await;
    probe(&server.instance(), Duration::from_secs(20)).probe().await
}

#[tokio::test]
async fn any_2xx_is_ready_whatever_the_body() {
    for status in ["200 OK", "204 No Content", "299 Whatever"] {
        ask(answer(status, "", "")).await.unwrap();
    }
    ask(answer("200 OK", "", vec![b'x'; 3 * MAX_BODY])).await.unwrap();
    ask(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ncut".to_vec()).await.unwrap();
}

#[tokio::test]
async fn anything_else_is_not_ready_and_says_why() {
    for status in ["503 Service Unavailable", "404 Not Found", "304 Not Modified", "401 Unauthorized"] {
        let error = ask(answer(status, "", "")).await.unwrap_err();
        assert!(error.to_string().ends_with(&format!("/health/ready answered {status}")), "{error}");
    }
}

#[tokio::test]
async fn redirects_are_followed_on_the_same_server_only() {
    let there = answer("302 Found", "location: /ready\r\n", "");
    let server = Server::start(vec![there, answer("200 OK", "", "")], Then::KeepOpen).await;
    probe(&server.instance(), Duration::from_secs(20)).probe().await.unwrap();
    assert!(server.requests.lock().unwrap()[1].starts_with("GET /ready HTTP/1.1\r\n"));

    let elsewhere = ask(answer("302 Found", "location: http://login.example/\r\n", "")).await.unwrap_err();
    assert!(matches!(elsewhere, ProbeError::Fetch(FetchError::OtherHost { .. })), "{elsewhere}");
}

#[tokio::test]
async fn silence_and_refusal_are_not_ready() {
    let server = Server::start(vec![vec![]], Then::KeepOpen).await;
    let error = probe(&server.instance(), Duration::from_millis(50)).probe().await.unwrap_err();
    assert_eq!(error.to_string(), format!("http://{}/health/ready did not answer within 50ms", server.addr));

    let refused = probe(&instance("http://127.0.0.1:1"), Duration::from_secs(20)).probe().await.unwrap_err();
    assert!(matches!(refused, ProbeError::Fetch(FetchError::NoAnswer { why: NoAnswer::Refused, .. })), "{refused}");
}

#[tokio::test]
async fn clones_share_one_connection_and_the_credentials_of_the_url() {
    let server = Server::start(vec![answer("200 OK", "", "up")], Then::KeepOpen).await;
    let probe = probe(&instance(&format!("http://u%40x:p%2Fw@{}", server.addr)), Duration::from_secs(20));
    for _ in 0..3 {
        probe.clone().probe().await.unwrap();
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
    let requests = server.requests.lock().unwrap();
    assert!(requests.iter().all(|head| head.contains("authorization: Basic dUB4OnAvdw==\r\n")), "{requests:?}");
}
