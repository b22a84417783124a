//! Every key reaches its own field.

use super::*;
use measure::unit::LatencyUnit;
use measure::wanted::Named;

use crate::config::{Baseline, Method, OnBreach, OnInconclusive, StandbyPolicy};
use crate::model::{Color, Limits};

#[test]
fn every_key_reaches_its_own_field() {
    let config = load(file(
        r#"
        service = "shop"
        state_file = "state.json"
        data_dir = "data"
        [soak]
        window = "11m"
        interval = "12s"
        baseline_window = "24s"
        warmup = "13s"
        auto_rollback = false
        on_breach = "notify"
        grace = "14s"
        on_inconclusive = "rollback"
        max_extension = "15m"
        verify_window = "16s"
        standby = "ignore"
        [colors]
        blue.instances = ["http://blue:1"]
        green.instances = ["http://green:1"]
        [metrics]
        path = "/m"
        timeout = "17s"
        bearer_token = "token"
        [health]
        path = "/h"
        timeout = "18s"
        switch_timeout = "19s"
        [checks.error-rate]
        threshold = "20%"
        min_requests = 21
        method = "window"
        false_alarm = "2%"
        baseline = "judge"
        requests = "hits"
        status_label = "outcome"
        errors = "4xx"
        required = false
        [checks.readiness]
        failures = 22
        [router]
        kind = "command"
        timeout = "23s"
        switch = ["s"]
        rollback = ["b"]
        read = ["r"]
        [control]
        socket = "c.sock"
        [retention]
        soaks = 25
        age = "26h"
        size = "27MiB"
        "#,
    ))
    .unwrap()
    .config;

    assert_eq!(config.service, "shop");
    assert_eq!(config.state_file, Path::new("/srv/state.json"));
    assert_eq!(config.data_dir, Path::new("/srv/data"));

    let soak = &config.soak;
    assert_eq!(soak.window, Duration::from_mins(11));
    assert_eq!(soak.interval, Duration::from_secs(12));
    assert_eq!(soak.baseline_window, Duration::from_secs(24));
    assert_eq!(soak.warmup, Duration::from_secs(13));
    assert!(!soak.auto_rollback);
    assert_eq!(soak.on_breach, OnBreach::Notify);
    assert_eq!(soak.grace, Duration::from_secs(14));
    assert_eq!(soak.on_inconclusive, OnInconclusive::Rollback);
    assert_eq!(soak.max_extension, Duration::from_mins(15));
    assert_eq!(soak.verify_window, Duration::from_secs(16));
    assert_eq!(soak.standby, StandbyPolicy::Ignore);

    assert_eq!(config.colors.of(Color::Blue)[0].host_port(), "blue:1");
    assert_eq!(config.colors.of(Color::Green)[0].host_port(), "green:1");
    assert_eq!(config.metrics.path, "/m");
    assert_eq!(config.metrics.timeout, Duration::from_secs(17));
    assert!(config.metrics.bearer_token.is_some());
    assert_eq!(config.health.path, "/h");
    assert_eq!(config.health.timeout, Duration::from_secs(18));
    assert_eq!(config.health.switch_timeout, Duration::from_secs(19));

    let check = &config.error_rate;
    assert_eq!(check.threshold.to_string(), "20%");
    assert_eq!(check.min_requests, 21);
    assert_eq!(check.method, Method::Window);
    assert_eq!(check.false_alarm.to_string(), "2%");
    assert_eq!(check.baseline, Baseline::Judge);
    assert_eq!(check.requests, Named::Name("hits".to_owned()));
    assert_eq!(check.status_label, Named::Name("outcome".to_owned()));
    assert_eq!(check.errors.to_string(), "4xx");
    assert!(!check.required);
    assert_eq!(config.readiness.failures, 22);
    assert!(config.readiness.required);

    assert_eq!(config.router.timeout, Duration::from_secs(23));
    let [switch, rollback, read] = ["s", "b", "r"].map(|word| vec![word.to_owned()]);
    assert_eq!(config.router.kind, RouterKind::Command { switch, rollback, read });
    assert_eq!(config.control.socket, Path::new("/srv/c.sock"));
    assert_eq!(config.retention.limits(), Limits { soaks: 25, age: Duration::from_hours(26), bytes: 27 << 20 });
}

