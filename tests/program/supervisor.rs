//! Under a service manager: its watchdog, and the unit that ships.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use support::Deployment;

/// Nothing that is waited for takes nearly as long.
const LIMIT: Duration = Duration::from_secs(30);
/// What a service manager allows here, and longer than three answers take.
const ALLOWED: Duration = Duration::from_secs(1);
const SILENCE: Duration = Duration::from_secs(3);

/// A service manager's end of the socket.
struct Manager {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Manager {
    fn new(folder: &Path) -> Self {
        let path = folder.join("notify.sock");
        Self { socket: UnixDatagram::bind(&path).unwrap(), path }
    }

    /// Starts a monitor that is watched.
    fn start(&self, deployment: &Deployment) -> Child {
        let mut command = deployment.command(&["soak", "--no-tui", "--supervised"]);
        command.env("NOTIFY_SOCKET", &self.path).env("WATCHDOG_USEC", ALLOWED.as_micros().to_string());
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// What comes next within this time.
    fn hears(&self, limit: Duration) -> Option<String> {
        self.socket.set_read_timeout(Some(limit)).unwrap();
        let mut bytes = [0; 256];
        let read = self.socket.recv(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes[..read]).trim().to_owned())
    }

    /// Takes what was sent before.
    fn forgets(&self) {
        while self.hears(Duration::from_millis(100)).is_some() {}
    }
}

#[test]
fn the_monitor_answers_the_watchdog_from_its_loop_and_a_stopped_one_does_not() {
    // Longer between two samples than the watchdog allows.
    let deployment = Deployment::switched().with("soak.interval", "10s").with("soak.window", "10m");
    let manager = Manager::new(deployment.folder());
    let mut monitor = manager.start(&deployment);
    for _ in 0..5 {
        assert_eq!(manager.hears(LIMIT).as_deref(), Some("WATCHDOG=1"));
    }
    let pid = Pid::from_child(&monitor);
    kill_process(pid, Signal::STOP).unwrap();
    manager.forgets();
    assert_eq!(manager.hears(SILENCE), None, "a monitor that is stopped does not answer");
    kill_process(pid, Signal::CONT).unwrap();
    assert_eq!(manager.hears(LIMIT).as_deref(), Some("WATCHDOG=1"));
    monitor.kill().unwrap();
    monitor.wait().unwrap();
}

#[test]
fn what_a_router_command_starts_does_not_answer_for_the_monitor() {
    let deployment =
        Deployment::switched().with_commands("true", "env > commands-environment; echo {color} > route", "cat route");
    std::fs::write(deployment.path("route"), "green\n").unwrap();
    deployment.green.fail(50);
    let manager = Manager::new(deployment.folder());
    let mut monitor = manager.start(&deployment);
    assert_eq!(monitor.wait().unwrap().code(), Some(3));
    let found = std::fs::read_to_string(deployment.path("commands-environment")).unwrap();
    assert!(found.contains("SWITCHBACK_COLOR=blue") && !found.contains("NOTIFY_SOCKET"), "{found}");
    assert!(!found.contains("WATCHDOG_"), "{found}");
}

/// A unit that ships, for a deployment and a program that are there.
fn unit(folder: &Path, name: &str) -> PathBuf {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/systemd").join(name);
    let text = std::fs::read_to_string(shipped).unwrap();
    let text = text
        .replace("/usr/local/bin/switchback", env!("CARGO_BIN_EXE_switchback"))
        .replace("User=deploy", "User=daemon");
    let path = folder.join(name.replace('@', "@shop"));
    std::fs::write(&path, text).unwrap();
    path
}

fn analyze(args: &[&str], unit: &Path) -> (bool, String) {
    let done = Command::new("systemd-analyze").args(args).arg(unit).output();
    let done = done.unwrap_or_else(|error| panic!("systemd-analyze, of the package systemd: {error}"));
    (done.status.success(), String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
}

#[test]
fn systemd_takes_the_units_and_finds_them_closed_off() {
    let deployment = Deployment::switched();
    for name in ["switchback@.service", "switchback-agent.service"] {
        let unit = unit(deployment.folder(), name);
        let (taken, said) = analyze(&["verify", "--man=no", "--recursive-errors=no"], &unit);
        assert!(taken && said.trim().is_empty(), "{said}");
        // 10 is wide open; 5 and above is what systemd calls exposed or worse.
        let (closed, said) = analyze(&["security", "--offline=true", "--no-pager", "--threshold=25"], &unit);
        assert!(closed, "{said}");
    }
}
