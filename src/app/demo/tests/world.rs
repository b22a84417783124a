use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::super::faults::{Conditions, MetricsPage};
use super::super::world::DemoError;
use super::super::{Change, Scenario, Timing, World};
use super::support::{ask, eventually, gone, refuses, sum};
use crate::config::{Method, RouterKind};
use crate::model::Color;
use crate::model::Color::{Blue, Green};

/// A window that is over soon, to play a timeline in; too short for a soak.
fn short(scenario: Scenario) -> Timing {
    Timing { window: Duration::from_millis(400), ..Timing::new(scenario, 20) }
}

fn write_state(folder: &Path, color: Color) {
    let new = folder.join("new.json");
    std::fs::write(&new, format!(r#"{{"activeColor":"{color}"}}"#)).unwrap();
    std::fs::rename(new, folder.join(".deployment-state.json")).unwrap();
}

/// Runs one of the router's commands as the monitor does, and gives its exit code, stdout and stderr.
async fn run(command: &[String], color: Color) -> (Option<i32>, String, String) {
    let words: Vec<String> = command.iter().map(|word| word.replace("{color}", color.name())).collect();
    let output = tokio::process::Command::new(&words[0]).args(&words[1..]).output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

async fn follows(world: &World, color: Color) {
    eventually("the proxy follows", || *world.active().borrow() == color).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_scenario_ends_in_its_faults_once_traffic_moves_by_itself() {
    let fair = Conditions::default();
    let failing = |error_ratio| Conditions { error_ratio, ..fair };
    let slow = Conditions { latency: Duration::from_millis(900), ..failing(0.003) };
    let dead = Conditions { up: false, ..fair };
    let blind = Conditions { metrics: MetricsPage::Failing, ..fair };
    let mut plays = JoinSet::new();
    for (scenario, blue, green) in [
        (Scenario::Healthy, fair, failing(0.003)),
        (Scenario::Breach, fair, failing(0.12)),
        (Scenario::LateBreach, fair, failing(0.15)),
        (Scenario::SlowRamp, fair, failing(0.2)),
        (Scenario::Latency, fair, slow),
        (Scenario::MetricsOutage, fair, blind),
        (Scenario::DeadStandby, dead, failing(0.12)),
    ] {
        plays.spawn(async move {
            let folder = TempDir::new().unwrap();
            let world = World::start(scenario, short(scenario), folder.path(), 1, false).unwrap();
            let controls = world.controls();
            assert_eq!([controls.faults(Blue).now(), controls.faults(Green).now()], [fair, fair], "{scenario}");
            write_state(folder.path(), Green);
            eventually(&scenario.to_string(), || {
                [controls.faults(Blue).now(), controls.faults(Green).now()] == [blue, green]
            })
            .await;
            world.stop().await;
        });
    }
    plays.join_all().await;
}

#[tokio::test]
async fn a_late_breach_waits_for_its_time_and_a_rollback_breaks_the_timeline_off() {
    let folder = TempDir::new().unwrap();
    let timing = Timing { window: Duration::from_millis(800), ..Timing::new(Scenario::LateBreach, 20) };
    let world = World::start(Scenario::LateBreach, timing, folder.path(), 1, false).unwrap();
    let green = world.controls().faults(Green).clone();
    write_state(folder.path(), Green);
    follows(&world, Green).await;
    write_state(folder.path(), Blue);
    follows(&world, Blue).await;
    sleep(Duration::from_millis(700)).await;
    assert_eq!(green.now(), Conditions::default(), "the first timeline was broken off");
    write_state(folder.path(), Green);
    eventually("the second switch plays it again", || green.now().error_ratio > 0.1).await;
}

#[tokio::test]
async fn a_blip_comes_and_goes() {
    let folder = TempDir::new().unwrap();
    let world = World::start(Scenario::Blip, short(Scenario::Blip), folder.path(), 1, false).unwrap();
    let green = world.controls().faults(Green).clone();
    write_state(folder.path(), Green);
    eventually("everything fails", || green.now().error_ratio > 0.9).await;
    eventually("nothing fails", || green.now() == Conditions::default()).await;
    let totals = world.stop().await;
    assert!(totals.green.failed >= 20, "{totals}: a real second at 100 requests a second");
    assert_eq!(totals.blue.failed, 0, "{totals}");
}

#[tokio::test]
async fn a_crash_loop_is_seen_in_the_counters_even_at_the_highest_speed() {
    let folder = TempDir::new().unwrap();
    let timing = Timing::new(Scenario::CrashLoop, 20);
    let world = World::start(Scenario::CrashLoop, timing, folder.path(), 1, false).unwrap();
    write_state(folder.path(), Green);
    follows(&world, Green).await;
    let instance = world.instance_urls(Green)[0].trim_start_matches("http://").parse().unwrap();
    let (mut last, mut resets) = (0, 0);
    for _ in 0..40 {
        sleep(timing.interval).await;
        // While it is down nobody answers.
        if let Ok(page) = ask(axum::http::Method::GET, instance, "/metrics").await {
            let now = sum(std::str::from_utf8(page.body()).unwrap(), &["http_requests_total"]);
            resets += u32::from(now < last);
            last = now;
        }
        if resets == 3 {
            return;
        }
    }
    panic!("only {resets} resets seen");
}

#[tokio::test]
async fn users_leave_after_the_switch_without_traffic() {
    let folder = TempDir::new().unwrap();
    let world = World::start(Scenario::NoTraffic, short(Scenario::NoTraffic), folder.path(), 1, false).unwrap();
    eventually("blue has users", || world.totals().blue.requests > 10).await;
    write_state(folder.path(), Green);
    follows(&world, Green).await;
    // What was under way when they left is still counted.
    let mut before = world.totals().green.requests;
    loop {
        sleep(Duration::from_millis(200)).await;
        let now = world.totals().green.requests;
        if now == before {
            break;
        }
        assert!(now < 1_000, "they never leave");
        before = now;
    }
    let totals = world.stop().await;
    assert_eq!((totals.failed, totals.sent), (0, totals.blue.requests + totals.green.requests));
}

#[tokio::test]
async fn a_broken_router_switches_and_reads_but_does_not_go_back() {
    let folder = TempDir::new().unwrap();
    let scenario = Scenario::RouterFailure;
    let world = World::start(scenario, short(scenario), folder.path(), 1, false).unwrap();
    let RouterKind::Command { switch, rollback, read } = world.router_kind() else { panic!("a command router") };
    assert_eq!(run(read, Blue).await, (Some(0), "blue\n".to_owned(), String::new()));
    assert_eq!(run(switch, Green).await, (Some(0), String::new(), String::new()));
    follows(&world, Green).await;
    eventually("green fails", || world.controls().faults(Green).now().error_ratio > 0.1).await;

    let (code, _, said) = run(rollback, Blue).await;
    assert_eq!((code, said.as_str()), (Some(1), "router: the control plane does not answer, traffic was not moved\n"));
    assert_eq!(run(read, Blue).await.1, "green\n");

    world.controls().apply(Change::RouterBroken(false));
    assert_eq!(run(rollback, Blue).await.0, Some(0));
    follows(&world, Blue).await;
    assert_eq!(run(read, Blue).await.1, "blue\n");
    // Mending what is whole is reported in the log and changes nothing.
    world.controls().apply(Change::RouterBroken(false));
}

#[tokio::test]
async fn the_faults_can_be_changed_by_hand() {
    let folder = TempDir::new().unwrap();
    let world = World::start(Scenario::Healthy, Timing::new(Scenario::Healthy, 20), folder.path(), 1, false).unwrap();
    let controls = world.controls();
    let (latency, metrics) = (Duration::from_millis(5), MetricsPage::Half);
    for change in [
        Change::Errors(Blue, 0.5),
        Change::Latency(Blue, latency),
        Change::Metrics(Blue, metrics),
        Change::Ready(Blue, false),
        Change::Up(Blue, false),
        Change::RouterBroken(true),
    ] {
        controls.apply(change);
    }
    let worst = Conditions { error_ratio: 0.5, latency, metrics, ready: false, up: false };
    assert_eq!(controls.faults(Blue).now(), worst);
    assert_eq!(controls.faults(Green).now(), Conditions::default());
    controls.apply(Change::Mend(Blue));
    assert_eq!(controls.faults(Blue).now(), Conditions::default());
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "a router that follows the state file has no files"
    );
}

#[tokio::test]
async fn a_stopped_world_leaves_no_port_open_and_its_totals_add_up() {
    let folder = TempDir::new().unwrap();
    let world = World::start(Scenario::Breach, Timing::new(Scenario::Breach, 20), folder.path(), 1, false).unwrap();
    eventually("traffic", || world.totals().sent > 20).await;
    let mut urls = [world.instance_urls(Blue), world.instance_urls(Green)].concat();
    urls.push(world.proxy_url());
    let totals = world.stop().await;
    assert_eq!((totals.sent, totals.failed), (totals.blue.requests, 0));
    assert_eq!(urls.len(), 5);
    for url in urls {
        let addr = url.trim_start_matches("http://").parse().unwrap();
        assert!(refuses(addr).await, "{url}");
    }
}

#[tokio::test]
async fn a_dropped_world_leaves_no_port_open() {
    let folder = TempDir::new().unwrap();
    let world = World::start(Scenario::Breach, Timing::new(Scenario::Breach, 20), folder.path(), 1, false).unwrap();
    let addr = world.proxy_url().trim_start_matches("http://").parse().unwrap();
    drop(world);
    gone(addr).await;
}

#[tokio::test]
async fn the_settings_name_what_was_started() {
    let folder = TempDir::new().unwrap();
    let world = World::start(Scenario::Healthy, Timing::new(Scenario::Healthy, 8), folder.path(), 1, false).unwrap();
    let path = |name| folder.path().join(name).display().to_string();
    assert_eq!(
        world.settings(),
        [
            ("service", "demo".to_owned()),
            ("state_file", path(".deployment-state.json")),
            ("data_dir", path(".switchback")),
            ("colors.blue.instances", world.instance_urls(Blue).join(",")),
            ("colors.green.instances", world.instance_urls(Green).join(",")),
            ("soak.window", "7s500ms".to_owned()),
            ("soak.baseline_window", "1s".to_owned()),
            ("soak.interval", "375ms".to_owned()),
            ("soak.max_extension", "1s875ms".to_owned()),
            ("soak.verify_window", "2s".to_owned()),
            ("rollback.give_up", "3s".to_owned()),
            ("checks.latency.threshold", "500ms".to_owned()),
            ("checks.latency.quantile", "0.95".to_owned()),
            ("health.timeout", "1s".to_owned()),
            ("health.switch_timeout", "10s".to_owned()),
            ("router.kind", "state-file".to_owned()),
        ]
    );
    let scenario = Scenario::RouterFailure;
    let world = World::start(scenario, Timing::new(scenario, 8), folder.path(), 1, false).unwrap();
    let script = path("router.sh");
    assert_eq!(
        world.settings()[15..],
        [
            ("router.kind", "command".to_owned()),
            ("router.switch", format!(r#"["sh","{script}","switch","{{color}}"]"#)),
            ("router.rollback", format!(r#"["sh","{script}","rollback","{{color}}"]"#)),
            ("router.read", format!(r#"["sh","{script}","read"]"#)),
        ]
    );
}

#[tokio::test]
async fn the_description_says_what_runs_where_and_how_it_will_end() {
    let folder = TempDir::new().unwrap();
    let world = World::start(Scenario::Breach, Timing::new(Scenario::Breach, 1), folder.path(), 1, false).unwrap();
    let text = world.describe(Method::Window).join("\n");
    let mut expected = vec![
        "scenario breach: green fails 12% of its requests from the first one on".to_owned(),
        format!("front    {}   users come here, 50 requests a second", world.proxy_url()),
        format!("blue     {}   version 1.4.2, active", world.instance_urls(Blue).join(" ")),
        format!("green    {}   version 1.5.0, the new release", world.instance_urls(Green).join(" ")),
        "soak     1m, a sample every 1s".to_owned(),
        "expect   rolled-back, exit code 3".to_owned(),
    ];
    expected.push(format!("curl -s {}/metrics | grep http_requests_total", world.instance_urls(Green)[0]));
    for line in expected {
        assert!(text.contains(&line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let folder = TempDir::new().unwrap().path().join("gone");
    let scenario = Scenario::RouterFailure;
    let error = World::start(scenario, Timing::new(scenario, 1), &folder, 1, false).unwrap_err();
    assert!(matches!(error, DemoError::Script { .. }));
    assert!(error.to_string().contains(&folder.display().to_string()), "{error}");
}
