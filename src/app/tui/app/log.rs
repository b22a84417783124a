//! The monitor's log.

use crate::app::tui::LogView;
use crate::app::tui::keys::Command;
use crate::app::tui::records::{LogTail, Read};

use super::rows::moved;
use super::state::{App, Effect, Layer};

/// How often the log is read again while it is looked at.
const AGAIN_MS: u64 = 1_000;

/// The log, as it is looked at.
#[derive(Clone, Debug)]
pub struct Log {
    /// None while it is being read for the first time.
    found: Option<Result<LogTail, String>>,
    /// Rows above the end.
    up: usize,
    /// When it is to be read again; none while it is being read.
    again_ms: Option<u64>,
}

impl Log {
    fn lines(&self) -> usize {
        self.found.as_ref().and_then(|found| found.as_ref().ok()).map_or(0, |tail| tail.lines.len())
    }

    /// Milliseconds until it is to be read again. What is scrolled through stands still.
    pub fn due_ms(&self, now_ms: u64) -> Option<u64> {
        Some(self.again_ms.filter(|_| self.up == 0)?.saturating_sub(now_ms))
    }

    pub fn view(&self) -> LogView {
        let (path, lines, note) = match &self.found {
            None => (None, Vec::new(), Some("reading the log …".to_owned())),
            Some(Err(why)) => (None, Vec::new(), Some(why.clone())),
            Some(Ok(tail)) => {
                let empty = tail.lines.is_empty().then(|| "nothing was logged yet".to_owned());
                (Some(tail.path.clone()), tail.lines.clone(), empty)
            }
        };
        LogView { path, lines, up: self.up, note }
    }
}

impl App {
    pub(super) fn open_log(&mut self) -> Vec<Effect> {
        if self.dashboard.is_none() {
            return Vec::new();
        }
        self.layer = Some(Layer::Log(Log { found: None, up: 0, again_ms: None }));
        vec![Effect::Read(Read::Log)]
    }

    pub(super) fn on_log(&mut self, log: Log, meant: Option<Command>) {
        let last = log.lines().saturating_sub(1);
        // Counted from the end, which goes on.
        let row = last.saturating_sub(log.up);
        if let Some(row) = moved(meant, row, last) {
            self.layer = Some(Layer::Log(Log { up: last - row, ..log }));
        }
    }

    pub(super) fn found_log(&mut self, read: Result<LogTail, String>) {
        if let Some(Layer::Log(log)) = &mut self.layer {
            log.again_ms = Some(self.now_ms.saturating_add(AGAIN_MS));
            if log.up == 0 || log.found.is_none() {
                log.found = Some(read);
            }
        }
    }

    pub(super) fn read_log_again(&mut self) -> Vec<Effect> {
        match &mut self.layer {
            Some(Layer::Log(log)) if log.due_ms(self.now_ms) == Some(0) => {
                log.again_ms = None;
                vec![Effect::Read(Read::Log)]
            }
            _ => Vec::new(),
        }
    }
}
