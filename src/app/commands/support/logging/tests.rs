use tempfile::TempDir;

use super::*;

fn monday() -> Timestamp {
    "2026-11-23T23:59:59Z".parse().unwrap()
}

fn tuesday() -> Timestamp {
    "2026-11-24T00:00:00Z".parse().unwrap()
}

fn written(log: &Limited<Vec<u8>>) -> Vec<&str> {
    std::str::from_utf8(&log.to).unwrap().lines().collect()
}

#[test]
fn a_file_takes_no_more_than_its_limit_and_says_so_once() {
    let folder = TempDir::new().unwrap();
    let mut log = Limited::new(Vec::new(), folder.path(), 2_000_000, monday);
    let line = format!("{}\n", "x".repeat(999_999));
    for _ in 0..5 {
        assert_eq!(log.write(line.as_bytes()).unwrap(), line.len(), "nobody is kept waiting");
    }
    let [_, _, full] = written(&log)[..] else { panic!("two lines, and that there are no more") };
    let full: serde_json::Value = serde_json::from_str(full).unwrap();
    assert_eq!(full["message"], "the log of this day has 1.9MiB: nothing more is written to it");

    log.now = tuesday;
    log.write_all(b"a new day\n").unwrap();
    assert_eq!(written(&log).last(), Some(&"a new day"));
}

#[test]
fn what_others_wrote_to_the_file_counts_as_well() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("switchback.2026-11-23.jsonl"), "y".repeat(90)).unwrap();
    let mut log = Limited::new(Vec::new(), folder.path(), 100, monday);
    log.write_all(b"more than ten bytes\n").unwrap();
    assert_eq!(written(&log).len(), 1, "that it is full");
}
