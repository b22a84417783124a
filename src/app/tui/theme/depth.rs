//! How many colors there are, as `--color` and the environment say.

/// How many colors a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Depth {
    /// None: bold, dim and reverse only.
    None,
    /// The sixteen of the terminal's own palette.
    Ansi16,
    /// The 256 of xterm.
    Ansi256,
    /// 24 bits.
    True,
}

impl Depth {
    /// All of them, the poorest first.
    pub const ALL: [Self; 4] = [Self::None, Self::Ansi16, Self::Ansi256, Self::True];
}

/// When to use color, as `--color` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    /// As the terminal and `NO_COLOR` say.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What the environment says of color: each value as it is set, none where it is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ColorEnv<'a> {
    /// `NO_COLOR`; anything but an empty text switches color off (no-color.org).
    pub no_color: Option<&'a str>,
    /// `CLICOLOR_FORCE`; anything but an empty text and `0` switches it on, whatever the terminal (bixense.com/clicolors).
    pub clicolor_force: Option<&'a str>,
    /// `COLORTERM`; `truecolor` and `24bit` promise 24 bits.
    pub colorterm: Option<&'a str>,
    pub term: Option<&'a str>,
}

impl ColorEnv<'_> {
    /// The depth to draw with. `--color` outranks `NO_COLOR`, which outranks `CLICOLOR_FORCE`, which outranks `TERM`.
    pub fn depth(&self, choice: ColorChoice) -> Depth {
        let set = |value: Option<&str>| value.is_some_and(|value| !value.is_empty());
        let forced = set(self.clicolor_force) && self.clicolor_force != Some("0");
        match choice {
            ColorChoice::Never => Depth::None,
            ColorChoice::Always => self.capability().max_with(Depth::Ansi16),
            ColorChoice::Auto if set(self.no_color) => Depth::None,
            ColorChoice::Auto if forced => self.capability().max_with(Depth::Ansi16),
            ColorChoice::Auto => self.capability(),
        }
    }

    fn capability(&self) -> Depth {
        let term = self.term.unwrap_or_default();
        match self.colorterm {
            _ if term.is_empty() || term == "dumb" => Depth::None,
            Some("truecolor" | "24bit") => Depth::True,
            _ if term.ends_with("-direct") => Depth::True,
            _ if term.contains("256color") => Depth::Ansi256,
            _ => Depth::Ansi16,
        }
    }
}

impl Depth {
    fn max_with(self, least: Self) -> Self {
        if self == Self::None { least } else { self }
    }
}
