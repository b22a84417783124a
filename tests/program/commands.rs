//! The commands that watch nothing: status, history, configuration, completions, the manual, the demo.

use std::fs;

use clap::ValueEnum as _;
use rustix::process::Signal;
use serde_json::json;
use support::{Deployment, Running};
use switchback::app::demo::Scenario;

#[test]
fn status_of_what_was_never_switched() {
    let deployment = Deployment::fresh();
    let status = deployment.run(&["status", "--json"]).expect(0).json();
    let folder = deployment.folder().canonicalize().unwrap();
    assert_eq!(
        status,
        json!({
            "activeColor": "blue", "lastSwitch": null, "previousColor": null, "service": "default",
            "stateFile": { "path": folder.join(".deployment-state.json"), "exists": false },
            "configuration": { "folder": folder, "file": null },
            "router": { "kind": "state-file", "activeColor": "blue", "inSync": true },
            "standby": { "color": "green", "ready": true },
            "soak": { "running": false },
            "exitCode": 2,
        })
    );
    deployment.green.set_ready(false);
    deployment.run(&["status"]).expect(0).says(&[
        "(missing: assuming that blue is active, never switched)",
        "switched  never",
        "standby   green ✗ not ready",
        "soak      none",
    ]);
    assert!(deployment.files().is_empty(), "asking writes nothing: {:?}", deployment.files());
}

#[test]
fn status_shows_a_router_that_went_its_own_way_or_is_gone() {
    let elsewhere = Deployment::switched().with_commands("true", "true", "echo blue");
    elsewhere.run(&["status"]).expect(0).says(&["router    command ✗ out of sync: it sends traffic to blue"]);
    let gone = Deployment::switched().with_commands("true", "true", "echo cannot connect; exit 1");
    gone.run(&["status"]).expect(0).says(&["router    command ✗ cannot be read: ", "cannot connect"]);
    let status = gone.run(&["status", "--json"]).expect(0).json();
    assert_eq!((&status["router"]["inSync"], &status["activeColor"]), (&json!(null), &json!("green")), "{status}");
}

#[test]
fn history_has_the_decisions_newest_last() {
    let deployment = Deployment::switched();
    deployment.run(&["history"]).expect(0);
    deployment.run(&["rollback", "--reason", "drill \u{1b}[31m"]).expect(0);
    deployment.run(&["rollback"]).expect(0);
    let text = deployment.run(&["history"]).expect(0).stdout;
    let words: Vec<_> = text.lines().map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    assert_eq!(words, ["rollback", "rolled_back", "skip"]);
    assert!(
        text.contains("(drill ") && !text.contains('\u{1b}'),
        "what others wrote does not steer a terminal: {text}"
    );

    let last = deployment.run(&["history", "--json", "--limit", "1"]).expect(0).json_lines();
    assert_eq!(last, [deployment.decision("skip")], "as it stands in the journal");
}

#[test]
fn the_template_is_a_valid_configuration() {
    let deployment = Deployment::fresh();
    let template = deployment.run(&["config", "template"]).expect(0).stdout;
    fs::write(deployment.path("switchback.toml"), template).unwrap();
    let valid = "the configuration of service `default` is valid\n";
    assert_eq!(deployment.run(&["config", "check"]).expect(0).stdout, valid);
}

#[test]
fn the_effective_values_are_shown_with_their_origin() {
    let deployment = Deployment::fresh();
    fs::write(deployment.path("switchback.toml"), "[checks.error-rate]\nthreshold = \"2%\"\n").unwrap();
    fs::write(deployment.path(".env"), "SWITCHBACK_SERVICE=shop\n").unwrap();
    let args = ["config", "show", "--grace", "2s"];
    deployment.run(&args).expect(0).says(&[
        "soak.grace",
        "--grace",
        "SWITCHBACK_SOAK_WINDOW",
        "switchback.toml",
        ".env",
    ]);
    let shown = deployment.run(&["config", "show", "--json", "--grace", "2s"]).expect(0).json();
    let text = shown.to_string();
    for value in ["\"2s\"", "\"2%\"", "\"shop\""] {
        assert!(text.contains(value), "{value} is not in {text}");
    }
}

