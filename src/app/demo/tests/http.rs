use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::Request;
use axum::routing::get;
use tokio::task::JoinSet;

use super::super::http::{BODY_TIMEOUT, Client, FetchError, Port, serve};
use super::support::{ask, refuses};

#[tokio::test]
async fn a_reserved_port_refuses_until_somebody_listens_and_again_after() {
    let port = Port::reserve().unwrap();
    for _ in 0..3 {
        assert!(refuses(port.addr()).await);
        let listener = port.listen().unwrap();
        assert!(!refuses(port.addr()).await);
        drop(listener);
    }
    assert!(refuses(port.addr()).await);
}

#[tokio::test]
async fn a_reserved_port_is_given_to_nobody_else() {
    let port = Port::reserve().unwrap();
    assert!(std::net::TcpListener::bind(port.addr()).is_ok_and(|listener| {
        // Whoever names the port may have it; who asks for any port must not.
        drop(listener);
        (0..500).all(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap() != port.addr())
    }));
}

#[tokio::test]
async fn dropping_the_server_cuts_an_answer_under_way() {
    let port = Port::reserve().unwrap();
    let router = Router::new().route("/", get(std::future::pending::<String>));
    let mut server = JoinSet::new();
    let listener = port.listen().unwrap();
    server.spawn(serve(listener, router));
    let asked = tokio::spawn(ask(axum::http::Method::GET, port.addr(), "/"));
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.shutdown().await;
    assert!(matches!(asked.await.unwrap(), Err(FetchError::Unreachable(_))));
}

#[tokio::test]
async fn an_answer_that_never_comes_and_one_without_end_are_given_up() {
    let port = Port::reserve().unwrap();
    let router = Router::new()
        .route("/never", get(std::future::pending::<String>))
        .route("/huge", get(async || "x".repeat(BODY_TIMEOUT + 1)));
    let mut server = JoinSet::new();
    let listener = port.listen().unwrap();
    server.spawn(serve(listener, router));
    let fetch = async |path: &str, limit| {
        let uri = format!("http://{}{path}", port.addr());
        Client::new().unwrap().fetch(Request::get(uri).body(Bytes::new()).unwrap(), limit).await
    };
    assert!(matches!(fetch("/never", Duration::from_millis(50)).await, Err(FetchError::TimedOut)));
    assert!(matches!(fetch("/huge", Duration::from_secs(5)).await, Err(FetchError::Body(_))));
}
