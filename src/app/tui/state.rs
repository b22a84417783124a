//! What the operator looks at: plain data that keys change and [`draw`](super::draw) reads.

use jiff::tz::TimeZone;

use crate::core::view::{Dashboard, Tone};
use crate::model::{CheckId, Verdict};

use super::widgets::Stretch;
use super::{Charset, LogView, Scale, SoaksView, Theme};

/// Everything that is on screen besides the run itself.
#[derive(Clone, Debug, PartialEq)]
pub struct UiState {
    /// The pane that arrows move in; its title is highlighted.
    pub focus: Pane,
    /// The check that has the big chart, from 0 in the order of [`Dashboard::checks`](crate::core::view::Dashboard::checks), as chosen;
    /// none follows the first one that is breached. Beyond the last one means the last one.
    pub check: Option<usize>,
    /// The selected instance, from 0 in the order of [`Dashboard::instances`]; beyond the last one means the last one.
    pub instance: usize,
    /// The selected route, from 0, as long as there is one.
    pub route: usize,
    /// The list of decisions.
    pub decisions: DecisionList,
    /// Whether the view stands still while the run goes on. Whoever calls [`draw`](super::draw) keeps the frozen dashboard.
    pub frozen: bool,
    /// What lies above the panes.
    pub overlay: Option<Overlay>,
    /// Whether this client has no actions.
    pub read_only: bool,
    /// Keys of the footer, most useful first: what does not fit is left out from the end.
    pub hints: Vec<Hint>,
    /// What takes the footer's place for a moment.
    pub message: Option<Message>,
    /// The order that is being typed; it takes the footer's place before everything else.
    pub order: Option<OrderView>,
    /// Colors.
    pub theme: Theme,
    /// Glyphs.
    pub charset: Charset,
    /// The value axis of the big chart; [`UiState::settle`](Self::settle) keeps it.
    pub scale: Scale,
    /// Where the events come from.
    pub mode: Mode,
    /// The time zone of times of day.
    pub zone: TimeZone,
}

impl UiState {
    /// A screen with nothing above its panes, that follows a live run.
    pub fn new(theme: Theme, charset: Charset, zone: TimeZone) -> Self {
        Self {
            focus: Pane::default(),
            check: None,
            instance: 0,
            route: 0,
            decisions: DecisionList::default(),
            frozen: false,
            overlay: None,
            read_only: false,
            hints: Vec::new(),
            message: None,
            order: None,
            theme,
            charset,
            scale: Scale::default(),
            mode: Mode::Live,
            zone,
        }
    }

    /// The place of the check that has the big chart: the chosen one, else the first that is breached, else the first.
    pub fn shown_check(&self, dashboard: &Dashboard) -> usize {
        let checks = dashboard.machine().checks();
        let breached = || checks.iter().position(|seen| seen.verdict == Verdict::Breached).unwrap_or(0);
        self.check.unwrap_or_else(breached).min(checks.len().saturating_sub(1))
    }

    /// Lets the value axis follow what is in view. To be called before every [`draw`](super::draw).
    pub fn settle(&mut self, dashboard: &Dashboard, now_ms: u64) {
        let checks = dashboard.checks();
        let Some(check) = checks.get(self.shown_check(dashboard)) else { return };
        let since = Stretch::of(dashboard, now_ms).from_ms;
        let old = dashboard.old_color().highest_since(since).filter(|_| check.seen.check == CheckId::ErrorRate);
        let baseline = dashboard.baseline_rate().filter(|_| check.seen.check == CheckId::ErrorRate);
        let highest = check.series.highest_since(since).into_iter().chain(old).chain(baseline).fold(0.0, f64::max);
        self.scale.follow(highest, check.seen.threshold);
    }
}

/// What a row of a pane is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    Check(CheckId),
    /// An instance of the color that is shown, by its URL.
    Instance(String),
    Route(String),
    /// A decision, by its [`number`](crate::core::view::Decided::number).
    Decision(u64),
}

/// A pane that can have the focus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Pane {
    #[default]
    Checks,
    Instances,
    Routes,
    Decisions,
}

impl Pane {
    /// All of them, in the order of Tab.
    pub const ALL: [Self; 4] = [Self::Checks, Self::Instances, Self::Routes, Self::Decisions];
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecisionList {
    /// The [`number`](crate::core::view::Decided::number) of the selected decision; none follows the newest.
    pub selected: Option<u64>,
    /// Only decisions that contain this text are shown; empty shows all.
    pub filter: String,
    /// Whether the filter is being typed: a cursor is shown.
    pub typing: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Mode {
    /// A monitor that runs, or ran until just now.
    #[default]
    Live,
    Replay(Playback),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Playback {
    /// Times real time, above 0.
    pub speed: f64,
    pub paused: bool,
    /// Milliseconds since the run began that are shown.
    pub position_ms: u64,
    pub length_ms: u64,
}

/// One key of the footer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The key as it is written, such as `Space`.
    pub key: String,
    pub label: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// One line.
    pub text: String,
    pub tone: Tone,
}

/// An order that is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderView {
    pub text: String,
    /// What can be typed next, or why the line is no order.
    pub note: String,
    pub wrong: bool,
}

/// What lies above the panes; at most one at a time.
#[derive(Clone, Debug, PartialEq)]
pub enum Overlay {
    Help {
        /// In order; a row without keys is a heading.
        rows: Vec<HelpRow>,
        /// First row that is shown; past the end means the last page.
        scroll: usize,
    },
    /// All that is known of it.
    Detail(Subject),
    Dialog(DialogView),
    Faults(FaultsView),
    Soaks(SoaksView),
    Log(LogView),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpRow {
    /// The keys; empty for a heading.
    pub keys: String,
    /// What they do, or the heading.
    pub text: String,
}

/// A dialog as it is drawn. From top to bottom: title, body, choices, fields, state, buttons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialogView {
    /// What it asks, such as `Roll back to blue?`.
    pub title: String,
    /// How grave the answer is.
    pub tone: Tone,
    /// Target and consequence, a paragraph each; long ones are wrapped.
    pub body: Vec<String>,
    pub choices: Option<ChoicesView>,
    pub fields: Vec<FieldView>,
    pub buttons: Vec<ButtonView>,
    pub state: DialogState,
}

/// How far a dialog is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialogState {
    /// It waits for the operator.
    Prompting {
        /// Seconds until it closes by itself, where it does.
        expires_in_s: Option<u64>,
    },
    /// It waits for the monitor.
    Waiting,
    /// It was done; the sentence says what.
    Done(String),
    /// It was not; the sentence says why.
    Failed(String),
}

/// One of several to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoicesView {
    /// What is chosen, such as `by`.
    pub label: String,
    pub items: Vec<String>,
    pub chosen: usize,
    /// Whether the arrows choose.
    pub focused: bool,
}

/// A line to type in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldView {
    /// What to type, such as `type checkout-api to confirm`.
    pub label: String,
    pub text: String,
    pub focused: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ButtonView {
    pub label: String,
    pub key: Option<String>,
    /// Whether Enter presses it.
    pub focused: bool,
    pub enabled: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultsView {
    pub items: Vec<String>,
    pub selected: usize,
    /// The one that rules now, from 0, where it is one of them.
    pub current: Option<usize>,
}
