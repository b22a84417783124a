//! The commands that watch nothing: status, history, configuration, completions, the manual, the demo.

use serde_json::json;

use crate::support::{Deployment, Running};

#[test]
fn status_of_what_was_never_switched() {
    let deployment = Deployment::fresh();
    let status = deployment.run(&["status", "--json"]).expect(0).json();
    assert_eq!(
        status,
        json!({
            "activeColor": "blue", "lastSwitch": null, "previousColor": null, "service": "default",
            "router": { "kind": "state-file", "activeColor": "blue", "inSync": true },
            "standby": { "color": "green", "ready": true },
            "soak": { "running": false },
        })
    );
    deployment.green.set_ready(false);
    deployment.run(&["status"]).expect(0).says(&["switched  never", "standby   green ✗ not ready", "soak      none"]);
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
    std::fs::write(deployment.path("switchback.toml"), template).unwrap();
    let valid = "the configuration of service `default` is valid\n";
    assert_eq!(deployment.run(&["config", "check"]).expect(0).stdout, valid);
}

#[test]
fn the_effective_values_are_shown_with_their_origin() {
    let deployment = Deployment::fresh();
    std::fs::write(deployment.path("switchback.toml"), "[checks.error-rate]\nthreshold = \"2%\"\n").unwrap();
    std::fs::write(deployment.path(".env"), "SWITCHBACK_SERVICE=shop\n").unwrap();
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
    std::fs::write(deployment.path("switchback.toml"), "[soak]\nwidnow = \"5m\"\ngrace = \"forever\"\n").unwrap();
    for args in [&["config", "check"][..], &["soak"], &["status"], &["switch", "--no-tui"]] {
        deployment.run(args).expect(2).complains(&[
            "soak.window",
            "SWITCHBACK_SOAK_WINDOW",
            "checks.error-rate.threshold",
            "SWITCHBACK_ERROR_RATE_THRESHOLD",
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
fn an_unknown_variable_is_a_warning_only() {
    let deployment = Deployment::fresh();
    let mut command = deployment.command(&["config", "check"]);
    command.env("SWITCHBACK_SERVICE_PORT", "8080");
    Running::start(command).wait().expect(0).complains(&["switchback: warning: ", "SWITCHBACK_SERVICE_PORT"]);
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
    Running::start(command).wait().expect(1).complains(&["breach ended retained with 0, expected was rolled-back"]);
}
