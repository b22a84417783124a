use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::core::soak::testing::{HEALTHY, Harness, settings};
use crate::core::soak::{ClockOrigin, RecordingHeader, Refusal};
use crate::core::view::View;
use crate::io::control::{ControlSocket, Hub, Order, Server};
use crate::model::{Cause, Ending, Outcome};

/// A monitor's side of the API, with a run that is one second old.
async fn monitor(folder: &Path) -> (Server, Hub, mpsc::Receiver<Order>) {
    let header = RecordingHeader::new(settings(), Vec::new(), ClockOrigin { boot: "b".to_owned(), origin_ms: 0 });
    let (hub, orders) = Hub::new(2, false, &header, folder.join("recording.jsonl"), View::new(settings()));
    let mut harness = Harness::new(settings());
    harness.second(HEALTHY);
    for envelope in &harness.log {
        hub.publish(envelope, serde_json::to_vec(envelope).unwrap().into());
    }
    let socket = ControlSocket::bind(&folder.join("control.sock"), None).await.unwrap();
    let status = Arc::new(|| -> std::pin::Pin<Box<dyn Future<Output = _> + Send>> {
        Box::pin(async { Err("not asked for here".to_owned()) })
    });
    (Server::start(Some(socket), None, hub.clone(), status), hub, orders)
}

fn live(folder: &Path) -> Live {
    Live::new(Client::new(&folder.join("control.sock")), Actor::Operator("ana@laptop".to_owned()))
}

fn follow(folder: &Path) -> mpsc::Receiver<Item> {
    let (sender, items) = mpsc::channel(1_024);
    let live = live(folder);
    tokio::spawn(async move { live.follow(sender).await });
    items
}

/// The kinds of the next items, one letter each, up to and with the first of this kind.
async fn up_to(items: &mut mpsc::Receiver<Item>, last: char) -> String {
    let mut seen = String::new();
    while !seen.ends_with(last) {
        seen.push(match items.recv().await.unwrap_or_else(|| panic!("the items ended after {seen}")) {
            Item::Header(_) => 'H',
            Item::Event(_) => 'e',
            Item::Lost(_) => 'L',
            Item::Ended(_) => 'E',
            Item::Stopped(_) => 'S',
        });
    }
    seen
}

fn private_folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn a_run_is_followed_from_its_first_event_to_its_end() {
    let folder = private_folder();
    let (_server, hub, _orders) = monitor(folder.path()).await;
    let mut items = follow(folder.path());
    let ending = Ending { outcome: Outcome::Retained, cause: Cause::Auto, reason: "well".to_owned() };
    hub.finish(StreamEnd::Ended(ending));
    let seen = up_to(&mut items, 'E').await;
    assert!(seen.starts_with("Hee"), "{seen}");
    assert_eq!(items.recv().await, None, "nothing follows the end");
}

#[tokio::test]
async fn a_monitor_that_was_stopped_is_told_with_its_reason() {
    let folder = private_folder();
    let (_server, hub, _orders) = monitor(folder.path()).await;
    let mut items = follow(folder.path());
    hub.finish(StreamEnd::Stopped { why: "SIGTERM".to_owned() });
    let seen = up_to(&mut items, 'S').await;
    assert!(seen.starts_with("Hee"), "{seen}");
}

#[tokio::test]
async fn a_monitor_that_comes_back_is_followed_again_from_the_first_event() {
    let folder = private_folder();
    let mut items = follow(folder.path());
    assert_eq!(up_to(&mut items, 'L').await, "L", "there is none yet");
    let (_server, hub, _orders) = monitor(folder.path()).await;
    hub.finish(StreamEnd::Stopped { why: "SIGTERM".to_owned() });
    let seen = up_to(&mut items, 'S').await;
    assert!(seen.trim_start_matches('L').starts_with("Hee"), "{seen}");
}

#[tokio::test]
async fn nobody_is_asked_any_more_once_nobody_looks() {
    let folder = private_folder();
    let (sender, items) = mpsc::channel(1);
    drop(items);
    live(folder.path()).follow(sender.clone()).await;
    let (_server, _hub, _orders) = monitor(folder.path()).await;
    live(folder.path()).follow(sender).await;
}

#[tokio::test]
async fn an_order_goes_out_in_the_operator_s_name_and_its_refusal_comes_back() {
    let folder = private_folder();
    let (_server, _hub, mut orders) = monitor(folder.path()).await;
    let answering = tokio::spawn(async move {
        let order = orders.recv().await.unwrap();
        // Behind it stands who that is by the kernel's word.
        assert!(order.actor.to_string().starts_with("operator:ana@laptop"), "{}", order.actor);
        assert_eq!((order.action, order.reason.as_deref()), (Action::Abort, Some("bad plan")));
        order.answer.send(Ok(7)).unwrap();
        let order = orders.recv().await.unwrap();
        order.answer.send(Err(Refusal::Over)).unwrap();
    });
    let live = live(folder.path());
    assert_eq!(live.act(Action::Abort, Some("bad plan".to_owned())).await, Ok(()));
    assert_eq!(live.act(Action::Keep, None).await, Err("the soak is over".to_owned()));
    answering.await.unwrap();
}
