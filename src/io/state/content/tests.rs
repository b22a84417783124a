use proptest::prelude::*;
use serde_json::json;

use super::*;

const SWITCHED: &str = r#"{
  "activeColor": "green",
  "lastSwitch": 1795476145183,
  "previousColor": "blue"
}"#;

fn parse(value: &Value) -> State {
    State::parse(&value.to_string()).unwrap()
}

#[test]
fn what_deploy_ts_writes_reads_back_and_prints_the_same() {
    let state = State::parse(SWITCHED).unwrap();
    let read = (state.active(), state.last_switch(), state.previous(), state.transition(), state.soak());
    assert_eq!(read, (Color::Green, Some(1_795_476_145_183), Some(Color::Blue), None, None));
    assert!(state.exists());
    assert_eq!(state.to_text().unwrap(), SWITCHED);
    let with_newline = format!("{SWITCHED}\n");
    assert_eq!(State::parse(&with_newline).unwrap().to_text().unwrap(), with_newline);
}

#[test]
fn a_move_is_noted_and_foreign_keys_stay_where_they_were() {
    let mut state =
        State::parse(r#"{"owner":"ops","activeColor":"blue","lastSwitch":5,"previousColor":"blue","x":[1.5]}"#)
            .unwrap();
    state.record_move(Move::Switch, Color::Green, 1000);
    let expected = concat!(
        r#"{"owner":"ops","activeColor":"green","lastSwitch":1000,"previousColor":"blue","x":[1.5],"#,
        r#""transition":{"kind":"switch","at":1000}}"#
    );
    assert_eq!(Value::Object(state.document.clone()).to_string(), expected);
    assert_eq!(State::parse(&state.to_text().unwrap()).unwrap(), state);
}

#[test]
fn a_first_move_begins_the_file_as_deploy_ts_would() {
    let mut state = State::never_switched();
    assert!(!state.exists());
    state.record_move(Move::Switch, Color::Green, 1000);
    let text = state.to_text().unwrap();
    assert!(
        text.starts_with("{\n  \"activeColor\": \"green\",\n  \"lastSwitch\": 1000,\n  \"previousColor\": \"blue\",\n")
    );
}

#[test]
fn last_switch_grows_even_when_the_clock_was_set_back() {
    let mut state = State::parse(SWITCHED).unwrap();
    state.record_move(Move::Rollback, Color::Blue, 7);
    assert_eq!(state.last_switch(), Some(1_795_476_145_184));
    assert_eq!(
        state.transition(),
        Some(&Transition { kind: Move::Rollback, at: 1_795_476_145_184, no_rollback: false, release: None })
    );
}

#[test]
fn a_note_belongs_to_the_move_that_somebody_else_wrote_down() {
    let mut state = State::parse(SWITCHED).unwrap();
    state.note(Move::Rollback, 9);
    assert_eq!(
        state.transition(),
        Some(&Transition { kind: Move::Rollback, at: 1_795_476_145_183, no_rollback: false, release: None })
    );
    let mut timeless = parse(&json!({"activeColor": "blue"}));
    timeless.note(Move::Rollback, 9);
    assert!(timeless.is_rolled_back());
    assert_eq!(timeless.last_switch(), Some(9));
}

#[test]
fn undoing_a_move_restores_traffic_and_leaves_the_rest() {
    let before = State::parse(SWITCHED).unwrap();
    let mut state = before.clone();
    state.record_move(Move::Switch, Color::Blue, 2_000_000_000_000);
    state.set_soak(SoakBlock { id: "x".into(), ..SoakBlock::default() });
    state.restore_traffic(&before);
    assert_eq!((state.active(), state.transition()), (Color::Green, None));
    assert!(state.to_text().unwrap().contains("\"soak\""));
    let mut again = before.clone();
    again.note(Move::Switch, 1);
    state.restore_traffic(&again);
    assert_eq!(state.transition(), again.transition());
    state.restore_traffic(&State::never_switched());
    assert!(!state.to_text().unwrap().contains("lastSwitch"));
}

#[test]
fn the_soak_block_replaces_nothing_else() {
    let mut state = State::parse(SWITCHED).unwrap();
    let soak = SoakBlock {
        id: "20261123T140211Z-3f2a".into(),
        phase: "watching".into(),
        ends_at: Some("2026-11-23T14:12:11Z".into()),
        ..SoakBlock::default()
    };
    state.set_soak(soak.clone());
    let tail = ",\n  \"soak\": {\n    \"id\": \"20261123T140211Z-3f2a\",\n    \"phase\": \"watching\",\n    \"endsAt\": \"2026-11-23T14:12:11Z\"\n  }\n}";
    assert_eq!(state.to_text().unwrap(), format!("{}{tail}", SWITCHED.trim_end_matches("\n}")));
    assert_eq!(State::parse(&state.to_text().unwrap()).unwrap().soak(), Some(&soak));
}

#[test]
fn corrupt_texts_are_refused_with_the_place_of_what_is_wrong() {
    let with = |key: &str, value: &str| format!("{{\"activeColor\":\"blue\",\"{key}\":{value}}}");
    for (text, complaint) in [
        (String::new(), "it is empty"),
        (" \n".to_owned(), "it is empty"),
        ("{\n  \"activeColor\": \"gre".to_owned(), "at line 2 column 21"),
        ("{}x".to_owned(), "trailing characters at line 1 column 3"),
        ("[]".to_owned(), "it is not a JSON object"),
        ("null".to_owned(), "it is not a JSON object"),
        ("{}".to_owned(), "key `activeColor`: it is missing"),
        (
            "{\"activeColor\":\"red\"}".to_owned(),
            "key `activeColor`: unknown variant `red`, expected `blue` or `green`",
        ),
        ("{\"activeColor\":1}".to_owned(), "key `activeColor`"),
        (with("lastSwitch", "\"now\""), "key `lastSwitch`"),
        (with("lastSwitch", "1.5"), "key `lastSwitch`"),
        (with("previousColor", "\"Green\""), "key `previousColor`"),
        (with("transition", "{\"kind\":\"jump\",\"at\":1}"), "key `transition`"),
        (with("soak", "true"), "key `soak`"),
    ] {
        let refused = State::parse(&text).unwrap_err().to_string();
        assert!(refused.contains(complaint), "{text}: {refused}");
    }
}

#[test]
fn null_in_an_optional_key_means_missing() {
    let state = parse(&json!({"activeColor": "blue", "lastSwitch": null, "previousColor": null, "soak": null}));
    assert_eq!((state.last_switch(), state.previous(), state.soak()), (None, None, None));
}

#[test]
fn only_a_switch_can_be_rolled_back() {
    use NothingToRollBack::{NeverSwitched, RolledBack, SameColor};
    let active = Color::Green;
    let base = json!({"activeColor": "green", "lastSwitch": 10, "previousColor": "blue"});
    let with = |key: &str, value: Value| {
        let mut state = base.clone();
        state[key] = value;
        state
    };
    let cases = [
        (base.clone(), Ok(Color::Blue)),
        (with("transition", json!({"kind": "switch", "at": 10})), Ok(Color::Blue)),
        (with("transition", json!({"kind": "rollback", "at": 10})), Err(RolledBack { active })),
        (with("transition", json!({"kind": "rollback", "at": 9})), Ok(Color::Blue)),
        (with("previousColor", json!("green")), Err(SameColor { active })),
        (with("previousColor", Value::Null), Err(NeverSwitched { active })),
    ];
    for (state, expected) in cases {
        assert_eq!(rollback_target(&parse(&state)), expected, "{state}");
    }
    let never = rollback_target(&State::never_switched()).unwrap_err();
    assert_eq!(never.to_string(), "blue is active and was never switched to: no previous color is known");
}

/// Any JSON that an `f64`-minded writer such as Node can produce.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no NaN", |number| number.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn unknown_keys_survive_a_move_as_they_were(
        before in prop::collection::vec(("x[a-zA-Z ]{0,8}", json_value()), 0..4),
        after in prop::collection::vec(("y\\PC{0,8}", json_value()), 0..4),
        now in 0..i64::MAX / 2,
    ) {
        let mut document: Map<String, Value> = before.into_iter().collect();
        document.insert("activeColor".to_owned(), "blue".into());
        document.extend(after);
        let mut state = State::parse(&serde_json::to_string(&document).unwrap()).unwrap();
        state.record_move(Move::Switch, Color::Green, now);
        let mut read = State::parse(&state.to_text().unwrap()).unwrap();
        prop_assert_eq!(read.active(), Color::Green);
        prop_assert_eq!(rollback_target(&read), Ok(Color::Blue));
        for ours in ["lastSwitch", "previousColor", "transition"] {
            prop_assert!(read.document.shift_remove(ours).is_some());
        }
        read.document["activeColor"] = "blue".into();
        // Printed, so that the order of the keys counts too.
        prop_assert_eq!(Value::Object(read.document).to_string(), Value::Object(document).to_string());
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,64}|[{}\\[\\]\":,a-z0-9 ]{0,64}") {
        let _ = State::parse(&text);
    }
}
