//! Recordings that are kept and recordings that go.

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use rustix::process::Signal;
use serde_json::json;
use support::Deployment;

const DAY: Duration = Duration::from_hours(24);
const OLDEST: &str = "20260701T080000Z-00aa";
const OLD: &str = "20261001T080000Z-00bb";
const NEW: &str = "20261123T080000Z-00cc";

fn recording(deployment: &Deployment, id: &str) -> PathBuf {
    deployment.path(&format!(".switchback/default/soaks/{id}.jsonl"))
}

/// Three recordings of 3 KiB, 140, 50 and 1 days old.
fn with_a_past(deployment: Deployment) -> Deployment {
    fs::create_dir_all(deployment.path(".switchback/default/soaks")).unwrap();
    for (id, days) in [(OLDEST, 140), (OLD, 50), (NEW, 1)] {
        let path = recording(&deployment, id);
        fs::write(&path, vec![b'x'; 3 << 10]).unwrap();
        File::options().write(true).open(path).unwrap().set_modified(SystemTime::now() - DAY * days).unwrap();
    }
    deployment
}

/// Which of the three are still there.
fn left(deployment: &Deployment) -> Vec<&'static str> {
    [OLDEST, OLD, NEW].into_iter().filter(|id| recording(deployment, id).exists()).collect()
}

fn soak_block(deployment: &Deployment, id: &str, phase: &str) {
    let mut state = deployment.state();
    state["soak"] = json!({ "id": id, "phase": phase, "lastSwitch": state["lastSwitch"] });
    deployment.write_state(&state);
}

#[test]
fn what_is_too_old_goes_and_is_named() {
    let deployment = with_a_past(Deployment::switched());
    let dry = "would remove 20260701T080000Z-00aa  3KiB\nwould remove 1 recording (3KiB), 2 recordings (6KiB) stay\n";
    assert_eq!(deployment.run(&["history", "prune", "--dry-run"]).expect(0).stdout, dry);
    assert_eq!(left(&deployment), [OLDEST, OLD, NEW]);
    let said = "removed 20260701T080000Z-00aa  3KiB\nremoved 1 recording (3KiB), 2 recordings (6KiB) stay\n";
    assert_eq!(deployment.run(&["history", "prune"]).expect(0).stdout, said);
    assert_eq!(left(&deployment), [OLD, NEW]);
    let again = "removed 0 recordings (0B), 2 recordings (6KiB) stay\n";
    assert_eq!(deployment.run(&["history", "prune"]).expect(0).stdout, again);
}

#[test]
fn the_limits_come_from_the_configuration() {
    let deployment = with_a_past(Deployment::switched()).with("retention.soaks", "1");
    deployment.run(&["history", "prune"]).expect(0).says(&["removed 2 recordings (6KiB), 1 recording (3KiB) stay"]);
    assert_eq!(left(&deployment), [NEW]);
    let bare = Deployment::switched().with("retention.size", "1000000");
    bare.run(&["history", "prune"]).expect(2).complains(&[
        "retention.size",
        "SWITCHBACK_RETENTION_SIZE",
        "say the unit",
    ]);
}

#[test]
fn the_recording_of_an_unfinished_soak_is_never_removed() {
    let deployment = with_a_past(Deployment::switched()).with("retention.soaks", "1");
    soak_block(&deployment, OLDEST, "watching");
    deployment.run(&["history", "prune"]).expect(0).says(&[OLD, "removed 1 recording"]);
    assert_eq!(left(&deployment), [OLDEST, NEW]);
    soak_block(&deployment, OLDEST, "finished");
    deployment.run(&["history", "prune"]).expect(0).says(&[OLDEST]);
    assert_eq!(left(&deployment), [NEW]);
}

#[test]
fn the_recording_of_a_soak_that_runs_is_never_removed() {
    let deployment = with_a_past(Deployment::switched()).with("soak.window", "1m").with("retention.soaks", "1");
    let mut running = deployment.start(&["soak", "--no-tui"]);
    running.hear("soak_start");
    assert_eq!(left(&deployment), [""; 0], "what is beyond the limits goes when a soak begins");
    deployment.run(&["history", "prune"]).expect(0).says(&["1 recording ("]);
    assert_eq!(left(&deployment), [""; 0]);
    running.signal(Signal::INT);
    let done = running.wait().expect(5);
    let recording = done.stdout.lines().find_map(|line| line.strip_prefix("recording ")).unwrap().trim();
    assert!(fs::metadata(recording).is_ok(), "{recording} is gone");
}

#[test]
fn nothing_is_removed_while_nobody_can_say_what_is_in_use() {
    let deployment = with_a_past(Deployment::switched());
    fs::write(deployment.state_path(), "{").unwrap();
    deployment.run(&["history", "prune"]).expect(2).complains(&[".deployment-state.json"]);
    assert_eq!(left(&deployment), [OLDEST, OLD, NEW]);
}

#[test]
fn what_stands_in_the_way_of_a_removal_is_told() {
    let deployment = with_a_past(Deployment::switched());
    fs::remove_dir_all(deployment.path(".switchback/default/soaks")).unwrap();
    fs::write(deployment.path(".switchback/default/soaks"), "").unwrap();
    deployment.run(&["history", "prune"]).expect(2).complains(&["cannot list the recording", "/soaks`"]);
}

#[test]
fn decisions_are_shown_or_recordings_pruned_and_not_both() {
    let deployment = with_a_past(Deployment::switched());
    for args in [&["history", "--json", "prune"][..], &["history", "--limit", "3", "prune"], &["history", "purge"]] {
        deployment.run(args).expect(2);
    }
    assert_eq!(left(&deployment), [OLDEST, OLD, NEW]);
    let elsewhere = deployment.run(&["history", "--service", "other", "prune"]).expect(0);
    elsewhere.says(&["removed 0 recordings"]);
}
