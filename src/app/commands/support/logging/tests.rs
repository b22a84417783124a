use tempfile::TempDir;

use super::*;

fn monday() -> Timestamp {
    "2026-11-23T23:59:59Z".parse().unwrap()
}

fn tuesday() -> Timestamp {
    "2026-11-24T00:00:00Z".parse().unwrap()
}

fn lines_of(folder: &TempDir, day: &str) -> Vec<String> {
    let text = fs::read_to_string(folder.path().join(format!("switchback.{day}.jsonl"))).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_file_takes_no_more_than_its_limit_and_says_so_once() {
    let folder = TempDir::new().unwrap();
    let mut log = Daily::open(folder.path(), 2_000_000, monday).unwrap();
    let line = format!("{}\n", "x".repeat(999_999));
    for _ in 0..5 {
        assert_eq!(log.write(line.as_bytes()).unwrap(), line.len(), "nobody is kept waiting");
    }
    let [_, _, full] = &lines_of(&folder, "2026-11-23")[..] else { panic!("two lines, and that there are no more") };
    let full: serde_json::Value = serde_json::from_str(full).unwrap();
    assert_eq!(full["message"], "the log of this day has 1.9MiB: nothing more is written to it");

    log.now = tuesday;
    log.write_all(b"a new day\n").unwrap();
    assert_eq!(lines_of(&folder, "2026-11-24"), ["a new day"]);
}

#[test]
fn what_others_wrote_to_the_file_counts_as_well() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("switchback.2026-11-23.jsonl"), "y".repeat(90)).unwrap();
    let mut log = Daily::open(folder.path(), 100, monday).unwrap();
    log.write_all(b"more than ten bytes\n").unwrap();
    assert_eq!(lines_of(&folder, "2026-11-23").len(), 1, "that it is full");
}

#[test]
fn the_newest_files_are_kept_and_nothing_else_is_removed() {
    let folder = TempDir::new().unwrap();
    let days = (1..=22).map(|day| format!("switchback.2026-11-{day:02}.jsonl"));
    for name in days.chain(["monitor.log".to_owned()]) {
        fs::write(folder.path().join(name), "").unwrap();
    }
    let mut log = Daily::open(folder.path(), 100, monday).unwrap();
    let names = || {
        let mut names: Vec<String> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names().len(), KEPT + 1);
    assert_eq!(names()[..2], ["monitor.log", "switchback.2026-11-10.jsonl"]);
    log.now = tuesday;
    log.write_all(b"a new day\n").unwrap();
    assert_eq!(names()[1], "switchback.2026-11-11.jsonl");
    let mode = fs::metadata(folder.path().join("switchback.2026-11-24.jsonl")).unwrap().mode();
    assert_eq!(mode & 0o777, 0o600, "the file of a later day is as private as the first");
}
