//! Runs as people see them, each made of the events of a machine under test: for screens, lines and `status`.

use crate::config::{Bound, Method, OnBreach};
use crate::core::soak::testing::{Bench, FAILING, HEALTHY, World, resumption, settings};
use crate::core::soak::{
    Answer, Event, Origin, QueryKind, QuerySettings, RollbackFailure, RollbackResult, Settings, SwitchResult,
};
use crate::model::{Color, Phase, Traffic};

const SWITCHED: SwitchResult = SwitchResult::Switched { last_switch: Some(1_795_476_131_000) };

/// Every phase and every outcome, by name.
pub const ALL: [&str; 25] = [
    "gating",
    "baseline",
    "switching",
    "warmup",
    "watching",
    "suspicious",
    "paused",
    "blind",
    "held",
    "grace",
    "rolling-back",
    "verifying",
    "retained",
    "rolled-back",
    "aborted",
    "inconclusive",
    "superseded",
    "rollback-failed",
    "rollback-undone",
    "refused",
    "held-to-the-end",
    "dead-standby",
    "resumed",
    "asking",
    "many-checks",
];

/// What only lines tell of, by name.
pub const TOLD: [&str; 7] =
    ["operated", "kept", "rolled-back-by-hand", "interrupted", "sighted", "switch-failed", "not-recovered"];

fn switching(adjust: impl FnOnce(&mut Settings)) -> Bench {
    let mut settings = settings();
    settings.service = "checkout-api".to_owned();
    settings.origin = Origin::Switch { gate_ms: 30_000, soak: true };
    settings.error_rate.method = Method::Evidence;
    settings.window_ms = 120_000;
    settings.last_switch = None;
    adjust(&mut settings);
    Bench::new(settings)
}

/// Ready, looked at, switched, and watched for so many seconds.
fn watched(seconds: usize, world: World, adjust: impl FnOnce(&mut Settings)) -> Bench {
    let mut bench = switching(adjust);
    until(&mut bench, Phase::Switching, HEALTHY);
    bench.switch_done(SWITCHED);
    bench.observe(Color::Green, Color::Green, 1_795_476_131_000);
    bench.seconds(seconds, world);
    bench
}

fn until(bench: &mut Bench, phase: Phase, world: World) {
    for _ in 0..400 {
        if bench.machine.phase() == phase {
            return;
        }
        bench.second(world);
    }
    panic!("never {phase} but {}", bench.machine.phase());
}

fn breached(adjust: impl FnOnce(&mut Settings)) -> Bench {
    let mut bench = watched(40, World { errors: 1, ..HEALTHY }, adjust);
    for _ in 0..60 {
        if bench.machine.phase() != Phase::Watching {
            break;
        }
        bench.second(FAILING);
    }
    bench
}

/// A run that also asks Prometheus, while an instance joins and another one leaves.
fn asking() -> Bench {
    let query = |name: &str, kind, threshold| QuerySettings {
        name: name.into(),
        kind,
        threshold,
        breach: Bound::Above,
        for_ms: 10_000,
        required: true,
    };
    let mild = World { errors: 1, ..HEALTHY };
    let mut bench = watched(40, mild, |settings| {
        settings.error_rate.metered = Some("http://prometheus:9090".to_owned());
        settings.queries = vec![query("queue", QueryKind::Value, 1_000.0), query("pages", QueryKind::Alerts, 0.0)];
    });
    let present = vec!["http://green-1".to_owned(), "http://green-3".to_owned()];
    bench.feed(Event::Instances { color: Color::Green, present });
    for length in [400.0, 800.0, 1_200.0, 1_150.0, 1_300.0, 1_234.5] {
        let answers = [
            ("queue", Answer::Value { value: length, note: None }),
            ("pages", Answer::Firing { alerts: vec!["DatabaseDown".to_owned()], note: None }),
        ];
        for (check, answer) in answers {
            bench.feed(Event::Queried { check: check.into(), answer });
        }
        bench.second(mild);
    }
    bench
}

/// More checks than there is room for.
fn many_checks() -> Bench {
    let query = |number: u32| QuerySettings {
        name: format!("a-rather-long-name-{number}").as_str().into(),
        kind: QueryKind::Value,
        threshold: 10.0,
        breach: Bound::Below,
        for_ms: 10_000,
        required: true,
    };
    let mild = World { errors: 1, ..HEALTHY };
    let mut bench = watched(20, mild, |settings| settings.queries = (1..=9).map(query).collect());
    for value in [20.0, 21.0, 19.5] {
        // The last one has no answer.
        for number in 1..9 {
            let check = format!("a-rather-long-name-{number}").as_str().into();
            bench.feed(Event::Queried { check, answer: Answer::Value { value, note: None } });
        }
        bench.second(mild);
    }
    bench
}

