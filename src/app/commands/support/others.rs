//! A deployment of another user: what this user may do, and the command to run as its owner.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::process::geteuid;

use super::failure::Failure;
use crate::app::deploy::Deployment;
use crate::config::{Config, shell_word};
use crate::io::state::{State, StateError};
use crate::io::users;

/// The state file, or why this user cannot read it, with `command` as its owner would run it.
pub fn state_for(config: &Config, deployment: &Deployment, command: &str) -> Result<State, Failure> {
    deployment.state_file().read().map_err(|error| unreadable(config, &error, command))
}

/// Whether the state file belongs to another user and is unreadable.
pub fn is_denied(error: &StateError) -> bool {
    matches!(error, StateError::Read { source, .. } if source.kind() == ErrorKind::PermissionDenied)
}

pub fn unreadable(config: &Config, error: &StateError, command: &str) -> Failure {
    let Some(owner) = owner(&config.state_file).filter(|_| is_denied(error)) else { return Failure::usage(error) };
    let group = config.control.group.as_ref().map(|group| {
        format!("; members of the group `{group}` can query its monitor while one runs, and give it orders")
    });
    let (group, service) = (group.unwrap_or_default(), &config.service);
    Failure::usage(format!(
        "{error}: it belongs to the user `{owner}`{group}\n\
         next: {}",
        as_user(&owner, &format!("switchback {command} --service {service}"))
    ))
}

pub fn as_owner(config: &Config, command: &str) -> String {
    match owner(&config.state_file) {
        Some(owner) => as_user(&owner, command),
        None => command.to_owned(),
    }
}

fn as_user(owner: &str, command: &str) -> String {
    if owner == "root" { format!("sudo {command}") } else { format!("sudo -u {} {command}", shell_word(owner)) }
}

/// The other user to whom a file belongs, or the first folder above it that can be looked at: their name, or `#` and their number.
fn owner(path: &Path) -> Option<String> {
    let uid = path.ancestors().find_map(|path| path.metadata().ok()).map(|found| found.uid())?;
    if uid == geteuid().as_raw() {
        return None;
    }
    Some(users::name_of(uid).unwrap_or_else(|| format!("#{uid}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_advised_as_the_user_who_can_run_it() {
        for (owner, wanted) in [
            ("root", "sudo switchback status"),
            ("deploy", "sudo -u deploy switchback status"),
            ("#4001", "sudo -u '#4001' switchback status"),
        ] {
            assert_eq!(as_user(owner, "switchback status"), wanted);
        }
    }

    #[test]
    fn one_s_own_files_need_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(owner(&folder.path().join("not-there-yet")), None);
        if !geteuid().is_root() {
            assert_eq!(owner(Path::new("/etc/passwd")).as_deref(), Some("root"));
        }
    }
}
