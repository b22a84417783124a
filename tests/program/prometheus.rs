//! Beside a real Prometheus and a real `VictoriaMetrics`, which scrape the services instead of us.

use std::fs;
use std::time::Duration;

use rustix::process::Signal;
use support::{Deployment, Monitoring, MonitoringKind as Kind, Running, Service};

use serde_json::json;

const KINDS: [Kind; 2] = [Kind::Prometheus, Kind::VictoriaMetrics];

/// An alert on a long queue, for each color.
const RULES: &str = "- name: shop
  rules:
  - alert: LongQueue
    expr: queue_depth > 100
    labels: {severity: page}
";

/// A deployment just switched to green, whose colors a server of its own scrapes.
fn scraped(kind: Kind) -> (Deployment, Monitoring) {
    let deployment = Deployment::switched().by_evidence().with("soak.interval", "250ms");
    let targets = [("blue", &deployment.blue), ("green", &deployment.green)];
    let monitoring = Monitoring::start(kind, &targets, RULES);
    // What is looked for two seconds ago has to be there.
    monitoring.wait_for("http_requests_total offset 3s", 4);
    let deployment = deployment.with("prometheus.url", monitoring.url());
    (deployment, monitoring)
}

fn counted_there(deployment: Deployment) -> Deployment {
    deployment
        .with("checks.error-rate.source", "prometheus")
        .with("checks.error-rate.selector", r#"http_requests_total{color="{{color}}"}"#)
        // Nobody may be scraped by us.
        .with("metrics.path", "/nowhere")
}

#[test]
fn requests_that_another_server_counts_are_judged() {
    for kind in KINDS {
        let (deployment, _monitoring) = scraped(kind);
        let deployment = counted_there(deployment);
        deployment.run(&["soak", "--no-tui"]).expect(0).says(&["RETAINED: green stays active", "requests failed"]);
        assert!(!deployment.green.heads().iter().any(|head| head.starts_with("GET /nowhere")), "{kind:?}");
    }
}

#[test]
fn where_nobody_reads_the_pages_the_release_is_the_commit_of_the_job_or_what_was_typed() {
    const HASH: &str = "9fceb02d0ae598e95dc970b74767f19372d61af8";
    let (deployment, _monitoring) = scraped(Kind::Prometheus);
    let deployment = counted_there(deployment);
    for (args, release) in [(&[][..], HASH), (&["--release", "v7"], "v7")] {
        let mut command = deployment.command(&[&["soak", "--output", "json"], args].concat());
        command.env("GITLAB_CI", "true").env("CI_COMMIT_SHA", HASH);
        let lines = Running::start(command).wait().expect(0).json_lines();
        assert_eq!(lines.last().unwrap()["release"], release);
        let status = deployment.run(&["status", "--json"]).expect(0).json();
        assert_eq!((&status["release"], &status["soak"]["release"]), (&json!(release), &json!(release)));
        assert_eq!(deployment.decisions().last().unwrap()["release"], release);
    }
}

#[test]
fn a_bad_release_is_rolled_back_by_what_another_server_counts_and_its_instance_is_named() {
    for kind in KINDS {
        let deployment = Deployment::switched().by_evidence().with("soak.interval", "250ms");
        let well = Service::start();
        let targets = [("blue", &deployment.blue), ("green", &deployment.green), ("green", &well)];
        let monitoring = Monitoring::start(kind, &targets, RULES);
        monitoring.wait_for("http_requests_total", 6);
        let deployment = counted_there(deployment.with("prometheus.url", monitoring.url())).with("soak.window", "1m");
        let deployment = deployment.with("soak.verify_window", "6s");
        deployment.green.fail(40);
        let blame = format!("100% of the errors with instance={}", deployment.green.url().replace("http://", ""));
        deployment.run(&["soak", "--no-tui"]).expect(3).says(&["error-rate breached: ", &blame]);
        assert_eq!(deployment.state()["activeColor"], "blue", "{kind:?}");
        // The standby is counted there as well.
        assert_eq!(deployment.count("recovered"), 1, "{kind:?}");
    }
}

#[test]
fn a_switch_compares_with_the_old_color_as_another_server_counted_it() {
    let (deployment, _monitoring) = scraped(Kind::Prometheus);
    let deployment = counted_there(deployment).with("soak.baseline_window", "2s");
    deployment.write_state(&json!({ "activeColor": "blue" }));
    deployment.run(&["switch", "green", "--no-tui"]).expect(0).says(&["baseline (blue): 0 of "]);
}

#[test]
fn latency_is_judged_by_the_buckets_that_another_server_has() {
    for kind in KINDS {
        let (deployment, _monitoring) = scraped(kind);
        let deployment = deployment
            .with("checks.latency.threshold", "100ms")
            .with("checks.latency.quantile", "0.95")
            .with("checks.latency.source", "prometheus")
            .with("checks.latency.selector", r#"http_request_duration_seconds_bucket{color="{{color}}"}"#);
        deployment.run(&["soak", "--no-tui"]).expect(0);
        deployment.green.slow(30);
        let deployment = deployment.with("soak.window", "1m");
        deployment.run(&["soak", "--no-tui"]).expect(3).says(&["latency breached: ", "took longer than 100ms"]);
    }
}

#[test]
fn a_selector_without_series_and_a_server_that_is_gone_are_unknown_and_told() {
    for kind in KINDS {
        let (deployment, mut monitoring) = scraped(kind);
        let deployment = counted_there(deployment);
        let nothing = deployment.with("checks.error-rate.selector", "requets_total");
        nothing.run(&["soak", "--no-tui"]).expect(6).says(&["`requets_total` has no series yet"]);
        monitoring.stop();
        let gone = counted_there(nothing);
        gone.run(&["soak", "--no-tui"]).expect(6).says(&["refused the connection"]);
        assert_eq!(gone.count("blind"), 1, "{kind:?}");
    }
}

#[test]
fn a_value_beyond_its_threshold_for_long_enough_is_a_breach() {
    for kind in KINDS {
        let (deployment, monitoring) = scraped(kind);
        fs::write(
            deployment.path("switchback.toml"),
            "[checks.queue]\nquery = 'max(queue_depth{color=\"{{color}}\"})'\nthreshold = 100\nfor = \"1s\"\n",
        )
        .unwrap();
        let shown = deployment.run(&["soak", "--no-tui"]).expect(0);
        shown.says(&["queue not above 100 for 1s", "queue: 0, at most 100 is allowed"]);
        deployment.green.set_queue(250);
        monitoring.wait_for("queue_depth > 100", 1);
        deployment.run(&["soak", "--no-tui"]).expect(3).says(&["queue breached: 250 for 1", "at most 100 is allowed"]);
        let breach = deployment.decision("breach");
        assert_eq!(
            (&breach["check"], &breach["value"], &breach["threshold"]),
            (&json!("queue"), &json!(250.0), &json!(100.0))
        );
        assert_eq!(breach.get("requests"), None, "{kind:?}");
    }
}

#[test]
fn answers_that_are_no_single_number_are_unknown_with_a_reason_of_their_own() {
    let (deployment, _monitoring) = scraped(Kind::Prometheus);
    let mut deployment = deployment.with("soak.window", "3s");
    for (query, why) in [
        ("queue_depth", "the query finds 2 series instead of one: add them up"),
        ("sum(no_such_metric)", "the query finds no series"),
        ("sum(queue_depth) / sum(queue_depth)", "the value is not a number (NaN), as from 0 / 0"),
        ("queue_depth[1m]", "the query gives a range of values instead of one"),
        ("sum(", "refuses the query: "),
    ] {
        let queries = json!({ "queue": { "query": query, "threshold": 1 } }).to_string();
        deployment = deployment.with("checks.queries", queries);
        deployment.run(&["soak", "--no-tui"]).expect(6).says(&[why]);
    }
}

#[test]
fn an_alert_rolls_back_unless_it_fired_before_the_switch() {
    let (deployment, monitoring) = scraped(Kind::Prometheus);
    let queries = json!({ "pages": { "alerts": ["LongQueue{severity=\"page\",color=\"{{color}}\"}"] } }).to_string();
    let deployment = deployment.with("checks.queries", queries);
    deployment.write_state(&json!({ "activeColor": "blue" }));
    deployment.green.set_queue(500);
    monitoring.wait_for("ALERTS{alertstate=\"firing\"}", 1);
    let old = "no alert fires; firing since before the switch, and not judged until resolved: LongQueue{";
    deployment.run(&["switch", "green", "--no-tui"]).expect(0).says(&[old]);

    // It resolves, and fires again in a soak that began without it.
    deployment.green.set_queue(0);
    monitoring.wait_for("ALERTS{alertstate=\"firing\"}", 0);
    let switched_ms = jiff::Timestamp::now().as_millisecond();
    deployment.write_state(&json!({ "activeColor": "green", "lastSwitch": switched_ms, "previousColor": "blue" }));
    let mut soak = deployment.with("soak.window", "1m");
    soak = soak.with("soak.interval", "500ms");
    let mut running = soak.start(&["soak", "--no-tui"]);
    running.hear("soak_start");
    std::thread::sleep(Duration::from_secs(1));
    soak.green.set_queue(500);
    running.wait().expect(3).says(&["pages breached: the alert LongQueue{", "fires"]);
}

#[test]
fn an_alert_that_fired_when_an_earlier_switch_moved_traffic_is_not_held_against_the_release() {
    let (deployment, monitoring) = scraped(Kind::Prometheus);
    let queries = json!({ "pages": { "alerts": ["LongQueue"] } }).to_string();
    let deployment = deployment.with("checks.queries", queries);
    let switch = |deployment: &Deployment| {
        let at = jiff::Timestamp::now().as_millisecond();
        deployment.write_state(&json!({ "activeColor": "green", "lastSwitch": at, "previousColor": "blue" }));
    };
    // Fired before the switch that somebody else made.
    deployment.green.set_queue(500);
    monitoring.wait_for("ALERTS{alertstate=\"firing\"}", 1);
    switch(&deployment);
    deployment.run(&["soak", "--no-tui"]).expect(0).says(&["firing since before the switch"]);
    // Fired after it, and before the soak began.
    deployment.green.set_queue(0);
    monitoring.wait_for("ALERTS{alertstate=\"firing\"}", 0);
    std::thread::sleep(Duration::from_secs(1));
    switch(&deployment);
    std::thread::sleep(Duration::from_secs(1));
    deployment.green.set_queue(500);
    monitoring.wait_for("ALERTS{alertstate=\"firing\"}", 1);
    deployment.run(&["soak", "--no-tui"]).expect(3).says(&["pages breached: the alert LongQueue{"]);
}

#[test]
fn an_alert_without_a_rule_says_nothing_about_a_release() {
    let queries = json!({ "pages": { "alerts": ["LongQeue"] } }).to_string();
    let (deployment, _monitoring) = scraped(Kind::Prometheus);
    deployment
        .with("checks.queries", queries.clone())
        .run(&["soak", "--no-tui"])
        .expect(6)
        .says(&["no alerting rule `LongQeue`"]);
    // VictoriaMetrics leaves rules to a program of its own, so it cannot be asked for them.
    let (deployment, _monitoring) = scraped(Kind::VictoriaMetrics);
    deployment
        .with("checks.queries", queries)
        .run(&["soak", "--no-tui"])
        .expect(0)
        .says(&["no alert fires (Prometheus warns: cannot check whether the alerting rule exists)"]);
}

#[test]
fn a_soak_that_asks_prometheus_survives_its_monitor() {
    let (deployment, monitoring) = scraped(Kind::Prometheus);
    let queries = json!({ "queue": { "query": "max(queue_depth)", "threshold": 100, "for": "1s" } }).to_string();
    let deployment = counted_there(deployment).with("checks.queries", queries).with("soak.window", "1m");
    let deployment = deployment.with("soak.interval", "500ms");
    let mut soak = deployment.start(&["soak", "--no-tui"]);
    soak.hear("soak_start");
    std::thread::sleep(Duration::from_secs(1));
    soak.signal(Signal::KILL);
    soak.wait();
    // What is asked is that of the beginning; where it is asked is that of now.
    let queries = json!({ "other": { "query": "max(queue_depth)", "threshold": 1_000 } }).to_string();
    let deployment = deployment.with("checks.queries", queries);
    deployment.green.set_queue(500);
    monitoring.wait_for("queue_depth > 100", 1);
    deployment.run(&["soak", "--resume", "--no-tui"]).expect(3).says(&["queue breached: 500 for 1"]);
}

#[test]
fn the_doctor_asks_what_a_soak_would_ask() {
    let (deployment, mut monitoring) = scraped(Kind::Prometheus);
    let queries = json!({
        "queue": { "query": "max(queue_depth)", "threshold": 100 },
        "odd": { "query": "queue_depth", "threshold": 100 },
        "pages": { "alerts": ["LongQueue"], "required": false },
    });
    let deployment = counted_there(deployment).with("checks.queries", queries.to_string());
    monitoring.wait_for("count_over_time(queue_depth[1m]) > 5", 2);
    deployment.run(&["doctor"]).expect(2).says(&[
        &format!("ok       prometheus    {} answers\n", monitoring.url()),
        "ok       prometheus    the series of error-rate are there for green\n",
        "requests/s on green make about ",
        "ok       prometheus    queue: 0, a breach above 100 for 10s\n",
        "FAILURE  prometheus    odd: the query finds 2 series instead of one: add them up\n",
        "next: correct [checks.odd]: a soak would end `inconclusive`\n",
        "ok       prometheus    pages: no alert fires\n",
    ]);
    let quick = deployment.with("checks.error-rate.selector", "http_requests_total{color=\"none\"}");
    quick.run(&["doctor"]).says(&[
        "warning  prometheus    error-rate of green: `http_requests_total{color=\"none\"}` has no series yet\n",
        "warning  traffic       no requests of green can be counted\n",
    ]);
    monitoring.stop();
    let gone = quick.with("soak.interval", "250ms");
    gone.run(&["doctor"]).expect(2).says(&["FAILURE  prometheus    ", "/api/v1/query refused the connection"]);
}
