//! What scrapes, and what its process uses.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use support::Usage;
use tempfile::TempDir;

use crate::instances::Instances;

/// A process in a folder of its own; dropped, it ends.
pub struct Program {
    child: Child,
    _folder: TempDir,
}

impl Program {
    /// A soak of green, whose instances are all; blue has one more.
    pub fn switchback(binary: &str, instances: &Instances) -> Self {
        let folder = TempDir::new().unwrap();
        let all: Vec<_> = instances.addresses().map(|address| format!("http://{address}")).collect();
        let text = format!(
            "state_file = \"state.json\"\n[colors.blue]\ninstances = [{:?}]\n[colors.green]\ninstances = {all:?}\n\
             [soak]\nwindow = \"2h\"\n[checks.latency]\nthreshold = \"10s\"\n",
            all[0].replace("127.1.", "127.2.")
        );
        fs::write(folder.path().join("switchback.toml"), text).unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let now = i64::try_from(now).unwrap();
        let state = json!({ "activeColor": "green", "lastSwitch": now, "previousColor": "blue" });
        fs::write(folder.path().join("state.json"), state.to_string()).unwrap();
        let mut command = Command::new(binary);
        command.args(["soak", "--no-tui", "--output", "json"]);
        Self::start(command, folder)
    }

    pub fn prometheus(instances: &Instances) -> Self {
        let folder = TempDir::new().unwrap();
        let targets: Vec<_> = instances.addresses().collect();
        let config = format!(
            "global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\nscrape_configs:\n- job_name: shop\n  \
             static_configs:\n  - targets: {}\n",
            json!(targets)
        );
        fs::write(folder.path().join("config.yml"), config).unwrap();
        let mut command = Command::new("prometheus");
        let address = format!("--web.listen-address={}", support::free_address());
        command.args(["--config.file=config.yml", "--storage.tsdb.path=data", &address]);
        Self::start(command, folder)
    }

    fn start(mut command: Command, folder: TempDir) -> Self {
        command.current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("a program that can be started (apt-get install prometheus)");
        Self { child, _folder: folder }
    }

    pub fn usage(&self) -> Usage {
        Usage::of(self.child.id())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
