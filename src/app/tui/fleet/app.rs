//! The state of the screen: happenings go in, effects come out. It knows no terminal, no clock and no socket.

use std::collections::BTreeSet;

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::tui::dialog::Field;
use crate::app::tui::mouse::Pointer;
use crate::app::tui::theme::{Ground, Told};
use crate::app::tui::{Message, Overlay, UiState};
use crate::core::fleet::{Counts, Fleet, Key, Update};
use crate::core::view::Tone;
use crate::model::Action;

use super::columns::Widths;
use super::group::Group;
use super::keys;
use super::list::List;
use super::screen::{self, Drawn};

/// How long a message takes the footer's place.
const MESSAGE_MS: u64 = 6_000;

/// What can happen to the screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Key(KeyEvent),
    Paste(String),
    Mouse {
        pointer: Pointer,
        screen: Rect,
    },
    /// The terminal told its background.
    Ground(Ground),
    Update(Update),
    /// An order was carried out, or why it was not.
    Answered {
        key: Key,
        answer: Result<(), String>,
    },
    /// Something was done, or could not be: what to say about it.
    Told(Result<String, String>),
    Tick,
}

/// What is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Show the soak of this row.
    Attach(Key),
    /// Order this of the soak of this row, and tell its answer.
    Order {
        key: Key,
        action: Action,
        /// In the operator's words.
        reason: Option<String>,
    },
    FollowMouse(bool),
    Save,
    Redraw,
    Suspend,
    Leave,
}

/// What lies above the list.
#[derive(Clone, Debug)]
pub(super) enum Layer {
    Help { scroll: usize },
    Filter,
    Group(Box<Group>),
}

/// The screen over many soaks. Times are milliseconds of a clock that never goes back.
#[derive(Debug)]
pub struct App {
    pub(super) ui: UiState,
    pub(super) fleet: Fleet,
    pub(super) list: List,
    pub(super) marks: BTreeSet<Key>,
    pub(super) filter: Field,
    pub(super) layer: Option<Layer>,
    pub(super) follows_mouse: bool,
    /// What depends on all rows: computed when they have changed, not for every frame.
    pub(super) counts: Counts,
    pub(super) widths: Widths,
    is_dirty: bool,
    pub(super) now_ms: u64,
    /// The wall clock now, Unix milliseconds.
    pub(super) wall_ms: i64,
    message_until: u64,
}

impl App {
    /// Nothing is known yet of the hosts of these names.
    #[must_use]
    pub fn new(ui: UiState, names: Vec<String>) -> Self {
        Self {
            ui,
            fleet: Fleet::new(names),
            list: List::default(),
            marks: BTreeSet::new(),
            filter: Field::default(),
            layer: None,
            follows_mouse: false,
            counts: Counts::default(),
            widths: Widths::default(),
            is_dirty: true,
            now_ms: 0,
            wall_ms: 0,
            message_until: 0,
        }
    }

    /// Takes the whole list of the first host: an array of services, as `GET /v1/services` has it.
    pub fn hear(&mut self, services: &str, now_ms: u64) -> Result<(), serde_json::Error> {
        let host = self.fleet.name_of(0).to_owned();
        let services = serde_json::from_slice(services.as_bytes())?;
        self.update(Update::Services { source: 0, host, is_agent: true, services }, now_ms);
        Ok(())
    }

    /// Takes what a host said, without anything to do about it.
    pub(super) fn update(&mut self, update: Update, now_ms: u64) {
        self.now_ms = now_ms;
        self.fleet.apply(update, now_ms);
        self.is_dirty = true;
    }

    /// Takes what happened at this time, and says what to do about it.
    pub(super) fn handle(&mut self, event: Event, now_ms: u64) -> Vec<Effect> {
        self.now_ms = now_ms;
        let effects = match event {
            Event::Key(key) => self.key(key),
            Event::Paste(text) => self.paste(&text),
            Event::Mouse { pointer, screen } => self.mouse(pointer, screen),
            Event::Ground(ground) => {
                self.ui.theme = self.ui.theme.on(ground, Told::Terminal);
                Vec::new()
            }
            Event::Update(update) => {
                self.update(update, now_ms);
                Vec::new()
            }
            Event::Answered { key, answer } => {
                self.answered(&key, answer);
                Vec::new()
            }
            Event::Told(Ok(text)) => self.say(text, Tone::Good),
            Event::Told(Err(text)) => self.say(text, Tone::Warning),
            Event::Tick => Vec::new(),
        };
        self.pass();
        effects
    }

