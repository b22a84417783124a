//! What scripts and the steps of a job are told: exit codes of `status`, JSON and `GITHUB_OUTPUT` in every path.

use std::fs;

use rustix::process::Signal;
use serde_json::{Value, json};
use support::{Deployment, Done, Running};

use crate::background::Background;

/// Runs it in a job of GitHub Actions.
#[track_caller]
fn in_a_job(deployment: &Deployment, args: &[&str]) -> Done {
    let mut command = deployment.command(args);
    let _ = fs::remove_file(deployment.path("output"));
    command.env("CI", "true").env("GITHUB_OUTPUT", deployment.path("output"));
    command.env("GITHUB_STEP_SUMMARY", deployment.path("summary.md"));
    Running::start(command).wait()
}

/// An output of the step.
#[track_caller]
fn output(deployment: &Deployment, name: &str) -> String {
    let text = fs::read_to_string(deployment.path("output")).unwrap_or_default();
    let mut lines = text.lines().filter_map(|line| line.strip_prefix(&format!("{name}=")));
    lines.next_back().unwrap_or_else(|| panic!("there is no {name} in {text:?}")).to_owned()
}

#[test]
fn a_script_waits_for_a_soak_in_the_background_and_ends_with_its_exit_code() {
    let deployment = Deployment::fresh();
    let _monitor = Background::start(&deployment, &["switch", "green", "--release", "v7"]);
    let status = deployment.run(&["status", "--wait", "--json"]).expect(0).json();
    assert_eq!((&status["exitCode"], &status["soak"]["outcome"]), (&json!(0), &json!("retained")));
    assert_eq!((&status["release"], &status["soak"]["release"]), (&json!("v7"), &json!("v7")));
    deployment.run(&["status", "--exit-code"]).expect(0).says(&["active    green, release v7\n"]);

    deployment.blue.fail(50);
    let _monitor = Background::start(&deployment, &["switch", "blue"]);
    deployment.run(&["status", "--wait"]).expect(3).says(&["outcome   rolled-back (auto)"]);
    deployment.run(&["status"]).expect(0);
}

#[test]
fn an_exit_code_tells_a_running_soak_a_dead_one_and_none_at_all_from_a_good_one() {
    let deployment = Deployment::fresh();
    deployment.write_state(&json!({ "activeColor": "blue", "lastSwitch": 1, "previousColor": "green" }));
    deployment.run(&["status", "--exit-code"]).expect(2).complains(&["no soak is known: nothing was judged"]);

    let deployment = deployment.with("soak.window", "10m");
    let monitor = Background::start(&deployment, &["switch", "green"]);
    deployment.run(&["status", "--exit-code"]).expect(10).complains(&["nothing is decided yet (exit code 10)"]);
    monitor.signal(Signal::KILL);
    monitor.wait_until_gone();
    let next = "switchback soak --resume --service default";
    deployment
        .run(&["status", "--wait"])
        .expect(13)
        .complains(&["the release is unwatched", &format!("next: {next}\n")]);
    assert_eq!(deployment.run(&["status", "--json"]).expect(0).json()["next"], next);
    deployment.run(&["status"]).expect(0).says(&[", no monitor is running\n", &format!("\nnext      {next}\n")]);
    in_a_job(&deployment, &["status", "--exit-code", "--output", "github"]).expect(13);
    assert_eq!(output(&deployment, "next"), next);
    deployment.run(&["soak", "--resume", "--detach"]).expect(0);
    deployment.run(&["ctl", "abort"]).expect(0);
    deployment.run(&["status", "--wait"]).expect(5);
    deployment.run(&["switch", "blue", "--no-soak"]).expect(0);
    let status = deployment.run(&["status", "--exit-code", "--json"]).expect(0).json();
    assert_eq!(status["soak"]["outcome"], "switched");
}

#[test]
fn a_rollback_that_fails_for_too_long_ends_the_wait_and_the_monitor_goes_on() {
    let back = "test -e healed && echo {color} > route";
    let deployment = Deployment::switched().with_commands("false", back, "cat route").with("rollback.give_up", "1s");
    fs::write(deployment.path("route"), "green\n").unwrap();
    deployment.green.fail(50);
    let monitor = Background::start(&deployment, &["soak"]);
    let done = deployment.run(&["status", "--wait"]).expect(7).says(&["ALARM     BAD RELEASE STILL LIVE on green"]);
    done.says(&["The rollback is being retried\n"]).complains(&["the monitor keeps trying"]);
    assert!(monitor.is_alive(), "it gives up nothing");
    assert_eq!(deployment.run(&["status", "--json"]).expect(0).json()["exitCode"], 7);
    fs::write(deployment.path("healed"), "").unwrap();
    monitor.wait_until_gone();
    deployment.run(&["status", "--wait"]).expect(3);
}

