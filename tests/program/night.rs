//! What an operator reads at the end of a run, at three in the morning: every step that is printed works in that very state.

use std::fs;

use rustix::process::Signal;
use support::{Deployment, Done, Page};

/// The line that says what to do next.
fn next(done: &Done) -> Option<String> {
    let line = done.stdout.lines().chain(done.stderr.lines()).find_map(|line| line.strip_prefix("next"))?;
    Some(line.trim_start_matches([':', ' ']).to_owned())
}

/// The command of a step, as it stands there.
fn command(step: &str) -> Vec<&str> {
    let command = step.split_once("switchback ").map_or("", |(_, command)| command);
    command.split(';').next().unwrap_or_default().split_whitespace().collect()
}

/// Runs what a run printed; the step has to begin so, where something comes before the command.
fn run_next(deployment: &Deployment, done: &Done, begins: &str) -> Done {
    let step = next(done).unwrap_or_else(|| panic!("no next step: {done:#?}"));
    assert!(step.starts_with(begins), "{step}");
    deployment.run(&command(&step))
}

fn active(deployment: &Deployment) -> String {
    deployment.state()["activeColor"].as_str().unwrap().to_owned()
}

/// A deployment on a bad release, whose router is a file.
fn bad() -> Deployment {
    let deployment = Deployment::switched().with_commands("echo {color} > route", "echo {color} > route", "cat route");
    fs::write(deployment.path("route"), "green\n").unwrap();
    deployment.green.fail(50);
    deployment
}

#[test]
fn after_a_hold_the_rollback_that_is_printed_works() {
    let deployment = bad().with("soak.on_breach", "hold");
    let done = deployment.run(&["soak", "--no-tui"]).expect(11);
    let answer = done.stdout.find("\noutcome").unwrap();
    let next_at = done.stdout.find("\nnext").unwrap();
    assert!(answer < next_at && next_at < done.stdout.find("\nreason").unwrap(), "the answer stands first: {done:#?}");
    assert!(
        done.stdout[answer..].contains("BAD RELEASE STILL LIVE on green: 50% errors (limit 5%). Nobody is acting"),
        "{done:#?}"
    );

    let status = deployment.run(&["status"]).expect(0);
    let first = "ALARM     BAD RELEASE STILL LIVE on green. Nobody is acting\n";
    assert!(status.stdout.starts_with(first), "{status:#?}");
    let json = deployment.run(&["status", "--json"]).expect(0).json();
    assert_eq!(json["next"], "switchback rollback --service default", "{json}");

    run_next(&deployment, &done, "switchback rollback").expect(0);
    assert_eq!(active(&deployment), "blue");
    let status = deployment.run(&["status"]).expect(0);
    assert!(!status.stdout.contains("ALARM"), "traffic is back: {status:#?}");
}

#[test]
fn while_a_breach_is_held_the_status_says_what_works() {
    let deployment = bad().with("soak.on_breach", "hold").with("soak.window", "1m");
    let mut running = deployment.start(&["soak", "--no-tui"]);
    running.hear("hold  ");
    deployment.wait_until("held is shown", |deployment| deployment.state_text().contains("\"held\""));
    let status =
        deployment.run(&["status"]).expect(0).says(&["BAD RELEASE STILL LIVE on green. The monitor waits for you\n"]);
    run_next(&deployment, &status, "switchback rollback").expect(0);
    running.wait().expect(4);
    assert_eq!(active(&deployment), "blue");
}

#[test]
fn after_a_hold_for_a_dead_standby_it_is_started_first() {
    let deployment = bad();
    deployment.blue.set_ready(false);
    let done = deployment.run(&["soak", "--no-tui"]).expect(11);
    // Who does not start it is told the same again, and nothing moves.
    let refused = run_next(&deployment, &done, "start blue, then: switchback rollback").expect(9);
    assert_eq!(active(&deployment), "green");
    run_next(&deployment, &deployment.run(&["status"]).expect(0), "start blue, then: switchback rollback").expect(9);
    deployment.blue.set_ready(true);
    run_next(&deployment, &refused, "start blue, then: switchback rollback").expect(0);
    assert_eq!(active(&deployment), "blue");
}

#[test]
fn after_a_hold_without_a_way_back_only_force_goes_back() {
    let deployment = Deployment::fresh();
    deployment.green.fail(50);
    let done = deployment.run(&["switch", "green", "--no-tui", "--no-rollback"]).expect(11);
    run_next(&deployment, &done, "fix green; or, where blue can live with what green has changed: ").expect(0);
    assert_eq!(active(&deployment), "blue");
}

#[test]
fn after_a_failed_rollback_traffic_is_moved_by_hand_and_the_command_records_it() {
    let deployment = bad();
    let deployment = deployment.with_commands("false", "echo no such backend >&2; exit 9", "cat route");
    let done = deployment.run(&["soak", "--no-tui"]).expect(7);
    let done = done.says(&["outcome         ROLLBACK FAILED, BAD RELEASE STILL LIVE on green: "]);
    let status = deployment.run(&["status"]).expect(0);
    let next_step = "move traffic to blue by hand now, then: switchback rollback --service default";
    assert_eq!(next(&status).as_deref(), Some(next_step));
    fs::write(deployment.path("route"), "blue\n").unwrap();
    run_next(&deployment, &done, "move traffic to blue by hand now, then: ").expect(0);
    assert_eq!(active(&deployment), "blue");
    assert!(next(&deployment.run(&["status"]).expect(0)).is_none(), "nothing is left to do");
}

#[test]
fn after_an_end_that_proved_nothing_the_watch_that_is_printed_begins() {
    let deployment = Deployment::switched();
    let idle = Page::answer("200 OK", "text/plain", "http_requests_total{status=\"200\"} 7\n");
    deployment.green.show(idle);
    let done = deployment.run(&["soak", "--no-tui"]).expect(6);
    run_next(&deployment, &done, "start another soak: switchback soak").expect(6);

    let deployment = Deployment::switched().with("soak.window", "3s");
    let mut running = deployment.start(&["soak", "--no-tui"]);
    running.hear("watching");
    running.signal(Signal::INT);
    let done = running.wait().expect(5).says(&["ABORTED: traffic stays on green, nothing was judged"]);
    run_next(&deployment, &done, "start another soak: switchback soak").expect(0);
}

#[test]
fn after_a_move_that_failed_or_was_somebody_else_s_the_status_is_next() {
    let deployment = Deployment::fresh().with_commands("exit 3", "exit 3", "echo blue");
    let done = deployment.run(&["switch", "green", "--no-tui"]).expect(12);
    run_next(&deployment, &done, "switchback status").expect(0);

    let deployment = Deployment::switched().with("soak.window", "1m");
    let mut running = deployment.start(&["soak", "--no-tui"]);
    running.hear("soak_start");
    let mut state = deployment.state();
    state["activeColor"] = "blue".into();
    state["lastSwitch"] = 1_795_999_999_999_i64.into();
    deployment.write_state(&state);
    let done = running.wait().expect(8);
    run_next(&deployment, &done, "switchback status").expect(0);
}

#[test]
fn an_end_that_leaves_nothing_to_do_prints_no_step() {
    let good = Deployment::switched();
    assert_eq!(next(&good.run(&["soak", "--no-tui"]).expect(0)), None);
    assert_eq!(next(&bad().run(&["soak", "--no-tui"]).expect(3)), None);
    let refused = Deployment::fresh().with("health.switch_timeout", "500ms");
    refused.green.set_ready(false);
    assert_eq!(next(&refused.run(&["switch", "green", "--no-tui"]).expect(9)), None);
}
