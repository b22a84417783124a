//! Lines for people: one on every change, one each 10s, and a progress bar at the bottom of a terminal.

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use ratatui::symbols::line;

use crate::app::called::as_called;
use crate::core::view::{Progress, View, ViewUpdate, outcome_lines};
use crate::model::printable::clean;
use crate::model::{Decision, Ending, Phase};

use super::gate::Gate;
use super::lines::{Places, PrintEvents, Width};

/// Time between two progress lines.
const EVERY_MS: u64 = 10_000;
/// Width of the word in front of a line's text.
const WORD: usize = 15;
/// Columns of the bar itself.
const BAR: u64 = 20;

pub(super) struct Human {
    out: Box<dyn Write + Send>,
    terminal: Option<Width>,
    places: Places,
    next_progress_ms: u64,
    gate: Gate,
    bar_drawn: bool,
    stamps: Stamps,
}

impl Human {
    pub(super) fn new(out: Box<dyn Write + Send>, terminal: Option<Width>, places: Places) -> Self {
        let stamps = Stamps::of(TimeZone::system());
        Self { out, terminal, places, next_progress_ms: EVERY_MS, gate: Gate::new(), bar_drawn: false, stamps }
    }

    /// Prints a line above the progress bar.
    pub(super) fn line(&mut self, wall_ms: i64, word: &str, text: &str) -> io::Result<()> {
        self.clear_bar()?;
        writeln!(self.out, "{}  {word:WORD$} {}", self.stamps.next(wall_ms), clean(&as_called(text)))
    }

    pub(super) fn raw(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "{line}")?;
        self.out.flush()
    }

    fn decision(&mut self, wall_ms: i64, decision: &Decision) -> io::Result<()> {
        self.line(wall_ms, decision.decision.name(), &decision.message)
    }

    fn progress(&mut self, view: &View) -> io::Result<()> {
        let Progress { word, text } = Progress::of(view);
        self.line(view.wall_ms(), &word, &text)
    }

    fn clear_bar(&mut self) -> io::Result<()> {
        if self.bar_drawn {
            self.bar_drawn = false;
            write!(self.out, "\r\x1b[K")?;
        }
        Ok(())
    }

    /// `━━━━━━────  04:12 of 10:00  watching  0.4% now …`, cut to the terminal's width.
    fn bar(&mut self, view: &View) -> io::Result<()> {
        let Some(width) = self.terminal else { return Ok(()) };
        let Some((done, whole)) = view.machine().progress() else { return Ok(()) };
        if view.machine().ending().is_some() {
            return Ok(());
        }
        let Progress { word, text } = Progress::of(view);
        let full = done.saturating_mul(BAR).checked_div(whole).unwrap_or(BAR);
        let bar: String =
            (0..BAR).map(|at| if at < full { line::THICK_HORIZONTAL } else { line::HORIZONTAL }).collect();
        let whole_line = format!("{bar} {word}: {}", clean(&text));
        // The last column stays free, because a full line would wrap.
        let shown: String = whole_line.chars().take(usize::from(width().saturating_sub(1))).collect();
        write!(self.out, "\r\x1b[K{shown}")?;
        self.bar_drawn = true;
        self.out.flush()
    }
}

impl PrintEvents for Human {
    fn news(&mut self, view: &View, news: &ViewUpdate) -> io::Result<()> {
        for decision in &news.decisions {
            self.decision(view.wall_ms(), decision)?;
        }
        if let Some(trouble) = &news.trouble {
            self.line(view.wall_ms(), "trouble", trouble)?;
        }
        let due = match view.machine().phase() {
            Phase::Gating => self.gate.is_due(view),
            _ => view.at_ms() >= self.next_progress_ms && news.judged,
        };
        if news.ending.is_none() && (news.phase.is_some() || due) {
            self.next_progress_ms = (view.at_ms() / EVERY_MS + 1) * EVERY_MS;
            self.progress(view)?;
        }
        if news.judged {
            self.bar(view)?;
        }
        self.out.flush()
    }

    fn end(&mut self, view: &View, ending: &Ending) -> io::Result<()> {
        self.clear_bar()?;
        writeln!(self.out)?;
        for (label, text) in outcome_lines(view, ending) {
            writeln!(self.out, "{label:WORD$} {}", clean(&as_called(&text)))?;
        }
        writeln!(self.out, "{:WORD$} {}", "journal", self.places.journal.display())?;
        writeln!(self.out, "{:WORD$} {}", "recording", self.places.recording.display())?;
        self.out.flush()
    }

    fn leave(&mut self) -> io::Result<()> {
        self.clear_bar()?;
        self.out.flush()
    }
}

/// The times in front of lines: the time of day, and with date and offset from UTC where those are not the line's before.
pub(super) struct Stamps {
    zone: TimeZone,
    last: Option<(Date, Offset)>,
}

impl Stamps {
    pub(super) const fn of(zone: TimeZone) -> Self {
        Self { zone, last: None }
    }

    /// `2026-11-29 02:09:49 +01:00`, and then `02:09:51`.
    pub(super) fn next(&mut self, wall_ms: i64) -> String {
        let at = Timestamp::from_millisecond(wall_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        let at = at.to_zoned_datetime(self.zone.clone());
        let day = Some((at.date(), at.offset()));
        let is_new = std::mem::replace(&mut self.last, day) != day;
        at.strftime(if is_new { "%Y-%m-%d %H:%M:%S %:z" } else { "%H:%M:%S" }).to_string()
    }
}

#[cfg(test)]
mod tests;
