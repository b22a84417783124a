use jiff::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::core::soak::ClockOrigin;
use crate::core::soak::testing::settings;
use crate::core::view::Tone;
use crate::io::journal::{Journal, RecordingWriter};
use crate::io::ports::SystemDisk;
use crate::model::{Actor, Color, Decision, DecisionKind, Outcome};

const OLD: &str = "20261123T140211Z-3f2a";
const NEW: &str = "20261124T090000Z-0001";

fn here(folder: &Path) -> Records {
    Records::Here { folder: folder.to_owned(), service: "shop".to_owned() }
}

fn soaks(folder: &Path) -> PastSoaks {
    match here(folder).read(Read::Soaks) {
        Found::Soaks(found) => found.unwrap(),
        other => panic!("{other:?}"),
    }
}

fn decide(folder: &Path, soak: &str, kind: DecisionKind, at: &str) {
    let decision = Decision {
        soak: Some(soak.to_owned()),
        active_color: Some(Color::Green),
        release: Some("1.4.2".to_owned()),
        ..Decision::new(kind, Actor::Auto, "so it is")
    };
    Journal::new(folder, "shop").append(&decision, at.parse().unwrap()).unwrap();
}

fn record(folder: &Path, soak: &str) {
    let header = RecordingHeader::new(settings(), Vec::new(), ClockOrigin { boot: "b".to_owned(), origin_ms: 0 });
    let disk = std::sync::Arc::new(SystemDisk);
    RecordingWriter::create(folder, &soak.parse().unwrap(), &header, disk).unwrap();
}

#[test]
fn soaks_are_listed_from_journal_and_recordings_newest_first() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    assert_eq!(soaks(folder).soaks, []);
    assert!(soaks(folder).note.unwrap().starts_with("no soak of `shop` yet: nothing is recorded in `"));

    decide(folder, OLD, DecisionKind::SoakStart, "2026-11-23T14:02:11Z");
    decide(folder, OLD, DecisionKind::Hold, "2026-11-23T14:03:11Z");
    decide(folder, OLD, DecisionKind::Rollback, "2026-11-23T14:04:11Z");
    decide(folder, OLD, DecisionKind::RolledBack, "2026-11-23T14:04:12Z");
    record(folder, NEW);
    let found = soaks(folder);
    assert_eq!(found.note, None);
    let [new, old] = &found.soaks[..] else { panic!("{found:?}") };
    assert_eq!((new.id.as_str(), new.is_recorded, new.outcome, new.length_ms), (NEW, true, None, None));
    assert_eq!(new.color, Some(settings().color));
    assert_eq!((old.id.as_str(), old.is_recorded, old.outcome), (OLD, false, Some(Outcome::RolledBack)));
    assert_eq!((old.color, old.release.as_deref(), old.length_ms), (Some(Color::Green), Some("1.4.2"), Some(121_000)));
    assert_eq!(old.began, "2026-11-23T14:02:11Z".parse::<Timestamp>().ok());
}

#[test]
fn a_damaged_journal_leaves_the_recordings() {
    let folder = TempDir::new().unwrap();
    record(folder.path(), NEW);
    fs::write(folder.path().join("decisions.jsonl"), "nonsense\n").unwrap();
    let found = soaks(folder.path());
    assert_eq!(found.soaks.len(), 1);
    assert!(found.note.unwrap().contains("decisions.jsonl"));
}

#[test]
fn a_recording_is_read_and_one_that_is_not_there_is_told() {
    let folder = TempDir::new().unwrap();
    record(folder.path(), NEW);
    let read = |id: &str| match here(folder.path()).read(Read::Recording(id.parse().unwrap())) {
        Found::Recording(_, read) => read,
        other => panic!("{other:?}"),
    };
    assert_eq!(read(NEW).unwrap().header.settings, settings());
    assert!(read(OLD).unwrap_err().starts_with("cannot open the recording `"));
}

#[test]
fn the_end_of_the_log_is_read_over_midnight() {
    let folder = TempDir::new().unwrap();
    let log = |folder: &Path| match here(folder).read(Read::Log) {
        Found::Log(read) => read,
        other => panic!("{other:?}"),
    };
    assert!(log(folder.path()).unwrap_err().starts_with("no log yet in `"));
    let logs = folder.path().join("log");
    fs::create_dir(&logs).unwrap();
    fs::write(logs.join("notes.txt"), "not a log\n").unwrap();
    fs::write(logs.join("switchback.2026-11-23.jsonl"), "torn\n").unwrap();
    let line = r#"{"timestamp":"2026-11-24T00:00:01.5Z","level":"WARN","message":"slow","ms":12,"who":"a","no":null,"target":"t"}"#;
    fs::write(logs.join("switchback.2026-11-24.jsonl"), format!("{line}\n")).unwrap();
    let tail = log(folder.path()).unwrap();
    assert!(tail.path.ends_with("log/switchback.2026-11-24.jsonl"));
    let [before, after] = &tail.lines[..] else { panic!("{tail:?}") };
    assert_eq!((before.at, before.text.as_str(), before.tone()), (None, "torn", Tone::Plain));
    assert_eq!((after.text.as_str(), after.tone()), ("slow  ms=12  who=a", Tone::Warning));
    assert_eq!(after.at, "2026-11-24T00:00:01.5Z".parse().ok());

    let many = format!("{line}\n").repeat(10_000);
    fs::write(logs.join("switchback.2026-11-25.jsonl"), many).unwrap();
    let tail = log(folder.path()).unwrap();
    assert_eq!(tail.lines.len(), 500, "not more than can be looked through");
    assert!(tail.lines.iter().all(|line| line.at.is_some()), "no half line");
}

#[test]
fn what_is_elsewhere_says_where() {
    let there = Records::Elsewhere("on the machine of deploy-1:9000".to_owned());
    let why = Err("its files are on the machine of deploy-1:9000, none are here".to_owned());
    assert_eq!(there.read(Read::Soaks), Found::Soaks(why));
}
