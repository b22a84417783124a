//! The program's log: JSON lines in `DATA_DIR/SERVICE/log/`, one file a day, 14 kept. Never on the terminal.

#[cfg(test)]
mod tests;

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustix::process::geteuid;
use tracing::Level;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_appender::rolling::{RollingFileAppender, Rotation};

use crate::config::{Config, scrub};
use crate::io::journal::{create_private_dir, open_log};
use crate::model::number::size;

use super::output;

/// Log files that are kept, one a day.
const KEPT: usize = 14;

/// Bytes of one file, and one line that it is full: repeated failures must not fill the disk.
const MAX: u64 = 64 << 20;

/// Lines that may wait for the disk; more are left out. Their places are there from the start.
const BACKLOG: usize = 4_096;

/// Name of a log file, with its day in between.
const PREFIX: &str = "switchback";
const SUFFIX: &str = "jsonl";

/// Starts logging; the guard flushes on drop. A log that cannot be written is a warning: no command fails for it.
pub fn start(config: &Config, level: Level) -> Option<WorkerGuard> {
    let folder = config.service_dir().join("log");
    let today = folder.join(format!("{PREFIX}.{}.{SUFFIX}", day_of(Timestamp::now())));
    // Made here, so that it belongs to whom the folder belongs.
    let made = create_private_dir(&folder).and_then(|()| open_log(&today));
    if made.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied) && is_another_s(&folder) {
        // The log is that of its user: a member of `control.group` who asks the monitor has none there.
        return None;
    }
    let appender = made.map_err(|error| error.to_string()).and_then(|_| {
        RollingFileAppender::builder()
            .rotation(Rotation::DAILY)
            .filename_prefix(PREFIX)
            .filename_suffix(SUFFIX)
            .max_log_files(KEPT)
            .build(&folder)
            .map_err(|error| error.to_string())
    });
    match appender {
        Ok(appender) => {
            let limited = Limited::new(appender, &folder, MAX, Timestamp::now);
            let (writer, guard) = NonBlockingBuilder::default().buffered_lines_limit(BACKLOG).finish(limited);
            let filter = tracing_subscriber::filter::Targets::new().with_target("switchback", level);
            let layer = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(writer);
            install(layer, filter);
            Some(guard)
        }
        Err(error) => {
            output::warn(&format!("cannot write a log in `{}`: {error}", folder.display()));
            None
        }
    }
}

/// Whether the folder, or what there is of it, belongs to another user.
fn is_another_s(folder: &Path) -> bool {
    let found = folder.ancestors().find_map(|folder| folder.metadata().ok());
    found.is_some_and(|found| found.uid() != geteuid().as_raw())
}

fn install<L>(layer: L, filter: tracing_subscriber::filter::Targets)
where
    L: tracing_subscriber::Layer<tracing_subscriber::Registry> + Send + Sync,
{
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;
    // A second start in one process (the demo's) keeps the first log.
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
}

fn day_of(at: Timestamp) -> String {
    TimeZone::UTC.to_datetime(at).date().to_string()
}

struct Limited<W> {
    to: W,
    folder: PathBuf,
    largest: u64,
    now: fn() -> Timestamp,
    /// The day of the file that is written, and how large it is.
    day: String,
    written: u64,
    is_full: bool,
}

impl<W: Write> Limited<W> {
    fn new(to: W, folder: &Path, largest: u64, now: fn() -> Timestamp) -> Self {
        let (folder, day) = (folder.to_owned(), String::new());
        Self { to, folder, largest, now, day, written: 0, is_full: false }
    }

    /// Takes note of a new day, whose file other processes may have written to already.
    fn look_at_the_day(&mut self) {
        let day = day_of((self.now)());
        if day != self.day {
            let path = self.folder.join(format!("{PREFIX}.{day}.{SUFFIX}"));
            self.written = fs::metadata(path).map_or(0, |file| file.len());
            (self.day, self.is_full) = (day, false);
        }
    }
}

impl<W: Write> Write for Limited<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.look_at_the_day();
        let text = String::from_utf8_lossy(line);
        let text = scrub(&text);
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        if self.written.saturating_add(length) > self.largest {
            if !std::mem::replace(&mut self.is_full, true) {
                let (now, size) = ((self.now)(), size(self.largest));
                writeln!(
                    self.to,
                    "{{\"timestamp\":\"{now}\",\"level\":\"WARN\",\"message\":\"the log of this day has {size}: nothing more \
                     is written to it\",\"target\":\"switchback::log\"}}"
                )?;
            }
            return Ok(line.len());
        }
        self.to.write_all(text.as_bytes())?;
        self.written = self.written.saturating_add(length);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
