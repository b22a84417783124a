use std::fs::File;
use std::os::unix::fs::symlink;
use std::time::SystemTime;

use proptest::prelude::*;

use super::*;

const HOUR: Duration = Duration::from_hours(1);
const PLENTY: Limits = Limits { soaks: 100, age: Duration::from_hours(1_000), bytes: 1 << 30 };

fn id(number: u64) -> SoakId {
    format!("20261123T14{:02}{:02}Z-3f2a", number / 60, number % 60).parse().unwrap()
}

fn now() -> Timestamp {
    "2026-11-24T00:00:00Z".parse().unwrap()
}

/// Soaks 0, 1, … of so many bytes, an hour from one to the next; the last is an hour old.
fn hourly(sizes: &[u64]) -> Vec<Stored> {
    let ages = (1..=u32::try_from(sizes.len()).unwrap()).rev();
    let numbered = (0..).zip(sizes).zip(ages);
    numbered.map(|((number, bytes), age)| Stored { id: id(number), bytes: *bytes, age: HOUR * age }).collect()
}

/// The numbers of those that are kept, oldest first.
fn kept(recordings: Vec<Stored>, limits: Limits, in_use: &[SoakId]) -> Vec<u64> {
    let (kept, _) = divide(recordings, &limits, in_use);
    let mut numbers: Vec<_> =
        kept.iter().map(|stored| (0..100).find(|number| id(*number) == stored.id).unwrap()).collect();
    numbers.sort_unstable();
    numbers
}

fn set_modified(path: &Path, at: Timestamp) {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(at.as_second().unsigned_abs());
    File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
}

