//! An agent with many services, and what its process uses.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tempfile::TempDir;

pub struct Fleet {
    dir: TempDir,
    soaks: usize,
    agent: Child,
}

pub struct Usage {
    pub cpu: Duration,
    pub resident: u64,
    pub threads: usize,
}

impl Fleet {
    pub fn start(soaks: usize, port: u16) -> Self {
        let dir = TempDir::new().unwrap();
        for at in 0..soaks {
            let url = |of: usize| format!("\"http://127.{}.{}.{of}:{port}\"", 1 + at / 250, at % 250);
            let text = format!(
                "service = \"s{at}\"\nstate_file = \"state/{at}.json\"\n[colors.blue]\ninstances = [{}, {}]\n\
                 [colors.green]\ninstances = [{}, {}]\n[soak]\nwindow = \"2h\"\n",
                url(1),
                url(2),
                url(3),
                url(4)
            );
            fs::write(dir.path().join(format!("s{at}.toml")), text).unwrap();
        }
        fs::create_dir(dir.path().join("state")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_switchback"));
        command.args(["agent", "."]).current_dir(dir.path()).stdout(Stdio::null());
        let agent = command.spawn().unwrap();
        let fleet = Self { dir, soaks, agent };
        fleet.write_all("blue", "green", 1_700_000_000_000);
        fleet
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

    /// Waits until so many services are in this state.
    pub fn wait(&self, state: &str, count: usize, limit: Duration) {
        let deadline = Instant::now() + limit;
        loop {
            let there = self.ask("/v1/services").map_or(0, |body| {
                let list: Value = serde_json::from_str(&body).unwrap();
                list["services"].as_array().unwrap().iter().filter(|row| row["state"] == state).count()
            });
            if there == count {
                return;
            }
            assert!(Instant::now() < deadline, "only {there} of {count} are {state}");
            std::thread::sleep(Duration::from_millis(250));
        }
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
        let read = |name: &str| fs::read_to_string(format!("/proc/{}/{name}", self.agent.id())).unwrap();
        let stat = read("stat");
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        let pages: u64 = read("statm").split(' ').nth(1).unwrap().parse().unwrap();
        let threads = fs::read_dir(format!("/proc/{}/task", self.agent.id())).unwrap().count();
        // Both are 100 a second and 4 KiB wherever the packages run.
        Usage { cpu: Duration::from_millis(ticks * 10), resident: pages * 4_096, threads }
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}
