//! One agent over many deployments, real services and real state files.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use support::agents::{Agents, blue, count, file, now_ms, stop, switch};
use support::{Deployment, Running};

fn threads(agent: &Running) -> usize {
    fs::read_dir(format!("/proc/{}/task", agent.pid())).unwrap().count()
}

/// An agent that watches a release on green, and shows it in the state file.
fn watching(deployment: Deployment) -> (Agents, Deployment, Running) {
    let agents = Agents::new();
    agents.add("shop", &deployment);
    let agent = agents.start();
    agents.wait_until_looked_at("shop");
    switch(&deployment, "green");
    deployment.wait_until("shown in the state file", |deployment| deployment.state_text().contains("watching"));
    (agents, deployment, agent)
}

/// The release on green turns bad, and traffic goes back.
#[track_caller]
fn rolls_back(agents: &Agents, deployment: &Deployment) {
    deployment.green.fail(60);
    agents.wait_for("shop", "rolled back", |row| row["outcome"] == "rolled-back");
    assert_eq!(deployment.state()["activeColor"], "blue");
}

#[test]
fn two_services_soak_at_once_and_each_ends_as_it_must() {
    let (agents, good, bad) = (Agents::new(), blue(), blue());
    agents.add("cart", &good);
    agents.add("shop", &bad);
    let mut agent = agents.start();
    assert_eq!(agents.services().iter().map(|row| row["service"].clone()).collect::<Vec<_>>(), ["cart", "shop"]);
    agents.wait_until_looked_at("cart");
    bad.green.fail(60);
    switch(&good, "green");
    switch(&bad, "green");
    agent.hear("\"type\":\"begun\"");
    agent.hear("\"type\":\"begun\"");
    let ended = |line: String| {
        let line: Value = serde_json::from_str(&line).unwrap();
        (line["service"].as_str().unwrap().to_owned(), line["outcome"].as_str().unwrap().to_owned())
    };
    let mut ends = [ended(agent.hear("\"type\":\"ended\"")), ended(agent.hear("\"type\":\"ended\""))];
    ends.sort();
    assert_eq!(ends, [("cart".to_owned(), "retained".to_owned()), ("shop".to_owned(), "rolled-back".to_owned())]);
    assert_eq!(good.state()["activeColor"], "green");
    assert_eq!(bad.state()["activeColor"], "blue");
    assert_eq!(count(&bad, "shop", "rolled_back"), 1);
    // A rollback is no switch: nothing begins.
    let row = agents.wait_for("shop", "its outcome is told", |row| row["outcome"] == "rolled-back");
    assert_eq!((&row["state"], &row["exit_code"], &row["active"]), (&json!("idle"), &json!(3), &json!("blue")));
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!((count(&bad, "shop", "soak_start"), count(&good, "cart", "soak_start")), (1, 1));
    let said = stop(agent).stdout;
    assert_eq!(said.matches("\"type\":\"begun\"").count(), 2, "{said}");
}

#[test]
fn a_rollback_by_hand_or_by_deploy_ts_begins_no_soak() {
    let (agents, deployment) = (Agents::new(), blue().with("soak.window", "10m"));
    agents.add("shop", &deployment);
    let mut agent = agents.start();
    switch(&deployment, "green");
    agent.hear("\"type\":\"begun\"");
    agents.wait_for("shop", "watched", |row| row["phase"] == "watching");
    let config = agents.path("shop.toml").display().to_string();
    agents.run(&["rollback", "--config", &config, "--reason", "by hand"]).expect(0);
    agent.hear("\"outcome\":\"rolled-back\"");
    assert_eq!(deployment.state()["activeColor"], "blue");
    switch(&deployment, "green");
    agent.hear("\"type\":\"begun\"");
    agents.wait_for("shop", "watched again", |row| row["phase"] == "watching");
    // Without a word of a rollback, but straight back.
    switch(&deployment, "blue");
    agent.hear("\"outcome\":\"superseded\"");
    agent.hear("a rollback, which is not watched");
    agents.wait_for("shop", "idle", |row| row["state"] == "idle");
    assert_eq!(count(&deployment, "shop", "soak_start"), 2);
    stop(agent);
}

