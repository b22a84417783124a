//! What holds for any order of events.

use proptest::prelude::*;

use super::harness::{HEALTHY, Harness, WALL, settings};
use crate::config::{Bound, Excuse, OnBreach, OnInconclusive, OnSharedCause, Ratio};
use crate::core::detect::{Buckets, Latency, Reading};
use crate::core::soak::{
    Answer, DeploymentSeen, Effect, Event, Frozen, LatencySettings, Machine, Metered, Origin, QueryKind, QuerySettings,
    Readiness, RollbackResult, Sample, Settings, SwitchResult,
};
use crate::model::{Action, Actor, Cause, CheckId, Color, Outcome, Verdict};

/// `lastSwitch` of every rollback.
const BACK: i64 = WALL + 500_000;

fn color() -> impl Strategy<Value = Color> {
    prop_oneof![Just(Color::Blue), Just(Color::Green)]
}

fn sample() -> impl Strategy<Value = Sample> {
    let page = (0..5_000_u64, 0..5_000_u64, proptest::option::of(WALL - 10_000..WALL + 90_000), latency()).prop_map(
        |(total, errors, started_ms, latency)| {
            Sample::Good(Reading { total, errors, started_ms, latency, ..Reading::default() })
        },
    );
    prop_oneof![4 => page, 1 => Just(Sample::Failed("refused".to_owned()))]
}

/// A histogram as no client writes it: its counts may fall, its bounds may change.
fn latency() -> impl Strategy<Value = Option<Latency>> {
    let buckets =
        (prop_oneof![Just(vec![100.0, 500.0]), Just(vec![500.0]), Just(vec![])], prop::array::uniform3(0..5_000_u64))
            .prop_map(|(bounds_ms, counts)| {
                let counts = counts[..=bounds_ms.len()].to_vec();
                Latency::Buckets(Buckets { bounds_ms, counts })
            });
    prop_oneof![2 => buckets.prop_map(Some), 1 => Just(None), 1 => Just(Some(Latency::Unknown("none".to_owned())))]
}

fn readiness() -> impl Strategy<Value = Readiness> {
    prop_oneof![3 => Just(Readiness::Ready), 1 => Just(Readiness::NotReady("503".to_owned()))]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        Just(Action::Abort),
        any::<bool>().prop_map(|force| Action::Rollback { force }),
        Just(Action::Pause),
        Just(Action::Resume),
        (1_000..100_000_u64).prop_map(|by_ms| Action::Extend { by_ms }),
        Just(Action::Keep),
    ]
}

fn rollback_result() -> impl Strategy<Value = RollbackResult> {
    prop_oneof![
        Just(RollbackResult::Back),
        Just(RollbackResult::Superseded("moved".to_owned())),
        Just(RollbackResult::Failed("refused".to_owned())),
    ]
}

fn observed() -> impl Strategy<Value = Event> {
    let router =
        prop_oneof![8 => color().prop_map(Ok), 1 => Just(Err(crate::core::soak::ReadError("no route".to_owned())))];
    let state = prop_oneof![
        8 => Just((Color::Green, WALL)),
        1 => Just((Color::Blue, WALL)),
        4 => Just((Color::Blue, BACK)),
        1 => Just((Color::Green, BACK + 1)),
    ];
    (0..4_u32, router, state).prop_map(|(epoch, router, (active, last_switch))| {
        let state = Ok(DeploymentSeen { active, last_switch: Some(last_switch) });
        Event::RouterObserved { epoch, router, state, foreign: None }
    })
}

fn metered() -> impl Strategy<Value = Event> {
    let outcome = prop_oneof![
        4 => sample().prop_map(|sample| match sample {
            Sample::Good(reading) => Metered::New(reading),
            Sample::Failed(why) => Metered::Failed(why),
        }),
        2 => (0..90_000_u64).prop_map(|age_ms| Metered::Same { age_ms }),
    ];
    let check = prop_oneof![Just(CheckId::ErrorRate), Just(CheckId::Latency), Just(CheckId::from("queue"))];
    (color(), check, outcome).prop_map(|(color, check, outcome)| Event::Metered { color, check, outcome })
}

