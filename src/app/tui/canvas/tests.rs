use ratatui::style::{Color, Modifier, Style};

use super::*;
use crate::app::tui::testing::{Emulator, Terminal as _};

fn say(canvas: &mut Canvas, text: &str, style: Style) {
    canvas.draw(|frame| frame.buffer_mut().set_string(0, 0, text, style)).map(drop).unwrap();
}

#[test]
fn a_frame_takes_one_write_and_only_what_changed() {
    let mut emulator = Emulator::new(40, 5);
    let mut canvas = Canvas::take(emulator.tty()).unwrap();
    say(&mut canvas, "watching 04:12", Style::new());
    emulator.read_all();
    assert_eq!(emulator.contents(), "watching 04:12");
    emulator.bytes.clear();
    say(&mut canvas, "watching 04:13", Style::new());
    emulator.read_all();
    let bytes = String::from_utf8(emulator.bytes.clone()).unwrap();
    assert!(bytes.starts_with("\x1b[?2026h") && bytes.ends_with("\x1b[?2026l"), "{bytes:?}");
    assert_eq!(bytes.matches("\x1b[?2026h").count(), 1, "{bytes:?}");
    assert!(!bytes.contains("watching"), "{bytes:?}");
    assert_eq!(emulator.contents(), "watching 04:13");
}

#[test]
fn a_frame_is_drawn_in_full_when_what_the_terminal_shows_is_not_known() {
    let mut emulator = Emulator::new(40, 5);
    let mut canvas = Canvas::take(emulator.tty()).unwrap();
    say(&mut canvas, "watching", Style::new());
    emulator.read_all();
    for forget in [Canvas::forget, Canvas::take_again] {
        emulator.screen.process(b"\x1b[2J\x1b[Hrubbish of another program");
        forget(&mut canvas).unwrap();
        say(&mut canvas, "watching", Style::new());
        emulator.read_all();
        assert_eq!(emulator.contents(), "watching");
    }
}

#[test]
fn the_next_frame_has_the_size_of_the_terminal() {
    let mut emulator = Emulator::new(40, 5);
    let mut canvas = Canvas::take(emulator.tty()).unwrap();
    for (columns, rows) in [(40, 5), (100, 30), (7, 3), (1, 1)] {
        emulator.resize(columns, rows);
        let shown = canvas.draw(|_| {}).unwrap();
        assert_eq!((shown.area.width, shown.area.height), (columns, rows));
    }
}

#[test]
fn a_terminal_without_a_size_is_taken_for_an_ordinary_one() {
    let mut emulator = Emulator::new(40, 5);
    let mut canvas = Canvas::take(emulator.tty()).unwrap();
    emulator.resize(0, 0);
    let shown = canvas.draw(|_| {}).unwrap();
    assert_eq!((shown.area.width, shown.area.height), (80, 24));
}

#[test]
fn bold_and_reverse_stay_where_the_environment_asks_for_no_color() {
    // What crossterm does by itself when NO_COLOR is set.
    crossterm::style::force_color_output(false);
    let mut emulator = Emulator::new(40, 5);
    let mut canvas = Canvas::take(emulator.tty()).unwrap();
    let style = Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED);
    canvas
        .draw(|frame| {
            let buffer = frame.buffer_mut();
            // A change of color in front of the text, as every styled screen has.
            buffer.set_string(0, 0, "x", Style::new().fg(Color::Red));
            buffer.set_string(1, 0, "HELD", style);
        })
        .unwrap();
    emulator.read_all();
    for column in 1..5 {
        let cell = emulator.screen.screen().cell(0, column).unwrap();
        assert!(cell.bold() && cell.inverse(), "column {column}: {cell:?}");
    }
}

#[test]
fn the_terminal_comes_back_when_the_canvas_goes() {
    let mut emulator = Emulator::new(40, 5);
    let mut canvas = Canvas::take(emulator.tty()).unwrap();
    say(&mut canvas, "frame", Style::new());
    drop(canvas);
    emulator.read_all();
    assert!(!emulator.is_raw() && !emulator.in_alternate_screen());
    assert!(!emulator.screen.screen().hide_cursor());
}

#[test]
fn drawing_on_a_terminal_that_hung_up_tells_that_it_is_gone() {
    let mut emulator = Emulator::new(40, 5);
    let mut canvas = Canvas::take(emulator.tty()).unwrap();
    emulator.hang_up();
    assert!(matches!(canvas.draw(|_| {}), Err(TerminalError::Gone)));
}
