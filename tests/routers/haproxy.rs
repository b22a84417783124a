//! HAProxy.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use switchback::model::Color;
use tempfile::TempDir;

use crate::apps::Apps;
use crate::proxy::{Example, Process, free_port};
use crate::scenes::{Proxy, Scene, scenes};
use crate::users::Connection;

pub struct Haproxy {
    process: Process,
    port: u16,
    folder: TempDir,
}

impl Haproxy {
    fn socket(&self) -> PathBuf {
        self.folder.path().join("admin.sock")
    }

    /// Calls a server down, and keeps it so: a check that was under way when checks were turned off may call it up once more.
    #[track_caller]
    pub fn call_down(&self, server: &str) {
        self.command(&format!("disable health checkout-api/{server}"));
        for _ in 0..20 {
            self.command(&format!("set server checkout-api/{server} health down"));
            sleep(Duration::from_millis(300));
            if self.column(server, 5) == "0" {
                return;
            }
        }
        panic!("{server} does not stay down");
    }

    /// A column of `show servers state` for a server: 5 is its state (0 is down), 6 its admin state, 7 its weight.
    #[track_caller]
    pub fn column(&self, server: &str, column: usize) -> String {
        let state = self.command("show servers state checkout-api");
        let line = state.lines().find(|line| line.contains(&format!(" {server} "))).unwrap();
        line.split(' ').nth(column).unwrap().to_owned()
    }

    /// Gives a command as an operator would with socat.
    #[track_caller]
    pub fn command(&self, command: &str) -> String {
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        stream.write_all(format!("{command}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Proxy for Haproxy {
    const CLOSES: &[Connection] = &[];

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn kill(&mut self) {
        self.process.kill();
    }

    fn start_again(&mut self) {
        self.process.start_again();
    }

    fn move_by_hand(&self, to: Color) {
        for (server, of) in [("b1", Color::Blue), ("b2", Color::Blue), ("g1", Color::Green), ("g2", Color::Green)] {
            let state = if of == to { "ready" } else { "maint" };
            assert_eq!(self.command(&format!("set server checkout-api/{server} state {state}")).trim(), "");
        }
    }
}

pub fn start() -> Scene<Haproxy> {
    start_with(|example| example)
}

pub fn start_with(change: impl FnOnce(Example) -> Example) -> Scene<Haproxy> {
    let (apps, port) = (Apps::start(), free_port());
    let example = Example::of("haproxy", &apps);
    let at = example.folder.path().to_owned();
    let at = |name: &str| path(&at, name);
    let example = example
        .with("bind :8080", format!("bind 127.0.0.1:{port}"))
        .with(" mode 660 group haproxy", "")
        .with("/run/haproxy/admin.sock", at("admin.sock"))
        .with("/var/lib/haproxy/server-state", at("server-state"))
        .with("check inter 1s", "check inter 200ms");
    let folder = change(example).write();
    let process = Process::start("haproxy", &["-db", "-f", "haproxy.cfg"], folder.path(), port);
    let toml = folder.path().to_owned();
    Scene::new(apps, Haproxy { process, port, folder }, &toml)
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

scenes!(start, "HAProxy's Runtime API `");

#[test]
fn servers_go_to_maintenance_where_that_is_configured() {
    let scene = start().with("router.away", "maint");
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    let state = scene.proxy.command("show servers state checkout-api");
    let blue = state.lines().find(|line| line.contains(" b1 ")).unwrap();
    assert_eq!(blue.split(' ').nth(6), Some("1"), "forced maintenance: {state}");
    scene.is_on("green");
    scene.deployment.run(&["rollback"]).expect(0);
    scene.is_on("blue");
}

#[test]
fn a_socket_that_may_not_move_anything_is_told_with_what_it_needs() {
    let scene = start_with(|example| example.with("level admin\n    # A reload", "level operator\n    # A reload"));
    let wanted = "HAProxy answered `set server checkout-api/g1 state ready` with: Permission denied";
    let done = scene.deployment.run(&["switch", "green", "--no-tui"]).expect(12);
    assert!(done.stdout.contains(wanted) && done.stdout.contains("needs `level admin`"), "{done:#?}");
    // It can be read all the same, so where traffic is is known.
    scene.deployment.run(&["status"]).expect(0).says(&["haproxy ✓ in sync"]);
    let told = ["FAILURE  router        a move to green would fail: ", "gives level `operator` here"];
    scene.deployment.run(&["doctor"]).expect(2).says(&told);
}

#[test]
fn a_socket_of_somebody_else_and_one_that_is_not_there_are_told() {
    let scene = start();
    let elsewhere = scene.deployment.path("nowhere.sock");
    let scene = scene.with("router.socket", elsewhere.to_str().unwrap());
    let done = scene.deployment.run(&["switch", "green", "--no-tui"]).expect(12);
    assert!(done.stdout.contains("is HAProxy running, and is this the path of its `stats socket`?"), "{done:#?}");
}

#[test]
fn names_that_haproxy_does_not_know_are_told_with_those_it_knows() {
    let scene = start().with("router.green", "g1,g9");
    let done = scene.deployment.run(&["switch", "green", "--no-tui"]).expect(12);
    assert!(done.stdout.contains("has no server `g9`; it has b1, b2, g1, g2"), "{done:#?}");
    let scene = scene.with("router.backend", "nope").with("router.green", "g1");
    let done = scene.deployment.run(&["switch", "green", "--no-tui"]).expect(12);
    assert!(done.stdout.contains("Can't find backend."), "{done:#?}");
}

#[test]
fn servers_that_do_not_come_up_leave_traffic_where_it_was() {
    let scene = start_with(|example| example.with("GET /health/ready", "GET /nothing/here"));
    let scene = scene.with("router.timeout", "2s");
    let done = scene.deployment.run(&["switch", "green", "--no-tui"]).expect(12);
    let wanted = "HAProxy's servers did not all come up (0 of 2) in time (router.timeout 2s): g1 ";
    assert!(done.stdout.contains(wanted), "{done:#?}");
    let state = scene.proxy.command("show servers state checkout-api");
    for (server, admin) in [("b1", "0"), ("b2", "0"), ("g1", "5"), ("g2", "5")] {
        let line = state.lines().find(|line| line.contains(&format!(" {server} "))).unwrap();
        assert_eq!(line.split(' ').nth(6), Some(admin), "blue is ready, green as it was, in maintenance: {state}");
    }
    scene.is_on("blue");
}

#[test]
fn traffic_on_both_colors_is_neither() {
    let scene = start();
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    scene.proxy.command("set server checkout-api/b1 state ready");
    let status = scene.deployment.run(&["status"]).expect(0);
    assert!(
        status.stdout.contains("sends traffic to both colors: b1 (blue) and g1, g2 (green) are ready"),
        "{status:#?}"
    );
    for server in ["b1", "g1", "g2"] {
        scene.proxy.command(&format!("set server checkout-api/{server} state maint"));
    }
    let status = scene.deployment.run(&["status"]).expect(0);
    assert!(status.stdout.contains("sends traffic to neither color"), "{status:#?}");
}
