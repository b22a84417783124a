//! A page's candidates for the request counter, and the choice among them.

use std::cmp::Ordering;

use super::build::BuildInfo;
use super::candidate::Candidate;
use super::count::UNIT;
use super::family::Family;
use super::memo::Memo;
use super::names::{Standing, Tier};
use crate::exposition::Text;
use crate::wanted::Named;

const MAX_CANDIDATES: usize = 64;
/// This program's own requests by the first page, and with each further one: a scrape, a probe, and redirects.
const OWN: (u64, u64) = (5, 3);
/// A counter of a better tier takes over from one that counts users if it has at least this fraction of its requests.
const TAKES_OVER: u64 = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Nobody,
    Start,
    /// Names a build, perhaps the service's.
    Build,
    Candidate(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The counter, and its status slot.
    pub to: (usize, usize),
    /// The current values predate the choice, and are only the baseline.
    pub is_baseline: bool,
}

#[derive(Debug)]
pub struct Catalog {
    requests: Named,
    pub candidates: Vec<Candidate>,
    /// The request counter, and its status slot.
    pub chosen: Option<(usize, usize)>,
    /// It certainly counts users: only a better tier can take over.
    is_final: bool,
    names: Memo<Who>,
    family: Family,
    /// Counters declared without samples, until one is chosen.
    pub declared: Vec<String>,
    /// Rises with everything by which it is decided what a line says.
    pub revision: u64,
    pages: u64,
}

/// Best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    doubt: u8,
    /// The other color is counted by another one.
    is_strange: bool,
    tier: Tier,
    /// Another one of its tier counts more than twice as many requests.
    is_thin: bool,
    is_unrouted: bool,
    order: u16,
}

impl Catalog {
    pub fn new(requests: &Named) -> Self {
        Self {
            requests: requests.clone(),
            candidates: Vec::new(),
            chosen: None,
            is_final: false,
            names: Memo::default(),
            family: Family::default(),
            declared: Vec::new(),
            revision: 0,
            pages: 0,
        }
    }

    pub fn clear(&mut self) {
        self.family.clear();
        self.declared.clear();
        self.candidates.iter_mut().for_each(Candidate::clear);
    }

    /// Returns whether the family is that of the chosen counter.
    pub fn declare(&mut self, name: Text<'_>, kind: &[u8]) -> bool {
        self.family.declare(name, kind);
        if let Some((at, _)) = self.chosen {
            let raw = &self.candidates[at].raw;
            let ends = [&b""[..], b"_total", b"_count"];
            return raw.strip_prefix(name.raw()).is_some_and(|rest| ends.contains(&rest));
        }
        let wanted = |name: &String| match &self.requests {
            Named::Name(wanted) => wanted == name,
            Named::Auto => Standing::of(name).tier <= Tier::Proxy,
        };
        self.declared.extend(Family::counters(name, kind).into_iter().find(wanted));
        false
    }

    pub fn who(&mut self, name: Text<'_>) -> Who {
        if let Some(known) = self.names.get(name.raw()) {
            return known;
        }
        let who = self.meet(name);
        self.names.put(name.raw(), who);
        who
    }

    fn meet(&mut self, name: Text<'_>) -> Who {
        if name.is(super::rows::START_TIME) {
            return Who::Start;
        }
        if BuildInfo::is_one(name) {
            return Who::Build;
        }
        let standing = match &self.requests {
            Named::Name(wanted) if is_named(name, wanted) && !self.family.is_quantile(name.raw()) => Standing::NAMED,
            Named::Name(_) => return Who::Nobody,
            Named::Auto => Standing::of(&name.to_string()),
        };
        let is_known = matches!(standing.tier, Tier::Known | Tier::KnownProxy);
        let better = |chosen: (usize, usize)| standing.tier < self.candidates[chosen.0].standing.tier;
        let is_wanted = standing.tier != Tier::Other
            && (is_known || self.family.counts(name.raw()))
            && self.chosen.filter(|_| self.is_final).is_none_or(better);
        if !is_wanted || self.candidates.len() >= MAX_CANDIDATES {
            return Who::Nobody;
        }
        self.candidates.push(Candidate::new(name, standing));
        self.revision += 1;
        Who::Candidate(self.candidates.len() - 1)
    }

    /// Ends a good page: returns a changed choice. `agreed` is the counter that both colors are to use.
    pub fn choose(&mut self, agreed: Option<&str>) -> Option<Change> {
        self.pages += 1;
        let to = match self.chosen {
            None => self.best(agreed, |_| true),
            Some((now, _)) if self.is_final => self.best(None, |one| self.takes_over(one, &self.candidates[now])),
            Some((now, _)) => self.best(agreed, |_| true).filter(|best| self.is_better(*best, now, agreed)),
        };
        let change = to.and_then(|to| {
            let candidate = &self.candidates[to];
            let is_baseline = self.pages > 1 && candidate.before.is_some_and(|before| before.all() > 0);
            Some(Change { to: (to, candidate.best_slot()?), is_baseline })
        });
        if let Some(change) = change {
            self.chosen = Some(change.to);
            self.is_final = false;
            self.revision += 1;
        }
        if let Some((at, _)) = self.chosen
            && !self.is_final
            && self.counts_users(&self.candidates[at])
        {
            self.is_final = true;
            self.revision += 1;
            self.forget_worse(at);
        }
        self.candidates.iter_mut().for_each(Candidate::keep);
        change
    }

