//! Runs one command: no shell, a process group of its own, a time limit, bounded output.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::fs::{Access, access};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::output::{KEPT, keep_tail, quote};
use crate::io::children;
use crate::io::children::Own;
use crate::model::number::duration_exact;

/// For output after the command ended: something left running may hold the pipe forever.
const DRAIN: Duration = Duration::from_millis(200);

/// For a killed command to end.
const REAP: Duration = Duration::from_secs(1);

/// How a command failed.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// There is no such program.
    #[error("program `{0}` not found, or this user may not run it")]
    NoProgram(String),
    /// There is no program to start.
    #[error("no program given")]
    Empty,
    /// It could not be started.
    #[error("it cannot be started: {0}")]
    Start(io::Error),
    /// The system could not say how it ended.
    #[error("cannot wait for its end: {0}")]
    Wait(io::Error),
    /// It failed.
    #[error("it ended with exit code {code}{}", said(output))]
    Exit {
        /// Its exit code.
        code: i32,
        /// The last lines it printed.
        output: String,
    },
    /// A signal ended it.
    #[error("it was killed by signal {signal}{}", said(output))]
    Signal {
        /// The signal's number.
        signal: i32,
        /// The last lines it printed.
        output: String,
    },
    /// It was killed, with everything it had started.
    #[error("it did not end within {} and was killed{}", duration_exact(*limit), said(output))]
    Timeout {
        /// The limit.
        limit: Duration,
        /// The last lines it printed.
        output: String,
    },
}

fn said(output: &str) -> String {
    if output.is_empty() { ", without output".to_owned() } else { format!("; it said: {output}") }
}

/// From a command that ended with exit code 0: the end of each stream.
#[derive(Debug, Default)]
pub(super) struct Printed {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Printed {
    pub fn quote(&self) -> String {
        quote(&[&self.stdout[..], b"\n", &self.stderr[..]].concat())
    }
}

/// A relative path lies in `folder`; an empty one is the working directory.
pub(super) fn program_in(folder: &Path, program: &str) -> PathBuf {
    if program.contains('/') { folder.join(program) } else { PathBuf::from(program) }
}

/// By path, or in a folder of `PATH`.
pub fn program_in_path(program: &str) -> Option<PathBuf> {
    let is_program = |path: &PathBuf| path.is_file() && access(path, Access::EXEC_OK).is_ok();
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(is_program);
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(is_program)
}

/// Dropped before the child was reaped, it kills the whole process group.
struct Group(Child, #[expect(dead_code, reason = "it is kept for as long as the child")] Own);

impl Group {
    fn kill(&self) {
        // A reaped child has no ID, so this cannot hit a stranger's group with the same number.
        let pid = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs `words` in a folder (empty: the working directory). Dropping the future kills the command and its children.
pub(super) async fn run(
    folder: &Path,
    words: &[String],
    env: &[(&str, &str)],
    limit: Duration,
) -> Result<Printed, ProcessError> {
    run_keeping(folder, words, env, limit, KEPT).await
}

pub(super) async fn run_keeping(
    folder: &Path,
    words: &[String],
    env: &[(&str, &str)],
    limit: Duration,
    most: usize,
) -> Result<Printed, ProcessError> {
    let (program, args) = words.split_first().ok_or(ProcessError::Empty)?;
    let mut command = Command::new(program_in(folder, program));
    if !folder.as_os_str().is_empty() {
        command.current_dir(folder);
    }
    command
        .args(args)
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let (child, own) = children::spawn(&mut command).map_err(ProcessError::Start)?;
    let mut group = Group(child, own);
    let mut printed = Printed::default();
    let status = supervise(&mut group, &mut printed, limit, most).await;
    if status.is_none() {
        group.kill();
        // Prevents a zombie. Only a process stuck in the kernel takes longer; the runtime reaps it later.
        let _ = timeout(REAP, group.0.wait()).await;
        return Err(ProcessError::Timeout { limit, output: printed.quote() });
    }
    match status.transpose().map_err(ProcessError::Wait)? {
        Some(status) if !status.success() => Err(failure(status, &printed)),
        _ => Ok(printed),
    }
}

/// Reads until the command ends and a little longer; `None` if the time ran out first.
async fn supervise(
    group: &mut Group,
    printed: &mut Printed,
    limit: Duration,
    most: usize,
) -> Option<io::Result<ExitStatus>> {
    let (stdout, stderr) = (group.0.stdout.take(), group.0.stderr.take());
    let reading = async {
        tokio::join!(keep_tail(stdout, &mut printed.stdout, most), keep_tail(stderr, &mut printed.stderr, most))
    };
    tokio::pin!(reading);
    let ended = async {
        tokio::select! {
            status = group.0.wait() => (status, false),
            _ = &mut reading => (group.0.wait().await, true),
        }
    };
    let (status, read) = timeout(limit, ended).await.ok()?;
    if !read {
        let _ = timeout(DRAIN, &mut reading).await;
    }
    Some(status)
}

fn failure(status: ExitStatus, printed: &Printed) -> ProcessError {
    let output = printed.quote();
    match (status.code(), status.signal()) {
        (Some(code), _) => ProcessError::Exit { code, output },
        (None, signal) => ProcessError::Signal { signal: signal.unwrap_or_default(), output },
    }
}
