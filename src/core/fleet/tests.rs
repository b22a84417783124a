use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::core::view::{State, Summary};
use crate::model::{Color, Outcome, Phase, Verdict};

fn watched(service: &str, value: f64) -> Summary {
    let calm = Summary::idle(service, Some(Color::Green));
    Summary {
        state: State::Watching,
        soak: Some(format!("soak-of-{service}")),
        phase: Some(Phase::Watching),
        verdict: Some(Verdict::Healthy),
        check: Some("error-rate".into()),
        value: Some(value),
        limit: Some(0.05),
        evidence: Some(0.0),
        left_ms: Some(60_000),
        ..calm
    }
}

fn in_phase(service: &str, phase: Phase) -> Summary {
    Summary { phase: Some(phase), verdict: Some(Verdict::Breached), ..watched(service, 0.2) }
}

fn ended(service: &str, outcome: Outcome, exit_code: u8) -> Summary {
    Summary { outcome: Some(outcome), exit_code: Some(exit_code), ..Summary::idle(service, Some(Color::Blue)) }
}

fn fleet(services: Vec<Summary>) -> Fleet {
    let mut fleet = Fleet::new(["deploy-1".to_owned()]);
    fleet.apply(Update::Services { source: 0, host: "deploy-1".to_owned(), is_agent: true, services }, 0);
    fleet
}

fn order(fleet: &Fleet) -> Vec<String> {
    fleet.ordered(&[]).into_iter().map(|key| key.service).collect()
}

fn key(service: &str) -> Key {
    Key { source: 0, service: service.to_owned() }
}

fn service(service: Summary) -> Update {
    Update::Service { source: 0, service: Box::new(service) }
}

#[test]
fn a_host_that_has_not_answered_in_time_is_a_row_that_says_so() {
    let mut fleet = Fleet::new(["deploy-1".to_owned(), "deploy-2".to_owned(), "deploy-3".to_owned()]);
    let services = vec![watched("shop", 0.01)];
    fleet.apply(Update::Services { source: 0, host: "deploy-1".to_owned(), is_agent: true, services }, 0);
    fleet.apply(Update::Lost { source: 2, why: "no route".to_owned() }, 0);
    fleet.give_up("no answer", 15_000);
    let told = |source: usize| fleet.row(&Key { source, service: String::new() })?.summary.error.clone();
    assert_eq!([0, 1, 2].map(told), [None, Some("no answer".to_owned()), Some("no route".to_owned())]);
    assert!(fleet.is_known() && fleet.row(&key("shop")).is_some_and(|row| !row.is_stale));
}

#[test]
fn the_worst_comes_first_and_equals_by_name() {
    let rows = vec![
        Summary::idle("a-idle", None),
        ended("b-retained", Outcome::Retained, 0),
        Summary::elsewhere("c-elsewhere", "pid 7"),
        watched("d-healthy", 0.01),
        watched("c-healthy", 0.01),
        Summary { verdict: Some(Verdict::Unknown), ..watched("e-not-known", 0.01) },
        Summary { evidence: Some(0.6), ..watched("f-near", 0.01) },
        Summary { paused: true, ..watched("g-paused", 0.01) },
        ended("h-rolled-back", Outcome::RolledBack, 3),
        watched("i-above", 0.06),
        Summary { blind_ms: Some(9_000), ..watched("j-blind", 0.0) },
        Summary::error("k-error", "no such file"),
        in_phase("l-grace", Phase::Grace),
        in_phase("m-held", Phase::Held),
        ended("n-failed", Outcome::RollbackFailed, 7),
        Summary { phase: Some(Phase::Gating), ..watched("o-gating", 0.9) },
        in_phase("p-verifying", Phase::Verifying),
    ];
    let wanted = [
        "m-held",
        "n-failed",
        "l-grace",
        "k-error",
        "i-above",
        "j-blind",
        "h-rolled-back",
        "p-verifying",
        "g-paused",
        "f-near",
        "e-not-known",
        "o-gating",
        "c-healthy",
        "d-healthy",
        "c-elsewhere",
        "b-retained",
        "a-idle",
    ];
    assert_eq!(order(&fleet(rows)), wanted);
}

#[test]
fn a_row_that_comes_and_goes_at_one_share_stands_still() {
    let mut fleet = fleet(vec![watched("a", 0.01), Summary { evidence: Some(0.51), ..watched("b", 0.01) }]);
    for (value, first) in [(0.049, "a"), (0.051, "b"), (0.048, "b"), (0.046, "b"), (0.044, "a")] {
        fleet.apply(service(watched("b", value)), 500);
        assert_eq!(order(&fleet)[0], first, "{value}");
    }
    for (evidence, first) in [(0.51, "b"), (0.45, "b"), (0.41, "b"), (0.39, "a"), (0.49, "a"), (0.51, "b")] {
        fleet.apply(service(Summary { evidence: Some(evidence), ..watched("b", 0.01) }), 1_000);
        assert_eq!(order(&fleet)[0], first, "{evidence}");
    }
}

