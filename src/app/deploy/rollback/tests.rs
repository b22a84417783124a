use std::task::{Context, Poll, Waker};

use super::super::testing::{Answer, Harness, SOAK, bound, deploy_ts, half_a_write, intent, unbound};
use super::*;
use crate::io::state::StateFile;
use crate::model::Actor;

const ROLLBACK: DecisionKind = DecisionKind::Rollback;
const ROLLED_BACK: DecisionKind = DecisionKind::RolledBack;

#[tokio::test]
async fn a_rollback_moves_router_and_state_between_its_intent_and_its_record() {
    let harness = Harness::switched();
    let Rollback::RolledBack(moved) = harness.deployment.rollback(bound()).await.unwrap() else { panic!() };
    let expected = MovedTraffic {
        color: Color::Blue,
        from: Color::Green,
        last_switch: Some(1_795_442_545_183),
        router: Moved { output: Some("moved to blue".to_owned()), ..Moved::default() },
        journal_trouble: None,
    };
    assert_eq!(moved, expected);
    harness.assert_back();
    assert_eq!(
        (harness.state().previous(), harness.router.moves()),
        (Some(Color::Green), vec![(Move::Rollback, Color::Blue)])
    );
    assert!(harness.state().to_text().unwrap().starts_with("{\n  \"team\": \"ops\""), "unknown keys stay");

    let entries = harness.deployment.journal().history(9).unwrap();
    let expected = Decision { active_color: Some(Color::Green), previous_color: Some(Color::Blue), ..intent() };
    assert_eq!(entries[0].decision, expected);
    let record = &entries[1].decision;
    assert_eq!(record.message, "traffic is back on blue, away from green; the router said: moved to blue");
    assert_eq!((record.decision, record.soak.as_deref(), record.errors), (ROLLED_BACK, Some(SOAK), Some(412)));
    assert_eq!((record.active_color, record.previous_color), (Some(Color::Blue), Some(Color::Green)));
}

#[tokio::test]
async fn a_second_rollback_changes_nothing() {
    let harness = Harness::switched();
    harness.deployment.rollback(unbound()).await.unwrap();
    let before = (harness.state(), harness.decisions());
    assert_eq!(harness.deployment.rollback(unbound()).await.unwrap(), Rollback::AlreadyBack(Color::Blue));
    assert_eq!((harness.state(), harness.decisions()), before);
    assert_eq!(harness.router.moves().len(), 1);
}

#[tokio::test]
async fn of_two_at_once_one_acts_and_the_other_finds_it_done() {
    for request in [bound, unbound] {
        let harness = Harness::switched();
        let (one, two) = tokio::join!(harness.deployment.rollback(request()), harness.deployment.rollback(request()));
        let outcomes = [one.unwrap(), two.unwrap()];
        assert!(matches!(outcomes, [Rollback::RolledBack(_), Rollback::AlreadyBack(Color::Blue)]), "{outcomes:?}");
        assert_eq!(harness.decisions(), [ROLLBACK, ROLLED_BACK]);
    }
}

#[tokio::test]
async fn a_state_file_router_is_moved_by_the_state_write() {
    let harness = Harness::switched();
    let deployment = harness.state_file_router();
    assert!(matches!(deployment.rollback(bound()).await.unwrap(), Rollback::RolledBack(_)));
    assert_eq!(deployment.rollback(bound()).await.unwrap(), Rollback::AlreadyBack(Color::Blue));
    assert_eq!((harness.state().active(), harness.state().is_rolled_back()), (Color::Blue, true));
    assert_eq!(harness.decisions(), [ROLLBACK, ROLLED_BACK]);
}

