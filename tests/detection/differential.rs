//! The detector says what its executable specification says, on hundreds of random soaks.

use switchback::core::detect::TickCounts;

use super::generator::soak;
use super::soak::{judge, same_evidence};

const SPECIFIED: &str = include_str!("../fixtures/specification.csv");

#[test]
fn every_random_soak_ends_as_specified() {
    let rows = SPECIFIED.lines().filter(|line| !line.starts_with('#')).skip(1);
    let mut verdicts = std::collections::BTreeSet::new();
    for row in rows {
        let [seed, verdict, breach_ms, requests, errors, evidence, peak] =
            row.split(',').collect::<Vec<_>>().try_into().unwrap();
        let (config, rows) = soak(seed.parse().unwrap());
        let outcome = judge(config, &rows);
        let detector = outcome.detector;
        let reason = &outcome.closing.reason;
        assert_eq!(outcome.closing.verdict.name(), verdict, "seed {seed}: {reason}");
        assert_eq!(outcome.breach_ms, breach_ms.parse().ok(), "seed {seed}: {reason}");
        let counted = TickCounts { requests: requests.parse().unwrap(), errors: errors.parse().unwrap() };
        assert_eq!(detector.seen(), counted, "seed {seed}");
        for (what, value, specified) in
            [("evidence", detector.evidence(), evidence), ("peak", detector.peak_evidence(), peak)]
        {
            assert!(
                same_evidence(value, specified.parse().unwrap()),
                "seed {seed}: {what} {value:?}, specified {specified}"
            );
        }
        verdicts.insert((verdict, outcome.breach_ms.is_some()));
    }
    assert_eq!(verdicts.len(), 5, "some way to end was not covered: {verdicts:?}");
}
