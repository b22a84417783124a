//! The terminal's background: asked for once, and answered in every way that there is.

use std::thread::sleep;

use super::*;

const QUESTION: &str = "\x1b]11;?\x07";
const END_OF_FRAME: &str = "\x1b[?2026l";
/// How green is written on a dark and on a light ground.
const ON_DARK: &str = "38;2;43;184;138";
const ON_LIGHT: &str = "38;2;0;112;79";

fn written(emulator: &Emulator) -> String {
    String::from_utf8_lossy(&emulator.bytes).into_owned()
}

/// A screen in colors that has asked.
fn asked() -> (Emulator, Actor) {
    let (mut emulator, actor) = stage("colored");
    emulator.wait_until("asked", |emulator| written(emulator).contains(QUESTION));
    (emulator, actor)
}

/// Ends the screen; no order was given before, or the run would be over.
fn ends_without_an_order(mut emulator: Emulator, actor: Actor) -> String {
    emulator.type_keys("q\r");
    assert!(ended_well(actor.end(&mut emulator)));
    let text = emulator.contents();
    assert!(text.contains("left Operator detached=true None"), "{text}");
    text
}

#[test]
fn the_terminal_is_asked_once_after_the_first_frame_and_its_answer_changes_the_colors() {
    let (mut emulator, actor) = asked();
    emulator.wait_until("drawn as on dark", |emulator| written(emulator).contains(ON_DARK));
    let before = written(&emulator);
    let (first, rest) = before.split_once(QUESTION).unwrap();
    assert!(first.contains(END_OF_FRAME), "the question comes before a frame: {first:?}");
    assert!(!rest.contains(QUESTION) && !before.contains(ON_LIGHT), "{rest:?}");
    emulator.type_keys("\x1b]11;rgb:ffff/ffff/ffff\x07");
    emulator.wait_until("drawn as on light", |emulator| written(emulator).contains(ON_LIGHT));
    emulator.type_keys("ttttt");
    emulator.wait_for("theme auto: light, like the terminal's background");
    assert_eq!(written(&emulator).matches(QUESTION).count(), 1);
    ends_without_an_order(emulator, actor);
}

#[test]
fn an_answer_that_comes_late_in_pieces_and_is_rubbish_orders_nothing() {
    let (mut emulator, actor) = asked();
    for answer in [["\x1b", "]11;R", "y A\x07"], ["\x1b]", "11;rgb:FFFF/Ry", "\ry\x1b\\"]] {
        for piece in answer {
            emulator.type_keys(piece);
            sleep(Duration::from_millis(30));
        }
    }
    emulator.type_keys("t");
    emulator.wait_for("theme dark");
    let text = emulator.contents();
    assert!(text.contains("WATCHING") && !text.contains("Roll back to") && !text.contains("Abort the soak"), "{text}");
    ends_without_an_order(emulator, actor);
}

#[test]
fn a_terminal_that_never_answers_is_drawn_on_and_left_like_any_other() {
    let (mut emulator, actor) = asked();
    emulator.type_keys("ttttt");
    emulator.wait_for("theme auto: dark, the terminal's background is unknown");
    ends_without_an_order(emulator, actor);
}

#[test]
fn an_answer_that_comes_while_the_operator_leaves_is_not_left_to_the_shell() {
    let (mut emulator, actor) = asked();
    emulator.type_keys("q\r\x1b]11;rgb:ffff/ffff/ffff\x07");
    assert!(ended_well(actor.end(&mut emulator)));
    assert!(!emulator.contents().contains("11;rgb"), "{}", emulator.contents());
}

#[test]
fn a_terminal_without_colors_is_asked_nothing() {
    let (mut emulator, actor) = stage("show");
    emulator.type_keys("t");
    emulator.wait_for("without colors");
    assert!(!written(&emulator).contains(QUESTION));
    ends_without_an_order(emulator, actor);
}
