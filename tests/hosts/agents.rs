//! Agents on two hosts.

use rustix::process::Signal;
use support::agents::{Agents, count, switch};
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
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(folders[1].row("shop")["state"], "elsewhere");
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
