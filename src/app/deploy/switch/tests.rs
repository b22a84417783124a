use super::super::testing::{Answer, Harness, deploy_ts, half_a_write};
use super::*;
use crate::app::deploy::Rollback;
use crate::io::state::StateFile;
use crate::model::Actor;

const BEFORE: &str = r#"{"activeColor":"blue","lastSwitch":20,"previousColor":"blue","x":1}"#;

fn request() -> SwitchRequest {
    let actor = Actor::Operator("ann@host".to_owned());
    SwitchRequest {
        replace: Replace::Ours,
        to: Color::Green,
        release: Release::default(),
        decision: Decision::new(DecisionKind::Switch, actor, "traffic moves to green"),
    }
}

/// Blue is active, by router and state file.
fn harness(adjust: impl FnOnce(&mut super::super::testing::TestRouter, &StateFile)) -> Harness {
    let harness = Harness::with(|router, state_file| {
        *router.active.lock().unwrap() = Color::Blue;
        adjust(router, state_file);
    });
    harness.write_state(BEFORE);
    harness
}

#[tokio::test]
async fn a_switch_moves_the_router_writes_the_state_and_can_be_rolled_back() {
    let harness = harness(|_, _| {});
    let Switch::Switched(moved) = harness.deployment.switch(request()).await.unwrap() else { panic!() };
    assert_eq!((moved.color, moved.from, moved.journal_trouble), (Color::Green, Color::Blue, None));
    let state = harness.state();
    assert_eq!((state.active(), state.previous()), (Color::Green, Some(Color::Blue)));
    let at = moved.last_switch.unwrap();
    let noted = state.transition().unwrap();
    assert_eq!((state.last_switch(), noted.kind, noted.at), (Some(at), Move::Switch, at));
    assert_eq!((noted.no_rollback, &noted.release), (false, &None));
    let decision = &harness.deployment.journal().history(1).unwrap()[0].decision;
    assert_eq!(decision.message, "traffic moves to green; the router said: moved to green");
    assert_eq!((decision.active_color, decision.previous_color), (Some(Color::Green), Some(Color::Blue)));

    let back = harness.deployment.rollback(super::super::testing::unbound()).await.unwrap();
    assert!(matches!(back, Rollback::RolledBack(_)), "{back:?}");
    assert_eq!(harness.router.moves(), [(Move::Switch, Color::Green), (Move::Rollback, Color::Blue)]);
}

#[tokio::test]
async fn a_first_switch_creates_the_state_file() {
    let harness = harness(|_, _| {});
    std::fs::remove_file(harness.deployment.state_file().path()).unwrap();
    harness.state_file_router().switch(request()).await.unwrap();
    assert_eq!((harness.state().active(), harness.state().previous()), (Color::Green, Some(Color::Blue)));
}

#[tokio::test]
async fn a_switch_to_the_active_color_touches_nothing() {
    let harness = harness(|_, _| {});
    let request = SwitchRequest { to: Color::Blue, ..request() };
    assert_eq!(harness.deployment.switch(request).await.unwrap(), Switch::AlreadyActive(Color::Blue));
    assert_eq!((harness.router.moves(), harness.decisions()), (vec![], vec![]));
}

#[tokio::test]
async fn what_a_router_command_wrote_is_kept_and_noted_as_a_switch() {
    let harness = harness(|router, state_file| router.on_move = Some((state_file.clone(), deploy_ts)));
    harness.deployment.switch(request()).await.unwrap();
    let state = harness.state();
    let noted = state.transition().unwrap();
    assert_eq!((noted.kind, noted.at, noted.no_rollback, &noted.release), (Move::Switch, 1020, false, &None));
}

#[tokio::test]
async fn a_failed_switch_is_undone_and_leaves_the_state_as_it_was() {
    use Answer::{Fail, FailAfterMoving, Lie, Well};
    // The answers to: move, read-back; then undoing is answered well.
    let cases: [(&[Answer], &str); 4] = [
        (&[Fail], "the router failed: router command `move`"),
        (&[FailAfterMoving], "the router failed: router command `move`"),
        (&[Lie], "the router still shows blue"),
        (&[Well, Fail], "the router cannot be read back"),
    ];
    for (answers, complaint) in cases {
        for writes in [false, true] {
            let harness =
                harness(|router, state_file| router.on_move = writes.then(|| (state_file.clone(), deploy_ts as _)));
            harness.router.answer(answers);
            let failed = harness.deployment.switch(request()).await.unwrap_err().to_string();
            assert!(failed.starts_with("the switch to green failed and was undone: "), "{failed}");
            assert!(failed.contains(complaint) && failed.ends_with("traffic is on blue as before"), "{failed}");
            assert_eq!(harness.router.active(), Color::Blue);
            let state = harness.state();
            let traffic = (state.active(), state.last_switch(), state.previous(), state.transition());
            assert_eq!(traffic, (Color::Blue, Some(20), Some(Color::Blue), None));
            let decision = &harness.deployment.journal().history(1).unwrap()[0].decision;
            assert_eq!((decision.decision, &decision.message), (DecisionKind::SwitchFailed, &failed));
        }
    }
}

