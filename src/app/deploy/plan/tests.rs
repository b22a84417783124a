use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::*;

const BLUE: Color = Color::Blue;
const GREEN: Color = Color::Green;

/// The watched deployment of all tests: green since 10, blue before.
const BINDING: Binding = Binding { active: GREEN, last_switch: Some(10), previous: BLUE };

fn state(active: Color, last_switch: i64, previous: Option<Color>, transition: &Value) -> State {
    let document = json!({
        "activeColor": active, "lastSwitch": last_switch, "previousColor": previous, "transition": transition,
    });
    State::parse(&document.to_string()).unwrap()
}

fn watched() -> State {
    state(GREEN, 10, Some(BLUE), &json!({"kind": "switch", "at": 10}))
}

fn rolled_back() -> State {
    state(BLUE, 20, Some(GREEN), &json!({"kind": "rollback", "at": 20}))
}

fn plan_for(state: &State, router: Option<Color>, binding: Option<Binding>, progress: Progress) -> Plan {
    plan(&Situation { state, router, binding, progress })
}

const fn act(target: Color, move_router: bool) -> Plan {
    Plan::Act(Steps { target, move_router })
}

#[test]
fn the_rule_that_binds_a_rollback_to_its_deployment() {
    let newer = state(GREEN, 30, Some(BLUE), &json!({"kind": "switch", "at": 30}));
    let open = Progress::Open(BLUE);
    let cases = [
        ("1: open, both show blue: complete", &rolled_back(), Some(BLUE), open, act(BLUE, false)),
        ("2: open, the router shows blue: repair the state", &watched(), Some(BLUE), open, act(BLUE, false)),
        ("2: open, the state shows blue: repair the router", &rolled_back(), Some(GREEN), open, act(BLUE, true)),
        ("2: open, the state shows blue, router unreadable", &rolled_back(), None, open, act(BLUE, true)),
        ("3: open, neither shows blue, lastSwitch changed", &newer, Some(GREEN), open, Plan::Superseded),
        ("3: open, router unreadable, lastSwitch changed", &newer, None, open, Plan::Superseded),
        ("3: somebody else rolled back", &rolled_back(), Some(BLUE), Progress::None, Plan::Superseded),
        ("3: somebody else switched", &newer, Some(GREEN), Progress::None, Plan::Superseded),
        ("3: somebody else switched after our rollback", &newer, Some(GREEN), Progress::Done, Plan::Superseded),
        ("4: nothing changed: roll back", &watched(), Some(GREEN), Progress::None, act(BLUE, true)),
        ("4: open, crashed before the move: roll back", &watched(), Some(GREEN), open, act(BLUE, true)),
        ("4: router unreadable: move it", &watched(), None, Progress::None, act(BLUE, true)),
        ("4: the router alone was moved back", &watched(), Some(BLUE), Progress::None, act(BLUE, false)),
        ("done: back already", &rolled_back(), Some(BLUE), Progress::Done, Plan::AlreadyBack(BLUE)),
        (
            "done, but the router has left: not ours any more",
            &rolled_back(),
            Some(GREEN),
            Progress::Done,
            Plan::Superseded,
        ),
    ];
    for (name, state, router, progress, expected) in cases {
        assert_eq!(plan_for(state, router, Some(BINDING), progress), expected, "{name}");
    }
}