/// A folder of a service with these soaks: number, bytes, hours since the last event.
fn folder(soaks: &[(u64, usize, u32)]) -> tempfile::TempDir {
    let tmp = tempfile::tempdir().unwrap();
    fs::create_dir(tmp.path().join("soaks")).unwrap();
    for (number, bytes, hours) in soaks {
        let path = recording_path(tmp.path(), &id(*number));
        fs::write(&path, vec![b'x'; *bytes]).unwrap();
        set_modified(&path, now() - HOUR * *hours);
    }
    tmp
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("soaks")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn ids(recordings: &[Stored]) -> Vec<SoakId> {
    recordings.iter().map(|stored| stored.id.clone()).collect()
}

#[test]
fn each_limit_by_itself_keeps_the_newest() {
    for (limits, expected) in [
        (PLENTY, &[0, 1, 2, 3, 4][..]),
        (Limits { soaks: 2, ..PLENTY }, &[3, 4]),
        (Limits { age: HOUR * 3, ..PLENTY }, &[2, 3, 4]),
        (Limits { bytes: 45, ..PLENTY }, &[1, 2, 3, 4]),
        (Limits { bytes: 39, ..PLENTY }, &[2, 3, 4]),
        (Limits { bytes: 40, age: HOUR * 3, soaks: 1 }, &[4]),
        (Limits { bytes: 9, ..PLENTY }, &[]),
    ] {
        assert_eq!(kept(hourly(&[10; 5]), limits, &[]), expected, "{limits:?}");
    }
}

#[test]
fn no_older_recording_takes_the_room_that_a_newer_one_did_not_find() {
    let limits = Limits { bytes: 30, ..PLENTY };
    assert_eq!(kept(hourly(&[5, 100, 10, 10]), limits, &[]), [2, 3]);
}

#[test]
fn what_is_in_use_is_kept_beyond_every_limit_and_counts() {
    let limits = Limits { soaks: 2, age: HOUR, bytes: 10 };
    assert_eq!(kept(hourly(&[100, 1, 1, 1]), limits, &[id(0), id(7)]), [0, 3]);
    let limits = Limits { soaks: 2, ..PLENTY };
    assert_eq!(kept(hourly(&[1; 4]), limits, &[id(3), id(2)]), [2, 3]);
    assert_eq!(kept(hourly(&[1; 4]), limits, &[id(1)]), [1, 2, 3]);
}

#[test]
fn what_is_beyond_a_limit_is_removed_and_the_rest_stays() {
    let tmp = folder(&[(0, 3, 50), (1, 4, 30), (2, 5, 2), (3, 6, 1)]);
    let limits = Limits { age: HOUR * 24, ..PLENTY };
    let pruned = prune(tmp.path(), &limits, &[id(1)], now(), false).unwrap();
    assert_eq!(pruned.removed, [Stored { id: id(0), bytes: 3, age: HOUR * 50 }]);
    assert_eq!(ids(&pruned.kept), [id(1), id(2), id(3)]);
    assert_eq!(names(tmp.path()).len(), 3);
    assert!(prune(tmp.path(), &limits, &[id(1)], now(), false).unwrap().removed.is_empty(), "once");
}

#[test]
fn a_dry_run_says_the_same_and_removes_nothing() {
    let tmp = folder(&[(0, 3, 3), (1, 4, 2), (2, 5, 1)]);
    let limits = Limits { soaks: 1, ..PLENTY };
    let before = names(tmp.path());
    let dry = prune(tmp.path(), &limits, &[], now(), true).unwrap();
    assert_eq!(names(tmp.path()), before);
    let wet = prune(tmp.path(), &limits, &[], now(), false).unwrap();
    assert_eq!((ids(&dry.removed), dry.kept), (ids(&wet.removed), wet.kept));
    assert_eq!(ids(&wet.removed), [id(0), id(1)]);
}

#[test]
fn only_regular_files_with_the_name_of_a_recording_are_touched() {
    let tmp = folder(&[(0, 3, 90)]);
    let soaks = tmp.path().join("soaks");
    fs::write(soaks.join("notes.txt"), "mine").unwrap();
    fs::write(soaks.join("20261123T140211Z-3f2a.jsonl.gz"), "mine").unwrap();
    fs::create_dir(recording_path(tmp.path(), &id(1))).unwrap();
    fs::write(tmp.path().join("decisions.jsonl"), "the journal").unwrap();
    symlink(tmp.path().join("decisions.jsonl"), recording_path(tmp.path(), &id(2))).unwrap();
    let strict = Limits { soaks: 0, age: Duration::ZERO, bytes: 0 };
    let pruned = prune(tmp.path(), &strict, &[], now(), false).unwrap();
    assert_eq!((ids(&pruned.removed), pruned.kept), (vec![id(0)], vec![]));
    assert_eq!(names(tmp.path()).len(), 4);
    assert_eq!(fs::read_to_string(tmp.path().join("decisions.jsonl")).unwrap(), "the journal");
}

#[test]
fn what_cannot_be_removed_stays_and_stops_no_other() {
    let [stays, stuck, vanished, goes] = [0, 1, 2, 3].map(|number| hourly(&[1; 4]).remove(number));
    let remove = |recording: &Stored| {
        let source = match recording {
            stored if stored.id == id(1) => io::ErrorKind::PermissionDenied,
            stored if stored.id == id(2) => io::ErrorKind::NotFound,
            _ => return Ok(()),
        };
        Err(RecordingError::Io { action: "remove", path: recording.id.as_str().into(), source: source.into() })
    };
    let pruned = carry_out(vec![stays], vec![stuck, vanished, goes], remove);
    assert_eq!((ids(&pruned.removed), ids(&pruned.kept)), (vec![id(3)], vec![id(0), id(1)]));
    let errors: Vec<_> = pruned.failed.iter().map(ToString::to_string).collect();
    assert_eq!(errors, [format!("cannot remove the recording `{}`: permission denied", id(1))]);
}

#[test]
fn a_recording_from_the_future_is_as_good_as_new() {
    let tmp = folder(&[(0, 3, 0)]);
    set_modified(&recording_path(tmp.path(), &id(0)), now() + HOUR * 9);
    let pruned = prune(tmp.path(), &Limits { age: HOUR, ..PLENTY }, &[], now(), false).unwrap();
    assert_eq!(pruned.kept, [Stored { id: id(0), bytes: 3, age: Duration::ZERO }]);
}

#[test]
fn a_service_without_recordings_has_nothing_to_prune_and_a_folder_that_is_none_is_an_error() {
    let tmp = tempfile::tempdir().unwrap();
    let nothing = prune(tmp.path(), &PLENTY, &[], now(), false).unwrap();
    assert!(nothing.removed.is_empty() && nothing.kept.is_empty() && nothing.failed.is_empty());
    fs::write(tmp.path().join("soaks"), "").unwrap();
    let error = prune(tmp.path(), &PLENTY, &[], now(), false).unwrap_err().to_string();
    assert!(error.starts_with("cannot list the recording `") && error.contains("/soaks`"), "{error}");
}

prop_compose! {
    fn some_recordings()(soaks in proptest::collection::vec((0..50_u64, 0..60_u32), 0..20)) -> Vec<Stored> {
        let numbered = (0..).zip(soaks);
        numbered.map(|(number, (bytes, age))| Stored { id: id(number), bytes, age: HOUR * age }).collect()
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_and_no_limit_is_passed(
        recordings in some_recordings(), soaks in 0..20_u64, age in 0..60_u32, bytes in 0..500_u64,
    ) {
        let limits = Limits { soaks, age: HOUR * age, bytes };
        let (kept, beyond) = divide(recordings.clone(), &limits, &[]);
        prop_assert_eq!(kept.len() + beyond.len(), recordings.len());
        prop_assert!(u64::try_from(kept.len()).unwrap() <= soaks);
        prop_assert!(kept.iter().map(|stored| stored.bytes).sum::<u64>() <= bytes);
        prop_assert!(kept.iter().all(|stored| stored.age <= limits.age));
        // Whatever is young enough and goes is older than all that stay.
        let young = beyond.iter().filter(|stored| stored.age <= limits.age).map(|stored| &stored.id).max();
        prop_assert!(kept.iter().all(|stored| Some(&stored.id) > young));
        prop_assert_eq!(divide(kept.clone(), &limits, &[]).0, kept, "what was kept once is kept");
    }

    #[test]
    fn what_is_in_use_always_stays(recordings in some_recordings(), in_use in 0..20_u64, soaks in 0..5_u64) {
        let (_, beyond) = divide(recordings, &Limits { soaks, ..PLENTY }, &[id(in_use)]);
        prop_assert!(beyond.iter().all(|stored| stored.id != id(in_use)));
    }
}
