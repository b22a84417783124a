//! Monitors in the background.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Deployment, Done};

/// How long a monitor may live. It is no expectation of speed.
const LIMIT: Duration = Duration::from_mins(2);

/// What starting a monitor came to.
pub enum Started {
    /// It runs.
    Running(Background),
    /// There was nothing to run.
    Over(Done),
}

/// A monitor in the background; dropped, it is killed.
pub struct Background(i32);

impl Background {
    /// Starts one with `--detach`.
    pub fn start(deployment: &Deployment, args: &[&str]) -> Started {
        let done = deployment.run(&[args, &["--detach"]].concat());
        let pid = done.stdout.split("(process ").nth(1).and_then(|rest| rest.split(',').next()?.parse().ok());
        match pid {
            Some(pid) => Started::Running(Self(pid)),
            None => Started::Over(done),
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.0).unwrap()
    }

    pub fn kill(&self) {
        // It may have come to its end by itself.
        let _ = kill_process(self.pid(), Signal::KILL);
    }

    pub fn is_alive(&self) -> bool {
        // One that ended stays as a zombie where nobody collects it.
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap_or_default();
        let state = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next());
        state.is_some_and(|state| state != "Z")
    }

    /// Waits until it is gone or `enough` is true; says whether it is gone.
    pub fn wait(&self, mut enough: impl FnMut() -> bool) -> bool {
        let deadline = Instant::now() + LIMIT;
        while self.is_alive() {
            assert!(Instant::now() < deadline, "the monitor (process {}) does not end", self.0);
            if enough() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.kill();
    }
}
