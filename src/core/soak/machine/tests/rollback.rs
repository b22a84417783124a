//! Acting on a breach.

use super::bench::{Bench, FAILING, HEALTHY, World, settings};
use crate::config::StandbyPolicy;
use crate::core::soak::{Effect, Event, RollbackResult};
use crate::model::{Actor, Cause, DecisionKind, Outcome, Phase, Verdict};

const ALONE: World = World { standby: false, ..FAILING };

fn breached() -> Bench {
    let mut bench = Bench::new(settings());
    bench.seconds(5, FAILING);
    assert_eq!(bench.machine.phase(), Phase::RollingBack);
    bench
}

#[test]
fn a_breach_is_journaled_with_its_numbers_before_the_rollback_starts() {
    let bench = breached();
    let breach = bench.decisions().into_iter().find(|decision| decision.decision == DecisionKind::Breach).unwrap();
    assert_eq!(
        breach.message,
        "error-rate breached: 60 of 300 requests failed (20%) in the last 4s, above 5% for 3 ticks in a row"
    );
    assert_eq!((breach.requests, breach.errors), (Some(300), Some(60)));
    assert_eq!((breach.value, breach.threshold), (Some(0.2), Some(0.05)));
    assert_eq!(breach.soak.as_deref(), Some("20261123T140211Z-3f2a"));
    let order: Vec<_> = bench
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
    let mut bench = breached();
    bench.rollback_done(1, RollbackResult::Back);
    assert_eq!(
        (bench.machine.phase(), bench.machine.metrics_of()),
        (Phase::Verifying, vec![crate::model::Color::Blue])
    );
    let ending = bench.until_over(20, HEALTHY);
    assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::RolledBack, Cause::Auto, 3));
    assert_eq!(
        bench.message(DecisionKind::Recovered),
        "recovered: blue after the rollback: 0 of 450 requests failed (0%); green before it: 60 of 300 requests failed (20%)"
    );
    let summary = bench.machine.summary().unwrap();
    assert_eq!((summary.recovered, summary.verdict), (Some(true), Verdict::Breached));
    assert_eq!(summary.outcome, Some(Outcome::RolledBack));
}

#[test]
fn a_rollback_that_did_not_help_says_so() {
    let mut bench = breached();
    bench.rollback_done(1, RollbackResult::Back);
    let ending = bench.until_over(20, World { standby_errors: 25, ..HEALTHY });
    assert_eq!(ending.exit_code(), 3);
    assert!(
        ending.reason.contains("the rollback did not help: blue after the rollback: 225 of 450"),
        "{}",
        ending.reason
    );
    assert_eq!(bench.machine.summary().unwrap().recovered, Some(false));

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
    let mut bench = Bench::new(settings);
    bench.seconds(5, FAILING);
    bench.rollback_done(1, RollbackResult::Back);
    assert_eq!(bench.machine.ending().unwrap().outcome, Outcome::RolledBack);
}

#[test]
fn a_rollback_that_finds_somebody_elses_move_touches_nothing() {
    let mut bench = breached();
    bench.rollback_done(1, RollbackResult::Superseded("lastSwitch changed".to_owned()));
    let ending = bench.until_over(0, HEALTHY);
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::Superseded, 8));
    assert_eq!(ending.reason, "another process moved traffic: lastSwitch changed; nothing was touched");
}

#[test]
fn a_breach_with_a_dead_standby_is_held_until_it_answers_three_probes() {
    let mut bench = Bench::new(settings());
    bench.seconds(10, ALONE);
    assert_eq!(bench.machine.phase(), Phase::Held);
    assert_eq!(
        bench.message(DecisionKind::Hold),
        "held, not rolled back: the standby blue is DOWN, a rollback would not help (http://blue-1: answered 503); \
         60 of 300 requests failed (20%) in the last 4s, above 5% for 3 ticks in a row"
    );
    bench.seconds(2, FAILING);
    assert_eq!(bench.machine.phase(), Phase::Held);
    bench.second(FAILING);
    assert_eq!(bench.machine.phase(), Phase::RollingBack);
}

#[test]
fn a_standby_that_stays_dead_ends_the_soak_held() {
    let mut bench = Bench::new(settings());
    let ending = bench.until_over(100, ALONE);
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::Held, 11));
    assert!(ending.reason.contains("green stays active: the standby blue is DOWN"), "{}", ending.reason);
}

