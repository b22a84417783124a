//! What follows a rollback.

use super::harness::{FAILING, HEALTHY, Harness, WALL, World, resumption, settings};
use crate::core::detect::Reading;
use crate::core::soak::{DeploymentSeen, Effect, Event, RollbackResult, Sample, Settings, Verification};
use crate::model::{Cause, Color, Decision, DecisionKind, Ending, Outcome, Phase};

const UNDONE: World = World { routed: Some(Color::Green), ..HEALTHY };
const UNREAD: World = World { routed: None, ..HEALTHY };
/// `lastSwitch` of a rollback that could not tell it.
const BACK: i64 = WALL + 9;
/// Traffic is back by the router's word, and nobody asks the previous color for anything.
const SILENT: World = World { requests: 0, ..HEALTHY };

fn rolled_back_with(adjust: impl FnOnce(&mut Settings)) -> Harness {
    let mut settings = settings();
    adjust(&mut settings);
    let mut harness = Harness::new(settings);
    harness.seconds(5, FAILING);
    harness.rollback_done(1, RollbackResult::Back);
    assert_eq!(harness.machine.phase(), Phase::Verifying);
    harness
}

pub(super) fn rolled_back() -> Harness {
    rolled_back_with(|_| {})
}

pub(super) fn outcome(ending: &Ending) -> (Outcome, Cause, u8) {
    (ending.outcome, ending.cause, ending.exit_code())
}

pub(super) fn last_decision(harness: &Harness) -> Decision {
    (*harness.decisions().last().unwrap()).clone()
}

/// Router and state file as somebody left them.
fn see(harness: &mut Harness, router: Color, state: (Color, Option<i64>)) {
    let state = Ok(DeploymentSeen { active: state.0, last_switch: state.1 });
    let epoch = harness.epoch();
    harness.feed(Event::RouterObserved { epoch, router: Ok(router), state, foreign: None });
}

#[test]
fn the_router_is_read_at_every_tick_of_the_verification() {
    let mut harness = rolled_back();
    for _ in 0..5 {
        harness.effects.clear();
        harness.second(HEALTHY);
        let asked = harness.effects.iter().filter(|effect| matches!(effect, Effect::ReadRouter { .. })).count();
        assert_eq!(asked, 1);
    }
}

#[test]
fn a_router_that_sends_traffic_to_the_bad_color_again_undoes_the_rollback() {
    let mut harness = rolled_back();
    harness.seconds(3, HEALTHY);
    harness.second(UNDONE);
    assert_eq!(harness.machine.phase(), Phase::Verifying, "one reading may fall into somebody's move");
    harness.second(UNDONE);
    let ending = harness.machine.ending().unwrap();
    assert_eq!(outcome(ending), (Outcome::RollbackUndone, Cause::External, 7));
    assert!(
        ending.reason.starts_with(
            "ROLLBACK UNDONE: the router sends traffic to green again, 4s after the rollback to blue. Something else moves it; Switchback does not move it again; error-rate: 60 of 300 requests failed (20%)"
        ),
        "{}",
        ending.reason
    );
    let told = last_decision(&harness);
    assert_eq!((told.decision, told.message.as_str()), (DecisionKind::RollbackUndone, ending.reason.as_str()));
    assert_eq!((told.active_color, told.previous_color), (Some(Color::Green), Some(Color::Blue)));
    assert_eq!((harness.attempts().len(), harness.machine.summary().unwrap().recovered), (1, None), "nobody is fought");
}

#[test]
fn one_odd_reading_is_none() {
    let mut harness = rolled_back();
    for world in [UNDONE, HEALTHY, UNDONE, HEALTHY] {
        harness.second(world);
    }
    assert_eq!(harness.until_over(20, HEALTHY).outcome, Outcome::RolledBack);
    assert_eq!(harness.machine.summary().unwrap().recovered, Some(true));
}

#[test]
fn two_odd_readings_within_one_move_of_somebody_else_are_not_enough() {
    let mut harness = rolled_back_with(|settings| settings.interval_ms = 200);
    harness.second(HEALTHY);
    harness.second(UNDONE);
    harness.second(UNDONE);
    assert_eq!(harness.machine.phase(), Phase::Verifying);
    let newer = Some(harness.back + 7);
    see(&mut harness, Color::Green, (Color::Green, newer));
    assert_eq!(outcome(harness.machine.ending().unwrap()), (Outcome::Superseded, Cause::External, 8));
}

