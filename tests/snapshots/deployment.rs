//! `doctor`, the dry run and `status` of a deployment at rest.

use serde_json::json;
use support::{Deployment, Done, Page, Snapshots};

/// What was printed, with the exit code.
fn told(deployment: &Deployment, args: &[&str]) -> String {
    let Done { status, stdout, stderr } = deployment.run(args);
    let code = status.code().unwrap();
    deployment.redacted(&format!("$ switchback {}\n{stdout}{stderr}(exit code {code})\n", args.join(" ")))
}

#[test]
fn what_the_doctor_finds() {
    let snapshots = Snapshots::of("tests/snapshots/doctor");
    let all = |deployment: &Deployment| told(deployment, &["doctor"]) + "\n" + &told(deployment, &["doctor", "--json"]);
    snapshots.assert("well", &all(&Deployment::switched().with("soak.window", "10m")));

    let ill = Deployment::switched();
    ill.green.set_ready(false);
    ill.green.show(Page::answer("200 OK", "text/plain; version=0.0.4", "jobs_total 7\n"));
    ill.blue.show(Page::answer("404 Not Found", "text/plain", "no"));
    snapshots.assert("ill", &all(&ill));

    let fresh = Deployment::fresh().with_commands("true", "true", "echo blue").with("soak.window", "10m");
    fresh.run(&["freeze", "--reason", "drill"]).expect(0);
    snapshots.assert("never-switched", &all(&fresh));

    let elsewhere = Deployment::switched().with_commands("true", "true", "echo blue").with("soak.window", "10m");
    snapshots.assert("out-of-sync", &all(&elsewhere));
    snapshots.assert_no_other();
}

#[test]
fn what_a_rollback_would_do() {
    let snapshots = Snapshots::of("tests/snapshots/dry-run");
    let dry = |deployment: &Deployment| told(deployment, &["rollback", "--dry-run"]);
    snapshots.assert("moves", &dry(&Deployment::switched()));
    snapshots.assert("nothing-to-do", &dry(&Deployment::fresh()));
    let dead = Deployment::switched();
    dead.blue.set_ready(false);
    snapshots.assert("dead-standby", &(dry(&dead) + "\n" + &told(&dead, &["rollback", "--dry-run", "--force"])));
    let mute = Deployment::switched().with_commands("true", "true", "exit 3");
    snapshots.assert("mute-router", &dry(&mute));
    snapshots.assert_no_other();
}

#[test]
fn what_status_says_where_no_monitor_runs() {
    let snapshots = Snapshots::of("tests/snapshots/status");
    let status = |deployment: &Deployment| told(deployment, &["status"]);
    snapshots.assert("never-switched", &status(&Deployment::fresh()));
    snapshots.assert("never-watched", &status(&Deployment::switched()));
    let left = Deployment::switched();
    left.write_state(&json!({
        "activeColor": "green", "lastSwitch": left.state()["lastSwitch"], "previousColor": "blue",
        "soak": { "id": "20261123T140211Z-3f2a", "phase": "watching", "endsAt": "2026-11-23T14:12:11Z" },
    }));
    snapshots.assert("unwatched", &status(&left));
    snapshots.assert_no_other();
}
