//! Over TCP: whoever floods the port keeps nobody from the monitor.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::harness::places;
use super::network::{Door, OPERATOR, VIEWER, bearer};

/// Less than a client may take to send its request.
const AT_ONCE: Duration = Duration::from_secs(9);
/// Nothing that is waited for takes nearly as long.
const LIMIT: Duration = Duration::from_mins(1);

#[tokio::test]
async fn idle_connections_keep_no_operator_waiting() {
    let door = Door::open().await;
    let mut idle = Vec::new();
    for _ in 0..300 {
        idle.push(TcpStream::connect(door.address).await.unwrap());
    }
    let answer = timeout(AT_ONCE, door.ask("GET", "/v1/status", &bearer(OPERATOR), "")).await;
    assert_eq!(answer.unwrap().0, 200);
}

#[tokio::test]
async fn event_streams_over_the_network_take_no_place_of_the_socket() {
    let mut door = Door::open().await;
    door.harness.publish(0..10);
    let viewer = door.client("http", None, Some(VIEWER));
    let mut streams = Vec::new();
    for _ in 0..64 {
        if let Ok(stream) = viewer.events(1).await {
            streams.push(stream);
        }
    }
    assert!(streams.len() >= 30, "{}", streams.len());
    let mut own = Vec::new();
    for _ in 0..64 {
        own.push(door.harness.client.events(1).await.unwrap());
    }
    assert_eq!(places(&mut own[0], 10).await.len(), 10);
    let operator = door.client("http", Some(OPERATOR), None);
    assert_eq!(places(&mut operator.events(1).await.unwrap(), 10).await.len(), 10, "nor of an operator there");
    assert_eq!(door.harness.client.status().await.unwrap()["activeColor"], "green");
}

#[tokio::test]
async fn a_client_that_takes_no_answers_is_cut_off() {
    let door = Door::open().await;
    let mut greedy = TcpStream::connect(door.address).await.unwrap();
    let request = format!("GET /v1/status HTTP/1.1\r\nhost: x\r\n{}\r\n", bearer(VIEWER)).repeat(100);
    let asking = async { while greedy.write_all(request.as_bytes()).await.is_ok() {} };
    timeout(LIMIT, asking).await.expect("it is never cut off");
}

#[tokio::test]
async fn of_too_many_from_one_address_the_oldest_that_has_shown_nothing_is_closed() {
    let door = Door::open().await;
    let mut first = TcpStream::connect(door.address).await.unwrap();
    let mut others = Vec::new();
    for _ in 0..32 {
        others.push(TcpStream::connect(door.address).await.unwrap());
    }
    let mut nothing = [0; 1];
    let ended = timeout(AT_ONCE, first.read(&mut nothing)).await.expect("it made room");
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
}
