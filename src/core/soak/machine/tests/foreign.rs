//! A router that holds what Switchback did not write.

use super::harness::{FAILING, HEALTHY, Harness, WALL, settings};
use crate::core::soak::{DeploymentSeen, Event, ForeignSeen, RollbackResult, Settings};
use crate::model::{Color, DecisionKind, Outcome, Phase};

fn page() -> ForeignSeen {
    ForeignSeen {
        what: "`/etc/nginx/active.conf` holds `return 503;`, which was not written by Switchback".to_owned(),
        by_hand: "write `proxy_pass http://blue;`".to_owned(),
    }
}

/// The router is read: it sends traffic to green, or has the page.
fn read(harness: &mut Harness, foreign: Option<ForeignSeen>) {
    let epoch = harness.epoch();
    let router =
        foreign.as_ref().map_or(Ok(Color::Green), |foreign| Err(crate::core::soak::ReadError(foreign.what.clone())));
    let state = Ok(DeploymentSeen { active: Color::Green, last_switch: Some(WALL) });
    harness.feed(Event::RouterObserved { epoch, router, state, foreign });
}

/// Green fails until the monitor has begun to roll back.
fn breached(settings: Settings) -> Harness {
    let mut harness = Harness::new(settings);
    for _ in 0..30 {
        if harness.machine.phase() == Phase::RollingBack {
            return harness;
        }
        harness.second(FAILING);
    }
    panic!("not rolled back but {}", harness.machine.phase());
}

fn reason(harness: &Harness) -> Option<String> {
    harness.decisions().into_iter().rfind(|decision| decision.decision == DecisionKind::Hold)?.why().map(str::to_owned)
}

#[test]
fn an_automatic_rollback_that_finds_a_page_is_held_and_says_what_is_there() {
    let mut harness = breached(settings());
    harness.rollback_done(1, RollbackResult::Foreign(page()));
    assert_eq!(harness.machine.phase(), Phase::Held);
    assert_eq!(reason(&harness).as_deref(), Some("router-foreign"));
    let held = harness.message(DecisionKind::Hold);
    assert!(held.starts_with("held, not rolled back: `/etc/nginx/active.conf` holds `return 503;`"), "{held}");
    let ending = harness.until_over(200, FAILING);
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::Held, 11));
    assert!(ending.reason.contains("holds `return 503;`"), "{}", ending.reason);
    assert_eq!(harness.machine.foreign(), Some(&page()));
    assert_eq!(harness.attempts(), [1], "nothing is tried again while the page is up");
}

#[test]
fn a_page_that_is_seen_before_the_breach_is_not_even_tried() {
    let mut harness = Harness::new(settings());
    read(&mut harness, Some(page()));
    harness.seconds(30, FAILING);
    assert_eq!((harness.machine.phase(), harness.attempts()), (Phase::Held, vec![]));
    assert_eq!(reason(&harness).as_deref(), Some("router-foreign"));
}

#[test]
fn a_held_rollback_goes_ahead_once_the_router_shows_the_watched_color_twice() {
    let mut harness = breached(settings());
    harness.rollback_done(1, RollbackResult::Foreign(page()));
    harness.second(HEALTHY);
    read(&mut harness, Some(page()));
    read(&mut harness, None);
    assert_eq!(harness.machine.phase(), Phase::Held, "one reading may fall into a change");
    read(&mut harness, Some(page()));
    read(&mut harness, None);
    read(&mut harness, None);
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
    harness.rollback_done(1, RollbackResult::Back);
    assert_eq!(harness.machine.phase(), Phase::Verifying);
}

#[test]
fn a_reading_that_fails_lets_no_held_rollback_go() {
    let mut harness = breached(settings());
    harness.rollback_done(1, RollbackResult::Foreign(page()));
    for _ in 0..5 {
        harness.second(FAILING);
        let (epoch, router) = (harness.epoch(), Err(crate::core::soak::ReadError("nginx is not running".to_owned())));
        let state = Ok(DeploymentSeen { active: Color::Green, last_switch: Some(WALL) });
        harness.feed(Event::RouterObserved { epoch, router, state, foreign: None });
    }
    assert_eq!(harness.machine.phase(), Phase::Held);
    assert!(harness.machine.foreign().is_some());
}

#[test]
fn an_order_to_roll_back_is_refused_and_its_force_is_carried_out() {
    let mut harness = Harness::new(settings());
    harness.second(HEALTHY);
    read(&mut harness, Some(page()));
    let refused = harness.order("rollback").unwrap_err();
    assert!(refused.contains("`rollback --force` replaces it and keeps a copy. By hand: write"), "{refused}");
    harness.order("rollback --force").unwrap();
    let forced = harness
        .effects
        .iter()
        .any(|effect| matches!(effect, crate::core::soak::Effect::Rollback { attempt: 1, force: true, .. }));
    assert!(forced, "{:?}", harness.effects);
    harness.rollback_done(1, RollbackResult::Failed("no route".to_owned()));
    harness.seconds(2, HEALTHY);
    let again = harness
        .effects
        .iter()
        .any(|effect| matches!(effect, crate::core::soak::Effect::Rollback { attempt: 2, force: true, .. }));
    assert!(again, "the force counts for every attempt");
}

#[test]
fn an_order_that_finds_the_page_only_then_goes_back_to_the_watch() {
    let mut harness = Harness::new(settings());
    harness.seconds(5, HEALTHY);
    harness.order("rollback").unwrap();
    harness.rollback_done(1, RollbackResult::Foreign(page()));
    assert_eq!(harness.machine.phase(), Phase::Watching);
    assert_eq!(reason(&harness).as_deref(), Some("router-foreign"));
    let message = harness.message(DecisionKind::Hold);
    assert!(message.starts_with("not rolled back: `/etc/nginx/active.conf`"), "{message}");
    let ending = harness.until_over(200, HEALTHY);
    assert_eq!(ending.outcome, Outcome::Retained, "the soak goes on as if nobody had asked");
}

#[test]
fn resume_does_not_release_what_is_held_for_a_page() {
    let mut harness = breached(settings());
    harness.rollback_done(1, RollbackResult::Foreign(page()));
    let refused = harness.order("resume").unwrap_err();
    assert!(refused.contains("`rollback --force` replaces it"), "{refused}");
}

#[test]
fn a_dead_standby_is_named_before_the_page() {
    let mut harness = Harness::new(settings());
    read(&mut harness, Some(page()));
    let world = super::harness::World { standby: false, ..FAILING };
    harness.seconds(30, world);
    assert_eq!(reason(&harness).as_deref(), Some("standby-down"));
    harness.seconds(5, FAILING);
    assert_eq!(reason(&harness).as_deref(), Some("router-foreign"), "once it is up again the page is why");
}

#[test]
fn what_an_older_version_recorded_of_the_router_is_still_read() {
    let old = r#"{"seq":1,"at_ms":0,"wall_ms":0,"event":"router_observed","epoch":1,"router":{"Ok":"green"},"state":{"Ok":{"active":"green","last_switch":10}}}"#;
    let envelope: crate::core::soak::Envelope = serde_json::from_str(old).unwrap();
    assert_eq!(serde_json::to_string(&envelope).unwrap(), old);
}
