//! A leader that something happens to at a random moment of its rollback: it stands still past its lease, is killed, or cut off, or
//! etcd is started again. Traffic is moved back once, by whoever leads then.
//!
//! `SWITCHBACK_HOSTS_ROUNDS` is the number of rounds (50), `SWITCHBACK_HOSTS_SEED` the first seed.

use std::time::{Duration, Instant};

use fastrand::Rng;
use rustix::process::Signal;
use serde_json::Value;
use support::etcd::{Etcd, Network};

use crate::hosts::Hosts;

/// At once: each has an etcd and two monitors.
const ABREAST: u64 = 4;

#[derive(Clone, Copy, Debug)]
enum Blow {
    Stopped,
    Killed,
    CutOff,
    EtcdRestarted,
}

/// What the router saw, and how long the next leader took, where etcd itself went on.
fn round(seed: u64) -> Option<Duration> {
    let mut rng = Rng::with_seed(seed);
    let blow = [Blow::Stopped, Blow::Killed, Blow::CutOff, Blow::EtcdRestarted][rng.usize(0..4)];
    // A move takes a while, so that it can be hit in the middle.
    let mut hosts = Hosts::routed(Etcd::start(), "sleep 0.4");
    let network = Network::to(&hosts.etcd.endpoint());
    hosts.a = hosts.a.with("coordination.endpoints", network.url());
    let first = Hosts::lead(&hosts.a);
    let second = hosts.stand_by(&hosts.b, "b");
    hosts.a.green.fail(60);
    std::thread::sleep(Duration::from_millis(rng.u64(0..2_500)));
    let struck = Instant::now();
    let mut taken_over = None;
    match blow {
        Blow::EtcdRestarted => {
            hosts.etcd.kill();
            std::thread::sleep(Duration::from_millis(rng.u64(0..3_000)));
            hosts.etcd.go_on();
        }
        Blow::Stopped | Blow::Killed | Blow::CutOff => {
            match blow {
                Blow::Stopped => first.signal(Signal::STOP),
                Blow::Killed => first.signal(Signal::KILL),
                _ => network.cut(),
            }
            let is_over = |hosts: &Hosts| hosts.b.state()["soak"]["outcome"] == "rolled-back";
            hosts.wait_until("taken over", |hosts| Hosts::status(&hosts.b)["leader"]["name"] == "b" || is_over(hosts));
            taken_over = Some(struck.elapsed());
            first.signal(if matches!(blow, Blow::Stopped) { Signal::CONT } else { Signal::URG });
            network.mend();
        }
    }
    let second = second.wait();
    assert_eq!(second.code(), Some(3), "{seed} {blow:?}: {second:#?}");
    let first = first.wait();
    assert!(matches!(blow, Blow::Killed) || first.code() == Some(3), "{seed} {blow:?}: {first:#?}");
    assert_eq!(hosts.b.state()["activeColor"], "blue", "{seed} {blow:?}: a lost rollback");
    let moves = hosts.moves();
    assert!(matches!(&moves[..], [(color, _)] if color == "blue"), "{seed} {blow:?}: {moves:?}");
    for (name, host) in [("a", &hosts.a), ("b", &hosts.b)] {
        let made = host.decisions();
        // A leader that was cut off has told nobody: the next one finds traffic where it has to be, and says so itself.
        let is_own = |made: &&Value| made["decision"] == "rolled_back" && made["host"] == name;
        assert!(made.iter().filter(is_own).count() <= 1, "{seed} {blow:?}: told twice, {made:#?}");
        if !made.is_empty() {
            host.run(&["verify"]).expect(0);
        }
    }
    taken_over
}

#[test]
#[ignore = "slow: asked for with --run-ignored"]
fn whatever_happens_to_a_leader_in_its_rollback_traffic_is_moved_back_once() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let rounds: u64 = number("SWITCHBACK_HOSTS_ROUNDS").unwrap_or(50);
    let first: u64 = number("SWITCHBACK_HOSTS_SEED").unwrap_or_else(rand::random);
    eprintln!("again: SWITCHBACK_HOSTS_SEED={first}");
    let mut taken: Vec<Duration> = std::thread::scope(|scope| {
        let rounds = |at: u64| {
            let mine = (0..rounds).filter(move |more| more % ABREAST == at);
            mine.filter_map(|more| round(first.wrapping_add(more))).collect::<Vec<_>>()
        };
        let workers: Vec<_> = (0..ABREAST).map(|at| scope.spawn(move || rounds(at))).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    taken.sort_unstable();
    eprintln!("taken over after {:?} in the middle, {:?} at most", taken.get(taken.len() / 2), taken.last());
}
