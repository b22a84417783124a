//! The group whose members may use the socket.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::getxattr;
use rustix::process::{getegid, geteuid, getgroups};

use crate::config::shell_word;
use crate::io::users;

/// A folder's access control list, which lets in users its mode does not: see acl(5).
const ACCESS_LIST: &str = "system.posix_acl_access";

const UNKNOWN: &str = "there is no such group in /etc/group; a group that only a directory service (NSS) knows is given by its \
                       number, which `getent group NAME` prints";

/// A group to which this user may give a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketGroup {
    name: String,
    gid: u32,
}

impl SocketGroup {
    /// By name or number, or why the socket cannot be given to it.
    pub fn named(name: &str) -> Result<Self, String> {
        let gid = users::group(name).ok_or(UNKNOWN)?;
        let is_member = getegid().as_raw() == gid
            || getgroups().is_ok_and(|groups| groups.iter().any(|group| group.as_raw() == gid));
        if !is_member && !geteuid().is_root() {
            let user = users::name_of(geteuid().as_raw()).unwrap_or_else(|| "USER".to_owned());
            return Err(format!(
                "this user is not a member, and may not give files to the group: run `sudo usermod -aG {} {}` and log in \
                 again",
                shell_word(name),
                shell_word(&user)
            ));
        }
        Ok(Self { name: name.to_owned(), gid })
    }

    pub const fn gid(&self) -> u32 {
        self.gid
    }

    pub fn kept_out(&self, folder: &Path) -> Option<KeptOut> {
        let there = folder.ancestors().find(|folder| folder.exists())?;
        let missing = folder.strip_prefix(there).ok().filter(|rest| !rest.as_os_str().is_empty());
        let mut folder = there.canonicalize().ok()?;
        folder.extend(missing);
        let mut closed: Vec<_> = folder.ancestors().filter(|folder| !self.may_enter(folder)).collect();
        closed.reverse();
        if closed.is_empty() {
            return None;
        }
        let word = |folder: &Path| shell_word(&folder.display().to_string());
        let folders = closed.into_iter().map(word).collect::<Vec<_>>().join(" ");
        let (group, make) = (shell_word(&self.name), missing.map(|_| format!("mkdir -p -m 700 {} && ", word(&folder))));
        let make = make.unwrap_or_default();
        let command = format!("{make}chgrp {group} {folders} && chmod g+x {folders}");
        Some(KeptOut { group: self.name.clone(), command })
    }

    fn may_enter(&self, folder: &Path) -> bool {
        let Ok(found) = fs::metadata(folder) else { return false };
        // The first of the three sets of mode bits that fits counts, even if a later one allows more.
        let needed = if found.gid() == self.gid { 0o010 } else { 0o001 };
        found.mode() & needed != 0 || getxattr(folder, ACCESS_LIST, &mut [0_u8; 0]).is_ok_and(|length| length > 0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("members of the group `{group}` cannot reach the control socket")]
pub struct KeptOut {
    group: String,
    command: String,
}

impl KeptOut {
    pub fn advice(&self) -> String {
        format!("run `{}`, or set `control.socket` to a path in a folder that they may enter", self.command)
    }
}

pub fn unknown(name: &str) -> Option<&'static str> {
    users::group(name).is_none().then_some(UNKNOWN)
}

/// What blocks the group's members from a socket at this path, if anything; or why it cannot be given to them.
pub fn check(group: &str, socket: &Path) -> Result<Option<KeptOut>, String> {
    SocketGroup::named(group).map(|group| socket.parent().and_then(|folder| group.kept_out(folder)))
}