fn queried() -> impl Strategy<Value = Event> {
    let alerts = proptest::collection::vec(prop_oneof![Just("A".to_owned()), Just("B".to_owned())], 0..3);
    let note = proptest::option::of(Just("a store is away".to_owned()));
    let answer = prop_oneof![
        3 => (0..200_u8, note.clone()).prop_map(|(value, note)| Answer::Value { value: f64::from(value), note }),
        3 => (alerts, note).prop_map(|(alerts, note)| Answer::Firing { alerts, note }),
        1 => Just(Answer::Failed("refused".to_owned())),
    ];
    let check = prop_oneof![Just("queue"), Just("pages"), Just("unknown")].prop_map(CheckId::from);
    (check, answer).prop_map(|(check, answer)| Event::Queried { check, answer })
}

/// A value that may not be above 100 for 2 s, and alerts of which none may fire.
fn queries() -> Vec<QuerySettings> {
    let check = |name: &str, kind, threshold, for_ms| QuerySettings {
        name: name.into(),
        kind,
        threshold,
        breach: Bound::Above,
        for_ms,
        required: true,
    };
    vec![check("queue", QueryKind::Value, 100.0, 2_000), check("pages", QueryKind::Alerts, 0.0, 0)]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        10 => metered(),
        3 => (color(), proptest::sample::subsequence(vec!["http://green-1", "http://green-2", "http://c"], 1..=3))
            .prop_map(|(color, present)| {
                Event::Instances { color, present: present.into_iter().map(str::to_owned).collect() }
            }),
        10 => queried(),
        30 => (color(), 0..3_usize, sample())
            .prop_map(|(color, instance, outcome)| Event::Sampled { color, instance, outcome }),
        20 => (0..3_usize, readiness()).prop_map(|(instance, answer)| Event::Probed { instance, answer }),
        10 => (0..2_usize, readiness()).prop_map(|(instance, answer)| Event::StandbyProbed { instance, answer }),
        30 => (0..3_u32).prop_map(|skipped| Event::Tick { skipped }),
        5 => Just(Event::Timer),
        4 => observed(),
        3 => Just(Event::SwitchDone { result: SwitchResult::Switched { last_switch: Some(WALL) }, kept: None }),
        4 => (1..6_u32, rollback_result()).prop_map(|(attempt, result)| {
            Event::RollbackDone { attempt, result, last_switch: Some(BACK), kept: None }
        }),
        2 => action().prop_map(|action| Event::Action { action, actor: Actor::Operator("x@y".to_owned()), reason: None }),
        1 => Just(Event::Interrupted { signal: "SIGTERM".to_owned(), actor: Actor::Operator("x@y".to_owned()) }),
        1 => (0..100_000_u64).prop_map(|ms| Event::ClockGap { ms }),
        1 => Just(Event::Trouble { what: "disk".to_owned() }),
        1 => any::<bool>().prop_map(|frozen| {
            let frozen = frozen.then(|| Frozen { by: "operator:x@y".to_owned(), reason: None, until_ms: None });
            Event::Freeze { frozen }
        }),
    ]
}

