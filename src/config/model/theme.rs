//! The themes of the terminal UI, by their names.

/// Which theme is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeChoice {
    /// Dark or light, like the terminal's background.
    #[default]
    Auto,
    /// For dark backgrounds.
    Dark,
    /// For light backgrounds.
    Light,
    /// Hues that stay apart without red and green, on the terminal's background.
    ColorBlind,
    /// No hue: bold, dim and reverse.
    Mono,
}

impl ThemeChoice {
    /// All of them by their names, in the order of the key that goes through them.
    pub const WORDS: [(&str, Self); 5] = [
        ("auto", Self::Auto),
        ("dark", Self::Dark),
        ("light", Self::Light),
        ("color-blind", Self::ColorBlind),
        ("mono", Self::Mono),
    ];

    pub(crate) fn name(self) -> &'static str {
        Self::WORDS.iter().find(|(_, choice)| *choice == self).map_or("", |(name, _)| name)
    }
}
