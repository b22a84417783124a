//! Files on disk, locks and the running monitor.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::{Access, access, statvfs};
use tokio::time::timeout;

use super::finding::Finding;
use crate::app::deploy::Deployment;
use crate::config::Config;
use crate::io::control::{Client, check_group};
use crate::io::descriptors;
use crate::io::journal::{DamageKind, VerifyError, verify};
use crate::io::state::{MonitorState, State, StateError, monitor_state, mover};
use crate::model::number::size;

/// Free space in bytes below which recordings may fail soon: an hour takes a few MiB.
const ROOM: u64 = 100 << 20;
const MONITOR_TIMEOUT: Duration = Duration::from_secs(2);
/// The next step if it does not.
const RESTART: &str = "end that process, then: switchback soak --resume";

pub fn folders(config: &Config) -> Vec<Finding> {
    let parent = |path: &Path| path.parent().unwrap_or(Path::new("/")).to_owned();
    let mut folders = vec![config.service_dir(), parent(&config.state_file), parent(&config.control.socket)];
    folders.sort_unstable();
    folders.dedup();
    folders.iter().map(|folder| writable(folder)).collect()
}

/// Whether members of `control.group` can reach the control socket.
pub fn group(config: &Config) -> Option<Finding> {
    const AREA: &str = "group";
    let group = config.control.group.as_deref()?;
    Some(match check_group(group, &config.control.socket) {
        Ok(None) => Finding::ok(AREA, format!("members of `{group}` may query a monitor and give it orders")),
        Ok(Some(why)) => Finding::warning(AREA, why.to_string(), why.advice()),
        Err(why) => Finding::failure(AREA, format!("`control.group` = {group}: {why}"), "fix it: no monitor can start"),
    })
}

fn writable(folder: &Path) -> Finding {
    const AREA: &str = "folder";
    let Some(there) = folder.ancestors().find(|ancestor| ancestor.exists()) else {
        let text = format!("no part of the path `{}` exists", folder.display());
        return Finding::failure(AREA, text, "name another folder");
    };
    let what = if there == folder { "written to" } else { "created" };
    if !there.is_dir() {
        let text = format!("`{}` cannot be {what}: `{}` is not a folder", folder.display(), there.display());
        return Finding::failure(AREA, text, "move it away, or name another folder");
    }
    if let Err(error) = access(there, Access::WRITE_OK | Access::EXEC_OK) {
        let text = format!("`{}` cannot be {what}: {}", folder.display(), std::io::Error::from(error));
        return Finding::failure(AREA, text, format!("give this user write access to `{}`", there.display()));
    }
    let free = statvfs(there).map_or(u64::MAX, |system| system.f_bavail.saturating_mul(system.f_frsize));
    if free < ROOM {
        let text = format!("`{}`: only {} are free", folder.display(), size(free));
        return Finding::warning(AREA, text, "free disk space, or lower the limits of `retention`");
    }
    Finding::ok(AREA, format!("`{}` can be {what}", folder.display()))
}

pub fn state(deployment: &Deployment, state: Result<&State, &StateError>) -> Finding {
    const AREA: &str = "state file";
    let path = deployment.state_file().path().display();
    match state {
        Ok(state) if !state.exists() => {
            let text = format!("there is no state file `{path}`: assuming that blue is active, never switched");
            Finding::warning(AREA, text, "nothing before the first switch; otherwise restore the file")
        }
        Ok(state) => Finding::ok(AREA, format!("`{path}`: {} is active", state.active())),
        Err(error) => Finding::failure(AREA, error.to_string(), "restore the file that `deploy.ts` wrote last"),
    }
}

pub fn moves(deployment: &Deployment) -> Finding {
    const AREA: &str = "lock";
    match mover(deployment.state_file()) {
        Ok(None) => Finding::ok(AREA, "free: no move of traffic is in progress"),
        Ok(Some(who)) => Finding::warning(
            AREA,
            format!("traffic is being moved by {who}"),
            "wait for it; if it hangs, end that process",
        ),
        Err(error) => Finding::failure(AREA, error.to_string(), "give this user read and write access to the file"),
    }
}

