//! Whole runs over loopback.

use std::path::Path;

use super::*;
use crate::app::headless::Observer;
use crate::config::{Inputs, Loaded, load};
use crate::core::soak::Event;
use crate::io::ports::Ports;
use crate::io::source::testing::{Server, Then, answer};
use crate::model::{Actor, Color, Outcome};

fn loaded(folder: &Path, green: &Server, more: &[(&str, &str)]) -> Loaded {
    let green = format!("http://{}", green.addr);
    let pairs = [("colors.green.instances", green.as_str())].into_iter().chain(more.iter().copied());
    let flags = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    load(Inputs { flags, folder: folder.to_owned(), ..Inputs::default() }).unwrap()
}

async fn switch(loaded: &Loaded) -> Finished {
    let begin = Begin::Switch { to: Color::Green, soak: false, no_rollback: false, force: false };
    match open(&Ports::real(), loaded, begin, Actor::Operator("ann@host".to_owned()), &|_| ()).await.unwrap() {
        Opening::Ready(opened) => run(*opened, OnSignal::Abort, None).await,
        Opening::Ended { ending, .. } => panic!("ended before it began: {}", ending.reason),
    }
}

#[tokio::test]
async fn a_target_that_becomes_ready_is_not_kept_waiting_for_the_next_sample() {
    let tmp = tempfile::tempdir().unwrap();
    let (starting, ready) = (answer("503 Service Unavailable", "", ""), answer("200 OK", "", "ok"));
    // The first round asks for readiness and for metrics.
    let green = Server::start(vec![starting.clone(), starting, ready], Then::KeepOpen).await;
    let patience = [("soak.window", "1h"), ("soak.interval", "5m"), ("health.switch_timeout", "20s")];
    let Finished::Ended(ending) = switch(&loaded(tmp.path(), &green, &patience)).await else { panic!() };
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::Switched, 0), "{}", ending.reason);
}

#[tokio::test]
async fn a_state_file_that_cannot_be_read_is_told_once_while_the_watch_goes_on() {
    let tmp = tempfile::tempdir().unwrap();
    let green = Server::start(vec![answer("200 OK", "", "")], Then::KeepOpen).await;
    let state_file = tmp.path().join(".deployment-state.json");
    std::fs::write(&state_file, r#"{"activeColor":"green","lastSwitch":10,"previousColor":"blue"}"#).unwrap();
    let loaded = loaded(tmp.path(), &green, &[("soak.window", "1h"), ("soak.interval", "100ms")]);
    let opened =
        open(&Ports::real(), &loaded, Begin::Soak, Actor::Operator("ann@host".to_owned()), &|_| ()).await.unwrap();
    let Opening::Ready(opened) = opened else { panic!() };
    std::fs::write(&state_file, "{").unwrap();
    let (observer, events) = std::sync::mpsc::sync_channel(1_000);
    let observer: Observer = Box::new(move |envelope, _, _| observer.try_send(envelope.clone()).is_ok());
    let running = tokio::spawn(run(*opened, OnSignal::Abort, Some(observer)));
    let told = tokio::task::spawn_blocking(move || {
        let mut told = Vec::new();
        let mut readings = 0;
        while readings < 4 {
            match events.recv().unwrap().event {
                Event::RouterObserved { .. } => readings += 1,
                Event::Trouble { what } if what.starts_with("cannot tell where traffic is") => told.push(what),
                _ => {}
            }
        }
        told
    });
    let told = told.await.unwrap();
    running.abort();
    assert!(matches!(&told[..], [one] if one.contains("is corrupt")), "{told:?}");
}

#[tokio::test]
async fn the_page_that_confirms_moves_is_read_afresh_with_its_credentials() {
    let tmp = tempfile::tempdir().unwrap();
    let green = Server::start(Vec::new(), Then::KeepOpen).await;
    let url = "http://ann:hunter2@127.0.0.1:8080/version";
    let loaded = loaded(tmp.path(), &green, &[("router.probe_url", url), ("router.probe_header", "X-Color")]);
    let recorded = prepare::recorded_config(&loaded);
    assert!(recorded.iter().all(|(key, _)| !key.starts_with("router.probe_")), "{recorded:?}");
    let config = prepare::began_with(&recorded, &loaded.config).unwrap();
    assert_eq!(config.router.probe.unwrap().url.credentials(), Some(("ann", Some("hunter2"))));
}
