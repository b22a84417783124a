//! One recorded soak through the detector, from its cumulative counters.

use switchback::core::detect::{
    Closing, ClosingVerdict, CumulativeCounts, EvidenceConfig, EvidenceDetector, TickCounts,
};

/// One row of a trace: the time since the switch and the counters, `None` for a failed scrape.
pub type Row = (u64, Option<TickCounts>);

/// How a soak ended.
pub struct Outcome {
    pub closing: Closing,
    pub breach_ms: Option<u64>,
    pub detector: EvidenceDetector,
}

/// Judges a trace whose first row is the baseline and whose last row is within the window.
pub fn judge(config: EvidenceConfig, rows: &[Row]) -> Outcome {
    let mut detector = EvidenceDetector::new(config).unwrap();
    let mut counters = CumulativeCounts::since(rows[0].1.unwrap());
    for (at_ms, reading) in &rows[1..] {
        detector.tick(*at_ms, reading.map(|reading| counters.read(reading)));
        let breach = counters.crash_loop(*at_ms).or_else(|| detector.breach().map(str::to_owned));
        if let Some(reason) = breach {
            let closing = Closing::new(ClosingVerdict::Breached, reason);
            return Outcome { closing, breach_ms: Some(*at_ms), detector };
        }
    }
    Outcome { closing: detector.conclude(config.window_ms), breach_ms: None, detector }
}

/// Whether evidence equals that of the specification within 1e-9, relative to it or to one nat.
pub fn same_evidence(evidence: f64, specified: f64) -> bool {
    (evidence - specified).abs() <= 1e-9 * specified.abs().max(1.0)
}
