//! The state of the screen, and what every part of it uses.

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use crate::app::tui::dialog::{Dialog, Field, OrderLine, Quit, Way};
use crate::app::tui::keys;
use crate::app::tui::keys::{Context, Scope};
use crate::app::tui::link::Item;
use crate::app::tui::mouse::Pointer;
use crate::app::tui::records::{Found, Read};
use crate::app::tui::replay::Player;
use crate::app::tui::theme::{Ground, Told};
use crate::app::tui::{Message, Mode, Pane, Subject, UiState};
use crate::core::view::{Dashboard, Tone};
use crate::model::{Action, Ending};

use super::log::Log;
use super::past::SoakList;

/// How long a message takes the footer's place.
const MESSAGE_MS: u64 = 6_000;

/// What can happen to the screen. All of it comes through one channel, in one order.
#[derive(Clone, Debug, PartialEq)]
pub enum UiEvent {
    Key(KeyEvent),
    Paste(String),
    Mouse {
        pointer: Pointer,
        /// The whole screen.
        screen: Rect,
    },
    /// The terminal has another size, or was given back to us.
    Resized,
    /// The terminal told its background.
    Ground(Ground),
    Item(Item),
    Answered {
        /// The number in [`Effect::Order`].
        order: u64,
        /// Why it was not carried out, if it was not.
        answer: Result<(), String>,
    },
    /// What [`Effect::Read`] asked for.
    Found(Found),
    /// Something was done, or could not be: what to say about it.
    Told(Result<String, String>),
    Tick,
}

/// What is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Order this from the monitor, and tell its answer.
    Order {
        /// To be given back with the answer.
        order: u64,
        action: Action,
        reason: Option<String>,
    },
    /// Let the demo have the fault with this place in its menu.
    ChangeFault(usize),
    /// Follow the mouse, or leave it to the terminal.
    FollowMouse(bool),
    /// Read something of the service's files, without making the screen wait, and tell what was found.
    Read(Read),
    Save,
    /// Draw everything anew.
    Redraw,
    /// Stop until the shell lets us go on.
    Suspend,
    Leave,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultMenu {
    pub items: Vec<String>,
    /// The one that rules, if it is one of them.
    pub current: Option<usize>,
}

/// What lies above the panes.
#[derive(Clone, Debug)]
pub(super) enum Layer {
    Help { scroll: usize },
    Detail(Subject),
    Filter(Field),
    Order(OrderLine),
    Faults { selected: usize },
    Soaks(SoakList),
    Log(Log),
    Dialog { dialog: Box<Dialog>, order: Option<u64> },
    Quit(Quit),
}

/// How the monitor is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    Good,
    Lost,
    /// It was stopped; who or what stopped it.
    Stopped(String),
    Ended(Ending),
}

/// The screen of one run. Times are milliseconds of a clock that never goes back.
#[derive(Debug)]
pub struct App {
    pub(super) ui: UiState,
    pub(super) router_kind: Option<String>,
    /// None until the monitor has said what it watches.
    pub(super) dashboard: Option<Dashboard>,
    /// The same run from its first event on, where it is told again; shown once it has come as far.
    pub(super) replaying_into: Option<Dashboard>,
    /// What is shown instead while the view stands still, and the time of the run it shows.
    pub(super) frozen: Option<(Dashboard, u64)>,
    pub(super) player: Option<Player>,
    /// A past soak that is played instead of what is shown here, which goes on.
    pub(super) visit: Option<Box<Self>>,
    /// Whether this is such a one: who leaves it is back where they were.
    pub(super) is_visit: bool,
    /// Whether the mouse points here, and not at the terminal's text.
    pub(super) follows_mouse: bool,
    pub(super) faults: Option<FaultMenu>,
    pub(super) layer: Option<Layer>,
    pub(super) reach: Reach,
    /// When the last event came.
    pub(super) heard_ms: u64,
    /// Time of the last event.
    pub(super) now_ms: u64,
    pub(super) message_until: u64,
    pub(super) interrupted_ms: Option<u64>,
    pub(super) orders: u64,
    /// The first order that was given when the run was over; those before it went to the monitor.
    pub(super) first_late: Option<u64>,
    /// Whether a rollback can be ordered when the run is over.
    pub(super) way_back: bool,
}

impl App {
    /// A screen that waits for the monitor's first word. `router_kind` is what the configuration says of it.
    pub fn new(ui: UiState, router_kind: Option<String>) -> Self {
        Self {
            ui,
            router_kind,
            dashboard: None,
            replaying_into: None,
            frozen: None,
            player: None,
            visit: None,
            is_visit: false,
            follows_mouse: false,
            faults: None,
            layer: None,
            reach: Reach::Good,
            heard_ms: 0,
            now_ms: 0,
            message_until: 0,
            interrupted_ms: None,
            orders: 0,
            first_late: None,
            way_back: false,
        }
    }

    #[must_use]
    pub fn with_faults(self, menu: FaultMenu) -> Self {
        Self { faults: Some(menu), ..self }
    }

