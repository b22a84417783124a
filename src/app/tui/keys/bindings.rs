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
    /// An order, being typed.
    Order,
    Faults,
    /// The list of past soaks.
    Soaks,
    /// The monitor's log.
    Log,
    /// A dialog whose keys are text.
    Dialog,
    /// A dialog that wants a yes.
    Confirm,
    /// The question what becomes of the soak when the operator leaves.
    Quit,
}

impl Context {
    pub const ALL: [Self; 13] = [
        Self::Live,
        Self::Over,
        Self::Replay,
        Self::Help,
        Self::Detail,
        Self::Filter,
        Self::Order,
        Self::Faults,
        Self::Soaks,
        Self::Log,
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
    Order,
    Complete,
    Faults,
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
    Choose,
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
    Back,
    Soaks,
    Log,
    Mouse,
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
    /// Whether there are faults to change.
    pub demo: bool,
}

impl Scope {
    pub(super) const fn has(self, command: Command) -> bool {
        !(self.read_only && command.orders() || !self.demo && matches!(command, Command::Faults))
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

/// The key of that name.
pub fn named(name: &str) -> Option<Key> {
    BINDINGS.iter().map(|binding| binding.key).find(|key| *key != Key::AnyDigit && key.to_string() == name)
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
const ROWS: &[Context] = &[
    Context::Live,
    Context::Over,
    Context::Replay,
    Context::Help,
    Context::Detail,
    Context::Faults,
    Context::Soaks,
    Context::Log,
];
/// What is only read or chosen from, above the panes.
const SHEETS: &[Context] = &[Context::Help, Context::Detail, Context::Faults, Context::Soaks, Context::Log];
const DIALOGS: &[Context] = &[Context::Dialog, Context::Confirm, Context::Quit];
const FIELDS: &[Context] = &[Context::Dialog, Context::Confirm, Context::Filter, Context::Order];
/// Everything above the panes.
const LAYERS: &[Context] = &[
    Context::Help,
    Context::Detail,
    Context::Filter,
    Context::Order,
    Context::Faults,
    Context::Soaks,
    Context::Log,
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
    Context::Order,
    Context::Faults,
    Context::Soaks,
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
    bind(Key::Char(':'), PANES, Command::Order, "type an order of switchback ctl; Tab completes it"),
    bind(Key::Tab, &[Context::Order], Command::Complete, "complete the word"),
    shown(Key::Char('w'), LIVE, Command::Faults, "faults", "change the demo's faults"),
    shown(Key::Char('y'), &[Context::Confirm], Command::Yes, "yes", "do it, unless a reason is being typed"),
    shown(Key::Char('d'), &[Context::Quit], Command::Detach, "detach", "leave; the monitor keeps watching"),
    shown(Key::Char('a'), &[Context::Quit], Command::LeaveAndAbort, "abort", "end the soak"),
    shown(Key::Char('s'), &[Context::Quit], Command::Stay, "stay", "keep watching"),
    shown(Key::Char(' '), RUN, Command::Freeze, "pause view", "pause the view; the monitor still watches"),
    shown(Key::Char(' '), REPLAY, Command::PlayPause, "pause", "pause or resume the replay"),
    shown(Key::AnyDigit, REPLAY, Command::Seek, "seek", "go to that tenth of the recording"),
    shown(Key::Left, REPLAY, Command::SeekBack, "back", "back or forward by 10s"),
    bind(Key::Char('h'), REPLAY, Command::SeekBack, "back or forward by 10s"),
    shown(Key::Right, REPLAY, Command::SeekForward, "forward", "back or forward by 10s"),
    bind(Key::Char('l'), REPLAY, Command::SeekForward, "back or forward by 10s"),
    shown(Key::Char('-'), REPLAY, Command::Slower, "slower", "half or twice the speed"),
    shown(Key::Char('+'), REPLAY, Command::Faster, "faster", "half or twice the speed"),
    bind(Key::Char('='), REPLAY, Command::Faster, "half or twice the speed"),
    shown(Key::Tab, REPLAY, Command::NextCheck, "checks", "the next check in the big chart, or the one before"),
    bind(Key::BackTab, REPLAY, Command::PreviousCheck, "the next check in the big chart, or the one before"),
    shown(Key::Tab, RUN, Command::Next, "panes", "the next pane, or the one before"),
    bind(Key::BackTab, RUN, Command::Previous, "the next pane, or the one before"),
    bind(Key::Right, RUN, Command::NextCheck, "the next check in the big chart, or the one before"),
    bind(Key::Char('l'), RUN, Command::NextCheck, "the next check in the big chart, or the one before"),
    bind(Key::Left, RUN, Command::PreviousCheck, "the next check in the big chart, or the one before"),
    bind(Key::Char('h'), RUN, Command::PreviousCheck, "the next check in the big chart, or the one before"),
    bind(Key::AnyDigit, RUN, Command::Check, "the check with that number in the big chart"),
    bind(Key::AnyDigit, &[Context::Faults], Command::Choose, "the fault with that number"),
    bind(Key::Up, ROWS, Command::Up, "a row up or down"),
    bind(Key::Char('k'), ROWS, Command::Up, "a row up or down"),
    bind(Key::Down, ROWS, Command::Down, "a row up or down"),
    bind(Key::Char('j'), ROWS, Command::Down, "a row up or down"),
    bind(Key::PageUp, ROWS, Command::PageUp, "a page up or down"),
    bind(Key::PageDown, ROWS, Command::PageDown, "a page up or down"),
    bind(Key::Char('g'), ROWS, Command::Top, "the first row, or the last and follow"),
    bind(Key::Home, ROWS, Command::Top, "the first row, or the last and follow"),
    bind(Key::Char('G'), ROWS, Command::Bottom, "the first row, or the last and follow"),
    bind(Key::End, ROWS, Command::Bottom, "the first row, or the last and follow"),
    bind(Key::Char('/'), PANES, Command::Filter, "show only decisions with a text"),
    bind(Key::Enter, ENTERED, Command::Enter, "open the selected decision, or the newest"),
    bind(Key::Tab, DIALOGS, Command::Next, "the next field or button"),
    bind(Key::BackTab, DIALOGS, Command::Previous, "the field or button before"),
    bind(Key::Left, DIALOGS, Command::Left, "the choice or button to the left"),
    bind(Key::Right, DIALOGS, Command::Right, "the choice or button to the right"),
    bind(Key::Backspace, FIELDS, Command::Erase, "take back a character"),
    bind(Key::Esc, LAYERS, Command::Close, "close what lies on top"),
    bind(Key::Esc, PANES, Command::Back, "one step back: filter, selection, frozen view"),
    bind(Key::Char('q'), SHEETS, Command::Close, "close what lies on top"),
    bind(Key::Char('H'), PANES, Command::Soaks, "the past soaks of this service, to be played"),
    bind(Key::Char('L'), RUN, Command::Log, "the monitor's log"),
    bind(Key::Char('L'), &[Context::Log], Command::Close, "close what lies on top"),
    bind(Key::Char('m'), PANES, Command::Mouse, "mouse on or off: wheel and click"),
    bind(Key::Char('s'), PANES, Command::Save, "save the screen as SVG and text"),
    bind(Key::Char('t'), PANES, Command::Theme, "the next theme: dark, light, color-blind, mono"),
    bind(Key::Ctrl('l'), &Context::ALL, Command::Redraw, "redraw"),
    bind(Key::Ctrl('z'), &Context::ALL, Command::Suspend, "suspend this client; the monitor continues"),
    shown(Key::Char('?'), PANES, Command::Help, "help", "this help"),
    bind(Key::Char('?'), &[Context::Help], Command::Close, "close what lies on top"),
    shown(Key::Char('q'), PANES, Command::Leave, "leave", "leave; asks first while a soak runs"),
    bind(Key::Ctrl('c'), &Context::ALL, Command::Interrupt, "the same as q; twice within 2s leaves at once"),
];
