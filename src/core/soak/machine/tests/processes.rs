//! Several processes behind one URL.

use super::harness::{Harness, WALL, settings};
use crate::config::Method;
use crate::core::detect::Reading;
use crate::core::soak::{Event, Readiness, Sample, Settings};
use crate::model::{Color, DecisionKind, Outcome, Phase, Verdict};

const ALIKE: [Option<i64>; 4] = [Some(WALL - 60_000); 4];
const APART: [Option<i64>; 4] =
    [Some(WALL - 900_000), Some(WALL - 800_000), Some(WALL - 700_000), Some(WALL - 600_000)];

/// One instance of four workers that take turns. Each has a past, and counts ten requests a second of which so many fail.
struct Cluster {
    harness: Harness,
    starts: [Option<i64>; 4],
    pasts: [(u64, u64); 4],
    failing: u64,
}

impl Cluster {
    fn new(starts: [Option<i64>; 4], failing: u64) -> Self {
        let instances = vec!["http://green-1".to_owned()];
        let mut settings = Settings { instances, ..settings() };
        settings.error_rate.method = Method::Evidence;
        let pasts = [(1_000, 90), (5_000, 2_000), (400, 0), (2_500, 1_200)];
        Self { harness: Harness::new(settings), starts, pasts, failing }
    }

    fn second(&mut self, worker: usize) {
        self.harness.at += 1_000;
        let at = self.harness.at;
        let (total, errors) = self.pasts[worker];
        let (total, errors) = (total + at / 100, errors + at / 1_000 * self.failing);
        let reading = Reading { total, errors, started_ms: self.starts[worker], ..Reading::default() };
        self.harness.feed(Event::Probed { instance: 0, answer: Readiness::Ready });
        self.harness.feed(Event::StandbyProbed { instance: 0, answer: Readiness::Ready });
        let outcome = Sample::Good(reading);
        self.harness.feed(Event::Sampled { color: Color::Green, instance: 0, outcome });
        self.harness.feed(Event::Tick { skipped: 0 });
    }

    fn seconds(&mut self, seconds: usize) {
        for worker in (0..4).cycle().take(seconds) {
            self.second(worker);
        }
    }

    fn told(&self) -> Vec<String> {
        let told = self.harness.decisions().into_iter().filter(|decision| decision.decision == DecisionKind::Observe);
        told.map(|decision| decision.message.clone()).filter(|message| message.contains("processes answer")).collect()
    }
}

#[test]
fn workers_that_start_times_tell_apart_are_added_up_and_told_once() {
    let mut healthy = Cluster::new(APART, 0);
    healthy.seconds(60);
    let ending = healthy.harness.machine.ending().unwrap();
    assert_eq!(ending.outcome, Outcome::Retained, "{}", ending.reason);
    let [told] = &healthy.told()[..] else { panic!("{:?}", healthy.told()) };
    assert!(told.starts_with("several processes answer behind http://green-1: 2 so far, distinguished by"), "{told}");

    let mut bad = Cluster::new(APART, 2);
    bad.seconds(30);
    assert_eq!(bad.harness.machine.phase(), Phase::RollingBack);
    assert!(bad.harness.message(DecisionKind::Breach).contains(" requests failed (20%)"));
}

#[test]
fn workers_that_nothing_tells_apart_are_unknown_within_ten_seconds_whatever_they_count() {
    for starts in [ALIKE, [None; 4]] {
        for failing in [0, 2] {
            let mut cluster = Cluster::new(starts, failing);
            cluster.seconds(10);
            let seen = &cluster.harness.machine.checks()[0];
            assert_eq!(seen.verdict, Verdict::Unknown);
            for part in ["several processes answer", "PROMETHEUS_MULTIPROC_DIR", "AggregatorRegistry"] {
                assert!(seen.message.contains(part), "{}", seen.message);
            }
            assert_eq!(cluster.told().len(), 1);
            cluster.seconds(80);
            assert_eq!(cluster.harness.machine.ending().map(|ending| ending.outcome), Some(Outcome::Inconclusive));
        }
    }
}

#[test]
fn a_restart_without_a_start_time_delays_a_breach_until_it_is_clear_that_it_was_one() {
    let mut cluster = Cluster::new([None; 4], 0);
    (0..5).for_each(|_| cluster.second(0));
    // A new process, which counts from zero and fails: half of the requests.
    cluster.pasts[0] = (0, 0);
    let restarted = cluster.harness.at;
    let second = |cluster: &mut Cluster| {
        let since = (cluster.harness.at - restarted) / 100;
        cluster.pasts[0] = (0, 0);
        cluster.failing = 0;
        let reading = Reading { total: since + 10, errors: since / 2, ..Reading::default() };
        cluster.harness.at += 1_000;
        cluster.harness.feed(Event::StandbyProbed { instance: 0, answer: Readiness::Ready });
        cluster.harness.feed(Event::Probed { instance: 0, answer: Readiness::Ready });
        let outcome = Sample::Good(reading);
        cluster.harness.feed(Event::Sampled { color: Color::Green, instance: 0, outcome });
        cluster.harness.feed(Event::Tick { skipped: 0 });
    };
    (0..15).for_each(|_| second(&mut cluster));
    let seen = cluster.harness.machine.checks()[0].clone();
    assert_eq!((seen.verdict, cluster.harness.machine.phase()), (Verdict::Unknown, Phase::Watching));
    assert!(seen.message.starts_with("the counters of http://green-1 went back without a start time that says why"));
    (0..12).for_each(|_| second(&mut cluster));
    assert_eq!(cluster.harness.machine.phase(), Phase::RollingBack, "what was in doubt counts after all");
}
