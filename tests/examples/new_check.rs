//! What adding a check takes: a type that implements [`Check`], and one line that hands it to the machine.
//!
//! This check judges how long the instances take to answer for their metrics pages: a process that is busy with itself answers
//! late. `cargo run --example new_check` lives through a recorded soak with it. In the program the file would lie in
//! `src/core/soak/`, and the line in `others` of `src/core/soak/machine/checks.rs`.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};

use switchback::core::soak::{Check, Envelope, Judging, Machine, Now, Observation, RecordingHeader, Sample};
use switchback::model::number::span;
use switchback::model::{CheckId, Verdict};

/// So many slow pages in a row are a breach.
const IN_A_ROW: u32 = 3;

/// A soak that was recorded.
const RECORDING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/recordings/error-rate.jsonl");

/// Judges how long the metrics pages take.
#[derive(Clone, Debug)]
struct SlowPages {
    id: CheckId,
    limit_ms: u64,
    last_ms: Option<u64>,
    in_a_row: u32,
}

impl SlowPages {
    fn new(limit_ms: u64) -> Self {
        Self { id: CheckId::from("slow-pages"), limit_ms, last_ms: None, in_a_row: 0 }
    }
}

impl Check for SlowPages {
    fn id(&self) -> &CheckId {
        &self.id
    }

    fn observe(&self, _now: &Now) -> Observation {
        let limit = span(self.limit_ms);
        let (verdict, message) = match self.last_ms {
            _ if self.in_a_row >= IN_A_ROW => {
                (Verdict::Breached, format!("{} pages in a row took longer than {limit}", self.in_a_row))
            }
            Some(last_ms) => (Verdict::Healthy, format!("a page takes {}, at most {limit} is allowed", span(last_ms))),
            None => (Verdict::Unknown, "no page yet".to_owned()),
        };
        Observation {
            check: self.id.clone(),
            required: true,
            verdict,
            value: self.last_ms.map(seconds),
            threshold: seconds(self.limit_ms),
            requests: 0,
            errors: 0,
            evidence: None,
            message,
        }
    }

    fn describe(&self) -> String {
        format!("pages within {}", span(self.limit_ms))
    }

    fn boxed(&self) -> Box<dyn Check> {
        Box::new(self.clone())
    }

    fn restart(&mut self, _now: &Now) {
        self.in_a_row = 0;
    }

    fn page(&mut self, now: &Now, _instance: usize, sample: &Sample) {
        let Sample::Good(reading) = sample else { return };
        self.last_ms = Some(reading.took_ms);
        if now.judging == Judging::Everything {
            self.in_a_row = if reading.took_ms > self.limit_ms { self.in_a_row + 1 } else { 0 };
        }
    }
}

fn seconds(ms: u64) -> f64 {
    std::time::Duration::from_millis(ms).as_secs_f64()
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut lines = BufReader::new(File::open(RECORDING)?).lines();
    let header: RecordingHeader = serde_json::from_str(&lines.next().ok_or("an empty recording")??)?;
    let mut machine = Machine::new(header.settings).with_check(Box::new(SlowPages::new(500)));
    for line in lines {
        // The last lines of a recording are its end and what a later monitor added to it.
        let Ok(envelope) = serde_json::from_str::<Envelope>(&line?) else { continue };
        machine.handle(&envelope);
    }
    for seen in machine.checks() {
        println!("{:<12} {:<9} {}", seen.check, seen.verdict, seen.message);
    }
    Ok(())
}
