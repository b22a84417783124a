//! A command that is run again: a job that is re-run, or somebody who types it twice. Nothing is moved back by it, and what was
//! not judged does not pass.

use rustix::process::Signal;
use serde_json::json;
use support::{Deployment, Emulator};

#[test]
fn without_a_terminal_a_switch_without_a_color_moves_nothing_and_names_the_command() {
    let deployment = Deployment::fresh();
    deployment.run(&["switch", "--no-tui", "--output", "github"]).expect(2).complains(&[
        "`switch` needs a color",
        "(blue is active)\nnext: switchback switch green --no-tui --output github\n",
        "switchback status --inactive",
    ]);
    assert!(deployment.files().is_empty(), "nothing was written");

    // Where the color cannot be told, none is proposed as the right one.
    let torn = Deployment::switched().with_commands("true", "true", "echo blue");
    torn.run(&["switch", "--no-soak"]).expect(2).complains(&[
        "the state file says that green is active, but the router sends traffic to blue",
        "next: switchback switch blue --no-soak, or switchback switch green --no-soak\n",
    ]);
    torn.write_state(&json!("no state"));
    torn.run(&["switch"])
        .expect(2)
        .complains(&["the state file", "next: switchback switch blue, or switchback switch green\n"]);
}

#[test]
fn the_inactive_color_is_one_word_for_a_script_and_never_a_guess() {
    let fresh = Deployment::fresh();
    // The color that is deployed to next may be down.
    fresh.green.set_ready(false);
    assert_eq!(fresh.run(&["status", "--inactive"]).expect(0).stdout, "green\n");
    let switched = Deployment::switched();
    assert_eq!(switched.run(&["status", "--inactive"]).expect(0).stdout, "blue\n");

    let unknown = |deployment: &Deployment, why: &str| {
        let done = deployment.run(&["status", "--inactive"]).expect(2).complains(&[why]);
        assert_eq!(done.stdout, "", "a script would take it for a color");
    };
    unknown(
        &Deployment::switched().with_commands("true", "true", "echo blue"),
        "next: switchback switch blue --no-soak",
    );
    unknown(&Deployment::switched().with_commands("true", "true", "exit 3"), "the router cannot be read: ");
    switched.write_state(&json!({ "activeColor": "purple" }));
    unknown(&switched, ".deployment-state.json");
    switched.run(&["status", "--inactive", "--json"]).expect(2).complains(&["--inactive", "--json"]);
}

#[test]
fn the_inactive_color_is_told_with_a_warning_while_a_soak_may_have_to_go_back_to_it() {
    let deployment = Deployment::switched().with("soak.window", "1m");
    let mut running = deployment.start(&["soak", "--no-tui"]);
    running.hear("soak_start");
    let done = deployment.run(&["status", "--inactive"]).expect(0);
    assert_eq!(done.stdout, "blue\n");
    done.complains(&["warning: a running soak may still roll back to blue"]);
    running.signal(Signal::INT);
    running.wait().expect(5);
}

/// Types an answer to the question of `switch` on a terminal; returns the exit code and the screen.
fn asked(deployment: &Deployment, typed: &str) -> (Option<i32>, String) {
    let mut emulator = Emulator::new(120, 36);
    let mut program = deployment.on_terminal(&emulator, &["switch", "--no-soak", "--no-tui"]).spawn().unwrap();
    emulator.wait_for("Move traffic to green? [y/N, or a color]");
    emulator.type_keys(typed);
    let status = emulator.wait_for_end(&mut program);
    (status.code(), emulator.contents())
}

#[test]
fn on_a_terminal_a_switch_asks_where_to() {
    for (typed, code, active) in [("y\r", 0, "green"), ("purple\rgreen\r", 0, "green"), ("blue\r", 0, "blue")] {
        let deployment = Deployment::fresh();
        let (ended, screen) = asked(&deployment, typed);
        assert_eq!(ended, Some(code), "{screen}");
        let status = deployment.run(&["status", "--json"]).expect(0).json();
        assert_eq!(status["activeColor"], active, "{screen}");
    }
}

#[test]
fn whoever_says_no_or_leaves_has_moved_nothing() {
    for (typed, code) in [("\r", Some(5)), ("n\r", Some(5)), ("\u{4}", Some(5)), ("\u{3}", None)] {
        let deployment = Deployment::fresh();
        let (ended, screen) = asked(&deployment, typed);
        assert_eq!(ended, code, "{screen}");
        assert!(deployment.files().is_empty(), "{:?}", deployment.files());
    }
}

#[test]
fn a_job_with_a_terminal_is_asked_nothing() {
    let deployment = Deployment::fresh();
    let mut emulator = Emulator::new(120, 36);
    let mut command = deployment.on_terminal(&emulator, &["switch", "--no-tui"]);
    let mut program = command.env("CI", "true").spawn().unwrap();
    let status = emulator.wait_for_end(&mut program);
    assert_eq!(status.code(), Some(2), "{}", emulator.contents());
}
