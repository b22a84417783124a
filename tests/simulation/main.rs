//! The real monitor, journal and rollback in a simulated world, over many thousand seeds.
//!
//! Time passes only when nothing is left to do; disk, router, instances, signals, the operator and other people are drawn from a
//! seed, and so are crashes and power cuts. `SWITCHBACK_SIMULATION_SEEDS` sets how many seeds are tried,
//! `SWITCHBACK_SIMULATION_SEED` replays one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

mod judge;
mod mistakes;
mod plan;
mod ports;
mod router;
mod run;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use mistakes::Mistake;
use plan::{Fault, Plan, Weather};
use run::Report;
use switchback::model::Outcome;

/// So many seeds are tried unless the environment says otherwise.
const SEEDS: u64 = 500;

/// So many seeds have to be enough to notice any mistake.
const MISTAKE_SEEDS: u64 = 10_000;

fn from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name}={value}: expected a number")))
}

/// The first seed below `most` with a violation, and what was violated.
fn first_violation(most: u64, mistake: Option<Mistake>) -> Option<(u64, Report)> {
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
                    if !run::simulate(&Plan::draw(seed), mistake).violations.is_empty() {
                        found.fetch_min(seed, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let seed = found.into_inner();
    (seed < u64::MAX).then(|| (seed, run::simulate(&Plan::draw(seed), mistake)))
}

/// The same plan without every fault that the violation does not need.
fn smallest(mut plan: Plan, mistake: Option<Mistake>) -> Plan {
    let mut at = 0;
    while at < plan.faults.len() {
        let mut without = plan.clone();
        without.faults.remove(at);
        if run::simulate(&without, mistake).violations.is_empty() { at += 1 } else { plan = without }
    }
    plan
}

#[test]
fn no_seed_breaks_a_promise() {
    if let Some(seed) = from_env("SWITCHBACK_SIMULATION_SEED") {
        let plan = Plan::draw(seed);
        let report = run::simulate(&plan, None);
        assert!(report.violations.is_empty(), "{}", told(&plan, &report));
        return;
    }
    let seeds = from_env("SWITCHBACK_SIMULATION_SEEDS").unwrap_or(SEEDS);
    if let Some((seed, _)) = first_violation(seeds, None) {
        let plan = smallest(Plan::draw(seed), None);
        let report = run::simulate(&plan, None);
        panic!(
            "{}\nreplay: SWITCHBACK_SIMULATION_SEED={seed} cargo nextest run --cargo-profile stress --test simulation no_seed",
            told(&plan, &report)
        );
    }
}

/// Worlds in which a promise was broken once: a clock set ahead before a reboot, a rollback that was given up by a monitor that was
/// killed, attempts that a full disk forgot, a line that a killed process had not made durable when the power failed, and a
/// rollback of a soak that the state file never showed.
#[test]
fn what_was_broken_once_is_kept() {
    for seed in [1_482, 5_292, 10_651, 20_771, 44_203] {
        let plan = Plan::draw(seed);
        let report = run::simulate(&plan, None);
        assert!(report.violations.is_empty(), "{}", told(&plan, &report));
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

fn told(plan: &Plan, report: &Report) -> String {
    format!("{}\n{plan}{}", report.violations.join("\n"), report.decisions.join("\n"))
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in 0..20 {
        let plan = Plan::draw(seed);
        for mistake in [None, Some(Mistake::JournalNotSynced)] {
            assert_eq!(run::simulate(&plan, mistake), run::simulate(&plan, mistake), "{plan}");
        }
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "thousands of seeds: in the profile stress")]
fn every_mistake_is_found() {
    let mut missed = Vec::new();
    for mistake in Mistake::ALL {
        match first_violation(MISTAKE_SEEDS, Some(mistake)) {
            Some((seed, report)) => {
                let unchanged = run::simulate(&Plan::draw(seed), None);
                assert_eq!(unchanged.violations, Vec::<String>::new(), "it is not {mistake:?} that seed {seed} shows");
                println!("{mistake:?}: seed {seed}: {}", report.violations[0]);
            }
            None => missed.push(mistake),
        }
    }
    assert!(missed.is_empty(), "these mistakes break nothing that is looked at: {missed:?}");
}
