//! What keys do.

use crossterm::event::KeyEvent;

use crate::app::tui::keys::Key as Pressed;
use crate::core::view::{State, Tone};

use super::app::{App, Effect, Layer};
use super::group::{Group, Step, What, hindrance};
use super::keys::{Command, command, help};
use super::list::Move;

impl App {
    pub(super) fn key(&mut self, event: KeyEvent) -> Vec<Effect> {
        Pressed::of(event).map_or_else(Vec::new, |key| self.pressed(key))
    }

    pub(super) fn pressed(&mut self, key: Pressed) -> Vec<Effect> {
        let meant = command(key, self.ui.read_only);
        match (meant, self.layer.take()) {
            (Some(Command::Redraw), layer) => {
                self.layer = layer;
                vec![Effect::Redraw]
            }
            (Some(Command::Suspend), layer) => {
                self.layer = layer;
                vec![Effect::Suspend]
            }
            (Some(Command::Interrupt), _) => vec![Effect::Leave],
            (_, Some(Layer::Help { scroll })) => self.on_help(scroll, key),
            (_, Some(Layer::Filter)) => self.on_filter(key),
            (_, Some(Layer::Group(mut group))) => {
                let step = group.press(key, &self.fleet, self.now_ms);
                self.after_step(group, step)
            }
            (Some(command), None) => self.on_list(command),
            (None, None) => Vec::new(),
        }
    }

    pub(super) fn paste(&mut self, text: &str) -> Vec<Effect> {
        match &mut self.layer {
            Some(Layer::Filter) => {
                self.filter.add(text);
                self.touch();
            }
            Some(Layer::Group(group)) => group.paste(text),
            // Anywhere else text would be taken for keys, and some of them give orders.
            _ => {}
        }
        Vec::new()
    }

    fn on_list(&mut self, command: Command) -> Vec<Effect> {
        self.settle();
        match command {
            Command::RollBack => return self.ask(What::RollBack),
            Command::Pause => return self.ask(What::Pause),
            Command::Abort => return self.ask(What::Abort),
            Command::Attach => return self.attach(),
            Command::Mark => self.mark(),
            Command::MarkAll => self.mark_all(),
            Command::Filter => self.layer = Some(Layer::Filter),
            Command::Up => self.list.go(Move::By(-1)),
            Command::Down => self.list.go(Move::By(1)),
            Command::PageUp => self.list.go(Move::Pages(-1)),
            Command::PageDown => self.list.go(Move::Pages(1)),
            Command::Top => self.list.go(Move::Top),
            Command::Bottom => self.list.go(Move::Bottom),
            Command::Back => self.back(),
            Command::Save => return vec![Effect::Save],
            Command::Theme => {
                self.ui.theme = self.ui.theme.next();
                return self.say(self.ui.theme.described(), Tone::Plain);
            }
            Command::Mouse => return self.follow_mouse(),
            Command::Help => self.layer = Some(Layer::Help { scroll: 0 }),
            Command::Leave => return vec![Effect::Leave],
            Command::Redraw | Command::Suspend | Command::Interrupt => {}
        }
        Vec::new()
    }

    /// Takes back what was done last to the list, one thing at a time.
    fn back(&mut self) {
        if self.filter.trimmed().is_some() {
            self.filter = crate::app::tui::dialog::Field::default();
            self.touch();
        } else if !self.marks.is_empty() {
            self.marks.clear();
        } else {
            self.list.go(Move::Top);
        }
    }

    fn mark(&mut self) {
        let Some(key) = self.list.current().cloned() else { return };
        if !self.marks.remove(&key) {
            self.marks.insert(key);
        }
        self.list.go(Move::By(1));
    }

    /// Marks all rows that are shown; none, where all of them are marked.
    fn mark_all(&mut self) {
        let all = self.list.all();
        if all.iter().all(|key| self.marks.contains(key)) {
            self.marks.retain(|key| !all.contains(key));
        } else {
            self.marks.extend(all.iter().cloned());
        }
    }

    fn ask(&mut self, what: What) -> Vec<Effect> {
        let meant = self.meant();
        match Group::ask(&self.fleet, &meant, what == What::Pause, what, self.now_ms) {
            Ok(group) => {
                self.layer = Some(Layer::Group(Box::new(group)));
                Vec::new()
            }
            Err(why) => self.say(why, Tone::Warning),
        }
    }

    /// What follows a step of a dialog, which was taken off.
    pub(super) fn after_step(&mut self, group: Box<Group>, step: Step) -> Vec<Effect> {
        let action = group.what().action();
        match step {
            Step::Open => self.layer = Some(Layer::Group(group)),
            Step::Close => {
                if let Some((told, tone)) = group.told() {
                    return self.say(told, tone);
                }
            }
            Step::Give(keys) => {
                let reason = group.reason();
                self.layer = Some(Layer::Group(group));
                self.marks.clear();
                let order = |key| Effect::Order { key, action, reason: reason.clone() };
                return keys.into_iter().map(order).collect();
            }
        }
        Vec::new()
    }

    pub(super) fn attach(&mut self) -> Vec<Effect> {
        let Some(key) = self.list.current().cloned() else { return Vec::new() };
        self.list.select(&key);
        match hindrance(&self.fleet, &key) {
            None => vec![Effect::Attach(key)],
            Some(why) => {
                let row = self.fleet.row(&key).filter(|row| row.summary.state != State::Unreachable);
                let name = row.map_or_else(String::new, |row| format!("{} ", row.summary.service));
                self.say(format!("{name}{why}"), Tone::Warning)
            }
        }
    }

    fn on_help(&mut self, scroll: usize, key: Pressed) -> Vec<Effect> {
        let last = help(self.ui.read_only).len().saturating_sub(1);
        let scroll = match key {
            Pressed::Esc | Pressed::Enter | Pressed::Char('q' | '?') => return Vec::new(),
            Pressed::Up | Pressed::Char('k') => scroll.saturating_sub(1),
            Pressed::Down | Pressed::Char('j') => (scroll + 1).min(last),
            _ => scroll,
        };
        self.layer = Some(Layer::Help { scroll });
        Vec::new()
    }

    fn on_filter(&mut self, key: Pressed) -> Vec<Effect> {
        self.touch();
        match key {
            Pressed::Enter => return Vec::new(),
            Pressed::Esc => {
                self.filter = crate::app::tui::dialog::Field::default();
                return Vec::new();
            }
            Pressed::Up => self.list.go(Move::By(-1)),
            Pressed::Down => self.list.go(Move::By(1)),
            Pressed::Backspace => self.filter.erase(),
            key => self.filter.add(&key.typed().map(String::from).unwrap_or_default()),
        }
        self.layer = Some(Layer::Filter);
        Vec::new()
    }
}
