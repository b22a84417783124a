mod snapshots;

use serde_json::json;

use super::super::testing::{Answer, Harness, unbound};
use super::*;
use crate::app::deploy::deployment::SoakUpdate;
use crate::io::state::Lock;

const SOAK: &str = super::super::testing::SOAK;

fn finished() -> SoakBlock {
    SoakBlock {
        id: SOAK.into(),
        phase: "finished".into(),
        last_switch: None,
        release: None,
        builds: Vec::new(),
        verdict: Some("breached".into()),
        outcome: Some("rolled-back".into()),
        cause: Some("auto".into()),
        check: Some("error-rate".into()),
        reason: Some("412 of 3,120 requests failed (13.2%)".into()),
        baseline: None,
        recovered: Some(true),
        overdue: false,
        started_at: Some("2026-11-23T14:02:11Z".into()),
        ends_at: Some("2026-11-23T14:12:11Z".into()),
        finished_at: Some("2026-11-23T14:03:11Z".into()),
    }
}

fn now() -> ZonedDateTime {
    "2026-11-23T15:04:38+01:00[+01:00]".parse().unwrap()
}

#[tokio::test]
async fn after_a_rollback_the_json_is_what_the_contract_shows() {
    let harness = Harness::switched();
    harness.deployment.rollback(unbound()).await.unwrap();
    assert_eq!(harness.deployment.record_soak(finished()).await.unwrap(), SoakUpdate::Written);
    let mut report = harness.deployment.status(Some(false)).await.unwrap();
    let head = report.journal.take().unwrap();
    assert_eq!((head.service.as_str(), head.decisions, head.hash.len()), ("shop", 2, 64));
    let path = harness.deployment.state_file().path().display().to_string();
    let expected = json!({
        "activeColor": "blue", "lastSwitch": 1_795_442_545_183_i64, "previousColor": "green", "service": "shop",
        "stateFile": {"path": path, "exists": true},
        "router": {"kind": "test", "activeColor": "blue", "inSync": true},
        "standby": {"color": "green", "ready": false},
        "soak": {
            "id": SOAK, "phase": "finished", "verdict": "breached", "outcome": "rolled-back", "cause": "auto",
            "check": "error-rate", "reason": "412 of 3,120 requests failed (13.2%)", "recovered": true,
            "startedAt": "2026-11-23T14:02:11Z", "endsAt": "2026-11-23T14:12:11Z",
            "finishedAt": "2026-11-23T14:03:11Z", "running": false,
        },
    });
    // As text, so that the order of the keys counts too.
    assert_eq!(serde_json::to_string(&report).unwrap(), expected.to_string());
    let text = concat!(
        "service   shop\n",
        "state     /srv/shop/state.json\n",
        "config    /srv/shop/switchback.toml\n",
        "active    blue\n",
        "previous  green\n",
        "switched  2m13s ago (2026-11-23 15:02:25 +01:00)\n",
        "router    test ✓ in sync\n",
        "standby   green ✗ not ready\n",
        "soak      20261123T140211Z-3f2a finished\n",
        "verdict   breached\n",
        "outcome   rolled-back (auto)\n",
        "check     error-rate\n",
        "reason    412 of 3,120 requests failed (13.2%)\n",
        "recovered yes\n",
        "finished  2026-11-23 15:03:11 +01:00\n",
    );
    report.state_file = Some(StateFileStatus { path: "/srv/shop/state.json".into(), exists: true });
    let file = Some("/srv/shop/switchback.toml".into());
    report.configuration = Some(ConfigurationStatus { folder: "/srv/shop".into(), file, assumed: None });
    assert_eq!(report.to_text(&now()), text);
}

#[tokio::test]
async fn what_is_assumed_for_want_of_a_configuration_is_shown() {
    let mut report = Harness::switched().deployment.status(None).await.unwrap();
    let assumed = Some("green is assumed at http://127.0.0.1:3002".into());
    report.configuration = Some(ConfigurationStatus { folder: "/srv".into(), file: None, assumed });
    let told = "config    no configuration file in /srv; green is assumed at http://127.0.0.1:3002\n";
    assert!(report.to_text(&now()).contains(told), "{}", report.to_text(&now()));
    let mut of_an_older_monitor = serde_json::to_value(&report).unwrap();
    of_an_older_monitor
        .as_object_mut()
        .unwrap()
        .retain(|key, _| !["stateFile", "configuration"].contains(&key.as_str()));
    let read: StatusReport = serde_json::from_value(of_an_older_monitor).unwrap();
    assert_eq!((read.state_file, read.configuration), (None, None));
}