#[test]
fn one_check_is_enough_and_none_is_refused() {
    let optional = "[checks.readiness]\nrequired = false\n";
    assert!(!load(file(optional)).unwrap().config.readiness.required);
    let problems = load(file(&format!("{optional}[checks.error-rate]\nrequired = false\n"))).unwrap_err();
    let report = problems.to_string();
    assert!(report.contains("no check is required, so nothing could stop a bad release"), "{report}");
}

#[test]
fn latency_is_judged_once_it_has_a_threshold() {
    let without = load(file("[checks.latency]\nquantile = 0.95\n")).unwrap();
    assert_eq!(without.config.latency.threshold, None);
    let [warning] = &without.warnings[..] else { panic!("{:?}", without.warnings) };
    assert!(warning.contains("latency is judged once checks.latency.threshold is set"), "{warning}");

    let text =
        "[checks.latency]\nthreshold = \"250ms\"\nquantile = \"99.9%\"\nhistogram = \"my_latency\"\nunit = \"ms\"\n";
    let loaded = load(file(text)).unwrap();
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    let latency = loaded.config.latency;
    assert_eq!(latency.threshold, Some(Duration::from_millis(250)));
    assert_eq!((latency.quantile.percentile(), latency.unit), ("p99.9".to_owned(), LatencyUnit::Milliseconds));
    assert_eq!(latency.histogram, Named::Name("my_latency".to_owned()));

    // It alone can be what stops a bad release.
    let alone =
        "checks.readiness.required = false\nchecks.error-rate.required = false\nchecks.latency.threshold = \"1s\"\n";
    load(file(alone)).unwrap();
    load(file(&format!("{alone}checks.latency.required = false\n"))).unwrap_err();
}

#[test]
fn the_false_alarm_bound_has_bounds_of_its_own() {
    for (text, what) in
        [("0.0001%", "must be at least 0.001%"), ("21%", "must be at most 20%"), ("0", "must be above 0")]
    {
        let report = load(env(&[("SWITCHBACK_CHECKS_ERROR_RATE_FALSE_ALARM", text)])).unwrap_err().to_string();
        assert!(report.contains(what) && report.contains("0.001%..20%"), "{report}");
    }
}

#[test]
fn every_policy_is_found_by_its_word() {
    let soak = |variable, word| load(env(&[(variable, word)])).unwrap().config.soak;
    for (word, policy) in [("rollback", OnBreach::Rollback), ("hold", OnBreach::Hold), ("notify", OnBreach::Notify)] {
        assert_eq!(soak("SWITCHBACK_SOAK_ON_BREACH", word).on_breach, policy);
    }
    for (word, policy) in
        [("hold", OnInconclusive::Hold), ("keep", OnInconclusive::Keep), ("rollback", OnInconclusive::Rollback)]
    {
        assert_eq!(soak("SWITCHBACK_SOAK_ON_INCONCLUSIVE", word).on_inconclusive, policy);
    }
    let check = |variable, word| load(env(&[(variable, word)])).unwrap().config.error_rate;
    for (word, policy) in [("off", Baseline::Off), ("warn", Baseline::Warn), ("judge", Baseline::Judge)] {
        assert_eq!(check("SWITCHBACK_CHECKS_ERROR_RATE_BASELINE", word).baseline, policy);
    }
    for (word, method) in [("evidence", Method::Evidence), ("window", Method::Window)] {
        assert_eq!(check("SWITCHBACK_CHECKS_ERROR_RATE_METHOD", word).method, method);
    }
    for (word, policy) in [("require", StandbyPolicy::Require), ("ignore", StandbyPolicy::Ignore)] {
        assert_eq!(soak("SWITCHBACK_SOAK_STANDBY", word).standby, policy);
    }
}
