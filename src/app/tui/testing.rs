//! Real terminals for tests, and this test program itself as a process that lives in one.

use std::env;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;

use rustix::process::{Pid, Signal, ioctl_tiocsctty, kill_process, setsid};

use super::tty::Tty;

pub(crate) use support::Emulator;

/// Says to this program, run as a child, what to be.
const ROLE: &str = "SWITCHBACK_TEST_ROLE";

/// What a terminal is to the program that lives in it.
pub trait Terminal {
    fn tty(&self) -> Arc<Tty>;

    /// Runs this test again as a process whose terminal this is, in a given role.
    fn spawn(&self, test: &str, role: &str, environment: &[(&str, &str)]) -> Actor;
}

impl Terminal for Emulator {
    fn tty(&self) -> Arc<Tty> {
        Arc::new(Tty::new(self.stdio(), self.stdio()))
    }

    fn spawn(&self, test: &str, role: &str, environment: &[(&str, &str)]) -> Actor {
        let child = again(test, role)
            .env_remove("NO_COLOR")
            .env("RUST_BACKTRACE", "0")
            .envs(environment.iter().copied())
            .stdin(self.stdio())
            .stdout(self.stdio())
            .stderr(self.stdio())
            .spawn()
            .unwrap();
        Actor(child)
    }
}

/// This test once more, as a process in a role. A `job` belongs to the session of whoever starts it.
pub fn again(test: &str, role: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(ROLE, role);
    command
}

/// The role of this process, none in an ordinary run. A process with a role leads a session of its own on its terminal.
pub fn role() -> Option<String> {
    let role = env::var(ROLE).ok()?;
    if role != "job" {
        setsid().unwrap();
        ioctl_tiocsctty(std::io::stdin()).unwrap();
    }
    Some(role)
}

/// A process in a role.
pub struct Actor(Child);

impl Actor {
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
    }

    /// Its end.
    pub fn end(mut self, emulator: &mut Emulator) -> ExitStatus {
        emulator.wait_for_end(&mut self.0)
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether it ended as an ordinary test does, not by a signal.
pub fn ended_well(status: ExitStatus) -> bool {
    status.success() && status.signal().is_none()
}
