//! The monitor as a process of its own, which outlives its terminal.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::app::cli::Common;
use crate::app::headless::Output;
use crate::app::monitor::Begin;
use crate::config::{Loaded, keys};
use crate::io::children;
use crate::io::children::Own;
use crate::io::coordination::Finder;
use crate::io::journal::{create_private_dir, open_log, rfc3339_ms};
use crate::model::number::duration_exact;

use super::ci_job::{self, CiJob};
use super::failure::Failure;
use super::{logind, output};

/// How long the process may take until its control socket answers. It reads a recording of up to a day first.
const START_TIMEOUT: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(20);
/// Where an engine is asked as well.
const SHARED_POLL: Duration = Duration::from_millis(200);
/// Bytes of its output that are shown.
const MAX_PRINTED: u64 = 64 << 10;

#[derive(Debug)]
pub struct Monitor {
    child: Child,
    _own: Own,
    pid: u32,
    log: PathBuf,
}

pub enum Background {
    Running(Box<Monitor>),
    /// It had nothing to do, or could not: the exit code.
    Over(u8),
}

#[derive(Debug, Default)]
pub struct Printed {
    /// On stdout: the message if nothing is run.
    pub out: String,
    pub log: String,
}

/// How a monitor is started: everything that this process was given, kept to start it again.
#[derive(Clone, Debug)]
pub struct Launch {
    service_dir: PathBuf,
    socket: PathBuf,
    arguments: Vec<OsString>,
    /// Of several hosts one stands by, and answers nobody until it leads.
    finder: Option<Finder>,
    pub service: String,
}

impl Launch {
    pub fn new(loaded: &Loaded, common: &Common, output: Output) -> Self {
        let config = &loaded.config;
        let (service, service_dir) = (config.service.clone(), config.service_dir());
        let arguments = arguments(loaded, common, output);
        // A configuration that cannot be used is told by the monitor.
        let finder = Finder::of(config).ok().flatten();
        Self { service_dir, socket: config.control.socket.clone(), arguments, finder, service }
    }

    pub async fn start(&self, begin: Begin) -> Result<(Background, Printed), Failure> {
        let folder = self.service_dir.join("log");
        let log = folder.join("monitor.log");
        let cannot =
            |what: &str, error: &io::Error| Failure::new(2, format!("cannot {what} `{}`: {error}", log.display()));
        create_private_dir(&folder).map_err(|error| cannot("create the folder of", &error))?;
        let mut file = open_log(&log).map_err(|error| cannot("open", &error))?;
        let from = file.seek(SeekFrom::End(0)).map_err(|error| cannot("read", &error))?;
        let arguments: Vec<OsString> = verb(begin).into_iter().chain(self.arguments.iter().cloned()).collect();
        let cannot_start = |error| Failure::new(1, format!("cannot start the monitor: {error}"));
        let mut out = anonymous_file().map_err(cannot_start)?;
        let (mut child, own) = spawn(&arguments, &file, &out).map_err(cannot_start)?;
        let pid = child.id().unwrap_or_default();
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            if answers(&self.socket, pid).await || self.stands_by(pid).await {
                let printed = Printed { log: printed_since(&log, from), ..Printed::default() };
                return Ok((Background::Running(Box::new(Monitor { child, _own: own, pid, log })), printed));
            }
            if let Some(status) = child.try_wait().map_err(Failure::internal)? {
                let printed = Printed { out: text_from(&mut out, 0), log: printed_since(&log, from) };
                return match status.code() {
                    Some(code) => Ok((Background::Over(u8::try_from(code).unwrap_or(1)), printed)),
                    None => Err(Failure::new(1, format!("{}the monitor died during startup ({status})", printed.log))),
                };
            }
            if Instant::now() >= deadline {
                let limit = duration_exact(START_TIMEOUT);
                let what =
                    format!("the monitor (process {pid}) does not answer after {limit}; see `{}`", log.display());
                return Err(Failure::new(1, what));
            }
            sleep(if self.finder.is_some() { SHARED_POLL } else { POLL }).await;
        }
    }

    async fn stands_by(&self, pid: u32) -> bool {
        match &self.finder {
            Some(finder) => finder.stands_by(pid).await.unwrap_or(false),
            None => false,
        }
    }
}

impl Monitor {
    pub const fn pid(&self) -> u32 {
        self.pid
    }

