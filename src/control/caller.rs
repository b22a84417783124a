//! Who asks and orders, and what they are called in the journal.

use std::net::IpAddr;

use tokio::net::UnixStream;

use crate::soak::Actor;

use super::hub::Quota;

/// Somebody who may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// A process of this machine.
    Local(Peer),
    /// Somebody on the network who has a token.
    Token { from: IpAddr },
    /// Somebody on the network who has signed the message of this id.
    Signed { id: String, from: IpAddr },
}

impl Caller {
    /// Whose places an event stream takes.
    pub const fn quota(&self) -> Quota {
        match self {
            Self::Local(_) => Quota::Local,
            Self::Token { .. } | Self::Signed { .. } => Quota::Network,
        }
    }

    /// What they are called: as they say, and over the network how they showed that they may.
    pub fn actor(&self, named: Option<&str>) -> Actor {
        let named_or = |other: &str| named.unwrap_or(other).to_owned();
        Actor::Operator(match self {
            Self::Local(peer) => named.map_or_else(|| peer.name(), str::to_owned),
            Self::Token { from } => format!("{} (token, {from})", named_or("somebody")),
            Self::Signed { id, from } => format!("{} (signed {id}, {from})", named_or("somebody")),
        })
    }
}

/// Who is at the other end of a Unix socket, by the kernel's word.
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
        let signed = Caller::Signed { id: "msg_1".to_owned(), from };
        for (caller, named, actor) in [
            (Caller::Token { from }, Some("ana@laptop"), "operator:ana@laptop (token, 10.0.0.7)"),
            (Caller::Token { from }, None, "operator:somebody (token, 10.0.0.7)"),
            (signed, Some("ci@runner"), "operator:ci@runner (signed msg_1, 10.0.0.7)"),
            (Caller::Local(Peer { uid: 1000 }), Some("ana@deploy-1"), "operator:ana@deploy-1"),
        ] {
            assert_eq!(caller.actor(named).to_string(), actor);
        }
    }
}
