//! The dashboard for Grafana against a real Prometheus that scrapes a real agent.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use support::agents::{Agents, blue, stop, switch};
use support::{Monitoring, MonitoringKind};

const DASHBOARD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/grafana/switchback-agent.json");
const VIEWER: &str = "a-viewers-token-with-enough-bits-9876543210";

/// Every query of every panel, its variables as Grafana fills them in for `All`.
fn queries(dashboard: &Value) -> Vec<String> {
    let targets =
        dashboard["panels"].as_array().unwrap().iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let queries = targets.map(|target| target["expr"].as_str().unwrap());
    queries
        .map(|query| query.replace("$job", ".*").replace("$service", ".*").replace("$__rate_interval", "1m"))
        .collect()
}

#[test]
fn every_query_of_the_dashboard_finds_what_it_shows() {
    let dashboard: Value = serde_json::from_str(&fs::read_to_string(DASHBOARD).unwrap()).unwrap();
    let queries = queries(&dashboard);
    assert!(queries.len() >= 15, "{queries:?}");
    let agents = Agents::new();
    let [healthy, slow, over] = [blue().with("soak.window", "10m"), blue().by_evidence(), blue()];
    let slow = slow.with("soak.window", "10m").with("soak.on_breach", "hold").with("checks.latency.threshold", "100ms");
    let address = support::free_address();
    agents.write("agent.toml", &format!("[control]\nlisten = \"{address}\"\nviewer_token = \"{VIEWER}\"\n"));
    agents.write("broken.toml", "service = \n");
    for (service, deployment) in [("healthy", &healthy), ("slow", &slow), ("over", &over)] {
        agents.add(service, deployment);
    }
    let agent = agents.start();
    slow.green.slow(40);
    for deployment in [&healthy, &slow, &over] {
        switch(deployment, "green");
    }
    agents.wait_for("over", "retained", |row| row["outcome"] == "retained");
    agents.wait_for("slow", "judged by its latency", |row| row["check"] == "latency" && !row["value"].is_null());
    let jobs = format!(
        "- job_name: switchback\n  authorization: {{credentials: {VIEWER}}}\n  static_configs:\n  - targets: ['{address}']\n"
    );
    let prometheus = Monitoring::scraping(MonitoringKind::Prometheus, &jobs, 1, "");
    for query in queries {
        prometheus.wait_for_any(&query);
    }
    stop(agent);
}

#[test]
fn the_dashboard_names_no_data_source_of_its_own() {
    let dashboard: Value = serde_json::from_str(&fs::read_to_string(DASHBOARD).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "a number each");
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
    }
}
