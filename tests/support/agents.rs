//! A folder with the files of many deployments, and the real agent that watches it.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::deployment::{Deployment, bare, program};
use crate::process::{Done, Running};

/// The folder of an agent. The deployments lie in folders of their own.
pub struct Agents {
    dir: TempDir,
}

impl Agents {
    pub fn new() -> Self {
        Self { dir: TempDir::new().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes the file of a service in one step.
    pub fn add(&self, service: &str, deployment: &Deployment) {
        self.write(&format!("{service}.toml"), &file(service, deployment));
    }

    pub fn write(&self, name: &str, text: &str) {
        let new = self.path(".new");
        fs::write(&new, text).unwrap();
        fs::rename(new, self.path(name)).unwrap();
    }

    pub fn start(&self) -> Running {
        let mut agent = self.begin();
        // What it says of a service may come before.
        agent.hear_among("\"message\":\"watching ");
        agent
    }

    pub fn begin(&self) -> Running {
        Running::start(self.command(&["agent", ".", "--output", "json"]))
    }

    /// The program in the agent's folder, without any setting in the environment.
    pub fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(program());
        bare(&mut command, self.dir.path()).args(args).env("USER", "ana");
        command
    }

    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Done {
        Running::start(self.command(args)).wait()
    }

    /// Asks the agent's socket; the status and the body.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = UnixStream::connect(self.path(".switchback/agent.sock")).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let length = body.len();
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: agent\r\nconnection: close\r\ncontent-length: {length}\r\n");
        stream.write_all(format!("{head}content-type: application/json\r\n\r\n{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }

    pub fn services(&self) -> Vec<Value> {
        let (status, body) = self.ask("GET", "/v1/services", "");
        assert_eq!(status, 200, "{body}");
        let list: Value = serde_json::from_str(&body).unwrap();
        list["services"].as_array().unwrap().clone()
    }

    pub fn row(&self, service: &str) -> Value {
        self.services().into_iter().find(|row| row["service"] == service).unwrap_or(Value::Null)
    }

    /// Waits until the row of a service is so.
    #[track_caller]
    pub fn wait_for(&self, service: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            let row = self.row(service);
            if is_so(&row) {
                return row;
            }
            assert!(Instant::now() < deadline, "{what}: {row:#}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until the agent knows where traffic of a service is that has no soak: it is listed sooner.
    #[track_caller]
    pub fn wait_until_looked_at(&self, service: &str) {
        self.wait_for(service, "looked at", |row| row["state"] == "idle" && row["active"].is_string());
    }
}

pub fn file(service: &str, deployment: &Deployment) -> String {
    let folder = deployment.folder().display();
    let mut text = format!(
        "service = \"{service}\"\nstate_file = \"{}\"\ndata_dir = \"{folder}/.switchback\"\n",
        deployment.state_path().display()
    );
    for (key, value) in &deployment.settings {
        let _ = writeln!(text, "{key} = {}", json!(value));
    }
    text
}

/// A deployment with blue active since long ago.
pub fn blue() -> Deployment {
    let deployment = Deployment::fresh();
    deployment
        .write_state(&json!({ "activeColor": "blue", "lastSwitch": 1_700_000_000_000_i64, "previousColor": "green" }));
    deployment
}

pub fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// Switches as deploy.ts does: by writing the state file.
pub fn switch(deployment: &Deployment, to: &str) {
    let mut state = deployment.state();
    let from = state["activeColor"].clone();
    state["activeColor"] = json!(to);
    state["previousColor"] = from;
    state["lastSwitch"] = json!(now_ms());
    deployment.write_state(&state);
}

pub fn decisions(deployment: &Deployment, service: &str) -> Vec<Value> {
    let path = deployment.path(&format!(".switchback/{service}/decisions.jsonl"));
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub fn count(deployment: &Deployment, service: &str, kind: &str) -> usize {
    decisions(deployment, service).iter().filter(|made| made["decision"] == kind).count()
}

pub fn stop(agent: Running) -> Done {
    agent.signal(Signal::TERM);
    agent.wait().expect(0)
}
