//! Every exit code of the contract, with what is printed beside it.
//!
//! 4, 13 and 143 need an order to a running monitor: they are in `background`.

use std::fs;

use rustix::process::Signal;
use serde_json::json;
use support::{Deployment, Page};

#[test]
fn _0_a_retained_soak() {
    let deployment = Deployment::fresh();
    deployment.run(&["switch", "green", "--no-tui"]).expect(0).says(&[
        "switch          blue → green by operator:ana@",
        "outcome         RETAINED: green stays active (cause auto, exit code 0)",
    ]);
}

#[test]
fn _0_a_switch_without_a_soak_in_each_spelling() {
    let deployment = Deployment::fresh();
    for (args, active) in [
        (&["switch", "green", "--no-soak"][..], "green"),
        (&["switch-blue", "--no-soak"], "blue"),
        (&["switch-green", "--no-soak"], "green"),
    ] {
        deployment.run(args).expect(0).says(&[&format!("SWITCHED: {active} is active")]);
        assert_eq!(deployment.state()["activeColor"], active);
    }
}

#[test]
fn _0_a_switch_to_the_active_color_without_a_soak_does_nothing() {
    let deployment = Deployment::switched();
    let before = deployment.state_text();
    let said = "green is already active: nothing was moved. To watch it: switchback soak\n";
    assert_eq!(deployment.run(&["switch", "green", "--no-soak"]).expect(0).stdout, said);
    assert_eq!(deployment.state_text(), before);
}

#[test]
fn _1_an_internal_error() {
    let deployment = Deployment::fresh();
    let mut command = deployment.command(&["demo", "--no-tui"]);
    command.env("TMPDIR", "/dev/null/nowhere");
    support::Running::start(command).wait().expect(1).complains(&["switchback: ", "/dev/null/nowhere"]);
}

#[test]
fn _2_bad_usage() {
    let deployment = Deployment::fresh();
    deployment.run(&["swich"]).expect(2).complains(&["swich", "switch"]);
    deployment.run(&[]).expect(2).complains(&["Usage"]);
    deployment.run(&["soak", "--windw", "3s"]).expect(2).complains(&["--windw", "--window"]);
    deployment.run(&["switch", "red"]).expect(2).complains(&["red", "blue", "green"]);
    assert!(deployment.files().is_empty(), "nothing was written");
}

#[test]
fn _2_a_soak_of_what_was_never_switched() {
    let deployment = Deployment::fresh();
    let state = deployment.state_path();
    deployment
        .run(&["soak"])
        .expect(2)
        .complains(&["nothing to watch: blue is active", &state.canonicalize().unwrap_or(state).display().to_string()]);
    let told = deployment.run(&["rollback"]).expect(0);
    told.says(&["there is no state file `", ".deployment-state.json`: blue is active", "no previous color is known"]);
}

#[test]
fn _3_a_breach() {
    let deployment = Deployment::switched();
    deployment.green.fail(50);
    deployment
        .run(&["soak", "--no-tui"])
        .expect(3)
        .says(&["ROLLED BACK: blue is active again (cause auto, exit code 3)"]);
}

#[test]
fn _5_an_interrupted_soak() {
    for signal in [Signal::INT, Signal::TERM] {
        let deployment = Deployment::switched().with("soak.window", "1m");
        let mut running = deployment.start(&["soak", "--no-tui"]);
        running.hear("soak_start");
        running.signal(signal);
        running.wait().expect(5).says(&[
            "ABORTED: traffic stays on green, nothing was judged (cause operator, exit code 5)",
            "green stays active, unjudged",
            "next            start another soak: switchback soak --service default",
        ]);
        assert_eq!(deployment.kinds(), ["soak_start", "abort"]);
        let state = deployment.state();
        assert_eq!((&state["activeColor"], &state["soak"]["outcome"]), (&"green".into(), &"aborted".into()));
    }
}

#[test]
fn _5_an_interrupted_gate_moves_nothing() {
    let deployment = Deployment::fresh();
    deployment.green.set_ready(false);
    let running = deployment.start(&["switch", "green", "--no-tui"]);
    deployment.wait_until("the gate is watched", |deployment| deployment.green.heads().len() > 4);
    running.signal(Signal::INT);
    running.wait().expect(5).says(&["aborted before traffic was moved; it stays on blue"]);
    assert!(!deployment.state_path().exists());
}

