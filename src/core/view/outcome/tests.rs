use super::*;
use crate::config::{Bound, OnBreach};
use crate::core::soak::scenes::{ALL, TOLD, harness};
use crate::core::soak::testing::{FAILING, HEALTHY, Harness, World, settings};
use crate::core::soak::{
    Answer, Event, ForeignSeen, QueryKind, QuerySettings, RollbackFailure, RollbackResult, Settings,
};
use crate::model::{Cause, Traffic};

/// Columns of the label that stands before the text.
const LABEL: usize = 16;

fn told(run: &Harness) -> Vec<(&'static str, String)> {
    let mut view = View::new(run.began_with().clone());
    for envelope in &run.log {
        view.apply(envelope);
    }
    outcome_lines(&view, run.machine.ending().unwrap())
}

fn outcome(run: &Harness) -> String {
    let lines = told(run);
    let labels: Vec<&str> = lines.iter().map(|(label, _)| *label).collect();
    assert!(labels[0] == "outcome" && labels.contains(&"reason"), "{labels:?}");
    assert!(LABEL + lines[0].1.chars().count() <= 100, "{}", lines[0].1);
    lines[0].1.clone()
}

/// A breach of a check with a name and values as long as they can be.
fn long(adjust: impl FnOnce(&mut Settings)) -> Harness {
    let name = "a".repeat(40);
    let query = QuerySettings {
        name: name.as_str().into(),
        kind: QueryKind::Value,
        threshold: -1_234_567.891,
        breach: Bound::Above,
        for_ms: 2_000,
        required: true,
    };
    let mut settings = Settings { queries: vec![query], verify_window_ms: 60_000, ..settings() };
    adjust(&mut settings);
    let mut run = Harness::new(settings);
    for _ in 0..6 {
        let answer = Answer::Value { value: 1.234_567e15, note: None };
        run.feed(Event::Queried { check: name.as_str().into(), answer });
        run.second(HEALTHY);
    }
    run
}

fn given_up(mut run: Harness, traffic: Traffic) -> Harness {
    let failure = RollbackFailure { why: "the balancer answered 503".to_owned(), traffic, lasting: true };
    run.rollback_done(1, RollbackResult::NotDone(failure));
    run
}

#[test]
fn every_end_is_told_in_one_line_that_begins_with_the_news() {
    let mut seen = Vec::new();
    for (name, news) in [
        ("retained", "RETAINED: green stays active (cause auto, exit code 0)"),
        ("kept", "RETAINED: green stays active (cause operator, exit code 0)"),
        ("rolled-back", "ROLLED BACK: blue is active again (cause auto, exit code 3)"),
        ("not-recovered", "ROLLED BACK: blue is active again (cause auto, exit code 3)"),
        ("rolled-back-by-hand", "ROLLED BACK: blue is active again (cause operator, exit code 4)"),
        ("aborted", "ABORTED: traffic stays on green, nothing was judged (cause operator, exit code 5)"),
        ("interrupted", "ABORTED: traffic stays on green, nothing was judged (cause operator, exit code 5)"),
        ("inconclusive", "INCONCLUSIVE: green stays active, unproven (cause auto, exit code 6)"),
        ("superseded", "SUPERSEDED: another process moved traffic to blue (cause external, exit code 8)"),
        ("refused", "REFUSED: traffic stays on blue (cause auto, exit code 9)"),
        ("switch-failed", "SWITCH FAILED: the reason says where traffic is (cause auto, exit code 12)"),
        ("held-to-the-end", "BAD RELEASE STILL LIVE on green: 20% errors (limit 5%). Nobody is acting"),
        ("dead-standby", "BAD RELEASE STILL LIVE on green: 20% errors (limit 5%). Nobody is acting"),
        ("rollback-failed", "ROLLBACK FAILED, BAD RELEASE STILL LIVE on green: 7.4% errors (limit 5%)"),
        ("rollback-undone", "ROLLBACK UNDONE, BAD RELEASE STILL LIVE on green: 7.4% errors (limit 5%)"),
    ] {
        assert_eq!(outcome(&harness(name)), news, "{name}");
        seen.push(name);
    }
    let ended = ALL.into_iter().chain(TOLD).filter(|name| harness(name).machine.ending().is_some());
    assert_eq!(ended.filter(|name| !seen.contains(name)).collect::<Vec<_>>(), Vec::<&str>::new());
    let mut gating = harness("gating");
    gating.order("abort").unwrap();
    let news = "ABORTED: traffic stays on blue, nothing was judged (cause operator, exit code 5)";
    assert_eq!(outcome(&gating), news);
}