/// The run of this name.
pub fn bench(name: &str) -> Bench {
    let mild = World { errors: 1, ..HEALTHY };
    match name {
        "gating" => {
            let mut bench = switching(|_| {});
            bench.seconds(3, World { ready: false, ..HEALTHY });
            bench
        }
        "baseline" => {
            let mut bench = switching(|_| {});
            bench.seconds(5, HEALTHY);
            bench
        }
        "switching" => {
            let mut bench = switching(|_| {});
            until(&mut bench, Phase::Switching, HEALTHY);
            bench
        }
        "warmup" => watched(5, HEALTHY, |settings| settings.warmup_ms = 30_000),
        "watching" => watched(75, mild, |_| {}),
        "suspicious" => {
            let mut bench = watched(40, mild, |_| {});
            bench.seconds(8, World { errors: 4, ..HEALTHY });
            bench
        }
        "paused" => {
            let mut bench = watched(20, mild, |_| {});
            bench.order("pause").unwrap();
            bench
        }
        "blind" => {
            let mut bench = watched(30, mild, |_| {});
            bench.seconds(14, World { metrics: false, ..mild });
            bench
        }
        "held" => {
            let mut bench = breached(|settings| settings.on_breach = OnBreach::Hold);
            bench.seconds(5, FAILING);
            bench
        }
        "grace" => {
            let mut bench = breached(|settings| settings.grace_ms = 30_000);
            bench.seconds(4, FAILING);
            bench
        }
        "rolling-back" => breached(|_| {}),
        "verifying" => {
            let mut bench = breached(|_| {});
            bench.rollback_done(1, RollbackResult::Back);
            bench.seconds(4, HEALTHY);
            bench
        }
        "rolled-back" => {
            let mut bench = breached(|_| {});
            bench.rollback_done(1, RollbackResult::Back);
            bench.until_over(30, HEALTHY);
            bench
        }
        "rollback-failed" => {
            let mut bench = breached(|_| {});
            for attempt in 1..=5 {
                bench.at += 6_000;
                bench.feed(Event::Timer);
                let (why, traffic) = ("the balancer answered 503".to_owned(), Traffic::On(Color::Green));
                let failure = RollbackFailure { why, traffic, lasting: attempt == 5 };
                bench.rollback_done(attempt, RollbackResult::NotDone(failure));
            }
            bench
        }
        other => ended(other),
    }
}

/// The ended runs, and one that was taken up again.
fn ended(name: &str) -> Bench {
    let mild = World { errors: 1, ..HEALTHY };
    match name {
        "retained" => {
            let mut bench = watched(0, mild, |settings| settings.window_ms = 60_000);
            bench.until_over(90, mild);
            bench
        }
        "aborted" => {
            let mut bench = watched(20, mild, |_| {});
            bench.order("abort").unwrap();
            bench
        }
        "inconclusive" => {
            let mut bench = watched(0, World { requests: 0, ..HEALTHY }, |settings| settings.window_ms = 30_000);
            bench.until_over(90, World { requests: 0, ..HEALTHY });
            bench
        }
        "superseded" => {
            let mut bench = watched(20, mild, |_| {});
            bench.observe(Color::Blue, Color::Blue, 1_795_476_199_000);
            bench
        }
        "rollback-undone" => {
            let mut bench = breached(|_| {});
            bench.rollback_done(1, RollbackResult::Back);
            bench.seconds(4, HEALTHY);
            bench.until_over(5, World { routed: Some(Color::Green), ..HEALTHY });
            bench
        }
        "held-to-the-end" => {
            let mut bench = breached(|settings| settings.on_breach = OnBreach::Hold);
            bench.until_over(200, FAILING);
            bench
        }
        "dead-standby" => {
            let mut bench = watched(40, World { standby: false, ..mild }, |_| {});
            bench.until_over(200, World { standby: false, ..FAILING });
            bench
        }
        "refused" => {
            let mut bench = switching(|_| {});
            bench.until_over(40, World { ready: false, ..HEALTHY });
            bench
        }
        "resumed" => {
            let before = watched(30, mild, |_| {});
            let mut by = resumption();
            by.changes.push("soak.window is 5m in the configuration now, this soak keeps 2m".to_owned());
            let mut bench = before.resumed(before.log.len(), 12_000, by);
            bench.seconds(10, mild);
            bench
        }
        "asking" => asking(),
        "many-checks" => many_checks(),
        other => told(other),
    }
}

/// What only lines tell of.
fn told(name: &str) -> Bench {
    let mild = World { errors: 1, ..HEALTHY };
    let operated = |orders: &[&str]| {
        let mut bench = watched(20, mild, |settings| settings.window_ms = 60_000);
        for order in orders {
            bench.order(order).unwrap();
            bench.seconds(3, mild);
        }
        bench
    };
    match name {
        "operated" => operated(&["pause", "resume", "extend 5m"]),
        "kept" => operated(&["keep"]),
        "rolled-back-by-hand" => {
            let mut bench = operated(&["rollback"]);
            bench.rollback_done(1, RollbackResult::Back);
            bench.until_over(30, HEALTHY);
            bench
        }
        "interrupted" => {
            let mut bench = watched(20, mild, |_| {});
            bench.interrupt();
            bench
        }
        "sighted" => {
            let mut bench = watched(30, mild, |_| {});
            bench.seconds(14, World { metrics: false, ..mild });
            bench.seconds(5, mild);
            bench
        }
        "switch-failed" => {
            let mut bench = switching(|_| {});
            until(&mut bench, Phase::Switching, HEALTHY);
            bench.switch_done(SwitchResult::Failed("the router refused; traffic is on blue".to_owned()));
            bench
        }
        "not-recovered" => {
            let mut bench = breached(|_| {});
            bench.rollback_done(1, RollbackResult::Back);
            bench.until_over(30, World { standby_errors: 25, ..HEALTHY });
            bench
        }
        other => panic!("no scene {other}"),
    }
}