#[test]
fn a_host_out_of_reach_is_a_row_and_its_services_keep_what_was_last_heard() {
    let mut fleet = fleet(vec![watched("shop", 0.01)]);
    let why = || "connection refused".to_owned();
    assert_eq!(fleet.apply(Update::Lost { source: 0, why: why() }, 5_000), [Change::Lost(0)]);
    assert_eq!(fleet.apply(Update::Lost { source: 0, why: why() }, 6_000), []);
    assert_eq!(order(&fleet), ["", "shop"]);
    let host = &fleet.row(&key("")).unwrap().summary;
    assert_eq!((host.service.as_str(), host.error.as_deref()), ("deploy-1", Some("connection refused")));
    let row = fleet.row(&key("shop")).unwrap();
    assert_eq!((row.is_stale, row.summary.value, row.left_ms(30_000)), (true, Some(0.01), Some(60_000)));
    assert!(!fleet.is_over() && fleet.exit_code() == 10 && fleet.counts().services == 1);
    // What ended meanwhile is told when it answers again.
    let back = ended("shop", Outcome::RolledBack, 3);
    let services = Update::Services { source: 0, host: "deploy-1".to_owned(), is_agent: true, services: vec![back] };
    assert_eq!(fleet.apply(services, 9_000), [Change::Reached(0), Change::Row(key("shop"))]);
    assert_eq!((order(&fleet), fleet.is_over(), fleet.exit_code()), (vec!["shop".to_owned()], true, 3));
}

#[test]
fn time_left_goes_on_between_two_messages() {
    let mut fleet = fleet(vec![watched("shop", 0.01)]);
    let left = |fleet: &Fleet, now| fleet.row(&key("shop")).unwrap().left_ms(now);
    assert_eq!((left(&fleet, 12_000), left(&fleet, 90_000)), (Some(48_000), Some(0)));
    fleet.apply(service(Summary { left_ms: Some(45_000), ..watched("shop", 0.01) }), 15_000);
    assert_eq!(left(&fleet, 16_000), Some(44_000));
}

#[test]
fn only_what_says_something_else_is_worth_a_line() {
    let mut fleet = fleet(vec![watched("shop", 0.01)]);
    assert_eq!(fleet.apply(service(watched("shop", 0.02)), 1_000), []);
    assert_eq!(fleet.apply(service(in_phase("shop", Phase::Held)), 2_000), [Change::Row(key("shop"))]);
    let gone = || Update::Gone { source: 0, service: "shop".to_owned() };
    assert_eq!(fleet.apply(gone(), 3_000), [Change::Gone(key("shop"))]);
    assert_eq!(fleet.apply(gone(), 4_000), []);
    assert_eq!(fleet.apply(Update::Gone { source: 9, service: "shop".to_owned() }, 4_000), []);
}

#[test]
fn the_course_is_of_one_soak_and_one_check() {
    let mut fleet = fleet(vec![watched("shop", 0.05)]);
    fleet.tick(0);
    fleet.apply(service(watched("shop", 0.1)), 500);
    fleet.tick(1_000);
    let trend = |fleet: &Fleet| fleet.row(&key("shop")).unwrap().trend.last(9).collect::<Vec<_>>();
    assert_eq!(trend(&fleet), [Some(1.0), Some(2.0)]);
    fleet.apply(service(Summary { check: Some("latency".into()), ..watched("shop", 0.1) }), 1_500);
    assert_eq!(trend(&fleet), []);
}

#[test]
fn rows_are_found_by_all_words_wherever_they_stand() {
    let mut fleet = fleet(vec![
        Summary { release: Some("V1.5".to_owned()), ..watched("checkout-api", 0.01) },
        in_phase("checkout-web", Phase::Held),
        Summary::error("search", "no such file"),
    ]);
    let found = |fleet: &Fleet, text: &str| {
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        fleet.ordered(&words).into_iter().map(|key| key.service).collect::<Vec<_>>()
    };
    for (text, services) in [
        ("checkout", vec!["checkout-web", "checkout-api"]),
        ("HELD", vec!["checkout-web"]),
        ("checkout v1", vec!["checkout-api"]),
        ("such deploy-1", vec!["search"]),
        ("green checkout", vec!["checkout-web", "checkout-api"]),
        ("nothing-like-that", vec![]),
    ] {
        assert_eq!(found(&fleet, text), services, "{text}");
    }
    fleet.apply(Update::Lost { source: 0, why: "gone".to_owned() }, 1_000);
    assert_eq!(found(&fleet, "stale api"), ["checkout-api"]);
}

