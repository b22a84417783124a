//! Sources that are flaky, slow, cut off or far too large: the watch goes on, in bounded memory, and on time.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use support::{Deployment, Page, Running, Service};

/// Four good pages, and then one that is none.
fn flaky() -> Page {
    let broken = [Page::answer("500 Internal Server Error", "text/plain", "busy"), Page::half()];
    let turns = broken.into_iter().flat_map(|bad| [vec![Page::Counting; 4], vec![bad]].concat());
    Page::Turns(turns.collect())
}

/// The events of a kind in the only recording.
fn recorded(deployment: &Deployment, kind: &str) -> Vec<Value> {
    let folder = fs::read_dir(deployment.path(".switchback/default/soaks")).unwrap();
    let [path] = &folder.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()[..] else { panic!("one recording") };
    let text = fs::read_to_string(path).unwrap();
    // The last line may be half written.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let events = whole.lines().skip(1).map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.filter(|event| event["event"] == kind).collect()
}

#[test]
fn one_scrape_in_five_that_fails_hides_neither_a_good_release_nor_a_bad_one() {
    let good = Deployment::switched().by_evidence();
    good.green.show(flaky());
    good.run(&["soak", "--no-tui"]).expect(0).says(&["RETAINED: green stays active"]);

    let bad = Deployment::switched().by_evidence();
    bad.green.show(flaky());
    bad.green.fail(20);
    bad.run(&["soak", "--no-tui"]).expect(3).says(&["error-rate breached: "]);
}

#[test]
fn label_sets_that_change_on_every_page_hide_no_request() {
    let good = Deployment::switched().by_evidence();
    good.green.show(Page::Shifting);
    good.run(&["soak", "--no-tui"]).expect(0);
    let requests = good.decision("retain")["requests"].as_u64().unwrap();
    assert!(requests >= 200 * 15, "{requests} were counted on some 30 pages of 200");

    let bad = Deployment::switched().by_evidence();
    bad.green.show(Page::Shifting);
    bad.green.fail(20);
    bad.run(&["soak", "--no-tui"]).expect(3).says(&["requests failed (20%)"]);
}

#[test]
fn an_instance_that_never_answers_or_late_keeps_no_tick_waiting() {
    for slow in [Page::Silent, Page::Late(Duration::from_millis(700))] {
        let other = Service::start();
        other.show(slow);
        let deployment = Deployment::switched().with("metrics.timeout", "60s").with("soak.window", "4s");
        let instances = format!("{},{}", deployment.green.url(), other.url());
        let deployment = deployment.with("colors.green.instances", instances).with("soak.interval", "200ms");
        deployment.run(&["soak", "--no-tui"]);
        let ticks = recorded(&deployment, "tick");
        let skipped: u64 = ticks.iter().filter_map(|tick| tick["skipped"].as_u64()).sum();
        // Of 20 that are due. A busy machine may run one late; one that waited for the instance would have run a handful.
        assert!(ticks.len() as u64 + skipped >= 15, "{} ticks", ticks.len());
        let sampled = recorded(&deployment, "sampled");
        assert!(sampled.iter().filter(|sample| sample["instance"] == 0).count() >= 10, "the other one is read on");
    }
}

#[test]
fn a_page_with_200_000_series_is_read_in_bounded_memory() {
    let deployment = Deployment::switched()
        .with("soak.window", "10m")
        .with("soak.interval", "2s")
        .with("metrics.timeout", "30s")
        .with("checks.latency.threshold", "500ms");
    deployment.green.show(Page::Wide(200_000));
    let is_whole = |sample: &&Value| sample["outcome"]["good"]["total"].as_u64() > Some(100_000);
    let whole = |deployment: &Deployment| recorded(deployment, "sampled").iter().filter(is_whole).count();
    let mut soak: Running = deployment.start(&["soak", "--no-tui"]);
    soak.hear("soak_start");
    deployment.wait_until("three pages were read, with all of their series", |deployment| whole(deployment) >= 3);
    let status = fs::read_to_string(format!("/proc/{}/status", soak.pid())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kibibytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    // The series themselves take a few tens of MiB; the page, of 15 MB, is never kept.
    assert!(kibibytes < 192 << 10, "{kibibytes} KiB at the peak");
    deployment.run(&["ctl", "abort"]).expect(0);
    soak.wait().expect(5);
    assert_eq!(deployment.state()["soak"]["outcome"], json!("aborted"));
}

#[test]
fn a_page_of_a_hundred_mebibytes_is_not_read_to_its_end() {
    let deployment = Deployment::switched().with("metrics.timeout", "60s").with("soak.window", "10m");
    deployment.green.show(Page::Endless(100));
    let mut soak: Running = deployment.start(&["soak", "--no-tui"]);
    soak.hear("soak_start");
    let wanted = format!("the page of {}/metrics is larger than 64MiB", deployment.green.url());
    let is_given_up = |sample: &Value| sample.to_string().contains(&wanted);
    deployment.wait_until("the page is given up", |deployment| recorded(deployment, "sampled").iter().any(is_given_up));
    deployment.run(&["ctl", "abort"]).expect(0);
    soak.wait().expect(5);
}
