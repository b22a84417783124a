//! The promises one by one, each with what could break it.

use std::fs;
use std::sync::Arc;

use serde_json::json;
use support::{Deployment, Page};
use switchback::app::headless::Observer;
use switchback::app::monitor::{Begin, Finished, OnSignal, run};
use switchback::model::{Cause, Color, DecisionKind, Ending, Outcome};

use crate::replay::replay;
use crate::watch::{meanwhile, opened, soaked, watched};

fn began(deployment: &Deployment) -> bool {
    deployment.count("soak_start") == 1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_to_a_color_that_is_not_ready_is_refused_and_leaves_everything_as_it_was() {
    let deployment = Deployment::switched().with("health.switch_timeout", "500ms").with_commands(
        "echo {color} >> moves",
        "echo {color} >> moves",
        "echo green",
    );
    deployment.blue.set_ready(false);
    let before = deployment.state_text();
    let ending =
        watched(&deployment, Begin::Switch { to: Color::Blue, soak: true, no_rollback: false, force: false }).await;

    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::Refused, 9), "{ending:?}");
    assert!(ending.reason.starts_with("blue is not ready: 0 of 1 instances ("), "{}", ending.reason);
    assert!(ending.reason.contains("503") && ending.reason.ends_with("traffic stays on green"), "{}", ending.reason);
    assert_eq!(deployment.state_text(), before, "byte for byte");
    assert!(!deployment.path("moves").exists(), "the router was not asked");
    assert_eq!(deployment.kinds(), ["switch_refused"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_waits_for_a_color_that_is_about_to_be_ready() {
    let deployment = Arc::new(Deployment::fresh());
    deployment.green.set_ready(false);
    let becoming_ready = meanwhile(
        &deployment,
        "probed and not ready",
        |deployment| deployment.green.heads().len() > 4,
        |deployment| deployment.green.set_ready(true),
    );
    let ending =
        watched(&deployment, Begin::Switch { to: Color::Green, soak: false, no_rollback: false, force: false }).await;
    becoming_ready.await.unwrap();
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::Switched, 0), "{ending:?}");
    assert_eq!(deployment.state()["activeColor"], "green");
    assert_eq!(deployment.kinds(), ["switching", "switch"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_with_a_dead_standby_is_held() {
    let deployment = Deployment::switched();
    deployment.green.fail(50);
    deployment.blue.set_ready(false);
    let ending = soaked(&deployment).await;

    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::Held, 11), "{ending:?}");
    assert!(ending.reason.contains("the standby blue is DOWN, a rollback would not help"), "{}", ending.reason);
    assert_eq!(deployment.kinds(), ["soak_start", "breach", "hold", "hold"]);
    assert_eq!(deployment.state()["activeColor"], "green");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_rollback_goes_ahead_once_the_standby_is_back() {
    let deployment = Arc::new(Deployment::switched().with("soak.window", "1m"));
    deployment.green.fail(50);
    deployment.blue.set_ready(false);
    let reviving = meanwhile(
        &deployment,
        "held",
        |deployment| deployment.count("hold") == 1,
        |deployment| deployment.blue.set_ready(true),
    );
    let ending = soaked(&deployment).await;
    reviving.await.unwrap();
    assert_eq!((ending.outcome, ending.cause), (Outcome::RolledBack, Cause::Auto), "{ending:?}");
    assert_eq!(deployment.state()["activeColor"], "blue");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_standby_does_not_matter_where_the_policy_says_so() {
    let deployment = Deployment::switched().with("soak.standby", "ignore");
    deployment.green.fail(50);
    deployment.blue.set_ready(false);
    assert_eq!(soaked(&deployment).await.outcome, Outcome::RolledBack);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_by_somebody_else_ends_the_soak_and_is_left_alone() {
    let deployment = Arc::new(Deployment::switched().with("soak.window", "1m"));
    let theirs = json!({ "activeColor": "green", "lastSwitch": 1_795_476_999_000_i64, "previousColor": "blue" });
    let written = theirs.clone();
    let moving = meanwhile(&deployment, "begun", began, move |deployment| {
        deployment.write_state(&written);
        // From here on a rollback would be one of a deployment that nobody watches.
        deployment.green.fail(50);
    });
    let ending = soaked(&deployment).await;
    moving.await.unwrap();

    assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::Superseded, Cause::External, 8));
    assert!(
        ending.reason.contains("the state file now says green (lastSwitch 1795476999000) is active"),
        "{}",
        ending.reason
    );
    let kinds = deployment.kinds();
    assert!(kinds.ends_with(&["superseded".to_owned()]) && !kinds.contains(&"rollback".to_owned()), "{kinds:?}");
    let state = deployment.state();
    for (key, value) in theirs.as_object().unwrap() {
        assert_eq!(&state[key], value, "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn grace_is_counted_down_before_traffic_moves() {
    let deployment = Deployment::switched().with("soak.grace", "1s");
    deployment.green.fail(50);
    let opened = opened(&deployment, Begin::Soak).await;
    let recording = opened.places.recording.clone();
    let finished = run(opened, OnSignal::Abort, None).await;

    let Finished::Ended(ending) = finished else { panic!("nobody sent a signal") };
    assert_eq!(ending.outcome, Outcome::RolledBack, "{ending:?}");
    assert_eq!(deployment.kinds(), ["soak_start", "breach", "observe", "rollback", "rolled_back", "recovered"]);
    let grace = deployment.decision("observe");
    assert_eq!(grace["reason"], "grace");
    assert_eq!(grace["message"], "rolling back to blue in 1s, unless aborted, kept or paused");
    // Not the times in the journal: those are when a line was written.
    let (decided, _) = replay(&recording);
    let moment = |kind| decided.iter().find(|(_, decision)| decision.decision == kind).unwrap().0;
    assert!(moment(DecisionKind::Rollback) >= moment(DecisionKind::Breach) + 1_000, "{decided:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_that_keeps_failing_is_the_loudest_end() {
    let deployment = Deployment::switched().with_commands(
        "false",
        "echo {color} >> tries; echo the balancer is gone; exit 1",
        "echo green",
    );
    deployment.green.fail(50);
    let ending = soaked(&deployment).await;

    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::RollbackFailed, 7), "{ending:?}");
    for text in [
        "ROLLBACK FAILED after ",
        "attempts, traffic may still reach green",
        "the balancer is gone",
        "Move traffic to blue by hand now, then run: switchback rollback --service default",
    ] {
        assert!(ending.reason.contains(text), "`{text}` is not in: {}", ending.reason);
    }
    let tries = fs::read_to_string(deployment.path("tries")).unwrap();
    assert!(tries.lines().count() >= 3 && tries.lines().all(|line| line == "blue"), "{tries}");
    assert_eq!((deployment.count("rollback"), deployment.count("rollback_failed")), (1, 1));
    assert_eq!(deployment.count("rolled_back"), 0);
    let state = deployment.state();
    assert_eq!((&state["activeColor"], &state["soak"]["outcome"]), (&"green".into(), &"rollback-failed".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_that_fails_at_first_is_tried_again() {
    let deployment = Deployment::switched().with_commands(
        "false",
        "echo x >> tries; test $(wc -l < tries) -ge 3 && echo {color} > route",
        "cat route",
    );
    fs::write(deployment.path("route"), "green").unwrap();
    deployment.green.fail(50);
    let ending = soaked(&deployment).await;

    assert_eq!(ending.outcome, Outcome::RolledBack, "{ending:?}");
    assert_eq!((deployment.count("rollback"), deployment.count("rolled_back")), (1, 1));
    let attempts: Vec<_> = deployment.decisions().into_iter().filter(|d| d["reason"] == "rollback-attempt").collect();
    assert_eq!(attempts.len(), 2, "{attempts:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_that_says_it_moved_and_did_not_counts_as_failing() {
    let deployment = Deployment::switched().with_commands("true", "true", "echo green");
    deployment.green.fail(50);
    let ending = soaked(&deployment).await;
    assert_eq!(ending.exit_code(), 7, "{ending:?}");
    assert!(ending.reason.contains("the router still shows green"), "{}", ending.reason);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_cannot_be_written_stops_no_rollback() {
    let deployment = Arc::new(Deployment::switched().with("soak.window", "1m"));
    let breaking = meanwhile(&deployment, "begun", began, |deployment| {
        fs::rename(deployment.journal_path(), deployment.path("journal-so-far")).unwrap();
        fs::create_dir(deployment.journal_path()).unwrap();
        deployment.green.fail(50);
    });
    let ending = soaked(&deployment).await;
    breaking.await.unwrap();

    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::RolledBack, 3), "{ending:?}");
    let state = deployment.state();
    assert_eq!((&state["activeColor"], &state["soak"]["outcome"]), (&"blue".into(), &"rolled-back".into()), "{state}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_is_not_ready_any_more_is_rolled_back() {
    let deployment = Arc::new(Deployment::switched().with("soak.window", "1m"));
    let dying = meanwhile(&deployment, "begun", began, |deployment| deployment.green.set_ready(false));
    let ending = soaked(&deployment).await;
    dying.await.unwrap();
    assert_eq!(ending.outcome, Outcome::RolledBack, "{ending:?}");
    assert!(ending.reason.starts_with("readiness: 1 of 1 instances not ready for "), "{}", ending.reason);
    assert_eq!(deployment.decision("breach")["check"], "readiness");
}

#[tokio::test(flavor = "multi_thread")]
async fn blind_is_neither_bad_nor_healthy_and_is_told() {
    let deployment = Arc::new(Deployment::switched().with("soak.window", "6s"));
    let blinding = meanwhile(&deployment, "begun", began, |deployment| {
        deployment.green.show(Page::answer("500 Internal Server Error", "text/plain", "out of memory"));
    });
    let recovering = meanwhile(
        &deployment,
        "blind",
        |deployment| deployment.count("blind") == 1,
        |deployment| deployment.green.show(Page::Counting),
    );
    let ending = soaked(&deployment).await;
    blinding.await.unwrap();
    recovering.await.unwrap();
    assert_eq!(deployment.count("sighted"), 1, "{:?}", deployment.kinds());
    assert_eq!(deployment.count("rollback"), 0);
    let message = deployment.decision("blind")["message"].as_str().unwrap().to_owned();
    assert!(message.contains(&deployment.green.url()) && message.contains("500"), "{message}");
    assert_ne!(ending.outcome, Outcome::RolledBack, "{ending:?}");
}

/// A page that counts no traffic.
fn idle() -> Page {
    Page::answer("200 OK", "text/plain; version=0.0.4", "http_requests_total{status_code=\"200\"} 7\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn without_traffic_the_policy_for_the_unknown_decides() {
    let soak = async |policy: &str| {
        let deployment = Deployment::switched().with("soak.on_inconclusive", policy);
        deployment.green.show(idle());
        (soaked(&deployment).await, deployment)
    };
    let ((held, _), (kept, _), (back, rolled_back)) = tokio::join!(soak("hold"), soak("keep"), soak("rollback"));
    let end = |ending: &Ending| (ending.outcome, ending.cause, ending.exit_code());
    assert_eq!(end(&held), (Outcome::Inconclusive, Cause::Auto, 6), "{held:?}");
    assert_eq!(end(&kept), (Outcome::Inconclusive, Cause::Policy, 0), "{kept:?}");
    assert_eq!(end(&back), (Outcome::RolledBack, Cause::Inconclusive, 3), "{back:?}");
    assert_eq!(rolled_back.state()["activeColor"], "blue");
    assert_eq!(rolled_back.count("breach"), 0, "not knowing is no breach");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_without_a_verdict_is_extended_once() {
    let deployment = Deployment::switched().with("soak.max_extension", "1s");
    deployment.green.show(idle());
    let ending = soaked(&deployment).await;
    assert_eq!(ending.exit_code(), 6, "{ending:?}");
    assert_eq!(deployment.kinds(), ["soak_start", "extend", "inconclusive"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_is_only_told_where_nobody_wants_it_acted_on() {
    let soak = async |key: &'static str, value: &str| {
        let deployment = Deployment::switched().with(key, value);
        deployment.green.fail(50);
        let ending = soaked(&deployment).await;
        assert_eq!((ending.outcome, ending.exit_code()), (Outcome::Held, 11), "{key} = {value}: {ending:?}");
        assert_eq!(deployment.kinds(), ["soak_start", "breach", "hold", "hold"], "{key} = {value}");
        assert_eq!(deployment.state()["activeColor"], "green");
    };
    tokio::join!(soak("soak.on_breach", "hold"), soak("soak.on_breach", "notify"), soak("soak.auto_rollback", "false"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_that_does_not_help_says_so() {
    let deployment = Deployment::switched().with("soak.on_shared_cause", "rollback");
    deployment.green.fail(50);
    deployment.blue.fail(50);
    let ending = soaked(&deployment).await;
    assert_eq!(ending.exit_code(), 3, "{ending:?}");
    assert!(ending.reason.contains("the rollback did not help"), "{}", ending.reason);
    assert_eq!(deployment.state()["soak"]["recovered"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warmup_comes_before_the_window_and_does_not_judge_single_errors() {
    let deployment = Arc::new(Deployment::switched().with("soak.warmup", "1s"));
    deployment.green.fail(50);
    let recovering = meanwhile(&deployment, "begun", began, |deployment| deployment.green.fail(0));
    let ending = soaked(&deployment).await;
    recovering.await.unwrap();
    assert_eq!(ending.outcome, Outcome::Retained, "{ending:?}");
    assert_eq!(deployment.kinds(), ["soak_start", "observe", "retain"]);
}

/// Somebody else's hand on the deployment: no move gets through until it is dropped.
fn hold_the_lock(deployment: &Deployment) -> fs::File {
    let lock =
        fs::File::options().create(true).append(true).open(deployment.path(".deployment-state.json.lock")).unwrap();
    lock.lock().unwrap();
    lock
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_was_first_is_left_alone_by_the_rollback_that_waited_for_it() {
    let deployment = Arc::new(Deployment::switched().with("soak.window", "1m"));
    let lock = hold_the_lock(&deployment);
    deployment.green.fail(50);
    let moving = meanwhile(
        &deployment,
        "breached",
        |deployment| deployment.count("breach") == 1,
        move |deployment| {
            deployment.write_state(&json!({ "activeColor": "green", "lastSwitch": 7, "previousColor": "blue" }));
            drop(lock);
        },
    );
    let ending = soaked(&deployment).await;
    moving.await.unwrap();
    assert_eq!(ending.outcome, Outcome::Superseded, "{ending:?}");
    let state = deployment.state();
    assert_eq!((&state["activeColor"], &state["lastSwitch"]), (&"green".into(), &7.into()), "{state}");
    assert_eq!(deployment.count("rolled_back"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_that_somebody_else_made_first_is_not_made_again() {
    let deployment = Arc::new(Deployment::fresh());
    let lock = hold_the_lock(&deployment);
    let moving = meanwhile(
        &deployment,
        "asked for its metrics",
        |deployment| deployment.green.heads().iter().any(|head| head.starts_with("GET /metrics")),
        move |deployment| {
            deployment.write_state(&json!({ "activeColor": "green", "lastSwitch": 7, "previousColor": "blue" }));
            drop(lock);
        },
    );
    let ending =
        watched(&deployment, Begin::Switch { to: Color::Green, soak: true, no_rollback: false, force: false }).await;
    moving.await.unwrap();
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::SwitchFailed, 12), "{ending:?}");
    assert!(ending.reason.contains("another process moved traffic to green first"), "{}", ending.reason);
    assert_eq!(deployment.state()["lastSwitch"], 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_observer_that_does_not_keep_up_is_dropped_and_the_watch_goes_on() {
    let deployment = Deployment::switched();
    let (slow, never_read) = std::sync::mpsc::sync_channel(1);
    let slow: Observer = Box::new(move |envelope, _, _| slow.try_send(envelope.clone()).is_ok());
    let finished = run(opened(&deployment, Begin::Soak).await, OnSignal::Abort, Some(slow)).await;
    let Finished::Ended(ending) = finished else { panic!("nobody sent a signal") };
    assert_eq!(ending.outcome, Outcome::Retained);
    assert_eq!(never_read.iter().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_file_that_is_lost_under_way_fails_the_rollback_loudly() {
    let deployment = Arc::new(Deployment::switched().with("soak.window", "1m"));
    let losing = meanwhile(&deployment, "begun", began, |deployment| {
        fs::remove_file(deployment.state_path()).unwrap();
        fs::create_dir(deployment.state_path()).unwrap();
        deployment.green.fail(50);
    });
    let ending = soaked(&deployment).await;
    losing.await.unwrap();
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::RollbackFailed, 7), "{ending:?}");
    assert!(ending.reason.contains(&deployment.state_path().display().to_string()), "{}", ending.reason);
}

#[test]
fn while_both_colors_fail_nothing_is_moved_until_only_the_new_one_does() {
    let deployment = Deployment::switched().with("soak.window", "1m").with("soak.interval", "100ms");
    deployment.blue.fail(30);
    deployment.green.fail(30);
    let mut soak = deployment.start(&["soak", "--no-tui"]);
    soak.hear("blue fails in the same way");
    assert_eq!(deployment.state()["activeColor"], "green");
    deployment.blue.fail(0);
    soak.wait().expect(3).says(&["ROLLED BACK: blue is active again"]);
    assert_eq!(deployment.decision("hold")["reason"], "shared-cause");
}
