//! `[terminal]`: how the terminal UI looks.

use super::key::Text;
use crate::config::kind;
use crate::config::model::ThemeChoice;

section! {
    /// How the terminal UI looks.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct TerminalConfig, rows KEYS: "terminal." at |draft| draft.config.terminal;

    /// Theme of the terminal UI; auto is dark or light, like the terminal's background.
    theme: ThemeChoice {
        default: Text("auto"),
        kind: kind::Choice(&ThemeChoice::WORDS),
        flag: "theme",
        example: "light",
    }
}
