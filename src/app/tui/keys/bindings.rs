//! The table of bindings: the only place that knows which key does what.

use super::Key;

/// What the operator is looking at, which decides what a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// A run that goes on.
    Live,
    Over,
    Replay,
    Help,
    /// One decision with all its numbers.
    Detail,
    /// The decisions' filter, being typed.
    Filter,
    Weather,
    /// A dialog whose keys are text.
    Dialog,
    /// A dialog that wants a yes.
    Confirm,
    /// The question what becomes of the soak when the operator leaves.
    Quit,
}

impl Context {
    pub const ALL: [Self; 10] = [
        Self::Live,
        Self::Over,
        Self::Replay,
        Self::Help,
        Self::Detail,
        Self::Filter,
        Self::Weather,
        Self::Dialog,
        Self::Confirm,
        Self::Quit,
    ];
}

/// What a key can do; `BINDINGS` has the words for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    Abort,
    RollBack,
    Pause,
    Extend,
    Keep,
    Weather,
    Freeze,
    PlayPause,
    Seek,
    SeekBack,
    SeekForward,
    Slower,
    Faster,
    Next,
    Previous,
    NextCheck,
    PreviousCheck,
    Check,
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
    Left,
    Right,
    Filter,
    Enter,
    Yes,
    Detach,
    LeaveAndAbort,
    Stay,
    Erase,
    Close,
    Save,
    Theme,
    Redraw,
    Suspend,
    Help,
    Leave,
    Interrupt,
}

impl Command {
    /// Whether it orders something from the monitor.
    pub const fn orders(self) -> bool {
        matches!(self, Self::Abort | Self::RollBack | Self::Pause | Self::Extend | Self::Keep | Self::LeaveAndAbort)
    }
}

/// What there is to be done with keys now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    pub context: Context,
    pub read_only: bool,
    /// Whether there is weather to change.
    pub demo: bool,
}

impl Scope {
    pub(super) const fn has(self, command: Command) -> bool {
        !(self.read_only && command.orders() || !self.demo && matches!(command, Command::Weather))
    }
}

pub(super) struct Binding {
    pub key: Key,
    pub within: &'static [Context],
    pub command: Command,
    /// Its words in the footer, if it has a place there.
    pub hint: Option<&'static str>,
    pub help: &'static str,
}

pub fn command(scope: Scope, pressed: Key) -> Option<Command> {
    let means = |binding: &&Binding| binding.key.takes(pressed) && binding.within.contains(&scope.context);
    BINDINGS.iter().find(means).map(|binding| binding.command).filter(|command| scope.has(*command))
}

const fn shown(
    key: Key,
    within: &'static [Context],
    command: Command,
    hint: &'static str,
    help: &'static str,
) -> Binding {
    Binding { key, within, command, hint: Some(hint), help }
}

const fn bind(key: Key, within: &'static [Context], command: Command, help: &'static str) -> Binding {
    Binding { key, within, command, hint: None, help }
}

const LIVE: &[Context] = &[Context::Live];
const REPLAY: &[Context] = &[Context::Replay];
const RUN: &[Context] = &[Context::Live, Context::Over];
/// Nothing above the panes.
const PANES: &[Context] = &[Context::Live, Context::Over, Context::Replay];
/// Where rows are moved over.
const ROWS: &[Context] =
    &[Context::Live, Context::Over, Context::Replay, Context::Help, Context::Detail, Context::Weather];
/// What is only read or chosen from, above the panes.
const SHEETS: &[Context] = &[Context::Help, Context::Detail, Context::Weather];
const DIALOGS: &[Context] = &[Context::Dialog, Context::Confirm, Context::Quit];
const FIELDS: &[Context] = &[Context::Dialog, Context::Confirm, Context::Filter];
/// Everything above the panes.
const LAYERS: &[Context] = &[
    Context::Help,
    Context::Detail,
    Context::Filter,
    Context::Weather,
    Context::Dialog,
    Context::Confirm,
    Context::Quit,
];
const ENTERED: &[Context] = &[
    Context::Live,
    Context::Over,
    Context::Replay,
    Context::Detail,
    Context::Filter,
    Context::Weather,
    Context::Dialog,
    Context::Confirm,
    Context::Quit,
];