#[test]
fn all_problems_of_a_configuration_are_told_at_once() {
    let deployment = Deployment::fresh().with("soak.window", "10").with("checks.error-rate.threshold", "5");
    fs::write(deployment.path("switchback.toml"), "[soak]\nwidnow = \"5m\"\ngrace = \"forever\"\n").unwrap();
    for args in [&["config", "check"][..], &["soak"], &["status"], &["switch", "green", "--no-tui"]] {
        deployment.run(args).expect(2).complains(&[
            "soak.window",
            "SWITCHBACK_SOAK_WINDOW",
            "checks.error-rate.threshold",
            "SWITCHBACK_CHECKS_ERROR_RATE_THRESHOLD",
            "soak.widnow",
            "soak.window",
            "soak.grace",
            "forever",
            "switchback.toml",
        ]);
    }
    deployment.run(&["config", "check", "--config", "elsewhere.toml"]).expect(2).complains(&["elsewhere.toml"]);
}

#[test]
fn a_variable_of_an_orchestrator_says_nothing() {
    let deployment = Deployment::fresh();
    let mut command = deployment.command(&["config", "check"]);
    command.env("SWITCHBACK_SERVICE_PORT", "8080").env("SWITCHBACK_PORT", "tcp://10.0.0.1:80");
    let done = Running::start(command).wait().expect(0);
    assert_eq!(done.stderr, "");
}

#[test]
fn a_mistyped_variable_stops_what_judges_a_release_and_nothing_else() {
    let deployment = Deployment::switched();
    let run = |args: &[&str]| {
        let mut command = deployment.command(args);
        command.env("SWITCHBACK_TRESHOLD", "1%");
        Running::start(command).wait()
    };
    let before = deployment.files();
    for args in [
        &["switch", "blue"][..],
        &["switch", "blue", "--detach"],
        &["soak"],
        &["soak", "--no-tui"],
        &["config", "check"],
    ] {
        run(args).expect(2).complains(&[
            "SWITCHBACK_TRESHOLD: unknown variable; did you mean `SWITCHBACK_CHECKS_ERROR_RATE_THRESHOLD`?",
            "example  SWITCHBACK_CHECKS_ERROR_RATE_THRESHOLD=5%",
        ]);
    }
    run(&["doctor"]).expect(2).says(&["FAILURE  configuration SWITCHBACK_TRESHOLD: unknown variable"]);
    assert_eq!(deployment.files(), before, "nothing was touched");
    let told =
        ["warning: SWITCHBACK_TRESHOLD: unknown variable; did you mean `SWITCHBACK_CHECKS_ERROR_RATE_THRESHOLD`?"];
    run(&["status"]).expect(0).complains(&told);
    run(&["soak", "--supervised"]).expect(0).complains(&told);
    run(&["soak", "--resume", "--no-tui"]).expect(0).complains(&told);
    run(&["rollback"]).expect(0).complains(&told);
    assert_eq!(deployment.state()["activeColor"], "blue");
}

#[test]
fn completions_and_the_manual_know_every_command() {
    let deployment = Deployment::fresh();
    for args in [&["completions", "bash"][..], &["completions", "zsh"], &["completions", "fish"], &["man"], &["--help"]]
    {
        deployment.run(args).expect(0).says(&["switch", "soak", "rollback", "status", "history", "verify", "window"]);
    }
}