#[test]
fn an_agent_that_is_stopped_saves_its_soaks_and_the_next_one_goes_on() {
    let (agents, deployment) = (Agents::new(), blue().with("soak.window", "6s"));
    agents.add("shop", &deployment);
    let mut agent = agents.start();
    switch(&deployment, "green");
    agent.hear("\"type\":\"begun\"");
    agents.wait_for("shop", "watched", |row| row["phase"] == "watching");
    stop(agent).says(&["\"type\":\"saved\""]);
    assert!(!agents.path(".switchback/agent.sock").exists());
    let mut agent = agents.start();
    agent.hear("\"type\":\"resumed\"");
    agent.hear("\"outcome\":\"retained\"");
    stop(agent);
}

#[test]
fn a_soak_whose_recording_is_lost_in_a_crash_is_begun_anew() {
    let (agents, deployment, agent) = watching(blue().with("soak.window", "1m"));
    agent.signal(Signal::KILL);
    agent.wait();
    for entry in fs::read_dir(deployment.path(".switchback/shop/soaks")).unwrap() {
        fs::write(entry.unwrap().path(), "").unwrap();
    }
    let agent = agents.start();
    rolls_back(&agents, &deployment);
    assert_eq!((count(&deployment, "shop", "soak_start"), count(&deployment, "shop", "rolled_back")), (2, 1));
    stop(agent);
}

#[test]
fn a_state_file_that_is_away_for_a_moment_ends_no_soak() {
    let (agents, deployment, agent) = watching(blue().with("soak.window", "1m"));
    let (here, away) = (deployment.state_path(), deployment.path("away"));
    fs::rename(&here, &away).unwrap();
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(agents.row("shop")["state"], "watching");
    fs::rename(&away, &here).unwrap();
    rolls_back(&agents, &deployment);
    assert_eq!((count(&deployment, "shop", "soak_start"), count(&deployment, "shop", "superseded")), (1, 0));
    stop(agent);
}

#[test]
fn a_new_release_on_the_same_color_is_watched_like_any_other() {
    // Written by a script that knows no more than three keys, and by one that keeps the others.
    let three = |at: i64, _: Value| json!({ "activeColor": "green", "lastSwitch": at, "previousColor": "blue" });
    let all = |at: i64, mut state: Value| {
        state["lastSwitch"] = json!(at);
        state
    };
    for newer in [three as fn(i64, Value) -> Value, all] {
        let (agents, deployment, mut agent) = watching(blue().with("soak.window", "1m"));
        deployment.write_state(&newer(now_ms(), deployment.state()));
        agent.hear("\"outcome\":\"superseded\"");
        agent.hear("\"type\":\"begun\"");
        rolls_back(&agents, &deployment);
        stop(agent);
    }
}

#[test]
fn a_move_back_by_hand_from_a_switch_of_our_own_begins_no_soak() {
    let (agents, deployment) = (Agents::new(), blue().with("soak.window", "1m"));
    agents.add("shop", &deployment);
    let mut agent = agents.start();
    // Before that the command finds no agent that is responsible, and watches by itself.
    agents.wait_until_looked_at("shop");
    let config = agents.path("shop.toml").display().to_string();
    let client = Running::start(agents.command(&["switch", "green", "--no-tui", "--config", &config]));
    agents.wait_for("shop", "watched", |row| row["phase"] == "watching");
    deployment.wait_until("shown in the state file", |deployment| deployment.state_text().contains("watching"));
    switch(&deployment, "blue");
    agent.hear("\"outcome\":\"superseded\"");
    agent.hear("a rollback, which is not watched");
    agents.wait_for("shop", "idle", |row| row["state"] == "idle");
    assert_eq!(count(&deployment, "shop", "soak_start"), 1);
    drop(client);
    stop(agent);
}