#[tokio::test]
async fn a_switch_that_cannot_be_undone_says_where_traffic_is() {
    use Answer::{Fail, FailAfterMoving, Lie, Well};
    // The answers to: move, undoing move, its read-back or the read after its failure.
    let cases: [(&[Answer], &str); 4] = [
        (&[FailAfterMoving, Fail], "traffic is on green"),
        (&[FailAfterMoving, Fail, Fail], "traffic may be on either color"),
        (&[FailAfterMoving, Lie], "the router still shows green; traffic is on green"),
        (&[FailAfterMoving, Well, Fail], "the router accepted the move to blue, but did not confirm it"),
    ];
    for (answers, complaint) in cases {
        let harness = harness(|_, _| {});
        harness.router.answer(answers);
        let failed = harness.deployment.switch(request()).await.unwrap_err().to_string();
        assert!(failed.contains("undoing it failed as well: ") && failed.ends_with(complaint), "{failed}");
        assert_eq!(harness.decisions(), [DecisionKind::Switching, DecisionKind::SwitchFailed]);
        assert_eq!(harness.state().active(), Color::Blue);
    }
}

#[tokio::test]
async fn a_state_file_that_breaks_under_the_move_takes_the_router_back() {
    let harness = harness(|router, state_file| router.on_move = Some((state_file.clone(), half_a_write)));
    let failed = harness.deployment.switch(request()).await.unwrap_err().to_string();
    assert!(failed.contains("is corrupt") && failed.ends_with("traffic is on blue"), "{failed}");
    assert_eq!(harness.router.active(), Color::Blue);
}

#[tokio::test]
async fn a_broken_journal_does_not_stop_a_switch() {
    let harness = harness(|_, _| {});
    harness.break_journal();
    let Switch::Switched(moved) = harness.deployment.switch(request()).await.unwrap() else { panic!() };
    assert!(moved.journal_trouble.is_some());
}

#[tokio::test]
async fn a_corrupt_state_file_stops_a_switch_before_anything_is_touched() {
    let harness = harness(|_, _| {});
    harness.write_state("[]");
    assert!(matches!(harness.deployment.switch(request()).await, Err(SwitchError::State(_))));
    assert_eq!(harness.router.moves(), []);
}

#[tokio::test]
async fn a_switch_brings_back_a_router_that_a_move_cut_off_left_elsewhere() {
    let harness = harness(|router, _| *router.active.lock().unwrap() = Color::Green);
    let request = || SwitchRequest { to: Color::Blue, ..request() };
    let Switch::Switched(moved) = harness.deployment.switch(request()).await.unwrap() else { panic!() };
    assert_eq!((moved.color, moved.from, harness.router.active()), (Color::Blue, Color::Green, Color::Blue));
    let state = harness.state();
    assert_eq!((state.active(), state.previous()), (Color::Blue, Some(Color::Green)));
    assert!(state.last_switch() > Some(20));
    assert_eq!(harness.deployment.switch(request()).await.unwrap(), Switch::AlreadyActive(Color::Blue));
}

#[tokio::test]
async fn bringing_back_a_router_that_fails_leaves_everything_as_it_was() {
    let harness = harness(|router, _| *router.active.lock().unwrap() = Color::Green);
    harness.router.answer(&[Answer::Well, Answer::Fail]);
    let request = SwitchRequest { to: Color::Blue, ..request() };
    let error = harness.deployment.switch(request).await.unwrap_err().to_string();
    assert!(error.ends_with("traffic is on green as before"), "{error}");
    assert_eq!(harness.state().to_text().unwrap(), State::parse(BEFORE).unwrap().to_text().unwrap());
}

