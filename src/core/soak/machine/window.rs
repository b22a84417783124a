//! The window of a soak: when it starts and ends, and how far it may run on.

use crate::core::soak::Settings;

/// Times are milliseconds since the run began.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    start: u64,
    end: u64,
    max_extension: u64,
    extended_by: u64,
    overtime: u64,
    runs_on: bool,
}

impl Window {
    pub const fn open(at: u64, settings: &Settings) -> Self {
        let start = at.saturating_add(settings.warmup_ms);
        let end = start.saturating_add(settings.window_ms);
        let max_extension = settings.max_extension_ms;
        Self { start, end, max_extension, extended_by: 0, overtime: 0, runs_on: false }
    }

    /// After the warmup.
    pub const fn start(&self) -> u64 {
        self.start
    }

    pub const fn end(&self) -> u64 {
        self.end
    }

    /// When its automatic extension is over too.
    pub const fn hold_end(&self) -> u64 {
        self.end.saturating_add(self.max_extension)
    }

    pub const fn max_extension(&self) -> u64 {
        self.max_extension
    }

    pub const fn extended_by(&self) -> u64 {
        self.extended_by
    }

    /// The end is judged anew then.
    pub const fn extend(&mut self, by_ms: u64) {
        self.extended_by = self.extended_by.saturating_add(by_ms);
        self.end = self.end.saturating_add(by_ms);
        (self.runs_on, self.overtime) = (false, 0);
    }

    pub const fn run_on(&mut self) -> bool {
        !std::mem::replace(&mut self.runs_on, true)
    }

    pub const fn runs_on(&self) -> bool {
        self.runs_on
    }

    pub const fn add_overtime(&mut self) {
        self.overtime = self.overtime.saturating_add(1);
    }

    pub const fn overtime(&self) -> u64 {
        self.overtime
    }

    pub fn progress(&self, at: u64) -> (u64, u64) {
        let whole = self.end.saturating_sub(self.start);
        (at.saturating_sub(self.start).min(whole), whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::soak::testing::settings;

    #[test]
    fn it_starts_behind_the_warmup_and_its_end_may_be_extended() {
        let settings = Settings { warmup_ms: 10_000, ..settings() };
        let mut window = Window::open(5_000, &settings);
        assert_eq!((window.start(), window.end(), window.hold_end()), (15_000, 75_000, 105_000));
        assert_eq!(window.progress(45_000), (30_000, 60_000));
        window.add_overtime();
        assert!(window.run_on() && !window.run_on(), "it is new once");
        window.extend(60_000);
        assert_eq!((window.end(), window.extended_by()), (135_000, 60_000));
        assert_eq!((window.overtime(), window.runs_on()), (0, false), "the end is judged anew");
        assert_eq!(window.progress(1_000_000), (120_000, 120_000));
    }
}