#[test]
fn files_come_change_and_go_and_a_bad_one_stops_no_other() {
    let (agents, shop, cart) = (Agents::new(), blue(), blue().with("soak.window", "5s"));
    agents.write("bad.toml", "service = 5\n");
    agents.add("shop", &shop);
    let mut agent = agents.start();
    let row = agents.wait_for("bad.toml", "an error row", |row| row["state"] == "error");
    assert!(row["error"].as_str().unwrap().contains("service"), "{row}");
    // A second file for one state file.
    agents.write("twin.toml", &file("twin", &shop));
    let row = agents.wait_for("twin.toml", "an error row", |row| row["state"] == "error");
    assert!(row["error"].as_str().unwrap().contains("is that of `shop.toml`"), "{row}");
    agents.write("twin.toml", &file("shop", &cart));
    agents.wait_for("twin.toml", "an error row", |row| {
        row["error"].as_str().is_some_and(|why| why.contains("service `shop`"))
    });
    fs::remove_file(agents.path("twin.toml")).unwrap();
    agents.wait_for("twin.toml", "gone", Value::is_null);
    let third = blue();
    agents.write("bad.toml", &file("good", &third));
    agents.wait_until_looked_at("good");
    assert!(agents.row("bad.toml").is_null());
    // Added.
    agents.add("cart", &cart);
    agents.wait_until_looked_at("cart");
    switch(&cart, "green");
    agent.hear("\"type\":\"begun\"");
    agents.wait_for("cart", "watched", |row| row["phase"] == "watching");
    // Broken while a soak is under way: it goes on.
    agents.write("cart.toml", "service =\n");
    let row = agents.wait_for("cart", "a remark", |row| row["error"].is_string());
    assert_eq!(row["state"], "watching");
    // Gone while a soak is under way: it goes on to its end, and then the row goes.
    fs::remove_file(agents.path("cart.toml")).unwrap();
    let row =
        agents.wait_for("cart", "a remark", |row| row["error"].as_str().is_some_and(|why| why.contains("is gone")));
    assert_eq!(row["state"], "watching");
    agent.hear("\"outcome\":\"retained\"");
    agents.wait_for("cart", "gone", Value::is_null);
    // Of another service now.
    agents.write("bad.toml", &file("better", &third));
    agent.hear("not watched any more: bad.toml describes `better` now");
    agents.wait_until_looked_at("better");
    // Broken while there is none: an error row, and watched as before.
    agents.write("shop.toml", "service =\n");
    agents.wait_for("shop", "an error row", |row| row["state"] == "error");
    switch(&shop, "green");
    agent.hear("\"type\":\"begun\"");
    agent.hear("\"outcome\":\"retained\"");
    // Changed: the next soak is as the file says now.
    agents.add("shop", &shop);
    agents.wait_for("shop", "no error any more", |row| row["state"] == "idle" && row["error"].is_null());
    stop(agent);
}

#[test]
fn a_data_folder_that_cannot_be_written_to_is_an_error_before_traffic_moves() {
    let (agents, deployment) = (Agents::new(), blue());
    // For root too, whom no mode keeps out.
    let data = deployment.path(".switchback");
    fs::write(&data, "a file in place of the folder").unwrap();
    agents.add("shop", &deployment);
    let mut agent = agents.start();
    agent.hear("\"type\":\"error\"");
    let row = agents.wait_for("shop", "an error row", |row| row["state"] == "error");
    assert!(row["error"].as_str().unwrap().starts_with("nothing can be recorded in `"), "{row}");
    fs::remove_file(&data).unwrap();
    agent.hear("\"type\":\"cleared\"");
    agents.wait_until_looked_at("shop");
    switch(&deployment, "green");
    agent.hear("\"type\":\"begun\"");
    let said = stop(agent).stdout;
    assert_eq!(said.matches("\"type\":\"error\"").count(), 1, "{said}");
}

