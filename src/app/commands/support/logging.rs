//! The program's log: JSON lines in `DATA_DIR/SERVICE/log/`, one file a day, 14 kept. Never on the terminal.

#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustix::process::geteuid;
use tracing::Level;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};

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
    match create_private_dir(&folder).and_then(|()| Daily::open(&folder, MAX, Timestamp::now)) {
        Ok(daily) => {
            let (writer, guard) = NonBlockingBuilder::default().buffered_lines_limit(BACKLOG).finish(daily);
            let filter = tracing_subscriber::filter::Targets::new().with_target("switchback", level);
            let layer = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(writer);
            install(layer, filter);
            Some(guard)
        }
        // The log is that of its user: a member of `control.group` who asks the monitor has none there.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && is_another_s(&folder) => None,
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

/// The file of the day, made so that it belongs to whom the folder belongs.
struct Daily {
    folder: PathBuf,
    largest: u64,
    now: fn() -> Timestamp,
    day: String,
    file: File,
    written: u64,
    is_full: bool,
}

impl Daily {
    fn open(folder: &Path, largest: u64, now: fn() -> Timestamp) -> io::Result<Self> {
        let day = day_of(now());
        let (file, written) = open_day(folder, &day)?;
        Ok(Self { folder: folder.to_owned(), largest, now, day, file, written, is_full: false })
    }

    fn look_at_the_day(&mut self) -> io::Result<()> {
        let day = day_of((self.now)());
        if day != self.day {
            (self.file, self.written) = open_day(&self.folder, &day)?;
            (self.day, self.is_full) = (day, false);
        }
        Ok(())
    }
}

/// The file of a day and how much other processes have written to it; the oldest files beyond [`KEPT`] are removed.
fn open_day(folder: &Path, day: &str) -> io::Result<(File, u64)> {
    let file = open_log(&folder.join(format!("{PREFIX}.{day}.{SUFFIX}")))?;
    let written = file.metadata()?.len();
    let mut days: Vec<PathBuf> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    days.retain(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with(&format!("{PREFIX}.")) && name.ends_with(&format!(".{SUFFIX}"))
    });
    days.sort_unstable();
    for old in days.iter().rev().skip(KEPT) {
        // Another process may have removed it.
        let _ = fs::remove_file(old);
    }
    Ok((file, written))
}

impl Write for Daily {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.look_at_the_day()?;
        let text = String::from_utf8_lossy(line);
        let text = scrub(&text);
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        if self.written.saturating_add(length) > self.largest {
            if !std::mem::replace(&mut self.is_full, true) {
                let (now, size) = ((self.now)(), size(self.largest));
                writeln!(
                    self.file,
                    "{{\"timestamp\":\"{now}\",\"level\":\"WARN\",\"message\":\"the log of this day has {size}: nothing more \
                     is written to it\",\"target\":\"switchback::log\"}}"
                )?;
            }
            return Ok(line.len());
        }
        self.file.write_all(text.as_bytes())?;
        self.written = self.written.saturating_add(length);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
