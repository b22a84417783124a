//! Who asks and orders, and what they are called in the journal.

use std::net::IpAddr;

use tokio::net::UnixStream;

use crate::io::users;
use crate::model::Actor;

use super::hub::Quota;
use super::network::Role;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    Local(Peer),
    Token { from: IpAddr, role: Role },
    Signed { id: String, from: IpAddr },
}

impl Caller {
    pub const fn quota(&self) -> Quota {
        match self {
            Self::Local(_) => Quota::Local,
            Self::Token { role: Role::Viewer, .. } => Quota::Viewers,
            Self::Token { role: Role::Operator, .. } | Self::Signed { .. } => Quota::Operators,
        }
    }

    /// The name given and, over the network, how it was proved. Only people and CI jobs order; others are nameless.
    pub fn actor(&self, named: Option<Actor>) -> Actor {
        match named {
            Some(Actor::Operator(who)) => Actor::Operator(self.vouched(Some(&who))),
            Some(Actor::Ci(who)) => Actor::Ci(self.vouched(Some(&who))),
            _ => Actor::Operator(self.vouched(None)),
        }
    }

    fn vouched(&self, named: Option<&str>) -> String {
        let name = named.unwrap_or("somebody");
        match self {
            Self::Local(peer) => {
                named.map_or_else(|| peer.name(), |named| beside(named, users::name_of(peer.uid), peer.uid))
            }
            Self::Token { from, .. } => format!("{name} (token, {from})"),
            Self::Signed { id, from } => format!("{name} (signed {id}, {from})"),
        }
    }
}

/// A local user's own name, followed by the kernel's if it differs.
fn beside(named: &str, kernel: Option<String>, uid: u32) -> String {
    let user = named.split(['@', ' ', ',']).next();
    // What stands in brackets is the kernel's word and cannot be claimed.
    if kernel.as_deref().is_some_and(|kernel| user == Some(kernel)) && !named.contains('(') {
        return named.to_owned();
    }
    let vouched = kernel.map_or_else(|| format!("(uid {uid})"), |kernel| format!("(user {kernel})"));
    if named.ends_with(&vouched) { named.to_owned() } else { format!("{named} {vouched}") }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    pub uid: u32,
}

impl Peer {
    pub fn of(stream: &UnixStream) -> Option<Self> {
        stream.peer_cred().ok().map(|peer| Self { uid: peer.uid() })
    }

    /// `uid-1000@host`.
    fn name(self) -> String {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        format!("uid-{}@{host}", self.uid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_the_network_a_name_is_told_with_what_vouches_for_it() {
        let from = "10.0.0.7".parse().unwrap();
        let token = Caller::Token { from, role: Role::Operator };
        let signed = Caller::Signed { id: "msg_1".to_owned(), from };
        for (caller, named, actor) in [
            (token.clone(), Some("operator:ana@laptop"), "operator:ana@laptop (token, 10.0.0.7)"),
            (token.clone(), Some("ci:runner@vm, for ana"), "ci:runner@vm, for ana (token, 10.0.0.7)"),
            (token.clone(), Some("auto"), "operator:somebody (token, 10.0.0.7)"),
            (token, None, "operator:somebody (token, 10.0.0.7)"),
            (signed, Some("operator:ci@runner"), "operator:ci@runner (signed msg_1, 10.0.0.7)"),
        ] {
            let named = named.map(|named| named.parse().unwrap());
            assert_eq!(caller.actor(named).to_string(), actor);
        }
    }

    #[test]
    fn on_this_machine_the_kernels_word_stands_beside_a_name_that_is_another() {
        for (named, kernel, told) in [
            ("ana@deploy-1", Some("ana"), "ana@deploy-1"),
            ("ana@deploy-1", Some("bo"), "ana@deploy-1 (user bo)"),
            ("ana@deploy-1 (user bo)", Some("bo"), "ana@deploy-1 (user bo)"),
            ("root@deploy-1 (user root)", Some("bo"), "root@deploy-1 (user root) (user bo)"),
            ("bo (user root)", Some("bo"), "bo (user root) (user bo)"),
            ("runner@vm, for ana", Some("runner"), "runner@vm, for ana"),
            ("ana@deploy-1", None, "ana@deploy-1 (uid 1000)"),
        ] {
            assert_eq!(beside(named, kernel.map(str::to_owned), 1000), told);
        }
    }
}