#[test]
fn a_second_agent_for_one_folder_is_refused() {
    let (agents, deployment) = (Agents::new(), blue());
    agents.add("shop", &deployment);
    let agent = agents.start();
    agents.run(&["agent", "."]).expect(10).complains(&["another agent watches this folder"]);
    // One for another folder finds the deployment taken.
    let others = Agents::new();
    others.add("shop", &deployment);
    let other = others.start();
    let row = others.wait_for("shop", "taken", |row| row["state"] == "error");
    assert!(row["error"].as_str().unwrap().starts_with("another agent is responsible"), "{row}");
    assert_eq!(agents.row("shop")["state"], "idle");
    stop(other);
    stop(agent);
    agents.run(&["agent", "missing"]).expect(2);
    agents.run(&["agent", ".", "--window", "5m"]).expect(2);
}

#[test]
fn a_service_that_gets_another_name_is_no_error() {
    let (agents, deployment) = (Agents::new(), blue());
    agents.add("a", &deployment);
    let agent = agents.start();
    agents.wait_until_looked_at("a");
    for name in ["b", "c", "d", "e", "f"] {
        agents.write("a.toml", &file(name, &deployment));
        agents.wait_until_looked_at(name);
    }
    let told = stop(agent).stdout;
    assert!(!told.contains("another agent"), "{told}");
}

#[test]
fn a_lock_and_a_socket_that_are_removed_are_made_anew() {
    let agents = Agents::new();
    let mut agent = agents.start();
    fs::remove_dir_all(agents.path(".switchback")).unwrap();
    agent.hear("lock` was removed under the running agent: made anew");
    agent.hear("agent.sock` was removed under the running agent: made anew");
    assert!(agents.services().is_empty());
    agents.begin().wait().expect(10).complains(&["another agent watches this folder"]);
    fs::remove_file(agents.path(".switchback/agent.sock")).unwrap();
    agent.hear("agent.sock` was removed under the running agent: made anew");
    assert!(agents.services().is_empty());
    let said = stop(agent).stdout;
    assert_eq!(said.matches("was removed").count(), 3, "{said}");
    assert!(!agents.path(".switchback/agent.sock").exists());
}

#[test]
fn an_agent_whose_folder_another_took_over_saves_its_soaks_and_ends() {
    let (agents, deployment, mut agent) = watching(blue().with("soak.window", "10m"));
    // What another agent leaves that began in the moment after the lock was removed.
    let (lock, other) = (agents.path(".switchback/.agent/lock"), agents.path(".switchback/.agent/other"));
    let held = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&other).unwrap();
    held.lock().unwrap();
    fs::rename(&other, &lock).unwrap();
    agent.hear("this agent ends, since its lock was removed and another agent watches this folder");
    agent.hear("\"type\":\"saved\"");
    agent.wait().expect(10).complains(&["another agent watches this folder"]);
    drop(held);
    let agent = agents.start();
    rolls_back(&agents, &deployment);
    assert_eq!(count(&deployment, "shop", "soak_start"), 1);
    stop(agent);
}

#[test]
fn a_monitor_by_hand_is_left_alone_and_its_work_is_taken_over_if_it_dies() {
    let (agents, deployment) = (Agents::new(), blue().with("soak.window", "6s"));
    switch(&deployment, "green");
    let config = agents.path("shop.toml");
    agents.add("shop", &deployment);
    let mut monitor = Running::start(agents.command(&["soak", "--no-tui", "--config", config.to_str().unwrap()]));
    monitor.hear("soak_start");
    std::thread::sleep(Duration::from_secs(1));
    let mut agent = agents.start();
    let row = agents.wait_for("shop", "elsewhere", |row| row["state"] == "elsewhere");
    assert!(row["error"].as_str().unwrap().contains(&format!("process {}", monitor.pid())), "{row}");
    monitor.signal(Signal::KILL);
    monitor.wait();
    agent.hear("\"type\":\"resumed\"");
    agent.hear("\"outcome\":\"retained\"");
    assert_eq!(count(&deployment, "shop", "soak_start"), 1);
    stop(agent);
}

