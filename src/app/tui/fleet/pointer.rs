//! What the mouse does: it presses and moves what keys press and move.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::app::tui::keys::Key as Pressed;
use crate::app::tui::mouse::{Deed, Pointer};
use crate::core::view::Tone;

use super::app::{App, Effect, Layer};
use super::keys::named;
use super::list::Move;

/// Rows that one turn of the wheel moves by.
const WHEEL: isize = 3;

impl App {
    /// Follows the mouse, or leaves it to the terminal, which selects text with it.
    pub(super) fn follow_mouse(&mut self) -> Vec<Effect> {
        self.follows_mouse = !self.follows_mouse;
        self.say(
            if self.follows_mouse {
                "mouse on; to select text hold Shift (Mac: Option); m: off"
            } else {
                "the mouse is left to the terminal: it selects text"
            },
            Tone::Plain,
        );
        vec![Effect::FollowMouse(self.follows_mouse)]
    }

    /// Takes what was done on a screen of this size.
    pub(super) fn mouse(&mut self, pointer: Pointer, screen: Rect) -> Vec<Effect> {
        let drawn = self.render(&mut Buffer::empty(screen), screen);
        match (&self.layer, pointer.deed) {
            (None, Deed::WheelUp) => self.list.go(Move::By(-WHEEL)),
            (None, Deed::WheelDown) => self.list.go(Move::By(WHEEL)),
            (None, Deed::Click) => {
                if let Some(key) = found(&drawn.hints, pointer.at).and_then(|name| named(&name)) {
                    return self.pressed(key);
                }
                let Some(key) = found(&drawn.rows, pointer.at) else { return Vec::new() };
                let again = self.list.is_chosen() && self.list.current() == Some(&key);
                self.list.select(&key);
                return if again { self.attach() } else { Vec::new() };
            }
            (Some(Layer::Group(_)), Deed::Click) => {
                let Some(button) = found(&drawn.buttons, pointer.at) else { return Vec::new() };
                if let Some(Layer::Group(mut group)) = self.layer.take() {
                    let step = group.click(button, &self.fleet, self.now_ms);
                    return self.after_step(group, step);
                }
            }
            (Some(Layer::Filter), _) | (Some(_), Deed::Click) => {}
            (Some(_), Deed::WheelUp) => return self.pressed(Pressed::Up),
            (Some(_), Deed::WheelDown) => return self.pressed(Pressed::Down),
        }
        Vec::new()
    }
}

/// What is there.
fn found<T: Clone>(places: &[(T, Rect)], at: Position) -> Option<T> {
    places.iter().find(|(_, area)| area.contains(at)).map(|(what, _)| what.clone())
}
