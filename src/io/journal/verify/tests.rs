use std::fs;
use std::process::Command;

use proptest::prelude::*;

use super::*;
use crate::io::journal::Journal;
use crate::model::{Actor, Decision, DecisionKind};

/// A journal of `records` decisions, as its lines.
fn lines(records: usize) -> (tempfile::TempDir, PathBuf, Vec<String>) {
    let tmp = tempfile::tempdir().unwrap();
    let journal = Journal::new(tmp.path(), "shop");
    journal.repair("2026-11-23T14:02:25Z".parse().unwrap()).unwrap();
    for record in 0..records {
        let decision = Decision::new(DecisionKind::Observe, Actor::Auto, format!("number {record}"));
        journal.append(&decision, "2026-11-23T14:02:25Z".parse().unwrap()).unwrap();
    }
    let lines = fs::read_to_string(journal.path()).unwrap().lines().map(|line| format!("{line}\n")).collect();
    (tmp, journal.path().to_owned(), lines)
}

fn damage(path: &Path) -> (u64, DamageKind) {
    match verify(path, None) {
        Err(VerifyError::Damaged(damage)) => (damage.line, damage.kind),
        other => panic!("expected damage, got {other:?}"),
    }
}

#[test]
fn a_journal_as_written_is_whole() {
    let (_tmp, path, lines) = lines(3);
    let report = verify(&path, None).unwrap();
    assert_eq!((report.service.as_str(), report.records), ("shop", 3));
    assert!(lines[3].contains(&format!(r#""hash":"{}""#, report.head)));
}

#[test]
fn what_is_known_from_elsewhere_shows_what_the_chain_cannot() {
    let (_tmp, path, lines) = lines(4);
    let head = |decisions: usize| {
        let hash = serde_json::from_str::<Entry>(&lines[decisions]).unwrap().hash;
        Head { service: "shop".to_owned(), decisions: u64::try_from(decisions).unwrap(), hash }
    };
    let found = |known: &Head| match verify(&path, Some(known)) {
        Err(VerifyError::Damaged(damage)) => Some((damage.line, damage.kind)),
        other => other.map(|_| None).unwrap(),
    };
    for known in 1..=4 {
        assert_eq!(found(&head(known)), None, "what came since is no damage");
    }
    let known = head(4);
    fs::write(&path, lines[..3].concat()).unwrap();
    assert_eq!(found(&known), Some((4, DamageKind::CutOff { known: 4, found: 2 })));
    assert_eq!(found(&head(2)), None);
    fs::write(&path, &lines[0]).unwrap();
    assert_eq!(found(&known), Some((2, DamageKind::CutOff { known: 4, found: 0 })));
    fs::remove_file(&path).unwrap();
    assert_eq!(found(&known), Some((1, DamageKind::CutOff { known: 4, found: 0 })));
    // Somebody writes it anew, with a chain that is whole.
    let (_other_tmp, other, _) = self::lines(0);
    let journal = Journal::new(other.parent().unwrap(), "shop");
    for _ in 0..4 {
        let decision = Decision::new(DecisionKind::Observe, Actor::Auto, "all was well");
        journal.append(&decision, "2026-11-23T14:02:25Z".parse().unwrap()).unwrap();
    }
    fs::copy(&other, &path).unwrap();
    assert_eq!(found(&known), Some((5, DamageKind::Replaced)));
    for kind in [DamageKind::Replaced, DamageKind::CutOff { known: 4, found: 2 }] {
        assert!(kind.to_string().contains("the state file "), "{kind}");
    }
}

#[test]
fn each_kind_of_tampering_is_named_with_its_line() {
    let (_tmp, path, lines) = lines(4);
    let (_other_tmp, _, others) = self::lines(4);
    assert_eq!(lines, others, "same input, same bytes");
    let removed = |found| DamageKind::Removed { expected: 2, found };
    let late = |expected, found| DamageKind::OutOfOrder { expected, found };
    let l = &lines;
    let foreign = l[2].replace("number 1", "number 9");
    let resealed = {
        let hash = computed_hash(foreign.trim_end().as_bytes()).unwrap();
        let start = foreign.len() - 67;
        format!("{}{hash}\"}}\n", &foreign[..start])
    };
    let cases: [(Vec<&str>, (u64, DamageKind)); 8] = [
        (vec![&l[0], &l[1], &foreign, &l[3]], (3, DamageKind::Changed)),
        (vec![&l[0], &l[1], &resealed, &l[3]], (4, DamageKind::Unchained)),
        (vec![&l[0], &l[1], &l[3], &l[4]], (3, removed(3))),
        (vec![&l[0], &l[1], &l[3], &l[2], &l[4]], (3, removed(3))),
        (vec![&l[0], &l[1], &l[1], &l[2]], (3, late(2, 1))),
        (vec![&l[0], &l[1], &l[2][..20]], (3, DamageKind::Torn)),
        (vec!["{\"v\":1,\"journal\":\"decisions\",\"service\":\"shop2\"}\n", &l[1]], (2, DamageKind::Unchained)),
        (vec![], (1, DamageKind::Header("the file is empty".to_owned()))),
    ];
    for (content, expected) in cases {
        fs::write(&path, content.concat()).unwrap();
        assert_eq!(damage(&path), expected);
        assert!(verify(&path, None).unwrap_err().to_string().starts_with(&format!("line {} of `", expected.0)));
        assert!(!expected.1.to_string().is_empty());
    }
}

#[test]
fn lines_that_are_no_decisions_are_damage() {
    let (_tmp, path, lines) = lines(1);
    for garbage in ["\n".to_owned(), "{}\n".to_owned(), "x".repeat(MAX_LINE + 2)] {
        fs::write(&path, format!("{}{}{garbage}", lines[0], lines[1])).unwrap();
        let (line, kind) = damage(&path);
        assert!(line == 3 && matches!(kind, DamageKind::NoRecord(_)), "{line} {kind}");
        assert!(kind.to_string().starts_with("not a decision ("));
    }
}

#[test]
fn a_missing_file_is_no_damage_but_an_error_that_names_it() {
    let error = verify(Path::new("/nonexistent/decisions.jsonl"), None).unwrap_err();
    assert!(error.to_string().starts_with("cannot read the decision journal `/nonexistent/decisions.jsonl`"));
}

#[test]
fn a_shell_can_check_a_line_as_the_documentation_says() {
    let (_tmp, path, lines) = lines(2);
    let script = r#"sed -n 3p "$1" | sed 's/,"hash":"[0-9a-f]*"}$/}/' | tr -d '\n' | sha256sum"#;
    let output = Command::new("sh").args(["-c", script, "sh"]).arg(&path).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(lines[2].contains(&format!(r#""hash":"{}""#, &printed[..64])), "{printed}");
    let documented = include_str!("../../../../docs/backend/journal.md");
    assert!(documented.contains(r#"sed 's/,"hash":"[0-9a-f]*"}$/}/' | tr -d '\n' | sha256sum"#));
}

/// An edit of a journal of [`RECORDS`] decisions.
#[derive(Clone, Debug)]
enum Edit {
    Flip { at: prop::sample::Index, bit: u8 },
    Insert { at: prop::sample::Index, byte: u8 },
    Delete { at: prop::sample::Index },
    Remove { line: usize },
    Repeat { line: usize },
    Swap { a: usize, b: usize },
}

const RECORDS: usize = 5;

fn edits() -> impl Strategy<Value = Edit> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), 0..8_u8).prop_map(|(at, bit)| Edit::Flip { at, bit }),
        (at(), any::<u8>()).prop_map(|(at, byte)| Edit::Insert { at, byte }),
        at().prop_map(|at| Edit::Delete { at }),
        // Whole lines cut off at the end cannot be seen, which the documentation says.
        (0..RECORDS).prop_map(|line| Edit::Remove { line }),
        (0..=RECORDS).prop_map(|line| Edit::Repeat { line }),
        (0..=RECORDS, 0..=RECORDS).prop_map(|(a, b)| Edit::Swap { a, b }),
    ]
}

fn apply(edit: &Edit, lines: &[String]) -> Vec<u8> {
    let mut lines = lines.to_vec();
    match edit {
        Edit::Remove { line } => drop(lines.remove(*line)),
        Edit::Repeat { line } => lines.insert(*line, lines[*line].clone()),
        Edit::Swap { a, b } => lines.swap(*a, *b),
        Edit::Flip { .. } | Edit::Insert { .. } | Edit::Delete { .. } => {}
    }
    let mut bytes = lines.concat().into_bytes();
    match edit {
        Edit::Flip { at, bit } => {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        Edit::Insert { at, byte } => bytes.insert(at.index(bytes.len()), *byte),
        Edit::Delete { at } => drop(bytes.remove(at.index(bytes.len()))),
        Edit::Remove { .. } | Edit::Repeat { .. } | Edit::Swap { .. } => {}
    }
    bytes
}

proptest! {
    #[test]
    fn every_edit_of_a_journal_is_found(edit in edits()) {
        let (_tmp, path, lines) = lines(RECORDS);
        let edited = apply(&edit, &lines);
        prop_assume!(edited != lines.concat().into_bytes());
        fs::write(&path, edited).unwrap();
        prop_assert!(matches!(verify(&path, None), Err(VerifyError::Damaged(_))));
    }
}
