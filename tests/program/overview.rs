//! Many services on one screen and as lines: of agents on loopback, and of real monitors.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use rustix::process::Signal;
use serde_json::{Value, json};
use support::agents::{Agents, blue, stop, switch};
use support::{Agent, Deployment, Done};

use crate::terminal::{Operator, endless};

/// A service whose soak goes well.
fn watched(service: &str) -> Value {
    json!({
        "service": service, "state": "watching", "soak": "20261123T140211Z-3f2a", "release": "1.5.0", "color": "green",
        "active": "green", "phase": "watching", "verdict": "healthy", "check": "error-rate", "title": "error rate",
        "value": 0.01, "limit": 0.05, "evidence": -0.2, "requests_per_second": 120.0, "left_ms": 252_000,
    })
}

fn held(service: &str) -> Value {
    let mut row = watched(service);
    row["phase"] = json!("held");
    row["verdict"] = json!("breached");
    row["value"] = json!(0.185);
    row["reason"] = json!("60 of 300 requests failed (20%) in the last 3s");
    row
}

fn ended(service: &str, outcome: &str, exit_code: u8) -> Value {
    json!({
        "service": service, "state": "idle", "active": "blue", "color": "green", "outcome": outcome,
        "exit_code": exit_code, "reason": "it ended", "a field of a later version": [1, 2],
    })
}

/// A folder with a list of these agents, from which `fleet` is called.
fn place(agents: &[&Agent]) -> Deployment {
    let place = Deployment::fresh();
    fs::write(place.path("token"), Agent::token()).unwrap();
    let agents: Vec<String> = agents.iter().map(|agent| format!("[[agent]]\nurl = \"{}\"\n", agent.url())).collect();
    let agents = agents.concat();
    fs::write(place.path("fleet.toml"), format!("token_file = \"token\"\n{agents}")).unwrap();
    place
}

fn socket(deployment: &Deployment) -> PathBuf {
    deployment.path(".switchback/default/control.sock")
}

/// What was told of a service, as JSON lines.
fn told<'a>(lines: &'a [Value], service: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["type"] == "service" && line["service"] == service).collect()
}

#[test]
fn the_table_has_every_service_and_the_exit_code_is_the_worst() {
    let (one, two) = (Agent::start("deploy-1"), Agent::start("deploy-2"));
    one.set(&ended("mail", "retained", 0));
    two.set(&ended("shop", "rolled-back", 3));
    let place = place(&[&one, &two]);
    let asked = |code: i32| -> Done { place.run(&["fleet", "--once"]).expect(code) };
    let done = asked(3);
    let rows: Vec<&str> = done.stdout.lines().collect();
    assert!(rows[0].starts_with("SERVICE  STATE"), "{rows:?}");
    assert!(rows[1].starts_with("shop     ROLLED BACK") && rows[1].ends_with("deploy-2"), "{rows:?}");
    assert!(rows[2].starts_with("mail     retained"), "{rows:?}");
    assert_eq!(rows[4], "2 services, 1 ROLLED BACK, 1 retained");
    for (row, code) in [
        (watched("till"), 3),
        (ended("till", "held", 11), 11),
        (ended("till", "switch-failed", 12), 12),
        (ended("till", "rollback-failed", 7), 7),
    ] {
        one.set(&row);
        asked(code);
    }
    one.remove("till");
    one.reach(false);
    asked(3).says(&["UNREACHABLE"]);
}

