//! Latency against what it was before the switch, and histograms that cannot be judged by.

use support::{Deployment, Page};

/// Judged at the one bound that the services have, 100ms.
fn judged() -> Deployment {
    Deployment::fresh().by_evidence().with("checks.latency.threshold", "100ms")
}

#[test]
fn what_was_slow_before_the_switch_is_excused_and_told() {
    let deployment = judged();
    deployment.blue.slow(4);
    deployment.green.slow(4);
    let done = deployment.run(&["switch", "green", "--no-tui"]).expect(0);
    let excuse = "requests took longer than 100ms (4%) on the previous color before the switch";
    done.says(&["observe         latency: limit ", excuse, "p99 at most 100ms (limit ", "took longer than 100ms (4%)"]);
    let journaled = deployment.decisions().into_iter().filter(|told| told["message"].to_string().contains(excuse));
    assert_eq!(journaled.count(), 3, "when it was learned, at the start, and at the end");
}

#[test]
fn a_release_that_is_slower_than_the_previous_color_is_rolled_back() {
    let deployment = judged();
    deployment.blue.slow(4);
    deployment.green.slow(30);
    deployment.run(&["switch", "green", "--no-tui"]).expect(3).says(&["latency breached: ", "limit "]);

    let unforgiving = judged().with("checks.latency.excuse", "none");
    unforgiving.blue.slow(4);
    unforgiving.green.slow(4);
    unforgiving.run(&["switch", "green", "--no-tui"]).expect(3).says(&["latency breached: "]);
}

#[test]
fn a_soak_after_somebody_elses_switch_excuses_by_the_life_of_the_previous_color() {
    let deployment = Deployment::switched()
        .by_evidence()
        .with("checks.latency.threshold", "100ms")
        .with("soak.on_shared_cause", "rollback");
    deployment.blue.slow(4);
    deployment.green.slow(4);
    // A life of some requests, most of them before this soak.
    let mut soak = deployment.start(&["soak", "--no-tui"]);
    soak.hear("on the previous color since it started (checks.latency.excuse)");
    soak.wait().expect(0);
    let asked = deployment.blue.heads().iter().filter(|head| head.starts_with("GET /metrics")).count();
    assert!(asked <= 3, "the standby is not read all the time for it: {asked}");
}

#[test]
fn a_threshold_without_a_bucket_near_is_refused_before_traffic_moves() {
    let deployment = judged().with("checks.latency.threshold", "500ms");
    deployment.run(&["switch", "green", "--no-tui"]).expect(2).says(&[
        "the latency of green cannot be judged at 500ms (checks.latency.threshold): ",
        "`http_request_duration_seconds` has no bucket between 250ms and 1s; its only bound is 100ms; traffic stays on blue",
    ]);
    assert!(!deployment.state_path().exists(), "nothing was moved");
    deployment.run(&["doctor"]).says(&["`http_request_duration_seconds` has no bucket between 250ms and 1s"]);
    deployment.run(&["switch", "green", "--no-soak"]).expect(0);

    let optional = judged().with("checks.latency.threshold", "500ms");
    std::fs::write(optional.path("switchback.toml"), "checks.latency.required = false\n").unwrap();
    optional.run(&["switch", "green", "--no-tui"]).expect(0).says(&["LATENCY IS NOT JUDGED: "]);
}

#[test]
fn a_soak_of_what_is_live_watches_everything_but_the_latency() {
    let deployment = Deployment::switched().by_evidence().with("checks.latency.threshold", "500ms");
    deployment.run(&["soak", "--no-tui"]).expect(6).says(&[
        "LATENCY IS NOT JUDGED: ",
        "no bucket between 250ms and 1s; its only bound is 100ms; everything else is watched",
        "reason          latency: ",
    ]);
    let failing = Deployment::switched().by_evidence().with("checks.latency.threshold", "500ms");
    failing.green.fail(30);
    failing.run(&["soak", "--no-tui"]).expect(3).says(&["error-rate breached: "]);
}