fn any_settings() -> impl Strategy<Value = Settings> {
    let policy = prop_oneof![Just(OnBreach::Rollback), Just(OnBreach::Hold), Just(OnBreach::Notify)];
    let unknown = prop_oneof![Just(OnInconclusive::Hold), Just(OnInconclusive::Keep), Just(OnInconclusive::Rollback)];
    let flags = (any::<bool>(), any::<bool>(), proptest::bool::weighted(0.2), any::<bool>());
    let asks = proptest::array::uniform3(any::<bool>());
    (policy, unknown, flags, asks, 0..20_000_u64, 0..20_000_u64).prop_map(
        |(on_breach, on_inconclusive, flags, [asks, metered, shared], grace_ms, warmup_ms)| {
            let (auto_rollback, switch, no_rollback, judges_latency) = flags;
            let latency = LatencySettings {
                threshold_ms: 500.0,
                quantile: Ratio(0.95),
                excuse: Excuse::None,
                near: true,
                metered: None,
                required: true,
            };
            let latency = judges_latency.then_some(latency);
            let origin = if switch { Origin::Switch { gate_ms: 9_000, soak: true } } else { Origin::Soak };
            let mut error_rate = settings().error_rate;
            error_rate.metered = metered.then(|| "http://prometheus".to_owned());
            Settings {
                error_rate,
                queries: if asks { queries() } else { Vec::new() },
                on_shared_cause: if shared { OnSharedCause::Hold } else { OnSharedCause::Rollback },
                origin,
                warmup_ms,
                auto_rollback,
                no_rollback,
                on_breach,
                grace_ms,
                on_inconclusive,
                latency,
                ..settings()
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_order_of_events_keeps_the_rules(
        settings in any_settings(),
        events in proptest::collection::vec((event(), 0..2_500_u64), 1..200),
    ) {
        let mut harness = Harness::new(settings.clone());
        for (event, after) in events {
            harness.at += after;
            let handed_over = !harness.attempts().is_empty();
            let before = harness.machine.ending().cloned();
            let ordered = matches!(event, Event::Action { .. });
            let forced = matches!(event, Event::Action { action: Action::Rollback { force: true }, .. });
            harness.feed(event);
            if !handed_over && !harness.attempts().is_empty() {
                prop_assert!(ordered || harness.machine.frozen().is_none(), "a freeze stops every rollback but an operator's");
                prop_assert!(forced || !settings.no_rollback, "without a way back only force goes back");
            }
            if before.is_some() {
                prop_assert_eq!(harness.machine.ending().cloned(), before, "an end is final");
            } else if let Some(ending) = harness.machine.ending() {
                prop_assert!(!(handed_over && ending.outcome == Outcome::Aborted), "a hand-over cannot be aborted");
            }
        }
        let finishes = harness.effects.iter().filter(|effect| matches!(effect, Effect::Finish(_))).count();
        prop_assert_eq!(finishes, usize::from(harness.machine.ending().is_some()));
        let starts = harness.attempts().iter().filter(|attempt| **attempt == 1).count();
        prop_assert!(starts <= 1, "a deployment is rolled back at most once");
        let ending = harness.machine.ending();
        if ending.is_some_and(|ending| ending.outcome == Outcome::Retained && ending.cause == Cause::Auto) {
            prop_assert_eq!(harness.machine.verdict(), Verdict::Healthy, "unknown never becomes retained");
        }
    }

    #[test]
    fn a_replay_of_the_recorded_text_gives_the_same_effects(
        settings in any_settings(),
        events in proptest::collection::vec((event(), 0..2_500_u64), 1..120),
    ) {
        let mut harness = Harness::new(settings.clone());
        for (event, after) in events {
            harness.at += after;
            harness.feed(event);
        }
        let settings: Settings = serde_json::from_str(&serde_json::to_string(&settings).unwrap()).unwrap();
        let mut replayed = Machine::new(settings);
        let mut effects = Vec::new();
        for envelope in &harness.log {
            let line = serde_json::to_string(envelope).unwrap();
            effects.extend(replayed.handle(&serde_json::from_str(&line).unwrap()));
        }
        prop_assert_eq!(effects, harness.effects);
    }
}

#[test]
fn a_run_without_a_soak_has_no_summary() {
    let mut settings = settings();
    settings.origin = Origin::Switch { gate_ms: 9_000, soak: true };
    let mut harness = Harness::new(settings);
    assert_eq!(harness.machine.summary(), None);
    assert_eq!(harness.machine.progress(), None);
    harness.second(HEALTHY);
    assert_eq!(harness.machine.summary(), None);
}
