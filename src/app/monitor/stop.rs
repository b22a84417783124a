//! How a run ends: by itself, or by a signal.

use crate::model::Ending;

use crate::io::ports::SIGTERM;

/// What a signal that asks to stop does. SIGHUP never ends anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnSignal {
    /// SIGINT and SIGTERM abort the soak: a run in the foreground.
    Abort,
    /// SIGTERM saves the run for another monitor, SIGINT aborts: a run in the foreground under a supervisor.
    SaveOnTerm,
    /// Both save: a run in the background.
    Save,
}

impl OnSignal {
    pub(super) fn saves(self, signal: &str) -> bool {
        match self {
            Self::Abort => false,
            Self::SaveOnTerm => signal == SIGTERM,
            Self::Save => true,
        }
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finished {
    /// The machine ended it.
    Ended(Ending),
    /// It was stopped by a signal, and another monitor can resume it.
    Saved,
    /// Another host leads, or may: this one stands by again.
    StoodDown,
    /// A second signal cut it off; an open intent stays in the journal and can be resumed.
    CutOff,
}

impl Finished {
    /// The program's exit code.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Ended(ending) => ending.exit_code(),
            Self::Saved | Self::StoodDown => 143,
            Self::CutOff => 7,
        }
    }
}
