use std::error::Error;

use switchback::core::detect::{EvidenceConfig, EvidenceDetector, TickCounts};

fn main() -> Result<(), Box<dyn Error>> {
    // Ten minutes with a sample a second; at most 5% of the requests may fail, and a release that is
    // exactly that bad is rolled back with a probability of at most 1%.
    let mut detector = EvidenceDetector::new(EvidenceConfig {
        threshold: 0.05,
        false_alarm: 0.01,
        min_requests: 100,
        window_ms: 600_000,
        tick_ms: 1_000,
    })?;
    for second in 1..=600 {
        // Healthy for a minute, then one request in five fails.
        let errors = if second > 60 { 10 } else { 0 };
        detector.tick(second * 1_000, Some(TickCounts { requests: 50, errors }));
        if let Some(reason) = detector.breach() {
            println!("breached after {second}s: {reason}");
            assert!(second < 75, "it took {second}s");
            return Ok(());
        }
    }
    Err("never breached".into())
}
