use jiff::tz::TimeZone;
use ratatui::buffer::Cell;

use super::*;
use crate::app::tui::{Charset, Depth, Theme};
use crate::core::soak::scenes::harness;

fn filmed(scene: &str, speed: Option<u32>) -> Vec<(Duration, Buffer)> {
    let harness = harness(scene);
    let ui = UiState::new(Theme::new(Depth::True), Charset::Unicode, TimeZone::UTC);
    let camera = Camera { ui, router_kind: None, size: (100, 30), speed };
    film(camera, harness.began_with().clone(), &harness.log)
}

fn text(buffer: &Buffer) -> String {
    buffer.content.iter().map(Cell::symbol).collect()
}

#[test]
fn a_film_begins_at_the_beginning_and_stays_on_the_last_screen() {
    let film = filmed("rolled-back", None);
    let (last, screen) = film.last().unwrap();
    assert!(text(screen).contains("ROLLED BACK"), "{}", text(screen));
    assert!(*last >= Duration::from_millis(LAST_MS), "{last:?}");
    assert!(!text(&film[0].1).contains("ROLLED BACK"));
}

#[test]
fn no_two_screens_in_a_row_are_alike() {
    let film = filmed("rolled-back", None);
    assert!(film.len() > 10 && film.windows(2).all(|pair| pair[0].1 != pair[1].1), "{} screens", film.len());
}

#[test]
fn a_film_takes_its_time_and_no_more() {
    let length = harness("rolled-back").log.last().unwrap().at_ms;
    let whole = |speed| filmed("rolled-back", speed).iter().map(|(shown, _)| *shown).sum::<Duration>();
    let (slow, fast) = (whole(Some(1)), whole(Some(10)));
    assert!(slow >= Duration::from_millis(length + LAST_MS), "{slow:?} for {length}ms");
    // What is to be read keeps its time.
    assert!(fast < slow / 2 && fast >= Duration::from_millis(length / 10 + LAST_MS), "{fast:?}");
    assert!(whole(None) < Duration::from_millis(2 * LENGTH_MS + LAST_MS));
}

#[test]
fn a_new_phase_can_be_read_at_any_speed() {
    let film = filmed("rolled-back", Some(1000));
    let shown: Duration =
        film.iter().filter(|(_, screen)| text(screen).contains("WATCHING")).map(|(shown, _)| *shown).sum();
    assert!(shown >= Duration::from_millis(READ_MS), "{shown:?}");
}
