//! Requests and their answers.

use std::path::Path;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::harness::{Harness, places};
use crate::config::{Inputs, load};
use crate::core::soak::{ForeignSeen, Refusal, RefusalCode};
use crate::io::control::caller::{Caller, Peer};
use crate::io::control::{Client, ClientError};
use crate::io::source::{Format, PageReader};
use crate::model::{Action, Actor, Color};

/// What a raw request is answered with: the status line's code and the body.
async fn ask(socket: &Path, request: &str) -> (u16, String) {
    let mut stream = UnixStream::connect(socket).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let code = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (code, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
}

fn post(body: &str) -> String {
    let length = body.len();
    format!(
        "POST /v1/actions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

fn ana() -> Actor {
    Actor::Operator("ana@deploy-1".to_owned())
}

#[tokio::test]
async fn the_status_is_that_of_the_command_and_503_where_it_cannot_be_told() {
    let harness = Harness::start().await;
    let status = harness.client.status().await.unwrap();
    assert_eq!((&status["activeColor"], &status["standby"]["ready"]), (&"green".into(), &true.into()));
    harness.break_state_file();
    let error = harness.client.status().await.unwrap_err().to_string();
    assert!(error.contains("is corrupt"), "{error}");
    assert_eq!(ask(&harness.socket, &get("/v1/status")).await.0, 503);
}

#[tokio::test]
async fn an_order_reaches_the_loop_with_actor_and_reason_and_is_answered() {
    let mut harness = Harness::start().await;
    let client = harness.client.clone();
    let ordering =
        tokio::spawn(async move { client.act(Action::Extend { by_ms: 300_000 }, &ana(), Some("slow")).await });
    let order = harness.orders.recv().await.unwrap();
    let vouched = Caller::Local(Peer { uid: rustix::process::geteuid().as_raw() })
        .actor(Some(Actor::Operator("ana@deploy-1".to_owned())));
    assert_eq!(
        (order.action, order.actor, order.reason.as_deref()),
        (Action::Extend { by_ms: 300_000 }, vouched, Some("slow"))
    );
    order.answer.send(Ok(42)).unwrap();
    assert_eq!(ordering.await.unwrap().unwrap(), 42);

    let client = harness.client.clone();
    let ordering = tokio::spawn(async move { client.act(Action::Abort, &ana(), None).await });
    harness.orders.recv().await.unwrap().answer.send(Err(Refusal::Over)).unwrap();
    let refused = ordering.await.unwrap().unwrap_err();
    assert!(matches!(&refused, ClientError::Refused { why, code: None } if why == "the soak is over"), "{refused}");
}

#[tokio::test]
async fn a_refusal_has_a_code_where_a_program_can_do_something_about_it() {
    let mut harness = Harness::start().await;
    let foreign = ForeignSeen { what: "the map holds `maintenance`".to_owned(), by_hand: "restore it".to_owned() };
    let refusals = [
        (Refusal::NoRollback { standby: Color::Blue }, "needs-force", RefusalCode::NeedsForce),
        (Refusal::RouterForeign(foreign), "router-foreign", RefusalCode::RouterForeign),
    ];
    for (refusal, word, code) in refusals {
        let why = refusal.to_string();
        let (socket, client) = (harness.socket.clone(), harness.client.clone());
        let asking = tokio::spawn(async move { ask(&socket, &post(r#"{"action":"rollback"}"#)).await });
        harness.orders.recv().await.unwrap().answer.send(Err(refusal.clone())).unwrap();
        let (status, body) = asking.await.unwrap();
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, body), (409, serde_json::json!({"error": why, "code": word})));

        let ordering = tokio::spawn(async move { client.act(Action::Rollback { force: false }, &ana(), None).await });
        harness.orders.recv().await.unwrap().answer.send(Err(refusal)).unwrap();
        let refused = ordering.await.unwrap().unwrap_err();
        assert!(matches!(&refused, ClientError::Refused { code: Some(seen), .. } if *seen == code), "{refused}");
        assert_eq!(refused.to_string(), why);
    }
}

#[tokio::test]
async fn without_an_actor_the_kernel_says_who_orders() {
    let mut harness = Harness::start().await;
    let socket = harness.socket.clone();
    let asking = tokio::spawn(async move { ask(&socket, &post(r#"{"action":"abort"}"#)).await });
    let order = harness.orders.recv().await.unwrap();
    let uid = rustix::process::geteuid().as_raw();
    assert!(order.actor.to_string().starts_with(&format!("operator:uid-{uid}@")), "{}", order.actor);
    order.answer.send(Ok(7)).unwrap();
    assert_eq!(asking.await.unwrap(), (202, r#"{"seq":7}"#.to_owned()));
}

#[tokio::test]
async fn an_order_that_nobody_takes_any_more_is_refused() {
    let harness = Harness::start().await;
    drop(harness.orders);
    let refused = harness.client.act(Action::Abort, &ana(), None).await.unwrap_err();
    assert!(matches!(&refused, ClientError::Refused { why, .. } if why == "the soak is over"), "{refused}");
}

#[tokio::test]
async fn a_job_of_a_ci_orders_in_its_own_name() {
    let mut harness = Harness::start().await;
    let client = harness.client.clone();
    let job = Actor::Ci("runner@vm, for ana".to_owned());
    let ordering = tokio::spawn(async move { client.act(Action::Abort, &job, None).await });
    let order = harness.orders.recv().await.unwrap();
    let actor = order.actor.to_string();
    assert!(actor.starts_with("ci:runner@vm, for ana (u"), "the kernel's word stands beside it: {actor}");
    order.answer.send(Ok(7)).unwrap();
    assert_eq!(ordering.await.unwrap().unwrap(), 7);
}

/// Answers one request after the other as a monitor does that takes no orders from `ci`, and returns their bodies.
async fn answer_like_an_older_monitor(listener: tokio::net::UnixListener, requests: usize) -> Vec<String> {
    let mut bodies = Vec::new();
    while bodies.len() < requests {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = String::new();
        while !request.ends_with('}') {
            let mut chunk = [0; 4096];
            let read = stream.read(&mut chunk).await.unwrap();
            request.push_str(std::str::from_utf8(&chunk[..read]).unwrap());
        }
        let body = request.split_once("\r\n\r\n").unwrap().1.to_owned();
        let (status, answer) = if body.contains(r#""ci:"#) {
            ("400 Bad Request", r#"{"error":"`ci:runner@vm` may not give orders"}"#)
        } else {
            ("202 Accepted", r#"{"seq":7}"#)
        };
        let length = answer.len();
        let answer = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{answer}");
        stream.write_all(answer.as_bytes()).await.unwrap();
        bodies.push(body);
    }
    bodies
}

#[tokio::test]
async fn an_older_monitor_takes_the_order_of_a_job_as_that_of_an_operator() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("control.sock");
    let monitor = tokio::spawn(answer_like_an_older_monitor(tokio::net::UnixListener::bind(&socket).unwrap(), 2));
    let job = Actor::Ci("runner@vm, for ana".to_owned());
    assert_eq!(Client::new(&socket).act(Action::Abort, &job, Some("slow")).await.unwrap(), 7);
    let orders = monitor.await.unwrap();
    assert!(orders[0].contains(r#""actor":"ci:runner@vm, for ana""#), "{orders:?}");
    assert!(orders[1].contains(r#""actor":"operator:runner@vm, for ana""#) && orders[1].contains("slow"), "{orders:?}");
}

#[tokio::test]
async fn rubbish_is_refused_with_what_is_wrong() {
    let harness = Harness::start().await;
    let long = format!(r#"{{"action":"abort","reason":"{}"}}"#, "x".repeat(501));
    let huge = "x".repeat(20_000);
    for (request, code, error) in [
        (get("/"), 404, "`/` is not a known path: expected /v1/status, /v1/events, /v1/actions, /metrics"),
        (get("/v1/actions"), 405, "`/v1/actions` takes POST"),
        (post("").replace("/v1/actions", "/v1/status"), 405, "`/v1/status` takes GET"),
        (get("/v1/events?since=soon"), 400, "`soon` is not a valid `since`: expected the number of an event"),
        (get("/v1/events?from=1"), 400, "`from` is not a known parameter: expected `since`"),
        (post("abort"), 400, "expected value at line 1"),
        (post(r#"{"action":"dance"}"#), 400, "`dance` is not a valid action"),
        (post(r#"{"action":"abort","force":true}"#), 400, "unknown field `force`"),
        (post(r#"{"action":"abort","actor":"auto"}"#), 400, "`auto` may not give orders"),
        (post(r#"{"action":"abort","actor":"operator:a\u001bb"}"#), 400, "`actor` has at most 500 characters"),
        (post(&long), 400, "`reason` has at most 500 characters"),
        (post(&huge), 400, "longer than 16384 bytes"),
    ] {
        let (answered, body) = ask(&harness.socket, &request).await;
        assert_eq!(answered, code, "{body}");
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert!(body["error"].as_str().unwrap().contains(error), "{body}");
    }
}

#[tokio::test]
async fn another_user_is_refused_and_root_is_not() {
    let harness = Harness::start_for(4_000_000_000).await;
    let status = harness.client.status().await;
    if rustix::process::geteuid().is_root() {
        status.unwrap();
    } else {
        assert!(matches!(status, Err(ClientError::Forbidden(_))), "{status:?}");
        let (code, body) = ask(&harness.socket, &get("/metrics")).await;
        assert!(code == 403 && body.contains("for the monitor's own user and for root"), "{body}");
    }
}

#[tokio::test]
async fn the_last_event_seen_is_as_good_as_since() {
    let mut harness = Harness::start().await;
    harness.publish(0..10);
    let mut stream = UnixStream::connect(&harness.socket).await.unwrap();
    let request = "GET /v1/events HTTP/1.1\r\nhost: localhost\r\nlast-event-id: 7\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = String::new();
    while !seen.contains("id: 10\n") {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.unwrap();
        seen.push_str(std::str::from_utf8(&chunk[..read]).unwrap());
    }
    assert!(seen.contains("event: header\n") && seen.contains("id: 8\n") && !seen.contains("id: 7\n"), "{seen}");
    let mut events = harness.client.events(9).await.unwrap();
    assert_eq!(places(&mut events, 2).await, [9, 10]);
}

#[tokio::test]
async fn nobody_there_is_told_from_something_else_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    let missing = Client::new(&path).status().await.unwrap_err();
    assert!(matches!(missing, ClientError::NotRunning { .. }), "{missing}");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let dead = Client::new(&path).status().await.unwrap_err();
    assert!(matches!(dead, ClientError::NotRunning { .. }), "{dead}");
    let below = Client::new(&path.join("x")).status().await.unwrap_err();
    assert!(matches!(below, ClientError::Io(_)), "{below}");
}

#[tokio::test]
async fn the_metrics_page_reads_back_with_our_own_reader() {
    let mut harness = Harness::start().await;
    harness.publish(0..200);
    let (code, page) = ask(&harness.socket, &get("/metrics")).await;
    assert_eq!(code, 200);
    for wanted in [
        r#"switchback_soak_phase{phase="watching"} 1"#,
        r#"switchback_check_threshold{check="error-rate"} 0.05"#,
        r#"switchback_scrapes_total{instance="http://green-1",result="good"}"#,
        "switchback_clients 0",
    ] {
        assert!(page.contains(wanted), "{wanted} is not in {page}");
    }
    let config = load(Inputs { folder: "/srv".into(), ..Inputs::default() }).unwrap().config;
    let mut reader = PageReader::new(&config.error_rate, measure::routes::Routes::default());
    reader.begin(Format::Text);
    reader.push(page.as_bytes()).unwrap();
    reader.finish(true).unwrap();
}
