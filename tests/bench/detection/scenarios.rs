//! What is simulated: releases, traffic, and what the evidence must reach.

use crate::rules::{FALSE_ALARM, THRESHOLD};

/// The window of most scenarios, in seconds.
const WINDOW_S: usize = 1800;

/// The error rate before a release turns bad.
const BACKGROUND: f64 = 0.001;

/// One kind of soak.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub name: String,
    /// Mean requests a second.
    pub rps: f64,
    pub window_s: usize,
    /// The mean error rate before `change_s`, and from then on for `bad_s` seconds.
    pub before: f64,
    pub after: f64,
    pub change_s: usize,
    pub bad_s: usize,
    /// Failures clump: the correlation of two requests of one clump, and its length in seconds.
    pub clump: Option<(f64, usize)>,
    /// The share of scrapes that fail.
    pub missing: f64,
    /// How many runs there are for every 1,000 asked for.
    pub per_mille: usize,
    pub target: Target,
}

/// What the evidence must reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// Rolled back in at most this share of the runs (upper 95% limit).
    False(f64),
    /// Noticed after at most so many seconds in the median.
    Median(f64),
    /// Noticed in at least this share of the runs, and after at most so many seconds in 95% of those.
    Seen(f64, f64),
    /// Nothing: shown for comparison.
    None,
}

impl Scenario {
    fn healthy(name: impl Into<String>, rate: f64, rps: f64, target: Target) -> Self {
        Self {
            name: name.into(),
            rps,
            window_s: WINDOW_S,
            before: rate,
            after: rate,
            change_s: 0,
            bad_s: 0,
            clump: None,
            missing: 0.0,
            per_mille: 1000,
            target,
        }
    }

    fn bad(name: impl Into<String>, rate: f64, rps: f64, change_s: usize, target: Target) -> Self {
        let healthy = Self::healthy(name, BACKGROUND, rps, target);
        Self { after: rate, change_s, bad_s: usize::MAX, per_mille: 100, ..healthy }
    }

    /// Whether a rollback is false: the release never stays bad.
    pub const fn is_healthy(&self) -> bool {
        self.bad_s < self.window_s
    }

    /// The error rate of a second, counted from 0.
    pub fn rate(&self, second: usize) -> f64 {
        let bad = second >= self.change_s && second - self.change_s < self.bad_s;
        if bad { self.after } else { self.before }
    }

    /// Requests that any test with this bound on false alarms needs on average: `log(1/alpha) / KL(p1 || p0)` (Wald).
    pub fn floor_requests(&self) -> f64 {
        let (bad, allowed) = (self.after, THRESHOLD);
        let part = |p: f64, q: f64| if p > 0.0 { p * (p / q).ln() } else { 0.0 };
        -FALSE_ALARM.ln() / (part(bad, allowed) + part(1.0 - bad, 1.0 - allowed))
    }

    /// The same in seconds.
    pub fn floor_s(&self) -> f64 {
        self.floor_requests() / self.rps
    }
}

/// Everything that is simulated, in the order of the tables.
pub fn all() -> Vec<Scenario> {
    [false_alarms(), clumps(), blips(), delays(), gaps()].concat()
}

fn false_alarms() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (rate, limit) in [(0.04, 0.001), (0.05, 0.01)] {
        for rps in [0.2, 2.0, 50.0, 5000.0] {
            let name = format!("healthy at {}%, {rps} requests/s", rate * 100.0);
            scenarios.push(Scenario::healthy(name, rate, rps, Target::False(limit)));
        }
    }
    scenarios
}

/// Healthy on average, clumped, 50 requests a second for ten minutes.
fn clumps() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (percent, [one, three, five]) in
        [(4.0, [0.005, 0.075, 0.11]), (3.0, [0.005, 0.005, 0.04]), (2.0, [0.005, 0.005, 0.035]), (1.0, [0.005; 3])]
    {
        for (length, limit) in [(1, one), (3, three), (5, five)] {
            let name = format!("healthy at {percent}%, clumps of {length}s (ICC 0.02), 10 min");
            let healthy = Scenario::healthy(name, percent / 100.0, 50.0, Target::False(limit));
            scenarios.push(Scenario { clump: Some((0.02, length)), window_s: 600, ..healthy });
        }
    }
    let healthy = Scenario::healthy("healthy at 4%, clumps of 1s (ICC 0.05), 10 min", 0.04, 50.0, Target::None);
    scenarios.push(Scenario { clump: Some((0.05, 1)), window_s: 600, ..healthy });
    scenarios
}

fn blips() -> Vec<Scenario> {
    let blip = |(seconds, limit): (usize, f64)| {
        let healthy = Scenario::healthy(format!("blip of 100% for {seconds}s"), 0.01, 50.0, Target::False(limit));
        Scenario { after: 1.0, change_s: WINDOW_S / 2, bad_s: seconds, ..healthy }
    };
    [(1, 0.001), (2, 0.0025)].map(blip).to_vec()
}

fn delays() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (when, change_s, floors) in [("from the switch on", 0, 1.5), ("from mid-window on", WINDOW_S / 2, 2.25)] {
        for rps in [2.0, 50.0] {
            for rate in [0.08, 0.1, 0.25, 1.0] {
                let name = format!("{}% {when}, {rps} requests/s", rate * 100.0);
                let mut scenario = Scenario::bad(name, rate, rps, change_s, Target::None);
                scenario.target = Target::Median(floors * scenario.floor_s() + 3.0);
                scenarios.push(scenario);
            }
        }
    }
    let late = WINDOW_S / 10 * 9;
    scenarios.push(Scenario::bad("10% in the last tenth, 50 requests/s", 0.1, 50.0, late, Target::Seen(0.99, 22.0)));
    scenarios.push(Scenario::bad("outage in the last tenth, 50 requests/s", 1.0, 50.0, late, Target::None));
    scenarios.push(Scenario::bad("6% from the switch on, 5000 requests/s", 0.06, 5000.0, 0, Target::None));
    scenarios
}

/// Missing scrapes on a regression in mid-window; compare with the same without.
fn gaps() -> Vec<Scenario> {
    let bad = Scenario::bad("the 10% above, 20% of scrapes missing", 0.1, 50.0, WINDOW_S / 2, Target::None);
    let target = Target::Median(2.25 * bad.floor_s() + 3.0 + 2.0);
    vec![Scenario { missing: 0.2, target, ..bad }]
}
