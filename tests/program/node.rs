//! Beside Node: a service that counts with prom-client, and a deploy script that shares the state file.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use support::{Deployment, Done, NodeService, Running};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node")
}

/// Runs the deploy script in the deployment's folder.
#[track_caller]
fn deploy(deployment: &Deployment, keeps_unknown_keys: bool, verb: &str) -> Done {
    let mut command = Command::new("node");
    command.arg(folder().join("deploy.js")).arg(verb).current_dir(deployment.folder());
    command.env("DEPLOY_KEEPS", if keeps_unknown_keys { "1" } else { "0" });
    Running::start(command).wait().expect(0)
}

/// What a state file says to both sides.
fn known(state: &Value) -> [Value; 3] {
    ["activeColor", "lastSwitch", "previousColor"].map(|key| state[key].clone())
}

#[track_caller]
fn both_see_the_same(deployment: &Deployment) -> [Value; 3] {
    let ours = known(&deployment.run(&["status", "--json"]).expect(0).json());
    assert_eq!(ours, known(&deploy(deployment, false, "status").json()));
    ours
}

#[test]
fn a_prom_client_service_is_watched_healthy_and_breached() {
    let (blue, green) = (NodeService::start(), NodeService::start());
    let deployment = Deployment::fresh()
        .by_evidence()
        .with("colors.blue.instances", blue.url())
        .with("colors.green.instances", green.url());
    deployment
        .run(&["switch", "green", "--no-tui"])
        .expect(0)
        .says(&["RETAINED: green stays active", "reason          0 of "]);

    // The next release, to blue, is a bad one.
    blue.fail(50);
    let done = deployment.run(&["switch", "blue", "--no-tui"]).expect(3);
    done.says(&[
        "error-rate breached: ",
        "ROLLED BACK: green is active again",
        "recovered: green after the rollback: 0 of ",
    ]);
    let breach = deployment.decision("breach");
    let share = breach["errors"].as_f64().unwrap() / breach["requests"].as_f64().unwrap();
    assert!((0.4..0.6).contains(&share), "half of the requests failed: {breach}");
    assert_eq!(deployment.state()["activeColor"], "green");
}

#[test]
fn the_route_that_fails_is_named_with_its_share_of_errors_and_requests() {
    let green = NodeService::start();
    green.fail_on("checkout", 60);
    let deployment = Deployment::switched().by_evidence().with("colors.green.instances", green.url());
    let done = deployment.run(&["soak", "--no-tui"]).expect(3);
    done.says(&["error-rate breached: ", "; 100% of the errors with route=/checkout (", "% of the requests)"]);
    assert!(deployment.decision("breach")["message"].as_str().unwrap().contains("with route=/checkout"));
}

#[test]
fn a_prom_client_service_that_is_fast_is_kept_and_one_that_is_slow_is_not() {
    let (blue, green) = (NodeService::start(), NodeService::start());
    let deployment = Deployment::fresh()
        .by_evidence()
        .with("colors.blue.instances", blue.url())
        .with("colors.green.instances", green.url())
        .with("checks.latency.threshold", "60ms")
        .with("checks.latency.quantile", "0.9");
    let told = "latency by `http_request_duration_seconds`, judged at its bound 50ms; p90 ";
    deployment.run(&["doctor"]).expect(0).says(&[told]);
    deployment.run(&["switch", "green", "--no-tui"]).expect(0).says(&[
        "p90 at most 60ms (judged at 50ms, the nearest bucket bound)",
        "requests took longer than 50ms",
        "RETAINED: green stays active",
    ]);

    blue.slow(80);
    let done = deployment.run(&["switch", "blue", "--no-tui"]).expect(3);
    done.says(&["latency breached: ", " requests took longer than 50ms", "ROLLED BACK: green is active again"]);
    let breach = deployment.decision("breach");
    assert_eq!((&breach["check"], &breach["threshold"]), (&json!("latency"), &json!(0.06)), "seconds");
    assert!(breach["value"].as_f64().unwrap() > 0.05, "{breach}");
}