    pub fn describe(&self, service: &str) -> String {
        format!(
            "watching in the background (process {}, log `{}`)\n\
             attach: switchback attach --service {service}   abort: switchback ctl abort --service {service}   \
             roll back: switchback ctl rollback --service {service}",
            self.pid,
            self.log.display(),
        )
    }

    pub fn detached(&self, output: Output, service: &str) -> String {
        if output == Output::Json {
            let line = serde_json::json!({
                "ts": rfc3339_ms(jiff::Timestamp::now()),
                "type": "detached",
                "service": service,
                "pid": self.pid,
                "log": self.log.display().to_string(),
            });
            return format!("{line}\n");
        }
        format!("{}\n", self.describe(service))
    }

    pub async fn end(&mut self, soon: Duration) -> Option<ExitStatus> {
        timeout(soon, self.child.wait()).await.ok()?.ok()
    }
}

pub fn tell_ci_job() {
    let job = CiJob::here();
    if let Some(told) = job.unmarked() {
        output::error(&told);
    }
    if let Some(why) = job.ends_with_job() {
        output::warn(&format!("{why}; {}", ci_job::REMEDY));
    }
}

/// The background process leaves the terminal's session, so that closing the terminal does not end it.
pub fn leave_session() {
    if let Err(error) = rustix::process::setsid() {
        output::warn(&format!("the monitor stays in the session of its terminal: {error}"));
    }
}

/// A file in memory, removed with the last process that has it open.
fn anonymous_file() -> io::Result<File> {
    let file = rustix::fs::memfd_create("switchback-stdout", rustix::fs::MemfdFlags::CLOEXEC)?;
    Ok(File::from(file))
}

/// Starts this program again, through `systemd-run` if only that outlives a logout.
fn spawn(arguments: &[OsString], log: &File, out: &File) -> io::Result<(Child, Own)> {
    // The running executable, even if the file was replaced meanwhile.
    let program = std::env::current_exe()?;
    let mut command = match logind::scope() {
        Some(mut scope) => {
            scope.arg(program);
            Command::from(scope)
        }
        None => Command::new(program),
    };
    command.args(arguments).stdin(Stdio::null()).stdout(out.try_clone()?).stderr(log.try_clone()?);
    for (mark, _) in CiJob::here().marks() {
        command.env_remove(mark);
    }
    children::spawn(command.kill_on_drop(false))
}

fn verb(begin: Begin) -> Vec<OsString> {
    match begin {
        Begin::Switch { to, soak, no_rollback, force } => {
            let flags = [(!soak, "--no-soak"), (no_rollback, "--no-rollback"), (force, "--force")];
            let flags = flags.into_iter().filter(|(given, _)| *given).map(|(_, flag)| flag.into());
            ["switch".into(), to.name().into()].into_iter().chain(flags).collect()
        }
        Begin::Soak => vec!["soak".into()],
        Begin::Resume => vec!["soak".into(), "--resume".into()],
    }
}

fn arguments(loaded: &Loaded, common: &Common, output: Output) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["--background".into(), format!("--log-level={}", common.log_level).into()];
    words.push(format!("--output={output}").into());
    if common.config.is_some()
        && let Some(file) = &loaded.place.config_file
    {
        let mut word = OsString::from("--config=");
        word.push(file);
        words.push(word);
    }
    for (name, value) in &common.settings.0 {
        if let Some(flag) = keys().find(|key| key.name == name).and_then(|key| key.flag) {
            words.push(format!("--{flag}={value}").into());
        }
    }
    words
}

/// Whether this process listens on the socket: an answer of another monitor does not count.
async fn answers(socket: &Path, pid: u32) -> bool {
    let Ok(Ok(stream)) = timeout(Duration::from_secs(1), UnixStream::connect(socket)).await else { return false };
    let peer = stream.peer_cred().ok().and_then(|peer| peer.pid());
    peer.and_then(|peer| u32::try_from(peer).ok()) == Some(pid)
}

fn printed_since(log: &Path, from: u64) -> String {
    File::open(log).map(|mut file| text_from(&mut file, from)).unwrap_or_default()
}

fn text_from(file: &mut File, from: u64) -> String {
    let mut text = Vec::new();
    let read = file.seek(SeekFrom::Start(from)).and_then(|_| file.take(MAX_PRINTED).read_to_end(&mut text));
    if let Err(error) = read {
        tracing::warn!(%error, "what the monitor printed cannot be read");
    }
    String::from_utf8_lossy(&text).into_owned()
}
