//! The rules that are compared: the project's two methods, and what others ship.

use switchback::core::detect::{Detector, EvidenceConfig, EvidenceDetector, TickCounts, WindowConfig, WindowDetector};

/// The largest acceptable error rate in every scenario.
pub const THRESHOLD: f64 = 0.05;

/// The bound on false rollbacks that the evidence is held to.
pub const FALSE_ALARM: f64 = 0.01;

/// Fewer requests than this say nothing, for the rules that ask.
const MIN_REQUESTS: u64 = 20;

/// Seconds in which Argo Rollouts and Flagger measure, and from one measurement to the next.
const MEASURED_S: usize = 60;

/// A rule that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// This project's evidence.
    Evidence,
    /// This project's plain rule.
    Window,
    /// Errors / requests since the switch, looked at every 5s from 20 requests on.
    Cumulative,
    /// Argo Rollouts: the last minute is measured each minute; more failed measurements than `failureLimit` (default 0)
    /// abort the rollout.
    Argo {
        /// `failureLimit`.
        limit: u32,
    },
    /// Flagger: the last minute is checked each minute; at `threshold` (5 in its guides) failed checks in all the next
    /// run of its loop rolls back.
    Flagger,
    /// Multiwindow burn rates of the SRE Workbook, chapter 5: 14.4 × over 1h and 5 min, or 6 × over 6h and 30 min. Its
    /// minutes are taken as seconds, and the threshold is a burn rate of 6.
    BurnRates,
}

impl Rule {
    /// In the order of the tables.
    pub const ALL: [Self; 7] = [
        Self::Cumulative,
        Self::Argo { limit: 0 },
        Self::Argo { limit: 3 },
        Self::Flagger,
        Self::Window,
        Self::BurnRates,
        Self::Evidence,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Window => "window 10 s × 3",
            Self::Cumulative => "cumulative, 5 s",
            Self::Argo { limit: 0 } => "Argo, limit 0",
            Self::Argo { .. } => "Argo, limit 3",
            Self::Flagger => "Flagger",
            Self::BurnRates => "burn rates",
        }
    }

    /// The second at which the rule rolls back a soak of these ticks, one a second.
    pub fn rollback_s(self, ticks: &[Option<TickCounts>]) -> Option<usize> {
        match self {
            Self::Evidence => detected(Detector::Evidence(Box::new(evidence(ticks.len()))), ticks),
            Self::Window => detected(Detector::Window(window(ticks.len())), ticks),
            _ => self.of_ranges(&Ranges::of(ticks)),
        }
    }

    fn of_ranges(self, ranges: &Ranges) -> Option<usize> {
        let (mut failed, mut due) = (0, false);
        (1..=ranges.seconds()).find(|&now| match self {
            Self::Cumulative => {
                now % 5 == 0 && ranges.requests(now, now) >= MIN_REQUESTS && ranges.burns(now, now, 1.0)
            }
            Self::BurnRates => [(60, 5, 14.4 / 6.0), (360, 30, 1.0)]
                .iter()
                .any(|&(long, short, rate)| ranges.burns(now, long, rate) && ranges.burns(now, short, rate)),
            _ if now % MEASURED_S != 0 => false,
            Self::Argo { limit } => {
                failed += u32::from(ranges.burns(now, MEASURED_S, 1.0));
                failed > limit
            }
            _ => {
                let rolls_back = due;
                failed += u32::from(ranges.burns(now, MEASURED_S, 1.0));
                due = failed >= 5;
                rolls_back
            }
        })
    }
}

fn evidence(seconds: usize) -> EvidenceDetector {
    EvidenceDetector::new(EvidenceConfig {
        threshold: THRESHOLD,
        false_alarm: FALSE_ALARM,
        min_requests: MIN_REQUESTS,
        window_ms: millis(seconds),
        tick_ms: 1000,
    })
    .expect("the settings are in range")
}

fn window(seconds: usize) -> WindowDetector {
    WindowDetector::new(WindowConfig { threshold: THRESHOLD, min_requests: MIN_REQUESTS, window_ms: millis(seconds) })
}

fn millis(seconds: usize) -> u64 {
    u64::try_from(seconds).map_or(u64::MAX, |seconds| seconds * 1000)
}

fn detected(mut detector: Detector, ticks: &[Option<TickCounts>]) -> Option<usize> {
    (1..).zip(ticks).find_map(|(second, counts)| {
        detector.tick(millis(second), *counts);
        detector.breach().is_some().then_some(second)
    })
}

/// Sums over any range of seconds.
struct Ranges(Vec<TickCounts>);

impl Ranges {
    fn of(ticks: &[Option<TickCounts>]) -> Self {
        let mut sum = TickCounts::default();
        let sums = ticks.iter().map(|counts| {
            sum = sum.plus(counts.unwrap_or_default());
            sum
        });
        Self(std::iter::once(TickCounts::default()).chain(sums).collect())
    }

    fn seconds(&self) -> usize {
        self.0.len() - 1
    }

    fn last(&self, now: usize, seconds: usize) -> TickCounts {
        let (until, since) = (self.0[now], self.0[now.saturating_sub(seconds)]);
        TickCounts { requests: until.requests - since.requests, errors: until.errors - since.errors }
    }

    fn requests(&self, now: usize, seconds: usize) -> u64 {
        self.last(now, seconds).requests
    }

    /// Whether the error rate of the last seconds is above so many times the threshold.
    fn burns(&self, now: usize, seconds: usize, times: f64) -> bool {
        self.last(now, seconds).rate().is_some_and(|rate| rate > times * THRESHOLD)
    }
}