#[test]
fn a_standby_that_is_ignored_is_rolled_back_to_dead_or_alive() {
    let mut settings = settings();
    settings.standby = StandbyPolicy::Ignore;
    let mut bench = Bench::new(settings);
    bench.seconds(5, ALONE);
    assert_eq!(bench.machine.phase(), Phase::RollingBack);
}

fn with_grace() -> Bench {
    let mut settings = settings();
    settings.grace_ms = 10_000;
    let mut bench = Bench::new(settings);
    bench.seconds(5, FAILING);
    assert_eq!(bench.machine.phase(), Phase::Grace);
    bench
}

#[test]
fn grace_counts_down_and_good_samples_do_not_stop_it() {
    let mut bench = with_grace();
    assert!(bench.message(DecisionKind::Observe).starts_with("rolling back to blue in 10s, unless"));
    bench.seconds(8, HEALTHY);
    assert_eq!((bench.machine.phase(), bench.machine.remaining_ms()), (Phase::Grace, Some(1_000)));
    bench.seconds(1, HEALTHY);
    assert_eq!(bench.machine.phase(), Phase::RollingBack);
}

#[test]
fn the_windows_end_does_not_cut_the_grace() {
    let mut settings = settings();
    settings.grace_ms = 100_000;
    let mut bench = Bench::new(settings);
    bench.seconds(95, FAILING);
    assert_eq!(bench.machine.phase(), Phase::Grace);
}

#[test]
fn a_standby_that_dies_during_the_grace_holds_the_rollback() {
    let mut bench = with_grace();
    bench.seconds(10, ALONE);
    assert_eq!(bench.machine.phase(), Phase::Held);
    bench.seconds(3, FAILING);
    assert_eq!(bench.machine.phase(), Phase::RollingBack, "the grace was served already");
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
    let bench = breached();
    let place = |wanted: fn(&Effect) -> bool| bench.effects.iter().rposition(wanted).unwrap();
    assert!(place(|effect| *effect == Effect::Reflect) > place(|effect| matches!(effect, Effect::Rollback { .. })));
}

#[test]
fn what_the_previous_color_did_before_the_flip_says_nothing_about_recovery() {
    let mut bench = breached();
    bench.sample(crate::model::Color::Blue, 0, HEALTHY);
    bench.sample(crate::model::Color::Blue, 0, World { standby_errors: 50, errors: 50, ..HEALTHY });
    bench.effects.clear();
    bench.rollback_done(1, RollbackResult::Back);
    assert!(bench.has(&Effect::Sample), "the page at the flip is the baseline");
    bench.sample(crate::model::Color::Blue, 0, World { requests: 1_000, errors: 900, ..HEALTHY });
    assert_eq!(bench.machine.recovery().requests, 0);
    bench.until_over(20, HEALTHY);
    assert_eq!(bench.machine.summary().unwrap().recovered, Some(true));
}

#[test]
fn a_verify_window_shorter_than_the_interval_asks_for_a_sample_at_its_end() {
    let mut settings = settings();
    (settings.interval_ms, settings.verify_window_ms) = (4_000, 3_000);
    let mut bench = Bench::new(settings);
    bench.seconds(5, FAILING);
    bench.rollback_done(1, RollbackResult::Back);
    bench.sample(crate::model::Color::Blue, 0, HEALTHY);
    bench.effects.clear();
    bench.at += 3_000;
    bench.feed(Event::Timer);
    assert_eq!(bench.effects, [Effect::Sample]);
    bench.sample(crate::model::Color::Blue, 0, HEALTHY);
    bench.feed(Event::Tick { skipped: 0 });
    bench.read_router(HEALTHY);
    assert_eq!(bench.machine.summary().unwrap().recovered, Some(true));
}

#[test]
fn a_handful_of_requests_confirms_no_recovery() {
    let mut bench = breached();
    bench.rollback_done(1, RollbackResult::Back);
    let ending = bench.until_over(20, World { requests: 2, ..HEALTHY });
    assert!(ending.reason.contains("recovery not confirmed: blue after the rollback: 0 of 18"), "{}", ending.reason);
}