#[test]
fn the_demo_shows_a_breach_being_rolled_back() {
    let deployment = Deployment::fresh();
    let demo = |args: &[&str]| {
        let mut command = deployment.command(args);
        command.env("TMPDIR", deployment.folder());
        Running::start(command).wait()
    };
    let done = demo(&["demo", "--no-tui", "--scenario", "breach", "--speed", "20"]).expect(0);
    let done = done.says(&["ROLLED BACK: blue is active again (cause auto, exit code 3)", "users  ", "look around"]);
    let folder = done.stdout.split("cd ").nth(1).unwrap().split(" &&").next().unwrap();
    let status = Running::start({
        let mut command = deployment.command(&["status", "--json"]);
        command.current_dir(folder).env_clear();
        command
    });
    let status = status.wait().expect(0).json();
    assert_eq!(
        (&status["activeColor"], &status["soak"]["outcome"]),
        (&json!("blue"), &json!("rolled-back")),
        "{status}"
    );

    let json = demo(&["demo", "--scenario", "dead-standby", "--speed", "20", "--output", "json"]).expect(0);
    let lines = json.json_lines();
    let outcome = lines.last().unwrap();
    assert_eq!((&outcome["type"], &outcome["outcome"]), (&json!("outcome"), &json!("held")), "{outcome}");
}

#[test]
fn a_demo_that_goes_another_way_says_so() {
    let deployment = Deployment::fresh();
    let mut command = deployment.command(&["demo", "--scenario", "breach", "--speed", "20", "--threshold", "99%"]);
    command.env("TMPDIR", deployment.folder());
    Running::start(command).wait().expect(1).complains(&["breach ended retained with 0, expected rolled-back"]);
}

#[test]
fn every_demo_says_what_it_starts_and_what_to_look_at() {
    let deployment = Deployment::fresh();
    for scenario in Scenario::value_variants() {
        let mut command = deployment.command(&["demo", "--scenario", &scenario.to_string()]);
        command.env("TMPDIR", deployment.folder());
        let mut running = Running::start(command);
        running.hear("look at  ");
        running.hear("expect   ");
        running.hear("curl ");
        running.hear("  baseline  ");
        running.signal(Signal::INT);
        running
            .wait()
            .expect(5)
            .says(&["ABORTED: traffic stays on blue, nothing was judged (cause operator, exit code 5)"]);
    }
}

#[test]
fn recorded_soaks_are_judged_again() {
    let deployment = Deployment::switched().by_evidence();
    deployment.green.fail(50);
    deployment.run(&["soak", "--no-tui"]).expect(3);
    let files = deployment.files();
    let recording = files.iter().find(|(path, _)| path.to_string_lossy().contains("/soaks/")).unwrap().0.clone();
    let rows: Vec<_> = (0..=60).map(|second| format!("{},{},{}\n", second * 1000, second * 100, second * 2)).collect();
    fs::write(deployment.path("healthy.csv"), format!("tick_ms,total,errors\n{}", rows.concat())).unwrap();
    let recording = recording.display().to_string();

    let args = ["backtest", "healthy.csv", "--bad", &recording, "--window", "1m", "--json"];
    let judged = deployment.run(&args).expect(0).json_lines();
    assert_eq!(judged.len(), 2);
    let text = deployment.run(&["backtest", "healthy.csv", "--bad", &recording]).expect(0);
    text.says(&["healthy.csv", "as given"]);
    let sweep = ["backtest", "healthy.csv", "--sweep", "threshold=1%,5%", "--sweep", "method=window,evidence"];
    deployment.run(&sweep).expect(0).says(&["threshold 1%, method window", "threshold 5%, method evidence"]);
}

#[test]
fn a_trace_that_cannot_be_judged_is_named() {
    let deployment = Deployment::fresh();
    fs::write(deployment.path("page.html"), "<html>").unwrap();
    fs::write(deployment.path("bytes"), [0xff, 0xfe]).unwrap();
    fs::write(deployment.path("other.jsonl"), "{\"v\":1}\n").unwrap();
    for file in ["missing.csv", "page.html", "bytes", "other.jsonl"] {
        deployment.run(&["backtest", file]).expect(2).complains(&[file]);
    }
    deployment.run(&["backtest"]).expect(2).complains(&["TRACE"]);
    deployment.run(&["backtest", "page.html", "--window", "0s"]).expect(2).complains(&["soak.window", "`0s`"]);
    deployment.run(&["backtest", "page.html", "--sweep", "colour=red"]).expect(2).complains(&["colour"]);
}
