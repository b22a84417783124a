//! A switch to the color that is live already: a job that is run again, after whatever became of it the first time.

use std::fs;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use support::{Deployment, Page, Running};

const AGAIN: [&str; 3] = ["switch", "green", "--no-tui"];
const NOT_JUDGED: &str = "green is already live; nothing was moved. It was not judged yet: ";

/// A deployment whose switch counts as this deploy for longer than a test takes.
fn fresh() -> Deployment {
    Deployment::fresh().with("soak.max_extension", "2m")
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Green was switched to so long ago, by somebody who left no more than this in the state file.
fn switched_ago(deployment: Deployment, ago: Duration) -> Deployment {
    let at = now_ms() - i64::try_from(ago.as_millis()).unwrap();
    deployment.write_state(&json!({ "activeColor": "green", "lastSwitch": at, "previousColor": "blue" }));
    deployment
}

/// A switch to green that is ended by a signal once its soak has begun.
fn cut_off(signal: Signal, deployment: Deployment) -> Deployment {
    let mut running = deployment.start(&AGAIN);
    running.hear("soak_start");
    deployment.wait_until("the soak is shown", |deployment| deployment.state_text().contains("watching"));
    running.signal(signal);
    running.wait();
    assert_eq!(deployment.state()["activeColor"], "green");
    deployment
}

fn with_variable(deployment: &Deployment, args: &[&str], name: &str, value: &str) -> Running {
    let mut command = deployment.command(args);
    command.env(name, value);
    Running::start(command)
}

#[test]
fn a_job_that_was_interrupted_is_judged_when_it_is_run_again() {
    for (signal, told, kinds) in [
        (Signal::INT, "it is watched now", ["soak_start", "abort", "soak_start", "retain"]),
        (Signal::TERM, "it is watched now", ["soak_start", "abort", "soak_start", "retain"]),
    ] {
        let deployment = cut_off(signal, fresh());
        let before = deployment.state();
        let done = deployment.run(&AGAIN).expect(0).says(&["RETAINED: green stays active"]);
        done.complains(&[NOT_JUDGED, told]);
        assert_eq!(deployment.kinds()[2..], kinds);
        assert_eq!(deployment.state()["lastSwitch"], before["lastSwitch"], "nothing was moved");
    }
}

#[test]
fn a_job_that_was_killed_goes_on_with_its_soak() {
    let deployment = cut_off(Signal::KILL, fresh());
    let before = deployment.state();
    deployment.run(&AGAIN).expect(0).complains(&[NOT_JUDGED, "its soak is resumed"]);
    assert_eq!(deployment.kinds(), ["switching", "switch", "soak_start", "resumed", "retain"]);
    assert_eq!(deployment.state()["soak"]["id"], before["soak"]["id"]);
}

#[test]
fn a_bad_release_that_an_interrupted_job_left_live_is_rolled_back() {
    let deployment = cut_off(Signal::INT, fresh());
    deployment.green.fail(50);
    deployment.run(&AGAIN).expect(3).says(&["ROLLED BACK: blue is active again"]);
    // Now blue is live, and the same command is another switch.
    deployment.green.fail(0);
    deployment.run(&AGAIN).expect(0).says(&["RETAINED: green stays active"]);
    assert_eq!(deployment.count("switch"), 2);
}

#[test]
fn what_was_judged_keeps_its_outcome_and_is_not_watched_again() {
    let deployment = fresh();
    deployment.run(&AGAIN).expect(0);
    let (kinds, state) = (deployment.kinds(), deployment.state_text());
    let id = deployment.state()["soak"]["id"].as_str().unwrap().to_owned();
    let done =
        deployment.run(&AGAIN).expect(0).says(&[&format!("soak {id} has ended: retained (cause auto)\nreason  ")]);
    done.complains(&["green is already live; nothing was moved"]);

    let lines = deployment.run(&["switch", "green", "--no-tui", "--output", "json"]).expect(0).json_lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let told = |line: &Value| ["type", "outcome", "exitCode", "again", "soak"].map(|key| line[key].clone());
    assert_eq!(told(&lines[0]), [json!("outcome"), json!("retained"), json!(0), json!(true), json!(id)]);
    let detached = deployment.run(&["switch", "green", "--detach", "--output", "json"]).expect(0).json_lines();
    assert_eq!(told(&detached[0]), told(&lines[0]));

    let summary = deployment.path("summary.md");
    let args = ["switch", "green", "--no-tui", "--output", "github"];
    let done = with_variable(&deployment, &args, "GITHUB_STEP_SUMMARY", summary.to_str().unwrap()).wait().expect(0);
    done.says(&["::notice title=switchback::retained: "]);
    assert!(fs::read_to_string(summary).unwrap().contains("### switchback · default: retained"));
    assert_eq!((deployment.kinds(), deployment.state_text()), (kinds, state), "nothing was done");
}

#[test]
fn a_breach_that_was_held_is_told_with_its_own_exit_code() {
    let deployment = fresh().with("soak.on_breach", "hold").with("soak.max_extension", "0s");
    deployment.green.fail(50);
    deployment.run(&AGAIN).expect(11);
    // However old it is: it was judged.
    deployment.run(&AGAIN).expect(11).says(&["has ended: held (cause policy)\nnext  "]);
    assert_eq!(deployment.count("soak_start"), 1);
}

#[test]
fn a_rollback_that_failed_is_told_and_not_tried_by_a_switch() {
    let deployment = fresh().with_commands("echo {color} > route", "exit 9", "cat route 2>/dev/null || echo blue");
    deployment.green.fail(50);
    deployment.run(&AGAIN).expect(7);
    let kinds = deployment.kinds();
    deployment.run(&AGAIN).expect(7).says(&["has ended: rollback-failed (cause auto)\nnext  "]);
    assert_eq!(deployment.kinds(), kinds);
}

#[test]
fn a_breach_of_a_job_that_was_killed_is_final_however_late_the_job_is_run_again() {
    let deployment = Deployment::fresh().with("soak.on_breach", "hold").with("soak.window", "5s");
    deployment.green.fail(50);
    let mut running = deployment.start(&AGAIN);
    running.hear("hold  ");
    deployment.wait_until("held is shown", |deployment| deployment.state_text().contains("\"held\""));
    running.signal(Signal::KILL);
    running.wait();
    std::thread::sleep(Duration::from_secs(6));
    deployment.run(&AGAIN).expect(11).says(&["outcome         BAD RELEASE STILL LIVE on green: "]);
}

#[test]
fn an_inconclusive_soak_begins_anew_while_that_is_this_deploy_and_stays_inconclusive_after_that() {
    let silent = Page::answer("200 OK", "text/plain", "http_requests_total{status=\"200\"} 7\n");
    let deployment = Deployment::fresh().with("soak.window", "3s");
    deployment.green.show(silent.clone());
    deployment.run(&AGAIN).expect(6);
    // Window and extension are over by now.
    let kinds = deployment.kinds();
    deployment.run(&AGAIN).expect(6).says(&["was not judged (inconclusive: ", "Watch it now: switchback soak"]);
    assert_eq!(deployment.kinds(), kinds);

    let patient = deployment.with("soak.max_extension", "2m").with("soak.on_inconclusive", "keep");
    patient.run(&AGAIN).expect(0).says(&["INCONCLUSIVE"]).complains(&[NOT_JUDGED]);
    // A policy has decided to keep it: that is an outcome.
    patient.run(&AGAIN).expect(0).says(&["has ended: inconclusive (cause policy)\nreason  "]);
    assert_eq!(patient.count("soak_start"), 2);
}

#[test]
fn what_is_live_for_too_long_is_not_judged_as_this_deploy() {
    let deployment = switched_ago(fresh(), Duration::from_hours(3));
    let before = deployment.state_text();
    let told = ["green is live for 3h and was not judged", "Watch it now: switchback soak"];
    deployment.run(&AGAIN).expect(6).says(&told);
    let args = ["switch", "green", "--no-tui", "--output", "json"];
    let lines = deployment.run(&args).expect(6).json_lines();
    assert_eq!((&lines[0]["outcome"], &lines[0]["exitCode"]), (&json!("inconclusive"), &json!(6)));
    deployment
        .run(&["switch-green", "--output", "github"])
        .expect(6)
        .says(&["::warning title=switchback::inconclusive: "]);
    assert_eq!((deployment.state_text(), deployment.kinds().len()), (before, 0));
    deployment.run(&["soak", "--no-tui"]).expect(0);
    deployment.run(&AGAIN).expect(0).says(&["has ended: retained"]);
}

#[test]
fn a_switch_that_somebody_else_made_is_watched() {
    let deployment = switched_ago(fresh(), Duration::from_secs(1));
    deployment.run(&AGAIN).expect(0).says(&["RETAINED"]).complains(&[NOT_JUDGED, "it is watched now"]);
    assert_eq!(deployment.kinds(), ["soak_start", "retain"]);
    // The same color, but another switch since: what was said of the one before says nothing of it.
    let again = switched_ago(deployment, Duration::ZERO);
    again.run(&AGAIN).expect(0).complains(&[NOT_JUDGED]);
    assert_eq!(again.count("retain"), 2);
}

#[test]
fn another_release_on_the_live_color_is_refused() {
    let deployment = fresh();
    let release = |release: &str| deployment.run(&["switch", "green", "--no-tui", "--release", release]);
    release("4f2a").expect(0).says(&["blue → green with release 4f2a by operator:ana@"]);
    let state = deployment.state();
    assert_eq!((&state["transition"]["release"], &state["soak"]["release"]), (&json!("4f2a"), &json!("4f2a")));
    assert_eq!(deployment.decision("switch")["release"], "4f2a");
    release("4f2a").expect(0).says(&["has ended: retained"]);
    // Nobody says which one is meant: the switch is the same.
    deployment.run(&AGAIN).expect(0).says(&["has ended: retained"]);

    let told = "green is already live; nothing was moved: it runs release 4f2a, not 9b1c. Deploy 9b1c to blue";
    release("9b1c").expect(9).says(&[told]);
    let in_a_job = ["switch", "green", "--output", "github"];
    let done = with_variable(&deployment, &in_a_job, "GITHUB_SHA", "9b1c").wait().expect(9);
    done.says(&["::error title=switchback::refused: green is already live; nothing was moved"]);
    assert_eq!(deployment.count("switch_refused"), 2);
    assert_eq!(deployment.state()["lastSwitch"], state["lastSwitch"]);
    deployment.run(&["switch", "green", "--no-soak", "--release", "9b1c"]).expect(0);
    deployment.run(&["status"]).expect(0).says(&["release   4f2a"]);
}

#[test]
fn a_release_is_known_to_a_soak_of_a_switch_that_did_not_name_it() {
    let deployment = switched_ago(fresh(), Duration::from_secs(1));
    deployment.run(&["soak", "--no-tui", "--release", "v7"]).expect(0);
    assert_eq!(deployment.state()["soak"]["release"], "v7");
    deployment.run(&["switch", "green", "--release", "v8"]).expect(9).says(&["it runs release v7, not v8"]);
}

#[test]
fn where_there_is_no_switch_to_judge_nothing_passes() {
    let deployment = fresh();
    deployment
        .run(&["switch", "blue"])
        .expect(9)
        .says(&["blue is already live; nothing was moved: there is no switch to judge"]);
    deployment.run(&["switch", "blue", "--no-soak"]).expect(0).says(&["blue is already active: nothing was moved"]);
    assert!(!deployment.state_path().exists());
    deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    deployment.run(&["rollback"]).expect(0);
    deployment.run(&["switch", "blue"]).expect(9).says(&["blue is active since a rollback"]);
}

#[test]
fn a_switch_without_a_soak_leaves_a_soak_that_was_cut_off_to_be_gone_on_with() {
    let deployment = cut_off(Signal::KILL, fresh());
    let before = deployment.state();
    deployment.run(&["switch", "green", "--no-soak"]).expect(0).says(&["green is already active: nothing was moved"]);
    deployment.run(&["soak", "--resume", "--no-tui"]).expect(0).says(&["RETAINED"]);
    assert_eq!(deployment.state()["soak"]["id"], before["soak"]["id"]);
}

#[test]
fn a_switch_that_was_not_watched_is_watched_when_it_is_run_again_with_a_soak() {
    let deployment = fresh();
    deployment.run(&["switch", "green", "--no-soak", "--no-rollback"]).expect(0);
    deployment.green.fail(50);
    let held = deployment.with("soak.max_extension", "3s");
    // What the switch said of the release holds for its soak.
    held.run(&AGAIN).expect(11).says(&["no rollback"]).complains(&[NOT_JUDGED]);
}

#[test]
fn a_rollback_that_a_killed_job_began_is_finished_by_the_job_that_is_run_again() {
    let deployment = fresh().with_commands(
        "echo {color} > route",
        "echo {color} > begun\nwhile [ -e slow ]; do sleep 0.05; done\necho {color} > route",
        "cat route 2>/dev/null || echo blue",
    );
    fs::write(deployment.path("slow"), "").unwrap();
    deployment.green.fail(50);
    let running = deployment.start(&AGAIN);
    deployment.wait_until("the router is at work", |deployment| deployment.path("begun").exists());
    running.signal(Signal::KILL);
    running.wait();
    // The old command is still at work, and the router still shows green.
    let again = deployment.start(&AGAIN);
    deployment.wait_until("somebody goes on", |deployment| deployment.count("resumed") == 1);
    fs::remove_file(deployment.path("slow")).unwrap();
    again.wait().expect(3).says(&["ROLLED BACK: blue is active again"]);
    assert_eq!((deployment.count("rollback"), deployment.count("rolled_back")), (1, 1));
}