#[test]
fn _6_a_soak_without_traffic() {
    let deployment = Deployment::switched();
    deployment.green.show(Page::answer("200 OK", "text/plain", "http_requests_total{status=\"200\"} 7\n"));
    deployment.run(&["soak", "--no-tui"]).expect(6).says(&[
        "INCONCLUSIVE: green stays active, unproven (cause auto, exit code 6)",
        "next            start another soak: switchback soak --service default",
    ]);
}

#[test]
fn _7_a_rollback_that_fails() {
    let deployment = Deployment::switched().with_commands("false", "echo no such backend >&2; exit 9", "echo green");
    deployment.green.fail(50);
    deployment.run(&["soak", "--no-tui"]).expect(7).says(&[
        "ROLLBACK FAILED, BAD RELEASE STILL LIVE on green: ",
        "no such backend",
        "next            move traffic to blue by hand now, then: switchback rollback --service default",
    ]);
    deployment.run(&["rollback"]).expect(7).complains(&[
        "ROLLBACK FAILED: the rollback to blue failed: ",
        "exit code 9",
        "no such backend",
        "\nnext: fix the cause, then: switchback rollback --service default; or retry until it works: switchback rollback \
         --keep-trying --service default\n",
    ]);
    let missing = "/nowhere/at/all";
    let lasting = deployment.with("router.rollback", format!("[\"{missing}\"]"));
    let told = lasting.run(&["rollback"]).expect(7).complains(&[missing]).stderr;
    assert!(told.ends_with("\nnext: fix the cause, then: switchback rollback --service default\n"), "{told}");
    let deployment = lasting;
    assert_eq!(deployment.count("rollback_failed"), 3);
    assert_eq!(deployment.state()["activeColor"], "green");
}

#[test]
fn _8_a_soak_that_somebody_took_over() {
    let deployment = Deployment::switched().with("soak.window", "1m");
    let mut running = deployment.start(&["soak", "--no-tui"]);
    running.hear("soak_start");
    // Somebody who does not know of the monitor: `switchback rollback` would ask it.
    let mut state = deployment.state();
    state["activeColor"] = "blue".into();
    state["lastSwitch"] = 1_795_999_999_999_i64.into();
    deployment.write_state(&state);
    running.wait().expect(8).says(&["SUPERSEDED: another process moved traffic to blue (cause external, exit code 8)"]);
    assert_eq!(deployment.kinds(), ["soak_start", "superseded"]);
    assert_eq!(deployment.state()["activeColor"], "blue");
}

#[test]
fn _9_a_color_that_is_not_ready() {
    let deployment = Deployment::fresh().with("health.switch_timeout", "500ms");
    deployment.green.set_ready(false);
    deployment.run(&["switch", "green", "--no-tui"]).expect(9).says(&[
        "switch_refused  green is not ready: 0 of 1 instances (",
        "503",
        "REFUSED: traffic stays on blue",
    ]);
    assert!(!deployment.state_path().exists());
}

#[test]
fn _9_a_rollback_to_a_dead_standby_unless_it_is_forced() {
    let deployment = Deployment::switched();
    deployment.blue.set_ready(false);
    let before = deployment.state_text();
    deployment.run(&["rollback"]).expect(9).complains(&[
        "blue is not ready, nothing was moved (",
        &deployment.blue.url(),
        "switchback rollback --force",
    ]);
    assert_eq!(deployment.state_text(), before);
    deployment.run(&["rollback", "--force"]).expect(0);
    assert_eq!(deployment.state()["activeColor"], "blue");
}

