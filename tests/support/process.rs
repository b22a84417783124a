//! The program as a process: started, listened to, signalled, and never waited for without a limit.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A process that takes longer than this is stuck. It is no expectation of speed.
const LIMIT: Duration = Duration::from_mins(2);

/// A process that runs; dropped, it is killed.
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    /// Lines that came before one that was waited for, and can still be heard.
    before: VecDeque<String>,
    heard: String,
    stderr: JoinHandle<String>,
}

/// A process that ended.
#[derive(Debug)]
pub struct Done {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    /// The exit code; none if a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Asserts the exit code, showing what was printed where it is another.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code(), Some(code), "{self:#?}");
        self
    }

    /// Asserts that stdout has all of these.
    #[track_caller]
    pub fn says(self, wanted: &[&str]) -> Self {
        for text in wanted {
            assert!(self.stdout.contains(text), "`{text}` is not in stdout: {self:#?}");
        }
        self
    }

    /// Asserts that stderr has all of these.
    #[track_caller]
    pub fn complains(self, wanted: &[&str]) -> Self {
        for text in wanted {
            assert!(self.stderr.contains(text), "`{text}` is not in stderr: {self:#?}");
        }
        self
    }

    /// Stdout as one JSON value.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Stdout as one JSON value a line.
    pub fn json_lines(&self) -> Vec<Value> {
        let value = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.stdout.lines().map(value).collect()
    }
}

impl Running {
    /// Starts a command with its output captured.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (line, lines) = channel();
        thread::spawn(move || {
            // Bytes that are no text are for the assertions to find.
            for bytes in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
                if line.send(String::from_utf8_lossy(&bytes).into_owned()).is_err() {
                    return;
                }
            }
        });
        let stderr = thread::spawn(move || {
            let mut bytes = Vec::new();
            stderr.read_to_end(&mut bytes).unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        });
        Self { child, lines, before: VecDeque::new(), heard: String::new(), stderr }
    }

    /// Its process ID.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it prints a line with this text, and returns the line.
    #[track_caller]
    pub fn hear(&mut self, text: &str) -> String {
        while let Some(line) = self.before.pop_front() {
            if line.contains(text) {
                return line;
            }
        }
        self.next_line(text, |_| ())
    }

    /// The same, and what comes before it can still be heard.
    #[track_caller]
    pub fn hear_among(&mut self, text: &str) {
        let mut before = std::mem::take(&mut self.before);
        self.next_line(text, |line| before.push_back(line));
        self.before = before;
    }

    #[track_caller]
    fn next_line(&mut self, text: &str, mut other: impl FnMut(String)) -> String {
        let deadline = Instant::now() + LIMIT;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.heard.push_str(&line);
                    self.heard.push('\n');
                    if line.contains(text) {
                        return line;
                    }
                    other(line);
                }
                Err(RecvTimeoutError::Timeout) => panic!("`{text}` was not said within {LIMIT:?}: {}", self.heard),
                Err(RecvTimeoutError::Disconnected) => {
                    let stderr = std::mem::replace(&mut self.stderr, thread::spawn(String::new)).join().unwrap();
                    panic!("it ended and never said `{text}`: {}{stderr}", self.heard)
                }
            }
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Whether it has ended.
    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(mut self) -> Done {
        let deadline = Instant::now() + LIMIT;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "it did not end within {LIMIT:?}: {}", self.heard);
            thread::sleep(Duration::from_millis(10));
        };
        let mut stdout = std::mem::take(&mut self.heard);
        // A process of its own that it left behind may hold the pipe open.
        while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(10)) {
            stdout.push_str(&line);
            stdout.push('\n');
        }
        let stderr = std::mem::replace(&mut self.stderr, thread::spawn(String::new)).join().unwrap();
        Done { status, stdout, stderr }
    }
}

/// Whether a process or a thread of it is there. One that ended stays as a zombie where nobody collects it; but the first thread of
/// a process is a zombie too while another that was killed still waits for the disk, with every lock and socket.
pub fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let Some((_, fields)) = stat.rsplit_once(") ") else { return false };
    let fields: Vec<&str> = fields.split_whitespace().collect();
    // state, and num_threads
    fields[0] != "Z" || fields[17] != "1"
}

impl Drop for Running {
    fn drop(&mut self) {
        // Neither can fail for a process that has ended and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
