//! The judgement in every case of who sent the requests: what is said of a release has to be so in all of them.

use crate::core::detect::{BadEvent, Closing, ClosingVerdict, Ending, Outlook, TickCounts};
use crate::core::soak::judge::Judge;
use crate::core::soak::own::{Case, Cases, Counts};
use crate::model::number::thousands;

#[derive(Clone, Debug, PartialEq)]
pub struct Ends {
    all: Judge,
    /// Those of the other cases, from the first tick on at which they had something else to judge.
    others: Vec<(Case, Judge)>,
}

impl Ends {
    pub const fn new(judge: Judge) -> Self {
        Self { all: judge, others: Vec::new() }
    }

    fn judges(&self) -> impl Iterator<Item = &Judge> {
        self.others.iter().map(|(_, judge)| judge).chain([&self.all])
    }

    fn judges_mut(&mut self) -> impl Iterator<Item = &mut Judge> {
        self.others.iter_mut().map(|(_, judge)| judge).chain([&mut self.all])
    }

    fn lead(&self) -> &Judge {
        self.judges().min_by_key(|judge| judge.seen().requests).unwrap_or(&self.all)
    }

    pub fn speak_of(&mut self, bad_event: BadEvent) {
        self.judges_mut().for_each(|judge| judge.speak_of(bad_event));
    }

    pub fn tick(&mut self, at_ms: u64, counts: Option<&Counts>, cases: &Cases) {
        self.others.retain(|(case, _)| cases.possible().any(|possible| possible == *case));
        if let Some(counts) = counts {
            for case in cases.possible().filter(|case| counts.of(*case) != counts.all) {
                if !self.others.iter().any(|(known, _)| *known == case) {
                    self.others.push((case, self.all.clone()));
                }
            }
        }
        self.all.tick(at_ms, counts.map(|counts| counts.all));
        for (case, judge) in &mut self.others {
            judge.tick(at_ms, counts.map(|counts| counts.of(*case)));
        }
    }

    pub fn skip(&mut self, ticks: u64) {
        self.judges_mut().for_each(|judge| judge.skip(ticks));
    }

    /// The sentence of the breach, once there is one in every case.
    pub fn breach(&self) -> Option<String> {
        self.in_every_case(Judge::breach)
    }

    pub fn warning(&self) -> Option<String> {
        self.in_every_case(Judge::warning)
    }

    fn in_every_case(&self, says: impl Fn(&Judge) -> Option<String>) -> Option<String> {
        if self.judges().all(|judge| says(judge).is_some()) { says(self.lead()) } else { None }
    }

    /// `no traffic: did the router switch?`, where that is so in one case at least.
    pub fn silence(&self, at_ms: u64) -> Option<String> {
        let silent = self.judges().find_map(|judge| judge.silence(at_ms))?;
        Some(self.with_doubt(silent))
    }

    pub fn close(&self, at_ms: u64, overtime: u64) -> Ending {
        let mut closings = Vec::new();
        for judge in self.judges() {
            match judge.close(at_ms, overtime) {
                Ending::Closed(closing) => closings.push((judge.seen().requests, closing)),
                run_on @ Ending::RunOn { .. } => return run_on,
            }
        }
        // The first is that of the case with the fewest requests.
        closings.sort_by_key(|(requests, _)| *requests);
        let mut closings: Vec<_> = closings.into_iter().map(|(_, closing)| closing).collect();
        let lead = closings.swap_remove(0);
        if closings.iter().all(|closing| closing.verdict == lead.verdict) {
            return Ending::Closed(lead);
        }
        let is_known =
            |closing: &&Closing| matches!(closing.verdict, ClosingVerdict::Healthy | ClosingVerdict::Breached);
        let unknown = [&lead].into_iter().chain(&closings).find(|closing| !is_known(closing));
        let reason = unknown.map_or_else(|| self.lead().explain(), |closing| closing.reason.clone());
        Ending::Closed(Closing::new(ClosingVerdict::Inconclusive, self.with_doubt(reason)))
    }

    /// A reason for not knowing, with how many of the requests are perhaps not users'.
    pub fn with_doubt(&self, reason: String) -> String {
        let (all, least) = (self.all.seen().requests, self.lead().seen().requests);
        if all == 0 || least.saturating_mul(2) > all {
            return reason;
        }
        let (own, all) = (thousands(all - least), thousands(all));
        format!(
            "{reason}; {own} of the {all} counted requests may be probes and scrapes of this monitor, because the counter has no label with the route: add one"
        )
    }

    pub fn healthy_at(&self, at_ms: u64) -> bool {
        self.judges().all(|judge| judge.healthy_at(at_ms))
    }

    pub fn explain(&self) -> String {
        self.lead().explain()
    }

    pub fn outlook(&self, at_ms: u64) -> Option<Outlook> {
        self.lead().outlook(at_ms)
    }

    /// Evidence against the release in nats, where the method has any, in the case with the least of it.
    pub fn evidence(&self) -> Option<f64> {
        self.judges().filter_map(Judge::evidence).min_by(f64::total_cmp)
    }

    pub fn recent(&self) -> TickCounts {
        self.lead().recent()
    }

    pub fn recent_at_best(&self) -> TickCounts {
        let errors = self.judges().map(|judge| judge.recent().errors).min().unwrap_or(0);
        TickCounts { errors, ..self.all.recent() }
    }

    /// All requests and errors that were counted since the start, whoever sent them.
    pub const fn all_seen(&self) -> TickCounts {
        self.all.seen()
    }

    /// Requests and errors of users since the start, at least.
    pub fn seen(&self) -> TickCounts {
        self.lead().seen()
    }
}