pub async fn monitor(deployment: &Deployment, config: &Config) -> Finding {
    const AREA: &str = "monitor";
    match monitor_state(deployment.state_file()) {
        Ok(MonitorState::NotRunning) => Finding::ok(AREA, "none is running: a soak can begin"),
        Ok(MonitorState::Running(holder)) => {
            let who = holder.map_or_else(|| "one".to_owned(), |holder| holder.to_string());
            match timeout(MONITOR_TIMEOUT, Client::new(&config.control.socket).status()).await {
                Ok(Ok(_)) => Finding::ok(AREA, format!("running and answering: {who}")),
                Ok(Err(error)) => Finding::failure(AREA, format!("{who} is running: {error}"), RESTART),
                Err(_) => {
                    let text = format!("{who} is running and does not answer within {MONITOR_TIMEOUT:?}");
                    Finding::failure(AREA, text, RESTART)
                }
            }
        }
        Err(error) => Finding::failure(AREA, error.to_string(), "give this user read and write access to the file"),
    }
}

pub fn journal(deployment: &Deployment, state: Result<&State, &StateError>) -> Finding {
    const AREA: &str = "journal";
    let path = deployment.journal().path();
    if let Err(error) = access(path, Access::WRITE_OK)
        && path.exists()
    {
        let text = format!("`{}` cannot be written: {}", path.display(), std::io::Error::from(error));
        return Finding::failure(AREA, text, "give this user write access to it");
    }
    let service = deployment.service();
    let known = state.ok().and_then(State::journal).filter(|head| head.service == service);
    match verify(path, known) {
        Ok(report) => Finding::ok(AREA, format!("intact; decisions in it: {}", report.records)),
        Err(VerifyError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
            Finding::ok(AREA, "none yet: the first decision creates it")
        }
        Err(VerifyError::Damaged(damage)) if damage.kind == DamageKind::Torn => {
            Finding::warning(AREA, damage.to_string(), "nothing: the next decision cuts it off and reports that")
        }
        Err(VerifyError::Damaged(damage)) if matches!(damage.kind, DamageKind::CutOff { .. }) => {
            let next = "find out who removed them, or whether `data_dir` changed";
            Finding::warning(AREA, damage.to_string(), next)
        }
        Err(error @ VerifyError::Damaged(_)) => {
            Finding::failure(AREA, error.to_string(), "move it away and keep it: the next decision starts a new one")
        }
        Err(error) => Finding::failure(AREA, error.to_string(), "give this user read access to the file"),
    }
}

pub fn descriptors(instances: usize) -> Finding {
    const AREA: &str = "descriptors";
    match descriptors::fit(instances as u64) {
        Ok(said) => Finding::ok(AREA, said),
        Err(said) => Finding::failure(AREA, said, "raise the hard limit: `ulimit -Hn`, or LimitNOFILE of the unit"),
    }
}

pub fn freeze(deployment: &Deployment) -> Option<Finding> {
    let now = Timestamp::now();
    if let Some(why) = deployment.freeze_file().unreadable() {
        return Some(Finding::failure("freeze", why, "give this user read access to it, or: switchback unfreeze"));
    }
    let freeze = deployment.freeze_file().holding(now)?;
    let text = format!("automatic rollback is {}", freeze.frozen().describe(now.as_millisecond()));
    Some(Finding::warning("freeze", text, "switchback unfreeze"))
}

pub fn no_rollback(state: Result<&State, &StateError>) -> Option<Finding> {
    let barred = state.is_ok_and(State::no_rollback);
    barred.then(|| {
        let text = "the active release was switched to with --no-rollback: a breach is held";
        Finding::warning("rollback", text, "nothing, if that is intended; the next switch ends it")
    })
}
