//! An etcd of one member, on free ports of 127.0.0.1.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use super::world::DemoError;
use crate::config::Config;
use crate::io::children;
use crate::io::children::Own;
use crate::io::coordination::Finder;

/// How long it may take until it answers.
const START_TIMEOUT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(100);

/// Ends when it is dropped, at the latest.
#[derive(Debug)]
pub struct Etcd {
    endpoint: String,
    data: PathBuf,
    child: Child,
    _own: Own,
}

impl Etcd {
    /// Starts it with its files in `folder`.
    pub fn start(folder: &Path) -> Result<Self, DemoError> {
        let (endpoint, peers) = (free_url().map_err(DemoError::Etcd)?, free_url().map_err(DemoError::Etcd)?);
        let mut command = Command::new("etcd");
        let data = folder.join("etcd");
        command.arg("--data-dir").arg(&data).args(["--log-level", "error"]);
        command.args(["--listen-client-urls", &endpoint, "--advertise-client-urls", &endpoint]);
        command.args(["--listen-peer-urls", &peers]).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let (child, own) = children::spawn(&mut command).map_err(DemoError::Etcd)?;
        Ok(Self { endpoint, data, child, _own: own })
    }

    /// Where it is asked.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Ends it, and removes its files: they have room for more than a demo needs.
    pub async fn stop(mut self) -> io::Result<()> {
        self.child.kill().await?;
        std::fs::remove_dir_all(&self.data)
    }

    /// Waits until a host with this configuration can agree by it.
    pub async fn answers(config: &Config) -> Result<Finder, DemoError> {
        let silent = |why: String| DemoError::Silent(why);
        let finder = Finder::of(config).map_err(|error| silent(error.to_string()))?;
        let finder = finder.ok_or_else(|| silent("coordination.kind is not etcd".to_owned()))?;
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            match finder.leader().await {
                Ok(_) => return Ok(finder),
                Err(error) if Instant::now() >= deadline => return Err(silent(error.to_string())),
                Err(_) => sleep(POLL).await,
            }
        }
    }
}

/// Free a moment ago.
pub fn free_url() -> io::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(format!("http://{}", listener.local_addr()?))
}
