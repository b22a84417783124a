//! How a run comes to its end: by itself, or because a signal asks for it.

use crate::model::Ending;

use crate::io::ports::SIGTERM;

/// What a signal that asks to stop does. SIGHUP never ends anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnSignal {
    /// SIGINT and SIGTERM end the soak `aborted`: a run in the foreground.
    Abort,
    /// SIGTERM saves the run for another monitor, SIGINT aborts: a run in the foreground under a supervisor.
    SaveOnTerm,
    /// Both save: a run in the background, which nobody interrupts from a keyboard.
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

/// How a run came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finished {
    /// The machine ended it.
    Ended(Ending),
    /// It was asked to stop, and another monitor can go on with it.
    Saved,
    /// A second signal cut it off; an open intent stays in the journal and can be resumed.
    CutOff,
}

impl Finished {
    /// The program's exit code.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Ended(ending) => ending.exit_code(),
            Self::Saved => 143,
            Self::CutOff => 7,
        }
    }
}
