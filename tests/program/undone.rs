//! Traffic that is moved again while a recovery is verified.

use std::fs;
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Deployment, Receiver};

/// A deployment whose router is a file with the color in it.
fn routed() -> Deployment {
    let deployment = Deployment::switched().with_commands("echo {color} > route", "echo {color} > route", "cat route");
    fs::write(deployment.path("route"), "green\n").unwrap();
    let deployment = deployment.with("soak.verify_window", "20s").with("soak.window", "30s");
    deployment.green.fail(50);
    deployment
}

/// Does something once traffic is back on blue.
fn once_back(deployment: &Deployment, act: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    let route = deployment.path("route");
    spawn(move || {
        let deadline = Instant::now() + Duration::from_mins(1);
        while fs::read_to_string(&route).unwrap_or_default() != "blue\n" {
            assert!(Instant::now() < deadline, "it was never rolled back");
            sleep(Duration::from_millis(20));
        }
        sleep(Duration::from_millis(700));
        act();
    })
}

/// A controller that restores what its repository says.
fn restored(deployment: &Deployment) -> JoinHandle<()> {
    let route = deployment.path("route");
    once_back(deployment, move || fs::write(route, "green\n").unwrap())
}

fn route(deployment: &Deployment) -> String {
    fs::read_to_string(deployment.path("route")).unwrap().trim().to_owned()
}

#[test]
fn a_rollback_that_a_controller_undoes_is_told_everywhere_and_the_next_command_works() {
    let receiver = Receiver::start(0);
    let deployment = routed().with("notify.url", &receiver.url);
    let undone = restored(&deployment);
    let done = deployment.run(&["soak", "--no-tui"]).expect(7);
    undone.join().unwrap();
    assert!(!done.stdout.contains("  recovered"), "{done:#?}");
    let done = done.says(&[
        "rollback_undone ROLLBACK UNDONE: the router sends traffic to green again, ",
        "outcome         ROLLBACK UNDONE, BAD RELEASE STILL LIVE on green: ",
        "next            stop what moves traffic there, then: switchback rollback --service default\n",
        "ended           ROLLBACK UNDONE (cause external, exit code 7)\n",
    ]);
    drop(done);
    assert_eq!(route(&deployment), "green", "nobody is fought");
    assert_eq!(&deployment.kinds()[3..], ["rolled_back", "rollback_undone"]);
    let told = deployment.decision("rollback_undone");
    assert_eq!((&told["activeColor"], &told["previousColor"]), (&json!("green"), &json!("blue")));
    let state = deployment.state();
    assert_eq!((&state["activeColor"], &state["soak"]["outcome"]), (&json!("blue"), &json!("rollback-undone")));
    assert_eq!((&state["soak"]["cause"], &state["soak"]["recovered"]), (&json!("external"), &Value::Null));
    let end = receiver.deliveries().last().unwrap().json();
    assert_eq!(end["type"], "soak.ended");
    assert_eq!((&end["data"]["outcome"], &end["data"]["exitCode"]), (&json!("rollback-undone"), &json!(7)));

    let status = deployment.run(&["status", "--json"]).expect(0).json();
    assert_eq!((&status["router"]["inSync"], &status["router"]["activeColor"]), (&json!(false), &json!("green")));
    deployment.run(&["soak", "--resume", "--no-tui"]).expect(7);
    deployment.run(&["rollback", "--service", "default"]).expect(0);
    assert_eq!(route(&deployment), "blue");
}

#[test]
fn a_rollback_after_which_the_router_is_sent_to_neither_color_is_undone_too() {
    let deployment = routed();
    let route_file = deployment.path("route");
    let taken = once_back(&deployment, move || fs::write(route_file, "maintenance\n").unwrap());
    let done = deployment.run(&["soak", "--no-tui"]).expect(7);
    taken.join().unwrap();
    let done = done.says(&[
        "rollback_undone ROLLBACK UNDONE: `sh -c ",
        "cat route` holds `maintenance`, which is neither blue's nor green's",
        "outcome         ROLLBACK UNDONE: the router sends traffic to neither color. Nobody is acting\n",
        "next            stop what moves traffic there, run `sh -c ",
        "echo blue > route'`, then: switchback rollback --service default\n",
    ]);
    assert!(!done.stdout.contains("STILL LIVE"), "{done:#?}");
    assert_eq!((route(&deployment), deployment.state()["activeColor"].clone()), ("maintenance".into(), json!("blue")));
    let status = deployment.run(&["status"]).expect(0);
    drop(status.says(&[
        "the router sends traffic to neither color. Nobody is acting",
        "restore what the router held, then: ",
    ]));
    fs::write(deployment.path("route"), "blue\n").unwrap();
    deployment.run(&["rollback"]).expect(0);
}

