//! Acting on a breach.

use super::harness::{FAILING, HEALTHY, Harness, World, settings};
use crate::config::StandbyPolicy;
use crate::core::soak::{Effect, Event, RollbackResult};
use crate::model::{Actor, Cause, DecisionKind, Outcome, Phase, Verdict};

const ALONE: World = World { standby: false, ..FAILING };

fn breached() -> Harness {
    let mut harness = Harness::new(settings());
    harness.seconds(5, FAILING);
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
    harness
}

#[test]
fn a_breach_is_journaled_with_its_numbers_before_the_rollback_starts() {
    let harness = breached();
    let breach = harness.decisions().into_iter().find(|decision| decision.decision == DecisionKind::Breach).unwrap();
    assert_eq!(
        breach.message,
        "error-rate breached: 60 of 300 requests failed (20%) in the last 4s, above 5% for 3 ticks in a row"
    );
    assert_eq!((breach.requests, breach.errors), (Some(300), Some(60)));
    assert_eq!((breach.value, breach.threshold), (Some(0.2), Some(0.05)));
    assert_eq!(breach.soak.as_deref(), Some("20261123T140211Z-3f2a"));
    let order: Vec<_> = harness
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Journal(decision) => Some(decision.decision.name()),
            Effect::Rollback { intent, .. } => {
                assert_eq!((intent.decision, &intent.actor), (DecisionKind::Rollback, &Actor::Auto));
                Some("the move")
            }
            _ => None,
        })
        .collect();
    assert_eq!(order, ["soak_start", "breach", "the move"]);
}

#[test]
fn after_the_rollback_the_previous_color_is_watched_and_found_well() {
    let mut harness = breached();
    harness.rollback_done(1, RollbackResult::Back);
    assert_eq!(
        (harness.machine.phase(), harness.machine.metrics_of()),
        (Phase::Verifying, vec![crate::model::Color::Blue])
    );
    let ending = harness.until_over(20, HEALTHY);
    assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::RolledBack, Cause::Auto, 3));
    assert_eq!(
        harness.message(DecisionKind::Recovered),
        "recovered: blue after the rollback: 0 of 450 requests failed (0%); green before it: 60 of 300 requests failed (20%)"
    );
    let summary = harness.machine.summary().unwrap();
    assert_eq!((summary.recovered, summary.verdict), (Some(true), Verdict::Breached));
    assert_eq!(summary.outcome, Some(Outcome::RolledBack));
}

#[test]
fn a_rollback_that_did_not_help_says_so() {
    let mut harness = breached();
    harness.rollback_done(1, RollbackResult::Back);
    let ending = harness.until_over(20, World { standby_errors: 25, ..HEALTHY });
    assert_eq!(ending.exit_code(), 3);
    assert!(
        ending.reason.contains("the rollback did not help: blue after the rollback: 225 of 450"),
        "{}",
        ending.reason
    );
    assert_eq!(harness.machine.summary().unwrap().recovered, Some(false));

    let mut quiet = breached();
    quiet.rollback_done(1, RollbackResult::Back);
    let ending = quiet.until_over(20, World { metrics: false, ..HEALTHY });
    assert!(ending.reason.contains("recovery not confirmed: blue after the rollback: no request was seen"));
    assert_eq!(quiet.machine.summary().unwrap().recovered, None);
}

#[test]
fn without_a_verify_window_the_run_ends_with_the_move() {
    let mut settings = settings();
    settings.verify_window_ms = 0;
    let mut harness = Harness::new(settings);
    harness.seconds(5, FAILING);
    harness.rollback_done(1, RollbackResult::Back);
    assert_eq!(harness.machine.ending().unwrap().outcome, Outcome::RolledBack);
}

#[test]
fn a_rollback_that_finds_somebody_elses_move_touches_nothing() {
    let mut harness = breached();
    harness.rollback_done(1, RollbackResult::Superseded("lastSwitch changed".to_owned()));
    let ending = harness.until_over(0, HEALTHY);
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::Superseded, 8));
    assert_eq!(ending.reason, "another process moved traffic: lastSwitch changed; nothing was touched");
}

#[test]
fn a_breach_with_a_dead_standby_is_held_until_it_answers_three_probes() {
    let mut harness = Harness::new(settings());
    harness.seconds(10, ALONE);
    assert_eq!(harness.machine.phase(), Phase::Held);
    assert_eq!(
        harness.message(DecisionKind::Hold),
        "held, not rolled back: the standby blue is DOWN, a rollback would not help (http://blue-1: answered 503); \
         60 of 300 requests failed (20%) in the last 4s, above 5% for 3 ticks in a row"
    );
    harness.seconds(2, FAILING);
    assert_eq!(harness.machine.phase(), Phase::Held);
    harness.second(FAILING);
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
}

