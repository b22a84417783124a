//! Real terminals for tests: pseudo-terminals, and this test program itself as a process that lives in one.

use std::env;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, ioctl_tiocsctty, kill_process, setsid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

use super::tty::Tty;

/// Nothing that is waited for takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(20);
/// Says to this program, run as a child, what to be.
const ROLE: &str = "SWITCHBACK_TEST_ROLE";

/// The terminal emulator's side of a pseudo-terminal.
pub struct Emulator {
    master: Option<File>,
    slave: OwnedFd,
    pub screen: vt100::Parser,
    /// Everything that was ever written to the terminal.
    pub bytes: Vec<u8>,
}

impl Emulator {
    pub fn new(columns: u16, rows: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
        let mut emulator = Self {
            master: Some(File::from(master)),
            slave,
            screen: vt100::Parser::new(cells(rows), cells(columns), 0),
            bytes: Vec::new(),
        };
        emulator.resize(columns, rows);
        emulator
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        tcsetwinsize(&self.slave, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        self.screen.screen_mut().set_size(cells(rows), cells(columns));
    }

    pub fn tty(&self) -> Arc<Tty> {
        Arc::new(Tty::new(self.slave.try_clone().unwrap(), self.slave.try_clone().unwrap()))
    }

    /// Whether keys reach the program one by one.
    pub fn is_raw(&self) -> bool {
        !tcgetattr(&self.slave).unwrap().local_modes.contains(LocalModes::ICANON)
    }

    /// Lets keys reach the program line by line, as a shell does.
    pub fn cook(&self) {
        let mut modes = tcgetattr(&self.slave).unwrap();
        modes.local_modes |= LocalModes::ICANON | LocalModes::ECHO;
        tcsetattr(&self.slave, OptionalActions::Now, &modes).unwrap();
    }

    pub fn in_alternate_screen(&self) -> bool {
        self.screen.screen().alternate_screen()
    }

    pub fn contents(&self) -> String {
        self.screen.screen().contents()
    }

    pub fn type_keys(&mut self, keys: &str) {
        self.master.as_ref().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// The window is closed.
    pub fn hang_up(&mut self) {
        self.master = None;
    }

    /// Takes in what is there; says whether there was anything.
    pub fn read(&mut self, limit: Duration) -> bool {
        let Some(mut master) = self.master.as_ref() else { return false };
        let mut ready = [PollFd::from_borrowed_fd(master.as_fd(), PollFlags::IN)];
        let limit = Timespec::try_from(limit).unwrap();
        if poll(&mut ready, Some(&limit)).unwrap() == 0 {
            return false;
        }
        let mut chunk = [0; 4096];
        let read = master.read(&mut chunk).unwrap_or(0);
        self.screen.process(&chunk[..read]);
        self.bytes.extend_from_slice(&chunk[..read]);
        read > 0
    }

    pub fn read_all(&mut self) {
        while self.read(Duration::from_millis(20)) {}
    }

    pub fn wait_until(&mut self, what: &str, reached: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !reached(self) {
            assert!(begun.elapsed() < PATIENCE, "never {what}; the screen:\n{}", self.contents());
            self.read(Duration::from_millis(50));
        }
    }

    pub fn wait_for(&mut self, text: &str) {
        self.wait_until(text, |emulator| emulator.contents().contains(text));
    }

    /// Runs this test again as a process whose terminal this is, in a given role.
    pub fn spawn(&self, test: &str, role: &str, environment: &[(&str, &str)]) -> Actor {
        let stdio = || self.slave.try_clone().unwrap();
        let child = again(test, role)
            .env_remove("NO_COLOR")
            .env("RUST_BACKTRACE", "0")
            .envs(environment.iter().copied())
            .stdin(stdio())
            .stdout(stdio())
            .stderr(stdio())
            .spawn()
            .unwrap();
        Actor(child)
    }
}

/// A size that the screen can have: it takes none without a cell.
fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count.max(1)).unwrap()
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

    /// Its end; the terminal is read meanwhile, as an emulator does.
    pub fn end(mut self, emulator: &mut Emulator) -> ExitStatus {
        let begun = Instant::now();
        loop {
            emulator.read(Duration::from_millis(20));
            if let Some(status) = self.0.try_wait().unwrap() {
                emulator.read_all();
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it never ended; the screen:\n{}", emulator.contents());
        }
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