#[test]
fn a_histogram_with_nothing_but_infinity_is_named() {
    let deployment = judged();
    let page = "http_requests_total{code=\"200\"} 5\n# TYPE http_request_duration_seconds histogram\n\
                http_request_duration_seconds_bucket{le=\"+Inf\"} 5\n";
    deployment.green.show(Page::answer("200 OK", "text/plain; version=0.0.4", page));
    deployment
        .run(&["switch", "green", "--no-tui"])
        .expect(2)
        .says(&["`http_request_duration_seconds` has only the bucket `+Inf`, which says nothing about durations"]);
}

fn page(body: &str) -> Page {
    Page::answer("200 OK", "text/plain; version=0.0.4", body)
}

const REQUESTS: &str = "shop_http_requests_total{code=\"200\",path=\"/pay\"} 30\n";

#[test]
fn the_histogram_that_belongs_to_the_counter_is_said_in_the_first_lines() {
    let deployment = Deployment::switched().with("checks.latency.threshold", "100ms").with("soak.window", "10m");
    let body = format!(
        "{REQUESTS}# TYPE http_client_request_duration_seconds histogram\n\
         http_client_request_duration_seconds_bucket{{le=\"0.1\"}} 1\n\
         http_client_request_duration_seconds_bucket{{le=\"+Inf\"}} 9\n\
         # UNIT shop_http_request_duration ms\n# TYPE shop_http_request_duration histogram\n\
         shop_http_request_duration_bucket{{path=\"/pay\",le=\"100\"}} 30\n\
         shop_http_request_duration_bucket{{path=\"/pay\",le=\"+Inf\"}} 30\n"
    );
    deployment.green.show(page(&body));
    let mut running = deployment.start(&["soak", "--no-tui"]);
    running.hear("latency on green is measured by `shop_http_request_duration`");
    deployment.run(&["ctl", "abort"]).expect(0);
    running.wait().expect(5);
    let told = deployment.decisions().into_iter().find(|told| told["message"].to_string().contains("is measured by"));
    let told = told.unwrap();
    if told["decision"] == "observe" {
        assert_eq!((&told["reason"], &told["check"]), (&"metrics".into(), &"latency".into()));
    } else {
        assert_eq!(told["decision"], "soak_start");
    }
    deployment.run(&["doctor"]).says(&["latency by `shop_http_request_duration`, judged at its bound 100ms"]);
}

#[test]
fn a_summary_is_told_at_once_with_what_gives_a_histogram() {
    let deployment = Deployment::switched().with("checks.latency.threshold", "100ms").with("soak.window", "10m");
    let body = format!(
        "{REQUESTS}# TYPE http_server_requests_seconds summary\n\
         http_server_requests_seconds{{uri=\"/pay\",quantile=\"0.99\"}} 0.2\n\
         http_server_requests_seconds_count{{uri=\"/pay\"}} 30\n"
    );
    deployment.green.show(page(&body));
    let mut running = deployment.start(&["soak", "--no-tui"]);
    running.hear("LATENCY IS NOT JUDGED: ");
    deployment.run(&["ctl", "abort"]).expect(0);
    running.wait().expect(5).says(&[
        "`http_server_requests_seconds` is a summary: its quantiles cannot be added up or judged",
        "management.metrics.distribution.percentiles-histogram.http.server.requests=true",
        "checks.latency.histogram",
    ]);
    let told = deployment.decisions();
    let at = told.iter().position(|told| told["reason"] == "latency-unjudged").unwrap();
    let first = told.iter().position(|told| told["decision"] == "soak_start").unwrap();
    assert!(at - first <= 3, "in the first lines, not at the end of the window");
}

#[test]
fn a_histogram_whose_unit_nothing_says_is_refused_with_what_to_set() {
    let deployment = judged();
    let body = format!(
        "{REQUESTS}# TYPE shop_http_request_duration histogram\n\
         shop_http_request_duration_bucket{{path=\"/pay\",le=\"100\"}} 30\n\
         shop_http_request_duration_bucket{{path=\"/pay\",le=\"+Inf\"}} 30\n"
    );
    deployment.green.show(page(&body));
    deployment.run(&["switch", "green", "--no-tui"]).expect(2).says(&[
        "the unit of `shop_http_request_duration` is not known: neither its name nor a `# UNIT` line says it",
        "set checks.latency.unit",
        "traffic stays on blue",
    ]);
    deployment.run(&["doctor"]).says(&["set checks.latency.unit to the unit of its bounds"]);
}
