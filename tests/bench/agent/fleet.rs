//! An agent with many services, and what its process uses.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use support::Usage;
use tempfile::TempDir;

use crate::instances;

pub struct Fleet {
    dir: TempDir,
    soaks: usize,
    agent: Child,
}

impl Fleet {
    /// One that watches releases for `window`.
    pub fn start(soaks: usize, port: u16, window: &str) -> Self {
        let dir = TempDir::new().unwrap();
        for at in 0..soaks {
            let url = |of: u8| format!("\"http://{}:{port}\"", instances::address(at, of));
            let text = format!(
                "service = \"s{at}\"\nstate_file = \"state/{at}.json\"\n[colors.blue]\ninstances = [{}, {}]\n\
                 [colors.green]\ninstances = [{}, {}]\n[soak]\nwindow = \"{window}\"\n",
                url(1),
                url(2),
                url(3),
                url(4)
            );
            fs::write(dir.path().join(format!("s{at}.toml")), text).unwrap();
        }
        fs::create_dir(dir.path().join("state")).unwrap();
        let agent = run(&dir);
        let fleet = Self { dir, soaks, agent };
        fleet.write_all("blue", "green", 1_700_000_000_000);
        fleet
    }

    /// Kills the agent, and starts another.
    pub fn kill(&mut self) {
        self.agent.kill().unwrap();
        self.agent.wait().unwrap();
        self.agent = run(&self.dir);
    }

    pub fn switch(&self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        self.write_all("green", "blue", i64::try_from(now).unwrap());
    }

    fn write_all(&self, active: &str, previous: &str, at_ms: i64) {
        let state = json!({ "activeColor": active, "lastSwitch": at_ms, "previousColor": previous }).to_string();
        for at in 0..self.soaks {
            let path = self.dir.path().join(format!("state/{at}.json"));
            let new = path.with_extension("new");
            fs::write(&new, &state).unwrap();
            fs::rename(new, path).unwrap();
        }
    }

    /// Waits until `key` of so many services is this.
    pub fn wait(&self, key: &str, value: &str, count: usize, limit: Duration) {
        let deadline = Instant::now() + limit;
        loop {
            let there = self.ask("/v1/services").map_or(0, |body| {
                let list: Value = serde_json::from_str(&body).unwrap();
                list["services"].as_array().unwrap().iter().filter(|row| row[key] == value).count()
            });
            if there == count {
                return;
            }
            assert!(Instant::now() < deadline, "{key} of {there}, not {count} services is {value}");
            std::thread::sleep(Duration::from_millis(250));
        }
    }

    /// How often each of these decisions was made for a service, and the outcome in its state file.
    pub fn decided(&self, service: usize, kinds: [&str; 4]) -> ([usize; 4], String) {
        let path = self.dir.path().join(format!(".switchback/s{service}/decisions.jsonl"));
        let text = fs::read_to_string(path).unwrap();
        let made: Vec<Value> = text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
        let state = fs::read_to_string(self.dir.path().join(format!("state/{service}.json"))).unwrap();
        let state: Value = serde_json::from_str(&state).unwrap();
        let count = |kind: &str| made.iter().filter(|decision| decision["decision"] == kind).count();
        (kinds.map(count), format!("{} {}", state["activeColor"], state["soak"]["outcome"]))
    }

    fn ask(&self, path: &str) -> Option<String> {
        let mut stream = UnixStream::connect(self.dir.path().join(".switchback/agent.sock")).ok()?;
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: agent\r\nconnection: close\r\n\r\n").as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
    }

    /// As the agent says it, in seconds.
    pub fn tick_lag(&self) -> f64 {
        let page = self.ask("/metrics").unwrap();
        let line = page.lines().find_map(|line| line.strip_prefix("switchback_agent_tick_lag_seconds "));
        line.unwrap().parse().unwrap()
    }

    /// Ticks that came too late to be done at all, in all recordings.
    pub fn skipped(&self) -> u64 {
        let count = |text: String| {
            text.split("\"skipped\":")
                .skip(1)
                .filter_map(|rest| rest.split(['}', ',']).next()?.parse::<u64>().ok())
                .sum::<u64>()
        };
        (0..self.soaks)
            .flat_map(|at| fs::read_dir(self.dir.path().join(format!(".switchback/s{at}/soaks"))).unwrap())
            .map(|entry| count(fs::read_to_string(entry.unwrap().path()).unwrap_or_default()))
            .sum()
    }

    pub fn usage(&self) -> Usage {
        Usage::of(self.agent.id())
    }
}

fn run(dir: &TempDir) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchback"));
    command.args(["agent", "."]).current_dir(dir.path()).stdout(Stdio::null()).spawn().unwrap()
}

impl Drop for Fleet {
    fn drop(&mut self) {
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}