#[tokio::test]
async fn without_a_deployment_everything_says_so() {
    let harness = Harness::switched();
    std::fs::remove_file(harness.deployment.state_file().path()).unwrap();
    let report = harness.state_file_router().status(None).await.unwrap();
    let path = harness.deployment.state_file().path().display().to_string();
    let expected = json!({
        "activeColor": "blue", "lastSwitch": null, "previousColor": null, "service": "shop",
        "stateFile": {"path": path, "exists": false},
        "router": {"kind": "state-file", "activeColor": "blue", "inSync": true},
        "standby": {"color": "green", "ready": null},
        "soak": {"running": false},
    });
    assert_eq!(serde_json::to_value(&report).unwrap(), expected);
    let text = report.to_text(&now());
    for line in [
        "never switched)\n",
        "previous  none\n",
        "switched  never\n",
        "standby   green not asked\n",
        "soak      none\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[tokio::test]
async fn a_router_out_of_sync_or_out_of_reach_is_shown() {
    let harness = Harness::switched();
    harness.router.answer(&[Answer::Lie, Answer::Fail]);
    let out_of_sync = harness.deployment.status(Some(true)).await.unwrap();
    assert_eq!(out_of_sync.router.in_sync, Some(false));
    assert!(out_of_sync.to_text(&now()).contains("router    test ✗ out of sync: it sends traffic to blue\n"));
    assert!(out_of_sync.to_text(&now()).contains("standby   blue ✓ ready\n"));

    let unreadable = harness.deployment.status(Some(true)).await.unwrap();
    let json = serde_json::to_value(&unreadable.router).unwrap();
    assert_eq!((&json["activeColor"], &json["inSync"]), (&json!(null), &json!(null)));
    assert!(json["error"].as_str().unwrap().starts_with("router command `move`"));
    assert!(unreadable.to_text(&now()).contains("router    test ✗ cannot be read: router command `move`"));
}

#[tokio::test]
async fn a_soak_is_running_while_its_monitor_is_and_it_is_not_finished() {
    let harness = Harness::switched();
    let deployment = &harness.deployment;
    let lock = Lock::monitor(deployment.state_file(), &deployment.holder()).await.unwrap();
    let starting = deployment.status(None).await.unwrap();
    assert_eq!(serde_json::to_value(&starting.soak).unwrap(), json!({"running": true}));
    assert!(starting.to_text(&now()).contains("soak      starting\n"));

    let ends_at = Some("2026-11-23T14:12:11Z".into());
    let watching = SoakBlock { id: SOAK.into(), phase: "watching".into(), ends_at, ..SoakBlock::default() };
    deployment.record_soak(watching).await.unwrap();
    let running = deployment.status(None).await.unwrap();
    assert!(running.soak.running);
    let text = running.to_text(&now());
    assert!(
        text.ends_with("soak      20261123T140211Z-3f2a watching\nends      2026-11-23 15:12:11 +01:00\n"),
        "{text}"
    );

    drop(lock);
    let dead = deployment.status(None).await.unwrap();
    assert!(!dead.soak.running);
    assert!(dead.to_text(&now()).contains("watching, no monitor is running\n"));

    let _lock = Lock::monitor(deployment.state_file(), &deployment.holder()).await.unwrap();
    deployment.record_soak(finished()).await.unwrap();
    assert!(!deployment.status(None).await.unwrap().soak.running);
}

#[tokio::test]
async fn times_that_make_no_sense_are_shown_as_what_they_are() {
    let harness = Harness::switched();
    for (last_switch, shown) in [
        (i64::MAX, "switched  at 9223372036854775807ms, which is not a valid time\n"),
        (4_000_000_000_000, "switched  in the future (2096-10-02 08:06:40 +01:00): the clock was set back\n"),
    ] {
        harness.write_state(&format!(r#"{{"activeColor":"green","lastSwitch":{last_switch}}}"#));
        let text = harness.deployment.status(None).await.unwrap().to_text(&now());
        assert!(text.contains(shown), "{text}");
    }
}

#[tokio::test]
async fn without_a_readable_state_there_is_no_status() {
    let harness = Harness::switched();
    harness.write_state("");
    let refused = harness.deployment.status(None).await.unwrap_err().to_string();
    assert!(refused.contains("is corrupt: it is empty"), "{refused}");
}

#[tokio::test]
async fn what_the_state_file_holds_cannot_command_the_terminal() {
    let harness = Harness::switched();
    let soak = r#"{"id":"x","phase":"watching","reason":"a\nb\u001b[2J"}"#;
    harness.write_state(&format!(r#"{{"activeColor":"green","lastSwitch":10,"previousColor":"blue","soak":{soak}}}"#));
    let text = harness.deployment.status(None).await.unwrap().to_text(&now());
    assert!(text.ends_with("\nreason    a·b·[2J\n"), "{text}");
}

/// A soak that ended so on the deployment of a harness that was switched.
fn ended(outcome: &str, last_switch: Option<i64>) -> SoakBlock {
    SoakBlock { outcome: Some(outcome.into()), last_switch, recovered: None, ..finished() }
}

#[tokio::test]
async fn a_bad_release_that_is_live_comes_first_with_what_to_do() {
    let harness = Harness::switched();
    let mut report = harness.deployment.status(Some(true)).await.unwrap();
    let at = report.last_switch;
    let roll_back = "switchback rollback --service shop";
    for (outcome, standby, no_rollback, next) in [
        ("held", Some(true), false, roll_back.to_owned()),
        ("held", None, false, roll_back.to_owned()),
        ("held", Some(false), false, format!("start blue, then: {roll_back}")),
        (
            "held",
            Some(true),
            true,
            "fix green; or, where blue can live with what green has changed: switchback rollback --force --service shop"
                .to_owned(),
        ),
        ("rollback-failed", Some(true), false, format!("move traffic to blue by hand now, then: {roll_back}")),
    ] {
        report.soak.block = Some(ended(outcome, at));
        (report.standby.ready, report.no_rollback) = (standby, no_rollback);
        let alarm = report.alarm().unwrap();
        assert_eq!(alarm.text, "BAD RELEASE STILL LIVE on green. Nobody is acting", "{outcome}");
        assert_eq!(alarm.next, next, "{outcome}");
        assert!(report.to_text(&now()).starts_with("ALARM     BAD RELEASE STILL LIVE on green"), "{outcome}");
    }
    // Moved by hand: what is left is to record it.
    report.router.active_color = Some(Color::Blue);
    let alarm = report.alarm().unwrap();
    assert!(alarm.text.starts_with("BAD RELEASE MAY BE LIVE: router on blue, state file on green. "), "{alarm:?}");
    report.router.active_color = None;
    report.router.error = Some("`route` holds a page, which was not written by Switchback".to_owned());
    let next = report.alarm().unwrap().next;
    assert!(next.starts_with("restore what the router held, then: switchback rollback"), "{next}");
}

#[tokio::test]
async fn what_is_over_or_was_never_bad_raises_no_alarm() {
    let harness = Harness::switched();
    let mut report = harness.deployment.status(Some(true)).await.unwrap();
    let at = report.last_switch;
    for (block, why) in [
        (ended("retained", at), "it was kept"),
        (ended("rolled-back", at), "it was rolled back"),
        (ended("held", Some(1)), "somebody switched since"),
        (SoakBlock { verdict: Some("unknown".into()), ..ended("held", at) }, "nobody knows that it is bad"),
        (ended("rollback-undone", at), "the router shows the color that the state file says"),
        (SoakBlock { outcome: None, phase: "watching".into(), ..ended("held", at) }, "it is being watched"),
    ] {
        report.soak.block = Some(block);
        assert_eq!(report.alarm(), None, "{why}");
    }
    let held = SoakBlock { outcome: None, phase: "held".into(), ..ended("held", at) };
    report.soak = SoakStatus { block: Some(held), running: true };
    assert!(report.alarm().unwrap().text.ends_with("STILL LIVE on green. The monitor waits for you"));
    report.soak.block = Some(ended("rollback-undone", None));
    report.router.active_color = Some(Color::Blue);
    assert!(report.alarm().unwrap().next.starts_with("stop what moves traffic there, then: "));
}