#[test]
fn a_command_has_the_agent_begin_and_follows() {
    let (agents, deployment) = (Agents::new(), blue());
    agents.add("shop", &deployment);
    let mut agent = agents.start();
    agents.wait_until_looked_at("shop");
    let config = agents.path("shop.toml").display().to_string();
    let done = agents.run(&["switch", "green", "--no-tui", "--config", &config, "--release", "v2"]);
    let done = done.expect(0).says(&["watching in the agent (process ", "RETAINED: green stays active"]);
    assert!(done.stdout.contains("v2"), "{done:#?}");
    agent.hear("\"release\":\"v2\"");
    agent.hear("\"outcome\":\"retained\"");
    // A soak that the agent began by itself is the one that a job asks for.
    deployment.blue.fail(60);
    switch(&deployment, "blue");
    agent.hear("\"type\":\"begun\"");
    agents.run(&["soak", "--no-tui", "--config", &config]).expect(3).says(&["ROLLED BACK"]);
    agent.hear("\"outcome\":\"rolled-back\"");
    // Without a soak none begins by itself either, also not in the next agent.
    agents.run(&["switch", "blue", "--no-soak", "--no-tui", "--config", &config]).expect(0);
    std::thread::sleep(Duration::from_millis(1_500));
    stop(agent);
    let agent = agents.start();
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(agents.row("shop")["state"], "idle");
    assert_eq!(count(&deployment, "shop", "soak_start"), 2);
    stop(agent);
    // Where no agent runs, it is as ever.
    agents.run(&["switch", "green", "--no-tui", "--config", &config]).expect(0).says(&["RETAINED"]);
}

