use std::os::unix::fs::symlink;

use super::*;
use crate::io::state::Move;
use crate::model::Color;

fn file(folder: &Path) -> StateFile {
    StateFile::open(&folder.join(".deployment-state.json")).unwrap()
}

fn switched() -> State {
    let mut state = State::never_switched();
    state.record_move(Move::Switch, Color::Green, 1000);
    state
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn a_missing_file_is_blue_never_switched_and_reading_does_not_create_it() {
    let tmp = tempfile::tempdir().unwrap();
    let file = file(tmp.path());
    assert_eq!(file.read().unwrap(), State::never_switched());
    assert!(!file.path().exists());
    let deep = StateFile::open(&tmp.path().join("no/such/folder/state.json")).unwrap();
    assert_eq!(deep.read().unwrap(), State::never_switched());
}

#[test]
fn what_is_written_reads_back_and_nothing_else_is_left_in_the_folder() {
    let tmp = tempfile::tempdir().unwrap();
    let file = file(tmp.path());
    file.write(&switched()).unwrap();
    assert_eq!(file.read().unwrap().active(), Color::Green);
    assert_eq!(mode(file.path()), 0o600);
    assert_eq!(fs::read_dir(tmp.path()).unwrap().count(), 1);
}

#[test]
fn an_existing_file_keeps_its_mode_and_owner() {
    let tmp = tempfile::tempdir().unwrap();
    let file = file(tmp.path());
    fs::write(file.path(), "{\"activeColor\":\"blue\"}\n").unwrap();
    fs::set_permissions(file.path(), Permissions::from_mode(0o640)).unwrap();
    // Giving a file away needs root; elsewhere this leaves it as it is and the comparison below still holds.
    let _ = std::os::unix::fs::chown(file.path(), Some(12_345), Some(12_345));
    let before = fs::metadata(file.path()).unwrap();

    file.write(&file.read().unwrap()).unwrap();
    let after = fs::metadata(file.path()).unwrap();
    assert_ne!(before.ino(), after.ino(), "it is replaced, not written over");
    assert_eq!((after.mode(), after.uid(), after.gid()), (before.mode(), before.uid(), before.gid()));
    assert!(fs::read_to_string(file.path()).unwrap().ends_with("}\n"));
}

#[test]
fn symlinks_stay_and_their_target_is_replaced() {
    let tmp = tempfile::tempdir().unwrap();
    fs::create_dir(tmp.path().join("shared")).unwrap();
    symlink("shared/state.json", tmp.path().join("middle")).unwrap();
    symlink(tmp.path().join("middle"), tmp.path().join("link")).unwrap();

    let file = StateFile::open(&tmp.path().join("link")).unwrap();
    assert_eq!(file.path(), tmp.path().canonicalize().unwrap().join("shared/state.json"), "even before it exists");
    file.write(&switched()).unwrap();
    assert!(fs::symlink_metadata(tmp.path().join("link")).unwrap().is_symlink());
    assert_eq!(StateFile::open(&tmp.path().join("shared/../link")).unwrap().path(), file.path(), "one file, one path");
}

#[test]
fn symlinks_in_a_circle_are_an_error() {
    let tmp = tempfile::tempdir().unwrap();
    symlink("b", tmp.path().join("a")).unwrap();
    symlink("a", tmp.path().join("b")).unwrap();
    let refused = StateFile::open(&tmp.path().join("a")).unwrap_err().to_string();
    assert!(refused.contains("too many symlinks"), "{refused}");
}

#[test]
fn a_path_that_names_no_file_is_an_error() {
    assert!(StateFile::open(Path::new("/")).is_err());
    assert!(StateFile::open(Path::new("")).is_err());
}

#[test]
fn a_corrupt_file_is_named_with_the_place_and_stays_as_it_is() {
    let tmp = tempfile::tempdir().unwrap();
    let file = file(tmp.path());
    for (content, complaint) in [
        (&b"{\"activeColor\": \"blue\""[..], "corrupt: EOF while parsing an object at line 1 column 22"),
        (b"", "corrupt: it is empty"),
        (b"\xff\xfe", "corrupt: invalid utf-8"),
    ] {
        fs::write(file.path(), content).unwrap();
        let refused = file.read().unwrap_err().to_string();
        assert!(refused.contains(complaint) && refused.contains(".deployment-state.json"), "{refused}");
        assert_eq!(fs::read(file.path()).unwrap(), content);
    }
}

#[test]
fn a_file_that_another_program_is_writing_is_waited_for() {
    let tmp = tempfile::tempdir().unwrap();
    let file = file(tmp.path());
    for unfinished in ["", "{\"activeColor\": \"gre"] {
        fs::write(file.path(), unfinished).unwrap();
        let path = file.path().to_owned();
        let writer = std::thread::spawn(move || {
            std::thread::sleep(WRITERS * 2);
            fs::write(path, "{\"activeColor\": \"green\"}").unwrap();
        });
        assert_eq!(file.read().unwrap().active(), Color::Green);
        writer.join().unwrap();
    }
}

#[test]
fn what_is_no_small_regular_file_is_not_read() {
    let tmp = tempfile::tempdir().unwrap();
    let file = file(tmp.path());
    fs::write(file.path(), vec![b' '; 2 << 20]).unwrap();
    assert!(file.read().unwrap_err().to_string().contains("larger than 1048576 bytes"));
    fs::remove_file(file.path()).unwrap();
    fs::create_dir(file.path()).unwrap();
    assert!(file.read().unwrap_err().to_string().contains("not a regular file"));
    let below = StateFile::open(&tmp.path().join("f/state.json")).unwrap();
    fs::write(tmp.path().join("f"), "").unwrap();
    assert!(below.read().unwrap_err().to_string().starts_with("cannot read the state file `"));
}

#[test]
fn a_folder_that_takes_no_files_is_a_clear_error() {
    // Nobody, not even root, can create a file in this folder.
    let file = StateFile::open(Path::new("/proc/self/fdinfo/state.json")).unwrap();
    let refused = file.write(&switched()).unwrap_err().to_string();
    assert!(refused.starts_with("cannot write the state file `/proc/"), "{refused}");
    assert!(refused.contains("(creating a file beside it): "), "{refused}");
}

#[test]
fn a_failed_replacement_leaves_nothing_behind() {
    let tmp = tempfile::tempdir().unwrap();
    let file = file(tmp.path());
    fs::create_dir(file.path()).unwrap();
    let refused = file.write(&switched()).unwrap_err().to_string();
    assert!(refused.contains("(renaming)"), "{refused}");
    assert_eq!(fs::read_dir(tmp.path()).unwrap().count(), 1);
}

#[test]
fn what_somebody_else_wrote_meanwhile_is_not_written_over() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("state.json");
    fs::write(&path, r#"{"activeColor":"green","lastSwitch":1}"#).unwrap();
    let file = StateFile::open(&path).unwrap();
    let before = file.read().unwrap();
    let mut ours = before.clone();
    ours.set_soak(crate::io::state::SoakBlock { id: "x".into(), ..crate::io::state::SoakBlock::default() });

    let theirs = r#"{"activeColor":"blue","lastSwitch":2}"#;
    fs::write(&path, theirs).unwrap();
    assert!(file.write_over(before, ours.clone()).unwrap().is_none());
    assert_eq!(fs::read_to_string(&path).unwrap(), theirs);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");

    let before = file.read().unwrap();
    let replaced = file.write_over(before, ours.clone()).unwrap().unwrap();
    assert!(file.is_settled(&replaced));
    drop(replaced);
    assert_eq!(file.read().unwrap(), ours);
}

/// A program that writes in place, and opened the file just before ours took its place.
#[test]
fn a_write_that_had_begun_before_ours_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let text = |color: &str, at: u32| format!("{{\"activeColor\":\"{color}\",\"lastSwitch\":{at}}}");
    let mut kept = 0;
    for round in 0..20_u32 {
        fs::write(&path, text("green", round)).unwrap();
        let file = StateFile::open(&path).unwrap();
        let before = file.read().unwrap();
        let mut ours = before.clone();
        ours.set_soak(crate::io::state::SoakBlock { id: "20261123T140211Z-3f2a".to_owned(), ..Default::default() });
        let theirs = fs::OpenOptions::new().write(true).open(&path).unwrap();
        let writer = std::thread::spawn({
            let theirs_text = text("blue", 1_000 + round);
            move || {
                std::thread::sleep(Duration::from_micros(u64::from(round) * 200));
                theirs.set_len(0).unwrap();
                std::os::unix::fs::FileExt::write_all_at(&theirs, theirs_text.as_bytes(), 0).unwrap();
            }
        });
        let replaced = file.write_over(before, ours).unwrap();
        std::thread::sleep(WRITERS);
        let written = replaced.as_ref().is_some_and(|replaced| file.is_settled(replaced));
        if let Some(replaced) = replaced.filter(|_| !written) {
            file.put_back(&replaced).unwrap();
        }
        writer.join().unwrap();
        let now = file.read().unwrap();
        kept +=
            u32::from(!written && now.active() == Color::Blue && now.last_switch() == Some(i64::from(1_000 + round)));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    }
    // A writer that the machine keeps from running for longer than [`WRITERS`] is too late.
    assert!(kept >= 15, "{kept} of 20");
}
