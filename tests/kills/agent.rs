//! An agent with many soaks that is killed at random moments, or whose disk is full.

use std::fs;
use std::time::{Duration, Instant};

use fastrand::Rng;
use rustix::process::Signal;
use serde_json::json;
use support::agents::{Agents, blue, count, decisions, stop, switch};
use support::{Deployment, Running};

use crate::disk::Disk;

const SOAKS: usize = 50;
/// Long enough that a busy machine, too, watches for most of it.
const WINDOW: Duration = Duration::from_mins(1);
/// Of these so many of a bad release.
const BAD: usize = 15;

fn name(at: usize) -> String {
    format!("s{at}")
}

fn kill(agent: Running) {
    agent.signal(Signal::KILL);
    agent.wait();
}

#[test]
#[ignore = "slow: asked for with --run-ignored"]
fn an_agent_with_fifty_soaks_that_is_killed_again_and_again_brings_all_to_their_ends() {
    let seed = std::env::var("SWITCHBACK_KILL_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    eprintln!("again: SWITCHBACK_KILL_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    let agents = Agents::new();
    let long = || {
        let window = format!("{}s", WINDOW.as_secs());
        blue().with("soak.window", window).with("soak.interval", "500ms")
    };
    let all: Vec<Deployment> = (0..SOAKS).map(|_| long()).collect();
    for (at, deployment) in all.iter().enumerate() {
        agents.add(&name(at), deployment);
    }
    let mut agent = agents.start();
    for at in 0..SOAKS {
        agents.wait_until_looked_at(&name(at));
    }
    for deployment in &all {
        switch(deployment, "green");
    }
    let switched = Instant::now();
    // While it begins, resumes, judges and rolls back.
    for round in 0..8 {
        std::thread::sleep(Duration::from_millis(rng.u64(0..1_500)));
        kill(agent);
        if round == 2 {
            all[..BAD].iter().for_each(|deployment| deployment.green.fail(70));
        }
        agent = agents.start();
    }
    std::thread::sleep(WINDOW.saturating_sub(switched.elapsed()));
    for (at, deployment) in all.iter().enumerate() {
        let (service, is_bad) = (name(at), at < BAD);
        let (outcome, active, kinds) =
            if is_bad { ("rolled-back", "blue", [1, 1, 1, 0]) } else { ("retained", "green", [1, 0, 0, 1]) };
        agents.wait_for(&service, outcome, |row| row["state"] == "idle" && row["outcome"] == outcome);
        // Decisions are on disk before they are shown; the state file follows.
        deployment.wait_until("in the state file", |deployment| deployment.state()["soak"]["outcome"] == outcome);
        assert_eq!(deployment.state()["activeColor"], json!(active), "{service}");
        let counted = ["soak_start", "rollback", "rolled_back", "retain"].map(|kind| count(deployment, &service, kind));
        assert_eq!(counted, kinds, "{service}: {:#?}", decisions(deployment, &service));
        let config = agents.path(&format!("{service}.toml")).display().to_string();
        agents.run(&["verify", "--config", &config]).expect(0);
    }
    stop(agent);
}

#[test]
#[ignore = "slow, needs root: asked for with --run-ignored"]
fn an_agent_on_a_full_disk_rolls_back_and_watches_the_others_whose_disk_is_not_full() {
    let agents = Agents::new();
    let long = || blue().with("soak.window", "5m").with("soak.interval", "100ms");
    let (bad, other, fresh) = (long(), long(), long());
    let disk = Disk::of(&bad);
    let all = [("bad", &bad), ("other", &other), ("fresh", &fresh)];
    for (service, deployment) in all {
        agents.add(service, deployment);
    }
    // Its own records are on a full disk as well.
    let own = Disk::mount(agents.path(".switchback"));
    let agent = agents.start();
    for (service, _) in all {
        agents.wait_until_looked_at(service);
    }
    for (service, deployment) in &all[..2] {
        switch(deployment, "green");
        agents.wait_for(service, "watched", |row| row["phase"] == "watching");
    }
    let is_shown = |deployment: &Deployment| deployment.state_text().contains("watching");
    bad.wait_until("shown in the state file", is_shown);
    other.wait_until("shown in the state file", is_shown);
    disk.fill();
    own.fill();
    // A soak can begin all the same.
    switch(&fresh, "green");
    agents.wait_for("fresh", "watched", |row| row["phase"] == "watching");
    bad.green.fail(50);
    agents.wait_for("bad", "rolled back", |row| row["state"] == "idle" && row["outcome"] == "rolled-back");
    assert_eq!(bad.state()["activeColor"], "blue");
    assert_eq!(["rollback", "rolled_back"].map(|kind| count(&bad, "bad", kind)), [1, 1], "room was kept for these");
    for (service, deployment) in [("other", &other), ("fresh", &fresh)] {
        assert_eq!(agents.row(service)["phase"], "watching");
        deployment.green.fail(50);
    }
    for (service, deployment) in [("other", &other), ("fresh", &fresh)] {
        agents.wait_for(service, "rolled back", |row| row["outcome"] == "rolled-back");
        assert_eq!(deployment.state()["activeColor"], "blue", "{service}");
    }
    // Killed there, the next one finds its way too, and begins nothing of what is over.
    kill(agent);
    let agent = agents.start();
    for (service, deployment) in all {
        agents.wait_until_looked_at(service);
        assert_eq!(count(deployment, service, "rolled_back"), 1, "{service}");
    }
    fs::remove_file(disk.path().join("filler")).unwrap();
    let config = agents.path("bad.toml").display().to_string();
    agents.run(&["verify", "--config", &config]).expect(0);
    stop(agent);
}

#[test]
#[ignore = "slow, needs root: asked for with --run-ignored"]
fn an_agent_killed_on_a_full_disk_is_followed_by_one_that_still_rolls_back() {
    let (agents, bad) = (Agents::new(), blue().with("soak.window", "5m").with("soak.interval", "100ms"));
    let disk = Disk::of(&bad);
    agents.add("bad", &bad);
    let agent = agents.start();
    agents.wait_until_looked_at("bad");
    switch(&bad, "green");
    bad.wait_until("shown in the state file", |deployment| deployment.state_text().contains("watching"));
    disk.fill();
    let since = Instant::now();
    while since.elapsed() < Duration::from_millis(500) {
        assert_eq!(agents.row("bad")["state"], "watching");
    }
    kill(agent);
    bad.green.fail(50);
    let agent = agents.start();
    agents.wait_for("bad", "rolled back", |row| row["outcome"] == "rolled-back");
    assert_eq!(bad.state()["activeColor"], "blue");
    stop(agent);
}