#[test]
fn orders_and_events_go_through_the_agents_api() {
    let (agents, deployment) = (Agents::new(), blue().with("soak.window", "10m"));
    agents.add("shop", &deployment);
    let mut agent = agents.start();
    agents.wait_until_looked_at("shop");
    let abort = json!({ "action": { "type": "abort" } }).to_string();
    for (method, path, body) in
        [("GET", "/v1/services/shop/events", ""), ("POST", "/v1/services/shop/actions", &*abort)]
    {
        let (status, body) = agents.ask(method, path, body);
        let told: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &told["code"]), (409, &json!("no-soak")), "{body}");
    }
    let (status, body) = agents.ask("GET", "/v1/services/shop/status", "");
    let report: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &report["activeColor"], &report["service"]), (200, &json!("blue"), &json!("shop")));
    assert_eq!(agents.ask("GET", "/v1/services/none/status", "").0, 404);
    switch(&deployment, "green");
    agent.hear("\"type\":\"begun\"");
    agents.wait_for("shop", "watched", |row| row["phase"] == "watching");
    let mut stream = UnixStream::connect(agents.path(".switchback/agent.sock")).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    stream.write_all(b"GET /v1/services/events HTTP/1.1\r\nhost: agent\r\n\r\n").unwrap();
    let mut heard = String::new();
    while !heard.contains("event: service\ndata: {\"service\":\"shop\"") {
        let mut bytes = [0; 4_096];
        let read = stream.read(&mut bytes).unwrap();
        assert!(read > 0, "{heard}");
        heard.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    let first = heard.find("event: ").map(|at| &heard[at..]).unwrap();
    assert!(first.starts_with("event: services\ndata: {\"host\":\""), "{heard}");
    let (_, page) = agents.ask("GET", "/metrics", "");
    assert!(page.contains("switchback_agent_soaks{state=\"watching\"} 1\n"), "{page}");
    let (status, body) = agents.ask("POST", "/v1/services/shop/actions", r#"{"action":"abort","service":"cart"}"#);
    assert_eq!(status, 409, "{body}");
    let (status, body) = agents.ask("POST", "/v1/services/shop/actions", r#"{"action":"abort","reason":"enough"}"#);
    assert_eq!(status, 202, "{body}");
    agent.hear("\"outcome\":\"aborted\"");
    stop(agent);
}

#[test]
fn a_router_that_hangs_is_not_noticed_by_the_others() {
    let (agents, stuck, good) = (Agents::new(), blue(), blue());
    let stuck = stuck.with_commands("sleep 600", "sleep 600", "sleep 600").with("router.timeout", "5m");
    stuck.green.fail(60);
    agents.add("stuck", &stuck);
    agents.add("good", &good);
    let mut agent = agents.start();
    switch(&stuck, "green");
    agents.wait_for("stuck", "in a rollback that hangs", |row| row["phase"] == "rolling-back");
    switch(&good, "green");
    let line = agent.hear("\"outcome\":\"retained\"");
    assert!(line.contains("\"service\":\"good\""), "{line}");
    assert_eq!(agents.row("stuck")["phase"], "rolling-back");
    // The first signal waits for the move, the second does not.
    agent.signal(Signal::TERM);
    agent.hear("soaks to save: 1");
    agent.hear("traffic of `stuck` is being moved: waiting for that, 4m at the most");
    agent.signal(Signal::TERM);
    agent.wait().expect(7).says(&["leaving at once"]);
}

#[test]
fn a_breach_that_is_held_and_a_rollback_that_fails_have_their_lines_once() {
    let (agents, held, failing) = (Agents::new(), blue(), blue());
    let held = held.with("soak.auto_rollback", "false").with("soak.window", "10m");
    let rollback = "test -e mended && echo {color} > route";
    let failing = failing.with_commands("echo {color} > route", rollback, "cat route").with("soak.window", "10m");
    fs::write(failing.path("route"), "blue\n").unwrap();
    agents.add("held", &held);
    agents.add("failing", &failing);
    let mut agent = agents.start();
    agents.wait_until_looked_at("held");
    held.green.fail(60);
    switch(&held, "green");
    let line: Value = serde_json::from_str(&agent.hear("\"type\":\"breach\"")).unwrap();
    assert_eq!((&line["service"], &line["color"]), (&json!("held"), &json!("green")));
    assert!(line["soak"].is_string() && line["message"].as_str().unwrap().contains("failed"), "{line}");
    assert!(agent.hear("\"type\":\"hold\"").contains("held, not rolled back: automatic rollback is off"));

    failing.green.fail(60);
    fs::write(failing.path("route"), "green\n").unwrap();
    switch(&failing, "green");
    agent.hear("\"type\":\"breach\"");
    assert!(agent.hear("\"type\":\"rollback\"").contains("rolling back from green to blue"));
    assert!(agent.hear("\"type\":\"rollback\"").contains("NOT ROLLED BACK YET"));
    fs::write(failing.path("mended"), "").unwrap();
    agent.hear("ROLLED BACK after all");
    agent.hear("\"outcome\":\"rolled-back\"");
    let said = stop(agent).stdout;
    let times = |kind: &str| said.matches(&format!("\"type\":\"{kind}\"")).count();
    assert_eq!((times("breach"), times("hold")), (2, 1), "{said}");
    let mut agent = agents.start();
    assert!(agent.hear("\"type\":\"resumed\"").contains("resumed, HELD"));
    stop(agent);
}

#[test]
fn threads_do_not_grow_with_soaks() {
    let agents = Agents::new();
    let all: Vec<Deployment> = (0..12).map(|_| blue().with("soak.window", "10m")).collect();
    let begin = |agent: &mut Running, from: usize, to: usize| {
        for (at, deployment) in all.iter().enumerate().take(to).skip(from) {
            agents.add(&format!("s{at}"), deployment);
            agents.wait_until_looked_at(&format!("s{at}"));
            switch(deployment, "green");
            agent.hear("\"type\":\"begun\"");
        }
        std::thread::sleep(Duration::from_secs(2));
    };
    let mut agent = agents.start();
    begin(&mut agent, 0, 4);
    let few = threads(&agent);
    begin(&mut agent, 4, 12);
    // The writers, and threads for what may wait, may still have to be started; none is one of a soak.
    assert!(threads(&agent) < few + 8, "{few} with 4 soaks, {} with 12", threads(&agent));
    stop(agent);
}

#[test]
fn traffic_that_is_moved_at_the_router_by_hand_is_watched_too() {
    let (agents, deployment) = (Agents::new(), blue());
    fs::write(deployment.path("live"), "blue").unwrap();
    let script = "echo {color} > live";
    let deployment = deployment.with_commands(script, script, "cat live");
    deployment.green.fail(60);
    agents.add("shop", &deployment);
    let mut agent = agents.start();
    agents.wait_until_looked_at("shop");
    // The router and the state file have to be seen to agree first.
    std::thread::sleep(Duration::from_secs(7));
    fs::write(deployment.path("live"), "green").unwrap();
    agent.hear("traffic was moved to green at the router");
    agent.hear("\"type\":\"begun\"");
    agent.hear("\"outcome\":\"rolled-back\"");
    assert_eq!(fs::read_to_string(deployment.path("live")).unwrap().trim(), "blue");
    assert_eq!(deployment.state()["activeColor"], "blue");
    // After a rollback a router that goes astray is a matter for a person.
    fs::write(deployment.path("live"), "green").unwrap();
    agent.hear("the router sends traffic to green, the state file says blue");
    agents.wait_for("shop", "an error row", |row| row["state"] == "error");
    assert_eq!(count(&deployment, "shop", "soak_start"), 1);
    stop(agent);
}

#[test]
fn nothing_rolls_back_by_itself_onto_a_color_whose_last_soak_ended_breached() {
    let (agents, deployment) = (Agents::new(), blue().with("soak.on_breach", "hold"));
    agents.add("shop", &deployment);
    let mut agent = agents.start();
    deployment.green.fail(60);
    switch(&deployment, "green");
    agent.hear("\"outcome\":\"held\"");
    deployment.blue.fail(60);
    let deployment = deployment.with("soak.on_breach", "rollback");
    agents.add("shop", &deployment);
    agent.hear("has been read again");
    // The next release, long after the soak of the one before.
    let mut state = deployment.state();
    state["lastSwitch"] = json!(now_ms() - 3_600_000);
    state["soak"]["lastSwitch"] = state["lastSwitch"].clone();
    deployment.write_state(&state);
    switch(&deployment, "blue");
    agent.hear("automatic rollback is off: soak ");
    agent.hear("\"outcome\":\"held\"");
    assert_eq!(deployment.state()["activeColor"], "blue");
    assert_eq!(count(&deployment, "shop", "rollback"), 0);
    stop(agent);
}

#[test]
fn over_the_network_a_token_is_needed_and_settings_are_not_taken() {
    let (agents, deployment) = (Agents::new(), blue());
    let address = support::free_address();
    let [operator, viewer] =
        ["an-operators-token-with-enough-bits-0123456789", "a-viewers-token-with-enough-bits-9876543210"];
    agents.write(
        "agent.toml",
        &format!("[control]\nlisten = \"{address}\"\noperator_token = \"{operator}\"\nviewer_token = \"{viewer}\"\n"),
    );
    agents.add("shop", &deployment);
    let mut agent = agents.start();
    agents.wait_until_looked_at("shop");
    let ask = |token: Option<&str>, method: &str, path: &str, body: &str| -> u16 {
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        let token = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{token}content-length: {length}\r\n\r\n"
        );
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer[9..12].parse().unwrap()
    };
    let switch = r#"{"begin":"switch","to":"green","soak":true,"noRollback":false,"force":false}"#;
    let with_settings = switch.replace('}', r#","settings":[["router.kind","command"]]}"#);
    let begin = "/v1/services/shop/begin";
    assert_eq!(ask(None, "GET", "/v1/services", ""), 401);
    assert_eq!(ask(Some(viewer), "GET", "/v1/services", ""), 200);
    assert_eq!(ask(Some(viewer), "POST", begin, switch), 403);
    assert_eq!(ask(Some(operator), "POST", begin, &with_settings), 403);
    assert_eq!(deployment.state()["activeColor"], "blue");
    assert_eq!(ask(Some(operator), "POST", begin, switch), 200);
    agent.hear("\"outcome\":\"retained\"");
    assert_eq!(deployment.state()["activeColor"], "green");
    stop(agent);
}
