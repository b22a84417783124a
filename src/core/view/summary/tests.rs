use serde_json::json;

use super::*;
use crate::core::soak::scenes::{ALL, harness};

fn view(scene: &str) -> View {
    let run = harness(scene);
    let mut view = View::new(run.began_with().clone());
    for envelope in &run.log {
        view.apply(envelope);
    }
    view
}

fn summary(scene: &str) -> Summary {
    Summary::of(&view(scene))
}

#[test]
fn every_phase_and_every_end_is_one_row() {
    let rows = ALL.map(|scene| {
        let row = summary(scene);
        let (word, tone) = row.word();
        format!("{scene}: {word} ({tone:?})\n  {}", serde_json::to_string(&row).unwrap())
    });
    insta::assert_snapshot!(rows.join("\n"));
}

#[test]
fn a_row_survives_its_json() {
    for scene in ALL {
        let row = Summary { host: Some("deploy-1".to_owned()), ..summary(scene) };
        assert_eq!(serde_json::from_str::<Summary>(&serde_json::to_string(&row).unwrap()).unwrap(), row, "{scene}");
    }
}

#[test]
fn what_a_newer_one_says_is_left_out_and_never_well() {
    let told = json!({
        "service": "shop", "state": "watching", "phase": "pondering", "verdict": "splendid", "color": "red",
        "outcome": null, "check": "queue", "value": null, "later": {"more": [1]}, "evidence": 0.5,
    });
    let row: Summary = serde_json::from_value(told).unwrap();
    assert_eq!((row.phase, row.verdict, row.color, row.value), (None, None, None, None));
    assert_eq!((row.check, row.evidence), (Some(CheckId::from("queue")), Some(0.5)));
    let row: Summary = serde_json::from_value(json!({"service": "shop", "state": "asleep"})).unwrap();
    assert_eq!(row.word(), ("ERROR", Tone::Bad));
    serde_json::from_value::<Summary>(json!({"state": "idle"})).unwrap_err();
}

#[test]
fn services_without_a_soak_say_why() {
    for (row, told) in [
        (
            Summary::idle("shop", Some(Color::Blue)),
            json!({"service": "shop", "state": "idle", "color": "blue", "active": "blue"}),
        ),
        (Summary::error("shop", "no such file"), json!({"service": "shop", "state": "error", "error": "no such file"})),
        (
            Summary::elsewhere("shop", "a monitor of its own, process 7"),
            json!({"service": "shop", "state": "elsewhere", "error": "a monitor of its own, process 7"}),
        ),
        (
            Summary::unreachable("deploy-2", "connection refused"),
            json!({"service": "deploy-2", "state": "unreachable", "error": "connection refused"}),
        ),
    ] {
        assert_eq!(serde_json::to_value(&row).unwrap(), told);
        assert_eq!(told["state"], row.state.name());
    }
}

#[test]
fn the_numbers_are_of_the_check_that_breached_and_else_of_the_first_of_the_worst() {
    let held = summary("held");
    assert_eq!((held.check.clone(), held.word()), (Some(CheckId::ErrorRate), ("HELD", Tone::Bad)));
    assert!(held.value > held.limit && held.evidence >= Some(1.0), "{:?} {:?}", held.value, held.evidence);
    let calm = summary("watching");
    assert_eq!((calm.check.clone(), calm.verdict), (Some(CheckId::ErrorRate), Some(Verdict::Healthy)));
    assert!(calm.value < calm.limit && calm.evidence < Some(1.0));
}

#[test]
fn requests_are_those_of_the_window_so_far_and_none_after_the_end() {
    let (calm, over) = (summary("watching"), summary("retained"));
    assert!(calm.requests_per_second > Some(0.0), "{:?}", calm.requests_per_second);
    assert_eq!((over.requests_per_second, over.left_ms, over.state), (None, None, State::Idle));
    assert_eq!(over.exit_code, Some(0));
}

#[test]
fn that_time_passes_is_no_news() {
    let before = summary("watching");
    let left = before.left_ms.unwrap();
    let later = |left_ms| Summary { left_ms, ..before.clone() };
    assert!(!later(Some(left - 4_000)).is_news(&before, 4_200));
    assert!(later(Some(left + 60_000)).is_news(&before, 4_000));
    assert!(later(None).is_news(&before, 0));
    assert!(Summary { value: Some(0.5), ..later(Some(left)) }.is_news(&before, 0));
}
