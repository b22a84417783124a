//! Event streams.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::harness::{Harness, KEPT, places};
use crate::io::control::{ClientError, StreamEnd, StreamItem};
use crate::model::{Cause, Ending, Outcome};

#[tokio::test]
async fn a_stream_is_the_recording_then_what_is_kept_then_live_without_gap_or_repetition() {
    let mut harness = Harness::start().await;
    harness.publish(0..150);
    let mut all = harness.client.events(0).await.unwrap();
    let mut later = harness.client.events(100).await.unwrap();
    assert_eq!(places(&mut all, 150).await, (1..=150).collect::<Vec<_>>());
    assert_eq!(places(&mut later, 51).await, (100..=150).collect::<Vec<_>>());
    harness.publish(150..160);
    assert_eq!(places(&mut all, 10).await, (151..=160).collect::<Vec<_>>());
    assert_eq!(places(&mut later, 10).await, (151..=160).collect::<Vec<_>>());
}

#[tokio::test]
async fn many_clients_get_everything_and_the_end_with_its_outcome() {
    let mut harness = Harness::start().await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(harness.client.events(0).await.unwrap());
    }
    harness.publish(0..50);
    let ending = Ending { outcome: Outcome::RolledBack, cause: Cause::Auto, reason: "bad".to_owned() };
    harness.hub.finish(StreamEnd::Ended(ending.clone()));
    for mut events in clients {
        assert_eq!(places(&mut events, 50).await.len(), 50);
        let StreamItem::End(end) = events.next().await.unwrap() else { panic!("no end") };
        assert_eq!((end.exit_code(), end), (3, StreamEnd::Ended(ending.clone())));
    }
}

#[tokio::test]
async fn what_is_neither_recorded_nor_kept_is_told_and_a_new_stream_goes_on_behind_it() {
    let mut harness = Harness::start().await;
    harness.publish(0..10);
    harness.publish_only(10..40);
    harness.publish(40..40 + KEPT);
    let mut events = harness.client.events(0).await.unwrap();
    assert_eq!(places(&mut events, 10).await.len(), 10);
    let StreamItem::Dropped(why) = events.next().await.unwrap() else { panic!("not dropped") };
    assert_eq!(why, "events 11 to 40 are neither in the recording nor in memory");
    let mut again = harness.client.events(41).await.unwrap();
    assert_eq!(places(&mut again, 3).await, [41, 42, 43]);
}

#[tokio::test]
async fn an_event_that_the_recorder_has_not_written_yet_is_waited_for() {
    let mut harness = Harness::start().await;
    harness.publish(0..10);
    harness.publish_only(10..10 + KEPT + 5);
    let mut events = harness.client.events(0).await.unwrap();
    assert_eq!(places(&mut events, 10).await.len(), 10);
    for envelope in &harness.events[10..15 + KEPT] {
        harness.writer.write(envelope).unwrap();
    }
    assert_eq!(places(&mut events, 5).await, [11, 12, 13, 14, 15]);
}

#[tokio::test]
async fn a_damaged_recording_ends_the_stream_with_its_line() {
    let mut harness = Harness::start().await;
    harness.publish(0..10);
    let mut text = std::fs::read_to_string(harness.recording()).unwrap();
    text.insert_str(text.find("\"seq\":5,").unwrap(), "###");
    std::fs::write(harness.recording(), text).unwrap();
    harness.publish_only(10..10 + KEPT);
    let mut events = harness.client.events(0).await.unwrap();
    assert_eq!(places(&mut events, 4).await, [1, 2, 3, 4]);
    let StreamItem::Dropped(why) = events.next().await.unwrap() else { panic!("not dropped") };
    assert!(why.contains("line 6 of the recording") && why.contains("is damaged"), "{why}");
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off_and_the_others_get_everything() {
    let mut harness = Harness::start().await;
    let mut deaf = UnixStream::connect(&harness.socket).await.unwrap();
    deaf.write_all(b"GET /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut listening = harness.client.events(0).await.unwrap();
    // More than a socket's buffers hold: nobody waits for the deaf one.
    let mut envelope = harness.events[1].clone();
    for seq in 1..=20_000 {
        envelope.seq = seq;
        harness.writer.write(&envelope).unwrap();
        harness.hub.publish(&envelope, serde_json::to_vec(&envelope).unwrap().into());
        if seq % 32 == 0 {
            assert_eq!(places(&mut listening, 32).await.last(), Some(&seq));
        }
    }
    let dropped = "switchback_clients_dropped_total 1";
    while !harness.hub.metrics().contains(dropped) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut rest = Vec::new();
    // What was on its way can still be read, then the connection is closed.
    let _ = deaf.read_to_end(&mut rest).await;
    assert!(rest.len() < 4_000_000, "{} bytes were kept for it", rest.len());
}

#[tokio::test]
async fn a_client_that_dies_makes_room_for_others() {
    let harness = Harness::start().await;
    for _ in 0..3 {
        let mut streams = Vec::new();
        for _ in 0..64 {
            streams.push(harness.client.events(0).await.unwrap());
        }
        let refused = harness.client.events(0).await.unwrap_err().to_string();
        assert!(refused.contains("64 clients already follow the events, the limit"), "{refused}");
        drop(streams);
        while !harness.hub.metrics().contains("switchback_clients 0\n") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test]
async fn a_silent_monitor_is_taken_for_dead_and_one_without_news_is_not() {
    let harness = Harness::start().await;
    let quiet = harness.client.events(0).await.unwrap();
    let mut quiet = quiet.with_silence(Duration::from_millis(400));
    assert!(matches!(quiet.next().await, Ok(StreamItem::Header(_))));
    let waited = tokio::time::timeout(Duration::from_secs(1), quiet.next()).await;
    assert!(waited.is_err(), "it says that it is alive: {waited:?}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dead.sock");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nevent: later\ndata: x\n\n")
            .await
            .unwrap();
        std::future::pending::<()>().await;
    });
    let dead = crate::io::control::Client::new(&path).events(0).await.unwrap();
    let error = dead.with_silence(Duration::from_millis(100)).next().await.unwrap_err();
    assert!(matches!(error, ClientError::Timeout), "{error}");
}
