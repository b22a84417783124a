//! What is an answer, and what is not.

use super::super::subject::{Subject, offered};
use super::*;

#[test]
fn a_sentence_that_was_meant_for_another_window_orders_nothing() {
    let machine = watching();
    for sentence in ["Really, try it", "Ryan is on it", "Retry only later", "R y", "Ry, ok", "Ry1"] {
        let mut dialog = ask(Ask::RollBack, &machine);
        let step = alone(&mut dialog, &machine, sentence.strip_prefix('R').unwrap()).swap_remove(0);
        assert!(matches!(&step, Step::Close(Some(why)) if why.contains("nothing was ordered")), "{sentence}: {step:?}");
    }
}

#[test]
fn a_yes_counts_once_it_stands_alone() {
    let machine = watching();
    let facts = Facts::of(&machine);
    let mut dialog = ask(Ask::RollBack, &machine);
    assert_eq!(dialog.due_ms(0), None);
    one(&mut dialog, Key::Char('y'), 1_000);
    assert_eq!(dialog.due_ms(1_200), Some(300));
    assert_eq!(dialog.settle(&facts, 1_499), Step::Stay);
    assert_eq!(dialog.settle(&Facts::of(&held()), 1_500), Step::Close(Some("closed: the soak is held now".to_owned())));
    assert_eq!(dialog.settle(&facts, 1_500), order("rollback", None));
    assert_eq!((dialog.due_ms(1_600), dialog.settle(&facts, 1_600)), (None, Step::Stay), "an order is given once");
    let mut dialog = ask(Ask::RollBack, &machine);
    one(&mut dialog, Key::Char('y'), 0);
    one(&mut dialog, Key::Tab, 100);
    assert_eq!(dialog.settle(&facts, 5_000), Step::Stay, "who goes on to the reason has not answered yet");
}

#[test]
fn only_what_the_phase_accepts_is_offered() {
    let mut over = Harness::new(settings());
    over.order("abort").unwrap();
    let mut rolling = Harness::new(settings());
    rolling.seconds(30, FAILING);
    let force = Some(Action::Rollback { force: true });
    for (what, machine, wanted) in [
        (Ask::RollBack, &watching(), Some(Action::Rollback { force: false })),
        (Ask::RollBack, &after(DEAD_STANDBY, settings()), force),
        (Ask::Pause, &watching(), Some(Action::Pause)),
        (Ask::Pause, &paused(), Some(Action::Resume)),
        (Ask::Keep, &rolling.machine, None),
        (Ask::Keep, &over.machine, None),
    ] {
        assert_eq!(offered(Way::Monitor, what, machine), wanted, "{what:?} while {}", machine.phase());
    }
}

fn answer(quit: &mut Quit, keys: &[Key]) -> QuitStep {
    let scope = Scope { context: Quit::CONTEXT, read_only: false, demo: false };
    let mut steps = keys.iter().map(|key| quit.press(command(scope, *key), *key));
    steps.find(|step| *step != QuitStep::Open).unwrap_or(QuitStep::Open)
}

#[test]
fn leaving_detaches_unless_told_otherwise() {
    for (keys, wanted) in [
        (&[Key::Enter][..], QuitStep::Detach),
        (&[Key::Char('d')], QuitStep::Detach),
        (&[Key::Char('a')], QuitStep::Abort),
        (&[Key::Char('s')], QuitStep::Stay),
        (&[Key::Esc], QuitStep::Stay),
        (&[Key::Char('x')], QuitStep::Stay),
        (&[Key::Tab], QuitStep::Open),
        (&[Key::Tab, Key::Enter], QuitStep::Abort),
        (&[Key::Right, Key::Right, Key::Enter], QuitStep::Stay),
        (&[Key::Left, Key::Enter], QuitStep::Stay),
        (&[Key::BackTab, Key::BackTab, Key::Enter], QuitStep::Abort),
    ] {
        assert_eq!(answer(&mut Quit::default(), keys), wanted, "{keys:?}");
    }
    let view = Quit::default().view(&watching());
    assert_eq!(view.title, "Leave shop while its soak runs?");
    assert_eq!(view.buttons.iter().position(|button| button.focused), Some(0));
}

#[test]
fn after_the_end_only_what_still_helps_is_asked() {
    let mut aborted = Harness::new(settings());
    aborted.order("abort").unwrap();
    let mut no_rollback = Harness::new(Settings { no_rollback: true, ..settings() });
    no_rollback.until_over(200, FAILING);
    let mut back = Harness::new(settings());
    back.seconds(30, FAILING);
    back.rollback_done(1, crate::core::soak::RollbackResult::Back);
    back.until_over(60, HEALTHY);
    let plain = Ok(Action::Rollback { force: false });
    let force = Ok(Action::Rollback { force: true });
    let refused = |why: &str| Err(why.to_owned());
    for (way, what, machine, wanted) in [
        (Way::Command, Ask::RollBack, &aborted.machine, plain),
        (Way::Command, Ask::RollBack, &no_rollback.machine, force),
        (Way::Command, Ask::Keep, &aborted.machine, refused("the soak is over")),
        (Way::Command, Ask::RollBack, &back.machine, refused("the soak is over: blue is active again")),
        (
            Way::None,
            Ask::RollBack,
            &aborted.machine,
            refused("the soak is over; next: start another soak: switchback soak --service shop"),
        ),
    ] {
        let asked = Subject::by(way, what, machine).map(|subject| subject.action);
        assert_eq!(asked, wanted, "{what:?} {way:?}");
    }
}
