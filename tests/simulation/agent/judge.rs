//! What has to hold after an agent.

use std::fs;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use switchback::app::headless::Happened;
use switchback::io::journal::verify;
use switchback::io::ports::Clock as _;
use switchback::io::state::StateFile;
use switchback::model::{Cause, DecisionKind, Outcome};

use super::outside::{Done, Move, Outside};
use super::plan::{AgentPlan, File};
use super::record::Soak;
use super::run::History;
use crate::plan::{Fault, Plan, Weather};
use crate::world::{Sim, Site};

/// An agent may notice a switch, and begin, so late.
const BEGINS_MS: u64 = 2_000;
/// `soak.warmup`, and a tick.
const WARMUP_MS: u64 = 2_000;
/// What a process that begins costs a soak.
const RESTART_MS: u64 = 2_000;
/// A release that has been failing for so long is seen to fail, and traffic moved back.
const ROLLED_BACK_MS: u64 = 6_000;
/// The longest window, its warmup, and its end.
const RETAINED_MS: u64 = 36_000;
/// So long after a move the soak under way has ended, and the agent has seen it.
const NOTICED_MS: u64 = 8_000;
/// A soak that lost more of its window cannot be expected to know.
const MAX_AWAY_MS: u64 = 3_000;

/// What has to hold once everything is quiet.
pub fn judge(sim: &Sim, plan: &AgentPlan, outside: &Outside, history: &History) {
    let mut found = Vec::new();
    let now = sim.now();
    let power = plan.faults.iter().any(|fault| matches!(fault, Fault::Crash { power: true, .. }));
    let disk_failed = sim.state().disk_failed;
    {
        let state = sim.state();
        for (at, site) in state.sites.iter().enumerate() {
            let done = outside.done(at);
            let case = Case { site, done: &done, history, plan: &plan.services[at].plan, disk_failed, power, now };
            let said = case.judge(state.crashes > 0).unwrap_or_else(|why| vec![why]);
            found.extend(said.into_iter().map(|what| format!("{}: {what}", site.name)));
        }
    }
    sim.state().violations.extend(found);
}

/// One deployment, looked at from its end.
struct Case<'a> {
    site: &'a Site,
    done: &'a Done,
    history: &'a History,
    plan: &'a Plan,
    disk_failed: bool,
    /// Whether power may fail, which costs what was not durable yet of the evidence.
    power: bool,
    now: Timestamp,
}

