//! Agents on two hosts.

use std::time::Duration;

use rustix::process::Signal;
use support::agents::{Agents, count, file, stop, switch};
use support::etcd::Etcd;
use support::hosts::Hosts;

#[test]
fn of_two_agents_one_watches_and_the_other_goes_on_when_it_dies() {
    let hosts = Hosts::with(Etcd::start());
    let folders = [Agents::new(), Agents::new()];
    for (folder, host) in folders.iter().zip([&hosts.a, &hosts.b]) {
        folder.add("shop", host);
    }
    let first = folders[0].start();
    folders[0].wait_until_looked_at("shop");
    let second = folders[1].start();
    folders[1].wait_for("shop", "standing by", |row| row["state"] == "elsewhere");
    switch(&hosts.a, "blue");
    switch(&hosts.a, "green");
    folders[0].wait_for("shop", "watched", |row| row["phase"] == "watching");
    std::thread::sleep(Duration::from_secs(3));
    let row = folders[1].row("shop");
    assert_eq!(row["state"], "elsewhere", "{row}");
    first.signal(Signal::KILL);
    first.wait();
    hosts.a.green.fail(60);
    folders[1].wait_for("shop", "rolled back", |row| row["outcome"] == "rolled-back");
    assert_eq!(hosts.moves().len(), 1);
    assert_eq!(hosts.b.state()["activeColor"], "blue");
    assert_eq!(["soak_start", "rolled_back"].map(|kind| count(&hosts.b, "shop", kind)), [1, 1]);
    second.signal(Signal::TERM);
    second.wait().expect(0);
}

#[test]
fn etcd_that_is_slow_for_a_moment_is_no_error_of_an_agent_that_stands_by() {
    let hosts = Hosts::with(Etcd::start());
    let folders = [Agents::new(), Agents::new()];
    for (folder, host) in folders.iter().zip([&hosts.a, &hosts.b]) {
        folder
            .write("shop.toml", &file("shop", host).replace("coordination.ttl = \"2s\"", "coordination.ttl = \"15s\""));
    }
    let first = folders[0].start();
    folders[0].wait_until_looked_at("shop");
    let second = folders[1].start();
    let row = folders[1].wait_for("shop", "standing by", |row| row["state"] == "elsewhere");
    // Long enough for a question to be asked and given up, 5s, and far shorter than the lease.
    hosts.etcd.signal(Signal::STOP);
    std::thread::sleep(Duration::from_secs(9));
    assert_eq!(folders[1].row("shop"), row);
    let row = folders[1].wait_for("shop", "an error", |row| row["state"] == "error");
    assert!(row["error"].as_str().unwrap().starts_with("etcd does not answer"), "{row}");
    hosts.etcd.signal(Signal::CONT);
    folders[1].wait_for("shop", "no error any more", |row| row["state"] != "error");
    let told = stop(second).stdout;
    assert_eq!(told.matches("etcd does not answer").count(), 1, "{told}");
    stop(first);
}

#[test]
fn a_switch_on_any_host_is_made_by_the_agent_that_leads() {
    let hosts = Hosts::with(Etcd::start());
    let folders = [Agents::new(), Agents::new()];
    let token = "0f9a1c52e7d84b6390ab5e21c4d7f8a6";
    for (folder, host) in folders.iter().zip([&hosts.a, &hosts.b]) {
        let listen = format!("127.0.0.1:{}", support::free_port());
        folder.write("agent.toml", &format!("[control]\nlisten = \"{listen}\"\noperator_token = \"{token}\"\n"));
        folder.write("shop.toml", &format!("{}control.operator_token = \"{token}\"\n", file("shop", host)));
    }
    let first = folders[0].start();
    folders[0].wait_until_looked_at("shop");
    let second = folders[1].start();
    folders[1].wait_for("shop", "standing by", |row| row["state"] == "elsewhere");
    let on_b = |words: &[&str]| folders[1].run(&[&["--config", "shop.toml"], words].concat());
    on_b(&["switch", "blue", "--no-soak", "--no-tui"]).expect(0).says(&["green → blue"]);
    let detached = on_b(&["switch", "green", "--detach"]).expect(0);
    detached.says(&["watching in the agent (process ", "which leads"]);
    assert_eq!(hosts.moves().len(), 2, "{:?}", hosts.moves());
    assert_eq!(count(&hosts.a, "shop", "switch"), 2);
    on_b(&["ctl", "keep"]).expect(0);
    folders[0].wait_for("shop", "kept", |row| row["outcome"] == "retained");
    for agent in [first, second] {
        agent.signal(Signal::TERM);
        agent.wait().expect(0);
    }
}
