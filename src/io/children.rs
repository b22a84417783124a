//! Processes that this one starts, and those that it inherits as process 1 or a child subreaper (`ssh` with
//! `ControlPersist`). [`reap_orphans`] reaps these zombies, never a process whose exit status is wanted here.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, WaitId, WaitIdOptions, WaitOptions, child_subreaper, getpid, waitid, waitpid};
use tokio::process::{Child, Command};

use crate::io::descriptors;

const EVERY: Duration = Duration::from_millis(500);

/// Processes whose exit status is wanted. Locked while one is started, so that none can end before it is known.
static OWN: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

fn own() -> MutexGuard<'static, BTreeSet<u32>> {
    OWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A process whose exit status is wanted, as long as this value lives.
#[derive(Debug)]
pub struct Own(u32);

impl Drop for Own {
    fn drop(&mut self) {
        own().remove(&self.0);
    }
}

/// How a service manager reaches this process; a started process must not answer for it.
const SERVICE_MANAGER: [&str; 3] = ["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"];

pub fn spawn(command: &mut Command) -> io::Result<(Child, Own)> {
    for name in SERVICE_MANAGER {
        command.env_remove(name);
    }
    let mut own = own();
    let child = command.spawn()?;
    // Not polled yet, so its number is known.
    let id = child.id().unwrap_or_default();
    own.insert(id);
    descriptors::give_back(id);
    Ok((child, Own(id)))
}

/// Reaps inherited processes for as long as the program runs; does nothing unless it is process 1 or a subreaper.
pub fn reap_orphans() {
    let inherits = getpid().is_init() || child_subreaper().is_ok_and(|set| set.is_some());
    if !inherits {
        return;
    }
    let reaper = thread::Builder::new().name("reaper".to_owned()).spawn(|| {
        loop {
            thread::sleep(EVERY);
            reap();
        }
    });
    if let Err(error) = reaper {
        tracing::warn!(%error, "processes that commands left running are not reaped");
    }
}

fn reap() -> usize {
    // One call that takes nothing: is there anything to do?
    let peek = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    if !matches!(waitid(WaitId::All, peek), Ok(Some(_))) {
        return 0;
    }
    let own = own();
    let ended = zombies().into_iter().filter(|pid| !own.contains(pid));
    let reaped = ended.filter_map(|pid| Pid::from_raw(i32::try_from(pid).ok()?)).filter(|pid| {
        // A child that has ended, so this neither waits nor reaps anybody else's.
        matches!(waitpid(Some(*pid), WaitOptions::NOHANG), Ok(Some(_)))
    });
    reaped.count()
}

fn zombies() -> Vec<u32> {
    let parent = std::process::id();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ended = processes.filter_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        is_zombie_of(parent, &stat).then_some(pid)
    });
    ended.collect()
}

/// Whether `/proc/PID/stat` is that of a child of `parent` that has ended. The name in parentheses may contain anything.
fn is_zombie_of(parent: u32, stat: &str) -> bool {
    let Some((_, rest)) = stat.rsplit_once(") ") else { return false };
    let mut fields = rest.split(' ');
    fields.next() == Some("Z") && fields.next().is_some_and(|field| field.parse() == Ok(parent))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use rustix::process::set_child_subreaper;

    use super::*;

    #[test]
    fn a_zombie_is_told_from_what_runs_and_from_those_of_others() {
        assert!(is_zombie_of(1, "77 (sh) Z 1 77 77 0 -1"));
        assert!(is_zombie_of(1, "77 (a) S 5) Z 1 77 77 0 -1"));
        for other in ["77 (sh) S 1 77", "77 (sh) Z 12 77", "77 (Z 1) S 12 77", "", "77"] {
            assert!(!is_zombie_of(1, other), "{other}");
        }
    }

    #[tokio::test]
    async fn orphans_are_reaped_and_the_exit_status_of_our_own_is_left_alone() {
        set_child_subreaper(Some(getpid())).unwrap();
        let (mut own, _own) = spawn(Command::new("sh").args(["-c", "exit 7"])).unwrap();
        let (mut leaves, _leaves) = spawn(Command::new("sh").args(["-c", "(sleep 0.1 &) ; (exit 0 &)"])).unwrap();
        assert!(leaves.wait().await.unwrap().success());
        let deadline = Instant::now() + Duration::from_secs(30);
        let mut reaped = 0;
        while reaped < 2 {
            reaped += reap();
            assert!(Instant::now() < deadline, "only {reaped}");
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(zombies(), [own.id().unwrap()]);
        assert_eq!(own.wait().await.unwrap().code(), Some(7));
        assert_eq!(reap(), 0);
    }

    #[test]
    fn a_process_that_nobody_waits_for_any_more_is_reaped_as_well() {
        set_child_subreaper(Some(getpid())).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let id = runtime.block_on(async {
            let (child, _own) = spawn(Command::new("sh").args(["-c", "exit 0"]).kill_on_drop(false)).unwrap();
            child.id().unwrap()
        });
        drop(runtime);
        let deadline = Instant::now() + Duration::from_secs(30);
        while fs::exists(format!("/proc/{id}")).unwrap() {
            reap();
            assert!(Instant::now() < deadline, "it stays a zombie");
            thread::sleep(Duration::from_millis(10));
        }
    }
}
