use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::*;
use crate::core::soak::Readiness;
use crate::io::journal::{RecordingReader, SoakId};
use crate::io::ports::Filling;
use crate::model::{Action, Actor};

/// A recorder whose thread has done its work whenever a call returns.
struct Recording {
    tmp: tempfile::TempDir,
    path: PathBuf,
    disk: Arc<Filling>,
    recorder: Recorder,
    events: mpsc::Receiver<Event>,
    seq: u64,
}

impl Recording {
    fn start() -> Self {
        let (tmp, disk) = (tempfile::tempdir().unwrap(), Arc::new(Filling::default()));
        let id: SoakId = "20261123T140211Z-3f2a".parse().unwrap();
        let writer = RecordingWriter::create(tmp.path(), &id, &"a header", disk.clone()).unwrap();
        let path = writer.path().to_owned();
        let (sender, events) = mpsc::channel(8);
        let recorder = Recorder::start(writer, &*disk, sender);
        Self { tmp, path, disk, recorder, events, seq: 0 }
    }

    fn feed(&mut self, at_ms: u64, event: Event) {
        self.seq += 1;
        let envelope = Envelope { seq: self.seq, at_ms, wall_ms: 0, event };
        self.recorder.record(&envelope, serde_json::to_vec(&envelope).unwrap().into());
    }

    /// What so many instances answer in one round.
    fn answers(&mut self, at_ms: u64, instances: usize) {
        (0..instances).for_each(|instance| self.feed(at_ms, Event::Probed { instance, answer: Readiness::Ready }));
    }

    fn on_disk(&self) -> (Vec<u64>, usize) {
        on_disk(&self.path)
    }
}

/// The places of the events in the file, and how many of its lines hold several.
fn on_disk(path: &Path) -> (Vec<u64>, usize) {
    let (_, reader) = RecordingReader::<Envelope>::open::<String>(path).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let packed = text.lines().filter(|line| line.starts_with("{\"packed\":")).count();
    (reader.map(|envelope| envelope.unwrap().seq).collect(), packed)
}

fn tick() -> Event {
    Event::Tick { skipped: 0 }
}

#[test]
fn the_answers_of_a_round_are_written_with_the_tick_that_judges_them() {
    let mut recording = Recording::start();
    recording.answers(1_000, 20);
    assert!(recording.on_disk().0.is_empty());
    recording.feed(1_040, tick());
    assert_eq!(recording.on_disk(), ((1..=21).collect(), 1));
    recording.answers(2_000, 3);
    recording.feed(2_010, tick());
    assert_eq!(recording.on_disk(), ((1..=25).collect(), 1), "a few stay as they are");
}

#[test]
fn the_thread_is_woken_at_the_end_of_a_round_and_not_for_each_answer() {
    let mut queued = Queued::default();
    let mut woken = |lines: &[(u64, bool)]| -> Vec<bool> {
        lines
            .iter()
            .map(|(at_ms, waits)| queued.takes(&Line { json: Bytes::new(), at_ms: *at_ms, waits: *waits }))
            .collect()
    };
    assert_eq!(woken(&[(0, true), (5, true), (9, false)]), [false, false, true]);
    assert_eq!(woken(&[(20, true), (1_019, true), (1_020, true)]), [false, false, true], "a round without an end");
    let many = woken(&[(1_020, true); MAX_QUEUED + 1]);
    assert_eq!(many.iter().position(|woken| *woken), Some(MAX_QUEUED - 1));
    assert_eq!(many.last(), Some(&false), "the next ones");
}

#[test]
fn whatever_else_happens_is_written_at_once_and_what_was_held_before_it() {
    for event in [
        Event::Started,
        Event::Timer,
        Event::Trouble { what: "the disk is slow".to_owned() },
        Event::Action { action: Action::Keep, actor: Actor::Auto, reason: None },
    ] {
        let mut recording = Recording::start();
        recording.answers(1_000, 4);
        recording.feed(1_001, event.clone());
        assert_eq!(recording.on_disk().0, [1, 2, 3, 4, 5], "{event:?}");
    }
}

#[test]
fn an_answer_a_second_after_the_first_is_written_with_all_before_it() {
    let mut recording = Recording::start();
    recording.answers(1_000, 2);
    recording.answers(1_999, 1);
    assert!(recording.on_disk().0.is_empty());
    recording.answers(2_000, 1);
    assert_eq!(recording.on_disk().0, [1, 2, 3, 4]);
    recording.answers(2_001, 1);
    assert_eq!(recording.on_disk().0, [1, 2, 3, 4], "the next one begins a second of its own");
}

/// A decision may be made on an answer, before its round is over.
#[tokio::test]
async fn everything_is_on_disk_before_it_is_acted_on_and_at_the_end() {
    let mut recording = Recording::start();
    recording.answers(1_000, 30);
    recording.recorder.settle().await;
    assert_eq!(recording.on_disk(), ((1..=30).collect(), 1));
    recording.answers(2_000, 5);
    let Recording { tmp, path, recorder, .. } = recording;
    recorder.finish();
    assert_eq!(on_disk(&path).0, (1..=35).collect::<Vec<_>>());
    drop(tmp);
}

#[test]
fn a_disk_that_fills_up_within_a_round_is_told_once_and_later_rounds_are_recorded() {
    let mut recording = Recording::start();
    let round = |recording: &mut Recording, second: u64| {
        recording.answers(1_000 * second, 40);
        recording.feed(1_000 * second + 30, tick());
    };
    round(&mut recording, 1);
    recording.disk.set_room(Some(30));
    round(&mut recording, 2);
    round(&mut recording, 3);
    recording.disk.set_room(None);
    round(&mut recording, 4);
    round(&mut recording, 5);
    assert_eq!(recording.on_disk(), ((1..=41).chain(124..=205).collect(), 3));
    let told = recording.events.try_recv().unwrap();
    assert!(matches!(&told, Event::Trouble { what } if what.starts_with("cannot write the recording")), "{told:?}");
    assert!(recording.events.try_recv().is_err(), "once");
}