#[test]
fn without_a_soak_the_state_file_says_what_can_be_rolled_back() {
    let same_color = state(BLUE, 20, Some(BLUE), &Value::Null);
    let nothing = |state: &State| Plan::Nothing(rollback_target(state).unwrap_err());
    let by_deploy_ts = state(BLUE, 20, Some(GREEN), &Value::Null);
    let missing = State::never_switched();
    let cases = [
        ("a switch", &watched(), Some(GREEN), Progress::None, act(BLUE, true)),
        ("a switch whose router went back", &watched(), Some(BLUE), Progress::None, act(BLUE, false)),
        ("an unfinished rollback, before the move", &watched(), Some(GREEN), Progress::Open(BLUE), act(BLUE, true)),
        ("one whose record is missing", &rolled_back(), Some(BLUE), Progress::Open(BLUE), act(BLUE, false)),
        ("one that deploy.ts wrote down", &by_deploy_ts, Some(BLUE), Progress::Open(BLUE), act(BLUE, false)),
        ("a finished rollback", &rolled_back(), Some(BLUE), Progress::Done, Plan::AlreadyBack(BLUE)),
        ("one that the router lost", &rolled_back(), Some(GREEN), Progress::Done, act(BLUE, true)),
        ("a switch that was cut off", &same_color, Some(GREEN), Progress::None, act(BLUE, true)),
        ("a router without a state file", &missing, Some(GREEN), Progress::None, nothing(&missing)),
        ("one with an unreadable router", &rolled_back(), None, Progress::Done, nothing(&rolled_back())),
        ("deploy.ts after its rollback", &same_color, Some(BLUE), Progress::None, nothing(&same_color)),
    ];
    for (name, state, router, progress, expected) in cases {
        assert_eq!(plan_for(state, router, None, progress), expected, "{name}");
    }
    assert_eq!(plan_for(&missing, Some(BLUE), None, Progress::None), nothing(&missing));
}

#[test]
fn a_soak_can_only_be_bound_to_a_switch() {
    assert_eq!(Binding::to(&watched()), Ok(BINDING));
    assert_eq!(Binding::to(&rolled_back()), Err(NothingToRollBack::RolledBack { active: BLUE }));
}

#[derive(Clone, Debug)]
struct Case {
    state: State,
    router: Option<Color>,
    binding: Option<Binding>,
    progress: Progress,
}

/// Every situation there is, up to the values of times.
fn every_case() -> Vec<Case> {
    let colors = [None, Some(BLUE), Some(GREEN)];
    let transitions = [
        Value::Null,
        json!({"kind": "switch", "at": 10}),
        json!({"kind": "rollback", "at": 10}),
        json!({"kind": "rollback", "at": 5}),
    ];
    let mut cases = Vec::new();
    for active in Color::ALL {
        for (last_switch, previous) in [10, 30].into_iter().flat_map(|at| colors.map(|color| (at, color))) {
            for transition in &transitions {
                let state = state(active, last_switch, previous, transition);
                for (router, binding) in colors.into_iter().flat_map(|c| [None, Some(BINDING)].map(|b| (c, b))) {
                    for progress in [Progress::None, Progress::Open(BLUE), Progress::Done] {
                        cases.push(Case { state: state.clone(), router, binding, progress });
                    }
                }
            }
        }
    }
    cases
}

#[test]
fn the_promises_hold_in_every_situation() {
    let cases = every_case();
    assert_eq!(cases.len(), 2 * 2 * 3 * 4 * 3 * 2 * 3);
    for case in cases {
        let Case { state, router, binding, progress } = &case;
        let changed = (state.active(), state.last_switch()) != (BINDING.active, BINDING.last_switch);
        let shows_target = state.active() == BLUE || *router == Some(BLUE);
        match plan_for(state, *router, *binding, *progress) {
            Plan::Act(Steps { target, move_router }) => {
                assert_eq!(move_router, *router != Some(target), "{case:?}");
                if binding.is_some() {
                    assert_eq!(target, BLUE, "{case:?}");
                    let ours = matches!(progress, Progress::Open(_)) && shows_target;
                    assert!(ours || !changed, "a deployment that is not watched is left alone: {case:?}");
                }
            }
            Plan::AlreadyBack(color) => {
                assert_eq!((state.active(), *router), (color, Some(color)), "{case:?}");
                assert_ne!(*progress, Progress::Open(color), "an open intent is closed: {case:?}");
            }
            Plan::Superseded => assert!(binding.is_some() && changed, "{case:?}"),
            Plan::Nothing(reason) => {
                assert_eq!((binding, rollback_target(state)), (&None, Err(reason)), "{case:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn carrying_a_plan_out_leaves_nothing_more_to_do(case in select(every_case())) {
        let Case { mut state, router, binding, progress } = case;
        if let Plan::Act(Steps { target, .. }) = plan_for(&state, router, binding, progress) {
            if state.active() == target {
                state.note(crate::io::state::Move::Rollback, 99);
            } else {
                state.record_move(crate::io::state::Move::Rollback, target, 99);
            }
            let again = plan_for(&state, Some(target), binding, Progress::Done);
            prop_assert_eq!(again, Plan::AlreadyBack(target));
        }
    }
}
