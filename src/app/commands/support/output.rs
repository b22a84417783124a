//! What a command prints. A closed stdout is not a failure.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::app::called;
use crate::model::printable;

/// Where prose goes that is for stdout: there, where nothing else has to be readable there.
static PROSE: AtomicU8 = AtomicU8::new(STDOUT);
const STDOUT: u8 = 0;
const STDERR: u8 = 1;
const KEPT: u8 = 2;

static SAID: Mutex<(Vec<String>, Option<String>)> = Mutex::new((Vec::new(), None));
/// Lines that are kept.
const MAX: usize = 1_000;

/// Keeps prose from now on, to put it into the data on stdout.
pub fn collect() {
    PROSE.store(KEPT, Ordering::Relaxed);
}

/// Sends prose to stderr from now on: stdout is for data.
pub fn on_stderr() {
    PROSE.store(STDERR, Ordering::Relaxed);
}

pub fn said() -> Vec<String> {
    SAID.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
}

pub fn last_error() -> Option<String> {
    SAID.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
}

/// Prints text for people on stdout, as it is.
pub fn out(text: &str) {
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    let room = MAX.saturating_sub(said.0.len());
    said.0.extend(text.lines().take(room).map(|line| called::as_called(line).into_owned()));
    drop(said);
    match PROSE.load(Ordering::Relaxed) {
        STDERR => print(io::stderr().lock(), text),
        KEPT => {}
        _ => data(text),
    }
}

/// Prints text on stdout, as it is, whatever it is for.
pub fn data(text: &str) {
    print(io::stdout().lock(), text);
}

pub fn line(text: &str) {
    out(&format!("{text}\n"));
}

/// Prints a question on stderr, without a line break.
pub fn ask(question: &str) {
    print(io::stderr().lock(), &safe(question));
}

/// Prints a message of several lines at the most on stderr, safe for a terminal.
pub fn error(message: &str) {
    SAID.lock().unwrap_or_else(PoisonError::into_inner).1 = Some(message.to_owned());
    print(io::stderr().lock(), &format!("switchback: {}\n", safe(message)));
}

/// Prints the stderr of another Switchback process, safe for a terminal.
pub fn note(text: &str) {
    print(io::stderr().lock(), &safe(text));
}

pub fn warn(message: &str) {
    error(&format!("warning: {message}"));
}

fn safe(text: &str) -> String {
    called::as_called(text).split('\n').map(printable::line).collect::<Vec<_>>().join("\n")
}

/// Ignores a closed stdout and a full disk.
fn print(mut stream: impl Write, text: &str) {
    if let Err(error) = stream.write_all(text.as_bytes()).and_then(|()| stream.flush()) {
        tracing::debug!(%error, "the output is not read");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_stops_no_command() {
        print(Gone, "rolled back\n");
    }

    #[test]
    fn messages_keep_their_lines_and_lose_what_a_terminal_would_obey() {
        assert_eq!(safe("2 problems\n\n  \u{1b}[2Jkey"), "2 problems\n\n  ·[2Jkey");
        assert_eq!(safe("it printed:\n::error::all is well"), "it printed:\n| ::error::all is well");
    }
}