#[test]
fn a_newer_switch_supersedes_the_verification_whichever_color_it_was_to() {
    for active in Color::ALL {
        let mut harness = rolled_back();
        harness.seconds(2, HEALTHY);
        let newer = harness.back + 7;
        see(&mut harness, active, (active, Some(newer)));
        let ending = harness.machine.ending().unwrap();
        assert_eq!(outcome(ending), (Outcome::Superseded, Cause::External, 8));
        assert!(
            ending.reason.starts_with(&format!(
                "another process moved traffic after the rollback to blue: the state file now says {active} (lastSwitch {newer}) \
                 is active; error-rate: "
            )),
            "{}",
            ending.reason
        );
        assert_eq!(last_decision(&harness).decision, DecisionKind::Superseded);
    }
}

#[test]
fn a_state_file_that_was_put_back_is_no_newer_switch() {
    let mut harness = rolled_back();
    harness.second(HEALTHY);
    see(&mut harness, Color::Blue, (Color::Green, Some(WALL)));
    assert_eq!(harness.machine.phase(), Phase::Verifying);
    assert_eq!(
        harness.machine.troubles(),
        ["traffic is on blue, but the state file says green again; next: switchback rollback --service shop"]
    );
    // Where the router follows the file, traffic is moved by it.
    see(&mut harness, Color::Green, (Color::Green, Some(WALL)));
    harness.at += 1_000;
    see(&mut harness, Color::Green, (Color::Green, Some(WALL)));
    assert_eq!(harness.machine.ending().unwrap().outcome, Outcome::RollbackUndone);
}

#[test]
fn a_rollback_that_could_not_tell_its_time_learns_it_from_the_state_file() {
    let known = |first: (Color, i64), then: (Color, i64)| {
        let mut harness = Harness::new(settings());
        harness.seconds(5, FAILING);
        harness.feed(Event::RollbackDone { attempt: 1, result: RollbackResult::Back, last_switch: None, kept: None });
        harness.feed(Event::Tick { skipped: 0 });
        for (active, last_switch) in [first, then] {
            if harness.machine.ending().is_none() {
                see(&mut harness, active, (active, Some(last_switch)));
            }
        }
        harness.machine.ending().map(|ending| ending.outcome)
    };
    assert_eq!(known((Color::Blue, BACK), (Color::Blue, BACK)), None);
    assert_eq!(known((Color::Blue, BACK), (Color::Green, BACK + 1)), Some(Outcome::Superseded));
    assert_eq!(known((Color::Green, BACK), (Color::Green, BACK)), Some(Outcome::Superseded));
}

#[test]
fn a_router_that_cannot_be_read_is_not_known_and_not_undone() {
    let mut harness = rolled_back();
    let ending = harness.until_over(20, UNREAD);
    assert_eq!(outcome(&ending), (Outcome::RolledBack, Cause::Auto, 3));
    assert!(
        ending.reason.contains("recovery not confirmed, the router cannot be read (no route): blue after"),
        "{}",
        ending.reason
    );
    assert_eq!(harness.machine.summary().unwrap().recovered, None);
    assert_eq!(harness.at, 5_000 + 10_000 + 3_000, "it is asked three seconds longer");

    let mut again = rolled_back();
    again.seconds(11, UNREAD);
    assert_eq!(again.until_over(2, HEALTHY).outcome, Outcome::RolledBack);
    assert_eq!(again.machine.summary().unwrap().recovered, Some(true), "it could be read at the end");
}

#[test]
fn what_cannot_be_read_between_two_odd_readings_does_not_hide_them() {
    let mut harness = rolled_back();
    for world in [HEALTHY, UNDONE, UNREAD, UNREAD, UNDONE] {
        harness.second(world);
    }
    assert_eq!(harness.machine.ending().unwrap().outcome, Outcome::RollbackUndone);
}

#[test]
fn a_router_without_an_answer_is_waited_for_and_not_for_ever() {
    let mut harness = rolled_back();
    harness.at += 10_000;
    harness.feed(Event::Timer);
    harness.feed(Event::Tick { skipped: 0 });
    let mut asked = 0;
    while harness.machine.ending().is_none() {
        asked += 1;
        assert!(asked <= 10, "not for ever");
        harness.at += 1_000;
        harness.effects.clear();
        harness.feed(Event::Timer);
        assert!(harness.machine.ending().is_some() || matches!(harness.effects[1], Effect::ReadRouter { .. }));
    }
    let reason = &harness.machine.ending().unwrap().reason;
    assert!(reason.contains("recovery not confirmed, the router gives no answer: blue after"), "{reason}");
    assert_eq!(asked, 10);
}