#[test]
fn a_state_file_that_node_wrote_is_read_watched_and_rolled_back() {
    for keeps in [false, true] {
        let deployment = Deployment::fresh();
        deploy(&deployment, keeps, "switch-green");
        let [active, last_switch, previous] = both_see_the_same(&deployment);
        assert_eq!((active, previous), (json!("green"), json!("blue")));
        assert!(last_switch.as_i64().unwrap() > 1_700_000_000_000, "Unix milliseconds");

        deployment.green.fail(50);
        deployment.run(&["soak", "--no-tui"]).expect(3);
        let [active, _, previous] = both_see_the_same(&deployment);
        assert_eq!((active, previous), (json!("blue"), json!("green")));
    }
}

#[test]
fn a_state_file_that_we_wrote_is_read_and_rewritten_by_node() {
    for keeps in [false, true] {
        let deployment = Deployment::fresh();
        deployment.run(&["switch", "green", "--no-soak"]).expect(0);
        let [active, _, previous] = both_see_the_same(&deployment);
        assert_eq!((active, previous), (json!("green"), json!("blue")));

        // What the script leaves behind after its rollback is nothing that could be rolled back or watched.
        deploy(&deployment, keeps, "rollback");
        let [active, _, previous] = both_see_the_same(&deployment);
        assert_eq!((active, previous), (json!("blue"), json!("blue")));
        let before = deployment.state_text();
        deployment.run(&["rollback"]).expect(0).says(&["the last move was a rollback"]);
        deployment.run(&["soak", "--no-tui"]).expect(2).complains(&["nothing to watch"]);
        assert_eq!(deployment.state_text(), before);

        deployment.run(&["switch", "green", "--no-soak"]).expect(0);
        assert_eq!(both_see_the_same(&deployment)[0], "green");
    }
}

#[test]
fn a_switch_by_node_after_our_rollback_counts_as_a_switch() {
    for keeps in [false, true] {
        let deployment = Deployment::switched();
        deployment.run(&["rollback"]).expect(0);
        assert_eq!(deployment.state()["transition"]["kind"], "rollback");
        // A script that keeps unknown keys keeps our note on a move that is no longer the last.
        deploy(&deployment, keeps, "switch-green");
        assert_eq!(deployment.state()["transition"].is_null(), !keeps);
        deployment.run(&["rollback"]).expect(0).says(&["rolled back: traffic is on blue, away from green"]);
        assert_eq!(deployment.count("rolled_back"), 2);
        assert_eq!(both_see_the_same(&deployment)[0], "blue");
    }
}

#[test]
fn keys_that_we_do_not_know_are_kept() {
    let deployment = Deployment::fresh();
    let theirs = json!({ "version": "1.42.0", "hosts": ["a", "b"], "notes": { "by": "ana", "ratio": 0.1 }, "big": 12_345_678_901_234_567_u64 });
    let mut state = theirs.clone();
    state["activeColor"] = json!("green");
    state["previousColor"] = json!("blue");
    state["lastSwitch"] = json!(1_795_476_145_183_i64);
    deployment.write_state(&state);
    deployment.green.fail(50);
    deployment.run(&["soak", "--no-tui"]).expect(3);
    deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    deployment.run(&["rollback"]).expect(0);
    let state = deployment.state();
    for (key, value) in theirs.as_object().unwrap() {
        assert_eq!(&state[key], value, "{key}");
    }
    deploy(&deployment, true, "switch-green");
    assert_eq!(deployment.state()["notes"], theirs["notes"], "and by a script that keeps them as well");
}