#[test]
fn a_standby_that_stays_dead_ends_the_soak_held() {
    let mut harness = Harness::new(settings());
    let ending = harness.until_over(100, ALONE);
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::Held, 11));
    assert!(ending.reason.contains("green stays active: the standby blue is DOWN"), "{}", ending.reason);
}

#[test]
fn a_standby_that_is_ignored_is_rolled_back_to_dead_or_alive() {
    let mut settings = settings();
    settings.standby = StandbyPolicy::Ignore;
    let mut harness = Harness::new(settings);
    harness.seconds(5, ALONE);
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
}

fn with_grace() -> Harness {
    let mut settings = settings();
    settings.grace_ms = 10_000;
    let mut harness = Harness::new(settings);
    harness.seconds(5, FAILING);
    assert_eq!(harness.machine.phase(), Phase::Grace);
    harness
}

#[test]
fn grace_counts_down_and_good_samples_do_not_stop_it() {
    let mut harness = with_grace();
    assert!(harness.message(DecisionKind::Observe).starts_with("rolling back to blue in 10s, unless"));
    harness.seconds(8, HEALTHY);
    assert_eq!((harness.machine.phase(), harness.machine.remaining_ms()), (Phase::Grace, Some(1_000)));
    harness.seconds(1, HEALTHY);
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
}

#[test]
fn the_windows_end_does_not_cut_the_grace() {
    let mut settings = settings();
    settings.grace_ms = 100_000;
    let mut harness = Harness::new(settings);
    harness.seconds(95, FAILING);
    assert_eq!(harness.machine.phase(), Phase::Grace);
}

#[test]
fn a_standby_that_dies_during_the_grace_holds_the_rollback() {
    let mut harness = with_grace();
    harness.seconds(10, ALONE);
    assert_eq!(harness.machine.phase(), Phase::Held);
    harness.seconds(3, FAILING);
    assert_eq!(harness.machine.phase(), Phase::RollingBack, "the grace was served already");
}

#[test]
fn the_operator_can_stop_the_countdown() {
    let mut paused = with_grace();
    paused.order("pause").unwrap();
    assert_eq!(paused.machine.phase(), Phase::Held);
    assert!(paused.machine.paused());
    let mut kept = with_grace();
    kept.order("keep").unwrap();
    assert_eq!(kept.machine.ending().unwrap().outcome, Outcome::Retained);
    let mut aborted = with_grace();
    aborted.order("abort").unwrap();
    assert_eq!(aborted.machine.ending().unwrap().outcome, Outcome::Aborted);
}

#[test]
fn the_state_file_shows_the_rollback_but_not_before_it_starts() {
    let harness = breached();
    let place = |wanted: fn(&Effect) -> bool| harness.effects.iter().rposition(wanted).unwrap();
    assert!(place(|effect| *effect == Effect::Reflect) > place(|effect| matches!(effect, Effect::Rollback { .. })));
}

#[test]
fn what_the_previous_color_did_before_the_flip_says_nothing_about_recovery() {
    let mut harness = breached();
    harness.sample(crate::model::Color::Blue, 0, HEALTHY);
    harness.sample(crate::model::Color::Blue, 0, World { standby_errors: 50, errors: 50, ..HEALTHY });
    harness.effects.clear();
    harness.rollback_done(1, RollbackResult::Back);
    assert!(harness.has(&Effect::Sample), "the page at the flip is the baseline");
    harness.sample(crate::model::Color::Blue, 0, World { requests: 1_000, errors: 900, ..HEALTHY });
    assert_eq!(harness.machine.recovery().requests, 0);
    harness.until_over(20, HEALTHY);
    assert_eq!(harness.machine.summary().unwrap().recovered, Some(true));
}

#[test]
fn a_verify_window_shorter_than_the_interval_asks_for_a_sample_at_its_end() {
    let mut settings = settings();
    (settings.interval_ms, settings.verify_window_ms) = (4_000, 3_000);
    let mut harness = Harness::new(settings);
    harness.seconds(5, FAILING);
    harness.rollback_done(1, RollbackResult::Back);
    harness.sample(crate::model::Color::Blue, 0, HEALTHY);
    harness.effects.clear();
    harness.at += 3_000;
    harness.feed(Event::Timer);
    assert_eq!(harness.effects, [Effect::Sample]);
    harness.sample(crate::model::Color::Blue, 0, HEALTHY);
    harness.feed(Event::Tick { skipped: 0 });
    harness.read_router(HEALTHY);
    assert_eq!(harness.machine.summary().unwrap().recovered, Some(true));
}

#[test]
fn a_handful_of_requests_confirms_no_recovery() {
    let mut harness = breached();
    harness.rollback_done(1, RollbackResult::Back);
    let ending = harness.until_over(20, World { requests: 2, ..HEALTHY });
    assert!(ending.reason.contains("recovery not confirmed: blue after the rollback: 0 of 18"), "{}", ending.reason);
}
