//! What keys do.

use crossterm::event::KeyEvent;

use crate::app::tui::dialog::{Ask, Field, Quit, QuitStep};
use crate::app::tui::keys::{Command, Key, command};
use crate::app::tui::replay::Player;
use crate::core::view::Tone;

use super::rows::{moved, scrolled};
use super::state::{App, Effect, Layer};

/// `Ctrl-C` twice within this time leaves without a question.
const TWICE_MS: u64 = 2_000;

impl App {
    pub(super) fn key(&mut self, event: KeyEvent) -> Vec<Effect> {
        Key::of(event).map_or_else(Vec::new, |key| self.pressed(key))
    }

    pub(super) fn pressed(&mut self, key: Key) -> Vec<Effect> {
        let meant = command(self.scope(self.context()), key);
        match meant {
            Some(Command::Redraw) => vec![Effect::Redraw],
            Some(Command::Suspend) => vec![Effect::Suspend],
            Some(Command::Interrupt) => self.interrupt(),
            _ => match self.layer.take() {
                None => meant.map_or_else(Vec::new, |command| self.on_panes(command, key)),
                Some(layer) => self.on_layer(layer, meant, key),
            },
        }
    }

    pub(super) fn paste(&mut self, text: &str) -> Vec<Effect> {
        match &mut self.layer {
            Some(Layer::Dialog { dialog, .. }) => dialog.paste(text, self.now_ms),
            Some(Layer::Order(line)) => line.add(text),
            Some(Layer::Filter(field)) => {
                field.add(text);
                self.ui.decisions.filter = field.text().to_owned();
            }
            // Anywhere else text would be taken for keys, and some of them give orders.
            _ => {}
        }
        Vec::new()
    }

    fn interrupt(&mut self) -> Vec<Effect> {
        let before = self.interrupted_ms.replace(self.now_ms);
        if before.is_some_and(|at| self.now_ms.saturating_sub(at) <= TWICE_MS) {
            return vec![Effect::Leave];
        }
        self.layer = None;
        self.leave()
    }

    /// Leaves, or asks first while a soak runs that this client could end.
    fn leave(&mut self) -> Vec<Effect> {
        let asks = self.dashboard.is_some() && !self.is_over();
        if asks && !self.is_visit && self.player.is_none() && self.faults.is_none() && !self.ui.read_only {
            self.layer = Some(Layer::Quit(Quit::default()));
            Vec::new()
        } else {
            vec![Effect::Leave]
        }
    }

    fn on_panes(&mut self, command: Command, key: Key) -> Vec<Effect> {
        if let Some(what) = Ask::by(command) {
            self.ask(what);
            return Vec::new();
        }
        match command {
            Command::Leave => return self.leave(),
            Command::Save => return vec![Effect::Save],
            Command::Theme => self.next_theme(),
            Command::Help => self.open_help(),
            Command::Order => self.open_order_line(),
            Command::Back => return self.back(),
            Command::Mouse => return self.follow_mouse(),
            Command::Soaks => return self.open_soaks(),
            Command::Log => return self.open_log(),
            Command::Freeze => self.freeze(),
            Command::Filter => self.layer = Some(Layer::Filter(Field::from(self.ui.decisions.filter.as_str()))),
            Command::Enter => self.open_detail(),
            Command::Faults => {
                let selected = self.faults.as_ref().and_then(|menu| menu.current).unwrap_or(0);
                self.layer = Some(Layer::Faults { selected });
            }
            Command::PlayPause => self.play(Player::play_or_pause),
            Command::Seek => self.play(|player| player.seek(key.digit().unwrap_or(0))),
            Command::SeekBack => self.play(Player::back),
            Command::SeekForward => self.play(Player::forward),
            Command::Slower => self.play(Player::slower),
            Command::Faster => self.play(Player::faster),
            _ => self.move_on_panes(command, key),
        }
        Vec::new()
    }

    /// Takes back what was done last to the view, one thing at a time.
    fn back(&mut self) -> Vec<Effect> {
        let list = &mut self.ui.decisions;
        if !list.filter.is_empty() {
            list.filter.clear();
        } else if list.selected.is_some() {
            list.selected = None;
        } else if self.frozen.is_some() {
            self.freeze();
        } else if self.is_visit {
            return vec![Effect::Leave];
        }
        Vec::new()
    }

    fn next_theme(&mut self) {
        self.ui.theme = self.ui.theme.next();
        self.say(self.ui.theme.described(), Tone::Plain);
    }

    fn freeze(&mut self) {
        self.frozen = match self.frozen.take() {
            Some(_) => None,
            None => self.dashboard.clone().map(|dashboard| (dashboard, self.run_ms())),
        };
        self.ui.frozen = self.frozen.is_some();
    }

    /// A key while something lies above the panes; it was taken off, and is put back unless it closes.
    pub(super) fn on_layer(&mut self, layer: Layer, meant: Option<Command>, key: Key) -> Vec<Effect> {
        match layer {
            Layer::Help { scroll } => {
                let rows = self.help().len();
                self.layer = scrolled(meant, scroll, rows).map(|scroll| Layer::Help { scroll });
            }
            Layer::Detail(_) => self.on_detail(meant, key),
            Layer::Filter(field) => self.on_filter(field, meant, key),
            Layer::Order(line) => return self.on_order_line(line, meant, key),
            Layer::Soaks(list) => return self.on_soaks(list, meant),
            Layer::Log(log) => self.on_log(log, meant),
            Layer::Faults { selected } => return self.on_faults(selected, meant, key),
            Layer::Dialog { dialog, order } => return self.on_dialog(dialog, order, meant, key),
            Layer::Quit(quit) => return self.on_quit(quit, meant, key),
        }
        Vec::new()
    }

    fn on_filter(&mut self, mut field: Field, meant: Option<Command>, key: Key) {
        match meant {
            Some(Command::Enter) => return,
            Some(Command::Close) => {
                self.ui.decisions.filter.clear();
                return;
            }
            Some(Command::Erase) => field.erase(),
            _ => field.add(key.typed().map(String::from).unwrap_or_default().as_str()),
        }
        field.text().clone_into(&mut self.ui.decisions.filter);
        self.ui.decisions.selected = None;
        self.layer = Some(Layer::Filter(field));
    }

    fn on_faults(&mut self, selected: usize, meant: Option<Command>, key: Key) -> Vec<Effect> {
        let Some(menu) = &mut self.faults else { return Vec::new() };
        let numbered = key.digit().and_then(|digit| usize::from(digit).checked_sub(1));
        let chosen = match meant {
            Some(Command::Enter) => Some(selected),
            Some(Command::Choose) => numbered.filter(|place| *place < menu.items.len()),
            _ => None,
        };
        if let Some(chosen) = chosen {
            menu.current = Some(chosen);
            return vec![Effect::ChangeFault(chosen)];
        }
        let last = menu.items.len().saturating_sub(1);
        self.layer = moved(meant, selected, last).map(|selected| Layer::Faults { selected });
        Vec::new()
    }

    fn on_quit(&mut self, mut quit: Quit, meant: Option<Command>, key: Key) -> Vec<Effect> {
        let step = quit.press(meant, key);
        self.after_quit(quit, step)
    }

    pub(super) fn after_quit(&mut self, quit: Quit, step: QuitStep) -> Vec<Effect> {
        match step {
            QuitStep::Open => self.layer = Some(Layer::Quit(quit)),
            QuitStep::Detach => return vec![Effect::Leave],
            QuitStep::Abort => self.ask(Ask::Abort),
            QuitStep::Stay => {}
        }
        Vec::new()
    }
}
