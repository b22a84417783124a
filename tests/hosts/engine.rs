//! An etcd that is full, restarted, gone, or asks for a password.

use std::time::Duration;

use support::etcd::Etcd;
use support::hosts::{Hosts, rolled_back};

#[test]
fn a_full_etcd_does_not_keep_its_leader_from_rolling_back() {
    // 256 KiB of room.
    let hosts = Hosts::with(Etcd::with(&["--quota-backend-bytes", "262144"]));
    let first = Hosts::lead(&hosts.a);
    hosts.wait_until("full", |hosts| hosts.etcd.fill());
    hosts.a.green.fail(60);
    rolled_back(first);
    hosts.assert_rolled_back_once();
    assert_eq!(hosts.a.state()["activeColor"], "blue");
}

#[test]
fn an_etcd_that_is_restarted_loses_no_rollback() {
    let mut hosts = Hosts::with(Etcd::start());
    let first = Hosts::lead(&hosts.a);
    let second = hosts.stand_by(&hosts.b, "b");
    hosts.etcd.kill();
    // Until the lease may have ended it could still act.
    std::thread::sleep(Duration::from_secs(3));
    hosts.a.green.fail(60);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(hosts.moves(), [], "nobody can lead without it");
    hosts.etcd.go_on();
    rolled_back(first);
    rolled_back(second);
    hosts.assert_rolled_back_once();
}

#[test]
fn without_etcd_a_leader_acts_alone_where_it_is_told_to() {
    let mut hosts = Hosts::with(Etcd::start());
    hosts.a = hosts.a.with("coordination.when_lost", "act");
    let first = Hosts::lead(&hosts.a);
    hosts.etcd.kill();
    std::thread::sleep(Duration::from_secs(3));
    hosts.a.green.fail(60);
    rolled_back(first);
    assert_eq!(hosts.moves().len(), 1);
    assert_eq!(hosts.a.state()["activeColor"], "blue");
}

#[test]
fn without_etcd_only_an_operator_moves_traffic_and_by_force() {
    let mut hosts = Hosts::with(Etcd::start());
    let first = Hosts::lead(&hosts.a);
    hosts.etcd.kill();
    hosts.a.wait_until("told", |host| host.decisions().iter().any(|made| made["reason"] == "lead-lost"));
    let refused = hosts.b.run(&["rollback"]).expect(7);
    refused.complains(&["nobody can tell which host leads", "switchback rollback --force"]);
    hosts.b.run(&["rollback", "--dry-run"]).expect(7).complains(&["the rollback would fail", "nobody can tell"]);
    hosts.b.run(&["rollback", "--dry-run", "--force"]).expect(0).says(&["traffic would be moved to blue"]);
    assert_eq!(hosts.moves(), []);
    // The monitor does it, although it may not lead any more.
    hosts.a.run(&["rollback", "--force"]).expect(0).says(&["back on blue"]);
    first.wait().expect(4);
    assert_eq!(hosts.moves().len(), 1);
    // No monitor, nor any other host: it is done here.
    hosts.b.run(&["rollback", "--force"]).expect(0).complains(&["the other hosts do not know of it"]);
    assert_eq!(hosts.b.state()["activeColor"], "blue");
    hosts.etcd.go_on();
    // It lets every lease of before last for its whole time.
    hosts.wait_until("nobody leads", |hosts| Hosts::status(&hosts.b)["leader"].is_null());
    hosts.b.run(&["rollback"]).expect(0);
    assert_eq!(Hosts::status(&hosts.b)["error"], serde_json::Value::Null);
    hosts.a.run(&["status"]).says(&["active    blue"]);
}

#[test]
fn a_password_is_needed_where_etcd_has_authentication() {
    let mut hosts = Hosts::with(Etcd::start());
    for (path, body) in [
        ("auth/user/add", r#"{"name":"root","password":"a-password"}"#),
        ("auth/role/add", r#"{"name":"root"}"#),
        ("auth/user/grant", r#"{"user":"root","role":"root"}"#),
        ("auth/user/add", r#"{"name":"reader","password":"a-password"}"#),
        ("auth/role/add", r#"{"name":"reader"}"#),
        // `/switchback/` to `/switchback0`
        (
            "auth/role/grant",
            r#"{"name":"reader","perm":{"permType":"READ","key":"L3N3aXRjaGJhY2sv","range_end":"L3N3aXRjaGJhY2sw"}}"#,
        ),
        ("auth/user/grant", r#"{"user":"reader","role":"reader"}"#),
        ("auth/enable", "{}"),
    ] {
        let told = hosts.etcd.ask(path, body);
        assert!(told["error"].is_null(), "{path}: {told}");
    }
    let refused = hosts.a.run(&["soak", "--no-tui"]).expect(10);
    refused.complains(&["etcd does not let us in"]);
    hosts.a = hosts.a.with("coordination.username", "root").with("coordination.password", "another-password");
    let refused = hosts.a.run(&["soak", "--no-tui"]).expect(10);
    assert!(!refused.stderr.contains("another-password"), "{}", refused.stderr);
    refused.complains(&["etcd does not let us in"]);
    hosts.a = hosts.a.with("coordination.username", "reader").with("coordination.password", "a-password");
    hosts.a.run(&["doctor"]).says(&["nothing can be written: etcd does not let us in"]);
    hosts.a = hosts.a.with("coordination.username", "root");
    hosts.a.run(&["doctor"]).says(&["etcd 3.", "nobody leads now", "other hosts do not reach this one"]);
    let first = Hosts::lead(&hosts.a);
    hosts.a.green.fail(60);
    rolled_back(first);
    assert_eq!(hosts.moves().len(), 1);
}

#[test]
fn records_that_are_damaged_are_named_and_force_moves_traffic_anyway() {
    let hosts = Hosts::with(Etcd::start());
    // `/switchback/default/now/leader`
    hosts.etcd.ask("kv/put", r#"{"key":"L3N3aXRjaGJhY2svZGVmYXVsdC9ub3cvbGVhZGVy","value":"cnViYmlzaA=="}"#);
    hosts.b.run(&["status"]).says(&["leader    unknown: etcd", "`now/leader` of this service is damaged"]);
    hosts.b.run(&["doctor"]).says(&["`now/leader` of this service is damaged"]);
    hosts.b.run(&["rollback"]).expect(7).complains(&["`now/leader` of this service is damaged", "rollback --force"]);
    assert_eq!(hosts.moves(), []);
    hosts.b.run(&["rollback", "--force"]).expect(0);
    assert_eq!(hosts.moves().len(), 1);
}

#[test]
fn a_full_etcd_without_a_leader_keeps_nobody_from_rolling_back_by_force() {
    let hosts = Hosts::with(Etcd::with(&["--quota-backend-bytes", "262144"]));
    hosts.wait_until("full", |hosts| hosts.etcd.fill());
    hosts.b.run(&["rollback"]).expect(7).complains(&["has no room", "rollback --force"]);
    hosts.b.run(&["rollback", "--force"]).expect(0);
    assert_eq!(hosts.moves().len(), 1);
}
