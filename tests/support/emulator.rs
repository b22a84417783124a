//! A terminal emulator for tests: the other side of a real pseudo-terminal, and what is on its screen.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

/// Nothing that is waited for takes nearly as long.
const PATIENCE: Duration = Duration::from_mins(1);

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

    /// The program's side: what is to be its stdin, stdout or stderr.
    pub fn stdio(&self) -> OwnedFd {
        self.slave.try_clone().unwrap()
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

    /// Whether the program asked to hear of the mouse.
    pub fn follows_the_mouse(&self) -> bool {
        self.screen.screen().mouse_protocol_mode() != vt100::MouseProtocolMode::None
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

    /// Whether the screen shows a frame as it was meant, and no half of one: no synchronized update is open.
    fn shows_a_whole_frame(&self) -> bool {
        let last = |sequence: &[u8]| memchr::memmem::rfind(&self.bytes, sequence);
        last(b"\x1b[?2026l") >= last(b"\x1b[?2026h")
    }

    pub fn wait_until(&mut self, what: &str, reached: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !(self.shows_a_whole_frame() && reached(self)) {
            assert!(begun.elapsed() < PATIENCE, "never {what}; the screen:\n{}", self.contents());
            self.read(Duration::from_millis(50));
        }
    }

    pub fn wait_for(&mut self, text: &str) {
        self.wait_until(text, |emulator| emulator.contents().contains(text));
    }

    /// Waits for a process that lives in this terminal, and reads meanwhile, as an emulator does.
    pub fn wait_for_end(&mut self, process: &mut Child) -> ExitStatus {
        let begun = Instant::now();
        loop {
            self.read(Duration::from_millis(20));
            if let Some(status) = process.try_wait().unwrap() {
                self.read_all();
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it never ended; the screen:\n{}", self.contents());
        }
    }
}

/// A size that the screen can have: it takes none without a cell.
fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count.max(1)).unwrap()
}
