//! What becomes of the soak when the operator leaves.

use crate::app::tui::keys::{Command, Context, Key};
use crate::app::tui::{ButtonView, DialogState, DialogView};
use crate::core::soak::Machine;
use crate::core::view::Tone;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QuitStep {
    /// Nothing yet.
    Open,
    /// Leave; the monitor keeps watching.
    Detach,
    /// Ask whether to abort the soak.
    Abort,
    Stay,
}

/// The answers in their order, with their keys in [`Context::Quit`]; the first has the focus at first.
const ANSWERS: [(&str, &str, QuitStep); 3] =
    [("Detach", "d", QuitStep::Detach), ("Abort the soak", "a", QuitStep::Abort), ("Stay", "s", QuitStep::Stay)];

/// The question that `q` asks while a soak runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quit {
    focus: usize,
}

impl Quit {
    pub const CONTEXT: Context = Context::Quit;

    /// Takes a key and what it means. Text that is no answer was meant for another window: the operator stays.
    pub fn press(&mut self, command: Option<Command>, key: Key) -> QuitStep {
        match command {
            Some(Command::Enter) => return ANSWERS[self.focus].2,
            Some(Command::Detach) => return QuitStep::Detach,
            Some(Command::LeaveAndAbort) => return QuitStep::Abort,
            Some(Command::Close | Command::Stay) => return QuitStep::Stay,
            Some(Command::Next | Command::Right) => self.focus = (self.focus + 1) % ANSWERS.len(),
            Some(Command::Previous | Command::Left) => self.focus = (self.focus + ANSWERS.len() - 1) % ANSWERS.len(),
            _ if key.typed().is_some() => return QuitStep::Stay,
            _ => {}
        }
        QuitStep::Open
    }

    /// What the button in that place stands for.
    pub fn click(button: usize) -> QuitStep {
        ANSWERS.get(button).map_or(QuitStep::Open, |(_, _, step)| *step)
    }

    pub fn view(&self, machine: &Machine) -> DialogView {
        let settings = machine.settings();
        let button = |(at, (label, key, _)): (usize, &(&str, &str, QuitStep))| ButtonView {
            label: (*label).to_owned(),
            key: Some((*key).to_owned()),
            focused: at == self.focus,
            enabled: true,
        };
        DialogView {
            title: format!("Leave {} while its soak runs?", settings.service),
            tone: Tone::Warning,
            body: vec![
                format!("Detach: the monitor keeps watching {}, and acts automatically.", settings.color),
                "Abort the soak: the release is unwatched. You will be asked again.".to_owned(),
            ],
            choices: None,
            fields: Vec::new(),
            buttons: ANSWERS.iter().enumerate().map(button).collect(),
            state: DialogState::Prompting { expires_in_s: None },
        }
    }
}