    /// The same where a rollback can be ordered when the run is over.
    #[must_use]
    pub fn with_a_way_back(self) -> Self {
        Self { way_back: true, ..self }
    }

    /// The same above another screen: who leaves it is back there, and is not asked.
    #[must_use]
    pub fn above_another(self) -> Self {
        Self { is_visit: true, ..self }
    }

    /// Who carries out an order now.
    pub(super) fn way(&self) -> Way {
        match self.is_over() {
            false => Way::Monitor,
            true if self.way_back => Way::Command,
            true => Way::None,
        }
    }

    pub fn replaying(mut ui: UiState, router_kind: Option<String>, player: Player) -> Self {
        // There is one list to move in; Tab chooses checks.
        ui.focus = Pane::Decisions;
        ui.mode = Mode::Replay(player.playback());
        let mut app = Self::new(ui, router_kind);
        app.dashboard = Some(app.new_dashboard(player.header().settings.clone()));
        app.player = Some(player);
        app.play(|player| player.advance(0));
        app
    }

    /// Takes what happened at this time, and says what to do about it.
    pub fn handle(&mut self, event: UiEvent, now_ms: u64) -> Vec<Effect> {
        let elapsed = now_ms.saturating_sub(self.now_ms);
        self.now_ms = now_ms;
        let before = self.standing();
        let mut effects = match event {
            UiEvent::Key(_) | UiEvent::Paste(_) | UiEvent::Mouse { .. } | UiEvent::Told(_) if self.visit.is_some() => {
                self.in_visit(event)
            }
            UiEvent::Key(key) => self.key(key),
            UiEvent::Paste(text) => self.paste(&text),
            UiEvent::Ground(ground) => {
                self.ui.theme = self.ui.theme.on(ground, Told::Terminal);
                Vec::new()
            }
            UiEvent::Mouse { pointer, screen } => self.mouse(pointer, screen),
            UiEvent::Item(item) => self.item(item),
            UiEvent::Answered { order, answer } => self.answered(order, answer),
            UiEvent::Found(found) => self.found(found),
            UiEvent::Told(said) => self.told(said),
            UiEvent::Resized | UiEvent::Tick => Vec::new(),
        };
        effects.extend(self.pass(elapsed));
        self.tell_visit(before);
        effects
    }

    /// Says something for a moment.
    pub(super) fn say(&mut self, text: impl Into<String>, tone: Tone) {
        self.ui.message = Some(Message { text: text.into(), tone });
        self.message_until = self.now_ms.saturating_add(MESSAGE_MS);
    }

    fn told(&mut self, said: Result<String, String>) -> Vec<Effect> {
        match said {
            Ok(text) => self.say(text, Tone::Good),
            Err(text) => self.say(text, Tone::Warning),
        }
        Vec::new()
    }

    /// What lies below all layers.
    pub(super) fn base(&self) -> Context {
        if self.player.is_some() {
            Context::Replay
        } else if self.is_over() {
            Context::Over
        } else {
            Context::Live
        }
    }

    pub(super) fn context(&self) -> Context {
        match &self.layer {
            None => self.base(),
            Some(Layer::Help { .. }) => Context::Help,
            Some(Layer::Detail(_)) => Context::Detail,
            Some(Layer::Filter(_)) => Context::Filter,
            Some(Layer::Order(_)) => Context::Order,
            Some(Layer::Faults { .. }) => Context::Faults,
            Some(Layer::Soaks(_)) => Context::Soaks,
            Some(Layer::Log(_)) => Context::Log,
            Some(Layer::Dialog { dialog, .. }) => dialog.context(),
            Some(Layer::Quit(_)) => Quit::CONTEXT,
        }
    }

    pub(super) const fn scope(&self, context: Context) -> Scope {
        Scope { context, read_only: self.ui.read_only, demo: self.faults.is_some() }
    }

    /// Whether there is a run to show: the monitor has said its first word.
    pub const fn knows_a_run(&self) -> bool {
        self.dashboard.is_some()
    }

    /// Whether there is nothing more to watch: the run is over, or its monitor was stopped.
    pub fn is_over(&self) -> bool {
        matches!(self.reach, Reach::Ended(_) | Reach::Stopped(_))
            || self.dashboard.as_ref().is_some_and(|dashboard| dashboard.ending().is_some())
    }

    pub fn ending(&self) -> Option<&Ending> {
        match (&self.dashboard, &self.reach) {
            (Some(dashboard), _) if dashboard.ending().is_some() => dashboard.ending(),
            (_, Reach::Ended(ending)) => Some(ending),
            _ => None,
        }
    }

    /// Who or what stopped the monitor, where the soak did not end.
    pub fn stopped(&self) -> Option<&str> {
        match &self.reach {
            Reach::Stopped(why) => Some(why),
            _ => None,
        }
    }

    pub(super) fn open_help(&mut self) {
        self.layer = Some(Layer::Help { scroll: 0 });
    }

    pub(super) fn help(&self) -> Vec<crate::app::tui::HelpRow> {
        keys::help(self.scope(self.base()))
    }
}
