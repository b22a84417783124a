//! The real monitor, journal and rollback in a simulated world, over many thousand seeds.
//!
//! Time passes only when nothing is left to do; disk, router, instances, signals, the operator and other people are drawn from a
//! seed, and so are crashes and power cuts. `SWITCHBACK_SIMULATION_SEEDS` sets how many seeds are tried,
//! `SWITCHBACK_SIMULATION_SEED` replays one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

mod agent;
mod hosts;
mod judge;
mod mistakes;
mod plan;
mod ports;
mod router;
mod run;
mod world;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use agent::AgentPlan;
use hosts::HostsPlan;
use mistakes::Mistake;
use plan::{Fault, Plan, Weather};
use run::Report;
use switchback::model::Outcome;

/// So many seeds are tried unless the environment says otherwise.
const SEEDS: u64 = 500;

/// One run in so many is an agent over several deployments, which takes seven times as long.
const AGENT_SHARE: u64 = 50;

/// One run in so many is of several hosts, which takes four times as long.
const HOSTS_SHARE: u64 = 50;

/// So many seeds have to be enough to notice any mistake.
const MISTAKE_SEEDS: u64 = 10_000;

/// The same among hosts: the rarest shows in one of a hundred seeds.
const HOSTS_MISTAKE_SEEDS: u64 = 1_000;

fn from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name}={value}: expected a number")))
}

/// A world that is drawn from a seed.
trait World: Clone + fmt::Display {
    /// The test that tries its seeds.
    const TEST: &str;

    fn draw(seed: u64) -> Self;

    fn simulate(&self, mistake: Option<Mistake>) -> Report;

    /// The same without one thing that happens in it; `None` past the last.
    fn without(&self, at: usize) -> Option<Self>;
}

impl World for Plan {
    const TEST: &str = "no_seed_breaks_a_promise";

    fn draw(seed: u64) -> Self {
        Self::draw(seed)
    }

    fn simulate(&self, mistake: Option<Mistake>) -> Report {
        run::simulate(self, mistake)
    }

    fn without(&self, at: usize) -> Option<Self> {
        let mut less = self.clone();
        (at < less.faults.len()).then(|| less.faults.remove(at))?;
        Some(less)
    }
}

impl World for AgentPlan {
    const TEST: &str = "no_seed_breaks_a_promise_of_an_agent";

    fn draw(seed: u64) -> Self {
        Self::draw(seed)
    }

    fn simulate(&self, mistake: Option<Mistake>) -> Report {
        agent::simulate(self, mistake)
    }

    fn without(&self, at: usize) -> Option<Self> {
        Self::without(self, at)
    }
}

impl World for HostsPlan {
    const TEST: &str = "no_seed_breaks_a_promise_of_several_hosts";

    fn draw(seed: u64) -> Self {
        Self::draw(seed)
    }

    fn simulate(&self, mistake: Option<Mistake>) -> Report {
        hosts::simulate(self, mistake)
    }

    fn without(&self, at: usize) -> Option<Self> {
        Self::without(self, at)
    }
}

