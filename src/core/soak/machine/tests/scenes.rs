//! Runs as people see them, each made of the events of a machine under test: for screens, lines and `status`.

use crate::config::{Bound, Method, OnBreach};
use crate::core::soak::testing::{FAILING, HEALTHY, Harness, World, resumption, settings};
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

fn switching(adjust: impl FnOnce(&mut Settings)) -> Harness {
    let mut settings = settings();
    settings.service = "checkout-api".to_owned();
    settings.origin = Origin::Switch { gate_ms: 30_000, soak: true };
    settings.error_rate.method = Method::Evidence;
    settings.window_ms = 120_000;
    settings.last_switch = None;
    adjust(&mut settings);
    Harness::new(settings)
}

/// Ready, looked at, switched, and watched for so many seconds.
fn watched(seconds: usize, world: World, adjust: impl FnOnce(&mut Settings)) -> Harness {
    let mut harness = switching(adjust);
    until(&mut harness, Phase::Switching, HEALTHY);
    harness.switch_done(SWITCHED);
    harness.observe(Color::Green, Color::Green, 1_795_476_131_000);
    harness.seconds(seconds, world);
    harness
}

fn until(harness: &mut Harness, phase: Phase, world: World) {
    for _ in 0..400 {
        if harness.machine.phase() == phase {
            return;
        }
        harness.second(world);
    }
    panic!("never {phase} but {}", harness.machine.phase());
}

fn breached(adjust: impl FnOnce(&mut Settings)) -> Harness {
    let mut harness = watched(40, World { errors: 1, ..HEALTHY }, adjust);
    for _ in 0..60 {
        if harness.machine.phase() != Phase::Watching {
            break;
        }
        harness.second(FAILING);
    }
    harness
}

/// A run that also asks Prometheus, while an instance joins and another one leaves.
fn asking() -> Harness {
    let query = |name: &str, kind, threshold| QuerySettings {
        name: name.into(),
        kind,
        threshold,
        breach: Bound::Above,
        for_ms: 10_000,
        required: true,
    };
    let mild = World { errors: 1, ..HEALTHY };
    let mut harness = watched(40, mild, |settings| {
        settings.error_rate.metered = Some("http://prometheus:9090".to_owned());
        settings.queries = vec![query("queue", QueryKind::Value, 1_000.0), query("pages", QueryKind::Alerts, 0.0)];
    });
    let present = vec!["http://green-1".to_owned(), "http://green-3".to_owned()];
    harness.feed(Event::Instances { color: Color::Green, present });
    for length in [400.0, 800.0, 1_200.0, 1_150.0, 1_300.0, 1_234.5] {
        let answers = [
            ("queue", Answer::Value { value: length, note: None }),
            ("pages", Answer::Firing { alerts: vec!["DatabaseDown".to_owned()], note: None }),
        ];
        for (check, answer) in answers {
            harness.feed(Event::Queried { check: check.into(), answer });
        }
        harness.second(mild);
    }
    harness
}

/// More checks than there is room for.
fn many_checks() -> Harness {
    let query = |number: u32| QuerySettings {
        name: format!("a-rather-long-name-{number}").as_str().into(),
        kind: QueryKind::Value,
        threshold: 10.0,
        breach: Bound::Below,
        for_ms: 10_000,
        required: true,
    };
    let mild = World { errors: 1, ..HEALTHY };
    let mut harness = watched(20, mild, |settings| settings.queries = (1..=9).map(query).collect());
    for value in [20.0, 21.0, 19.5] {
        // The last one has no answer.
        for number in 1..9 {
            let check = format!("a-rather-long-name-{number}").as_str().into();
            harness.feed(Event::Queried { check, answer: Answer::Value { value, note: None } });
        }
        harness.second(mild);
    }
    harness
}

