//! Moves that are confirmed by what answers behind the proxy.

use std::time::Duration;

use super::testing::{Harness, bound, unbound};
use super::*;
use crate::config::{ProbeSign, TrafficProbeConfig};
use crate::io::router::{Replace, TrafficProbe};
use crate::io::source::testing::{Server, Then, answer};
use crate::io::state::{Move, Release};
use crate::model::{Actor, Color, Decision, DecisionKind};

/// Users reach this color, whatever the router says.
async fn users_on(color: &str) -> Server {
    Server::start(vec![answer("200 OK", &format!("X-Color: {color}\r\n"), "")], Then::Close).await
}

fn probed(deployment: Deployment, server: &Server) -> Deployment {
    let config = TrafficProbeConfig {
        url: server.instance(),
        host: None,
        sign: ProbeSign::Header("x-color".to_owned()),
        blue: "blue".to_owned(),
        green: "green".to_owned(),
    };
    deployment.with_probe(Some(TrafficProbe::new(config, Duration::from_millis(300))))
}

fn to_green() -> SwitchRequest {
    let decision = Decision::new(DecisionKind::Switch, Actor::Operator("ann@host".to_owned()), "to green");
    SwitchRequest { to: Color::Green, release: Release::default(), replace: Replace::Ours, decision }
}

fn on_blue() -> Harness {
    let harness = Harness::with(|router, _| *router.active.lock().unwrap() = Color::Blue);
    harness.write_state(r#"{"activeColor":"blue","lastSwitch":20,"previousColor":"green"}"#);
    harness
}

#[tokio::test]
async fn a_switch_that_users_do_not_see_is_undone() {
    let (harness, server) = (on_blue(), users_on("blue").await);
    let error = probed(harness.deployment.clone(), &server).switch(to_green()).await.unwrap_err().to_string();
    assert!(
        error.starts_with("the switch to green failed and was undone: users still reach blue: router.probe_url"),
        "{error}"
    );
    assert!(error.ends_with("traffic is on blue as before"), "{error}");
    assert_eq!((harness.router.active(), harness.state().active()), (Color::Blue, Color::Blue));
    assert_eq!(harness.router.moves(), [(Move::Switch, Color::Green), (Move::Rollback, Color::Blue)]);
}

#[tokio::test]
async fn a_router_that_follows_the_state_file_is_confirmed_once_that_is_written_and_put_back() {
    let (harness, server) = (on_blue(), users_on("blue").await);
    let before = harness.state();
    let error = probed(harness.state_file_router(), &server).switch(to_green()).await.unwrap_err().to_string();
    assert!(error.contains("was undone: users still reach blue"), "{error}");
    assert_eq!((harness.state().active(), harness.state().last_switch()), (before.active(), before.last_switch()));

    let server = users_on("green").await;
    probed(harness.state_file_router(), &server).switch(to_green()).await.unwrap();
    assert_eq!(harness.state().active(), Color::Green);
}

#[tokio::test]
async fn a_rollback_that_users_do_not_see_has_failed_and_is_not_written_down() {
    let (harness, server) = (Harness::switched(), users_on("green").await);
    let error = probed(harness.deployment.clone(), &server).rollback(bound()).await.unwrap_err().to_string();
    assert!(error.contains("the rollback to blue failed: users still reach green"), "{error}");
    assert!(error.ends_with("; traffic is on green"), "{error}");
    assert_eq!((harness.router.active(), harness.state().active()), (Color::Blue, Color::Green));
    assert_eq!(harness.decisions(), [DecisionKind::Rollback]);

    let server = users_on("blue").await;
    probed(harness.deployment.clone(), &server).rollback(bound()).await.unwrap();
    harness.assert_back();
    assert_eq!(harness.router.moves().len(), 1, "the router is there already");
}

#[tokio::test]
async fn a_page_that_does_not_answer_confirms_nothing() {
    let (harness, server) = (Harness::switched(), users_on("blue").await);
    let deployment = probed(harness.deployment.clone(), &server);
    drop(server);
    let error = deployment.rollback(bound()).await.unwrap_err().to_string();
    assert!(error.contains("refused the connection"), "{error}");
    assert!(error.ends_with("; the router accepted the move to blue, but did not confirm it"), "{error}");
}

#[tokio::test]
async fn a_second_rollback_is_not_content_with_the_records_while_users_are_elsewhere() {
    let (harness, server) = (Harness::switched(), users_on("green").await);
    harness.deployment.rollback(unbound()).await.unwrap();
    let error = probed(harness.deployment.clone(), &server).rollback(unbound()).await.unwrap_err().to_string();
    assert!(error.contains("users still reach green") && error.ends_with("traffic is on green"), "{error}");
    let server = users_on("blue").await;
    let again = probed(harness.deployment.clone(), &server).rollback(unbound()).await.unwrap();
    assert_eq!(again, Rollback::AlreadyBack(Color::Blue));
}
