//! Caddy.

use std::fs;
use std::process::Command;

use switchback::model::Color;
use tempfile::TempDir;

use crate::apps::Apps;
use crate::proxy::{Example, Process, free_port};
use crate::scenes::{Proxy, Scene, scenes};
use crate::users::Connection;

pub const UPSTREAMS: &str = "/config/apps/http/servers/srv0/routes/0/handle/0/upstreams";

pub struct Caddy {
    process: Process,
    pub port: u16,
    pub admin: u16,
    upstreams: [String; 2],
    _folder: TempDir,
}

impl Caddy {
    /// Changes its configuration as an operator would.
    #[track_caller]
    pub fn patch(&self, path: &str, body: &str) {
        self.change("PATCH", path, body);
    }

    /// The same with another method: PUT inserts, POST appends, DELETE removes.
    #[track_caller]
    pub fn change(&self, method: &str, path: &str, body: &str) {
        let url = self.admin_url(path);
        let args = ["-sS", "--fail-with-body", "-X", method, "-H", "content-type: application/json", "-d", body, &url];
        let done = Command::new("curl").args(args).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }

    /// A part of its configuration.
    #[track_caller]
    pub fn get(&self, path: &str) -> serde_json::Value {
        let done = Command::new("curl").args(["-sS", &self.admin_url(path)]).output().unwrap();
        serde_json::from_slice(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:?}"))
    }

    pub fn admin_url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.admin)
    }

    /// A color's upstreams, as JSON.
    pub fn upstreams(&self, color: Color) -> &str {
        &self.upstreams[usize::from(color == Color::Green)]
    }
}

impl Proxy for Caddy {
    // Linux resets a connection that is just being made when the old server stops listening, unless tcp_migrate_req is set.
    const CLOSES: &[Connection] = &[Connection::Kept, Connection::New];

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
        self.patch(UPSTREAMS, self.upstreams(to));
    }
}

pub fn start() -> Scene<Caddy> {
    start_with(|example, _| example)
}

pub fn start_with(change: impl FnOnce(Example, u16) -> Example) -> Scene<Caddy> {
    let (apps, port, admin) = (Apps::start(), free_port(), free_port());
    let list = |addresses: &[String]| {
        serde_json::json!(addresses.iter().map(|dial| serde_json::json!({ "dial": dial })).collect::<Vec<_>>())
            .to_string()
    };
    let upstreams = [list(&apps.addresses()[..2]), list(&apps.addresses()[2..])];
    let example = Example::of("caddy", &apps)
        .with("\n:8080 {", format!("\n:{port} {{\n\tbind 127.0.0.1"))
        .with("127.0.0.1:2019", format!("127.0.0.1:{admin}"))
        // A site with a name that comes later would make the server speak TLS.
        .with(&format!("admin 127.0.0.1:{admin}"), format!("admin 127.0.0.1:{admin}\n\tauto_https off"));
    let folder = change(example, admin).write();
    let args = ["run", "--config", "Caddyfile", "--adapter", "caddyfile"];
    let process = Process::start("caddy", &args, folder.path(), port);
    let toml = folder.path().to_owned();
    Scene::new(apps, Caddy { process, port, admin, upstreams, _folder: folder }, &toml)
}

scenes!(start, "refused the connection");

#[test]
fn what_else_an_upstream_has_is_kept() {
    let scene = start();
    let with_limit = scene.proxy.upstreams[0].replace("\"dial\"", "\"max_requests\":7,\"dial\"");
    scene.proxy.patch(UPSTREAMS, &with_limit);
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    scene.is_on("green");
    let url = format!("http://127.0.0.1:{}{UPSTREAMS}", scene.proxy.admin);
    let said = Command::new("curl").args(["-sS", &url]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stdout).matches("\"max_requests\":7").count(), 2);
}

#[test]
fn upstreams_may_be_named_by_their_own_path() {
    let scene = start().with("router.upstream_path", UPSTREAMS);
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    scene.is_on("green");
    scene.deployment.run(&["rollback"]).expect(0);
    scene.is_on("blue");
}

#[test]
fn an_admin_api_that_answers_500_is_quoted() {
    // In front of the real one stands another that takes no changes.
    let front = free_port();
    let scene = start_with(|example, admin| {
        let refuses = format!(
            ":{front} {{\n\tbind 127.0.0.1\n\t@change method PATCH\n\trespond @change \"out of order\" 500\n\
             \treverse_proxy 127.0.0.1:{admin} {{\n\t\theader_up Host 127.0.0.1:{admin}\n\t}}\n}}\n\n"
        );
        example.with("}\n\n:", format!("}}\n\n{refuses}:"))
    });
    // Servers have the order of their addresses.
    let scene = scene.with("router.admin_url", &format!("http://127.0.0.1:{front}"));
    let servers = Command::new("curl")
        .args(["-sS", &format!("http://127.0.0.1:{}/config/apps/http/servers", scene.proxy.admin)])
        .output()
        .unwrap();
    let servers: serde_json::Value = serde_json::from_slice(&servers.stdout).unwrap();
    let ours = format!("127.0.0.1:{}", scene.proxy.port);
    let server =
        servers.as_object().unwrap().iter().find(|(_, server)| server["listen"][0] == ours.as_str()).unwrap().0;
    let path = format!("/config/apps/http/servers/{server}/routes/0/handle/0");
    let scene = scene.with("router.upstream_path", &path);
    let done = scene.deployment.run(&["switch", "green", "--no-tui"]).expect(12);
    assert!(
        done.stdout.contains("answered PATCH") && done.stdout.contains("with 500 Internal Server Error: out of order"),
        "{done:#?}"
    );
}

#[test]
fn the_admin_api_may_listen_on_a_socket() {
    let folder = TempDir::new().unwrap();
    let socket = folder.path().join("admin.sock");
    let unix = format!("unix/{}", socket.display());
    let scene = start_with(|example, admin| example.with(&format!("admin 127.0.0.1:{admin}"), format!("admin {unix}")));
    let scene = scene.with("router.admin_url", &format!("unix://{}", socket.display()));
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    scene.is_on("green");
    fs::remove_file(socket).unwrap();
}
