//! The end of the server.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::harness::{Harness, places};
use crate::io::control::{StreamEnd, StreamItem};

#[tokio::test]
async fn the_end_reaches_everybody_before_the_server_is_gone() {
    let mut harness = Harness::start().await;
    let mut streams = Vec::new();
    for _ in 0..10 {
        streams.push(harness.client.events(0).await.unwrap());
    }
    harness.publish(0..60);
    harness.hub.finish(StreamEnd::Stopped { why: "SIGTERM".to_owned() });
    let Harness { server, socket, .. } = harness;
    let stopping = tokio::spawn(server.stop());
    for mut events in streams {
        assert_eq!(places(&mut events, 60).await.len(), 60);
        assert!(matches!(events.next().await, Ok(StreamItem::End(StreamEnd::Stopped { .. }))));
    }
    stopping.await.unwrap();
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_client_that_takes_nothing_does_not_keep_the_server_from_its_end() {
    let mut harness = Harness::start().await;
    let mut deaf = UnixStream::connect(&harness.socket).await.unwrap();
    deaf.write_all(b"GET /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut idle = UnixStream::connect(&harness.socket).await.unwrap();
    harness.publish(0..200);
    harness.server.stop().await;
    let mut nothing = Vec::new();
    idle.read_to_end(&mut nothing).await.unwrap();
    assert!(nothing.is_empty());
    drop(deaf);
}
