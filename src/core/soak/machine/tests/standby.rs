//! The previous color before traffic leaves it.

use super::harness::{FAILING, HEALTHY, Harness, World, settings};
use crate::config::{Baseline, Method, OnFailingStandby, StandbyPolicy};
use crate::core::soak::{Effect, Origin, Settings};
use crate::model::{Color, DecisionKind, Outcome, Phase};

fn switching(on_failing_standby: Option<OnFailingStandby>) -> Settings {
    let origin = Origin::Switch { gate_ms: 60_000, soak: true };
    let mut settings = Settings { origin, on_failing_standby, ..settings() };
    settings.error_rate.method = Method::Evidence;
    settings
}

/// Seconds in which both colors are looked at; blue does as it is told.
fn look(harness: &mut Harness, seconds: usize, blue: World) {
    for _ in 0..seconds {
        if matches!(harness.machine.phase(), Phase::Gating | Phase::Baseline) {
            harness.sample(Color::Blue, 0, blue);
            harness.second(World { standby: blue.standby, ..HEALTHY });
        }
    }
}

fn told(harness: &Harness) -> usize {
    harness.decisions().iter().filter(|decision| decision.why() == Some("standby-failing")).count()
}

#[test]
fn a_previous_color_that_fails_is_told_once_before_traffic_moves() {
    let mut harness = Harness::new(switching(Some(OnFailingStandby::Tell)));
    look(&mut harness, 5, FAILING);
    assert_eq!(harness.machine.phase(), Phase::Baseline, "traffic has not moved");
    assert_eq!(told(&harness), 1);
    look(&mut harness, 10, FAILING);
    assert_eq!((told(&harness), harness.machine.phase()), (1, Phase::Switching));
    let message = harness.message(DecisionKind::Observe);
    assert!(message.starts_with("baseline (blue): "), "{message}");
    let decision = harness.decisions().into_iter().find(|decision| decision.why() == Some("standby-failing"));
    let decision = decision.unwrap();
    assert!(decision.message.starts_with("blue fails already, before traffic leaves it: "), "{}", decision.message);
    assert!(decision.message.ends_with("limit 5%. A rollback would send users back to it"), "{}", decision.message);
    assert_eq!((decision.active_color, decision.threshold), (Some(Color::Blue), Some(0.05)));
}

#[test]
fn the_policy_refuses_to_leave_a_color_that_fails_or_is_down() {
    for (blue, wanted) in [
        (FAILING, "blue fails already, before traffic leaves it: "),
        (World { standby: false, ..HEALTHY }, "blue is not ready, before traffic leaves it: "),
    ] {
        for baseline in [Baseline::Warn, Baseline::Off] {
            let mut settings = switching(Some(OnFailingStandby::Refuse));
            settings.error_rate.baseline = baseline;
            let mut harness = Harness::new(settings);
            look(&mut harness, 20, blue);
            let ending = harness.machine.ending().unwrap();
            assert_eq!((ending.outcome, ending.exit_code()), (Outcome::Refused, 9));
            assert!(ending.reason.starts_with(wanted), "{}", ending.reason);
            assert!(ending.reason.contains("; traffic stays on blue (soak.on_failing_standby)"), "{}", ending.reason);
            assert!(!harness.has(&Effect::Switch), "nothing was moved");
        }
    }
}

#[test]
fn what_does_well_or_is_not_known_stops_no_switch() {
    let idle = World { requests: 0, ..HEALTHY };
    let few = World { requests: 1, errors: 0, ..HEALTHY };
    let unread = World { metrics: false, ..HEALTHY };
    for blue in [HEALTHY, idle, few, unread] {
        for baseline in [Baseline::Warn, Baseline::Off] {
            let mut settings = switching(Some(OnFailingStandby::Refuse));
            settings.error_rate.baseline = baseline;
            let mut harness = Harness::new(settings);
            look(&mut harness, 20, blue);
            assert_eq!((harness.machine.phase(), told(&harness)), (Phase::Switching, 0));
        }
    }
}

#[test]
fn without_a_look_at_the_baseline_two_readings_are_waited_for_and_no_more() {
    let mut settings = switching(Some(OnFailingStandby::Refuse));
    settings.error_rate.baseline = Baseline::Off;
    let mut harness = Harness::new(settings.clone());
    look(&mut harness, 1, HEALTHY);
    assert_eq!(harness.machine.phase(), Phase::Gating);
    look(&mut harness, 1, HEALTHY);
    assert_eq!(harness.machine.phase(), Phase::Switching);
    // One that never answers holds nothing up for long.
    let mut silent = Harness::new(settings.clone());
    for _ in 0..5 {
        silent.second(HEALTHY);
    }
    assert_eq!(silent.machine.phase(), Phase::Switching);
    // Told only, it is not waited for.
    let mut telling = Harness::new(Settings { on_failing_standby: Some(OnFailingStandby::Tell), ..settings });
    look(&mut telling, 1, HEALTHY);
    assert_eq!(telling.machine.phase(), Phase::Switching);
}

#[test]
fn a_standby_that_may_be_down_is_not_asked_for_its_readiness() {
    let mut settings = switching(Some(OnFailingStandby::Refuse));
    settings.standby = StandbyPolicy::Ignore;
    let mut harness = Harness::new(settings);
    look(&mut harness, 20, World { standby: false, ..HEALTHY });
    assert_eq!((harness.machine.phase(), told(&harness)), (Phase::Switching, 0));
}

#[test]
fn recordings_from_before_and_switches_without_a_soak_look_at_nothing() {
    let origin = Origin::Switch { gate_ms: 60_000, soak: false };
    for settings in [switching(None), Settings { origin, ..switching(Some(OnFailingStandby::Refuse)) }] {
        let mut harness = Harness::new(settings);
        assert!(!harness.has(&Effect::ProbeStandby));
        look(&mut harness, 20, FAILING);
        assert_eq!((harness.machine.phase(), told(&harness)), (Phase::Switching, 0));
    }
}