#[test]
fn only_an_answer_from_after_the_window_tells_how_it_ended() {
    let mut harness = rolled_back_with(|settings| (settings.interval_ms, settings.verify_window_ms) = (10_000, 5_000));
    harness.sample(Color::Blue, 0, HEALTHY);
    harness.feed(Event::Tick { skipped: 0 });
    let before = harness.epoch();
    harness.at += 5_000;
    harness.sample(Color::Blue, 0, HEALTHY);
    harness.feed(Event::Tick { skipped: 0 });
    let state = Ok(DeploymentSeen { active: Color::Blue, last_switch: Some(harness.back) });
    harness.feed(Event::RouterObserved { epoch: before, router: Ok(Color::Blue), state, foreign: None });
    assert_eq!(harness.machine.phase(), Phase::Verifying, "an old answer");
    harness.read_router(UNDONE);
    harness.at += 1_000;
    harness.effects.clear();
    harness.feed(Event::Timer);
    assert!(
        harness.effects.iter().any(|effect| matches!(effect, Effect::ReadRouter { .. })),
        "long before the next tick"
    );
    harness.read_router(UNDONE);
    assert_eq!(harness.machine.ending().unwrap().outcome, Outcome::RollbackUndone);
}

#[test]
fn an_odd_reading_at_the_end_that_nothing_confirms_is_told() {
    let mut harness = rolled_back();
    harness.seconds(9, HEALTHY);
    harness.second(UNDONE);
    let ending = harness.until_over(20, UNREAD);
    assert_eq!((ending.outcome, harness.at), (Outcome::RolledBack, 25_000));
    let told = "recovery not confirmed, the router was last seen sending traffic to green: blue after";
    assert!(ending.reason.contains(told), "{}", ending.reason);

    let mut cut = rolled_back();
    cut.second(UNDONE);
    cut.interrupt();
    let reason = &cut.machine.ending().unwrap().reason;
    assert!(
        reason.ends_with("not verified to the end, and the router was last seen sending traffic to green"),
        "{reason}"
    );
}

#[test]
fn requests_that_stop_confirm_no_recovery() {
    let mut harness = rolled_back();
    harness.seconds(4, HEALTHY);
    let ending = harness.until_over(20, SILENT);
    assert_eq!(ending.outcome, Outcome::RolledBack);
    assert!(
        ending.reason.contains(
            "recovery not confirmed: blue after the rollback: 0 of 150 requests failed (0%), no request in the last 6s; "
        ),
        "{}",
        ending.reason
    );
    assert_eq!(harness.machine.summary().unwrap().recovered, None);

    let mut pause = rolled_back();
    pause.seconds(5, HEALTHY);
    pause.seconds(2, SILENT);
    pause.until_over(20, HEALTHY);
    assert_eq!(pause.machine.summary().unwrap().recovered, Some(true), "they came again");
}

#[test]
fn a_silence_that_may_be_chance_is_no_silence() {
    let mut harness = rolled_back_with(|settings| settings.error_rate.min_requests = 3);
    harness.seconds(7, World { requests: 1, ..HEALTHY });
    harness.until_over(20, SILENT);
    assert_eq!(harness.machine.summary().unwrap().recovered, Some(true), "6 requests in 7s, none in the last 3s");
}

#[test]
fn only_requests_that_came_after_the_rollback_are_counted() {
    // A process that began before the rollback and after the soak: what it counted before says nothing.
    for (started_ms, counted) in [(WALL + 2_000, 0), (WALL + 6_000, 500)] {
        let mut harness = rolled_back();
        harness.at += 2_000;
        let reading = Reading { total: 500, errors: 0, started_ms: Some(started_ms), ..Reading::default() };
        harness.feed(Event::Sampled { color: Color::Blue, instance: 0, outcome: Sample::Good(reading) });
        assert_eq!(harness.machine.recovery().requests, counted, "{started_ms}");
    }
}

