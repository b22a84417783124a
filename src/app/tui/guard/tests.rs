use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::app::tui::testing::{Emulator, Terminal as _, ended_well, role};

/// The terminal as a shell keeps it.
fn given_back(emulator: &Emulator) -> bool {
    let screen = emulator.screen.screen();
    !emulator.is_raw()
        && !screen.alternate_screen()
        && !screen.hide_cursor()
        && !screen.bracketed_paste()
        && !emulator.follows_the_mouse()
}

fn taken(emulator: &Emulator) -> bool {
    let screen = emulator.screen.screen();
    emulator.is_raw() && screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste()
}

#[test]
fn the_terminal_is_taken_and_given_back_when_the_guard_goes() {
    let mut emulator = Emulator::new(80, 24);
    emulator.screen.process(b"$ switchback attach\r\n");
    let guard = Guard::take(emulator.tty()).unwrap();
    guard.show(b"\x1b[1;31mframe").unwrap();
    emulator.read_all();
    assert!(taken(&emulator));
    assert_eq!(emulator.contents(), "frame");
    drop(guard);
    emulator.read_all();
    assert!(given_back(&emulator));
    assert_eq!(emulator.contents().trim(), "$ switchback attach", "what was there before is there again");
    assert!(!emulator.screen.screen().bold(), "no style is left behind");
}

#[test]
fn the_mouse_is_left_alone() {
    let mut emulator = Emulator::new(80, 24);
    let _guard = Guard::take(emulator.tty()).unwrap();
    emulator.read_all();
    assert!(!emulator.follows_the_mouse());
}

#[test]
fn the_mouse_is_followed_when_asked_for_and_given_back_with_the_terminal() {
    let mut emulator = Emulator::new(80, 24);
    let guard = Guard::take(emulator.tty()).unwrap();
    let follows = |emulator: &mut Emulator| {
        emulator.read_all();
        emulator.follows_the_mouse()
    };
    guard.follow_mouse(true).unwrap();
    assert!(follows(&mut emulator));
    guard.give_back();
    assert!(!follows(&mut emulator));
    guard.take_again().unwrap();
    assert!(follows(&mut emulator), "as it was before");
    guard.follow_mouse(false).unwrap();
    assert!(!follows(&mut emulator));
    guard.follow_mouse(true).unwrap();
    drop(guard);
    assert!(!follows(&mut emulator) && given_back(&emulator));
}

#[test]
fn every_frame_is_one_synchronized_update() {
    let mut emulator = Emulator::new(80, 24);
    let guard = Guard::take(emulator.tty()).unwrap();
    emulator.read_all();
    emulator.bytes.clear();
    guard.show(b"one").unwrap();
    guard.show(b"two").unwrap();
    emulator.read_all();
    let wanted = "\x1b[?2026hone\x1b[?2026l\x1b[?2026htwo\x1b[?2026l";
    assert_eq!(String::from_utf8(emulator.bytes).unwrap(), wanted);
}

#[test]
fn giving_back_twice_writes_once() {
    let mut emulator = Emulator::new(80, 24);
    let guard = Guard::take(emulator.tty()).unwrap();
    guard.give_back();
    emulator.read_all();
    emulator.bytes.clear();
    guard.give_back();
    drop(guard);
    emulator.read_all();
    assert_eq!(emulator.bytes, b"");
}

#[test]
fn nothing_is_drawn_while_the_shell_has_the_terminal() {
    let mut emulator = Emulator::new(80, 24);
    let guard = Guard::take(emulator.tty()).unwrap();
    guard.give_back();
    guard.show(b"frame").unwrap();
    emulator.read_all();
    assert!(given_back(&emulator));
    assert!(!emulator.contents().contains("frame"));
    guard.take_again().unwrap();
    guard.show(b"frame").unwrap();
    emulator.read_all();
    assert!(taken(&emulator));
    assert_eq!(emulator.contents(), "frame");
}

#[test]
fn raw_mode_is_set_again_when_somebody_else_took_it_away() {
    let emulator = Emulator::new(80, 24);
    let tty = emulator.tty();
    let cooked = tty.modes().unwrap();
    let guard = Guard::take(Arc::clone(&tty)).unwrap();
    tty.set_modes(&cooked).unwrap();
    assert!(!emulator.is_raw());
    guard.take_again().unwrap();
    assert!(emulator.is_raw());
}

#[test]
fn a_terminal_that_hung_up_is_told_as_gone_and_costs_no_panic() {
    let mut emulator = Emulator::new(80, 24);
    let guard = Guard::take(emulator.tty()).unwrap();
    emulator.hang_up();
    assert!(matches!(guard.show(b"frame"), Err(TerminalError::Gone)));
    assert!(matches!(guard.take_again(), Err(TerminalError::Gone)));
}

#[test]
fn what_is_no_terminal_is_not_taken() {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    let error = Guard::take(Arc::new(Tty::new(reader, writer))).unwrap_err();
    assert!(error.to_string().starts_with("cannot read the modes of the terminal: "), "{error}");
}

const HERE: &str = "app::tui::guard::tests::a_panic_gives_the_terminal_back_before_its_message_is_printed";

#[test]
fn a_panic_gives_the_terminal_back_before_its_message_is_printed() {
    if role().is_some() {
        let guard = Guard::take(Arc::new(Tty::of_process().unwrap())).unwrap();
        guard.follow_mouse(true).unwrap();
        guard.show(b"frame").unwrap();
        let panicked = catch_unwind(AssertUnwindSafe(|| panic!("boom")));
        assert!(panicked.is_err());
        assert!(matches!(guard.show(b"late frame"), Err(TerminalError::Released)));
        assert!(matches!(guard.take_again(), Err(TerminalError::Released)));
        return;
    }
    let mut emulator = Emulator::new(80, 24);
    let actor = emulator.spawn(HERE, "panic", &[]);
    assert!(ended_well(actor.end(&mut emulator)));
    assert!(given_back(&emulator));
    let shown = emulator.contents();
    assert!(shown.contains("boom"), "the message is not in the alternate screen:\n{shown}");
    assert!(!shown.contains("late frame"), "{shown}");
}

#[test]
fn a_panic_is_logged() {
    use std::io;
    use std::sync::mpsc;

    struct Log(mpsc::Sender<Vec<u8>>);
    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.send(bytes.to_vec());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let emulator = Emulator::new(80, 24);
    let _guard = Guard::take(emulator.tty()).unwrap();
    let (sender, lines) = mpsc::channel();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || Log(sender.clone())).finish();
    tracing::subscriber::with_default(subscriber, || {
        let _ = catch_unwind(|| panic!("boom"));
    });
    let log: Vec<u8> = lines.try_iter().flatten().collect();
    let log = String::from_utf8(log).unwrap();
    assert!(log.contains("ERROR") && log.contains("boom"), "{log}");
}
