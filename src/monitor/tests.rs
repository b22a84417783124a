//! Whole runs over loopback.

use std::path::Path;

use super::*;
use crate::config::{Inputs, Loaded, load};
use crate::soak::{Actor, Outcome};
use crate::source::testing::{Server, Then, answer};

fn loaded(folder: &Path, green: &Server, more: &[(&str, &str)]) -> Loaded {
    let green = format!("http://{}", green.addr);
    let pairs = [("colors.green.instances", green.as_str())].into_iter().chain(more.iter().copied());
    let flags = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    load(Inputs { flags, folder: folder.to_owned(), ..Inputs::default() }).unwrap()
}

async fn switch(loaded: &Loaded) -> Finished {
    let begin = Begin::Switch { to: None, soak: false };
    match open(loaded, begin, Actor::Operator("ann@host".to_owned()), |_| ()).await.unwrap() {
        Opening::Ready(opened) => run(*opened, Vec::new()).await,
        Opening::AlreadyActive(color) => panic!("{color} is active already"),
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