impl Case<'_> {
    fn judge(&self, crashed: bool) -> Result<Vec<String>, String> {
        let state_file = StateFile::open(&self.site.state_path()).map_err(|error| error.to_string())?;
        let state = state_file.read().map_err(|error| format!("the state file does not read back: {error}"))?;
        let soaks = Soak::all(self.site)?;
        let mut found = Vec::new();
        let journal = self.site.journal();
        // Nothing was decided yet.
        let empty = fs::metadata(journal.path()).map_or(0, |file| file.len()) == 0 && state.journal().is_none();
        // As the next process does it: power may have failed in the middle of a line.
        if crashed && !empty {
            journal.repair(self.now).map_err(|error| format!("the journal is not repaired: {error}"))?;
        }
        if let Err(error) = verify(journal.path(), state.journal())
            && !empty
        {
            found.push(format!("the journal does not verify: {error}"));
        }
        let no_record = self.disk_failed && crashed;
        for soak in &soaks {
            found.extend(self.judge_soak(soak, no_record));
        }
        for (at, switch) in self.done.moves.iter().enumerate() {
            let of: Vec<&Soak> = soaks.iter().filter(|soak| soak.last_switch == switch.last_switch).collect();
            let breached = of.first().is_some_and(|first| {
                let mut before = soaks.iter().filter(|soak| soak.id < first.id && soak.color == switch.to.other());
                before.next_back().is_some_and(Soak::is_breached)
            });
            let next = self.done.moves.get(at + 1);
            let mut looks_back = self.looks_like_a_way_back(at, &soaks);
            if switch.deployed.is_none() {
                looks_back &= self.is_known_back(at, &soaks);
            }
            found.extend(self.judge_switch(switch, next, &of, breached, looks_back));
        }
        let left = state.soak().filter(|block| block.phase != "finished" && block.last_switch == state.last_switch());
        if let Some(block) = left.filter(|_| !self.disk_failed && self.is_kept(self.end_ms()..=self.end_ms())) {
            found.push(format!("soak {} is left in the phase {}", block.id, block.phase));
        }
        let loud =
            |soak: &Soak| soak.ending.as_ref().is_some_and(|ending| matches!(ending.outcome, Outcome::RollbackFailed));
        let settled = !soaks.iter().any(loud) && !self.done.cut_off && !no_record;
        let raced = self.done.moves.iter().any(|switch| switch.raced);
        if self.plan.router_speaks && settled && !raced && self.site.router != state.active() {
            found.push(format!("the router is on {}, the state file on {}", self.site.router, state.active()));
        }
        Ok(found)
    }

    fn judge_soak(&self, soak: &Soak, no_record: bool) -> Vec<String> {
        let mut found = Vec::new();
        let id = &soak.id;
        if soak.count(DecisionKind::RolledBack) > 1 {
            found.push(format!("{} times rolled_back for soak {id}", soak.count(DecisionKind::RolledBack)));
        }
        let given_up = if no_record { soak.count(DecisionKind::RollbackFailed) } else { 0 };
        if soak.count(DecisionKind::Rollback) > 1 + given_up {
            found.push(format!("{} intents for the rollback of soak {id}", soak.count(DecisionKind::Rollback)));
        }
        let told = self.history.news.iter().find(|(_, news)| {
            news.what == Happened::Ended
                && news.service.as_ref() == Some(&self.site.name)
                && news.soak.as_ref() == Some(id)
        });
        if let Some((_, news)) = told.filter(|_| !self.disk_failed) {
            let again = soak
                .ending
                .as_ref()
                .map(|ending| format!("soak {id} of {} ended {}: {}", soak.color, ending.outcome, ending.reason));
            if again.as_ref() != Some(&news.message) {
                found.push(format!("`{}`, they say, and its recording replays to {again:?}", news.message));
            }
        }
        found
    }

    fn judge_switch(
        &self,
        switch: &Move,
        next: Option<&Move>,
        of: &[&Soak],
        breached: bool,
        looks_back: bool,
    ) -> Vec<String> {
        let mut found = Vec::new();
        let begun = of.iter().filter(|soak| soak.events > 0).count();
        let said = |what: &str| format!("{what}: the switch to {} at {} ms", switch.to, switch.at_ms);
        let Some(deploy) = switch.deployed else {
            if begun > 0 && (switch.says_back || looks_back) {
                found.push(said("a rollback by a person is watched"));
            }
            return found;
        };
        if begun > 1 && !self.disk_failed {
            found.push(said("watched more than once"));
        }
        let ended = |outcome, cause| {
            of.iter().filter(move |soak| {
                soak.ending.as_ref().is_some_and(|ending| ending.outcome == outcome && ending.cause == cause)
            })
        };
        let by_itself = ended(Outcome::RolledBack, Cause::Auto).count();
        let retained = ended(Outcome::Retained, Cause::Auto).count();
        if breached && by_itself > 0 {
            found.push(said("rolled back by itself onto a color that was found bad"));
        }
        let away_ms = self.away_ms(switch.at_ms..=switch.at_ms + self.plan.window_s * 1000 + BEGINS_MS + WARMUP_MS);
        let late_ms = away_ms + self.restarts(switch.at_ms) * RESTART_MS;
        let window_ms = self.plan.window_s * 1000;
        match deploy.weather {
            Weather::Failing { .. } if retained > 0 => found.push(said("a failing release was retained")),
            Weather::Failing { from_ms } | Weather::Passing { from_ms, .. } => {
                let due_ms = switch.at_ms + BEGINS_MS + from_ms + ROLLED_BACK_MS + self.plan.grace_s * 1000 + late_ms;
                if breached
                    || switch.previous != Weather::Healthy
                    || !self.is_expected(switch, next, due_ms, looks_back)
                {
                    return found;
                }
                let back_ms = of.iter().find_map(|soak| soak.decided_ms(DecisionKind::RolledBack));
                match back_ms {
                    None => found.push(said("a bad release was not rolled back")),
                    Some(ms) if ms > due_ms => found.push(said(&format!("rolled back at {ms} ms, due at {due_ms}"))),
                    Some(_) => {}
                }
            }
            Weather::Healthy => {
                let blind = self.plan.on_inconclusive == "rollback" && (away_ms > 0 || !self.plan.faults.is_empty());
                if by_itself > 0 && !blind {
                    found.push(said("a good release was rolled back"));
                }
                let due_ms = switch.at_ms + BEGINS_MS + RETAINED_MS + late_ms;
                let on_time =
                    of.iter().find_map(|soak| soak.decided_ms(DecisionKind::Retain)).is_some_and(|ms| ms <= due_ms);
                // One that nobody watched at the end of its window does not know.
                let end_ms = switch.at_ms + window_ms;
                let watched = self.away_ms(end_ms..=end_ms + BEGINS_MS + WARMUP_MS) == 0;
                if watched && self.is_expected(switch, next, due_ms, looks_back) && !(retained == 1 && on_time) {
                    found.push(said("a good release was not retained in time"));
                }
            }
            Weather::Blind { from_ms }
                if retained > 0
                    && from_ms + 12_000 < window_ms
                    && self.done.files.is_empty()
                    && next.is_none_or(|next| next.at_ms > switch.at_ms + BEGINS_MS + RETAINED_MS) =>
            {
                found.push(said("a release was retained that nobody could see"));
            }
            Weather::Blind { .. } => {}
        }
        found
    }

    /// Whether a soak of this switch has to come to its proper end by then: nothing of its own kept it from that.
    fn is_expected(&self, switch: &Move, next: Option<&Move>, due_ms: u64, looks_back: bool) -> bool {
        let span = switch.at_ms.saturating_sub(BEGINS_MS)..=due_ms;
        let away_ms = self.away_ms(switch.at_ms..=switch.at_ms + self.plan.window_s * 1000 + BEGINS_MS + WARMUP_MS);
        let alone =
            next.is_none_or(|next| next.at_ms > due_ms) && !self.done.orders.iter().any(|at_ms| span.contains(at_ms));
        alone
            && !looks_back
            && !switch.raced
            && !self.done.cut_off
            && !self.disk_failed
            && away_ms <= MAX_AWAY_MS
            && (away_ms == 0 || !self.power)
            && self.plan.faults.iter().all(|fault| is_over_before(fault, switch.at_ms))
            && self.is_kept(span)
    }

    /// Whether its file was good all the time.
    fn is_kept(&self, span: RangeInclusive<u64>) -> bool {
        let mut good = true;
        for (at_ms, file) in &self.done.files {
            if at_ms > span.end() {
                break;
            }
            good = matches!(file, File::Good { .. }) && (good || at_ms < span.start());
        }
        good
    }

    /// For how long no agent ran.
    fn away_ms(&self, span: RangeInclusive<u64>) -> u64 {
        let length = span.end().saturating_sub(*span.start());
        let alive = self
            .history
            .alive
            .iter()
            .map(|(from, until)| until.min(span.end()).saturating_sub(*from.max(span.start())));
        length.saturating_sub(alive.sum())
    }

    fn restarts(&self, since_ms: u64) -> u64 {
        self.history.alive.iter().filter(|(_, until)| *until > since_ms).count() as u64
    }

    fn end_ms(&self) -> u64 {
        self.history.alive.last().map_or(0, |(_, until)| *until)
    }

    /// A script that moves traffic to where it came from, while the release is watched or right after it was not found good, moves
    /// it back: nobody can tell that from the next deploy.
    fn looks_like_a_way_back(&self, at: usize, soaks: &[Soak]) -> bool {
        let now = &self.done.moves[at];
        // Moves that no agent has seen, as each hides the one before it.
        for before in self.done.moves[..at].iter().rev() {
            if self.leads_back(before, now, soaks) {
                return true;
            }
            let seen_ms = now.at_ms.saturating_sub(before.at_ms + self.away_ms(before.at_ms..=now.at_ms));
            if seen_ms > NOTICED_MS {
                return false;
            }
        }
        false
    }

    /// Whether the agent knows what a script moves back from. What it took for a way back itself leads to a next deploy.
    fn is_known_back(&self, at: usize, soaks: &[Soak]) -> bool {
        let Some(before) = at.checked_sub(1) else { return false };
        let from = &self.done.moves[before];
        let cut_off = |until: &u64| (from.at_ms..from.at_ms + MAX_AWAY_MS).contains(until);
        let watched = soaks.iter().any(|soak| soak.events > 0 && soak.last_switch == from.last_switch)
            && !self.history.alive.iter().any(|(_, until)| cut_off(until));
        let now = &self.done.moves[at];
        // Wiped while no agent looked.
        let wiped = now.forgets && self.restarts(now.at_ms.saturating_sub(NOTICED_MS)) > 1;
        watched && !wiped && self.plan.faults.is_empty() && !self.looks_like_a_way_back(before, soaks)
    }

    fn leads_back(&self, before: &Move, now: &Move, soaks: &[Soak]) -> bool {
        let of: Vec<&Soak> = soaks.iter().filter(|soak| soak.last_switch == before.last_switch).collect();
        let has = |kind| of.iter().any(|soak| soak.count(kind) > 0);
        let ended = of.iter().filter_map(|soak| soak.ending.as_ref());
        let good = ended.into_iter().any(|ending| matches!(ending.outcome, Outcome::Retained | Outcome::Inconclusive));
        let limit_ms = self.plan.window_s * 1000 + 11_000;
        let soon = now.at_ms.saturating_sub(before.at_ms) <= limit_ms || has(DecisionKind::Superseded);
        before.deployed.is_some() && before.to != now.to && !has(DecisionKind::RolledBack) && !good && soon
    }
}

/// Whether a fault of the deployment's own is over before its switch, in words of time.
fn is_over_before(fault: &Fault, at_ms: u64) -> bool {
    match fault {
        Fault::RouterDown { until_ms, .. }
        | Fault::RouterUnread { until_ms, .. }
        | Fault::StandbyDown { until_ms, .. }
        | Fault::ScrapesLost { until_ms, .. } => *until_ms + 2_000 < at_ms,
        Fault::RouterHangs { until_ms, .. } => *until_ms + 35_000 < at_ms,
        _ => false,
    }
}
