//! A leader that dies, stands still, or is cut off.

use std::time::Duration;

use rustix::process::Signal;
use support::etcd::{Etcd, Network};
use support::hosts::{Hosts, rolled_back};

#[test]
fn a_leader_that_is_killed_is_followed_by_one_that_goes_on_with_its_soak() {
    let hosts = Hosts::with(Etcd::start());
    let first = Hosts::lead(&hosts.a);
    let mut second = hosts.stand_by(&hosts.b, "b");
    let token = Hosts::status(&hosts.b)["token"].as_i64().unwrap();
    std::thread::sleep(Duration::from_secs(3));
    first.signal(Signal::KILL);
    first.wait();
    hosts.a.green.fail(60);
    second.hear("resumed");
    rolled_back(second);
    hosts.assert_rolled_back_once();
    assert!(hosts.moves()[0].1 > token, "tokens rise");
    let kinds = hosts.b.kinds();
    assert_eq!(kinds, ["soak_start", "resumed", "breach", "rollback", "rolled_back", "recovered"]);
    assert_eq!(
        (&hosts.b.decision("soak_start")["host"], &hosts.b.decision("breach")["host"]),
        (&"a".into(), &"b".into())
    );
    // Whoever comes back later is told.
    hosts.a.run(&["soak", "--no-tui", "--resume"]).expect(3);
    assert_eq!(hosts.a.state()["activeColor"], "blue");
    hosts.assert_rolled_back_once();
}

#[test]
fn a_leader_that_stood_still_past_its_lease_moves_nothing_when_it_goes_on() {
    let hosts = Hosts::with(Etcd::start());
    let first = Hosts::lead(&hosts.a);
    let second = hosts.stand_by(&hosts.b, "b");
    // It would roll back at the next tick.
    std::thread::sleep(Duration::from_secs(1));
    first.signal(Signal::STOP);
    hosts.a.green.fail(60);
    hosts.wait_until("taken over", |hosts| Hosts::status(&hosts.b)["leader"]["name"] == "b");
    first.signal(Signal::CONT);
    rolled_back(second);
    // It has stood down, and learns how the soak ended.
    rolled_back(first);
    hosts.assert_rolled_back_once();
    assert_eq!(hosts.a.state()["activeColor"], "blue");
}

#[test]
fn a_leader_that_is_cut_off_stands_down_and_the_next_one_rolls_back() {
    let mut hosts = Hosts::with(Etcd::start());
    let network = Network::to(&hosts.etcd.endpoint());
    hosts.a = hosts.a.with("coordination.endpoints", network.url());
    let first = Hosts::lead(&hosts.a);
    let second = hosts.stand_by(&hosts.b, "b");
    network.cut();
    hosts.wait_until("taken over", |hosts| Hosts::status(&hosts.b)["leader"]["name"] == "b");
    hosts.a.green.fail(60);
    rolled_back(second);
    hosts.assert_rolled_back_once();
    network.mend();
    rolled_back(first);
    hosts.assert_rolled_back_once();
    let told = hosts.a.decisions();
    assert!(told.iter().any(|made| made["host"] == "a" && made["reason"] == "lead-lost"), "{told:#?}");
}

#[test]
fn a_move_is_cut_off_before_the_lease_can_have_ended() {
    // The first move never ends, and leaves a child behind that would move traffic late.
    let slow = "if [ ! -e slow ]; then touch slow; (sleep 30; echo late >> moves) & sleep 30; fi";
    let mut hosts = Hosts::routed(Etcd::start(), slow);
    let network = Network::to(&hosts.etcd.endpoint());
    hosts.a = hosts.a.with("coordination.endpoints", network.url());
    std::fs::write(hosts.b.path("slow"), "").unwrap();
    let first = Hosts::lead(&hosts.a);
    let second = hosts.stand_by(&hosts.b, "b");
    hosts.a.green.fail(60);
    hosts.a.wait_until("moving", |host| host.path("slow").exists());
    network.cut();
    rolled_back(second);
    network.mend();
    rolled_back(first);
    hosts.assert_rolled_back_once();
    let told = hosts.a.decisions();
    let cut_off = |made: &&serde_json::Value| made["message"].as_str().unwrap().contains("was cut off");
    assert!(told.iter().any(|made| cut_off(&made)), "{told:#?}");
    assert!(!hosts.a.path("moves").exists(), "its children are gone as well");
}

#[test]
fn an_old_leader_does_not_roll_back_what_was_kept_meanwhile() {
    let hosts = Hosts::routed(Etcd::start(), "if [ -e broken ]; then exit 1; fi").reachable();
    let broken = [&hosts.a, &hosts.b].map(|host| host.path("broken"));
    for path in &broken {
        std::fs::write(path, "").unwrap();
    }
    let first = Hosts::lead(&hosts.a);
    let second = hosts.stand_by(&hosts.b, "b");
    hosts.a.green.fail(60);
    hosts.a.wait_until("tried", |host| host.decisions().iter().any(|made| made["reason"] == "rollback-attempt"));
    first.signal(Signal::STOP);
    hosts.wait_until("taken over", |hosts| Hosts::status(&hosts.b)["leader"]["name"] == "b");
    hosts.b.wait_until("watching", |host| host.decisions().iter().any(|made| made["decision"] == "resumed"));
    // Between two attempts: one that is under way is waited for.
    hosts.wait_until("kept", |hosts| hosts.b.run(&["ctl", "keep"]).code() == Some(0));
    second.wait().expect(0);
    for path in &broken {
        std::fs::remove_file(path).unwrap();
    }
    first.signal(Signal::CONT);
    first.wait().expect(0);
    assert_eq!(hosts.moves(), []);
    for host in [&hosts.a, &hosts.b] {
        assert_eq!(
            (&host.state()["activeColor"], &host.state()["soak"]["outcome"]),
            (&"green".into(), &"retained".into())
        );
    }
}

#[test]
fn a_leader_that_is_stopped_says_who_goes_on_with_its_soak() {
    let hosts = Hosts::with(Etcd::start());
    let mut first = hosts.a.start(&["soak", "--supervised"]);
    first.hear("soak_start");
    let mut second = hosts.stand_by(&hosts.b, "b");
    first.signal(Signal::TERM);
    first.wait().expect(143).complains(&["stopped; state saved. b (process ", "leads now, and continues the soak"]);
    second.hear("resumed");
    hosts.a.green.fail(60);
    rolled_back(second);
    hosts.assert_rolled_back_once();
}
