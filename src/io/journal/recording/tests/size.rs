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

const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];

/// Instances with about 50 requests a second each, whose answers arrive in any order.
struct Fleet {
    random: StdRng,
    seq: u64,
    readings: Vec<Reading>,
    /// Of 1,000 requests.
    failing: u32,
    routes: usize,
}

impl Fleet {
    fn new(failing: u32, routes: usize) -> Self {
        let buckets = Buckets { bounds_ms: BOUNDS_MS.to_vec(), counts: vec![0; 12] };
        let reading = Reading {
            unrouted: Some(TickCounts::default()),
            histogram: Some("http_request_duration_seconds".into()),
            process: Some(Process::default()),
            latency: Some(Latency::Buckets(buckets)),
            latency_process: Some(Process::default()),
            ..Reading::default()
        };
        Self { random: StdRng::seed_from_u64(7), seq: 0, readings: vec![reading; INSTANCES], failing, routes }
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
        let failed = self.some(load * f64::from(self.failing)).min(came);
        let attribution = (failed > 0).then(|| Box::new(self.attribution(came, failed)));
        let reading = &mut self.readings[instance];
        (reading.total, reading.errors) = (reading.total + came, reading.errors + failed);
        if let Some(Latency::Buckets(known)) = &mut reading.latency {
            known.counts.iter_mut().zip(buckets).for_each(|(count, more)| *count += more);
        }
        reading.took_ms = self.random.random_range(2..12);
        reading.answered_ms = Some((1_795_995_546_727 + i64::try_from(at_ms).unwrap()) / 1_000 * 1_000);
        reading.started_ms = Some(1_795_995_000_000 + 10 * i64::try_from(instance).unwrap());
        Reading { attribution, ..reading.clone() }
    }

    /// Requests of any route, of which the first so many failed.
    fn attribution(&mut self, came: u64, failed: u64) -> Attribution {
        let mut counts = vec![TickCounts::default(); METHODS.len() + self.routes];
        for request in 0..came {
            let route = self.random.random_range(0..self.routes);
            let method = [0, 0, 0, 1, 0, 2, 0, 3][route % 8];
            for at in [method, METHODS.len() + route] {
                counts[at].requests += 1;
                counts[at].errors += u64::from(request < failed);
            }
        }
        let named = counts.into_iter().enumerate().map(|(at, counts)| match METHODS.get(at) {
            Some(method) => LabelCounts { label: "method".into(), value: (*method).to_owned(), counts },
            None => LabelCounts { label: "route".into(), value: format!("/api/{at}"), counts },
        });
        let mut label_counts: Vec<_> = named.filter(|of| of.counts.errors > 0).collect();
        label_counts.sort_by_key(|of| std::cmp::Reverse(of.counts.errors));
        label_counts.truncate(16);
        Attribution { all: TickCounts { requests: came, errors: failed }, label_counts, untracked: 0 }
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

/// Bytes a tick once the packing has learned, and in its first 15 ticks.
fn bytes_a_tick(mut fleet: Fleet) -> (u64, u64) {
    let tmp = tempfile::tempdir().unwrap();
    let mut writer = RecordingWriter::create(tmp.path(), &soak(), &Header { v: 1 }, disk()).unwrap();
    let (mut written, mut plain, mut learned) = (Vec::new(), 0, 0);
    for tick in 0..45 {
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
    let (a_tick, first) = ((writer.end - learned) / 30, learned / 15);
    println!("{a_tick} bytes a tick, {first} in the first 15, {} without packing", plain / 45);
    let (_, reader) = RecordingReader::<Envelope>::open::<Header>(writer.path()).unwrap();
    assert_eq!(reader.map(Result::unwrap).collect::<Vec<_>>(), written, "each event as it was");
    (a_tick, first)
}

#[test]
fn an_hour_of_200_instances_at_a_second_takes_at_most_10_mb() {
    let (usual, first) = bytes_a_tick(Fleet::new(5, 3));
    assert!(usual * 3_600 <= 6_000_000, "{usual} bytes a tick");
    assert!(first * 3_600 <= 8_500_000, "{first} bytes a tick in the beginning");
    let (spread, first) = bytes_a_tick(Fleet::new(40, 40));
    assert!(spread * 3_600 <= 10_000_000, "{spread} bytes a tick with failures on many labels");
    assert!(first * 3_600 <= 16_000_000, "{first} bytes a tick in the beginning");
}
