//! What the mouse does: it presses and moves what keys press and move.

use ratatui::layout::{Position, Rect};

use crate::app::tui::dialog::Quit;
use crate::app::tui::keys::{Command, Key, named};
use crate::app::tui::mouse::{Deed, Pointer};
use crate::app::tui::regions::{Regions, regions};
use crate::app::tui::{Pane, Subject};
use crate::core::view::Tone;

use super::state::{App, Effect, Layer};

impl App {
    /// Follows the mouse, or leaves it to the terminal, which selects text with it.
    pub(super) fn follow_mouse(&mut self) -> Vec<Effect> {
        self.follows_mouse = !self.follows_mouse;
        if self.follows_mouse {
            self.say("mouse on; to select text hold Shift (Mac: Option); m: off", Tone::Plain);
        } else {
            self.say("the mouse is left to the terminal: it selects text", Tone::Plain);
        }
        vec![Effect::FollowMouse(self.follows_mouse)]
    }

    /// Takes what was done on a screen of this size.
    pub(super) fn mouse(&mut self, pointer: Pointer, screen: Rect) -> Vec<Effect> {
        let Some(shown) = self.shown() else { return Vec::new() };
        let regions = regions(screen, shown.dashboard, shown.ui, shown.now_ms);
        match (&self.layer, pointer.deed) {
            (Some(Layer::Filter(_) | Layer::Order(_)), _) => Vec::new(),
            (Some(_), Deed::Click) => self.click_above(&regions, pointer.at),
            (Some(_), Deed::WheelUp) => self.wheel_above(Command::Up, Key::Up),
            (Some(_), Deed::WheelDown) => self.wheel_above(Command::Down, Key::Down),
            (None, Deed::Click) => self.click(&regions, pointer.at),
            (None, Deed::WheelUp) => self.wheel(&regions, pointer.at, Command::Up),
            (None, Deed::WheelDown) => self.wheel(&regions, pointer.at, Command::Down),
        }
    }

    fn click(&mut self, regions: &Regions, at: Position) -> Vec<Effect> {
        if let Some(key) = found(&regions.hints, at).and_then(|key| named(&key)) {
            return self.pressed(key);
        }
        if let Some(check) = found(&regions.checks, at) {
            self.ui.check = Some(check);
        }
        if let Some(number) = found(&regions.decisions, at) {
            if self.ui.decisions.selected == Some(number) {
                self.layer = Some(Layer::Detail(Subject::Decision(number)));
            }
            self.ui.decisions.selected = Some(number);
        }
        // In a replay there is one list to move in.
        let focused = self.ui.focus;
        if let Some(pane) = found(&regions.panes, at).filter(|_| self.player.is_none()) {
            self.ui.focus = pane;
        }
        let again = focused == self.ui.focus;
        let instance = found(&regions.instances, at).map(|row| (row, &mut self.ui.instance));
        let route = found(&regions.routes, at).map(|row| (row, &mut self.ui.route));
        if let Some((row, selected)) = instance.or(route) {
            let opens = again && std::mem::replace(selected, row) == row;
            *selected = row;
            if opens {
                self.open_detail();
            }
        }
        Vec::new()
    }

    fn wheel(&mut self, regions: &Regions, at: Position, command: Command) -> Vec<Effect> {
        if let Some(pane) = found(&regions.panes, at) {
            self.move_in(pane, command);
        }
        Vec::new()
    }

    fn click_above(&mut self, regions: &Regions, at: Position) -> Vec<Effect> {
        let Some(above) = &regions.above else { return Vec::new() };
        let (button, item) = (found(&above.buttons, at), found(&above.items, at));
        match (self.layer.take(), button, item) {
            (Some(Layer::Dialog { mut dialog, order }), Some(button), _) => {
                let step = dialog.click(button, self.now_ms);
                self.after_step(dialog, order, step)
            }
            (Some(Layer::Quit(quit)), Some(button), _) => self.after_quit(quit, Quit::click(button)),
            (Some(Layer::Faults { selected }), _, Some(item)) => {
                self.layer = Some(Layer::Faults { selected: item });
                if selected == item { self.pressed(Key::Enter) } else { Vec::new() }
            }
            (Some(Layer::Soaks(mut list)), _, Some(item)) => {
                let again = list.select(item);
                self.layer = Some(Layer::Soaks(list));
                if again { self.pressed(Key::Enter) } else { Vec::new() }
            }
            (layer, ..) => {
                self.layer = layer;
                Vec::new()
            }
        }
    }

    fn wheel_above(&mut self, command: Command, key: Key) -> Vec<Effect> {
        match self.layer.take() {
            Some(Layer::Dialog { dialog, order }) => self.layer = Some(Layer::Dialog { dialog, order }),
            Some(Layer::Quit(quit)) => self.layer = Some(Layer::Quit(quit)),
            Some(layer) => return self.on_layer(layer, Some(command), key),
            None => {}
        }
        Vec::new()
    }

    /// Rows up or down in a pane, whether it has the focus or not.
    fn move_in(&mut self, pane: Pane, command: Command) {
        let focus = std::mem::replace(&mut self.ui.focus, pane);
        self.move_on_panes(command, Key::Up);
        self.ui.focus = focus;
    }
}

/// What is there.
fn found<T: Clone>(places: &[(T, Rect)], at: Position) -> Option<T> {
    places.iter().find(|(_, area)| area.contains(at)).map(|(what, _)| what.clone())
}
