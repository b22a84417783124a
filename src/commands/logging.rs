//! The program's log: JSON lines in `DATA_DIR/SERVICE/log/`, one file a day, 14 kept. Never on the terminal.

use tracing::Level;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};

use crate::config::Config;
use crate::journal::create_private_dir;

use super::say;

/// Log files that are kept, one a day.
const KEPT: usize = 14;

/// Starts logging; the guard writes what is still in memory when it is dropped. A log that cannot be written is a warning:
/// no command fails for want of one.
pub fn start(config: &Config, level: Level) -> Option<WorkerGuard> {
    let folder = config.service_dir().join("log");
    let appender = create_private_dir(&folder).map_err(|error| error.to_string()).and_then(|()| {
        RollingFileAppender::builder()
            .rotation(Rotation::DAILY)
            .filename_prefix("switchback")
            .filename_suffix("jsonl")
            .max_log_files(KEPT)
            .build(&folder)
            .map_err(|error| error.to_string())
    });
    match appender {
        Ok(appender) => {
            let (writer, guard) = tracing_appender::non_blocking(appender);
            let filter = tracing_subscriber::filter::Targets::new().with_target("switchback", level);
            let layer = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(writer);
            install(layer, filter);
            Some(guard)
        }
        Err(error) => {
            say::warn(&format!("no log is written in `{}`: {error}", folder.display()));
            None
        }
    }
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
