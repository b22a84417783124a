//! Disks that fill up within a line, files that end anywhere, and writers that go on afterwards.

use proptest::prelude::*;

use super::*;
use crate::io::disk::testing::Filling;

fn on_a_filling_disk() -> (tempfile::TempDir, Arc<Filling>, RecordingWriter) {
    let (tmp, disk) = (tempfile::tempdir().unwrap(), Arc::new(Filling::default()));
    let writer = RecordingWriter::create(tmp.path(), &soak(), &Header { v: 1 }, disk.clone()).unwrap();
    (tmp, disk, writer)
}

/// So many records, from `first` on, written at once.
fn round(writer: &mut RecordingWriter, first: u32, many: u32) -> Result<(), RecordingError> {
    (first..first + many).for_each(|record| writer.hold(&record).unwrap());
    writer.flush()
}

/// The bytes that a second round of so many takes.
fn second_round(many: u32) -> usize {
    let (_tmp, _, mut writer) = on_a_filling_disk();
    round(&mut writer, 0, many).unwrap();
    let first = writer.end;
    round(&mut writer, 1_000, many).unwrap();
    usize::try_from(writer.end - first).unwrap()
}

#[test]
fn a_disk_that_fills_up_within_a_round_leaves_a_gap_and_no_damage() {
    for (many, room) in [5, 60].into_iter().flat_map(|many| (0..second_round(many)).map(move |room| (many, room))) {
        let (_tmp, disk, mut writer) = on_a_filling_disk();
        round(&mut writer, 0, many).unwrap();
        disk.set_room(Some(room));
        let full = round(&mut writer, 1_000, many).unwrap_err().to_string();
        assert!(full.starts_with("cannot write the recording `"), "{full}");
        assert_eq!(read(writer.path()), (Header { v: 1 }, (0..many).collect(), None), "{room}");
        round(&mut writer, 1_100, many).unwrap_err();
        disk.set_room(None);
        round(&mut writer, 2_000, many).unwrap();
        round(&mut writer, 3_000, many).unwrap();
        let written = [0, 2_000, 3_000].into_iter().flat_map(|first| first..first + many).collect();
        assert_eq!(read(writer.path()), (Header { v: 1 }, written, None), "{room}");
    }
}

#[test]
fn what_a_full_disk_took_and_nobody_could_cut_is_cut_before_the_next_write() {
    for many in [9, 60] {
        let (_tmp, disk, mut writer) = on_a_filling_disk();
        let path = writer.path().to_owned();
        round(&mut writer, 0, many).unwrap();
        let file = std::mem::replace(&mut writer.file, File::open(&path).unwrap());
        disk.set_room(Some(second_round(many) - 2));
        round(&mut writer, 1_000, many).unwrap_err();
        let (_, seen, torn) = read(&path);
        assert!(seen.starts_with(&(0..many).collect::<Vec<_>>()), "{seen:?}");
        assert!(torn.is_some(), "a part of a line is still there");
        disk.set_room(None);
        let length = fs::metadata(&path).unwrap().len();
        writer.write(&7).unwrap_err();
        assert_eq!(fs::metadata(&path).unwrap().len(), length, "nothing is written in front of it");
        writer.file = file;
        writer.write(&7).unwrap();
        assert_eq!(read(&path), (Header { v: 1 }, (0..many).chain([7]).collect(), None));
    }
}

/// As power failures and killed monitors leave it.
#[test]
fn a_recording_that_ends_anywhere_reads_up_to_there_and_goes_on() {
    let (tmp, _, mut writer) = on_a_filling_disk();
    let path = writer.path().to_owned();
    let header = fs::metadata(&path).unwrap().len();
    for (at, many) in (0..).zip([3, 40, 5, 60, 1, 30]) {
        round(&mut writer, 1_000 * at, many).unwrap();
    }
    let whole = fs::read(&path).unwrap();
    let (_, all, _) = read(&path);
    let mut most = 0;
    for end in usize::try_from(header).unwrap()..=whole.len() {
        fs::write(&path, &whole[..end]).unwrap();
        let (_, mut records, torn) = read(&path);
        assert!(all.starts_with(&records) && records.len() >= most, "{end}: {records:?}");
        assert_eq!(torn.is_none(), whole[end - 1] == b'\n', "{end}");
        most = records.len();
        if end % 11 == 0 {
            let (mut writer, dropped) = RecordingWriter::resume(tmp.path(), &soak(), disk()).unwrap();
            assert_eq!(usize::try_from(dropped).unwrap(), torn.unwrap_or(0), "{end}");
            round(&mut writer, 7_000, 50).unwrap();
            round(&mut writer, 8_000, 50).unwrap();
            records.extend((7_000..7_050).chain(8_000..8_050));
            assert_eq!(read(&path), (Header { v: 1 }, records, None), "{end}");
        }
    }
    assert_eq!(most, all.len());
}

#[derive(Clone, Debug)]
enum Step {
    Hold(u32),
    Flush,
    /// Room for so many bytes, or as many as it takes.
    Room(Option<usize>),
    /// The monitor dies, and so many bytes of the end are lost.
    Die(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..90_u32).prop_map(Step::Hold),
        4 => Just(Step::Flush),
        2 => proptest::option::of(0..400_usize).prop_map(Step::Room),
        1 => (0..300_u64).prop_map(Step::Die),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_written_is_read_whatever_failed_before(steps in proptest::collection::vec(step(), 1..40)) {
        let (tmp, disk, mut writer) = on_a_filling_disk();
        let path = writer.path().to_owned();
        let header = fs::metadata(&path).unwrap().len();
        let (mut written, mut held, mut next) = (Vec::new(), Vec::new(), 0);
        for step in steps {
            match step {
                Step::Hold(many) => {
                    for record in next..next + many {
                        held.push(record);
                        let result = writer.hold(&record);
                        if writer.held.is_empty() {
                            let lines = std::mem::take(&mut held);
                            written.extend(result.is_ok().then_some(lines).into_iter().flatten());
                        }
                    }
                    next += many;
                }
                Step::Flush => {
                    let (result, lines) = (writer.flush(), std::mem::take(&mut held));
                    written.extend(result.is_ok().then_some(lines).into_iter().flatten());
                }
                Step::Room(room) => disk.set_room(room),
                Step::Die(lost) => {
                    let end = fs::metadata(&path).unwrap().len();
                    let left = end.saturating_sub(lost).max(header);
                    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(left).unwrap();
                    let (_, left, _) = read(&path);
                    prop_assert!(written.starts_with(&left));
                    prop_assert!(lost > 0 || left == written);
                    (written, held) = (left, Vec::new());
                    writer = RecordingWriter::resume(tmp.path(), &soak(), disk.clone()).unwrap().0;
                }
            }
            prop_assert_eq!(&read(&path).1, &written);
        }
    }
}
