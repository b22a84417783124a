//! The acceptance: what Switchback is for.

use support::Deployment;
use switchback::app::monitor::Begin;
use switchback::model::{Cause, Color, Outcome};

use crate::watch::{soaked, watched};

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_soak_makes_no_rollback() {
    let deployment = Deployment::fresh().by_evidence();
    let ending =
        watched(&deployment, Begin::Switch { to: Color::Green, soak: true, no_rollback: false, force: false }).await;

    assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::Retained, Cause::Auto, 0), "{ending:?}");
    assert_eq!(deployment.kinds(), ["observe", "switching", "switch", "soak_start", "retain"]);
    assert_eq!(deployment.decision("observe")["reason"], "baseline");
    let state = deployment.state();
    assert_eq!((&state["activeColor"], &state["previousColor"]), (&"green".into(), &"blue".into()), "{state}");
    assert_eq!(state["transition"]["kind"], "switch");
    assert_eq!(state["soak"]["outcome"], "retained");
    assert_eq!(state["soak"]["verdict"], "healthy");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breached_soak_rolls_back_by_itself() {
    let deployment = Deployment::fresh().by_evidence();
    deployment.green.fail(50);
    let ending =
        watched(&deployment, Begin::Switch { to: Color::Green, soak: true, no_rollback: false, force: false }).await;

    assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::RolledBack, Cause::Auto, 3), "{ending:?}");
    assert!(ending.reason.starts_with("error-rate: ") && ending.reason.contains("50"), "{}", ending.reason);
    let mut acts = deployment.kinds();
    acts.retain(|kind| kind != "observe");
    assert_eq!(
        acts,
        ["switching", "switch", "soak_start", "breach", "rollback", "rolled_back", "recovered"],
        "in this order"
    );
    let breach = deployment.decision("breach");
    assert_eq!((&breach["check"], &breach["threshold"]), (&"error-rate".into(), &0.05.into()), "{breach}");
    assert!(breach["errors"].as_u64().unwrap() * 2 >= breach["requests"].as_u64().unwrap(), "{breach}");
    let state = deployment.state();
    assert_eq!((&state["activeColor"], &state["previousColor"]), (&"blue".into(), &"green".into()), "{state}");
    assert_eq!(state["transition"]["kind"], "rollback");
    assert_eq!(state["soak"]["outcome"], "rolled-back");
    assert_eq!(state["soak"]["recovered"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn status_reflects_both() {
    let (healthy, breached) = (Deployment::switched().by_evidence(), Deployment::switched().by_evidence());
    breached.green.fail(50);
    tokio::join!(soaked(&healthy), soaked(&breached));

    for (deployment, active, outcome, verdict) in
        [(&healthy, "green", "retained", "healthy"), (&breached, "blue", "rolled-back", "breached")]
    {
        let status = deployment.run(&["status", "--json"]).expect(0).json();
        assert_eq!(status["activeColor"], active);
        assert_eq!(status["router"], serde_json::json!({"kind": "state-file", "activeColor": active, "inSync": true}));
        assert_eq!(status["standby"]["ready"], true);
        let soak = &status["soak"];
        assert_eq!((&soak["outcome"], &soak["verdict"]), (&outcome.into(), &verdict.into()), "{soak}");
        assert_eq!((&soak["cause"], &soak["phase"]), (&"auto".into(), &"finished".into()), "{soak}");
        assert_eq!(soak["running"], false);

        let state = deployment.state();
        for key in ["activeColor", "previousColor", "lastSwitch"] {
            assert_eq!(status[key], state[key], "{key}");
        }
        for (key, value) in state["soak"].as_object().unwrap() {
            assert_eq!(&soak[key], value, "{key}");
        }
        deployment.run(&["status"]).expect(0).says(&[
            &format!("active    {active}"),
            &format!("outcome   {outcome} (auto)"),
            &format!("verdict   {verdict}"),
        ]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_rollback_changes_nothing() {
    let deployment = Deployment::switched();
    deployment.green.fail(50);
    soaked(&deployment).await;
    let before = deployment.state_text();

    for _ in 0..2 {
        deployment.run(&["rollback"]).expect(0).says(&["blue is already active: nothing to roll back"]);
        assert_eq!(deployment.state_text(), before, "byte for byte");
    }
    assert_eq!(deployment.count("rollback"), 1);
    assert_eq!(deployment.count("rolled_back"), 1);
    assert_eq!(deployment.count("skip"), 2);
    deployment.run(&["verify"]).expect(0).says(&["intact"]);
}
