use std::sync::atomic::Ordering;
use std::time::Duration;

use super::*;
use crate::io::http::NoAnswer;
use crate::io::source::testing::{Server, Then, answer, instance};

fn probe(instance: &InstanceUrl, timeout: Duration) -> Probe {
    let health = HealthConfig { path: "/health/ready".to_owned(), timeout, ..HealthConfig::default() };
    Probe::new(instance, &health, &config::Access::default()).unwrap()
}

async fn ask(answer: Vec<u8>) -> Result<Ready, ProbeError> {
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
        assert!(error.to_string().contains(&format!("/health/ready answered {status}")), "{error}");
        assert!(error.is_not_ready() && error.pause().is_none());
    }
}

#[tokio::test]
async fn a_question_that_was_wrong_names_the_key_to_set() {
    for (status, expected) in [
        ("404 Not Found", "set `health.path` to where the service says that it is ready"),
        ("401 Unauthorized", "set `health.bearer_token`, or user name and password in the instance's URL"),
        ("400 Bad Request", "`instances.host`"),
        ("421 Misdirected Request", "`instances.host`"),
    ] {
        let error = ask(answer(status, "", "")).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn too_many_requests_is_not_known_and_says_when_to_ask_again() {
    const LATER: &str = "retry-after: Wed, 21 Oct 2026 07:28:20 GMT\r\ndate: Wed, 21 Oct 2026 07:28:00 GMT\r\n";
    for (headers, wish, pause) in [
        ("", "", None),
        ("retry-after: 2\r\n", " (Retry-After: 2s)", Some(2)),
        ("Retry-After:  7 \r\n", " (Retry-After: 7s)", Some(7)),
        ("retry-after: 3600\r\n", " (Retry-After: 3600s)", Some(30)),
        (LATER, " (Retry-After: 20s)", Some(20)),
        ("retry-after: 86401\r\n", " (Retry-After: more than a day)", Some(30)),
        ("retry-after: Wed, 21 Oct 2026 07:28:20 GMT\r\n", "", None),
        ("retry-after: soon\r\n", "", None),
        ("retry-after: -1\r\n", "", None),
    ] {
        let error = ask(answer("429 Too Many Requests", headers, "slow down")).await.unwrap_err();
        let expected = format!("/health/ready answered 429 Too Many Requests, so readiness is not known{wish}");
        assert!(error.to_string().ends_with(&expected), "{error}");
        assert_eq!((error.is_not_ready(), error.pause()), (false, pause.map(Duration::from_secs)), "{headers}");
    }
}

#[tokio::test]
async fn a_rate_limit_on_readiness_is_noticed_by_its_header() {
    for (headers, noticed) in [
        ("x-ratelimit-limit: 60\r\n", Some("x-ratelimit-limit: 60")),
        ("RateLimit-Policy: 100;w=60\r\n", Some("ratelimit-policy: 100;w=60")),
        ("RateLimit: \"default\";r=50;t=30\r\n", Some("ratelimit: \"default\";r=50;t=30")),
        ("X-Rate-Limit-Remaining: 3\r\n", Some("x-rate-limit-remaining: 3")),
        ("x-request-id: 7\r\n", None),
    ] {
        let ready = ask(answer("200 OK", headers, "")).await.unwrap();
        assert_eq!(ready.rate_limit.as_deref(), noticed, "{headers}");
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
    assert_eq!(
        error.to_string(),
        format!("http://{}/health/ready did not answer within 50ms (health.timeout)", server.addr)
    );

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
