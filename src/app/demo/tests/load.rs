use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::super::faults::Faults;
use super::super::http::Port;
use super::super::load::Load;
use super::super::proxy::Proxy;
use super::super::service::Service;
use super::support::eventually;
use crate::model::Color;

fn blue_behind_a_proxy(folder: &TempDir, faults: &Faults) -> (Service, Proxy) {
    let blue = Service::start(Color::Blue, faults, 1).unwrap();
    let proxy = Proxy::start(folder.path().join("state.json"), blue.instances(), &[]).unwrap();
    (blue, proxy)
}

#[tokio::test]
async fn requests_come_at_about_the_rate_that_was_asked_for() {
    let folder = TempDir::new().unwrap();
    let (_blue, proxy) = blue_behind_a_proxy(&folder, &Faults::none(2));
    let begun = Instant::now();
    let load = Load::start(proxy.addr(), 100).unwrap();
    sleep(Duration::from_millis(800)).await;
    let totals = load.stop().await;
    let most = u64::try_from(begun.elapsed().as_millis()).unwrap() / 10 + 2;
    assert!((most / 3..=most).contains(&totals.sent), "{} requests, expected about {most}", totals.sent);
    assert_eq!((totals.blue.requests, totals.failed), (totals.sent, 0));
}

#[tokio::test]
async fn traffic_stops_and_comes_back() {
    let folder = TempDir::new().unwrap();
    let (_blue, proxy) = blue_behind_a_proxy(&folder, &Faults::none(1));
    let load = Load::start(proxy.addr(), 0).unwrap();
    sleep(Duration::from_millis(60)).await;
    assert_eq!(load.totals().sent, 0);
    load.rate().set(200);
    eventually("traffic", || load.totals().sent > 10).await;
    load.rate().set(0);
    sleep(Duration::from_millis(20)).await;
    let sent = load.totals().sent;
    sleep(Duration::from_millis(60)).await;
    assert_eq!(load.totals().sent, sent);
    let rate = load.rate();
    let totals = load.stop().await;
    assert_eq!((totals.sent, totals.blue.requests), (sent, sent), "stopping waits for the answers under way");
    rate.set(100);
}

#[tokio::test]
async fn slow_answers_bound_what_is_under_way() {
    let folder = TempDir::new().unwrap();
    let faults = Faults::none(2);
    faults.change(|now| now.latency = Duration::from_millis(600));
    let (_blue, proxy) = blue_behind_a_proxy(&folder, &faults);
    let load = Load::start(proxy.addr(), 1000).unwrap();
    sleep(Duration::from_millis(400)).await;
    let sent = load.totals().sent;
    assert!(sent <= 128, "{sent} under way");
    let totals = load.stop().await;
    assert_eq!(totals.sent, totals.blue.requests);
}

#[tokio::test]
async fn failures_are_counted_with_and_without_an_answer() {
    let folder = TempDir::new().unwrap();
    let faults = Faults::none(1);
    faults.change(|now| now.error_ratio = 1.0);
    let (_blue, proxy) = blue_behind_a_proxy(&folder, &faults);
    let load = Load::start(proxy.addr(), 200).unwrap();
    eventually("failures", || load.totals().blue.failed > 5).await;
    let totals = load.stop().await;
    assert_eq!((totals.failed, totals.blue.failed), (totals.sent, totals.sent));

    let nobody = Port::reserve().unwrap();
    let load = Load::start(nobody.addr(), 200).unwrap();
    eventually("failures", || load.totals().failed > 5).await;
    let totals = load.stop().await;
    assert_eq!((totals.failed, totals.blue.requests), (totals.sent, 0));
    let said = format!("{0} requests sent, {0} failed (blue 0 of 0, green 0 of 0)", totals.sent);
    assert_eq!(totals.to_string(), said);
}