#[test]
fn where_nothing_had_failed_nothing_recovered() {
    let unready = World { ready: false, ..HEALTHY };
    let by_readiness = |after: World| {
        let mut harness = Harness::new(settings());
        harness.seconds(5, unready);
        harness.rollback_done(1, RollbackResult::Back);
        harness.until_over(20, after);
        (last_decision(&harness), harness.machine.summary().unwrap().recovered)
    };
    let (told, recovered) = by_readiness(HEALTHY);
    assert_eq!((told.decision, told.why(), recovered), (DecisionKind::Observe, Some("verified"), None));
    assert_eq!(
        told.message,
        "verified: blue after the rollback: 0 of 450 requests failed (0%); green before it: 0 of 300 requests failed (0%)"
    );
    let (told, recovered) = by_readiness(World { standby_errors: 25, ..HEALTHY });
    assert_eq!((told.decision, recovered), (DecisionKind::NotRecovered, Some(false)));
    assert!(told.message.starts_with("worse than before: blue after the rollback: 225 of 450"), "{}", told.message);
}

#[test]
fn after_a_crash_loop_without_a_failed_request_nothing_recovered() {
    let mut harness = Harness::new(settings());
    for _ in 0..3 {
        harness.seconds(3, HEALTHY);
        harness.restart(1);
    }
    harness.second(HEALTHY);
    assert!(harness.message(DecisionKind::Breach).contains("crash loop"));
    harness.rollback_done(1, RollbackResult::Back);
    harness.until_over(20, HEALTHY);
    let told = last_decision(&harness);
    assert_eq!((told.decision, harness.machine.summary().unwrap().recovered), (DecisionKind::Observe, None));
    assert!(told.message.starts_with("verified: "), "{}", told.message);
}

#[test]
fn an_operators_rollback_is_verified_as_well() {
    let ordered = |world: World| {
        let mut harness = Harness::new(settings());
        harness.seconds(2, world);
        harness.order("rollback").unwrap();
        harness.rollback_done(1, RollbackResult::Back);
        harness
    };
    let mut healthy = ordered(HEALTHY);
    assert_eq!(outcome(&healthy.until_over(20, HEALTHY)), (Outcome::RolledBack, Cause::Operator, 4));
    assert_eq!(last_decision(&healthy).decision, DecisionKind::Observe);
    let mut mild = ordered(World { errors: 3, ..HEALTHY });
    mild.until_over(20, HEALTHY);
    assert_eq!(
        last_decision(&mild).decision,
        DecisionKind::Recovered,
        "6% had failed, of which nobody waited for a verdict"
    );
    let mut undone = ordered(HEALTHY);
    assert_eq!(outcome(&undone.until_over(20, UNDONE)), (Outcome::RollbackUndone, Cause::External, 7));
}

#[test]
fn another_monitor_asks_the_router_anew() {
    let mut before = rolled_back();
    before.seconds(2, HEALTHY);
    before.second(UNDONE);
    let mut harness = before.resumed(before.log.len(), 1_000, resumption());
    assert!(harness.has(&Effect::ReadRouter { epoch: harness.epoch() }));
    harness.read_router(UNDONE);
    assert_eq!(harness.machine.phase(), Phase::Verifying, "what the first one saw is not one of two in a row");
    assert_eq!(harness.until_over(20, HEALTHY).outcome, Outcome::RolledBack);

    let mut late = before.resumed(before.log.len(), 60_000, resumption());
    assert_eq!(late.until_over(5, UNDONE).outcome, Outcome::RollbackUndone, "also after the window's end");
}

#[test]
fn a_recording_from_before_the_router_was_read_replays_as_it_went() {
    let old = |settings: &mut Settings| settings.verification = Verification::Requests;
    let mut harness = rolled_back_with(old);
    harness.effects.clear();
    harness.seconds(3, HEALTHY);
    harness.until_over(20, SILENT);
    assert!(!harness.effects.iter().any(|effect| matches!(effect, Effect::ReadRouter { .. })));
    assert_eq!((harness.at, harness.machine.summary().unwrap().recovered), (15_000, Some(true)));
    let text = serde_json::to_string(harness.began_with()).unwrap();
    let without = text.replace(r#""verification":"requests","#, "");
    assert_ne!(text, without);
    assert_eq!(serde_json::from_str::<Settings>(&without).unwrap().verification, Verification::Requests);
}
