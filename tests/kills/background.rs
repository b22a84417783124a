//! Monitors in the background.

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::{Deployment, Done, Running};

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
pub struct Background(Running);

impl Background {
    /// Starts one and waits until it can be asked, as `--detach` does; that would go on to wait for the soak.
    pub fn start(deployment: &Deployment, args: &[&str]) -> Started {
        let mut running = deployment.start(&[args, &["--background"]].concat());
        let socket = deployment.path(".switchback/default/control.sock");
        let deadline = Instant::now() + LIMIT;
        while UnixStream::connect(&socket).is_err() {
            if running.is_over() {
                return Started::Over(running.wait());
            }
            assert!(Instant::now() < deadline, "the monitor (process {}) does not answer", running.pid());
            std::thread::sleep(Duration::from_millis(5));
        }
        Started::Running(Self(running))
    }

    pub fn kill(&self) {
        self.0.signal(Signal::KILL);
    }

    /// Waits for its end, and says what it printed.
    pub fn end(self) -> Done {
        self.0.wait()
    }

    /// Waits until it is gone or `enough` is true; says whether it is gone.
    pub fn wait(&self, mut enough: impl FnMut() -> bool) -> bool {
        let deadline = Instant::now() + LIMIT;
        while support::is_alive(self.0.pid()) {
            assert!(Instant::now() < deadline, "the monitor (process {}) does not end", self.0.pid());
            if enough() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    }
}