/// What a monitor leaves that dies in its switch: the intent, and as much of the move as `moved` says.
fn cut_off(router: Color, state: Color) -> (Harness, SwitchRequest) {
    let harness = harness(|test_router, _| *test_router.active.lock().unwrap() = router);
    let mut request = request();
    request.decision.soak = Some(super::super::testing::SOAK.to_owned());
    harness.journal(&Decision { decision: DecisionKind::Switching, ..request.decision.clone() });
    if state == Color::Green {
        harness.write_state(r#"{"activeColor":"green","lastSwitch":30,"previousColor":"blue"}"#);
    }
    (harness, request)
}

#[tokio::test]
async fn a_switch_that_was_cut_off_anywhere_is_carried_through_once() {
    use Color::{Blue, Green};
    for (router, state, moves) in [(Blue, Blue, 1), (Green, Blue, 1), (Green, Green, 0), (Blue, Green, 1)] {
        let (harness, request) = cut_off(router, state);
        let Switch::Switched(moved) = harness.deployment.switch(request.clone()).await.unwrap() else { panic!() };
        assert_eq!((harness.router.active(), harness.state().active()), (Green, Green));
        assert_eq!(
            harness.state().transition().map(|last| (last.kind, Some(last.at))),
            Some((Move::Switch, moved.last_switch))
        );
        assert_eq!(harness.router.moves().len(), moves, "router {router}, state {state}");
        // A monitor that died right behind its switch asks for it again.
        let Switch::Switched(again) = harness.deployment.switch(request).await.unwrap() else { panic!() };
        assert_eq!(again.last_switch, moved.last_switch);
        assert_eq!(harness.router.moves().len(), moves, "only once");
        assert_eq!(harness.decisions(), [DecisionKind::Switching, DecisionKind::Switch]);
    }
}

#[tokio::test]
async fn a_switch_that_somebody_else_made_since_is_not_taken_for_ours() {
    let (harness, request) = cut_off(Color::Blue, Color::Blue);
    harness.deployment.switch(request.clone()).await.unwrap();
    deploy_ts(harness.deployment.state_file(), Move::Switch, Color::Green);
    assert_eq!(harness.deployment.switch(request).await.unwrap(), Switch::AlreadyActive(Color::Green));
}

#[tokio::test]
async fn a_switch_by_somebody_else_is_not_taken_for_ours() {
    let (harness, mut request) = cut_off(Color::Green, Color::Green);
    request.decision.soak = Some("20261124T090000Z-0000".to_owned());
    assert_eq!(harness.deployment.switch(request).await.unwrap(), Switch::AlreadyActive(Color::Green));
}

#[tokio::test]
async fn a_switch_that_finds_what_is_not_ours_is_not_made_and_needs_no_undoing() {
    let harness = harness(|router, _| router.answer(&[Answer::Foreign]));
    let error = harness.deployment.switch(request()).await.unwrap_err();
    let SwitchError::NotMade { target: Color::Green, .. } = &error else { panic!("{error}") };
    let told = error.to_string();
    assert!(told.starts_with("the switch to green was not made: the router failed: `active.conf` holds"), "{told}");
    assert!(told.contains("; nothing was moved. By hand: write green. Or: switchback switch green --force,"), "{told}");
    assert_eq!(harness.router.moves(), [(Move::Switch, Color::Green)], "nothing is moved to undo it");
    assert_eq!(
        (harness.router.active(), harness.state().to_text().unwrap().contains("\"lastSwitch\": 20")),
        (Color::Blue, true)
    );
    assert_eq!(harness.decisions(), [DecisionKind::Switching, DecisionKind::SwitchFailed]);
}

#[tokio::test]
async fn a_switch_whose_router_cannot_be_read_is_not_made() {
    let harness = harness(|router, _| router.answer(&[Answer::Unread]));
    let told = harness.deployment.switch(request()).await.unwrap_err().to_string();
    assert!(told.starts_with("the switch to green was not made:") && told.ends_with("; nothing was moved"), "{told}");
}

#[tokio::test]
async fn a_forced_switch_says_where_the_copy_is() {
    let harness = harness(|router, _| router.answer(&[Answer::Foreign]));
    let request = SwitchRequest { replace: Replace::Anything, ..request() };
    let Switch::Switched(moved) = harness.deployment.switch(request).await.unwrap() else { panic!() };
    assert_eq!(moved.router.kept.as_deref(), Some(std::path::Path::new("/kept")));
}