#[test]
fn changes_are_told_until_no_soak_runs() {
    let agent = Agent::start("deploy-1");
    agent.set(&watched("shop"));
    agent.set(&watched("till"));
    let place = place(&[&agent]);
    let mut fleet = place.start(&["fleet", "--no-tui", "--output", "json"]);
    fleet.hear("\"till\"");
    agent.set(&held("shop"));
    fleet.hear("\"held\"");
    agent.reach(false);
    fleet.hear("unreachable");
    agent.set(&ended("shop", "rolled-back", 4));
    agent.reach(true);
    fleet.hear("rolled-back");
    agent.set(&watched("cart"));
    fleet.hear("cart");
    agent.remove("cart");
    fleet.hear("gone");
    agent.set(&ended("till", "aborted", 5));
    let done = fleet.wait().expect(4);
    let lines = done.json_lines();
    let words: Vec<_> =
        told(&lines, "shop").iter().map(|line| (&line["phase"], &line["outcome"], &line["host"])).collect();
    let host = json!("deploy-1");
    let null = Value::Null;
    assert_eq!(
        words,
        [(&json!("watching"), &null, &host), (&json!("held"), &null, &host), (&null, &json!("rolled-back"), &host)]
    );
    let kinds: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    for kind in ["reached", "unreachable", "gone"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    assert_eq!(lines.last().unwrap()["exit_code"], 4);
    assert_eq!(lines.last().unwrap()["services"], 2);
}

#[test]
fn a_monitor_of_one_service_is_one_row_until_its_soak_ends() {
    let deployment = Deployment::switched().with("soak.window", "1m");
    let mut soak = deployment.start(&["soak", "--no-tui", "--release", "v7"]);
    soak.hear("soak_start");
    let path = socket(&deployment).display().to_string();
    let once = deployment.run(&["fleet", &path, "--once", "--output", "json"]).expect(10).json_lines();
    assert_eq!((&once[0]["service"], &once[0]["release"]), (&json!("default"), &json!("v7")), "{once:?}");
    assert_eq!((&once[0]["state"], &once[0]["active"]), (&json!("watching"), &json!("green")), "{once:?}");
    let mut fleet = deployment.start(&["fleet", &path, "--no-tui"]);
    fleet.hear("watching");
    deployment.green.fail(50);
    soak.wait().expect(3);
    let done = fleet.wait().expect(3);
    assert!(done.stdout.contains("ROLLED BACK     default on"), "{}", done.stdout);
}

#[test]
fn the_worst_is_on_top_and_orders_go_to_all_that_are_marked() {
    let agent = Agent::start("deploy-1");
    for service in ["cart", "mail", "shop"] {
        agent.set(&watched(service));
    }
    agent.refuse("mail", "the standby is DOWN: use --force");
    let place = place(&[&agent]);
    let mut operator = Operator::start(&place, (100, 30), &["fleet"]);
    operator.sees("3 services on 1 host");
    agent.set(&held("shop"));
    operator.sees("▶ ▲ shop");
    operator.types("*R");
    operator.sees("Roll back 3 soaks?");
    operator.types("y");
    operator.sees("2 of 3 done, 1 refused");
    operator.sees("✗ mail on deploy-1: the standby is DOWN: use --force");
    let orders = agent.orders();
    assert_eq!(orders.len(), 3);
    for (service, order) in &orders {
        assert_eq!((&order["action"], &order["service"]), (&json!("rollback"), &json!(service)), "{order}");
        assert!(order["actor"].as_str().unwrap().starts_with("operator:ana@"), "{order}");
    }
    operator.types("\x1b");
    operator.sees("Space mark");
    agent.reach(false);
    operator.sees("UNREACHABLE");
    operator.sees("stale");
    agent.reach(true);
    agent.set(&watched("till"));
    operator.sees("4 services on 1 host");
    operator.types("/till\r");
    operator.sees("1-1 of 1");
    operator.types("q");
    operator.leaves(0, &["4 services on 1 host: 1 HELD, 3 watching"]);
}

#[test]
fn a_soak_is_opened_and_left_again_and_goes_on() {
    for size in [(60, 15), (120, 36)] {
        let deployment = endless();
        let mut soak = deployment.start(&["soak", "--no-tui"]);
        soak.hear("soak_start");
        let agent = Agent::start("deploy-1");
        agent.set(&watched("mail"));
        agent.set(&watched("default"));
        agent.set_monitor("default", &socket(&deployment));
        let place = place(&[&agent]);
        let mut operator = Operator::start(&place, size, &["fleet"]);
        operator.sees("default");
        operator.types("\r");
        operator.sees("error rate ");
        operator.sees("1 of 1 ready");
        // An order on the screen of the soak goes to its monitor.
        operator.types("P");
        operator.sees("Pause automatic rollback?");
        operator.types("default\r");
        deployment.wait_until("it is paused", |deployment| deployment.count("pause") == 1);
        operator.emulator.wait_until("the dialog closed", |emulator| !emulator.contents().contains("Pause automatic"));
        agent.set(&held("mail"));
        operator.types("\x1b");
        operator.sees("▲ 1 HELD");
        operator.types("q");
        operator.leaves(0, &["2 services on 1 host"]);
        soak.signal(Signal::TERM);
        soak.wait().expect(5);
    }
}

#[test]
fn the_soaks_of_an_agent_are_listed_opened_and_rolled_back_together() {
    let agents = Agents::new();
    let deployments =
        [("cart", blue()), ("shop", blue())].map(|(name, place)| (name, place.with("soak.window", "10m")));
    for (name, deployment) in &deployments {
        agents.add(name, deployment);
    }
    let agent = agents.start();
    for (name, deployment) in &deployments {
        switch(deployment, "green");
        agents.wait_for(name, "its soak has requests", |row| row["requests_per_second"].as_f64().is_some());
    }
    let (place, socket) = (Deployment::fresh(), agents.path(".switchback/agent.sock").display().to_string());
    let rows = place.run(&["fleet", &socket, "--once", "--output", "json"]).expect(10).json_lines();
    for name in ["cart", "shop"] {
        let row = told(&rows, name)[0];
        assert_eq!(
            (&row["state"], &row["active"], &row["check"]),
            (&json!("watching"), &json!("green"), &json!("error-rate"))
        );
    }
    let mut operator = Operator::start(&place, (100, 30), &["fleet", &socket]);
    operator.sees("2 services on 1 host");
    operator.types("\r");
    operator.sees("deploy:status");
    operator.sees("cart");
    operator.types("\x1b");
    operator.sees("2 services on 1 host");
    operator.types("*R");
    operator.sees("Roll back 2 soaks?");
    operator.types("y");
    operator.sees("2 of 2 done");
    operator.types("\x1b");
    operator.sees("2 ROLLED BACK");
    operator.types("q");
    operator.leaves(0, &["2 services on 1 host: 2 ROLLED BACK"]);
    for (_, deployment) in &deployments {
        assert_eq!(deployment.state()["activeColor"], "blue");
    }
    place.run(&["fleet", &socket, "--once"]).expect(4);
    stop(agent);
    place.run(&["fleet", &socket, "--once"]).expect(13);
    let lost = place.run(&["fleet", &socket, "--once", "--output", "json"]).expect(13).json_lines();
    assert_eq!((&lost[0]["type"], lost[0]["host"].is_string()), (&json!("unreachable"), true), "{lost:?}");
    assert!(lost[0]["error"].is_string() && lost[0]["state"].is_null(), "{lost:?}");
}

#[test]
fn a_host_that_takes_the_connection_and_then_says_nothing_is_a_row() {
    let place = Deployment::fresh();
    let path = place.path("mute.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let mute = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // An answer before the request would end the connection.
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.push(byte[0]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n").unwrap();
        // Until the other side leaves.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let path = path.display().to_string();
    let lines = place.run(&["fleet", &path, "--once", "--output", "json"]).expect(13).json_lines();
    assert_eq!((&lines[0]["type"], &lines[0]["host"]), (&json!("unreachable"), &json!(path)), "{lines:?}");
    assert_eq!(lines[0]["error"], "the monitor does not answer");
    mute.join().unwrap();
}

#[test]
fn what_is_wrong_with_the_hosts_is_told() {
    let place = Deployment::fresh();
    place.run(&["fleet", "--once"]).expect(2).complains(&["no host is given, and there is no fleet.toml"]);
    place
        .run(&["fleet", "/dev/null", "--once"])
        .expect(2)
        .complains(&["`/dev/null` is not a socket", "--file /dev/null"]);
    place.run(&["fleet", "--file", "/dev/null", "--once"]).expect(2).complains(&["`/dev/null` lists no host"]);
    place.run(&["fleet", "deploy-1", "--once"]).expect(2).complains(&["`deploy-1` is not a host"]);
    place.run(&["fleet", "http://127.0.0.1:1", "--once"]).expect(2).complains(&["no token for 127.0.0.1:1"]);
    fs::write(place.path("fleet.toml"), "[[agent]]\nurl = \"deploy-1\"\n").unwrap();
    place.run(&["fleet", "--once"]).expect(2).complains(&["fleet.toml", "`deploy-1` is not a URL"]);
    let missing = place.path("missing.sock").display().to_string();
    place.run(&["fleet", &missing, "--once"]).expect(13).says(&["UNREACHABLE", "no monitor answers"]);
    let agent = Agent::start("deploy-1");
    fs::write(place.path("token"), "not-the-token-of-the-agent").unwrap();
    let done = place.run(&["fleet", &agent.url(), "--token-file", "token", "--once"]).expect(13);
    done.says(&["no valid token"]);
}
