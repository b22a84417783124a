//! Two hosts that watch one deployment. The router is a command that both can run, and that notes every move.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::etcd::Etcd;
use super::{Deployment, Done, Running, SWITCHED_AT, free_port};

/// How long it may take until something is so. It is no expectation of speed.
const LIMIT: Duration = Duration::from_mins(1);

pub struct Hosts {
    pub etcd: Etcd,
    pub a: Deployment,
    pub b: Deployment,
    shared: TempDir,
}

impl Hosts {
    /// Just switched from blue to green, with this etcd.
    pub fn with(etcd: Etcd) -> Self {
        Self::routed(etcd, "")
    }

    /// With a router that does this before it moves traffic.
    pub fn routed(etcd: Etcd, before: &str) -> Self {
        let shared = TempDir::new().unwrap();
        fs::write(shared.path().join("active"), "green").unwrap();
        let at = shared.path().display();
        let switch = format!(
            "{before}\necho $SWITCHBACK_COLOR $SWITCHBACK_FENCE >> {at}/moves\necho $SWITCHBACK_COLOR > {at}/active"
        );
        let read = format!("cat {at}/active");
        let host = |name: &str, deployment: Deployment| {
            let deployment = deployment
                .with_commands(&switch, &switch, &read)
                .with("soak.window", "30s")
                .with("soak.interval", "250ms")
                .with("rollback.give_up", "60s")
                .with("coordination.kind", "etcd")
                .with("coordination.endpoints", etcd.endpoint())
                .with("coordination.ttl", "2s")
                .with("coordination.member", name);
            deployment
                .write_state(&json!({ "activeColor": "green", "lastSwitch": SWITCHED_AT, "previousColor": "blue" }));
            deployment
        };
        let a = host("a", Deployment::fresh());
        // Both ask the same instances.
        let b = host("b", Deployment::fresh())
            .with("colors.blue.instances", a.blue.url())
            .with("colors.green.instances", a.green.url());
        Self { etcd, a, b, shared }
    }

    /// With a control API on the network that both hosts know the token of.
    pub fn reachable(self) -> Self {
        let token = "0f9a1c52e7d84b6390ab5e21c4d7f8a6";
        let host = |deployment: Deployment| {
            deployment
                .with("control.listen", format!("127.0.0.1:{}", free_port()))
                .with("control.operator_token", token)
        };
        Self { a: host(self.a), b: host(self.b), ..self }
    }

    /// Starts to watch on a host that is to lead.
    pub fn lead(host: &Deployment) -> Running {
        let mut monitor = host.start(&["soak", "--no-tui"]);
        monitor.hear("soak_start");
        monitor
    }

    /// Starts to watch on a host that is to stand by.
    pub fn stand_by(&self, host: &Deployment, name: &str) -> Running {
        let monitor = host.start(&["soak", "--no-tui"]);
        self.wait_until("standing by", |hosts| {
            let status = Hosts::status(&hosts.a);
            status["standbys"].as_array().is_some_and(|all| all.iter().any(|member| member["name"] == name))
        });
        monitor
    }

    pub fn status(host: &Deployment) -> Value {
        host.run(&["status", "--json"]).json()["coordination"].clone()
    }

    /// The color and the token of every move, oldest first.
    pub fn moves(&self) -> Vec<(String, i64)> {
        let text = fs::read_to_string(self.shared.path().join("moves")).unwrap_or_default();
        let a_move = |line: &str| {
            // A host that acts by force has no token.
            let (color, token) = line.split_once(' ').unwrap_or((line, ""));
            (color.to_owned(), token.parse().unwrap_or(0))
        };
        text.lines().map(a_move).collect()
    }

    #[track_caller]
    pub fn wait_until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + LIMIT;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "not within {LIMIT:?}: {what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Traffic was moved back once, by the newest leader, and both hosts have whole journals that say who decided.
    #[track_caller]
    pub fn assert_rolled_back_once(&self) {
        let moves = self.moves();
        assert_eq!(moves.len(), 1, "{moves:?}");
        assert_eq!(moves[0].0, "blue");
        let mut tokens = Vec::new();
        for host in [&self.a, &self.b].into_iter().filter(|host| host.journal_path().exists()) {
            host.run(&["verify"]).expect(0);
            for made in host.decisions().iter().filter(|made| made["decision"] == "rolled_back") {
                tokens.push((made["host"].as_str().unwrap().to_owned(), made["token"].as_i64().unwrap()));
            }
        }
        tokens.dedup();
        assert_eq!(tokens.len(), 1, "one host has rolled back, and the other may know of it: {tokens:?}");
        assert_eq!(tokens[0].1, moves[0].1, "with the token that the router saw");
    }
}

/// The monitor has ended, and says that the release was rolled back.
#[track_caller]
pub fn rolled_back(monitor: Running) -> Done {
    monitor.wait().expect(3)
}
