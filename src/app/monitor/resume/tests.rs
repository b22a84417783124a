//! A run that the state file does not show: its block had no room on a full disk.

use std::sync::Arc;

use super::*;
use crate::app::deploy::testing::{Harness, SOAK, intent};
use crate::core::soak::testing::{self, HEALTHY};
use crate::core::soak::{RecordingHeader, Settings};
use crate::io::journal::RecordingWriter;
use crate::io::ports::{SystemClock, SystemDisk};

use super::super::clock::RunClock;

const WATCHED: &str = r#""activeColor":"green","lastSwitch":10,"previousColor":"blue""#;
const SWITCHED_AGAIN: &str = r#""activeColor":"green","lastSwitch":30,"previousColor":"blue""#;
/// As something else writes it, without a note.
const BACK: &str = r#""activeColor":"blue","lastSwitch":20,"previousColor":"green""#;
const ROLLED_BACK: &str =
    r#""activeColor":"blue","lastSwitch":20,"previousColor":"green","transition":{"kind":"rollback","at":20}"#;
const SWITCHED_TO_BLUE: &str =
    r#""activeColor":"blue","lastSwitch":20,"previousColor":"green","transition":{"kind":"switch","at":20}"#;

/// Green, switched to at 10, was watched for so many seconds by a monitor that is gone.
fn watched(seconds: usize) -> (Harness, Config) {
    let harness = Harness::switched();
    let path = |name: &str| harness.folder().join(name).display().to_string();
    let flags = [("service", "shop".to_owned()), ("state_file", path("state.json")), ("data_dir", path(""))];
    let flags = flags.map(|(key, value)| (key.to_owned(), value)).to_vec();
    let inputs = crate::config::Inputs { flags: flags.clone(), ..Default::default() };
    let config = crate::config::load(inputs).unwrap().config;
    let settings = Settings { last_switch: Some(10), ..testing::settings() };
    let header = RecordingHeader::new(settings.clone(), flags, RunClock::start(Arc::new(SystemClock)).origin().clone());
    let id = SOAK.parse().unwrap();
    let mut writer = RecordingWriter::create(&config.service_dir(), &id, &header, Arc::new(SystemDisk)).unwrap();
    let mut run = testing::Harness::new(settings);
    if seconds > 0 {
        run.seconds(seconds, HEALTHY);
        run.log.iter().for_each(|envelope| writer.write(envelope).unwrap());
    }
    (harness, config)
}

/// Whether a run is resumed where the state file says this and the journal has these decisions.
fn is_resumed((harness, config): &(Harness, Config), state: &str, journaled: &[DecisionKind]) -> bool {
    harness.write_state(&format!("{{{state}}}"));
    for kind in journaled {
        harness.journal(&Decision { decision: *kind, ..intent() });
    }
    let found = [false, true].map(|explicitly| find(&harness.deployment, config, explicitly).unwrap());
    let unfinished = found.map(|earlier| matches!(earlier, Earlier::Unfinished(_)));
    assert_eq!(unfinished[0], unfinished[1], "{state} {journaled:?}");
    unfinished[0]
}

#[test]
fn a_rollback_is_resumed_though_the_state_file_never_showed_its_soak() {
    use DecisionKind::{Rollback, RollbackFailed, RolledBack};
    for (state, journaled, resumed) in [
        (WATCHED, &[][..], true),
        (WATCHED, &[Rollback], true),
        (ROLLED_BACK, &[Rollback], true),
        (ROLLED_BACK, &[Rollback, RolledBack], true),
        (BACK, &[Rollback], true),
        (BACK, &[Rollback, RolledBack], false),
        (BACK, &[], false),
        (ROLLED_BACK, &[], false),
        (ROLLED_BACK, &[Rollback, RollbackFailed], false),
        (SWITCHED_TO_BLUE, &[Rollback], false),
        (SWITCHED_TO_BLUE, &[Rollback, RolledBack], false),
        (SWITCHED_AGAIN, &[Rollback, RolledBack], false),
    ] {
        assert_eq!(is_resumed(&watched(5), state, journaled), resumed, "{state} {journaled:?}");
    }
    assert!(!is_resumed(&watched(0), ROLLED_BACK, &[Rollback, RolledBack]), "without an event its times are unknown");
}
