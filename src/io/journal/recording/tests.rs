mod faults;
mod size;

use std::os::unix::fs::PermissionsExt as _;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::*;
use crate::core::soak::{Envelope, RecordingHeader};
use crate::io::disk::SystemDisk;

fn disk() -> Arc<dyn Disk> {
    Arc::new(SystemDisk)
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Header {
    v: u32,
}

fn id(text: &str) -> SoakId {
    text.parse().unwrap()
}

fn soak() -> SoakId {
    id("20261123T140211Z-3f2a")
}

fn read(path: &Path) -> (Header, Vec<u32>, Option<usize>) {
    let (header, mut reader) = RecordingReader::<u32>::open(path).unwrap();
    let records = reader.by_ref().map(Result::unwrap).collect();
    (header, records, reader.torn())
}

#[test]
fn what_is_written_reads_back_behind_its_header() {
    let tmp = tempfile::tempdir().unwrap();
    let mut writer = RecordingWriter::create(tmp.path(), &soak(), &Header { v: 1 }, disk()).unwrap();
    for record in [1, 2, 3] {
        writer.write(&record).unwrap();
    }
    writer.sync().unwrap();
    assert_eq!(writer.path(), recording_path(tmp.path(), &soak()));
    assert_eq!(read(writer.path()), (Header { v: 1 }, vec![1, 2, 3], None));
    assert_eq!(fs::metadata(writer.path()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_recording_is_never_written_over() {
    let tmp = tempfile::tempdir().unwrap();
    RecordingWriter::create(tmp.path(), &soak(), &Header { v: 1 }, disk()).unwrap();
    let again = RecordingWriter::create(tmp.path(), &soak(), &Header { v: 1 }, disk()).unwrap_err();
    assert!(again.to_string().contains("20261123T140211Z-3f2a.jsonl"), "{again}");
}

#[test]
fn a_torn_last_line_is_reported_by_the_reader_and_cut_off_by_a_resume() {
    let tmp = tempfile::tempdir().unwrap();
    let mut writer = RecordingWriter::create(tmp.path(), &soak(), &Header { v: 1 }, disk()).unwrap();
    writer.write(&10).unwrap();
    let path = writer.path().to_owned();
    fs::write(&path, [&fs::read(&path).unwrap()[..], b"1234"].concat()).unwrap();
    assert_eq!(read(&path), (Header { v: 1 }, vec![10], Some(4)));

    let (mut writer, dropped) = RecordingWriter::resume(tmp.path(), &soak(), disk()).unwrap();
    writer.write(&11).unwrap();
    assert_eq!((dropped, read(&path)), (4, (Header { v: 1 }, vec![10, 11], None)));
    let (_, dropped) = RecordingWriter::resume(tmp.path(), &soak(), disk()).unwrap();
    assert_eq!(dropped, 0);
}

#[test]
fn a_missing_recording_cannot_be_resumed_or_read() {
    let tmp = tempfile::tempdir().unwrap();
    assert!(RecordingWriter::resume(tmp.path(), &soak(), disk()).is_err());
    let missing = RecordingReader::<u32>::open::<Header>(&recording_path(tmp.path(), &soak())).unwrap_err();
    assert!(missing.to_string().starts_with("cannot open the recording `"), "{missing}");
}

#[test]
fn damage_names_the_line_and_ends_the_reading() {
    let tmp = tempfile::tempdir().unwrap();
    let path = tmp.path().join("r.jsonl");
    let long = format!("{{\"v\":1}}\n{}", "1".repeat(MAX_LINE + 1));
    for (content, complaint) in
        [("{\"v\":1}\n1\nx\n2\n", "line 3 of the recording"), (long.as_str(), "it is longer than")]
    {
        fs::write(&path, content).unwrap();
        let (_, mut reader) = RecordingReader::<u32>::open::<Header>(&path).unwrap();
        let damage = reader.by_ref().find_map(Result::err).unwrap().to_string();
        assert!(damage.contains(complaint), "{damage}");
        assert!(reader.next().is_none());
    }
    for (content, complaint) in [("", "it has no header"), ("{\"v\":1}", "it has no header"), ("[]\n", "line 1 of")] {
        fs::write(&path, content).unwrap();
        let refused = RecordingReader::<u32>::open::<Header>(&path).unwrap_err().to_string();
        assert!(refused.contains(complaint), "{refused}");
    }
}

#[test]
fn a_record_that_is_too_long_or_fails_leaves_nothing() {
    let tmp = tempfile::tempdir().unwrap();
    let mut writer = RecordingWriter::create(tmp.path(), &soak(), &Header { v: 1 }, disk()).unwrap();
    let long = writer.write(&"x".repeat(MAX_LINE)).unwrap_err();
    assert!(long.to_string().contains("too long"), "{long}");
    writer.write(&1).unwrap();
    assert_eq!(read(writer.path()), (Header { v: 1 }, vec![1], None));

    writer.file = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let full = writer.write(&2).unwrap_err();
    assert!(full.to_string().starts_with("cannot write the recording `"), "{full}");
}

#[test]
fn recordings_are_listed_oldest_first() {
    let tmp = tempfile::tempdir().unwrap();
    assert_eq!(recordings(tmp.path()).unwrap(), []);
    let (first, second) = (id("20261123T140211Z-ffff"), id("20261123T140212Z-0000"));
    for soak in [&second, &first] {
        RecordingWriter::create(tmp.path(), soak, &Header { v: 1 }, disk()).unwrap();
    }
    fs::write(tmp.path().join("soaks/notes.txt"), "").unwrap();
    assert_eq!(recordings(tmp.path()).unwrap(), [first, second]);
    let file = tmp.path().join("soaks/notes.txt");
    fs::write(file.with_file_name("soaks"), "").unwrap();
    assert!(recordings(&tmp.path().join("soaks")).is_err());
}

/// The lines of the file that hold more than one record.
fn packed_lines(path: &Path) -> usize {
    fs::read_to_string(path).unwrap().lines().filter(|line| line.starts_with("{\"packed\":")).count()
}

#[test]
fn what_is_held_is_written_with_the_next_record_and_packed_where_it_is_much() {
    let tmp = tempfile::tempdir().unwrap();
    let mut writer = RecordingWriter::create(tmp.path(), &soak(), &Header { v: 1 }, disk()).unwrap();
    let path = writer.path().to_owned();
    (1..=14).for_each(|record| writer.hold(&record).unwrap());
    assert!(read(&path).1.is_empty(), "nothing is written yet");
    writer.write(&15).unwrap();
    assert_eq!((read(&path).1, packed_lines(&path)), ((1..=15).collect(), 0), "a few stay as they are");
    (16..=200).for_each(|record| writer.hold(&record).unwrap());
    writer.flush().unwrap();
    writer.flush().unwrap();
    writer.write(&201).unwrap();
    assert_eq!((read(&path).1, packed_lines(&path)), ((1..=201).collect(), 1));
    (202..=202 + 1_024).for_each(|record| writer.hold(&record).unwrap());
    assert_eq!(read(&path).1.len(), 201 + 1_024, "not more than that is held");
}

#[test]
fn packed_lines_are_torn_resumed_and_damaged_like_others() {
    let tmp = tempfile::tempdir().unwrap();
    let mut writer = RecordingWriter::create(tmp.path(), &soak(), &Header { v: 1 }, disk()).unwrap();
    let path = writer.path().to_owned();
    for round in 0..3 {
        (0..50).for_each(|record| writer.hold(&(50 * round + record)).unwrap());
        writer.flush().unwrap();
    }
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 9]).unwrap();
    assert_eq!(read(&path).1, (0..100).collect::<Vec<_>>());
    let (mut writer, dropped) = RecordingWriter::resume(tmp.path(), &soak(), disk()).unwrap();
    (100..150).for_each(|record| writer.hold(&record).unwrap());
    writer.flush().unwrap();
    assert!(dropped > 0);
    assert_eq!(read(&path), (Header { v: 1 }, (0..150).collect(), None), "the next monitor begins anew");

    let text = String::from_utf8(whole).unwrap();
    fs::write(&path, text.replacen("\"crc\":", "\"crc\":1", 1)).unwrap();
    let (_, mut reader) = RecordingReader::<u32>::open::<Header>(&path).unwrap();
    let damage = reader.next().unwrap().unwrap_err().to_string();
    assert!(damage.starts_with("line 2 of the recording") && reader.next().is_none(), "{damage}");
}

#[test]
fn what_could_not_be_written_is_not_built_on() {
    let tmp = tempfile::tempdir().unwrap();
    let mut writer = RecordingWriter::create(tmp.path(), &soak(), &Header { v: 1 }, disk()).unwrap();
    let round = |writer: &mut RecordingWriter, first: u32| {
        (first..first + 50).for_each(|record| writer.hold(&record).unwrap());
        writer.flush()
    };
    round(&mut writer, 0).unwrap();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let file = std::mem::replace(&mut writer.file, full);
    round(&mut writer, 50).unwrap_err();
    writer.file = file;
    round(&mut writer, 100).unwrap();
    assert_eq!(read(writer.path()).1, (0..50).chain(100..150).collect::<Vec<_>>());
}

/// As clients of the control API get them.
#[test]
fn packed_lines_are_handed_out_byte_for_byte() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recordings/error-rate.jsonl");
    let text = fs::read_to_string(fixture).unwrap();
    let lines: Vec<Box<RawValue>> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let tmp = tempfile::tempdir().unwrap();
    let mut writer = RecordingWriter::create(tmp.path(), &soak(), &lines[0], disk()).unwrap();
    for round in lines[1..].chunks(30) {
        for line in round {
            writer.hold(line).unwrap();
        }
        writer.flush().unwrap();
    }
    assert_eq!(packed_lines(writer.path()), 2);
    let (header, reader) = RecordingReader::<Box<RawValue>>::open::<Box<RawValue>>(writer.path()).unwrap();
    let read = std::iter::once(header).chain(reader.map(Result::unwrap)).map(|line| format!("{line}\n"));
    assert_eq!(read.collect::<String>(), text);
}

/// Its lines carry checksums of what was packed.
#[test]
fn a_recording_that_was_packed_by_version_0_1_is_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recordings/packed.jsonl");
    let (_, reader) = RecordingReader::<Envelope>::open::<RecordingHeader>(&path).unwrap();
    let seqs: Vec<u64> = reader.map(|envelope| envelope.unwrap().seq).collect();
    assert_eq!(seqs, (1..=2427).collect::<Vec<_>>());
}
