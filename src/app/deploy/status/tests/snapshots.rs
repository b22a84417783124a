//! What `status` shows in every phase and after every outcome.

use jiff::ToSpan as _;
use support::Snapshots;

use super::*;
use crate::app::monitor::block_of_run;
use crate::core::soak::scenes::{ALL, TOLD, harness};
use crate::model::{Color, Outcome, Phase};

/// What a monitor answers at the end of these events, or the files after it.
fn report(name: &str) -> (StatusReport, ZonedDateTime) {
    let harness = harness(name);
    let machine = &harness.machine;
    let wall_ms = harness.log.last().unwrap().wall_ms;
    let outcome = machine.ending().map(|ending| ending.outcome);
    let back =
        matches!(outcome, Some(Outcome::RolledBack | Outcome::Superseded)) || machine.phase() == Phase::Verifying;
    let unmoved = machine.settings().last_switch.is_none() && machine.summary().is_none();
    let active = if back || unmoved { Color::Blue } else { Color::Green };
    let report = StatusReport {
        active_color: active,
        last_switch: machine.settings().last_switch,
        previous_color: Some(active.other()),
        service: machine.settings().service.clone(),
        state_file: Some(StateFileStatus { path: "/srv/shop/.deployment-state.json".into(), exists: true }),
        configuration: Some(ConfigurationStatus {
            folder: "/srv/shop".into(),
            file: Some("/srv/shop/switchback.toml".into()),
            assumed: None,
        }),
        release: None,
        router: RouterStatus { kind: "haproxy".into(), active_color: Some(active), in_sync: Some(true), error: None },
        standby: StandbyStatus { color: active.other(), ready: Some(true) },
        no_rollback: false,
        freeze: None,
        coordination: None,
        soak: SoakStatus { block: Some(block_of_run(machine, wall_ms)), running: machine.ending().is_none() },
        previous_soak: None,
        journal: None,
    };
    let now = Timestamp::from_millisecond(wall_ms).unwrap() + 90.seconds();
    (report, now.to_zoned_datetime(jiff::tz::TimeZone::UTC))
}

#[test]
fn the_status_of_every_phase_and_outcome() {
    let snapshots = Snapshots::of("src/app/deploy/status/snapshots");
    for name in ALL.into_iter().chain(TOLD) {
        let (report, now) = report(name);
        snapshots.assert(name, &report.to_text(&now));
    }
    snapshots.assert_no_other();
}
