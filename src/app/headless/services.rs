//! What an agent tells: a line for each service that begins or ends a soak, is breached, fails, or does well again.

use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::io::journal::rfc3339_ms;
use crate::io::ports::Clock;
use crate::model::printable::clean;
use crate::model::{Color, Outcome};

use super::Output;
use super::human::Stamps;

/// Lines that wait for a slow reader; further ones are dropped.
const BACKLOG: usize = 4_096;
/// Width of the word in front of a line's text.
const WORD: usize = 10;

/// What happened to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happened {
    /// The agent watches, or ends.
    Agent,
    /// A soak began.
    Begun,
    /// A soak of an earlier agent, or one whose task broke off, goes on.
    Resumed,
    /// A soak moved traffic to its color.
    Switch,
    /// A check is breached.
    Breach,
    /// Breached, and not rolled back: a freeze, a pause, `--no-rollback`, the policy, the standby.
    Hold,
    /// Traffic goes back, or is back; each failure of that while it is tried again, and later once a minute.
    Rollback,
    /// The metrics cannot be read.
    Blind,
    /// They can be read again.
    Sighted,
    /// Of several hosts this one may not act, or may again.
    Lead,
    /// A soak ended.
    Ended,
    /// A soak was saved: the agent ends.
    Saved,
    /// A service cannot be watched, or not as its file says.
    Error,
    /// It is watched again.
    Cleared,
    /// A monitor of its own watches the service.
    Elsewhere,
    /// A file came, changed or went.
    File,
    /// Anything else that is worth a line.
    Note,
}

impl Happened {
    const fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Begun => "begun",
            Self::Resumed => "resumed",
            Self::Switch => "switch",
            Self::Breach => "breach",
            Self::Hold => "hold",
            Self::Rollback => "rollback",
            Self::Blind => "blind",
            Self::Sighted => "sighted",
            Self::Lead => "lead",
            Self::Ended => "ended",
            Self::Saved => "saved",
            Self::Error => "error",
            Self::Cleared => "cleared",
            Self::Elsewhere => "elsewhere",
            Self::File => "file",
            Self::Note => "note",
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct News {
    /// What happened.
    #[serde(rename = "type")]
    pub what: Happened,
    /// To which service; `None` for the agent itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// In words.
    pub message: String,
    /// The soak's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soak: Option<String>,
    /// The color that it watches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<Color>,
    /// The release that it judges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// That of a command which ends so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<u8>,
}

impl News {
    /// News of the agent itself.
    pub fn new(what: Happened, message: impl Into<String>) -> Self {
        let (service, soak, color, release, outcome, exit_code) = (None, None, None, None, None, None);
        Self { what, service, message: message.into(), soak, color, release, outcome, exit_code }
    }

    /// The same of a service.
    #[must_use]
    pub fn of(self, service: &str) -> Self {
        Self { service: Some(service.to_owned()), ..self }
    }
}

#[derive(Serialize)]
struct Stamped<'a> {
    ts: String,
    #[serde(flatten)]
    news: &'a News,
}

/// Where news is told; it never waits for a reader. Clones share it.
#[derive(Clone, Debug)]
pub struct Teller {
    clock: Arc<dyn Clock>,
    lines: SyncSender<(Timestamp, News)>,
}

impl Teller {
    /// Also returns where the news comes out, with its time on this clock.
    pub fn new(clock: Arc<dyn Clock>) -> (Self, Receiver<(Timestamp, News)>) {
        let (lines, told) = sync_channel(BACKLOG);
        (Self { clock, lines }, told)
    }

    /// Tells; a line for which there is no room is dropped.
    pub fn tell(&self, news: News) {
        let News { what, service, message, .. } = &news;
        if *what == Happened::Error {
            tracing::error!(service, message, "{}", what.name());
        } else {
            tracing::info!(service, message, "{}", what.name());
        }
        if self.lines.try_send((self.clock.now(), news)).is_err() {
            tracing::debug!("a line is not read and is dropped");
        }
    }
}

/// Prints on a thread of its own, which ends with the last clone of the teller.
pub fn print(told: Receiver<(Timestamp, News)>, output: Output, out: Box<dyn Write + Send>) -> JoinHandle<()> {
    thread::spawn(move || print_all(&told, output, out))
}

fn print_all(receiver: &Receiver<(Timestamp, News)>, output: Output, mut out: Box<dyn Write + Send>) {
    let mut stamps = Stamps::of(TimeZone::system());
    for (at, news) in receiver {
        let line = match output {
            Output::Json => serde_json::to_string(&Stamped { ts: rfc3339_ms(at), news: &news }).unwrap_or_default(),
            Output::Human | Output::Github => human(&stamps.next(at.as_millisecond()), &news),
        };
        // Whoever reads may be gone; the soaks go on.
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}

fn human(stamp: &str, news: &News) -> String {
    let of = news.service.as_ref().map(|service| format!("{service}: ")).unwrap_or_default();
    format!("{stamp}  {:WORD$} {}", news.what.name(), clean(&format!("{of}{}", news.message)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::ports::SystemClock;
    use std::sync::Mutex;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn printed(output: Output, news: News) -> String {
        let kept = Kept::default();
        let (teller, told) = Teller::new(Arc::new(SystemClock));
        let thread = print(told, output, Box::new(kept.clone()));
        teller.tell(news);
        drop(teller);
        thread.join().unwrap();
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_line_for_people_has_the_service_and_one_for_programs_the_same_as_fields() {
        let ended = News {
            outcome: Some(Outcome::RolledBack),
            exit_code: Some(3),
            ..News::new(Happened::Ended, "rolled back").of("shop")
        };
        let line = printed(Output::Human, ended.clone());
        assert!(line.ends_with("  ended      shop: rolled back\n"), "{line:?}");
        let line: serde_json::Value = serde_json::from_str(&printed(Output::Json, ended)).unwrap();
        assert_eq!(line["type"], "ended");
        assert_eq!((&line["service"], &line["exitCode"]), (&"shop".into(), &3.into()));
        assert_eq!(line["outcome"], "rolled-back");
    }
}
