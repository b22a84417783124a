//! A monitor that dies in the middle of a rollback: nothing is forgotten, and nothing is done twice.

use std::fs;

use rustix::process::Signal;

use crate::support::{Deployment, Running};

/// A deployment whose rollback waits for as long as the file `slow` is there, with a soak of it that has come so far.
fn in_the_middle_of_a_rollback() -> (Deployment, Running) {
    let deployment = Deployment::switched().with_commands(
        "echo {color} > route",
        "echo {color} >> begun\nwhile [ -e slow ]; do sleep 0.05; done\necho {color} > route",
        "cat route",
    );
    fs::write(deployment.path("route"), "green\n").unwrap();
    fs::write(deployment.path("slow"), "").unwrap();
    deployment.green.fail(50);
    let running = deployment.start(&["soak", "--no-tui"]);
    deployment.wait_until("the router is at work", |deployment| deployment.path("begun").exists());
    (deployment, running)
}

fn finish_the_router(deployment: &Deployment) {
    fs::remove_file(deployment.path("slow")).unwrap();
}

fn route(deployment: &Deployment) -> String {
    fs::read_to_string(deployment.path("route")).unwrap().trim().to_owned()
}

#[track_caller]
fn rolled_back_once(deployment: &Deployment) {
    assert_eq!(route(deployment), "blue");
    assert_eq!((deployment.count("rollback"), deployment.count("rolled_back")), (1, 1), "{:?}", deployment.kinds());
    let state = deployment.state();
    assert_eq!(state["activeColor"], "blue", "{state}");
    assert_eq!(state["soak"]["outcome"], "rolled-back", "{state}");
    deployment.run(&["verify"]).expect(0);
}

#[test]
fn one_signal_lets_the_rollback_finish() {
    let (deployment, running) = in_the_middle_of_a_rollback();
    running.signal(Signal::INT);
    // Long enough to see that the signal alone does not end it; a slow machine only makes this weaker.
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(deployment.count("rolled_back"), 0);
    finish_the_router(&deployment);
    running.wait().expect(3).says(&["ROLLED BACK: blue is active again"]);
    rolled_back_once(&deployment);
    assert_eq!(deployment.count("abort"), 0);
}

#[test]
fn a_second_signal_leaves_at_once_and_the_next_rollback_finishes_the_first() {
    let (deployment, running) = in_the_middle_of_a_rollback();
    running.signal(Signal::INT);
    // Two signals of one kind that arrive together are one signal.
    std::thread::sleep(std::time::Duration::from_millis(300));
    running.signal(Signal::TERM);
    running
        .wait()
        .expect(7)
        .complains(&["left at once on a second signal, in the middle of a move", "switchback status"]);
    assert_eq!(route(&deployment), "green");
    assert_eq!((deployment.count("rollback"), deployment.count("rolled_back")), (1, 0), "the intent is open");
    let status = deployment.run(&["status"]).expect(0);
    status.says(&["no monitor is running"]);

    finish_the_router(&deployment);
    deployment.run(&["rollback"]).expect(0).says(&["rolled back: traffic is on blue, away from green"]);
    rolled_back_once(&deployment);
    deployment.run(&["rollback"]).expect(0).says(&["there is nothing to roll back"]);
    rolled_back_once(&deployment);
}

#[test]
fn a_killed_monitor_is_followed_by_a_rollback_that_finishes_it() {
    let (deployment, running) = in_the_middle_of_a_rollback();
    running.signal(Signal::KILL);
    assert_eq!(running.wait().code(), None);
    finish_the_router(&deployment);
    deployment.run(&["rollback"]).expect(0).says(&["traffic is on blue"]);
    rolled_back_once(&deployment);
}

#[test]
fn a_killed_monitor_is_followed_by_a_switch_that_first_finishes_the_rollback() {
    let (deployment, running) = in_the_middle_of_a_rollback();
    running.signal(Signal::KILL);
    running.wait();
    finish_the_router(&deployment);
    deployment.green.fail(0);
    deployment.run(&["switch", "green", "--no-tui"]).expect(0).says(&["RETAINED: green stays active"]);
    let kinds = deployment.kinds();
    assert_eq!(kinds, ["soak_start", "breach", "rollback", "rolled_back", "switch", "soak_start", "retain"]);
    assert_eq!(deployment.decision("rolled_back")["actor"], "resume");
    assert_eq!((route(&deployment).as_str(), &deployment.state()["activeColor"]), ("green", &"green".into()));
}

#[test]
fn a_killed_monitor_is_followed_by_a_soak_that_finds_nothing_left_to_watch() {
    let (deployment, running) = in_the_middle_of_a_rollback();
    running.signal(Signal::KILL);
    running.wait();
    finish_the_router(&deployment);
    deployment.run(&["soak", "--no-tui"]).expect(2).complains(&["there is nothing to watch"]);
    rolled_back_once(&deployment);
}

#[test]
fn a_monitor_killed_while_it_watched_is_followed_by_another_one() {
    let deployment = Deployment::switched().with("soak.window", "4s");
    let mut running = deployment.start(&["soak", "--no-tui"]);
    running.hear("soak_start");
    deployment.wait_until("shown in the state file", |deployment| deployment.state_text().contains("watching"));
    running.signal(Signal::KILL);
    running.wait();
    deployment.run(&["soak", "--no-tui"]).expect(0).says(&["RETAINED"]);
    assert_eq!(deployment.kinds(), ["soak_start", "superseded", "soak_start", "retain"]);
    assert_eq!(deployment.decision("superseded")["actor"], "resume");
}

#[test]
fn two_rollbacks_at_the_same_time_are_one() {
    let deployment =
        Deployment::switched().with_commands("false", "echo {color} >> moves; echo {color} > route", "cat route");
    fs::write(deployment.path("route"), "green\n").unwrap();
    let both = [(); 4].map(|()| deployment.start(&["rollback"]));
    for running in both {
        running.wait().expect(0);
    }
    assert_eq!(fs::read_to_string(deployment.path("moves")).unwrap(), "blue\n");
    assert_eq!((deployment.count("rollback"), deployment.count("rolled_back"), deployment.count("skip")), (1, 1, 3));
}