/// Every binding, in the order of the footer and of the help.
pub(super) const BINDINGS: &[Binding] = &[
    shown(Key::Char('A'), RUN, Command::Abort, "abort", "abort the soak: the release stays, unjudged"),
    shown(Key::Char('R'), RUN, Command::RollBack, "roll back", "roll back now: R, then y and no other key"),
    shown(Key::Char('P'), RUN, Command::Pause, "pause", "turn automatic rollback off, or on again"),
    shown(Key::Char('E'), RUN, Command::Extend, "extend", "watch longer"),
    shown(Key::Char('K'), RUN, Command::Keep, "keep now", "keep the release: end the soak as retained"),
    shown(Key::Char('w'), LIVE, Command::Weather, "weather", "change the demo's weather"),
    shown(Key::Char('y'), &[Context::Confirm], Command::Yes, "yes", "do it, unless a reason is being typed"),
    shown(Key::Char('d'), &[Context::Quit], Command::Detach, "detach", "leave; the monitor keeps watching"),
    shown(Key::Char('a'), &[Context::Quit], Command::LeaveAndAbort, "abort", "end the soak"),
    shown(Key::Char('s'), &[Context::Quit], Command::Stay, "stay", "go on looking"),
    shown(Key::Char(' '), RUN, Command::Freeze, "freeze view", "let the view stand still; the monitor still watches"),
    shown(Key::Char(' '), REPLAY, Command::PlayPause, "pause", "pause the replay, or go on"),
    shown(Key::AnyDigit, REPLAY, Command::Seek, "seek", "go to that tenth of the recording"),
    shown(Key::Left, REPLAY, Command::SeekBack, "back", "go back 10s"),
    bind(Key::Char('h'), REPLAY, Command::SeekBack, "go back 10s"),
    shown(Key::Right, REPLAY, Command::SeekForward, "forward", "go on 10s"),
    bind(Key::Char('l'), REPLAY, Command::SeekForward, "go on 10s"),
    shown(Key::Char('-'), REPLAY, Command::Slower, "slower", "half the speed"),
    shown(Key::Char('+'), REPLAY, Command::Faster, "faster", "twice the speed"),
    bind(Key::Char('='), REPLAY, Command::Faster, "twice the speed"),
    shown(Key::Tab, REPLAY, Command::NextCheck, "checks", "the next check in the big chart"),
    bind(Key::BackTab, REPLAY, Command::PreviousCheck, "the check before in the big chart"),
    shown(Key::Tab, RUN, Command::Next, "panes", "the next pane"),
    bind(Key::BackTab, RUN, Command::Previous, "the pane before"),
    bind(Key::Right, RUN, Command::NextCheck, "the next check in the big chart"),
    bind(Key::Char('l'), RUN, Command::NextCheck, "the next check in the big chart"),
    bind(Key::Left, RUN, Command::PreviousCheck, "the check before in the big chart"),
    bind(Key::Char('h'), RUN, Command::PreviousCheck, "the check before in the big chart"),
    bind(Key::AnyDigit, RUN, Command::Check, "the check with that number in the big chart"),
    bind(Key::Up, ROWS, Command::Up, "a row up"),
    bind(Key::Char('k'), ROWS, Command::Up, "a row up"),
    bind(Key::Down, ROWS, Command::Down, "a row down"),
    bind(Key::Char('j'), ROWS, Command::Down, "a row down"),
    bind(Key::PageUp, ROWS, Command::PageUp, "a page up"),
    bind(Key::PageDown, ROWS, Command::PageDown, "a page down"),
    bind(Key::Char('g'), ROWS, Command::Top, "the first row"),
    bind(Key::Home, ROWS, Command::Top, "the first row"),
    bind(Key::Char('G'), ROWS, Command::Bottom, "the last row, and follow"),
    bind(Key::End, ROWS, Command::Bottom, "the last row, and follow"),
    bind(Key::Char('/'), PANES, Command::Filter, "show only decisions with a text"),
    bind(Key::Enter, ENTERED, Command::Enter, "open the decision, press the button, take what was typed"),
    bind(Key::Tab, DIALOGS, Command::Next, "the next field or button"),
    bind(Key::BackTab, DIALOGS, Command::Previous, "the field or button before"),
    bind(Key::Left, DIALOGS, Command::Left, "the choice or button to the left"),
    bind(Key::Right, DIALOGS, Command::Right, "the choice or button to the right"),
    bind(Key::Backspace, FIELDS, Command::Erase, "take back a character"),
    bind(Key::Esc, LAYERS, Command::Close, "close what lies on top"),
    bind(Key::Char('q'), SHEETS, Command::Close, "close what lies on top"),
    bind(Key::Char('s'), PANES, Command::Save, "save the screen as SVG and text"),
    bind(Key::Char('t'), PANES, Command::Theme, "the next theme: dark, light, color-blind, mono"),
    bind(Key::Ctrl('l'), &Context::ALL, Command::Redraw, "draw everything anew"),
    bind(Key::Ctrl('z'), &Context::ALL, Command::Suspend, "suspend this client; the monitor goes on"),
    shown(Key::Char('?'), PANES, Command::Help, "help", "this help"),
    bind(Key::Char('?'), &[Context::Help], Command::Close, "close what lies on top"),
    shown(Key::Char('q'), PANES, Command::Leave, "leave", "leave; asks first while a soak runs"),
    bind(Key::Ctrl('c'), &Context::ALL, Command::Interrupt, "the same as q; twice within 2s leaves at once"),
];
