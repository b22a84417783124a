//! What the commands say on a host that does not lead.

use support::etcd::Etcd;
use support::hosts::{Hosts, rolled_back};

#[test]
fn status_shows_on_every_host_who_leads_and_a_switch_is_refused_where_another_one_does() {
    let hosts = Hosts::with(Etcd::start());
    let first = Hosts::lead(&hosts.a);
    let second = hosts.stand_by(&hosts.b, "b");
    for host in [&hosts.a, &hosts.b] {
        let status = Hosts::status(host);
        assert_eq!((&status["leader"]["name"], &status["standbys"][0]["name"]), (&"a".into(), &"b".into()), "{status}");
        assert!(status["token"].as_i64().unwrap() > 0 && status["lastSignSeconds"].as_u64().unwrap() <= 2, "{status}");
        host.run(&["status"]).says(&["leader    a (process ", "standbys  b", "counts    etcd"]);
    }
    let unled = ["the rollback would fail: another host leads: a (process "];
    hosts.b.run(&["rollback", "--dry-run"]).expect(7).complains(&unled);
    // No monitor of its own is in the way there.
    second.signal(rustix::process::Signal::TERM);
    second.wait().expect(143);
    hosts.b.run(&["switch", "blue", "--no-tui"]).expect(10).complains(&["another host leads: a (process "]);
    hosts.b.run(&["rollback"]).expect(7).complains(&["another host leads: a (process "]);
    assert_eq!(hosts.moves(), []);
    hosts.a.green.fail(60);
    rolled_back(first);
    hosts.assert_rolled_back_once();
    // Nobody leads any more, and the other host knows what was done.
    assert_eq!(Hosts::status(&hosts.b)["leader"], serde_json::Value::Null);
    hosts.b.run(&["status"]).says(&["active    blue", "leader    none"]);
    hosts.b.run(&["rollback"]).expect(0).says(&["nothing to roll back"]);
}

#[test]
fn orders_on_any_host_reach_the_one_that_leads() {
    let hosts = Hosts::with(Etcd::start()).reachable();
    let first = Hosts::lead(&hosts.a);
    let second = hosts.stand_by(&hosts.b, "b");
    hosts.b.run(&["ctl", "extend", "1m", "--reason", "more traffic"]).expect(0);
    let attached = hosts.b.start(&["attach", "--no-tui"]);
    hosts.b.run(&["fleet", "--once"]).says(&["default", "watching"]);
    hosts.b.run(&["history"]).says(&["watching green", "more traffic", ", on a"]);
    let by_order = ["the running monitor would get the order", "traffic would be moved to blue"];
    hosts.b.run(&["rollback", "--dry-run"]).expect(0).says(&by_order);
    hosts.b.run(&["rollback", "--reason", "by hand"]).expect(0).says(&["back on blue"]);
    attached.wait().expect(4).says(&["the soak is extended by 1m", "by order of operator:", "ROLLED BACK"]);
    first.wait().expect(4);
    second.wait().expect(4);
    hosts.assert_rolled_back_once();
    hosts.b.run(&["ctl", "keep"]).expect(13).complains(&["no host leads"]);
}

#[test]
fn a_host_without_a_monitor_follows_the_leader_and_its_successor() {
    let hosts = Hosts::with(Etcd::start()).reachable();
    let first = Hosts::lead(&hosts.a);
    let attached = hosts.b.start(&["attach", "--no-tui"]);
    let second = hosts.stand_by(&hosts.b, "b");
    first.signal(rustix::process::Signal::KILL);
    first.wait();
    hosts.a.green.fail(60);
    attached.wait().expect(3).says(&["watching green", "b (token ", "ROLLED BACK"]);
    rolled_back(second);
    hosts.assert_rolled_back_once();
}

#[test]
fn a_leader_that_is_not_reached_is_named() {
    let hosts = Hosts::with(Etcd::start());
    let first = Hosts::lead(&hosts.a);
    let unreached = ["a (process ", "leads, which other hosts do not reach: set control.listen there"];
    hosts.b.run(&["ctl", "pause"]).expect(13).complains(&unreached);
    hosts.b.run(&["attach", "--no-tui"]).expect(13).complains(&unreached);
    hosts.a.green.fail(60);
    rolled_back(first);
}

#[test]
fn the_record_that_counts_is_chosen_and_shown() {
    let mut hosts = Hosts::with(Etcd::start());
    let first = Hosts::lead(&hosts.a);
    // The same move, told in another way by hand.
    hosts.b.write_state(&serde_json::json!({
        "activeColor": "blue", "lastSwitch": support::SWITCHED_AT, "previousColor": "green",
    }));
    let said = Hosts::status(&hosts.b);
    assert_eq!(said["state"], "etcd", "{said}");
    let differs = said["differs"].as_str().unwrap();
    assert!(differs.contains("the state file here says blue") && differs.contains("etcd says green"), "{differs}");
    hosts.b = hosts.b.with("coordination.state", "file");
    assert_eq!(Hosts::status(&hosts.b)["state"], "the state file");
    hosts.b.run(&["status"]).says(&["counts    the state file: the state file here says blue"]);
    hosts.a.green.fail(60);
    rolled_back(first);
}

#[test]
fn the_demo_shows_how_the_leader_dies_and_the_other_host_rolls_back() {
    let deployment = support::Deployment::fresh();
    let demo = |words: &[&str]| deployment.run(&[&["demo", "--hosts", "2", "--no-tui"], words].concat());
    let done = demo(&["--speed", "5"]).expect(0);
    done.says(&["a        ", "host a is dead", "b (token ", "ROLLED BACK"]);
    demo(&["--scenario", "healthy"]).expect(2).complains(&["ends without a rollback"]);
}

#[test]
fn traffic_that_was_moved_on_another_host_ends_the_soak() {
    let hosts = Hosts::with(Etcd::start());
    let first = Hosts::lead(&hosts.a);
    let second = hosts.stand_by(&hosts.b, "b");
    // As deploy.ts does, on the host that stands by.
    hosts.b.write_state(&serde_json::json!({
        "activeColor": "blue", "lastSwitch": support::SWITCHED_AT + 60_000, "previousColor": "blue",
    }));
    first.wait().expect(8);
    second.wait().expect(8);
    assert_eq!(hosts.a.state()["activeColor"], "blue");
    assert_eq!(hosts.moves(), [], "nobody undoes it");
}

#[test]
fn a_rollback_by_hand_gives_the_lead_back() {
    let hosts = Hosts::with(Etcd::start());
    hosts.a.run(&["rollback"]).expect(0).says(&["rolled back: traffic is on blue"]);
    for host in [&hosts.b, &hosts.a] {
        host.run(&["rollback"]).expect(0);
        assert_eq!(Hosts::status(host)["leader"], serde_json::Value::Null);
    }
    assert_eq!(hosts.moves().len(), 1);
}
