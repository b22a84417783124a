//! nginx's processes: the master by its pid file, workers by parent and title.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::io::Errno;
use rustix::param::clock_ticks_per_second;
use rustix::process::{Pid, test_kill_process};
use rustix::time::{ClockId, clock_gettime};

/// Process titles; a worker that shuts down has a longer one.
const MASTER: &str = "nginx: master process";
const WORKER: &str = "nginx: worker process";
const LEAVING: &str = "is shutting down";
/// The clocks of processes and files differ by up to this much.
const TOLERANCE: Duration = Duration::from_secs(1);
/// For pid files and process titles, in bytes.
const MAX: usize = 4096;

#[derive(Debug, thiserror::Error)]
pub enum WorkersError {
    #[error("nginx is not running, or `{}` is not its pid file: {source}", path.display())]
    PidFile { path: PathBuf, source: io::Error },
    #[error("nginx is not running: `{}` names `{}`, which is not an nginx master process", path.display(), named)]
    NoMaster { path: PathBuf, named: String },
    #[error("not permitted to see nginx's processes (process {master})")]
    NoRight { master: u32 },
    #[error("nginx runs (process {master}) without a worker that serves")]
    NoWorkers { master: u32 },
}

/// Each with its pid, and its start in clock ticks since boot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workers(Vec<(u32, u64)>);

impl Workers {
    /// Whether all were started after `before`. A reused pid has another start.
    pub fn all_new_since(&self, before: &Self) -> bool {
        self.0.iter().all(|worker| !before.0.contains(worker))
    }

    pub fn any_older_than(&self, time: SystemTime) -> bool {
        let boot = boot_time();
        let ticks = clock_ticks_per_second().max(1);
        self.0.iter().any(|(_, started)| {
            let since_boot = Duration::from_millis(started.saturating_mul(1000) / ticks);
            boot.is_some_and(|boot| boot + since_boot + TOLERANCE < time)
        })
    }
}

/// The wall clock at tick 0 of process starts.
fn boot_time() -> Option<SystemTime> {
    let up = Duration::try_from(clock_gettime(ClockId::Boottime)).ok()?;
    wall_clock().checked_sub(up)
}

/// Only compared with file times.
fn wall_clock() -> SystemTime {
    SystemTime::now()
}

pub fn master(pid_file: &Path) -> Result<u32, WorkersError> {
    let path = || pid_file.to_owned();
    let text = fs::read_to_string(pid_file).map_err(|source| WorkersError::PidFile { path: path(), source })?;
    let named: String = text.trim().chars().filter(|c| !c.is_control()).take(40).collect();
    let pid = named.parse().ok();
    if let Some(hidden) = pid.filter(|pid| is_hidden(*pid)) {
        return Err(WorkersError::NoRight { master: hidden });
    }
    pid.filter(|pid| title(*pid).starts_with(MASTER)).ok_or_else(|| WorkersError::NoMaster { path: path(), named })
}

/// The process exists but `/proc` hides it (`hidepid`, proc(5)). Process 1 is never nginx outside a container.
fn is_hidden(pid: u32) -> bool {
    let exists = || {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        pid.is_some_and(|pid| test_kill_process(pid) == Err(Errno::PERM))
    };
    pid > 1 && fs::metadata(format!("/proc/{pid}")).is_err() && exists()
}

/// Workers that accept connections; at least one.
pub fn serving(pid_file: &Path) -> Result<Workers, WorkersError> {
    let master = master(pid_file)?;
    let workers: Vec<(u32, u64)> = processes()
        .filter_map(|pid| {
            let (parent, started) = parent_and_start(pid)?;
            let title = title(pid);
            (parent == master && title.starts_with(WORKER) && !title.contains(LEAVING)).then_some((pid, started))
        })
        .collect();
    if workers.is_empty() { Err(WorkersError::NoWorkers { master }) } else { Ok(Workers(workers)) }
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn title(pid: u32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes[..bytes.len().min(MAX)]).replace('\0', " ")
}

/// Fields 4 and 22 of `/proc/PID/stat` (proc(5)); the name before them may hold anything, even parentheses.
fn parent_and_start(pid: u32) -> Option<(u32, u64)> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_stat(stat: &str) -> Option<(u32, u64)> {
    let (_, behind_the_name) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = behind_the_name.split_whitespace().collect();
    Some((fields.get(1)?.parse().ok()?, fields.get(19)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parent_and_start_stand_behind_a_name_that_may_hold_anything() {
        let stat = "42 (a) b (c) S 7 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 8899 1 1";
        assert_eq!(parse_stat(stat), Some((7, 8899)));
        assert_eq!(parse_stat("42 (a"), None);
        assert_eq!(parse_stat("42 (a) S 7"), None);
        let own = parent_and_start(std::process::id()).unwrap();
        assert_eq!(own.0, u32::try_from(rustix::process::getppid().unwrap().as_raw_pid()).unwrap());
    }

    #[test]
    fn this_process_was_started_before_now_and_after_boot() {
        let workers = Workers([(1, parent_and_start(std::process::id()).unwrap().1)].into());
        assert!(workers.any_older_than(wall_clock() + Duration::from_mins(1)));
        assert!(!workers.any_older_than(wall_clock() - Duration::from_hours(1)));
    }

    #[test]
    fn a_worker_is_new_by_its_number_or_its_start() {
        let workers = |known: &[(u32, u64)]| Workers(known.to_vec());
        let before = workers(&[(10, 5), (11, 5)]);
        assert!(workers(&[(12, 9), (13, 9)]).all_new_since(&before));
        assert!(workers(&[(10, 9)]).all_new_since(&before), "the number was given out anew");
        assert!(!workers(&[(11, 5), (13, 9)]).all_new_since(&before));
    }

    #[test]
    fn a_pid_file_of_something_else_is_not_believed() {
        let tmp = tempfile::tempdir().unwrap();
        let path = tmp.path().join("nginx.pid");
        assert!(matches!(serving(&path), Err(WorkersError::PidFile { .. })));
        for (text, named) in [(std::process::id().to_string(), None), ("\u{1b}[2J no".to_owned(), Some("[2J no"))] {
            fs::write(&path, &text).unwrap();
            let Err(WorkersError::NoMaster { named: told, .. }) = serving(&path) else { panic!("{text}") };
            assert_eq!(told, named.map_or(text, str::to_owned));
        }
    }
}
