//! Every public trace gets the verdict, the moment and the evidence of its index.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use switchback::config::Method;
use switchback::core::backtest;
use switchback::core::backtest::Setting;
use switchback::core::detect::{EvidenceConfig, TickCounts};

use super::soak::{Row, judge, same_evidence};

#[derive(Deserialize)]
struct Index {
    traces: Vec<Trace>,
}

#[derive(Deserialize)]
struct Trace {
    file: String,
    p_max: f64,
    window_ms: u64,
    tick_ms: u64,
    expected: String,
    change_ms: Option<u64>,
    reference: Reference,
}

#[derive(Deserialize)]
struct Reference {
    breach_ms: Option<u64>,
    evidence: f64,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/traces")
}

fn rows(text: &str) -> Vec<Row> {
    let row = |line: &str| {
        let mut cells = line.split(',').map(|cell| cell.parse::<u64>().ok());
        let mut next = || cells.next().unwrap();
        let (at_ms, requests, errors) = (next().unwrap(), next(), next());
        (at_ms, requests.zip(errors).map(|(requests, errors)| TickCounts { requests, errors }))
    };
    text.lines().skip(1).map(row).collect()
}

fn index() -> Vec<Trace> {
    let index: Index = serde_json::from_str(&fs::read_to_string(folder().join("index.json")).unwrap()).unwrap();
    assert!(!index.traces.is_empty());
    index.traces
}

fn read(file: &str) -> String {
    fs::read_to_string(folder().join(file)).unwrap()
}

#[test]
fn every_trace_gets_its_verdict_moment_and_evidence() {
    for Trace { file, p_max, window_ms, tick_ms, expected, change_ms, reference } in index() {
        let config = EvidenceConfig { threshold: p_max, false_alarm: 0.01, min_requests: 20, window_ms, tick_ms };
        let outcome = judge(config, &rows(&read(&file)));
        let reason = &outcome.closing.reason;
        assert_eq!(outcome.closing.verdict.name(), expected, "{file}: {reason}");
        assert_eq!(outcome.breach_ms, reference.breach_ms, "{file}: {reason}");
        assert!(outcome.breach_ms >= change_ms.filter(|_| expected == "breached"), "{file} breaches before it changes");
        let evidence = outcome.detector.evidence();
        assert!(same_evidence(evidence, reference.evidence), "{file}: evidence {evidence}, not {}", reference.evidence);
    }
}

#[test]
fn a_backtest_finds_window_and_interval_in_the_trace_and_judges_alike() {
    for Trace { file, p_max, window_ms, tick_ms, expected, reference, .. } in index() {
        let setting = Setting {
            method: Method::Evidence,
            threshold: p_max,
            false_alarm: 0.01,
            min_requests: 20,
            window_ms: None,
            interval_ms: None,
        };
        let judged = backtest::judge(&file, &backtest::Trace::from_csv(&read(&file)).unwrap(), &setting).unwrap();
        assert_eq!((judged.verdict.name(), judged.at_ms), (expected.as_str(), reference.breach_ms), "{file}");
        assert_eq!((judged.setting.window_ms, judged.setting.interval_ms), (Some(window_ms), Some(tick_ms)), "{file}");
    }
}
