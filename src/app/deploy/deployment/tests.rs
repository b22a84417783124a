use super::super::testing::{Harness, SOAK, bound};
use super::*;
use crate::app::deploy::Rollback;

fn block(id: &str) -> SoakBlock {
    SoakBlock { id: id.into(), phase: "watching".into(), ..SoakBlock::default() }
}

#[tokio::test]
async fn recording_a_soak_touches_no_other_key_whoever_is_active() {
    let harness = Harness::switched();
    let rolled_back = r#"{"activeColor":"blue","lastSwitch":99,"previousColor":"blue","x":[]}"#;
    harness.write_state(rolled_back);
    let superseded = SoakBlock { outcome: Some("superseded".into()), ..block(SOAK) };
    assert_eq!(harness.deployment.record_soak(superseded.clone()).await.unwrap(), SoakUpdate::Written);
    let mut expected = State::parse(rolled_back).unwrap();
    expected.set_soak(superseded);
    assert_eq!(harness.state(), expected);
}

#[tokio::test]
async fn the_block_of_a_later_soak_stays() {
    let harness = Harness::switched();
    let later = "20261124T000000Z-0000";
    harness.deployment.record_soak(block(later)).await.unwrap();
    let update = harness.deployment.record_soak(block(SOAK)).await.unwrap();
    assert_eq!(update, SoakUpdate::NewerSoak(later.to_owned()));
    assert_eq!(harness.state().soak().unwrap().id, later);
}

#[tokio::test]
async fn a_soak_alone_makes_no_state_file() {
    let harness = Harness::switched();
    std::fs::remove_file(harness.deployment.state_file().path()).unwrap();
    assert_eq!(harness.deployment.record_soak(block(SOAK)).await.unwrap(), SoakUpdate::NoStateFile);
    assert!(!harness.deployment.state_file().path().exists());
}

#[tokio::test]
async fn a_corrupt_state_file_takes_no_block() {
    let harness = Harness::switched();
    harness.write_state("[]");
    assert!(matches!(harness.deployment.record_soak(block(SOAK)).await, Err(RecordError::State(_))));
}

#[tokio::test]
async fn a_move_that_waits_too_long_for_the_lock_names_its_holder() {
    let harness = Harness::switched();
    let impatient = Deployment { lock_wait: Duration::ZERO, ..harness.deployment.clone() };
    let _lock = harness.deployment.lock().await.unwrap();
    let refused = impatient.rollback(bound()).await.unwrap_err().to_string();
    let holder = format!("process {} for service `shop` in `", std::process::id());
    assert!(refused.starts_with("another process is moving traffic (`") && refused.contains(&holder), "{refused}");
    assert!(matches!(impatient.record_soak(block(SOAK)).await, Err(RecordError::Lock(_))));
}

#[tokio::test]
async fn the_parts_can_be_reached_and_debugging_prints_the_important_ones() {
    let harness = Harness::switched();
    assert_eq!(harness.deployment.router().kind(), "test");
    assert_eq!(harness.deployment.journal().path(), harness.folder().join("shop/decisions.jsonl"));
    assert!(format!("{:?}", harness.deployment).contains("TestRouter"));
}

#[tokio::test]
async fn a_block_recorded_while_a_rollback_runs_does_not_undo_it() {
    let harness = Harness::switched();
    let (rolled_back, recorded) =
        tokio::join!(harness.deployment.rollback(bound()), harness.deployment.record_soak(block(SOAK)));
    assert!(matches!(rolled_back.unwrap(), Rollback::RolledBack(_)));
    assert_eq!(recorded.unwrap(), SoakUpdate::Written);
    harness.assert_back();
    assert_eq!(harness.state().soak().unwrap().id, SOAK);
}

#[tokio::test]
async fn a_journal_that_hangs_does_not_hold_up_a_move() {
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let hanging = within(Duration::from_millis(20), &SystemDisk, move || {
        let _ = gone.recv();
        Ok(())
    });
    assert_eq!(hanging.await.unwrap_err(), "the decision journal takes longer than 20ms");
    drop(go);
}