#[test]
fn the_script_can_move_the_traffic_for_us() {
    let script = folder().join("deploy.js").display().to_string();
    let line = |verb: &str| json!(["node", script, verb]).to_string();
    for read in [None, Some(line("status"))] {
        let deployment =
            Deployment::fresh().with("router.kind", "command").with("router.switch", line("switch-{color}"));
        let deployment = match &read {
            Some(read) => deployment.with("router.read", read),
            None => deployment,
        };
        deployment.green.fail(50);
        deployment.run(&["switch", "green", "--no-tui"]).expect(3).says(&["ROLLED BACK: blue is active again"]);
        let [active, _, previous] = both_see_the_same(&deployment);
        assert_eq!((active, previous), (json!("blue"), json!("green")), "with router.read {read:?}");
        assert!(deployment.decision("switch")["message"].as_str().unwrap().contains("switched to green"));
        let before = deployment.state_text();
        deployment.run(&["rollback"]).expect(0).says(&["nothing to roll back"]);
        assert_eq!(deployment.state_text(), before);
    }
}

/// A project as it is found in the field: `deploy:status` prints Node's own form, and one color has no script of its own.
const PLAIN_DEPLOY: &str = "\
const fs = require('node:fs');
const FILE = '.deployment-state.json';
const state = JSON.parse(fs.readFileSync(FILE));
const verb = process.argv[2];
if (verb === 'status') {
  console.log(state);
} else {
  const to = verb === 'rollback' ? state.previousColor : 'green';
  fs.writeFileSync(FILE, JSON.stringify({ ...state, previousColor: state.activeColor, activeColor: to, lastSwitch: Date.now() }));
  console.log('moved to ' + to);
}
";

fn plain_project(silent: bool, scripts: &[&str]) -> Deployment {
    let deployment = Deployment::switched();
    std::fs::write(deployment.path("move.js"), PLAIN_DEPLOY).unwrap();
    let known: serde_json::Map<String, Value> =
        scripts.iter().map(|verb| (format!("deploy:{verb}"), json!(format!("node move.js {verb}")))).collect();
    std::fs::write(deployment.path("package.json"), json!({ "name": "shop", "scripts": known }).to_string()).unwrap();
    let npm = |script: &str| {
        let words = if silent { vec!["npm", "run", "--silent", script] } else { vec!["npm", "run", script] };
        json!(words).to_string()
    };
    deployment
        .with("router.kind", "command")
        .with("router.switch", npm("deploy:switch-{color}"))
        .with("router.rollback", npm("deploy:rollback"))
        .with("router.read", npm("deploy:status"))
}

#[test]
fn a_deploy_status_in_nodes_own_form_is_read_and_a_script_that_is_missing_is_found() {
    for silent in [false, true] {
        let deployment = plain_project(silent, &["status", "switch-green", "rollback"]);
        let doctor = deployment.run(&["doctor"]).expect(2).says(&[
            "ok       router        command sends traffic to green, as the state file says\n",
            "FAILURE  router        router.switch `npm run ",
            "package.json` has no script `deploy:switch-blue`; it has `deploy:rollback`, `deploy:status`, `deploy:switch-green`\n",
            "next: add the script `deploy:switch-blue`, or correct router.switch: a switch to that color would fail\n",
            "`deploy:rollback` is a script of `",
        ]);
        assert_eq!(doctor.stdout.matches("FAILURE").count(), 1, "{doctor:#?}");
        deployment.run(&["rollback"]).expect(0).says(&["rolled back: traffic is on blue, away from green"]);
        assert_eq!(deployment.state()["activeColor"], "blue");
    }
}

#[test]
fn a_rollback_whose_script_is_missing_is_foreseen_and_says_which() {
    let deployment = plain_project(true, &["status", "switch-green", "switch-blue"]);
    let told = "package.json` has no script `deploy:rollback`; it has `deploy:status`, `deploy:switch-blue`, `deploy:switch-green`";
    deployment.run(&["doctor"]).expect(2).says(&["a move to blue would fail: ", told, ": a rollback would fail\n"]);
    deployment.run(&["rollback", "--dry-run"]).expect(7).complains(&[told]);
    deployment.run(&["rollback"]).expect(7).complains(&["without output; `", told]);
    assert_eq!(deployment.state()["activeColor"], "green");
}
