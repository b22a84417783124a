use std::net::SocketAddr;
use std::time::Duration;

use axum::http::Method;
use tokio::task::JoinSet;

use super::super::faults::{Faults, MetricsPage};
use super::super::http::FetchError;
use super::super::routes;
use super::super::service::Service;
use super::support::{ask, back, counted, get, gone, refuses, sum};
use crate::model::Color;

fn green(instances: usize) -> (Service, Faults) {
    let faults = Faults::none(instances);
    (Service::start(Color::Green, &faults, 7).unwrap(), faults)
}

/// Sends `count` requests in the users' mix, and gives how many of them failed.
async fn send(addr: SocketAddr, count: usize) -> u64 {
    let mut under_way = JoinSet::new();
    for route in routes::MIX.iter().cycle().take(count) {
        under_way.spawn(ask(route.method.clone(), addr, route.path));
    }
    let answers = under_way.join_all().await;
    let failed = answers.iter().filter(|answer| answer.as_ref().unwrap().status() == 500);
    u64::try_from(failed.count()).unwrap()
}

fn started(page: &str) -> &str {
    page.lines().find_map(|line| line.strip_prefix("process_start_time_seconds ")).unwrap()
}

#[tokio::test]
async fn the_counters_match_the_requests() {
    let (service, _) = green(1);
    let addr = service.instances()[0];
    assert_eq!(send(addr, 50).await, 0);
    let (status, page) = get(addr, "/metrics").await;
    assert_eq!(status, 200);
    assert_eq!(sum(&page, &["http_requests_total", r#"method="GET",route="/","#, r#"status_code="200""#]), 20);
    assert_eq!(sum(&page, &["http_requests_total", r#"route="/products""#, r#"status_code="200""#]), 20);
    assert_eq!(sum(&page, &["http_requests_total", r#"method="POST",route="/pay""#, r#"status_code="200""#]), 10);
    assert_eq!(sum(&page, &["http_request_duration_seconds_count"]), 50);
    assert!(!page.contains(r#"status_code="500""#), "a series without a value must not appear:\n{page}");
}

#[tokio::test]
async fn as_many_requests_fail_as_the_faults_say_and_paying_fails_most() {
    let (service, faults) = green(1);
    let addr = service.instances()[0];
    faults.change(|now| now.error_ratio = 0.2);
    let mut failed = 0;
    for _ in 0..4 {
        failed += send(addr, 100).await;
    }
    assert!((40..=120).contains(&failed), "{failed} of 400 failed, expected about 80");
    let (_, page) = get(addr, "/metrics").await;
    assert_eq!(sum(&page, &["http_requests_total", r#"status_code="500""#]), failed);
    assert!(sum(&page, &["http_requests_total", r#"route="/pay""#, r#"status_code="500""#]) * 2 > failed, "{page}");
    faults.change(|now| now.error_ratio = 1.0);
    assert_eq!(send(addr, 20).await, 20);
}

#[tokio::test]
async fn what_fails_by_chance_follows_from_the_seed() {
    let run = async |seed| {
        let faults = Faults::none(1);
        let service = Service::start(Color::Green, &faults, seed).unwrap();
        faults.change(|now| now.error_ratio = 0.5);
        let mut failures = Vec::new();
        for _ in 0..24 {
            failures.push(get(service.instances()[0], "/products").await.0);
        }
        failures
    };
    let (first, again, other) = tokio::join!(run(7), run(7), run(8));
    assert_eq!(first, again);
    assert_ne!(first, other);
}

#[tokio::test]
async fn dead_processes_refuse_and_come_back_on_their_ports_with_new_counters() {
    let (service, faults) = green(2);
    for &addr in service.instances() {
        send(addr, 10).await;
        assert_eq!(counted(addr).await, 10);
    }
    faults.change(|now| now.up = false);
    for &addr in service.instances() {
        gone(addr).await;
    }
    faults.change(|now| now.up = true);
    for &addr in service.instances() {
        back(addr).await;
        assert_eq!(counted(addr).await, 0);
    }
}

#[tokio::test]
async fn a_restart_is_one_process_that_forgets_and_starts_later() {
    let (service, faults) = green(2);
    let (first, second) = (service.instances()[0], service.instances()[1]);
    send(first, 10).await;
    send(second, 10).await;
    let before = get(first, "/metrics").await.1;
    faults.restart(0);
    gone(first).await;
    back(first).await;
    let after = get(first, "/metrics").await.1;
    assert_eq!(sum(&after, &["http_requests_total"]), 0);
    assert!(started(&after).parse::<f64>().unwrap() > started(&before).parse::<f64>().unwrap());
    assert_eq!(counted(second).await, 10);
    faults.restart(2);
    assert_eq!(counted(second).await, 10);
}

#[tokio::test]
async fn metrics_and_readiness_fail_apart_from_each_other() {
    let (service, faults) = green(1);
    let addr = service.instances()[0];
    assert_eq!(get(addr, "/health/ready").await.0, 200);

    faults.change(|now| now.metrics = MetricsPage::Failing);
    assert_eq!(get(addr, "/metrics").await.0, 500);
    assert_eq!(get(addr, "/health/ready").await.0, 200);

    faults.change(|now| now.metrics = MetricsPage::Half);
    assert!(matches!(ask(Method::GET, addr, "/metrics").await, Err(FetchError::Body(_))));

    faults.change(|now| (now.metrics, now.ready) = (MetricsPage::Whole, false));
    assert_eq!(get(addr, "/metrics").await.0, 200);
    assert_eq!(get(addr, "/health/ready").await.0, 503);
    assert_eq!(counted(addr).await, 0, "probes and scrapes are no user requests");
}

#[tokio::test]
async fn added_latency_stands_in_the_histogram() {
    let (service, faults) = green(1);
    let addr = service.instances()[0];
    faults.change(|now| now.latency = Duration::from_millis(120));
    send(addr, 10).await;
    let (_, page) = get(addr, "/metrics").await;
    assert_eq!(sum(&page, &[r#"http_request_duration_seconds_bucket{le="0.1""#]), 0);
    assert_eq!(sum(&page, &["http_request_duration_seconds_count"]), 10);
}

#[tokio::test]
async fn a_stopped_service_leaves_no_port_open() {
    let (service, _) = green(2);
    let instances = service.instances().to_vec();
    service.stop().await;
    for addr in instances {
        assert!(refuses(addr).await);
    }
}
