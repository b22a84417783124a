//! One counter of a page that may be the one of requests.

use super::labels::{Labels, Use};
use super::names::{Standing, Tier};
use super::rows::Row;
use crate::exposition::{Text, quote};
use crate::routes::Whose;
use crate::statuses::{Status, StatusKind};
use crate::wanted::Named;

/// Labels of one counter that may hold its status.
pub const MAX_SLOTS: usize = 8;
/// Values not understood, kept for messages.
const MAX_VALUES: usize = 4;

#[derive(Debug)]
pub struct Slot {
    /// Its place among the labels.
    pub place: usize,
    pub name: String,
    rank: u8,
    kind: StatusKind,
    pub is_understood: bool,
    /// The word `success` if seen; it says nothing of how failures are written.
    pub success: Option<String>,
    /// Values that are no statuses.
    pub strange: Vec<String>,
}

/// Requests on one page, in 1/[`super::count::UNIT`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Users', by route.
    pub users: u64,
    /// Without a route.
    pub unsaid: u64,
    pub left_out: u64,
}

impl Seen {
    pub const fn all(self) -> u64 {
        self.users.saturating_add(self.unsaid).saturating_add(self.left_out)
    }

    /// Possibly users'.
    pub const fn counted(self) -> u64 {
        self.users.saturating_add(self.unsaid)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    None,
    /// Only series of others.
    Others,
    /// A series that passes the filter.
    Ours,
}

#[derive(Debug)]
pub struct Candidate {
    pub raw: Vec<u8>,
    pub name: String,
    pub standing: Standing,
    pub labels: Labels,
    pub slots: Vec<Slot>,
    /// On the current page.
    pub now: Presence,
    /// A series has passed the filter.
    pub is_ours: bool,
    /// On the current page, and on the one before.
    pub seen: Seen,
    pub before: Option<Seen>,
    pub says_route: bool,
    /// Too many series to keep it.
    pub dropped: bool,
}

impl Candidate {
    pub fn new(name: Text<'_>, standing: Standing) -> Self {
        let shown = name.to_string();
        Self {
            raw: name.raw().to_vec(),
            labels: Labels::of(&shown),
            name: shown,
            standing,
            slots: Vec::new(),
            now: Presence::None,
            is_ours: false,
            seen: Seen::default(),
            before: None,
            says_route: false,
            dropped: false,
        }
    }

    /// Rises with everything by which it is decided what a series says.
    pub fn revision(&self) -> u64 {
        self.labels.revision() + u64::try_from(self.slots.len()).unwrap_or(u64::MAX)
    }

    pub fn clear(&mut self) {
        (self.now, self.seen) = (Presence::None, Seen::default());
    }

    /// After a good page: the next one is compared with it.
    pub fn keep(&mut self) {
        self.before = self.is_there().then_some(self.seen).or(self.before);
    }

    /// The slot of a label that may hold the status.
    pub fn slot(&mut self, place: usize, label: Text<'_>, good_for: Use, wanted: &Named) -> Option<usize> {
        if let Some(at) = self.slots.iter().position(|slot| slot.place == place) {
            return Some(at);
        }
        let (rank, kind) = match (wanted, good_for) {
            (Named::Name(name), _) if !label.is(name) => return None,
            (_, Use::Status { rank, kind }) => (rank, kind),
            (Named::Auto, _) => return None,
            (Named::Name(_), _) if self.labels.is_grpc() => (0, StatusKind::Grpc),
            (Named::Name(_), _) => (0, StatusKind::Http),
        };
        if self.slots.len() >= MAX_SLOTS {
            return None;
        }
        let (is_understood, success, strange) = (false, None, Vec::new());
        let name = label.to_string();
        self.slots.push(Slot { place, name, rank, kind, is_understood, success, strange });
        Some(self.slots.len() - 1)
    }

    pub fn best_slot(&self) -> Option<usize> {
        let understood = self.slots.iter().enumerate().filter(|(_, slot)| slot.is_understood);
        understood.min_by_key(|(_, slot)| (slot.rank, slot.place)).map(|(at, _)| at)
    }

    /// Bits of the slots by which requests fail: the status and, beside HTTP's, gRPC's, whose failures answer 200.
    pub fn failing(&self, main: usize) -> u8 {
        let is_grpc = |slot: &Slot| slot.kind == StatusKind::Grpc;
        let beside = |at: usize| self.slots.get(main).is_some_and(|slot| !is_grpc(slot)) && is_grpc(&self.slots[at]);
        (0..self.slots.len()).filter(|at| *at == main || beside(*at)).fold(0, |mask, at| mask | 1 << at)
    }

    pub fn is_eligible(&self) -> bool {
        let may_be = self.standing.tier < Tier::Never(super::names::Foreign::Outbound);
        may_be && self.is_ours && !self.dropped && self.best_slot().is_some()
    }

    pub fn is_there(&self) -> bool {
        self.now > Presence::None
    }

    pub fn count(&mut self, row: &Row) {
        let sum = match row.whose {
            Whose::Users => &mut self.seen.users,
            Whose::Unsaid => &mut self.seen.unsaid,
            Whose::LeftOut => &mut self.seen.left_out,
        };
        *sum = sum.saturating_add(row.count);
    }

    /// The increase of possible users' requests since the page before.
    pub fn growth(&self) -> u64 {
        self.seen.counted().saturating_sub(self.before.unwrap_or_default().counted())
    }
}

impl Slot {
    pub const fn kind(&self) -> StatusKind {
        self.kind
    }

    pub fn note(&mut self, value: Text<'_>, status: Status) {
        let shown = || quote(value.raw()).chars().take(40).collect::<String>();
        match status {
            Status::Good | Status::Failed => self.is_understood = true,
            Status::Success if self.success.is_none() => self.success = Some(shown()),
            Status::Unclear if self.strange.len() < MAX_VALUES => {
                let value = shown();
                if !self.strange.contains(&value) {
                    self.strange.push(value);
                }
            }
            _ => {}
        }
    }

    /// Values that do not tell success from failure.
    pub fn unclear(&self) -> Vec<&str> {
        self.success.iter().chain(&self.strange).map(String::as_str).collect()
    }
}
