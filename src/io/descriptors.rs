//! File descriptors: a watch needs one or two an instance, so the soft limit (1,024 in shells) is raised to the hard
//! one at start. A few are kept back for the rollback: its files, its command, its connections to the router.

use std::fs::File;
use std::io;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};

use crate::model::number::thousands;

/// Kept for a rollback: state file, lock and journal, pipes of a command, connections to the router and the standby.
const KEPT_BACK: usize = 32;
/// Needed beside the instances: log, recording, client sockets, the runtime's own.
const BESIDE: u64 = 128;
/// Connections of one instance at most: page and readiness may be asked at the same time.
const EACH: u64 = 2;

/// The limits at the start of this process.
static BEFORE: OnceLock<Rlimit> = OnceLock::new();
static RESERVE: Mutex<Reserve> = Mutex::new(Reserve { files: Vec::new(), in_use: 0 });

struct Reserve {
    files: Vec<File>,
    /// The rollbacks of this process that use it.
    in_use: usize,
}

fn reserve() -> MutexGuard<'static, Reserve> {
    RESERVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The reserve is free for a rollback as long as this lives.
#[derive(Debug)]
#[must_use]
pub struct Released(());

impl Drop for Released {
    fn drop(&mut self) {
        reserve().in_use -= 1;
    }
}

pub fn raise() -> io::Result<()> {
    let before = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: before.maximum, ..before })?;
    let _ = BEFORE.set(before);
    Ok(())
}

/// Gives a new process the soft limit this one started with: some programs close every descriptor, or fail above 1,024.
pub fn give_back(process: u32) {
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    if let Some((before, pid)) = BEFORE.get().zip(pid) {
        // It may have ended already.
        let _ = prlimit(Some(pid), Resource::Nofile, *before);
    }
}

/// Keeps some back until [`release`].
pub fn keep_back() {
    let mut reserve = reserve();
    while reserve.in_use == 0 && reserve.files.len() < KEPT_BACK {
        // If there are none left there is nothing to keep.
        let Ok(file) = File::open("/dev/null") else { return };
        reserve.files.push(file);
    }
}

pub fn release() -> Released {
    let mut reserve = reserve();
    reserve.files.clear();
    reserve.in_use += 1;
    Released(())
}

/// Upper estimate.
pub const fn needed(instances: u64) -> u64 {
    instances.saturating_mul(EACH).saturating_add(KEPT_BACK as u64).saturating_add(BESIDE)
}

/// `None` if unlimited.
pub fn allowed() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// Whether a watch over so many instances fits, in a sentence; `Err` if not.
pub fn fit(instances: u64) -> Result<String, String> {
    let (needed, was) = (needed(instances), BEFORE.get().and_then(|before| before.current));
    let Some(allowed) = allowed() else { return Ok("file descriptors are not limited".to_owned()) };
    let raised = was.filter(|was| *was != allowed).map(|was| format!(", raised from {}", thousands(was)));
    let [watched, most, limit] = [instances, needed, allowed].map(thousands);
    let raised = raised.unwrap_or_default();
    let said = format!("{watched} instances need up to {most} file descriptors, {limit} are allowed{raised}");
    if needed <= allowed { Ok(said) } else { Err(said) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_instances_of_each_color_fit_a_hard_limit_of_20_000_and_no_soft_one_of_1_024() {
        assert!(needed(2_000) < 20_000 && needed(2_000) > 1_024);
        assert!(fit(u64::MAX).is_err_and(|said| said.contains("file descriptors")) || allowed().is_none());
    }

    #[test]
    fn what_was_kept_back_is_given_up_and_kept_again() {
        keep_back();
        assert_eq!(reserve().files.len(), KEPT_BACK);
        let first = release();
        let second = release();
        drop(first);
        keep_back();
        assert!(reserve().files.is_empty(), "another rollback still needs them");
        drop(second);
        keep_back();
        assert_eq!(reserve().files.len(), KEPT_BACK);
        drop(release());
    }
}