    /// Time goes on.
    fn pass(&mut self) {
        if self.message_until <= self.now_ms {
            self.ui.message = None;
        }
        if matches!(&self.layer, Some(Layer::Group(group)) if group.is_expired(self.now_ms)) {
            self.layer = None;
            self.say("nothing was ordered: the question was not answered", Tone::Plain);
        }
    }

    /// A second is over, by the wall clock too.
    pub fn tick(&mut self, now_ms: u64, wall_ms: i64) {
        self.wall_ms = wall_ms;
        self.fleet.tick(now_ms);
        self.handle(Event::Tick, now_ms);
    }

    fn answered(&mut self, key: &Key, answer: Result<(), String>) {
        if let Some(Layer::Group(group)) = &mut self.layer {
            group.answered(key, answer);
            return;
        }
        // The dialog was closed before.
        let name = format!("{} on {}", key.service, self.fleet.name_of(key.source));
        match answer {
            Ok(()) => self.say(format!("{name}: done"), Tone::Good),
            Err(why) => self.say(format!("{name}: {why}"), Tone::Bad),
        };
    }

    /// Says something for a moment.
    pub(super) fn say(&mut self, text: impl Into<String>, tone: Tone) -> Vec<Effect> {
        self.ui.message = Some(Message { text: text.into(), tone });
        self.message_until = self.now_ms.saturating_add(MESSAGE_MS);
        Vec::new()
    }

    /// The rows are to be put in order again before they are shown.
    pub(super) const fn touch(&mut self) {
        self.is_dirty = true;
    }

    /// Puts the rows in order, if they have changed.
    pub(super) fn settle(&mut self) {
        if !std::mem::take(&mut self.is_dirty) {
            return;
        }
        let words: Vec<String> = self.filter.text().split_whitespace().map(str::to_lowercase).collect();
        self.list.reorder(self.fleet.ordered(&words));
        self.marks.retain(|key| self.fleet.row(key).is_some());
        self.counts = self.fleet.counts();
        self.widths = Widths::of(self.list.all().iter().filter_map(|key| self.fleet.row(key)));
    }

    /// The rows that an order is about: the marked ones, else the selected one.
    pub(super) fn meant(&mut self) -> Vec<Key> {
        self.settle();
        if self.marks.is_empty() {
            return self.list.current().cloned().into_iter().collect();
        }
        self.marks.iter().cloned().collect()
    }

    /// Draws the screen into the whole frame, whatever its size.
    pub fn draw(&mut self, frame: &mut Frame) {
        let area = frame.area();
        self.render(frame.buffer_mut(), area);
    }

    /// The same into a part of any buffer; says where what is.
    pub(super) fn render(&mut self, buffer: &mut ratatui::buffer::Buffer, area: Rect) -> Drawn {
        self.settle();
        self.list.resize(screen::rows(area, self.list.all().len()));
        self.ui.hints = keys::hints(self.ui.read_only);
        self.ui.overlay = match &self.layer {
            Some(Layer::Help { scroll }) => {
                Some(Overlay::Help { rows: keys::help(self.ui.read_only), scroll: *scroll })
            }
            Some(Layer::Group(group)) => Some(Overlay::Dialog(group.view(area.height, self.now_ms))),
            Some(Layer::Filter) | None => None,
        };
        screen::render(buffer, area, self)
    }

    pub(super) const fn ui(&self) -> &UiState {
        &self.ui
    }

    pub(super) const fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    pub(super) const fn is_filtering(&self) -> bool {
        matches!(self.layer, Some(Layer::Filter))
    }

    /// What stays in the scrollback: how many of what.
    pub(super) fn summary(&mut self) -> String {
        self.settle();
        screen::counted(&self.counts)
    }
}
