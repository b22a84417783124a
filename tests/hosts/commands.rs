//! What the commands say on a host that does not lead.

use support::etcd::Etcd;

use crate::hosts::{Hosts, rolled_back};

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
