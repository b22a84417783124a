mod layers;
mod link;
mod looks;
mod mouse;
mod order;
mod panes;
mod past;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;

use super::*;
use crate::app::tui::link::Item;
use crate::app::tui::replay::Player;
use crate::app::tui::{Charset, Depth, Overlay, Theme, UiState};
use crate::core::soak::testing::{HEALTHY, Harness, World, settings};
use crate::core::soak::{ClockOrigin, Envelope, RecordingHeader};

fn ui() -> UiState {
    UiState::new(Theme::new(Depth::None), Charset::Unicode, TimeZone::UTC)
}

fn header() -> RecordingHeader {
    RecordingHeader::new(settings(), Vec::new(), ClockOrigin { boot: "b".to_owned(), origin_ms: 0 })
}

/// A screen and the run that it shows, five seconds old.
struct Desk {
    app: App,
    harness: Harness,
    told: usize,
    now_ms: u64,
}

impl Desk {
    fn new(app: App) -> Self {
        let mut desk = Self { app, harness: Harness::new(settings()), told: 0, now_ms: 0 };
        desk.item(Item::Header(Box::new(header())));
        desk.seconds(5, HEALTHY);
        desk
    }

    fn live() -> Self {
        Self::new(App::new(ui(), Some("haproxy".to_owned())))
    }

    fn at(&mut self, event: UiEvent) -> Vec<Effect> {
        self.app.handle(event, self.now_ms)
    }

    fn item(&mut self, item: Item) {
        let effects = self.at(UiEvent::Item(item));
        assert_eq!(effects, [], "news ask for nothing");
    }

    /// Lets the run go on and tells the screen.
    fn seconds(&mut self, seconds: usize, world: World) {
        for _ in 0..seconds {
            self.harness.second(world);
            self.now_ms += 1_000;
            self.tell();
        }
    }

    fn tell(&mut self) {
        let news: Vec<Envelope> = self.harness.log[self.told..].to_vec();
        self.told = self.harness.log.len();
        for envelope in news {
            self.item(Item::Event(Box::new(envelope)));
        }
    }

    /// Something is ordered elsewhere.
    fn ordered(&mut self, action: &str) {
        self.harness.order(action).unwrap();
        self.tell();
    }

    fn wait(&mut self, ms: u64) {
        self.now_ms += ms;
        self.at(UiEvent::Tick);
    }

    /// Types: each character is a key; `\t`, `\n`, `\x1b`, `\x08` and control letters are what a terminal sends for them.
    fn keys(&mut self, keys: &str) -> Vec<Effect> {
        let code = |c| match c {
            '\t' => KeyCode::Tab,
            '\n' => KeyCode::Enter,
            '\x1b' => KeyCode::Esc,
            '\x08' => KeyCode::Backspace,
            '↑' => KeyCode::Up,
            '↓' => KeyCode::Down,
            '←' => KeyCode::Left,
            '→' => KeyCode::Right,
            '⇞' => KeyCode::PageUp,
            '⇟' => KeyCode::PageDown,
            '⇤' => KeyCode::BackTab,
            c => KeyCode::Char(c),
        };
        keys.chars().flat_map(|c| self.key(code(c), KeyModifiers::NONE)).collect()
    }

    fn ctrl(&mut self, c: char) -> Vec<Effect> {
        self.key(KeyCode::Char(c), KeyModifiers::CONTROL)
    }

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) -> Vec<Effect> {
        self.at(UiEvent::Key(KeyEvent::new(code, modifiers)))
    }

    fn overlay(&mut self) -> Option<Overlay> {
        self.app.shown().unwrap().ui.overlay.clone()
    }

    /// The title of the dialog, if there is one.
    fn asks(&mut self) -> Option<String> {
        match self.overlay() {
            Some(Overlay::Dialog(dialog)) => Some(dialog.title),
            _ => None,
        }
    }

    fn message(&mut self) -> Option<String> {
        self.app.ui().message.clone().map(|message| message.text)
    }

    fn hints(&mut self) -> String {
        let hints = self.app.shown().unwrap().ui.hints.clone();
        hints.into_iter().map(|hint| hint.key).collect()
    }
}

fn replay() -> Desk {
    let mut harness = Harness::new(settings());
    harness.seconds(60, HEALTHY);
    let player = Player::new(header(), harness.log.clone());
    Desk { app: App::replaying(ui(), None, player), harness, told: 0, now_ms: 0 }
}

fn places() -> Places {
    Places {
        journal: "/srv/.switchback/shop/decisions.jsonl".into(),
        recording: "/srv/.switchback/shop/soaks/1.jsonl".into(),
        attach: Some("switchback attach --service shop".to_owned()),
    }
}
