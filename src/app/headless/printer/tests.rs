use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use super::*;
use crate::app::headless::{JobFiles, Output, Places};
use crate::core::soak::Event;
use crate::core::soak::scenes::harness;
use crate::core::soak::testing::settings;
use crate::core::view::View;

/// A stdout whose reader takes each text when it is asked for, until it is gone.
struct Slow(SyncSender<Vec<u8>>);

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn printer() -> (Printer, Receiver<Vec<u8>>) {
    let (reader, read) = sync_channel(0);
    let places = Places { journal: "j".into(), recording: "r".into() };
    let form = Form { output: Output::Json, terminal: None, places, job: JobFiles::default(), quiet: None };
    (Printer::start(form, Box::new(Slow(reader))), read)
}

/// A run, and what its next event changes.
struct Run(View);

impl Run {
    fn new() -> Self {
        Self(View::new(settings()))
    }

    fn event(&mut self, event: Event) -> (Envelope, ViewUpdate) {
        let seq = self.0.seq() + 1;
        let envelope = Envelope { seq, at_ms: seq * 1_000, wall_ms: 0, event };
        let news = self.0.apply(&envelope);
        (envelope, news)
    }
}

fn trouble(bytes: usize) -> Event {
    Event::Trouble { what: "x".repeat(bytes) }
}

#[track_caller]
fn soon(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_run_waits_for_no_reader_and_prints_no_more_for_one_that_is_far_behind() {
    let ((printer, read), mut run) = (printer(), Run::new());
    let mut observer = printer.observer();
    let mut taken = 0;
    while taken < 10_000 {
        let (envelope, news) = run.event(trouble(100_000));
        if !observer(&envelope, &run.0, &news) {
            break;
        }
        taken += 1;
    }
    assert_eq!(taken, 1 + MAX_WAITING / 100_000);
    let reading = thread::spawn(move || read.iter().map(|text| text.len()).sum::<usize>());
    printer.finish();
    drop(observer);
    assert!(reading.join().unwrap() > MAX_WAITING, "what was taken is printed");
}

#[test]
fn nothing_is_printed_for_a_reader_that_is_gone_however_much_waited_for_it() {
    let ((printer, read), mut run) = (printer(), Run::new());
    let pen = printer.pen();
    while !pen.is_full() {
        let (_, news) = run.event(trouble(1 << 20));
        assert!(pen.tell(&run.0, &news));
    }
    drop(read);
    soon("nothing waits any more", || !pen.is_full());
    let (_, news) = run.event(trouble(1));
    assert!(!pen.tell(&run.0, &news));
    printer.finish();
    assert!(!pen.tell(&run.0, &news), "and nothing after the end");
}

#[test]
fn the_outcome_comes_last_and_once_with_what_went_wrong_after_it() {
    let ((printer, read), harness) = (printer(), harness("retained"));
    let mut run = Run(View::new(harness.began_with().clone()));
    let reading = thread::spawn(move || read.iter().flatten().collect::<Vec<u8>>());
    for envelope in &harness.log {
        let news = run.0.apply(envelope);
        assert!(printer.pen().tell(&run.0, &news));
    }
    let (_, news) = run.event(trouble(3));
    assert!(printer.pen().tell(&run.0, &news));
    printer.finish();
    let output = String::from_utf8(reading.join().unwrap()).unwrap();
    let lines: Vec<serde_json::Value> = output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().filter(|line| line["type"] == "outcome").count(), 1, "{output}");
    let last = &lines[lines.len() - 1];
    assert_eq!((&last["outcome"], &last["troubles"][0]), (&"retained".into(), &"xxx".into()), "{last}");
}
