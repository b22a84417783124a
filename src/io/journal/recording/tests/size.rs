//! How large the recording of a large fleet becomes: a count of bytes, the same on every machine.

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Distribution as _, Poisson};

use super::*;
use crate::core::detect::{Attribution, Buckets, LabelCounts, Latency, Process, Reading, TickCounts};
use crate::core::soak::{Envelope, Event, Readiness, Sample};
use crate::model::Color;

const INSTANCES: usize = 200;
const BOUNDS_MS: [f64; 11] = [5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0, 5_000.0, 10_000.0];
/// The share of requests up to each bound, in thousandths.
const WITHIN: [u32; 12] = [5, 40, 280, 610, 870, 985, 998, 999, 1_000, 1_000, 1_000, 1_000];

/// Instances with about 50 requests a second each, of which one in 200 fails, whose answers arrive in any order.
struct Fleet {
    random: StdRng,
    seq: u64,
    readings: Vec<Reading>,
}

impl Fleet {
    fn new() -> Self {
        let buckets = Buckets { bounds_ms: BOUNDS_MS.to_vec(), counts: vec![0; 12] };
        let reading = Reading {
            unrouted: Some(TickCounts::default()),
            histogram: Some("http_request_duration_seconds".to_owned()),
            process: Some(Process::default()),
            latency: Some(Latency::Buckets(buckets)),
            latency_process: Some(Process::default()),
            ..Reading::default()
        };
        Self { random: StdRng::seed_from_u64(7), seq: 0, readings: vec![reading; INSTANCES] }
    }

    fn envelope(&mut self, at_ms: u64, event: Event) -> Envelope {
        self.seq += 1;
        let wall_ms = 1_795_995_546_727 + i64::try_from(at_ms).unwrap() + i64::from(self.random.random_bool(0.1));
        Envelope { seq: self.seq, at_ms, wall_ms, event }
    }

    fn some(&mut self, usual: f64) -> u64 {
        let some: f64 = Poisson::new(usual).unwrap().sample(&mut self.random);
        serde_json::from_str(&some.to_string()).unwrap()
    }

    /// The page of an instance a second later.
    fn page(&mut self, instance: usize, at_ms: u64) -> Reading {
        let load = 0.03 + 0.001 * f64::from(u32::try_from(instance % 40).unwrap());
        let (mut came, mut below) = (0, 0);
        let buckets = WITHIN.map(|within| {
            let more = within - std::mem::replace(&mut below, within);
            came += if more == 0 { 0 } else { self.some(load * f64::from(more)) };
            came
        });
        let failed = self.some(load * 5.0).min(came);
        let route = ["/cart", "/checkout", "/login"][self.random.random_range(0..3)];
        let reading = &mut self.readings[instance];
        (reading.total, reading.errors) = (reading.total + came, reading.errors + failed);
        if let Some(Latency::Buckets(known)) = &mut reading.latency {
            known.counts.iter_mut().zip(buckets).for_each(|(count, more)| *count += more);
        }
        reading.took_ms = self.random.random_range(2..12);
        reading.answered_ms = Some((1_795_995_546_727 + i64::try_from(at_ms).unwrap()) / 1_000 * 1_000);
        reading.started_ms = Some(1_795_995_000_000 + 10 * i64::try_from(instance).unwrap());
        let all = TickCounts { requests: came, errors: failed };
        let on = |label: &str, value: &str, requests| LabelCounts {
            label: label.to_owned(),
            value: value.to_owned(),
            counts: TickCounts { requests, errors: failed },
        };
        let label_counts = vec![on("method", "GET", came), on("route", route, came / 3 + failed)];
        let attribution = Attribution { all, label_counts, untracked: 0 };
        Reading { attribution: (failed > 0).then(|| Box::new(attribution)), ..reading.clone() }
    }

    fn round(&mut self, tick: u64) -> Vec<Envelope> {
        let mut order: Vec<usize> = (0..INSTANCES).collect();
        order.shuffle(&mut self.random);
        let (mut round, mut at_ms) = (Vec::new(), tick * 1_000);
        for instance in order {
            at_ms += u64::from(self.random.random_ratio(1, 8));
            let outcome = Sample::Good(self.page(instance, at_ms));
            round.push(self.envelope(at_ms, Event::Sampled { color: Color::Green, instance, outcome }));
            round.push(self.envelope(at_ms, Event::Probed { instance, answer: Readiness::Ready }));
        }
        round.push(self.envelope(at_ms, Event::Tick { skipped: 0 }));
        round
    }
}

#[test]
fn an_hour_of_200_instances_at_a_second_takes_at_most_10_mb() {
    let tmp = tempfile::tempdir().unwrap();
    let mut writer = RecordingWriter::create(tmp.path(), &soak(), &Header { v: 1 }, disk()).unwrap();
    let (mut fleet, mut written, mut plain) = (Fleet::new(), Vec::new(), 0);
    let mut learned = 0;
    for tick in 0..30 {
        let mut round = fleet.round(tick);
        plain += round.iter().map(|envelope| serde_json::to_vec(envelope).unwrap().len() + 1).sum::<usize>();
        if tick == 15 {
            learned = writer.end;
        }
        let judged = round.pop().unwrap();
        for envelope in &round {
            writer.hold(envelope).unwrap();
        }
        writer.write(&judged).unwrap();
        written.extend(round);
        written.push(judged);
    }
    let (a_tick, first) = ((writer.end - learned) / 15, learned / 15);
    println!("{a_tick} bytes a tick, {first} in the first 15, {} without packing", plain / 30);
    assert!(a_tick * 3_600 <= 9_000_000, "{a_tick} bytes a tick");
    assert!(first * 3_600 <= 12_000_000, "{first} bytes a tick in the beginning");
    let (_, reader) = RecordingReader::<Envelope>::open::<Header>(writer.path()).unwrap();
    assert_eq!(reader.map(Result::unwrap).collect::<Vec<_>>(), written, "each event as it was");
}
