//! `freeze`, `unfreeze` and `switch --no-rollback`: a breach that is not acted on.

use std::fs;

use support::Deployment;

fn failing() -> Deployment {
    let deployment = Deployment::fresh();
    deployment.green.fail(60);
    deployment
}

#[test]
fn frozen_a_breach_is_held_and_everything_says_so() {
    let deployment = failing();
    deployment
        .run(&["freeze", "--for", "2h", "--reason", "migration"])
        .expect(0)
        .says(&["automatic rollback of default is frozen until ", "a breach is held\n"]);
    deployment
        .run(&["status"])
        .expect(0)
        .says(&["freeze    automatic rollback is frozen by operator:ana@", ": migration"]);
    let done = deployment.run(&["switch", "green", "--no-tui"]).expect(11);
    done.says(&[
        "automatic rollback is frozen by operator:ana@",
        "outcome         BAD RELEASE STILL LIVE on green: ",
        "ended           HELD",
    ]);
    assert_eq!(deployment.state()["activeColor"], "green");
    let status = deployment.run(&["status", "--json"]).expect(0).json();
    assert_eq!(status["freeze"]["reason"], "migration", "{status}");
    let freeze = deployment.decision("freeze");
    assert_eq!(
        (&freeze["reason"], &freeze["message"]),
        (&"migration".into(), &"automatic rollback of default is frozen for 2h".into())
    );
    assert_eq!((deployment.count("hold"), deployment.count("rollback")), (2, 0));

    deployment.run(&["unfreeze"]).expect(0).says(&["automatic rollback of default is enabled again"]);
    deployment.run(&["unfreeze"]).expect(0).says(&["automatic rollback of default is not frozen"]);
    assert_eq!(deployment.count("unfreeze"), 1);
    assert!(!deployment.path(".switchback/default/freeze.json").exists());
}

#[test]
fn a_breach_that_was_held_for_a_freeze_is_acted_on_when_that_ends() {
    let deployment = failing().with("soak.window", "60s");
    let mut soak = deployment.start(&["switch", "green", "--no-tui"]);
    soak.hear("watching green");
    deployment.run(&["freeze"]).expect(0).says(&["until `switchback unfreeze`", "also in the running soak"]);
    deployment.wait_until("the breach is held", |deployment| deployment.count("hold") == 1);
    deployment.run(&["unfreeze"]).expect(0).says(&["a breach held by the freeze is acted on now"]);
    soak.wait().expect(3).says(&["traffic is back on blue"]);
    assert_eq!(deployment.state()["activeColor"], "blue");
}

#[test]
fn a_freeze_for_some_time_is_over_by_itself() {
    let deployment = failing().with("soak.window", "60s");
    deployment.run(&["freeze", "--for", "4s"]).expect(0);
    deployment.run(&["switch", "green", "--no-tui"]).expect(3).says(&["automatic rollback is no longer frozen"]);
    assert!(deployment.run(&["status", "--json"]).expect(0).json().get("freeze").is_none());
}

#[test]
fn a_freeze_that_cannot_be_read_holds() {
    let deployment = failing();
    fs::create_dir_all(deployment.path(".switchback/default")).unwrap();
    fs::write(deployment.path(".switchback/default/freeze.json"), "half a fre").unwrap();
    deployment
        .run(&["switch", "green", "--no-tui"])
        .expect(11)
        .says(&["is not valid (", "`switchback unfreeze` removes it"]);
    deployment.run(&["unfreeze"]).expect(0).says(&["is enabled again"]);
}

#[test]
fn a_freeze_lasts_between_a_second_and_a_year() {
    let deployment = Deployment::fresh();
    for length in ["0s", "999ms", "366d", "2", "soon", "-1h"] {
        deployment.run(&["freeze", &format!("--for={length}")]).expect(2).complains(&["--for"]);
    }
    assert!(deployment.files().is_empty(), "nothing is frozen by a typing error");
}

#[test]
fn a_freeze_that_cannot_be_written_fails() {
    let deployment = Deployment::fresh();
    fs::write(deployment.path(".switchback"), "").unwrap();
    deployment.run(&["freeze"]).expect(2).complains(&["cannot write the freeze", "freeze.json"]);
}

#[test]
fn a_release_without_a_way_back_is_held_and_goes_back_by_force_alone() {
    let deployment = failing();
    let done = deployment.run(&["switch", "green", "--no-tui", "--no-rollback"]).expect(11);
    done.says(&["no rollback: a breach is only held", "the release was switched to with --no-rollback"]);
    assert_eq!(deployment.state()["transition"]["noWayBack"], true);
    deployment
        .run(&["status"])
        .expect(0)
        .says(&["rollback  only by force: the release was switched to with --no-rollback"]);
    deployment.run(&["rollback"]).expect(9).complains(&["--no-rollback", "switchback rollback --force"]);
    assert_eq!((deployment.state()["activeColor"].as_str(), deployment.count("rollback")), (Some("green"), 0));
    // Whoever watches it again is held to it as well.
    deployment.run(&["soak", "--no-tui"]).expect(11).says(&["no rollback"]);
    deployment.run(&["rollback", "--force"]).expect(0).says(&["rolled back: traffic is on blue"]);
    assert_eq!(deployment.state()["transition"].get("noWayBack"), None, "the rollback is none of its release");
}

#[test]
fn without_a_soak_the_next_rollback_is_told_all_the_same() {
    let deployment = Deployment::fresh();
    deployment.run(&["switch", "green", "--no-soak", "--no-rollback"]).expect(0);
    deployment.run(&["rollback"]).expect(9);
    let said = "green is already active: nothing was moved";
    let noted = "--no-rollback was ignored: it applies to a switch that moves traffic";
    // By the old name of the flag as well.
    deployment.run(&["switch", "green", "--no-soak", "--no-way-back"]).expect(0).says(&[said]).complains(&[noted]);
    deployment.run(&["switch", "blue", "--no-soak"]).expect(0).says(&["SWITCHED: blue is active"]);
    deployment.run(&["rollback"]).expect(0).says(&["traffic is on green"]);
}

#[test]
fn a_running_soak_with_no_rollback_refuses_a_plain_rollback() {
    let deployment = failing().with("soak.window", "60s");
    let mut soak = deployment.start(&["switch", "green", "--no-tui", "--no-rollback"]);
    soak.hear("watching green");
    deployment.run(&["ctl", "rollback"]).expect(13).complains(&["--no-rollback"]);
    deployment.run(&["rollback"]).expect(9).complains(&["--no-rollback"]);
    deployment.run(&["ctl", "rollback", "--force"]).expect(0);
    soak.wait().expect(4);
}