#[test]
fn github_and_json_say_that_a_rollback_was_undone() {
    for (output, wanted) in [
        (
            "github",
            "::error title=switchback::rollback-undone: BAD RELEASE STILL LIVE on green: 50%25 errors (limit 5%25); \
             next: stop what moves traffic there, then: switchback rollback --service default; ROLLBACK UNDONE: \
             the router sends traffic to green again",
        ),
        ("json", r#""outcome":"rollback-undone","cause":"external""#),
    ] {
        let deployment = routed();
        let undone = restored(&deployment);
        let done = deployment.run(&["soak", "--no-tui", "--output", output]).expect(7).says(&[wanted]);
        undone.join().unwrap();
        if output == "json" {
            let outcome = done.json_lines().pop().unwrap();
            assert_eq!((&outcome["exitCode"], &outcome["recovered"]), (&json!(7), &Value::Null));
        }
    }
}

#[test]
fn a_newer_switch_while_the_recovery_is_verified_supersedes_it() {
    let deployment = routed();
    let (state, route_file) = (deployment.state_path(), deployment.path("route"));
    let switched = once_back(&deployment, move || {
        fs::write(route_file, "green\n").unwrap();
        let mut now: Value = serde_json::from_slice(&fs::read(&state).unwrap()).unwrap();
        now["previousColor"] = json!("blue");
        now["activeColor"] = json!("green");
        now["lastSwitch"] = json!(now["lastSwitch"].as_i64().unwrap() + 5);
        fs::write(&state, now.to_string()).unwrap();
    });
    let done = deployment.run(&["soak", "--no-tui"]).expect(8);
    switched.join().unwrap();
    drop(done.says(&["another process moved traffic after the rollback to blue: the state file now says green"]));
    assert_eq!(route(&deployment), "green");
}

#[test]
fn an_operators_rollback_is_watched_by_the_monitor_as_well() {
    let deployment = routed();
    deployment.green.fail(0);
    let undone = restored(&deployment);
    let mut soak = deployment.start(&["soak", "--no-tui"]);
    soak.hear("watching");
    deployment.run(&["rollback"]).expect(0);
    drop(soak.wait().expect(7));
    undone.join().unwrap();
}

#[test]
fn a_router_that_cannot_be_read_any_more_leaves_the_recovery_unconfirmed() {
    let deployment = routed().with("soak.verify_window", "2s");
    let route_file = deployment.path("route");
    let gone = once_back(&deployment, move || fs::remove_file(route_file).unwrap());
    let done = deployment.run(&["soak", "--no-tui"]).expect(3);
    gone.join().unwrap();
    drop(done.says(&["recovery not confirmed, the router cannot be read (router command `sh -c "]));
}

#[test]
fn a_readiness_rollback_of_a_release_that_failed_no_request_is_not_called_recovered() {
    let deployment = Deployment::switched().with("soak.window", "30s");
    deployment.green.set_ready(false);
    let done = deployment.run(&["soak", "--no-tui"]).expect(3);
    assert!(!done.stdout.contains("recovered"), "{done:#?}");
    drop(done.says(&["verified: blue after the rollback: 0 of "]));
    assert_eq!(deployment.state()["soak"]["recovered"], Value::Null);
}

#[test]
fn a_rollback_without_a_monitor_looks_for_a_moment_whether_traffic_stays() {
    let deployment = routed().with("soak.verify_window", "3s");
    let undone = restored(&deployment);
    let done = deployment.run(&["rollback"]).expect(7).says(&["rolled back: traffic is on blue, away from green\n"]);
    undone.join().unwrap();
    drop(done.complains(&["ROLLBACK UNDONE: the router sends traffic to green again. Something else moves it"]));
    assert_eq!(deployment.kinds(), ["rollback", "rolled_back", "rollback_undone"]);
    assert_eq!(route(&deployment), "green", "nobody is fought");
    let begun = Instant::now();
    drop(deployment.run(&["rollback"]).expect(0));
    assert!(begun.elapsed() >= Duration::from_secs(3), "it looked");
    assert_eq!(route(&deployment), "blue");

    let gone = routed().with("soak.verify_window", "2s");
    let route_file = gone.path("route");
    let removed = once_back(&gone, move || fs::remove_file(route_file).unwrap());
    drop(gone.run(&["rollback"]).expect(0).complains(&["warning: cannot check whether traffic stays on blue"]));
    removed.join().unwrap();
}

#[test]
fn a_switch_after_a_rollback_without_a_monitor_is_told() {
    let deployment = routed().with("soak.verify_window", "3s");
    let state = deployment.state_path();
    let switched = once_back(&deployment, move || {
        let mut now: Value = serde_json::from_slice(&fs::read(&state).unwrap()).unwrap();
        now["lastSwitch"] = json!(now["lastSwitch"].as_i64().unwrap() + 5);
        fs::write(&state, now.to_string()).unwrap();
    });
    drop(
        deployment
            .run(&["rollback"])
            .expect(8)
            .complains(&["another process moved traffic after the rollback to blue"]),
    );
    switched.join().unwrap();
}