#[test]
fn _10_a_second_monitor() {
    let deployment = Deployment::switched().with("soak.window", "1m");
    let running = deployment.start(&["soak", "--no-tui"]);
    deployment.wait_until("shown in the state file", |deployment| deployment.state_text().contains("watching"));
    let before = deployment.kinds();
    let pid = format!("process {} for service `default`", running.pid());
    let folder = format!("in `{}`", deployment.folder().canonicalize().unwrap().display());
    for args in [&["soak", "--no-tui"][..], &["switch", "green", "--no-tui"]] {
        deployment.run(args).expect(10).complains(&["another monitor is running", &pid, &folder]);
    }
    assert_eq!(deployment.kinds(), before);
    let status = deployment.run(&["status", "--json"]).expect(0).json();
    assert_eq!((&status["soak"]["running"], &status["soak"]["phase"]), (&true.into(), &"watching".into()), "{status}");
    running.signal(Signal::INT);
    running.wait().expect(5);
}

#[test]
fn _11_a_breach_that_is_held() {
    let deployment = Deployment::switched();
    deployment.green.fail(50);
    deployment.run(&["soak", "--no-tui", "--on-breach", "hold"]).expect(11).says(&[
        "hold            held, not rolled back: the policy on_breach asks to wait for the operator",
        "outcome         BAD RELEASE STILL LIVE on green: ",
        "ended           HELD (cause policy, exit code 11)",
        "next            switchback rollback --service default",
    ]);
}

#[test]
fn _12_a_switch_that_fails_is_undone() {
    let deployment = Deployment::fresh().with_commands(
        "echo {color} > route; test {color} = blue",
        "echo {color} > route",
        "cat route",
    );
    fs::write(deployment.path("route"), "blue\n").unwrap();
    deployment.run(&["switch", "green", "--no-tui"]).expect(12).says(&[
        "switch_failed",
        "SWITCH FAILED",
        "exit code 1",
    ]);
    assert_eq!(fs::read_to_string(deployment.path("route")).unwrap(), "blue\n");
    assert_eq!(deployment.count("switch_failed"), 1);
    let status = deployment.run(&["status", "--json"]).expect(0).json();
    assert_eq!((&status["activeColor"], &status["router"]["inSync"]), (&"blue".into(), &json!(true)), "{status}");
}

#[test]
fn _14_a_journal_that_was_cut_off_at_its_end() {
    let deployment = Deployment::switched();
    deployment.green.fail(50);
    deployment.run(&["soak", "--no-tui"]).expect(3);
    deployment.run(&["verify"]).expect(0);
    let (known, records) = (deployment.state()["journal"].clone(), deployment.decisions().len());
    assert_eq!((&known["service"], &known["decisions"]), (&json!("default"), &json!(records)));
    let status = deployment.run(&["status", "--json"]).expect(0).json();
    assert_eq!((&status["journal"], &known["head"]), (&known, &deployment.decisions().last().unwrap()["hash"]));
    let head = known["head"].as_str().unwrap();
    deployment.run(&["status"]).says(&[&format!("journal   {records} decisions, head {}\n", &head[..12])]);

    let path = deployment.journal_path();
    let whole = fs::read_to_string(&path).unwrap();
    let cut: String = whole.split_inclusive('\n').take(records - 1).collect();
    fs::write(&path, cut).unwrap();
    let told = format!("the state file counts {records} decisions, the journal has {}", records - 2);
    deployment.run(&["verify"]).expect(14).complains(&[&format!("line {records} of `"), &told]);
    deployment.run(&["doctor"]).expect(0).says(&["warning  journal       line ", "whether `data_dir` changed"]);
    // By itself the file is whole.
    deployment.run(&["verify", path.to_str().unwrap()]).expect(0);
    fs::remove_file(&path).unwrap();
    deployment.run(&["verify"]).expect(14).complains(&["the journal has 0"]);
}

#[test]
fn _14_a_journal_that_was_changed() {
    let deployment = Deployment::switched();
    deployment.run(&["rollback"]).expect(0);
    deployment.run(&["verify"]).expect(0).says(&["intact, 2 decisions of service `default`, head "]);
    let path = deployment.journal_path();
    let changed = fs::read_to_string(&path).unwrap().replacen("operator:ana", "operator:eve", 1);
    fs::write(&path, changed).unwrap();
    let path = path.display().to_string();
    deployment.run(&["verify"]).expect(14).complains(&["line 2", &path]);
    deployment.run(&["verify", &path]).expect(14).complains(&[&path]);
    deployment.run(&["verify", "missing.jsonl"]).expect(2).complains(&["missing.jsonl"]);
}
