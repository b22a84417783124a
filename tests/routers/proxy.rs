//! A router as a process of its own, on free ports, with the configuration of an example.

use std::fs::{self, File};
use std::io;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use crate::apps::Apps;
pub use support::free_port;

/// Nothing that is waited for takes nearly as long.
const LIMIT: Duration = Duration::from_secs(30);

/// The instances in the examples, in the order of [`Apps::addresses`].
const INSTANCES: [&str; 4] = ["127.0.0.1:3001", "127.0.0.1:3003", "127.0.0.1:3002", "127.0.0.1:3004"];

/// The files of one example, with the addresses of this test in place of its own.
pub struct Example {
    pub folder: TempDir,
    replaced: Vec<(String, String)>,
}

impl Example {
    /// The example of this name for these services.
    pub fn of(name: &str, apps: &Apps) -> Self {
        let folder = TempDir::new().unwrap();
        let replaced: Vec<_> = INSTANCES.iter().map(|known| (*known).to_owned()).zip(apps.addresses()).collect();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/examples").join(name);
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
        Self { folder, replaced }
    }

    /// HAProxy's line for a server as the example has it once its address was put in.
    #[track_caller]
    pub fn server(&self, name: &str) -> String {
        let text = fs::read_to_string(self.folder.path().join("haproxy.cfg")).unwrap();
        let line = text.lines().map(str::trim).find(|line| line.starts_with(&format!("server {name} "))).unwrap();
        self.replaced.iter().fold(line.to_owned(), |line, (known, new)| line.replace(known, new))
    }

    /// With another text in place of one that stands in it.
    #[must_use]
    pub fn with(mut self, known: &str, new: impl Into<String>) -> Self {
        self.replaced.push((known.to_owned(), new.into()));
        self
    }

    /// Puts everything in place, one after the other; each replacement has to be for something.
    #[track_caller]
    pub fn write(self) -> TempDir {
        let files: Vec<_> = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        for (known, new) in &self.replaced {
            let mut there = false;
            for file in &files {
                let text = fs::read_to_string(file).unwrap();
                there |= text.contains(known);
                fs::write(file, text.replace(known, new)).unwrap();
            }
            assert!(there, "the example does not have `{known}`");
        }
        self.folder
    }
}

/// A router's process, and everything that it started; gone when it is dropped.
pub struct Process {
    program: &'static str,
    args: Vec<String>,
    folder: PathBuf,
    port: u16,
    child: Option<Child>,
}

impl Process {
    /// Starts it in a folder and waits until it listens on its port.
    #[track_caller]
    pub fn start(program: &'static str, args: &[&str], folder: &Path, port: u16) -> Self {
        let args = args.iter().map(|word| (*word).to_owned()).collect();
        let mut process = Self { program, args, folder: folder.to_owned(), port, child: None };
        process.start_again();
        process
    }

    /// The same once more.
    #[track_caller]
    pub fn start_again(&mut self) {
        let log = File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        let mut command = Command::new(self.program);
        command.args(&self.args).current_dir(&self.folder).process_group(0);
        // Whatever it would keep in a home is kept here.
        command.env("HOME", &self.folder).env("XDG_DATA_HOME", &self.folder).env("XDG_CONFIG_HOME", &self.folder);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let child = command.spawn().unwrap_or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => panic!("{0} is not installed: sudo apt-get install {0}", self.program),
            _ => panic!("{}: {error}", self.program),
        });
        self.child = Some(child);
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() || !has_its_files(&self.folder) {
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none() && begun.elapsed() < LIMIT, "{} does not start: {}", self.program, self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What it printed.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Kills it with everything that it started.
    pub fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let group = Pid::from_child(&child);
        let _ = kill_process_group(group, Signal::KILL);
        let _ = child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether what comes after the port is there as well: nginx's pid file, HAProxy's socket.
fn has_its_files(folder: &Path) -> bool {
    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    let has_pid = || text("nginx.pid").trim().parse::<u32>().is_ok();
    let has_socket = || UnixStream::connect(folder.join("admin.sock")).is_ok();
    (!text("nginx.conf").contains("nginx.pid") || has_pid())
        && (!text("haproxy.cfg").contains("admin.sock") || has_socket())
}
