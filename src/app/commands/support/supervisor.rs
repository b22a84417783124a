//! Keeps a monitor alive that this process started.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc};
use tokio::time::sleep;

use crate::app::monitor::Begin;
use crate::app::tui::{Item, Link, Live};
use crate::config::Config;
use crate::io::control::Client;
use crate::model::Action;

use super::actor;
use super::background::{Background, Launch, Monitor};
use super::failure::Failure;

const RESTARTS: u32 = 3;
/// How long a process that no longer answers may take to end.
const END_SOON: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(200);

/// A monitor in the background, started again when it dies.
#[derive(Debug)]
pub struct Supervisor {
    monitor: Box<Monitor>,
    launch: Launch,
    restarts: u32,
}

pub enum Revived {
    /// Its process is there: it may answer again.
    Alive,
    /// It died and was started again; the sentence tells.
    Again(String),
    /// It came to its end in order; the exit code.
    Over(u8),
}

impl Supervisor {
    pub const fn new(monitor: Box<Monitor>, launch: Launch) -> Self {
        Self { monitor, launch, restarts: 0 }
    }

    pub const fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    pub fn describe(&self) -> String {
        self.monitor.describe(&self.launch.service)
    }

    /// Checks a monitor that no longer answers, and restarts it if it died. If that fails, the release is unwatched.
    pub async fn revive(&mut self) -> Result<Revived, Failure> {
        let Some(status) = self.monitor.end(END_SOON).await else { return Ok(Revived::Alive) };
        if let Some(code) = status.code().and_then(|code| u8::try_from(code).ok()).filter(|code| *code != 1) {
            return Ok(Revived::Over(code));
        }
        let died = format!("the monitor (process {}) died: {}", self.monitor.pid(), how(status));
        if self.restarts == RESTARTS {
            let told = format!(
                "{died}; giving up after {RESTARTS} restarts. The release is UNWATCHED. \
                 Resume with: switchback soak --resume --service {}",
                self.launch.service
            );
            return Err(Failure::new(1, told));
        }
        self.restarts += 1;
        match self.launch.start(Begin::Resume).await? {
            (Background::Running(monitor), printed) => {
                let (pid, restart) = (monitor.pid(), self.restarts);
                self.monitor = monitor;
                let told = format!("{died}; process {pid} resumed the soak (restart {restart} of {RESTARTS})");
                Ok(Revived::Again(format!("{}{told}", printed.log)))
            }
            (Background::Over(code), _) => Ok(Revived::Over(code)),
        }
    }

    /// The same for a screen.
    pub fn link(self, config: &Config) -> Kept {
        let live = Live::new(Client::of(config), actor::starter());
        Kept { live, supervisor: Mutex::new(self) }
    }
}

fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "unknown cause".to_owned(),
    }
}

#[derive(Debug)]
pub struct Kept {
    live: Live,
    supervisor: Mutex<Supervisor>,
}

impl Kept {
    /// What the screen shows after the monitor went silent; `None` if it cannot be restarted.
    async fn after_silence(&self) -> Option<Item> {
        match self.supervisor.lock().await.revive().await {
            Ok(Revived::Alive) => Some(Item::Lost("the monitor does not answer".to_owned())),
            Ok(Revived::Again(told)) => Some(Item::Lost(told)),
            Ok(Revived::Over(143)) => Some(Item::Stopped("a signal".to_owned())),
            Ok(Revived::Over(code)) => Some(Item::Stopped(format!("its end, with exit code {code}"))),
            Err(failure) => Some(Item::Lost(failure.message)),
        }
    }
}

impl Link for Kept {
    async fn follow(&self, items: mpsc::Sender<Item>) {
        while let Err(why) = self.live.follow_once(&items).await {
            tracing::warn!(why, "the monitor is out of reach");
            let Some(item) = self.after_silence().await else { return };
            let last = matches!(item, Item::Stopped(_));
            if items.send(item).await.is_err() || last {
                return;
            }
            sleep(POLL).await;
        }
    }

    async fn act(&self, action: Action, reason: Option<String>) -> Result<(), String> {
        self.live.act(action, reason).await
    }
}