#[test]
fn the_exit_code_is_the_worst_one() {
    let order = [7, 12, 11, 1, 2, 3, 4, 8, 6, 5, 10, 9, 13, 0];
    for pair in order.windows(2) {
        assert_eq!((worst([pair[1], pair[0]]), worst([pair[0], pair[1]])), (pair[0], pair[0]));
    }
    assert_eq!((worst([]), worst([3, 143]), worst([143, 11])), (0, 143, 11));
    let all = |rows: Vec<Summary>| fleet(rows).exit_code();
    assert_eq!(all(vec![]), 0);
    assert_eq!(all(vec![Summary::idle("b", None), ended("c", Outcome::Retained, 0)]), 0);
    assert_eq!(all(vec![watched("a", 0.9), ended("c", Outcome::Retained, 0)]), 10, "one runs still");
    assert_eq!(all(vec![ended("a", Outcome::RolledBack, 3), ended("b", Outcome::Held, 11)]), 11);
    assert_eq!(all(vec![Summary::error("a", "why"), Summary::elsewhere("b", "who")]), 2);
    assert_eq!(Fleet::new(["deploy-1".to_owned()]).exit_code(), 13);
}

#[test]
fn counts_are_by_word_the_worst_first() {
    let mut fleet = Fleet::new(["one".to_owned(), "two".to_owned()]);
    let services = vec![watched("a", 0.01), watched("b", 0.9), in_phase("c", Phase::Held), watched("d", 0.01)];
    fleet.apply(Update::Services { source: 0, host: "deploy-1".to_owned(), is_agent: true, services }, 0);
    let counts = fleet.counts();
    assert_eq!((counts.services, counts.sources, counts.asked), (4, 2, 1));
    let words: Vec<_> = counts.words.iter().map(|(word, _, count)| (*word, *count)).collect();
    assert_eq!(words, [("HELD", 1), ("watching", 3)]);
    assert!(!fleet.is_known());
    fleet.apply(Update::Lost { source: 1, why: "no".to_owned() }, 0);
    assert!(fleet.is_known());
}

#[derive(Clone, Debug)]
enum Step {
    Set(usize, f64),
    Drop(usize),
    Lose,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..8_usize, 0.0..0.1_f64).prop_map(|(service, value)| Step::Set(service, value)),
        2 => (0..8_usize).prop_map(Step::Drop),
        1 => Just(Step::Lose),
    ]
}

proptest! {
    /// Whoever joins late and is sent the whole list sees what those see who have followed every change; only the order has a
    /// memory, of rows that come and go at one value.
    #[test]
    fn a_stream_of_changes_equals_the_whole_list(steps in prop::collection::vec(step(), 0..60)) {
        let mut followed = fleet(Vec::new());
        let mut now: BTreeMap<String, Summary> = BTreeMap::new();
        let whole = |now: &BTreeMap<String, Summary>| {
            Update::Services { source: 0, host: "deploy-1".to_owned(), is_agent: true, services: now.values().cloned().collect() }
        };
        for (at, step) in steps.into_iter().enumerate() {
            let at = at as u64 * 100;
            match step {
                Step::Set(name, value) => {
                    let row = watched(&format!("service-{name}"), value);
                    now.insert(row.service.clone(), row.clone());
                    followed.apply(service(row), at);
                }
                Step::Drop(name) => {
                    let name = format!("service-{name}");
                    now.remove(&name);
                    followed.apply(Update::Gone { source: 0, service: name }, at);
                }
                Step::Lose => {
                    followed.apply(Update::Lost { source: 0, why: "reset".to_owned() }, at);
                    followed.apply(whole(&now), at);
                }
            }
        }
        let fresh = {
            let mut fresh = Fleet::new(["deploy-1".to_owned()]);
            fresh.apply(whole(&now), 0);
            fresh
        };
        let told = |fleet: &Fleet| {
            let row = |key: &Key| fleet.row(key).map(|row| (row.summary.clone(), row.is_stale));
            fleet.ordered(&[]).iter().map(|key| (key.clone(), row(key))).collect::<BTreeMap<_, _>>()
        };
        prop_assert_eq!(told(&followed), told(&fresh));
        prop_assert_eq!(followed.counts(), fresh.counts());
        prop_assert_eq!(followed.exit_code(), fresh.exit_code());
    }
}
