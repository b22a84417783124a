//! The theme: by key, and as the terminal answers.

use super::*;
use crate::app::tui::theme::Ground;

fn colored(mut desk: Desk) -> Desk {
    desk.app.ui.theme = Theme::new(Depth::True);
    desk
}

#[test]
fn a_key_goes_through_the_themes_and_names_each() {
    let over = || {
        let mut desk = Desk::live();
        desk.item(Item::Stopped("by a test".to_owned()));
        desk
    };
    for desk in [Desk::live, over, replay] {
        let mut desk = colored(desk());
        let before = desk.app.ui().theme;
        for name in ["dark", "light", "color-blind", "mono"] {
            assert_eq!(desk.keys("t"), []);
            assert_eq!(desk.message(), Some(format!("theme {name}")));
        }
        desk.keys("t");
        assert_eq!(desk.app.ui().theme, before);
        assert_eq!(desk.message().unwrap(), "theme auto: dark, the terminal's background is unknown");
    }
}

#[test]
fn without_colors_the_message_says_why_nothing_changes() {
    let mut desk = Desk::live();
    desk.keys("t");
    assert!(desk.message().unwrap().starts_with("theme dark, without colors: NO_COLOR"), "{:?}", desk.message());
}

#[test]
fn the_background_that_the_terminal_tells_changes_the_colors_and_nothing_else() {
    let mut desk = colored(Desk::live());
    let dark = desk.app.ui().clone();
    assert_eq!(desk.at(UiEvent::Ground(Ground::Light)), []);
    let light = desk.app.ui().clone();
    assert_ne!(light.theme, dark.theme);
    assert_eq!(UiState { theme: dark.theme, ..light }, dark);
    assert!(!desk.app.ui().theme.wants_ground(), "it is not asked again");
}

#[test]
fn a_theme_that_was_chosen_stays_whatever_the_terminal_tells() {
    let mut desk = colored(Desk::live());
    desk.keys("t");
    let tone = |desk: &Desk| desk.app.ui().theme.tone(crate::core::view::Tone::Good);
    let dark = tone(&desk);
    desk.at(UiEvent::Ground(Ground::Light));
    assert_eq!(tone(&desk), dark);
    // Back at `auto`, what was told counts.
    desk.keys("tttt");
    assert_eq!(desk.message().unwrap(), "theme auto: light, like the terminal's background");
    assert_ne!(tone(&desk), dark);
}