/// The first seed below `most` with a violation, and what was violated.
fn first_violation<W: World>(most: u64, mistake: Option<Mistake>) -> Option<(u64, Report)> {
    let next = AtomicU64::new(0);
    let found = AtomicU64::new(u64::MAX);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= most || seed >= found.load(Ordering::Relaxed) {
                        return;
                    }
                    if !W::draw(seed).simulate(mistake).violations.is_empty() {
                        found.fetch_min(seed, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let seed = found.into_inner();
    (seed < u64::MAX).then(|| (seed, W::draw(seed).simulate(mistake)))
}

/// The same world without everything that the violation does not need.
fn smallest<W: World>(mut world: W) -> W {
    let mut at = 0;
    while let Some(without) = world.without(at) {
        if without.simulate(None).violations.is_empty() { at += 1 } else { world = without }
    }
    world
}

/// Tries one seed in `share` of those that are wanted, or the one that is replayed.
fn try_seeds<W: World>(share: u64) {
    if let Some(seed) = from_env("SWITCHBACK_SIMULATION_SEED") {
        return passes(&W::draw(seed));
    }
    let seeds = from_env("SWITCHBACK_SIMULATION_SEEDS").unwrap_or(SEEDS);
    if let Some((seed, _)) = first_violation::<W>(seeds / share, None) {
        let world = smallest(W::draw(seed));
        let test = W::TEST;
        panic!(
            "{}\nreplay: SWITCHBACK_SIMULATION_SEED={seed} cargo nextest run --cargo-profile stress --test simulation -E 'test(={test})'",
            told(&world, &world.simulate(None))
        );
    }
}

fn passes(world: &impl World) {
    let report = world.simulate(None);
    assert!(report.violations.is_empty(), "{}", told(world, &report));
}

#[test]
fn no_seed_breaks_a_promise() {
    try_seeds::<Plan>(1);
}

#[test]
fn no_seed_breaks_a_promise_of_an_agent() {
    try_seeds::<AgentPlan>(AGENT_SHARE);
}

#[test]
fn no_seed_breaks_a_promise_of_several_hosts() {
    try_seeds::<HostsPlan>(HOSTS_SHARE);
}

/// Worlds in which a promise was broken once: a clock set ahead before a reboot, a rollback that was given up by a monitor that was
/// killed, attempts that a full disk forgot, a line that a killed process had not made durable when the power failed, and a
/// rollback of a soak that the state file never showed.
#[test]
fn what_was_broken_once_is_kept() {
    for seed in [1_482, 5_292, 10_651, 20_771, 44_203] {
        passes(&Plan::draw(seed));
    }
}

/// The same for agents: the deploy after a rollback was not watched, a rollback right after one was, and a soak that an operator had
/// aborted on a full disk was resumed.
#[test]
fn what_an_agent_broke_once_is_kept() {
    for seed in [5, 36, 112, 1_213, 1_406, 1_486] {
        passes(&AgentPlan::draw(seed));
        passes(&AgentPlan::aborted_on_a_full_disk(seed));
    }
}

/// The same for several hosts: a move that went on after a pause, the end of a soak that a paused leader took back, `rolled_back` by
/// two leaders for one move, a soak that ended superseded where nobody led any more, a switch that was not undone in time, and one
/// that was refused with traffic on the new color.
#[test]
fn what_several_hosts_broke_once_is_kept() {
    for seed in [9, 58, 113, 128, 218, 231, 327, 358, 1_371, 1_512] {
        passes(&HostsPlan::draw(seed));
    }
}

/// A disk that is full, or a router that is away, for ten minutes from the breach on: users are back once it has passed.
#[test]
fn ten_minutes_without_a_disk_or_a_router_are_outlasted() {
    let faults = [
        Fault::DiskFull { from_ms: 2_000, until_ms: 602_000 },
        Fault::RouterDown { from_ms: 2_000, until_ms: 602_000 },
    ];
    for (seed, fault) in (0..20).flat_map(|seed| faults.map(|fault| (seed, fault))) {
        let router_speaks = seed % 2 == 0 || matches!(fault, Fault::RouterDown { .. });
        let weather = Weather::Failing { from_ms: 0 };
        let plan = Plan { router_speaks, weather, background: true, faults: vec![fault], ..Plan::draw(seed) };
        let report = run::simulate(&plan, None);
        assert!(report.violations.is_empty(), "{}", told(&plan, &report));
        assert_eq!(report.outcome, Some(Outcome::RolledBack), "{}", told(&plan, &report));
    }
}

fn told(world: &impl World, report: &Report) -> String {
    format!("{}\n{world}{}", report.violations.join("\n"), report.decisions.join("\n"))
}

#[test]
fn the_same_seed_gives_the_same_run() {
    fn is_the_same<W: World>(seed: u64) {
        let world = W::draw(seed);
        for mistake in [None, Some(Mistake::JournalNotSynced)] {
            assert_eq!(world.simulate(mistake), world.simulate(mistake), "{world}");
        }
    }
    for seed in 0..20 {
        is_the_same::<Plan>(seed);
        is_the_same::<AgentPlan>(seed);
        is_the_same::<HostsPlan>(seed);
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "thousands of seeds: in the profile stress")]
fn every_mistake_is_found() {
    fn is_found<W: World>(seeds: u64, mistake: Mistake) -> bool {
        let Some((seed, report)) = first_violation::<W>(seeds, Some(mistake)) else { return false };
        let unchanged = W::draw(seed).simulate(None);
        assert_eq!(unchanged.violations, Vec::<String>::new(), "it is not {mistake:?} that seed {seed} shows");
        println!("{mistake:?}: seed {seed}: {}", report.violations[0]);
        true
    }
    let mut missed: Vec<Mistake> = Mistake::ALL.into();
    missed.retain(|mistake| !is_found::<Plan>(MISTAKE_SEEDS, *mistake));
    missed.extend(
        Mistake::OF_AGENTS.into_iter().filter(|mistake| !is_found::<AgentPlan>(MISTAKE_SEEDS / AGENT_SHARE, *mistake)),
    );
    missed
        .extend(Mistake::OF_HOSTS.into_iter().filter(|mistake| !is_found::<HostsPlan>(HOSTS_MISTAKE_SEEDS, *mistake)));
    assert!(missed.is_empty(), "these mistakes break nothing that is looked at: {missed:?}");
}