/// The run of this name.
pub fn harness(name: &str) -> Harness {
    let mild = World { errors: 1, ..HEALTHY };
    match name {
        "gating" => {
            let mut harness = switching(|_| {});
            harness.seconds(3, World { ready: false, ..HEALTHY });
            harness
        }
        "baseline" => {
            let mut harness = switching(|_| {});
            harness.seconds(5, HEALTHY);
            harness
        }
        "switching" => {
            let mut harness = switching(|_| {});
            until(&mut harness, Phase::Switching, HEALTHY);
            harness
        }
        "warmup" => watched(5, HEALTHY, |settings| settings.warmup_ms = 30_000),
        "watching" => watched(75, mild, |_| {}),
        "suspicious" => {
            let mut harness = watched(40, mild, |_| {});
            harness.seconds(8, World { errors: 4, ..HEALTHY });
            harness
        }
        "paused" => {
            let mut harness = watched(20, mild, |_| {});
            harness.order("pause").unwrap();
            harness
        }
        "blind" => {
            let mut harness = watched(30, mild, |_| {});
            harness.seconds(14, World { metrics: false, ..mild });
            harness
        }
        "held" => {
            let mut harness = breached(|settings| settings.on_breach = OnBreach::Hold);
            harness.seconds(5, FAILING);
            harness
        }
        "grace" => {
            let mut harness = breached(|settings| settings.grace_ms = 30_000);
            harness.seconds(4, FAILING);
            harness
        }
        "rolling-back" => breached(|_| {}),
        "verifying" => {
            let mut harness = breached(|_| {});
            harness.rollback_done(1, RollbackResult::Back);
            harness.seconds(4, HEALTHY);
            harness
        }
        "rolled-back" => {
            let mut harness = breached(|_| {});
            harness.rollback_done(1, RollbackResult::Back);
            harness.until_over(30, HEALTHY);
            harness
        }
        "rollback-failed" => {
            let mut harness = breached(|_| {});
            for attempt in 1..=5 {
                harness.at += 6_000;
                harness.feed(Event::Timer);
                let (why, traffic) = ("the balancer answered 503".to_owned(), Traffic::On(Color::Green));
                let failure = RollbackFailure { why, traffic, lasting: attempt == 5 };
                harness.rollback_done(attempt, RollbackResult::NotDone(failure));
            }
            harness
        }
        other => ended(other),
    }
}

/// The ended runs, and one that was taken up again.
fn ended(name: &str) -> Harness {
    let mild = World { errors: 1, ..HEALTHY };
    match name {
        "retained" => {
            let mut harness = watched(0, mild, |settings| settings.window_ms = 60_000);
            harness.until_over(90, mild);
            harness
        }
        "aborted" => {
            let mut harness = watched(20, mild, |_| {});
            harness.order("abort").unwrap();
            harness
        }
        "inconclusive" => {
            let mut harness = watched(0, World { requests: 0, ..HEALTHY }, |settings| settings.window_ms = 30_000);
            harness.until_over(90, World { requests: 0, ..HEALTHY });
            harness
        }
        "superseded" => {
            let mut harness = watched(20, mild, |_| {});
            harness.observe(Color::Blue, Color::Blue, 1_795_476_199_000);
            harness
        }
        "rollback-undone" => {
            let mut harness = breached(|_| {});
            harness.rollback_done(1, RollbackResult::Back);
            harness.seconds(4, HEALTHY);
            harness.until_over(5, World { routed: Some(Color::Green), ..HEALTHY });
            harness
        }
        "held-to-the-end" => {
            let mut harness = breached(|settings| settings.on_breach = OnBreach::Hold);
            harness.until_over(200, FAILING);
            harness
        }
        "dead-standby" => {
            let mut harness = watched(40, World { standby: false, ..mild }, |_| {});
            harness.until_over(200, World { standby: false, ..FAILING });
            harness
        }
        "refused" => {
            let mut harness = switching(|_| {});
            harness.until_over(40, World { ready: false, ..HEALTHY });
            harness
        }
        "resumed" => {
            let before = watched(30, mild, |_| {});
            let mut by = resumption();
            by.changes.push("soak.window is 5m in the configuration now, this soak keeps 2m".to_owned());
            let mut harness = before.resumed(before.log.len(), 12_000, by);
            harness.seconds(10, mild);
            harness
        }
        "asking" => asking(),
        "many-checks" => many_checks(),
        other => told(other),
    }
}

/// What only lines tell of.
fn told(name: &str) -> Harness {
    let mild = World { errors: 1, ..HEALTHY };
    let operated = |orders: &[&str]| {
        let mut harness = watched(20, mild, |settings| settings.window_ms = 60_000);
        for order in orders {
            harness.order(order).unwrap();
            harness.seconds(3, mild);
        }
        harness
    };
    match name {
        "operated" => operated(&["pause", "resume", "extend 5m"]),
        "kept" => operated(&["keep"]),
        "rolled-back-by-hand" => {
            let mut harness = operated(&["rollback"]);
            harness.rollback_done(1, RollbackResult::Back);
            harness.until_over(30, HEALTHY);
            harness
        }
        "interrupted" => {
            let mut harness = watched(20, mild, |_| {});
            harness.interrupt();
            harness
        }
        "sighted" => {
            let mut harness = watched(30, mild, |_| {});
            harness.seconds(14, World { metrics: false, ..mild });
            harness.seconds(5, mild);
            harness
        }
        "switch-failed" => {
            let mut harness = switching(|_| {});
            until(&mut harness, Phase::Switching, HEALTHY);
            harness.switch_done(SwitchResult::Failed("the router refused; traffic is on blue".to_owned()));
            harness
        }
        "not-recovered" => {
            let mut harness = breached(|_| {});
            harness.rollback_done(1, RollbackResult::Back);
            harness.until_over(30, World { standby_errors: 25, ..HEALTHY });
            harness
        }
        other => panic!("no scene {other}"),
    }
}