#[test]
fn every_path_gives_a_step_its_outputs() {
    let deployment = Deployment::fresh().with("health.switch_timeout", "500ms");
    let check = |args: &[&str], exit_code: i32, outcome: &str, active: &str, next: &str| {
        let done = in_a_job(&deployment, args).expect(exit_code);
        let told = ["outcome", "exit-code", "active", "next"].map(|name| output(&deployment, name));
        assert_eq!(told, [outcome, &exit_code.to_string(), active, next].map(str::to_owned), "{args:?}");
        assert!(!output(&deployment, "reason").is_empty(), "{args:?}");
        assert!(done.stdout.contains(&format!(" title=switchback::{outcome}: ")), "{done:#?}");
        done
    };
    let github = ["--output", "github"];
    let with = |args: &[&'static str]| [args, &github].concat();
    // Nothing is there to watch, to roll back, or to follow.
    check(&with(&["soak"]), 2, "error", "", "switchback doctor --service default");
    check(&with(&["rollback"]), 0, "done", "", "");
    check(&with(&["attach"]), 13, "refused", "", "switchback status --service default");
    check(&with(&["switch", "gren"]), 2, "error", "", "switchback --help");
    check(&with(&["switch"]), 2, "error", "", "switchback switch green --output github");
    // A run, and what it came to before.
    check(&with(&["switch", "green"]), 0, "retained", "green", "");
    check(&with(&["switch", "green"]), 0, "retained", "green", "");
    check(&with(&["status", "--exit-code"]), 0, "retained", "green", "");
    let other = with(&["switch", "green", "--release", "v8"]);
    check(&other, 0, "retained", "green", "");
    // The gate refuses, a rollback refuses, and one is made.
    deployment.blue.set_ready(false);
    let refused = check(&with(&["switch", "blue"]), 9, "refused", "green", "");
    assert!(refused.stdout.contains("::error title=switchback::refused: "), "{refused:#?}");
    let start = "start blue, then: switchback rollback --service default; with --force traffic moves to blue as it is, and \
                 users may get no answer: switchback rollback --force --service default";
    let refused = check(&with(&["rollback"]), 9, "refused", "green", start);
    let annotation =
        "::error title=switchback::refused: traffic is on green according to the state file; next: start blue, then: ";
    assert!(refused.stdout.contains(annotation), "{refused:#?}");
    deployment.blue.set_ready(true);
    check(&with(&["rollback"]), 0, "done", "blue", "");
    assert!(output(&deployment, "reason").starts_with("rolled back: traffic is on blue"));
    let summary = fs::read_to_string(deployment.path("summary.md")).unwrap();
    assert_eq!(summary.matches("### switchback · ").count(), 12, "{summary}");
    let row = "| check | verdict | value | limit | requests | failed or slow |\n";
    assert!(summary.contains(row) && summary.contains("\n| error rate | healthy | 0% | 5% | "), "{summary}");
}

#[test]
fn an_error_leads_with_where_traffic_is_and_what_to_do() {
    let deployment = Deployment::switched().with("soak.on_breach", "hold");
    deployment.green.fail(50);
    let done = in_a_job(&deployment, &["soak", "--output", "github", "--release", "v7"]).expect(11);
    done.says(&[
        "::error title=switchback::held: BAD RELEASE STILL LIVE on green: 50%25 errors (limit 5%25). Nobody is acting; \
         next: switchback rollback --service default; error-rate: ",
    ]);
    let told = ["outcome", "active", "exit-code", "next", "release"].map(|name| output(&deployment, name));
    assert_eq!(told, ["held", "green", "11", "switchback rollback --service default", "v7"].map(str::to_owned));
    // Once that was done the outcome is that of a deployment before this one.
    let moved = "\nmoved     traffic was moved since the soak: its outcome is about another deployment\n";
    assert!(!deployment.run(&["status"]).expect(0).stdout.contains(moved));
    deployment.run(&["rollback"]).expect(0);
    deployment.run(&["status"]).expect(0).says(&["active    blue\n", "outcome   held (policy)\n", moved]);
}

#[test]
fn json_is_one_object_a_line_in_every_path() {
    let deployment = Deployment::fresh().with("soak.window", "10m").with("health.switch_timeout", "500ms");
    let last = |args: &[&str], exit_code: i32| -> Value {
        let words = [args, &["--output", "json"]].concat();
        deployment.run(&words).expect(exit_code).json_lines().pop().unwrap_or_else(|| panic!("{args:?} prints nothing"))
    };
    let told = |line: &Value| ["type", "outcome", "exitCode"].map(|key| line[key].clone());
    for args in [&["soak", "--no-tui"][..], &["switch"], &["switch", "gren"], &["switch", "green", "--windw", "3s"]] {
        assert_eq!(told(&last(args, 2)), [json!("outcome"), json!("error"), json!(2)], "{args:?}");
    }
    let nothing = last(&["rollback"], 0);
    assert_eq!(told(&nothing), [json!("outcome"), json!("done"), json!(0)]);
    assert!(nothing["said"][0].as_str().unwrap().contains("no previous color is known"), "{nothing}");
    let _monitor = Background::start(&deployment, &["switch", "green"]);
    let paused = deployment.run(&["ctl", "pause", "--json"]).expect(0).json();
    assert_eq!(told(&paused), [json!("order"), json!("done"), json!(0)]);
    assert_eq!((&paused["said"], &paused["active"]), (&json!(["automatic rollback is paused"]), &json!("green")));
    let refused = deployment.run(&["ctl", "pause", "--json"]).expect(13).json();
    assert_eq!(told(&refused), [json!("order"), json!("refused"), json!(13)]);
    assert_eq!(refused["reason"], "refused: automatic rollback is paused already");
    assert_eq!(last(&["status"], 0)["exitCode"], 10);
    let back = last(&["rollback"], 0);
    assert_eq!((told(&back), &back["active"]), ([json!("outcome"), json!("done"), json!(0)], &json!("blue")));
}

#[test]
fn a_job_of_a_ci_is_its_own_actor_and_says_for_whom_it_runs() {
    let deployment = Deployment::fresh().with("soak.window", "10m");
    let mut command = deployment.command(&["switch", "green"]);
    command.env("CI", "true").env("GITHUB_ACTOR", "bo");
    let mut running = Running::start(command);
    running.hear("soak_start");
    running.signal(Signal::INT);
    running.wait().expect(5);
    for kind in ["switch", "soak_start", "abort"] {
        let actor = deployment.decision(kind)["actor"].as_str().unwrap().to_owned();
        assert!(actor.starts_with("ci:ana@") && actor.ends_with(", for bo"), "{kind}: {actor}");
    }

    let _monitor = Background::start(&deployment, &["soak"]);
    let mut command = deployment.command(&["ctl", "rollback"]);
    command.env("CI", "true").env("GITHUB_ACTOR", "bo");
    Running::start(command).wait().expect(0);
    deployment.wait_until("the rollback", |deployment| deployment.count("rollback") == 1);
    let actor = deployment.decision("rollback")["actor"].as_str().unwrap().to_owned();
    assert!(actor.starts_with("ci:ana@") && actor.contains(", for bo"), "{actor}");
}

#[test]
fn a_job_of_a_ci_that_sets_no_variable_ci_is_known_by_its_own_and_names_the_commit() {
    const HASH: &str = "9fceb02d0ae598e95dc970b74767f19372d61af8";
    let deployment = Deployment::fresh();
    for (color, marker, for_whom, commit) in [
        ("green", ("TF_BUILD", "True"), "BUILD_REQUESTEDFOR", "BUILD_SOURCEVERSION"),
        ("blue", ("JENKINS_URL", "https://ci.example.com/"), "BUILD_USER_ID", "GIT_COMMIT"),
    ] {
        let mut command = deployment.command(&["switch", color, "--output", "json"]);
        command.env(marker.0, marker.1).env(for_whom, "bo").env(commit, HASH);
        let lines = Running::start(command).wait().expect(0).json_lines();
        assert_eq!(lines.last().unwrap()["release"], HASH, "{marker:?}");
        let begun = lines.iter().find(|line| line["decision"] == "soak_start").unwrap();
        let actor = begun["actor"].as_str().unwrap();
        assert!(actor.starts_with("ci:ana@") && actor.ends_with(", for bo"), "{marker:?}: {actor}");
    }
    // A commit that somebody exported at a prompt says nothing of what is deployed.
    let mut command = deployment.command(&["switch", "green", "--output", "json"]);
    command.env("GIT_COMMIT", HASH).env("CI_COMMIT_SHA", HASH);
    assert_eq!(Running::start(command).wait().expect(0).json_lines().last().unwrap()["release"], Value::Null);
}

#[test]
fn the_first_line_has_date_and_offset_and_the_others_the_time_of_day() {
    let deployment = Deployment::fresh();
    for output in ["human", "github"] {
        let mut command =
            deployment.command(&["switch", if output == "human" { "green" } else { "blue" }, "--output", output]);
        command.env("TZ", "America/Caracas");
        let done = Running::start(command).wait().expect(0);
        let lines: Vec<&str> = done.stdout.lines().take_while(|line| !line.is_empty()).collect();
        // `2026-11-29 02:09:49 -04:00  baseline`
        let (stamp, rest) = lines[0].split_once("  ").unwrap();
        jiff::Timestamp::strptime("%Y-%m-%d %H:%M:%S %:z", stamp).unwrap();
        assert!(stamp.ends_with(" -04:00") && rest.starts_with(char::is_alphabetic), "{lines:#?}");
        let midnight = lines.iter().filter(|line| line.contains(" -04:00  ")).count();
        assert!(lines.len() > 3 && midnight <= 2, "{lines:#?}");
        let stamps = lines[1..].iter().map(|line| line.split_once("  ").unwrap().0);
        assert!(stamps.into_iter().any(|stamp| jiff::civil::Time::strptime("%H:%M:%S", stamp).is_ok()), "{lines:#?}");
    }
}

#[test]
fn an_order_tells_a_job_and_a_program_what_came_of_it_in_every_path() {
    let deployment = Deployment::fresh().with("soak.window", "10m");
    let json = |args: &[&str], exit_code: i32| {
        let told = deployment.run(&[args, &["--output", "json"]].concat()).expect(exit_code).json();
        assert_eq!((&told["type"], &told["exitCode"]), (&json!("order"), &json!(exit_code)), "{told}");
        told
    };
    let github = |args: &[&str], exit_code: i32, annotation: &str| {
        let words = [args, &["--output", "github"]].concat();
        in_a_job(&deployment, &words).expect(exit_code).says(&[annotation]);
        assert_eq!(output(&deployment, "exit-code"), exit_code.to_string());
    };
    // Neither understood, nor anybody there to take it.
    for args in [&["ctl", "pase"][..], &["ctl"], &["ctl", "pause", "--resaon", "x"], &["ctl", "extend", "soon"]] {
        assert_eq!(json(args, 2)["outcome"], "error", "{args:?}");
        github(args, 2, "::error title=switchback::error: ");
        let told = deployment.run(&[args, &["--json"]].concat()).expect(2).json();
        assert_eq!(told["type"], "order", "{args:?}");
    }
    assert!(json(&["ctl"], 2)["reason"].as_str().unwrap().contains("not provided: <"));
    assert_eq!(json(&["ctl", "pase"], 2)["next"], "switchback ctl --help");
    let elsewhere = deployment.run(&["-C", "/nowhere", "ctl", "pause", "--json"]).expect(2).json();
    assert_eq!((&elsewhere["type"], &elsewhere["service"]), (&json!("order"), &Value::Null));
    assert!(elsewhere["reason"].as_str().unwrap().starts_with("cannot use the folder `/nowhere`"), "{elsewhere}");
    assert_eq!(json(&["ctl", "pause"], 13)["outcome"], "refused");
    github(&["ctl", "pause"], 13, "::error title=switchback::refused: ");

    let _monitor = Background::start(&deployment, &["switch", "green", "--release", "v7"]);
    github(&["ctl", "pause", "--reason", "a look"], 0, "::notice title=switchback::done: ");
    let soak = deployment.state()["soak"]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        ["outcome", "active", "soak", "release"].map(|name| output(&deployment, name)),
        ["done", "green", &soak, "v7"]
    );
    assert!(
        output(&deployment, "reason").starts_with("automatic rollback is paused"),
        "{}",
        output(&deployment, "reason")
    );
    let summary = fs::read_to_string(deployment.path("summary.md")).unwrap();
    assert!(summary.contains("### switchback · default: done"), "{summary}");
    let long = json(&["ctl", "extend", "5m", "--reason", &"x".repeat(501)], 13);
    let told = "refused: `reason` has at most 500 characters, and no control characters";
    assert_eq!((&long["outcome"], &long["reason"]), (&json!("refused"), &json!(told)));
    let refused = json(&["ctl", "pause"], 13);
    assert_eq!((&refused["outcome"], &refused["soak"]), (&json!("refused"), &json!(soak)));
    let back = json(&["ctl", "rollback"], 0);
    assert_eq!((&back["outcome"], &back["active"]), (&json!("done"), &json!("blue")));
}

#[test]
fn a_status_that_cannot_be_told_is_told_as_json() {
    let deployment = Deployment::fresh();
    fs::write(deployment.state_path(), "{").unwrap();
    let told = deployment.run(&["status", "--json"]).expect(2).json();
    assert_eq!((&told["outcome"], &told["exitCode"]), (&json!("error"), &json!(2)));
}
