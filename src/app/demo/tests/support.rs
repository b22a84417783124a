//! Asking, waiting and reading pages.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Method, Request, Response};
use tokio::time::{Instant, sleep};

use super::super::http::{Client, FetchError};

const LIMIT: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// One request on a connection of its own.
pub async fn ask(method: Method, addr: SocketAddr, path: &str) -> Result<Response<Bytes>, FetchError> {
    let uri = format!("http://{addr}{path}");
    let request = Request::builder().method(method).uri(uri).body(Bytes::new()).unwrap();
    Client::new().unwrap().fetch(request, LIMIT).await
}

/// Status and body of one GET.
pub async fn get(addr: SocketAddr, path: &str) -> (u16, String) {
    let answer = ask(Method::GET, addr, path).await.unwrap();
    (answer.status().as_u16(), String::from_utf8(answer.into_body().to_vec()).unwrap())
}

/// Whether nothing listens on the port.
pub async fn refuses(addr: SocketAddr) -> bool {
    let refused = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionRefused;
    tokio::net::TcpStream::connect(addr).await.as_ref().is_err_and(refused)
}

/// The sum of the samples on a metrics page whose line contains every one of `parts`.
pub fn sum(page: &str, parts: &[&str]) -> u64 {
    let samples = page.lines().filter(|line| !line.starts_with('#') && parts.iter().all(|part| line.contains(part)));
    samples.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

/// Requests counted by one instance.
pub async fn counted(addr: SocketAddr) -> u64 {
    sum(&get(addr, "/metrics").await.1, &["http_requests_total"])
}

/// Waits until the condition holds; gives up long after it should have.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        sleep(LOOK_EVERY).await;
    }
}

/// Waits until nothing listens on the port.
pub async fn gone(addr: SocketAddr) {
    let begun = Instant::now();
    while !refuses(addr).await {
        assert!(begun.elapsed() < PATIENCE, "{addr} never refused");
        sleep(LOOK_EVERY).await;
    }
}

/// Waits until something listens on the port.
pub async fn back(addr: SocketAddr) {
    let begun = Instant::now();
    while refuses(addr).await {
        assert!(begun.elapsed() < PATIENCE, "{addr} never listened");
        sleep(LOOK_EVERY).await;
    }
}
