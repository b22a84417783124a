//! Soaks of a scenario, and what each rule makes of them.

use std::num::NonZero;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Beta, Binomial, Distribution, Poisson};
use switchback::core::detect::TickCounts;

use crate::rules::Rule;
use crate::scenarios::Scenario;

/// What one rule made of one soak: when it rolled back, in seconds since the change, and how many requests had failed
/// since then. Before the change it is a false rollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Never rolled back.
    Kept,
    /// Rolled back a release that was not bad (yet).
    False,
    /// Rolled back a bad release.
    Seen {
        /// Seconds since it turned bad.
        delay_s: usize,
        /// Failed requests since it turned bad.
        failed: u64,
    },
}

/// The fates of all runs, one list a rule in the order of [`Rule::ALL`]. The same seeds give the same soaks.
pub fn run(scenario: &Scenario, runs: usize, seed: u64) -> Vec<Vec<Fate>> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let soaks = |thread: usize| {
        let mine = (thread..runs).step_by(threads);
        mine.map(|run| fates(scenario, seed.wrapping_add(run as u64))).collect::<Vec<_>>()
    };
    let all: Vec<Vec<Fate>> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|thread| scope.spawn(move || soaks(thread))).collect();
        handles.into_iter().flat_map(|handle| handle.join().expect("a simulation does not panic")).collect()
    });
    (0..Rule::ALL.len()).map(|rule| all.iter().map(|fates| fates[rule]).collect()).collect()
}

fn fates(scenario: &Scenario, seed: u64) -> Vec<Fate> {
    let (ticks, truth) = soak(scenario, seed);
    let fate = |rule: Rule| match rule.rollback_s(&ticks) {
        None => Fate::Kept,
        Some(second) if scenario.is_healthy() || second <= scenario.change_s => Fate::False,
        Some(second) => Fate::Seen {
            delay_s: second - scenario.change_s,
            failed: truth[scenario.change_s..second].iter().map(|counts| counts.errors).sum(),
        },
    };
    Rule::ALL.map(fate).to_vec()
}

/// What is scraped each second, and what really happened.
fn soak(scenario: &Scenario, seed: u64) -> (Vec<Option<TickCounts>>, Vec<TickCounts>) {
    let mut random = SmallRng::seed_from_u64(seed);
    let traffic = Poisson::new(scenario.rps).expect("there is traffic");
    let (mut ticks, mut truth) = (Vec::new(), Vec::new());
    let (mut waiting, mut rate) = (TickCounts::default(), 0.0);
    for second in 0..scenario.window_s {
        let mean = scenario.rate(second);
        rate = match scenario.clump {
            None => mean,
            Some((_, length)) if second % length != 0 => rate,
            Some((correlation, _)) => clump_rate(mean, correlation, &mut random),
        };
        let requests = whole(traffic.sample(&mut random));
        let errors = Binomial::new(requests, rate).expect("a rate is a probability").sample(&mut random);
        let counts = TickCounts { requests, errors };
        truth.push(counts);
        waiting = waiting.plus(counts);
        let scraped = !random.random_bool(scenario.missing);
        ticks.push(scraped.then(|| std::mem::take(&mut waiting)));
    }
    (ticks, truth)
}

/// The rate of one clump: beta distributed, so that two of its requests correlate as asked.
fn clump_rate(mean: f64, correlation: f64, random: &mut SmallRng) -> f64 {
    let strength = (1.0 - correlation) / correlation;
    Beta::new(mean * strength, (1.0 - mean) * strength).expect("a rate within (0, 1)").sample(random)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a Poisson count is whole and small")]
fn whole(count: f64) -> u64 {
    count as u64
}
