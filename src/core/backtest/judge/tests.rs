use super::*;

const EVIDENCE: Setting = Setting {
    method: Method::Evidence,
    threshold: 0.05,
    false_alarm: 0.01,
    min_requests: 20,
    window_ms: None,
    interval_ms: None,
};

const WINDOW: Setting = Setting { method: Method::Window, ..EVIDENCE };

const GOOD: Option<(u64, u64)> = Some((50, 1));
const BAD: Option<(u64, u64)> = Some((50, 25));

/// One tick a second, from second 1 on.
fn trace(ticks: &[Option<(u64, u64)>]) -> Trace {
    let tick = |(second, counts): (u64, &Option<(u64, u64)>)| TraceTick {
        at_ms: second * 1000,
        counts: counts.map(|(requests, errors)| TickCounts { requests, errors }),
    };
    Trace { ticks: (1..).zip(ticks).map(tick).collect(), crash_loop: None }
}

fn judged(ticks: &[Option<(u64, u64)>], setting: Setting) -> Judged {
    judge("a.csv", &trace(ticks), &setting).unwrap()
}

#[test]
fn window_and_interval_come_from_the_trace_unless_they_are_given() {
    let result = judged(&[GOOD; 60], EVIDENCE);
    assert_eq!((result.setting.window_ms, result.setting.interval_ms), (Some(60_000), Some(1000)));
    let given = Setting { window_ms: Some(30_000), interval_ms: Some(5000), ..EVIDENCE };
    let result = judged(&[GOOD; 60], given);
    assert_eq!((result.setting, result.requests, result.errors), (given, 1500, 30));
}

#[test]
fn both_methods_find_the_breach_and_its_moment() {
    let ticks = [vec![GOOD; 30], vec![BAD; 30]].concat();
    for (setting, evidence) in [(EVIDENCE, true), (WINDOW, false)] {
        let result = judged(&ticks, setting);
        assert_eq!((result.verdict, result.at_ms), (ClosingVerdict::Breached, Some(33_000)), "{}", result.reason);
        assert_eq!((result.requests, result.errors), (1650, 105));
        assert_eq!(result.peak_evidence.is_some(), evidence);
    }
}

#[test]
fn a_breach_beyond_the_window_is_none() {
    let ticks = [vec![GOOD; 30], vec![BAD; 30]].concat();
    let result = judged(&ticks, Setting { window_ms: Some(30_000), ..EVIDENCE });
    assert_eq!((result.verdict, result.at_ms), (ClosingVerdict::Healthy, None), "{}", result.reason);
}

#[test]
fn trouble_at_the_very_end_is_followed_beyond_the_window() {
    let setting = Setting { window_ms: Some(31_000), ..EVIDENCE };
    let outage = [vec![GOOD; 30], vec![Some((100, 100)); 30]].concat();
    let result = judged(&outage, setting);
    assert_eq!((result.verdict, result.at_ms), (ClosingVerdict::Breached, Some(33_000)), "{}", result.reason);
    let blip = [vec![GOOD; 30], vec![Some((100, 100))], vec![Some((200, 0)); 29]].concat();
    let result = judged(&blip, setting);
    assert_eq!((result.at_ms, result.requests), (None, 1800), "{}", result.reason);
}

#[test]
fn failures_and_then_silence_breach_at_the_end() {
    let result = judged(&[vec![Some((100, 50))], vec![Some((0, 0)); 29]].concat(), EVIDENCE);
    assert_eq!((result.verdict, result.at_ms), (ClosingVerdict::Breached, Some(30_000)), "{}", result.reason);
}

#[test]
fn a_crash_loop_breaches_when_it_was_one() {
    let crash_loop = Some((7000, "crash loop: counters went back 3 times in 7s".to_owned()));
    let trace = Trace { crash_loop, ..trace(&[GOOD; 30]) };
    let result = judge("a.csv", &trace, &EVIDENCE).unwrap();
    assert_eq!((result.verdict, result.at_ms), (ClosingVerdict::Breached, Some(7000)));
    assert!(result.reason.starts_with("crash loop"), "{}", result.reason);
    let result = judge("a.csv", &trace, &Setting { window_ms: Some(6000), ..EVIDENCE }).unwrap();
    assert_eq!(result.verdict, ClosingVerdict::Healthy, "{}", result.reason);
}

#[test]
fn ticks_that_the_trace_lacks_are_missing() {
    let mut suspended = trace(&[GOOD; 60]);
    suspended.ticks.retain(|tick| tick.at_ms <= 20_000 || tick.at_ms > 55_000);
    let result = judge("a.csv", &suspended, &EVIDENCE).unwrap();
    assert_eq!(result.verdict, ClosingVerdict::Inconclusive);
    assert!(result.reason.starts_with("35 of 60 ticks are missing"), "{}", result.reason);
    let result = judged(&[GOOD; 20], Setting { window_ms: Some(60_000), ..EVIDENCE });
    assert!(result.reason.starts_with("40 of 60 ticks are missing"), "{}", result.reason);
}

#[test]
fn a_longer_interval_joins_ticks_and_a_missing_one_waits() {
    let ticks = [GOOD, GOOD, None, GOOD, GOOD, GOOD, GOOD, GOOD, GOOD];
    let apart: Vec<_> = joined(&trace(&ticks).ticks, 1000, 3000).map(|tick| (tick.at_ms, tick.counts)).collect();
    let counts = |requests, errors| Some(TickCounts { requests, errors });
    assert_eq!(apart, [(3000, None), (6000, counts(250, 5)), (9000, counts(150, 3))]);
}

#[test]
fn a_setting_out_of_range_is_refused_for_both_methods() {
    for method in [Method::Evidence, Method::Window] {
        let result = judge("a.csv", &trace(&[GOOD; 5]), &Setting { method, threshold: 1.0, ..EVIDENCE });
        assert_eq!(result, Err(EvidenceConfigError::Threshold(1.0)), "{method:?}");
    }
}

#[test]
fn the_result_is_one_flat_json_object() {
    let json = serde_json::to_value(judged(&[GOOD; 60], WINDOW)).unwrap();
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = "file verdict atMs requests errors peakEvidence reason method threshold falseAlarm minRequests windowMs intervalMs";
    assert_eq!(keys.join(" "), expected);
    assert_eq!(
        (&json["verdict"], &json["atMs"], &json["method"]),
        (&"healthy".into(), &serde_json::Value::Null, &"window".into())
    );
}
