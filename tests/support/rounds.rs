//! A leader that something happens to at a random moment of its rollback: it stands still past its lease, is killed, or cut off, or
//! etcd is started again, compacted or full. Traffic is moved back once, by whoever leads then.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use rustix::process::Signal;
use serde_json::Value;

use super::etcd::{Etcd, Network};
use super::hosts::Hosts;

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    Stopped,
    Killed,
    CutOff,
    EtcdRestarted,
    EtcdCompacted,
    EtcdFull,
}

impl Blow {
    pub const ALL: [Self; 6] =
        [Self::Stopped, Self::Killed, Self::CutOff, Self::EtcdRestarted, Self::EtcdCompacted, Self::EtcdFull];

    /// Whether another host has to take over, while etcd itself goes on.
    pub const fn is_of_the_leader(self) -> bool {
        matches!(self, Self::Stopped | Self::Killed | Self::CutOff | Self::EtcdCompacted)
    }
}

impl fmt::Display for Blow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Stopped => "stopped past its lease",
            Self::Killed => "killed",
            Self::CutOff => "cut off from etcd",
            Self::EtcdRestarted => "etcd killed and started again",
            Self::EtcdCompacted => "killed, etcd compacted",
            Self::EtcdFull => "etcd full",
        })
    }
}

/// How long the next leader took, where one had to take over.
pub struct Round {
    pub blow: Blow,
    pub taken_over: Option<Duration>,
}

/// Fails if traffic was not moved back once, or was moved by an old leader, or either host does not know how it ended.
pub fn round(seed: u64) -> Round {
    let mut rng = Rng::with_seed(seed);
    let blow = Blow::ALL[rng.usize(0..Blow::ALL.len())];
    // With a full one the room is so small that a test can use it up.
    let etcd = if blow == Blow::EtcdFull { Etcd::with(&["--quota-backend-bytes", "524288"]) } else { Etcd::start() };
    // A move takes a while, so that it can be hit in the middle.
    let mut hosts = Hosts::routed(etcd, "sleep 0.4");
    let network = Network::to(&hosts.etcd.endpoint());
    hosts.a = hosts.a.with("coordination.endpoints", network.url());
    let first = Hosts::lead(&hosts.a);
    let second = hosts.stand_by(&hosts.b, "b");
    hosts.a.green.fail(60);
    std::thread::sleep(Duration::from_millis(rng.u64(0..2_500)));
    let struck = Instant::now();
    match blow {
        Blow::Stopped => first.signal(Signal::STOP),
        Blow::Killed | Blow::EtcdCompacted => first.signal(Signal::KILL),
        Blow::CutOff => network.cut(),
        Blow::EtcdRestarted => {
            hosts.etcd.kill();
            std::thread::sleep(Duration::from_millis(rng.u64(0..3_000)));
            hosts.etcd.go_on();
        }
        Blow::EtcdFull => hosts.wait_until("full", |hosts| hosts.etcd.fill()),
    }
    if blow == Blow::EtcdCompacted {
        hosts.etcd.compact();
    }
    let taken_over = blow.is_of_the_leader().then(|| {
        let is_over = |hosts: &Hosts| hosts.b.state()["soak"]["outcome"] == "rolled-back";
        hosts.wait_until("taken over", |hosts| Hosts::status(&hosts.b)["leader"]["name"] == "b" || is_over(hosts));
        struck.elapsed()
    });
    match blow {
        Blow::Stopped => first.signal(Signal::CONT),
        Blow::CutOff => network.mend(),
        Blow::EtcdFull => {
            hosts.wait_until("moved without room", |hosts| hosts.moves().len() == 1);
            hosts.etcd.make_room();
        }
        _ => {}
    }
    let second = second.wait();
    assert_eq!(second.code(), Some(3), "{seed} {blow:?}: {second:#?}");
    let first = first.wait();
    let is_dead = matches!(blow, Blow::Killed | Blow::EtcdCompacted);
    assert!(is_dead || first.code() == Some(3), "{seed} {blow:?}: {first:#?}");
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
    Round { blow, taken_over }
}

/// So many rounds from this seed on, `abreast` at once: each has an etcd and two monitors. Those that failed have said why, and are
/// only counted.
pub fn run(rounds: u64, first: u64, abreast: u64) -> (Vec<Round>, usize) {
    let next = AtomicU64::new(0);
    let work = || {
        let take = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < rounds);
        let one = |at| std::panic::catch_unwind(|| round(first.wrapping_add(at))).ok();
        std::iter::from_fn(take).map(one).collect::<Vec<_>>()
    };
    let done: Vec<Option<Round>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..abreast).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let failed = done.iter().filter(|round| round.is_none()).count();
    (done.into_iter().flatten().collect(), failed)
}
