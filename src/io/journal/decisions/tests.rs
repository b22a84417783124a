use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;
use crate::io::journal::verify;

const SOAK: &str = "20261123T140211Z-3f2a";

fn now() -> Timestamp {
    "2026-11-23T14:02:25.183Z".parse().unwrap()
}

fn journal(folder: &Path) -> Journal {
    Journal::new(&folder.join("shop"), "shop")
}

fn decision(kind: DecisionKind, soak: Option<&str>) -> Decision {
    Decision { soak: soak.map(str::to_owned), ..Decision::new(kind, Actor::Auto, "because") }
}

fn kinds(journal: &Journal) -> Vec<DecisionKind> {
    journal.history(usize::MAX).unwrap().iter().map(|entry| entry.decision.decision).collect()
}

#[test]
fn the_first_append_writes_the_header_and_seals_the_chain() {
    let tmp = tempfile::tempdir().unwrap();
    let journal = journal(tmp.path());
    assert_eq!(journal.append(&decision(DecisionKind::Switch, None), now()).unwrap().decisions, 1);
    assert_eq!(journal.append(&decision(DecisionKind::SoakStart, Some(SOAK)), now()).unwrap().decisions, 2);

    let text = fs::read_to_string(journal.path()).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(r#"{"v":1,"journal":"decisions","service":"shop"}"#));
    assert_eq!(lines.count(), 2);
    assert_eq!(verify(journal.path(), None).unwrap().records, 2);
    assert_eq!(fs::metadata(journal.path()).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(tmp.path().join("shop")).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn history_gives_the_last_decisions_newest_last() {
    let tmp = tempfile::tempdir().unwrap();
    let journal = journal(tmp.path());
    assert_eq!(journal.history(10).unwrap(), []);
    for kind in [DecisionKind::Switch, DecisionKind::SoakStart, DecisionKind::Retain] {
        journal.append(&decision(kind, Some(SOAK)), now()).unwrap();
    }
    journal.append(&decision(DecisionKind::Skip, None), now()).unwrap();

    let seqs = |limit| journal.history(limit).unwrap().iter().map(|entry| entry.seq).collect::<Vec<_>>();
    assert_eq!((seqs(0), seqs(2), seqs(9)), (vec![], vec![3, 4], vec![1, 2, 3, 4]));
    assert_eq!(journal.of_soak(SOAK).unwrap().len(), 3);
    assert_eq!(journal.history(1).unwrap()[0].ts, now());
}

#[test]
fn an_intent_is_open_until_the_same_soak_says_how_it_ended() {
    use DecisionKind::{Breach, RollbackFailed, RolledBack, Superseded, Switch};
    type Later<'a> = &'a [(DecisionKind, Option<&'a str>)];
    let other = Some("20261123T140211Z-0000");
    let open = || Intent::Open(Box::new(decision(DecisionKind::Rollback, Some(SOAK))));
    let cases: [(Later, Intent); 8] = [
        (&[], open()),
        (&[(Breach, Some(SOAK))], open()),
        (&[(RolledBack, other), (RollbackFailed, None), (Superseded, other)], open()),
        (&[(Switch, None)], open()),
        (&[(RolledBack, Some(SOAK))], Intent::Done),
        (&[(RollbackFailed, Some(SOAK))], Intent::None),
        (&[(Superseded, Some(SOAK))], Intent::None),
        (&[(RollbackFailed, Some(SOAK)), (DecisionKind::Rollback, Some(SOAK))], open()),
    ];
    for (after, expected) in cases {
        let tmp = tempfile::tempdir().unwrap();
        let journal = journal(tmp.path());
        journal.append(&decision(DecisionKind::Rollback, Some(SOAK)), now()).unwrap();
        for (kind, soak) in after {
            journal.append(&decision(*kind, *soak), now()).unwrap();
        }
        assert_eq!(journal.intent(Some(SOAK)).unwrap(), expected, "{after:?}");
    }
}

#[test]
fn an_intent_outside_any_soak_ends_with_the_next_switch() {
    let tmp = tempfile::tempdir().unwrap();
    let journal = journal(tmp.path());
    assert_eq!(journal.intent(None).unwrap(), Intent::None);
    journal.append(&decision(DecisionKind::Rollback, None), now()).unwrap();
    assert!(matches!(journal.intent(None).unwrap(), Intent::Open(_)));
    assert_eq!(journal.intent(Some(SOAK)).unwrap(), Intent::None);
    journal.append(&decision(DecisionKind::Switch, Some(SOAK)), now()).unwrap();
    assert_eq!(journal.intent(None).unwrap(), Intent::None);
}

#[test]
fn wherever_a_crash_cuts_the_last_line_the_next_append_repairs_it_and_says_so() {
    let tmp = tempfile::tempdir().unwrap();
    let journal = journal(tmp.path());
    journal.append(&decision(DecisionKind::Switch, None), now()).unwrap();
    let kept = fs::read(journal.path()).unwrap();
    journal.append(&decision(DecisionKind::Breach, None), now()).unwrap();
    let whole = fs::read(journal.path()).unwrap();

    for cut in kept.len() + 1..whole.len() {
        fs::write(journal.path(), &whole[..cut]).unwrap();
        assert_eq!(journal.append(&decision(DecisionKind::Retain, None), now()).unwrap().decisions, 3);
        let entries = journal.history(9).unwrap();
        assert_eq!(entries[1].decision.decision, DecisionKind::Repaired);
        let dropped = format!("dropped {} bytes of", cut - kept.len());
        assert!(entries[1].decision.message.starts_with(&dropped), "{}", entries[1].decision.message);
        assert_eq!(verify(journal.path(), None).unwrap().records, 3);
    }
}

#[test]
fn a_torn_header_is_written_anew() {
    let tmp = tempfile::tempdir().unwrap();
    let journal = journal(tmp.path());
    journal.repair(now()).unwrap();
    let header = fs::read(journal.path()).unwrap();
    for cut in 0..header.len() {
        fs::write(journal.path(), &header[..cut]).unwrap();
        journal.repair(now()).unwrap();
        assert_eq!(kinds(&journal).len(), usize::from(cut > 0), "{cut}");
        verify(journal.path(), None).unwrap();
    }
}

#[test]
fn a_last_line_that_does_not_parse_is_dropped_but_a_second_one_is_damage() {
    let tmp = tempfile::tempdir().unwrap();
    let journal = journal(tmp.path());
    journal.append(&decision(DecisionKind::Switch, None), now()).unwrap();
    let kept = fs::read(journal.path()).unwrap();

    fs::write(journal.path(), [&kept[..], b"{\"seq\":2}\n"].concat()).unwrap();
    journal.repair(now()).unwrap();
    journal.repair(now()).unwrap();
    assert_eq!(kinds(&journal), [DecisionKind::Switch, DecisionKind::Repaired]);

    let damaged = [&kept[..], b"x\ny\n"].concat();
    fs::write(journal.path(), &damaged).unwrap();
    let refused = journal.repair(now()).unwrap_err().to_string();
    assert!(refused.contains("its last lines are damaged"), "{refused}");
    assert_eq!(fs::read(journal.path()).unwrap(), damaged, "a damaged journal stays as it is");
    let unreadable = journal.history(1).unwrap_err().to_string();
    assert!(unreadable.starts_with("line 3 of the decision journal"), "{unreadable}");
}

#[test]
fn files_that_are_not_this_services_journal_are_left_alone() {
    for (content, complaint) in [
        ("{\"v\":1,\"journal\":\"decisions\",\"service\":\"other\"}\n", "it belongs to service `other`"),
        ("{\"v\":2,\"journal\":\"decisions\",\"service\":\"shop\"}\n", "format version 2"),
        ("notes", "it has no journal header"),
        (&"x".repeat(5000), "it has no journal header"),
    ] {
        let tmp = tempfile::tempdir().unwrap();
        let journal = journal(tmp.path());
        fs::create_dir(tmp.path().join("shop")).unwrap();
        fs::write(journal.path(), content).unwrap();
        let refused = journal.append(&decision(DecisionKind::Switch, None), now()).unwrap_err().to_string();
        assert!(refused.contains(complaint) && refused.contains("decisions.jsonl"), "{refused}");
        assert_eq!(fs::read_to_string(journal.path()).unwrap(), content);
    }
}

#[test]
fn a_symlink_in_place_of_the_journal_is_refused() {
    let tmp = tempfile::tempdir().unwrap();
    let journal = journal(tmp.path());
    fs::create_dir(tmp.path().join("shop")).unwrap();
    symlink("/dev/full", journal.path()).unwrap();
    for refused in [journal.repair(now()).unwrap_err(), journal.history(1).unwrap_err()] {
        assert!(refused.to_string().contains("symlink"), "{refused}");
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let tmp = tempfile::tempdir().unwrap();
    fs::write(tmp.path().join("shop"), "a file").unwrap();
    let journal = journal(tmp.path());
    let refused = journal.append(&decision(DecisionKind::Switch, None), now()).unwrap_err().to_string();
    assert!(refused.starts_with("cannot create the folder of the decision journal `"), "{refused}");
}

#[test]
fn a_failed_write_is_reported_and_the_next_append_finds_a_clean_end() {
    let tmp = tempfile::tempdir().unwrap();
    let journal = journal(tmp.path());
    // The device that is always full; it also cannot be shortened, which must not hide the first error.
    let full = fs::OpenOptions::new().read(true).write(true).open("/dev/full").unwrap();
    let tail = Tail { end: 0, torn: 0, next_seq: None, prev: String::new() };
    let error = journal.write(&full, &tail, b"line\n").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

#[test]
fn a_decision_too_long_for_a_line_is_refused_and_leaves_nothing() {
    let tmp = tempfile::tempdir().unwrap();
    let journal = journal(tmp.path());
    journal.repair(now()).unwrap();
    let long = Decision::new(DecisionKind::Observe, Actor::Auto, "x".repeat(MAX_LINE));
    assert!(matches!(journal.append(&long, now()), Err(JournalError::TooLong { .. })));
    assert_eq!(kinds(&journal), []);
    // A line near the limit is found again from the end.
    let wide = Decision::new(DecisionKind::Observe, Actor::Auto, "x".repeat(MAX_LINE - 1000));
    journal.append(&wide, now()).unwrap();
    assert_eq!(journal.append(&wide, now()).unwrap().decisions, 2);
}

#[test]
fn endless_lines_are_not_read_into_memory() {
    let tmp = tempfile::tempdir().unwrap();
    let journal = journal(tmp.path());
    journal.repair(now()).unwrap();
    let header = fs::read(journal.path()).unwrap();
    fs::write(journal.path(), [header, vec![b'x'; 8 << 20]].concat()).unwrap();
    let refused = journal.repair(now()).unwrap_err().to_string();
    assert!(refused.contains("longer than"), "{refused}");
    let unreadable = journal.history(1).unwrap_err().to_string();
    assert!(unreadable.contains("longer than"), "{unreadable}");
}

#[test]
fn an_append_waits_for_the_lock_and_gives_up_on_a_stuck_holder() {
    let tmp = tempfile::tempdir().unwrap();
    let journal = journal(tmp.path());
    journal.repair(now()).unwrap();
    let holder = open_private(journal.path(), Open::Existing).unwrap();
    holder.lock().unwrap();
    let waiting = std::thread::spawn({
        let journal = journal.clone();
        move || journal.append(&decision(DecisionKind::Switch, None), now())
    });
    let stuck = waiting.join().unwrap().unwrap_err();
    assert!(matches!(stuck, JournalError::Locked { .. }), "{stuck}");
    drop(holder);
    assert_eq!(journal.append(&decision(DecisionKind::Switch, None), now()).unwrap().decisions, 1);
}

#[test]
fn many_writers_at_once_keep_one_chain() {
    let tmp = tempfile::tempdir().unwrap();
    let journal = journal(tmp.path());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    journal.append(&decision(DecisionKind::Observe, None), now()).unwrap();
                }
            });
        }
    });
    assert_eq!(verify(journal.path(), None).unwrap().records, 40);
}
