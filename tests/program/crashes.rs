//! A monitor that dies in the middle of a rollback: nothing is forgotten, and nothing is done twice.

use std::fs;

use rustix::process::Signal;
use support::{Deployment, Running};

/// A deployment whose rollback waits for as long as the file `slow` is there, with a soak of it that has come so far.
fn in_the_middle_of_a_rollback() -> (Deployment, Running) {
    let deployment = Deployment::switched().with_commands(
        "echo {color} > route",
        "echo {color} >> begun\nwhile [ -e slow ]; do sleep 0.05; done\necho {color} > route\necho {color} >> ended",
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

/// The same where the monitor was killed: nobody waits for its command, which goes on by itself.
fn await_the_orphaned_router(deployment: &Deployment) {
    finish_the_router(deployment);
    deployment.wait_until("the router is done", |deployment| deployment.path("ended").exists());
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
    running.wait().expect(7).complains(&["exited on a second signal, in the middle of a move", "switchback status"]);
    assert_eq!(route(&deployment), "green");
    assert_eq!((deployment.count("rollback"), deployment.count("rolled_back")), (1, 0), "the intent is open");
    let status = deployment.run(&["status"]).expect(0);
    status.says(&["no monitor is running"]);

    finish_the_router(&deployment);
    deployment.run(&["rollback"]).expect(0).says(&["rolled back: traffic is on blue, away from green"]);
    rolled_back_once(&deployment);
    deployment.run(&["rollback"]).expect(0).says(&["nothing to roll back"]);
    rolled_back_once(&deployment);
}

#[test]
fn a_killed_monitor_is_followed_by_a_rollback_that_finishes_it() {
    let (deployment, running) = in_the_middle_of_a_rollback();
    running.signal(Signal::KILL);
    assert_eq!(running.wait().code(), None);
    await_the_orphaned_router(&deployment);
    deployment.run(&["rollback"]).expect(0).says(&["traffic is on blue"]);
    rolled_back_once(&deployment);
}

#[test]
fn a_killed_monitor_is_followed_by_a_switch_that_first_finishes_the_rollback() {
    let (deployment, running) = in_the_middle_of_a_rollback();
    running.signal(Signal::KILL);
    running.wait();
    await_the_orphaned_router(&deployment);
    deployment.green.fail(0);
    deployment.run(&["switch", "green", "--no-tui"]).expect(0).says(&["RETAINED: green stays active"]);
    let kinds = deployment.kinds();
    assert_eq!(
        kinds,
        ["soak_start", "breach", "rollback", "rolled_back", "switching", "switch", "soak_start", "retain"]
    );
    assert_eq!(deployment.decision("rolled_back")["actor"], "resume");
    assert_eq!((route(&deployment).as_str(), &deployment.state()["activeColor"]), ("green", &"green".into()));
}

#[test]
fn a_rollback_that_cannot_be_finished_stops_the_next_switch() {
    let (deployment, running) = in_the_middle_of_a_rollback();
    running.signal(Signal::KILL);
    running.wait();
    await_the_orphaned_router(&deployment);
    let broken = deployment.with_commands("true", "echo the balancer is gone; exit 1", "echo green");
    let done = broken.run(&["switch", "blue", "--no-tui"]).expect(7);
    done.complains(&["left a rollback unfinished, and it cannot be finished now", "the balancer is gone"]);
    // To the color that everything still shows, it is the soak that goes on, and fails as loudly.
    broken.run(&["switch", "green", "--no-tui"]).expect(7).says(&["ROLLBACK FAILED", "the balancer is gone"]);
    assert_eq!(broken.count("switch"), 0);
}

#[test]
fn a_killed_monitor_is_followed_by_a_soak_that_finishes_its_rollback() {
    let (deployment, running) = in_the_middle_of_a_rollback();
    running.signal(Signal::KILL);
    running.wait();
    await_the_orphaned_router(&deployment);
    deployment.run(&["soak", "--no-tui"]).expect(3).says(&["ROLLED BACK: blue is active again"]);
    rolled_back_once(&deployment);
    assert_eq!(deployment.count("soak_start"), 1);
    // What has ended is told by `--resume`, and is nothing to watch for a plain `soak`.
    deployment.run(&["soak", "--resume", "--no-tui"]).expect(3).says(&["has ended: rolled-back (cause auto)"]);
    deployment.run(&["soak", "--no-tui"]).expect(2).complains(&["nothing to watch"]);
}

#[test]
fn a_soak_whose_monitor_was_killed_goes_on_in_another_with_the_same_window_and_evidence() {
    let deployment = Deployment::switched().with("soak.window", "6s");
    let mut running = deployment.start(&["soak", "--no-tui"]);
    running.hear("soak_start");
    deployment.wait_until("shown in the state file", |deployment| deployment.state_text().contains("watching"));
    let before = deployment.state();
    running.signal(Signal::KILL);
    running.wait();
    // What the configuration says meanwhile is told and not followed.
    let other = deployment.with("soak.window", "1h");
    let done = other.run(&["soak", "--no-tui"]).expect(0);
    done.says(&["the soak resumed after ", "soak.window is 1h in the configuration now", "RETAINED", "unwatched"]);
    assert_eq!(other.kinds(), ["soak_start", "resumed", "retain"]);
    let after = other.state();
    for key in ["id", "startedAt", "endsAt"] {
        assert_eq!(after["soak"][key], before["soak"][key], "{key}");
    }
}

#[test]
fn a_soak_of_a_deployment_that_was_followed_by_another_is_superseded_and_not_gone_on_with() {
    let deployment = Deployment::switched();
    let mut running = deployment.start(&["soak", "--no-tui"]);
    running.hear("soak_start");
    deployment.wait_until("shown in the state file", |deployment| deployment.state_text().contains("watching"));
    running.signal(Signal::KILL);
    running.wait();
    let mut state = deployment.state();
    state["lastSwitch"] = 1_795_999_999_999_i64.into();
    deployment.write_state(&state);
    deployment.run(&["soak", "--no-tui"]).expect(0).complains(&["another deployment is active now"]);
    assert_eq!(deployment.kinds(), ["soak_start", "superseded", "soak_start", "retain"]);
}

#[test]
fn a_soak_without_its_recording_ends_superseded_and_another_begins() {
    let deployment = Deployment::switched();
    let mut running = deployment.start(&["soak", "--no-tui"]);
    running.hear("soak_start");
    deployment.wait_until("shown in the state file", |deployment| deployment.state_text().contains("watching"));
    running.signal(Signal::KILL);
    running.wait();
    fs::remove_dir_all(deployment.path(".switchback/default/soaks")).unwrap();
    deployment.run(&["soak", "--no-tui"]).expect(0).complains(&["cannot be resumed: cannot open the recording"]);
    assert_eq!(deployment.kinds(), ["soak_start", "superseded", "soak_start", "retain"]);
}

#[test]
fn a_switch_that_died_between_router_and_state_file_is_carried_through_by_a_resume() {
    let deployment = Deployment::fresh().with_commands(
        "echo {color} > route\nwhile [ -e slow ]; do sleep 0.05; done",
        "echo {color} > route",
        "cat route 2>/dev/null || echo blue",
    );
    fs::write(deployment.path("slow"), "").unwrap();
    let running = deployment.start(&["switch", "green", "--no-tui"]);
    deployment.wait_until("the router has moved", |deployment| deployment.path("route").exists());
    running.signal(Signal::KILL);
    running.wait();
    assert!(!deployment.state_path().exists(), "the state file knows nothing yet");
    fs::remove_file(deployment.path("slow")).unwrap();
    deployment.run(&["soak", "--resume", "--no-tui"]).expect(0).says(&["RETAINED: green stays active"]);
    let state = deployment.state();
    assert_eq!((&state["activeColor"], &state["previousColor"]), (&"green".into(), &"blue".into()));
    let kinds: Vec<_> = deployment.kinds().into_iter().filter(|kind| kind != "observe").collect();
    assert_eq!(kinds, ["switching", "resumed", "switch", "soak_start", "retain"]);
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

#[test]
fn a_process_that_stood_still_says_so() {
    let deployment = Deployment::switched().with("soak.window", "20s");
    let mut running = deployment.start(&["soak", "--no-tui"]);
    running.hear("soak_start");
    deployment.wait_until("watching", |deployment| deployment.green.heads().len() > 10);
    running.signal(Signal::STOP);
    std::thread::sleep(std::time::Duration::from_secs(7));
    running.signal(Signal::CONT);
    running.hear("nothing was seen for ");
    deployment.wait_until("journaled", |deployment| deployment.count("observe") == 1);
    assert_eq!(deployment.decision("observe")["reason"], "clock-gap");
    running.signal(Signal::INT);
    running.wait().expect(5);
}

#[test]
fn a_disk_without_room_for_the_recording_stops_no_rollback() {
    let deployment = Deployment::switched().with("soak.window", "1m");
    let soak = deployment.command(&[]);
    // A limit on the size of files is met as a full disk is, once the signal for it is ignored.
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" soak --no-tui"]).arg(soak.get_program());
    shell.current_dir(deployment.folder()).env_clear();
    shell.envs(soak.get_envs().filter_map(|(name, value)| Some((name, value?))));
    // Where coverage is measured, the limit would leave a damaged profile behind that spoils all others.
    shell.env_remove("LLVM_PROFILE_FILE");
    let mut running = Running::start(shell);
    let trouble = running.hear("  trouble ");
    assert!(trouble.contains("/soaks/") && trouble.contains("cannot write the recording"), "{trouble}");
    deployment.green.fail(50);
    running
        .wait()
        .expect(3)
        .says(&["ROLLED BACK: blue is active again", "\ntrouble         cannot write the recording"]);
    assert_eq!(deployment.state()["activeColor"], "blue");
}