#[test]
fn what_else_is_to_say_of_a_bad_release_stands_below() {
    let lines = told(&harness("held-to-the-end"));
    let labels: Vec<&str> = lines.iter().map(|(label, _)| *label).collect();
    assert_eq!(labels, ["outcome", "next", "ended", "reason", "requests"]);
    assert_eq!(lines[2].1, "HELD (cause policy, exit code 11)");
}

#[test]
fn a_line_stays_one_line_whatever_the_check_and_its_numbers() {
    let mut held = long(|settings| settings.on_breach = OnBreach::Hold);
    held.until_over(200, HEALTHY);
    assert_eq!(outcome(&held), "BAD RELEASE STILL LIVE on green. Nobody is acting");
    assert!(
        told(&held).iter().any(|(label, text)| *label == "reason" && text.contains("1.235e15 for 2s")),
        "{:?}",
        told(&held)
    );
    let failed = given_up(long(|_| {}), Traffic::Unknown);
    assert_eq!(outcome(&failed), "ROLLBACK FAILED, BAD RELEASE STILL LIVE on green");
    let unrecorded = given_up(long(|_| {}), Traffic::On(Color::Blue));
    assert_eq!(outcome(&unrecorded), "ROLLBACK FAILED: traffic is on blue, but the move is not fully recorded");
    let mut undone = long(|_| {});
    undone.rollback_done(1, RollbackResult::Back);
    undone.until_over(10, World { routed: Some(Color::Green), ..FAILING });
    assert_eq!(outcome(&undone), "ROLLBACK UNDONE, BAD RELEASE STILL LIVE on green");
}

#[test]
fn what_the_router_holds_is_left_to_the_reason() {
    let mut undone = long(|_| {});
    undone.rollback_done(1, RollbackResult::Back);
    let foreign =
        ForeignSeen { what: format!("`route` holds `{}`", "x".repeat(300)), by_hand: "put it back".to_owned() };
    for _ in 0..10 {
        undone.second(World { routed: None, ..HEALTHY });
        if undone.machine.ending().is_some() {
            break;
        }
        let (epoch, router) = (undone.epoch(), Err(crate::core::soak::ReadError(foreign.what.clone())));
        let state = Ok(crate::core::soak::DeploymentSeen { active: Color::Blue, last_switch: Some(undone.back) });
        undone.feed(Event::RouterObserved { epoch, router, state, foreign: Some(foreign.clone()) });
    }
    assert_eq!(outcome(&undone), "ROLLBACK UNDONE: the router sends traffic to neither color. Nobody is acting");
}

#[test]
fn every_outcome_fits_whatever_ended_it() {
    let outcomes = Outcome::NAMES.iter().map(|name| Outcome::from_name(name).unwrap());
    let runs = ALL.into_iter().chain(TOLD).map(harness).collect::<Vec<_>>();
    for outcome in outcomes {
        for run in &runs {
            let mut view = View::new(run.began_with().clone());
            for envelope in &run.log {
                view.apply(envelope);
            }
            for cause in Cause::NAMES {
                let cause = Cause::from_name(cause).unwrap();
                let lines = outcome_lines(&view, &Ending { outcome, cause, reason: "x".repeat(500) });
                assert!(LABEL + lines[0].1.chars().count() <= 100, "{}", lines[0].1);
            }
        }
    }
}
