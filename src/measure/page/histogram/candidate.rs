//! One histogram of a page that may hold how long requests took.

use std::sync::Arc;

use super::super::names::{Foreign, Standing, Tier};
use super::names::{Kinship, TimeName, UnitOnPage};
use crate::page::labels::{Labels, Use};
use crate::unit::LatencyUnit;

pub const MAX_BOUNDS: usize = 256;

#[derive(Debug)]
pub struct Candidate {
    /// Without `_bucket`.
    pub name: Arc<str>,
    pub standing: Standing,
    /// Only a label with the path shows that it is about requests.
    is_vague: bool,
    pub labels: Labels,
    /// Milliseconds in its unit, where that is known.
    pub scale: Option<f64>,
    /// Upper bounds in its own unit, as they appeared, each with the number of its sum.
    pub bounds: Vec<(f64, u16)>,
    pub says_route: bool,
    /// Not read any more: no room, or not about requests.
    pub dropped: bool,
    /// On the current page.
    pub now: Shown,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub is_there: bool,
    pub has_rows: bool,
    /// More bounds or series than can be kept.
    pub too_many: bool,
    /// In 1/[`UNIT`](super::super::count::UNIT).
    pub seen: u64,
}

/// Best first.
#[expect(clippy::struct_excessive_bools, reason = "each is a place in the order, as their derived `Ord` compares them")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// Not the one that the other color is measured by.
    is_strange: bool,
    /// No bounds, or no bucket for all requests.
    is_hollow: bool,
    /// Not that of the request counter.
    is_apart: bool,
    tier: Tier,
    is_vague: bool,
    is_unrouted: bool,
    kinship: Kinship,
    order: u16,
}

impl Rank {
    pub fn is_reason_to_leave(self, old: Self) -> bool {
        let reason = |rank: Self| (rank.is_strange, rank.is_hollow, rank.is_apart, rank.tier, rank.is_vague);
        reason(self) < reason(old)
    }
}

impl Candidate {
    pub fn new(
        name: Arc<str>,
        TimeName { standing, is_vague }: TimeName,
        on_page: UnitOnPage,
        unit: LatencyUnit,
    ) -> Self {
        Self {
            labels: Labels::of(&name),
            scale: unit.milliseconds(&name, on_page.milliseconds()),
            name,
            standing,
            is_vague,
            bounds: Vec::new(),
            says_route: false,
            // What is never taken is not read.
            dropped: matches!(standing.tier, Tier::Never(_)),
            now: Shown::default(),
        }
    }

    /// Rises with everything by which it is decided what a series says.
    pub fn revision(&self) -> u64 {
        self.labels.revision() + u64::try_from(self.bounds.len()).unwrap_or(u64::MAX)
    }

    pub fn clear(&mut self) {
        self.now = Shown::default();
    }

    /// Enters a bucket and returns the number of its sum, or `None` without room. `next` is the next free number.
    pub fn enter(&mut self, bound: f64, count: u64, says_route: bool, next: &mut u16) -> Option<u16> {
        self.says_route |= says_route;
        self.see(count, bound == f64::INFINITY);
        if let Some((_, group)) = self.bounds.iter().find(|(known, _)| known.total_cmp(&bound).is_eq()) {
            return Some(*group);
        }
        if bound.is_nan() || self.bounds.len() >= MAX_BOUNDS {
            self.now.too_many = true;
            return None;
        }
        let group = *next;
        self.bounds.push((bound, group));
        *next = next.saturating_add(1);
        Some(group)
    }

    /// A bucket is on the page, perhaps that of all requests.
    pub const fn see(&mut self, count: u64, is_all: bool) {
        self.now.has_rows = true;
        if is_all {
            self.now.seen = self.now.seen.saturating_add(count);
        }
    }

    /// The number of the sum of all requests.
    pub fn all(&self) -> Option<u16> {
        self.bounds.iter().find(|(bound, _)| *bound == f64::INFINITY).map(|(_, group)| *group)
    }

    /// Its labels show that it is not about requests.
    pub fn is_about_something_else(&self) -> bool {
        let has_route = || (0..self.labels.names().count()).any(|at| self.labels.good_for(at) == Use::Route);
        self.is_vague && self.now.has_rows && !has_route()
    }

    /// Whether it may time the requests of `counter`.
    pub fn is_eligible(&self, counter: Option<&str>) -> bool {
        let may_be = match self.standing.tier {
            Tier::Known | Tier::Likely | Tier::KnownProxy | Tier::Proxy => true,
            Tier::Unlikely => self.kinship(counter) < Kinship::None,
            Tier::Never(_) | Tier::Other => false,
        };
        may_be && !self.dropped && self.now.has_rows && (!self.is_vague || self.says_route)
    }

    /// Why it never times users' requests, by its name.
    pub const fn foreign(&self) -> Option<Foreign> {
        if let Tier::Never(why) = self.standing.tier { Some(why) } else { None }
    }

    fn kinship(&self, counter: Option<&str>) -> Kinship {
        Kinship::of(&self.name, counter)
    }

    /// `counter` counts the requests; `agreed` is the other color's histogram.
    pub fn rank(&self, counter: Option<&str>, agreed: Option<&str>) -> Rank {
        let kinship = self.kinship(counter);
        Rank {
            is_strange: agreed.is_some_and(|agreed| agreed != &*self.name),
            is_hollow: self.bounds.len() < 2 || self.all().is_none(),
            is_apart: kinship == Kinship::None,
            tier: self.standing.tier,
            is_vague: self.is_vague,
            is_unrouted: !self.says_route,
            kinship,
            order: self.standing.order,
        }
    }
}