#[tokio::test]
async fn what_a_router_command_wrote_into_the_state_file_is_kept() {
    for reads_state_file in [false, true] {
        let harness = Harness::with(|router, state_file| {
            router.on_move = Some((state_file.clone(), deploy_ts));
            router.reads_state_file = reads_state_file;
        });
        assert!(matches!(harness.deployment.rollback(bound()).await.unwrap(), Rollback::RolledBack(_)));
        let state = harness.state();
        assert_eq!((state.last_switch(), state.previous()), (Some(1010), Some(Color::Blue)), "as the command wrote it");
        harness.assert_back();
        assert_eq!(harness.deployment.rollback(bound()).await.unwrap(), Rollback::AlreadyBack(Color::Blue));
    }
}

#[tokio::test]
async fn somebody_elses_deployment_is_left_alone() {
    let harness = Harness::switched();
    harness.write_state(r#"{"activeColor":"green","lastSwitch":30,"previousColor":"blue"}"#);
    let superseded = Rollback::Superseded { active: Color::Green, last_switch: Some(30) };
    assert_eq!(harness.deployment.rollback(bound()).await.unwrap(), superseded);
    assert_eq!((harness.router.moves(), harness.decisions()), (vec![], vec![]));
}

#[tokio::test]
async fn nothing_is_rolled_back_where_nothing_was_switched() {
    let harness = Harness::switched();
    std::fs::remove_file(harness.deployment.state_file().path()).unwrap();
    let nothing = Rollback::NothingToRollBack(NothingToRollBack::NeverSwitched { active: Color::Blue });
    assert_eq!(harness.deployment.rollback(unbound()).await.unwrap(), nothing);
    assert!(!harness.deployment.state_file().path().exists());
    assert_eq!(harness.router.moves(), []);
}

/// What a crash can leave behind: the rollback's steps that were done. Each must end the same.
#[tokio::test]
async fn whatever_step_a_crash_follows_the_next_call_finishes_the_rollback() {
    let by_us =
        r#"{"activeColor":"blue","lastSwitch":20,"previousColor":"green","transition":{"kind":"rollback","at":20}}"#;
    let by_a_command = r#"{"activeColor":"blue","lastSwitch":20,"previousColor":"blue"}"#;
    for written in [by_us, by_a_command] {
        for (steps, request) in (0..=3).flat_map(|steps| [(steps, bound()), (steps, unbound())]) {
            let harness = Harness::switched();
            if steps >= 1 {
                harness.journal(&Decision { previous_color: Some(Color::Blue), ..request.intent.clone() });
            }
            if steps >= 2 {
                *harness.router.active.lock().unwrap() = Color::Blue;
            }
            if steps >= 3 {
                harness.write_state(written);
            }
            let finished = harness.deployment.rollback(request.clone()).await.unwrap();
            assert!(matches!(finished, Rollback::RolledBack(_)), "{steps}: {finished:?}");
            harness.assert_back();
            assert_eq!(harness.decisions(), [ROLLBACK, ROLLED_BACK], "{steps}");
            let again = harness.deployment.rollback(request).await.unwrap();
            assert_eq!(again, Rollback::AlreadyBack(Color::Blue));
        }
    }
}

/// Gives the rollback up after every number of polls until it is quick enough to end.
#[tokio::test]
async fn given_up_at_any_await_point_it_is_finished_by_the_next_call() {
    for polls in 0.. {
        let harness = Harness::switched();
        let mut attempt = Box::pin(harness.deployment.rollback(bound()));
        let mut ended = false;
        for _ in 0..polls {
            ended = matches!(attempt.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(_));
            if ended {
                break;
            }
            // What it waits for on blocking threads goes on meanwhile.
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        drop(attempt);
        // A process that dies takes its threads along; here a line that one of them is writing may still be on its way.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        harness.deployment.rollback(bound()).await.unwrap();
        harness.assert_back();
        assert_eq!((harness.count(ROLLBACK), harness.count(ROLLED_BACK)), (1, 1), "{polls} polls");
        if ended {
            assert!(polls > 4, "the router and the journal are awaited");
            return;
        }
    }
}

#[tokio::test]
async fn a_failing_try_says_where_traffic_is_and_the_next_one_succeeds() {
    use Answer::{Fail, FailAfterMoving, Lie, Well};
    // The answers to: read, move, read-back, and the read after a failure.
    let cases: [(&[Answer], &str); 6] = [
        (
            &[Well, Fail],
            "the router failed: router command `move`: it ended with exit code 1; it said: no route; traffic is on green",
        ),
        (&[Well, FailAfterMoving], "no route; traffic is on blue"),
        (&[Well, Fail, Fail], "no route; traffic may be on either color"),
        (&[Well, Lie], "the router still shows green; traffic is on green"),
        (&[Well, Well, Fail], "the router cannot be read back: router command `move`"),
        (&[Fail, Fail], "the rollback to blue failed: the router failed"),
    ];
    for (answers, complaint) in cases {
        let harness = Harness::switched();
        harness.router.answer(answers);
        let failed = harness.deployment.rollback(bound()).await.unwrap_err().to_string();
        assert!(failed.contains(complaint), "{failed}");
        assert_eq!((harness.state().active(), harness.decisions()), (Color::Green, vec![ROLLBACK]));
        harness.deployment.rollback(bound()).await.unwrap();
        harness.assert_back();
        assert_eq!(harness.decisions(), [ROLLBACK, ROLLED_BACK], "one intent for all tries");
    }
}

#[tokio::test]
async fn an_unreadable_router_is_moved_all_the_same() {
    let harness = Harness::switched();
    harness.router.answer(&[Answer::Fail]);
    assert!(matches!(harness.deployment.rollback(bound()).await.unwrap(), Rollback::RolledBack(_)));
    harness.assert_back();
}

#[tokio::test]
async fn a_router_command_without_a_read_command_leaves_traffic_unknown_when_it_fails() {
    let harness = Harness::with(|router, _| router.reads_state_file = true);
    harness.router.answer(&[Answer::Fail]);
    let failed = harness.deployment.rollback(bound()).await.unwrap_err().to_string();
    assert!(failed.ends_with("traffic may be on either color"), "{failed}");
}

#[tokio::test]
async fn a_broken_journal_does_not_stop_a_rollback() {
    for request in [bound(), unbound()] {
        let harness = Harness::switched();
        harness.break_journal();
        let Rollback::RolledBack(moved) = harness.deployment.rollback(request).await.unwrap() else { panic!() };
        let trouble = moved.journal_trouble.unwrap();
        assert!(trouble.contains("the decision journal `") && trouble.contains("not a regular file"), "{trouble}");
        harness.assert_back();
    }
}

#[tokio::test]
async fn a_corrupt_state_file_stops_a_rollback_before_anything_is_touched() {
    let harness = Harness::switched();
    harness.write_state("{");
    let refused = harness.deployment.rollback(unbound()).await.unwrap_err();
    assert!(matches!(refused, RollbackError::State(_)), "{refused}");
    assert_eq!((harness.router.moves(), harness.decisions()), (vec![], vec![]));
}

#[tokio::test]
async fn a_moved_router_without_a_written_state_file_is_told_as_such_and_repaired_by_the_next_call() {
    let harness = Harness::with(|router, state_file| router.on_move = Some((state_file.clone(), half_a_write)));
    let text = harness.state().to_text().unwrap();
    let failed = harness.deployment.rollback(bound()).await.unwrap_err().to_string();
    assert!(failed.starts_with("the rollback to blue failed: the state file `"), "{failed}");
    assert!(failed.contains("is corrupt: EOF") && failed.ends_with("; traffic is on blue"), "{failed}");

    harness.write_state(&text);
    harness.deployment.rollback(bound()).await.unwrap();
    assert_eq!(harness.router.moves().len(), 1, "the router is there already");
    harness.assert_back();
    assert_eq!(harness.decisions(), [ROLLBACK, ROLLED_BACK]);
}

#[tokio::test]
async fn a_state_file_router_without_a_writable_state_file_has_not_moved() {
    let state_file = StateFile::open(std::path::Path::new("/proc/self/fdinfo/state.json")).unwrap();
    let harness = Harness::switched();
    let router = crate::io::router::StateFileRouter::new(state_file.clone());
    let journal = harness.deployment.journal().clone();
    let deployment =
        Deployment::new(state_file, std::sync::Arc::new(router), journal, "shop", std::time::Duration::ZERO);
    let failure = deployment.write_move(Move::Rollback, Color::Green, &Release::default(), None).await.unwrap_err();
    assert_eq!(deployment.traffic_after(&failure, Color::Green).await, Traffic::On(Color::Blue));
}

#[tokio::test]
async fn resumed_by_another_actor_the_record_names_who_finished_it() {
    let harness = Harness::switched();
    harness.journal(&intent());
    let intent = Decision { actor: Actor::Resume, ..intent() };
    harness.deployment.rollback(RollbackRequest { intent, ..bound() }).await.unwrap();
    let actors: Vec<_> =
        harness.deployment.journal().history(9).unwrap().into_iter().map(|e| e.decision.actor).collect();
    assert_eq!(actors, [Actor::Auto, Actor::Resume]);
}

#[tokio::test]
async fn what_is_not_ours_is_left_alone_and_named_with_the_step_to_do_by_hand() {
    let harness = Harness::switched();
    harness.router.answer(&[Answer::Foreign, Answer::Foreign]);
    let error = harness.deployment.rollback(bound()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the rollback to blue failed: the router failed: `active.conf` holds `return 503;`, which is neither blue's nor \
         green's and was not written by Switchback; nothing was moved"
    );
    assert_eq!(error.foreign().map(|(_, by_hand)| by_hand), Some("write blue"));
    assert!(error.is_lasting());
    assert_eq!((harness.router.active(), harness.state().active()), (Color::Green, Color::Green));
    assert_eq!(harness.decisions(), [ROLLBACK]);
    let held = Decision { decision: DecisionKind::Hold, ..intent() };
    harness.journal(&held);
    assert_eq!(harness.deployment.journal().intent(Some(SOAK)).unwrap(), Intent::None, "a hold closes the intent");
}

#[tokio::test]
async fn force_replaces_what_is_not_ours_and_says_where_the_copy_is() {
    let harness = Harness::switched();
    harness.router.answer(&[Answer::Foreign, Answer::Foreign]);
    let request = RollbackRequest { replace: Replace::Anything, ..bound() };
    let Rollback::RolledBack(moved) = harness.deployment.rollback(request).await.unwrap() else { panic!() };
    assert_eq!(moved.router.kept.as_deref(), Some(std::path::Path::new("/kept")));
    harness.assert_back();
    let record = harness.deployment.journal().history(1).unwrap().remove(0).decision;
    let told = "; the replaced content was copied to `/kept`; b2 was left out";
    assert!(record.message.ends_with(told), "{}", record.message);
    assert_eq!(moved.router.notes, ["b2 was left out"]);
}

#[tokio::test]
async fn a_router_that_cannot_be_read_before_the_move_has_not_moved() {
    let harness = Harness::switched();
    harness.router.answer(&[Answer::Unread, Answer::Unread]);
    let error = harness.deployment.rollback(bound()).await.unwrap_err();
    assert!(!error.is_lasting() && error.foreign().is_none());
    assert!(error.to_string().ends_with("; nothing was moved"), "{error}");
    harness.deployment.rollback(bound()).await.unwrap();
    harness.assert_back();
}

#[tokio::test]
async fn a_move_that_cannot_be_read_back_is_not_confirmed_rather_than_anywhere() {
    let harness = Harness::switched();
    harness.router.answer(&[Answer::Well, Answer::Well, Answer::Fail]);
    let error = harness.deployment.rollback(bound()).await.unwrap_err().to_string();
    assert!(error.ends_with("; the router accepted the move to blue, but did not confirm it"), "{error}");
}
