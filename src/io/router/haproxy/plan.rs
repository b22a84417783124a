//! What a move does with the servers, decided from what HAProxy shows and earlier moves recorded. Pure.

use std::collections::BTreeMap;

use super::parked::{Entry, Ours, Parked, Theirs, Way};
use super::servers::Server;
use crate::config::Away;
use crate::model::Color;

/// Default, if neither the server nor the others have one.
const WEIGHT: u32 = 100;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raise {
    pub server: Server,
    /// Its state has to be set to `ready`.
    pub ready: bool,
    pub weight: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Of the color that gets traffic: brought in.
    pub raise: Vec<Raise>,
    /// Of it: must come up, including those that already serve.
    pub counted: Vec<String>,
    /// Of it: stay out, as they were out while their color served.
    pub stay: Vec<Server>,
    pub absent: Vec<Server>,
    /// Of the other color: put away.
    pub away: Vec<Server>,
    pub way: Way,
    /// Recorded before the first step.
    pub begun: Parked,
    /// Recorded after the last.
    pub done: Parked,
}

#[derive(Clone, Copy, Debug)]
pub struct Servers<'a> {
    pub coming: &'a [&'a Server],
    pub going: &'a [&'a Server],
}

/// A server that is out comes back if a move put it away, or if its whole color is out; others stay out.
pub fn plan(to: Color, servers: Servers, away: Option<Away>, known: &Parked) -> Plan {
    let Servers { coming, going } = servers;
    let is_live = coming.iter().any(|server| server.is_ready());
    let stays = |server: &Server| {
        let theirs = known.is_theirs(to, server, coming) || is_live;
        server.is_out() && known.ours(to, server).is_none() && theirs
    };
    let (stay, used): (Vec<&Server>, Vec<&Server>) = coming.iter().copied().partition(|server| stays(server));
    let usable = used.iter().filter(|server| server.has_address());
    let absent: Vec<&Server> = coming.iter().copied().filter(|server| !server.has_address()).collect();
    let named: Vec<&Server> = stay.iter().copied().filter(|server| server.has_address()).collect();
    // A server without an address because its name does not resolve gets traffic once it does.
    let liftable = used.iter().filter(|server| server.is_out() && (server.has_address() || server.waits_for_address()));
    let weight_of = |server: &Server| served_with(server, known.ours(to, server), going);
    let raise: Vec<Raise> = liftable
        .map(|server| Raise {
            server: (*server).clone(),
            ready: server.is_in_maintenance() || server.is_draining(),
            weight: (server.weight == 0).then(|| weight_of(server)),
        })
        .collect();
    let way = way(away, &raise);
    let leaving: Vec<&Server> = going.iter().copied().filter(|server| !server.is_out()).collect();

    let mut begun = known.clone();
    begun.moving = Some(to);
    begun.set(to, Some(Entry { ours: raise.iter().map(Raise::entry).collect(), theirs: theirs(&stay) }));
    begun.set(to.other(), left(known, to.other(), going, way));
    let mut done = begun.clone();
    done.moving = None;
    done.set(to, None);

    Plan {
        counted: usable.map(|server| server.name.clone()).collect(),
        stay: cloned(&named),
        absent: cloned(&absent),
        away: cloned(&leaving),
        raise,
        way,
        begun,
        done,
    }
}

impl Raise {
    fn entry(&self) -> (String, Ours) {
        let Self { server, weight, .. } = self;
        let way = if server.is_in_maintenance() {
            Way::Maint
        } else if server.is_draining() {
            Way::Drain
        } else {
            Way::Weight
        };
        (server.name.clone(), Ours { way, weight: weight.unwrap_or(server.weight) })
    }
}

/// The weight for a server at 0: the one it served with, the configured one, or its neighbors'.
fn served_with(server: &Server, ours: Option<&Ours>, going: &[&Server]) -> u32 {
    let recorded = ours.map_or(0, |ours| ours.weight);
    let beside = going.iter().map(|server| server.weight).max().unwrap_or(0);
    [recorded, server.initial_weight, beside].into_iter().find(|weight| *weight > 0).unwrap_or(WEIGHT)
}

/// As configured, else as the color that gets traffic was put away.
fn way(away: Option<Away>, raise: &[Raise]) -> Way {
    match away {
        Some(Away::Maint) => Way::Maint,
        Some(Away::Weight) => Way::Weight,
        None if raise.iter().any(|raise| !raise.ready && raise.weight.is_some()) => Way::Weight,
        Some(Away::Drain) | None => Way::Drain,
    }
}

/// The record of a color that is put away; the old one stays for servers that are away already.
fn left(known: &Parked, color: Color, servers: &[&Server], way: Way) -> Option<Entry> {
    if !servers.iter().any(|server| server.is_ready()) {
        return known.kept(color);
    }
    let mut entry = Entry::default();
    for server in servers {
        let name = server.name.clone();
        // An interrupted move may have put some away already.
        let half_made = known.ours(color, server).filter(|_| known.moving.is_some());
        if !server.is_out() {
            entry.ours.insert(name, Ours { way, weight: server.weight });
        } else if let Some(ours) = half_made {
            entry.ours.insert(name, *ours);
        } else {
            entry.theirs.insert(name, Theirs { disabled: server.is_disabled() });
        }
    }
    Some(entry)
}

fn theirs(servers: &[&Server]) -> BTreeMap<String, Theirs> {
    let mut theirs = BTreeMap::new();
    theirs.extend(servers.iter().map(|server| (server.name.clone(), Theirs { disabled: server.is_disabled() })));
    theirs
}

fn cloned(servers: &[&Server]) -> Vec<Server> {
    servers.iter().map(|server| (*server).clone()).collect()
}

#[cfg(test)]
mod tests;
