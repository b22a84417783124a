//! The previous color before traffic leaves it.

use serde_json::json;
use support::Deployment;

/// A switch whose previous color fails already.
fn failing() -> Deployment {
    let deployment = Deployment::fresh().by_evidence();
    deployment.blue.fail(38);
    deployment
}

#[test]
fn a_previous_color_that_fails_is_told_before_traffic_leaves_it() {
    let deployment = failing();
    let done = deployment.run(&["switch", "green", "--no-tui", "--output", "github"]).expect(0);
    let told = done.stdout.find("  observe         blue fails already, before traffic leaves it: ").unwrap();
    assert!(told < done.stdout.find("blue → green by operator:ana@").unwrap(), "{done:#?}");
    let annotation = "::warning title=switchback::blue fails already, before traffic leaves it: ";
    assert!(done.stdout.find(annotation).unwrap() < done.stdout.find("  soak_start ").unwrap(), "{done:#?}");
    let of_it = |decision: &&serde_json::Value| decision["reason"] == "standby-failing";
    let decisions = deployment.decisions();
    let decision = decisions.iter().find(of_it).unwrap();
    assert_eq!((&decision["decision"], &decision["activeColor"]), (&json!("observe"), &json!("blue")));
    let rate = decision["value"].as_f64().unwrap();
    assert!((0.3..0.5).contains(&rate), "{decision}");
}

#[test]
fn the_policy_refuses_and_nothing_is_moved() {
    let deployment = failing().with("soak.on_failing_standby", "refuse");
    let done = deployment.run(&["switch", "green", "--no-tui"]).expect(9);
    done.says(&["REFUSED: traffic stays on blue", "blue fails already, before traffic leaves it: ", "Fix blue first"]);
    assert!(!deployment.state_path().exists(), "nothing was moved");
    assert_eq!(deployment.count("switch"), 0);
    deployment.run(&["status", "--exit-code"]).expect(9);

    // It is well again, but not ready: it could not take traffic back.
    deployment.blue.fail(0);
    deployment.blue.set_ready(false);
    let done = deployment.run(&["switch", "green", "--no-tui"]).expect(9);
    done.says(&["blue is not ready, before traffic leaves it: "]);
    deployment.run(&["switch", "green", "--no-tui", "--on-failing-standby", "tell"]).expect(0);
}
