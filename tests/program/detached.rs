//! `--detach`: it returns with the result of the gate, and nobody takes another soak for the one that was begun.

use rustix::process::Signal;
use serde_json::json;
use support::Deployment;

use crate::background::Background;

/// Green was switched to and retained; now it is blue's turn, and blue is not ready.
fn about_to_be_refused() -> Deployment {
    let deployment = Deployment::fresh().with("soak.max_extension", "2m");
    deployment.run(&["switch", "green", "--no-tui"]).expect(0);
    deployment.blue.set_ready(false);
    deployment
}

#[test]
fn a_detached_switch_that_is_refused_says_so_with_its_exit_code() {
    let deployment = about_to_be_refused().with("health.switch_timeout", "1500ms");
    let before = deployment.state();
    deployment.run(&["switch", "blue", "--detach"]).expect(9).says(&[
        "gating          0 of 1 instances of blue ready (",
        "switch_refused  blue is not ready: 0 of 1 instances (",
        "REFUSED: traffic stays on green",
    ]);
    assert_eq!(deployment.state(), before);

    // Whoever asks is told of this switch, and not of the soak before.
    let status = deployment.run(&["status", "--json"]).expect(0).json();
    let soak = &status["soak"];
    assert_eq!(
        (&soak["outcome"], &soak["running"], &soak["phase"]),
        (&json!("refused"), &json!(false), &json!("finished"))
    );
    assert_ne!(soak["id"], before["soak"]["id"]);
    assert_eq!(status["previousSoak"]["id"], before["soak"]["id"]);
    let last = format!("before    {} retained", before["soak"]["id"].as_str().unwrap());
    deployment.run(&["status"]).expect(0).says(&["outcome   refused (auto)", &last]);
    deployment
        .run(&["soak", "--resume", "--no-tui"])
        .expect(9)
        .says(&["has ended: refused (cause auto)\nreason          blue is not ready"]);
    // The release that is live keeps its own outcome.
    deployment.run(&["switch", "green", "--no-tui"]).expect(0).says(&["has ended: retained"]);
}

#[test]
fn a_detached_switch_returns_when_its_soak_has_begun() {
    let deployment = Deployment::fresh().with("soak.window", "1m");
    let monitor = Background::start(&deployment, &["switch", "green"]);
    assert_eq!(deployment.kinds().last().unwrap(), "soak_start");
    let status = deployment.run(&["status", "--json"]).expect(0).json();
    assert_eq!((&status["soak"]["phase"], &status["soak"]["running"]), (&json!("watching"), &json!(true)));
    monitor.signal(Signal::KILL);
}

#[test]
fn a_detached_switch_without_a_soak_says_what_happened() {
    let deployment = Deployment::fresh();
    let done = deployment.run(&["switch", "green", "--no-soak", "--detach"]).expect(0);
    done.says(&["blue → green by operator:ana@", "SWITCHED: green is active"]);
    let lines = deployment.run(&["switch", "blue", "--no-soak", "--detach", "--output", "json"]).expect(0).json_lines();
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["type"], &last["outcome"], &last["exitCode"]),
        (&json!("outcome"), &json!("switched"), &json!(0))
    );
}

#[test]
fn a_detached_switch_that_fails_says_so() {
    let deployment = Deployment::fresh().with_commands("echo no permission; false", "true", "echo blue");
    deployment.run(&["switch", "green", "--detach"]).expect(12).says(&["SWITCH FAILED", "no permission"]);
    deployment.run(&["soak", "--resume", "--no-tui"]).expect(12).says(&["has ended: switch-failed"]);
}

#[test]
fn programs_are_told_in_json_that_the_watch_goes_on() {
    let deployment = Deployment::fresh().with("soak.window", "1m");
    let lines = deployment.run(&["switch", "green", "--detach", "--output", "json"]).expect(0).json_lines();
    let last = lines.last().unwrap();
    assert_eq!((&last["type"], &last["service"]), (&json!("detached"), &json!("default")));
    assert!(lines.iter().any(|line| line["decision"] == "soak_start"), "{lines:?}");
    deployment.run(&["ctl", "abort"]).expect(0);
}

#[test]
fn while_a_detached_switch_waits_status_is_about_it_and_whoever_interrupts_it_ends_it() {
    let deployment = about_to_be_refused();
    let before = deployment.state();
    let mut running = deployment.start(&["switch", "blue", "--detach"]);
    running.hear("gating  ");
    let status = deployment.run(&["status", "--json"]).expect(0).json();
    let soak = &status["soak"];
    assert_eq!((&soak["phase"], &soak["running"], &soak["outcome"]), (&json!("gating"), &json!(true), &json!(null)));
    assert_ne!(soak["id"], before["soak"]["id"]);
    assert!(soak["reason"].as_str().unwrap().contains("503"), "{soak}");
    running.signal(Signal::INT);
    running.wait().expect(5).says(&["aborted before traffic was moved; it stays on green"]);
    assert_eq!(deployment.state(), before);
}

#[test]
fn a_gate_whose_monitor_was_killed_is_shown_and_refused_once_its_time_is_over() {
    let deployment = about_to_be_refused().with("health.switch_timeout", "2s");
    let mut running = deployment.start(&["switch", "blue", "--no-tui"]);
    running.hear("gating  ");
    running.signal(Signal::KILL);
    running.wait();
    let status = deployment.run(&["status"]).expect(0);
    status.says(&[" gating, no monitor is running", "before    "]);
    std::thread::sleep(std::time::Duration::from_secs(3));
    deployment.blue.set_ready(true);
    deployment.run(&["soak", "--resume", "--no-tui"]).expect(9).says(&["REFUSED: traffic stays on green"]);
    assert_eq!(deployment.state()["activeColor"], "green");
    assert_eq!(deployment.count("switch_refused"), 1);
}
