//! A router that holds what Switchback did not write.

use super::bench::{Bench, FAILING, HEALTHY, WALL, settings};
use crate::core::soak::{DeploymentSeen, Event, ForeignSeen, RollbackResult, Settings};
use crate::model::{Color, DecisionKind, Outcome, Phase};

fn page() -> ForeignSeen {
    ForeignSeen {
        what: "`/etc/nginx/active.conf` holds `return 503;`, which was not written by Switchback".to_owned(),
        by_hand: "write `proxy_pass http://blue;`".to_owned(),
    }
}

/// The router is read: it sends traffic to green, or has the page.
fn read(bench: &mut Bench, foreign: Option<ForeignSeen>) {
    let epoch = bench.epoch();
    let router =
        foreign.as_ref().map_or(Ok(Color::Green), |foreign| Err(crate::core::soak::ReadError(foreign.what.clone())));
    let state = Ok(DeploymentSeen { active: Color::Green, last_switch: Some(WALL) });
    bench.feed(Event::RouterObserved { epoch, router, state, foreign });
}

/// Green fails until the monitor has begun to roll back.
fn breached(settings: Settings) -> Bench {
    let mut bench = Bench::new(settings);
    for _ in 0..30 {
        if bench.machine.phase() == Phase::RollingBack {
            return bench;
        }
        bench.second(FAILING);
    }
    panic!("not rolled back but {}", bench.machine.phase());
}

fn reason(bench: &Bench) -> Option<String> {
    bench.decisions().into_iter().rfind(|decision| decision.decision == DecisionKind::Hold)?.why().map(str::to_owned)
}

#[test]
fn an_automatic_rollback_that_finds_a_page_is_held_and_says_what_is_there() {
    let mut bench = breached(settings());
    bench.rollback_done(1, RollbackResult::Foreign(page()));
    assert_eq!(bench.machine.phase(), Phase::Held);
    assert_eq!(reason(&bench).as_deref(), Some("router-foreign"));
    let held = bench.message(DecisionKind::Hold);
    assert!(held.starts_with("held, not rolled back: `/etc/nginx/active.conf` holds `return 503;`"), "{held}");
    let ending = bench.until_over(200, FAILING);
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::Held, 11));
    assert!(ending.reason.contains("holds `return 503;`"), "{}", ending.reason);
    assert_eq!(bench.machine.foreign(), Some(&page()));
    assert_eq!(bench.attempts(), [1], "nothing is tried again while the page is up");
}

#[test]
fn a_page_that_is_seen_before_the_breach_is_not_even_tried() {
    let mut bench = Bench::new(settings());
    read(&mut bench, Some(page()));
    bench.seconds(30, FAILING);
    assert_eq!((bench.machine.phase(), bench.attempts()), (Phase::Held, vec![]));
    assert_eq!(reason(&bench).as_deref(), Some("router-foreign"));
}

#[test]
fn a_held_rollback_goes_ahead_once_the_router_shows_the_watched_color_twice() {
    let mut bench = breached(settings());
    bench.rollback_done(1, RollbackResult::Foreign(page()));
    bench.second(HEALTHY);
    read(&mut bench, Some(page()));
    read(&mut bench, None);
    assert_eq!(bench.machine.phase(), Phase::Held, "one reading may fall into a change");
    read(&mut bench, Some(page()));
    read(&mut bench, None);
    read(&mut bench, None);
    assert_eq!(bench.machine.phase(), Phase::RollingBack);
    bench.rollback_done(1, RollbackResult::Back);
    assert_eq!(bench.machine.phase(), Phase::Verifying);
}

#[test]
fn a_reading_that_fails_lets_no_held_rollback_go() {
    let mut bench = breached(settings());
    bench.rollback_done(1, RollbackResult::Foreign(page()));
    for _ in 0..5 {
        bench.second(FAILING);
        let (epoch, router) = (bench.epoch(), Err(crate::core::soak::ReadError("nginx is not running".to_owned())));
        let state = Ok(DeploymentSeen { active: Color::Green, last_switch: Some(WALL) });
        bench.feed(Event::RouterObserved { epoch, router, state, foreign: None });
    }
    assert_eq!(bench.machine.phase(), Phase::Held);
    assert!(bench.machine.foreign().is_some());
}

#[test]
fn an_order_to_roll_back_is_refused_and_its_force_is_carried_out() {
    let mut bench = Bench::new(settings());
    bench.second(HEALTHY);
    read(&mut bench, Some(page()));
    let refused = bench.order("rollback").unwrap_err();
    assert!(refused.contains("`rollback --force` replaces it and keeps a copy. By hand: write"), "{refused}");
    bench.order("rollback --force").unwrap();
    let forced = bench
        .effects
        .iter()
        .any(|effect| matches!(effect, crate::core::soak::Effect::Rollback { attempt: 1, force: true, .. }));
    assert!(forced, "{:?}", bench.effects);
    bench.rollback_done(1, RollbackResult::Failed("no route".to_owned()));
    bench.seconds(2, HEALTHY);
    let again = bench
        .effects
        .iter()
        .any(|effect| matches!(effect, crate::core::soak::Effect::Rollback { attempt: 2, force: true, .. }));
    assert!(again, "the force counts for every attempt");
}

#[test]
fn an_order_that_finds_the_page_only_then_goes_back_to_the_watch() {
    let mut bench = Bench::new(settings());
    bench.seconds(5, HEALTHY);
    bench.order("rollback").unwrap();
    bench.rollback_done(1, RollbackResult::Foreign(page()));
    assert_eq!(bench.machine.phase(), Phase::Watching);
    assert_eq!(reason(&bench).as_deref(), Some("router-foreign"));
    let message = bench.message(DecisionKind::Hold);
    assert!(message.starts_with("not rolled back: `/etc/nginx/active.conf`"), "{message}");
    let ending = bench.until_over(200, HEALTHY);
    assert_eq!(ending.outcome, Outcome::Retained, "the soak goes on as if nobody had asked");
}

#[test]
fn resume_does_not_release_what_is_held_for_a_page() {
    let mut bench = breached(settings());
    bench.rollback_done(1, RollbackResult::Foreign(page()));
    let refused = bench.order("resume").unwrap_err();
    assert!(refused.contains("`rollback --force` replaces it"), "{refused}");
}

#[test]
fn a_dead_standby_is_named_before_the_page() {
    let mut bench = Bench::new(settings());
    read(&mut bench, Some(page()));
    let world = super::bench::World { standby: false, ..FAILING };
    bench.seconds(30, world);
    assert_eq!(reason(&bench).as_deref(), Some("standby-down"));
    bench.seconds(5, FAILING);
    assert_eq!(reason(&bench).as_deref(), Some("router-foreign"), "once it is up again the page is why");
}

#[test]
fn what_an_older_version_recorded_of_the_router_is_still_read() {
    let old = r#"{"seq":1,"at_ms":0,"wall_ms":0,"event":"router_observed","epoch":1,"router":{"Ok":"green"},"state":{"Ok":{"active":"green","last_switch":10}}}"#;
    let envelope: crate::core::soak::Envelope = serde_json::from_str(old).unwrap();
    assert_eq!(serde_json::to_string(&envelope).unwrap(), old);
}