    pub const fn is_final(&self) -> bool {
        self.is_final
    }

    /// Other counters of the page still matter.
    pub const fn is_open(&self) -> bool {
        self.chosen.is_none()
    }

    fn best(&self, agreed: Option<&str>, wanted: impl Fn(&Candidate) -> bool) -> Option<usize> {
        let is_eligible = |one: &Candidate| one.is_there() && one.is_eligible() && wanted(one);
        let eligible = self.candidates.iter().enumerate().filter(|(_, one)| is_eligible(one));
        let ranked = eligible.map(|(at, one)| (self.rank(one, agreed), at));
        ranked.min_by(|(a, a_at), (b, b_at)| a.cmp(b).then_with(|| self.by_count(*a_at, *b_at))).map(|(_, at)| at)
    }

    fn by_count(&self, a: usize, b: usize) -> Ordering {
        let (a, b) = (&self.candidates[a], &self.candidates[b]);
        b.seen.all().cmp(&a.seen.all()).then_with(|| a.name.cmp(&b.name))
    }

    fn rank(&self, one: &Candidate, agreed: Option<&str>) -> Rank {
        let peers =
            self.candidates.iter().filter(|other| other.standing.tier == one.standing.tier && other.is_eligible());
        let most = peers.map(|other| other.seen.all()).max().unwrap_or(0);
        Rank {
            doubt: self.doubt(one),
            is_strange: agreed.is_some_and(|agreed| agreed != one.name),
            tier: one.standing.tier,
            is_thin: one.seen.all() < most / 2,
            is_unrouted: !one.says_route,
            order: one.standing.order,
        }
    }

    /// Whether users were seen: without routes it may count only this program, under an unknown name anybody.
    fn counts_users(&self, one: &Candidate) -> bool {
        let own = (OWN.0 + OWN.1 * self.pages).saturating_mul(u64::from(UNIT));
        match one.standing.tier {
            Tier::Known | Tier::KnownProxy | Tier::Proxy => one.seen.users > 0 || one.seen.unsaid > own,
            Tier::Likely => one.seen.users > 0,
            Tier::Unlikely | Tier::Never(_) | Tier::Other => false,
        }
    }

    /// Users seen on only one of the service's counters decide between them; what a proxy counts does not.
    fn doubt(&self, one: &Candidate) -> u8 {
        match one.standing.tier {
            Tier::Known | Tier::Likely if self.counts_users(one) => 0,
            Tier::Known if one.seen.unsaid > 0 => 1,
            _ => 2,
        }
    }

    /// Whether to leave a chosen counter, not yet seen to count users, for another.
    fn is_better(&self, new: usize, old: usize, agreed: Option<&str>) -> bool {
        let reason = |at: usize| {
            let rank = self.rank(&self.candidates[at], agreed);
            (rank.doubt, rank.is_strange, rank.tier, rank.is_unrouted)
        };
        reason(new) < reason(old)
    }

    /// Takes over from one that counts users: of a better tier, with at least 1/[`TAKES_OVER`] of its requests.
    fn takes_over(&self, new: &Candidate, old: &Candidate) -> bool {
        let grows = new.growth() > 0 && new.growth() >= old.growth() / TAKES_OVER;
        new.standing.tier < old.standing.tier && self.counts_users(new) && grows
    }

    /// Drops those that can no longer take over.
    fn forget_worse(&mut self, chosen: usize) {
        let tier = self.candidates[chosen].standing.tier;
        let candidates = &self.candidates;
        let is_worse = |at: usize| at != chosen && candidates[at].standing.tier >= tier;
        self.names.revise(|who| match who {
            Who::Candidate(at) if is_worse(at) => Who::Nobody,
            who => who,
        });
    }

    /// Makes room for series: drops the worst counter that is not chosen. `None` if there is no other.
    pub fn give_up_one(&mut self) -> Option<usize> {
        let chosen = self.chosen.map(|(at, _)| at);
        let others = self
            .candidates
            .iter()
            .enumerate()
            .filter(|(at, one)| Some(*at) != chosen && one.is_there() && !one.dropped);
        let others: Vec<(Standing, usize)> = others.map(|(at, one)| (one.standing, at)).collect();
        let (_, at) = others.iter().max().filter(|_| others.len() > usize::from(chosen.is_none()))?;
        self.candidates[*at].dropped = true;
        self.revision += 1;
        Some(*at)
    }
}

/// By its own name, or its family's.
fn is_named(name: Text<'_>, wanted: &str) -> bool {
    name.is(wanted) || ["_total", "_count"].iter().any(|suffix| name.is(&format!("{wanted}{suffix}")))
}
