//! After a rollback: is traffic still back?

use crate::core::detect::Since;
use crate::core::soak::{DeploymentSeen, ForeignSeen, Machine, ReadError, Verification};
use crate::model::number::span;
use crate::model::{Actor, Cause, Color, DecisionKind, Ending, Outcome, ReasonCode};

use super::PATIENCE_MS;
use super::outbox::Outbox;
use super::recovery::Verified;
use super::router::Routed;
use super::stage::{Finished, Stage};

/// Readings in a row, over so long, that count as undone: one may fall into a move, which its `lastSwitch` tells later.
const READINGS: u32 = 2;
const UNDONE_FOR_MS: u64 = 1_000;

/// Time between two questions to a router whose answer decides how the verification ends.
const ASK_AGAIN_MS: u64 = 1_000;

/// How long after the window's end a router that cannot be read is asked again.
const UNREAD_MS: u64 = 3_000;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Verifying {
    since_ms: u64,
    until_ms: u64,
    ending: Ending,
    /// `lastSwitch` of the rollback; learned from the state file where the rollback could not tell.
    last_switch: Option<i64>,
    /// What the router last said; after the window's end what it said since then.
    seen: Option<Result<Color, ReadError>>,
    /// Readings in a row that show that traffic is not there any more, and when the first of them was made.
    undone: u32,
    undone_since_ms: u64,
    elsewhere: Option<ForeignSeen>,
    /// Since when the window is over and the router is asked how it ended.
    last_look_ms: Option<u64>,
    /// When the router is asked again, whatever the interval.
    ask_at: Option<u64>,
}

impl Verifying {
    pub(super) const fn until_ms(&self) -> u64 {
        self.until_ms
    }

    pub(super) fn asks_again(&self, at_ms: u64) -> bool {
        self.ask_at.is_some_and(|ask_at| at_ms >= ask_at)
    }

    fn last_seen(&self, bad: Color) -> String {
        let to_bad = || format!("the router was last seen sending traffic to {bad}");
        self.elsewhere.as_ref().map_or_else(to_bad, |elsewhere| elsewhere.what.clone())
    }
}

impl Machine {
    pub(super) fn rolled_back(&mut self, last_switch: Option<i64>, out: &mut Outbox) {
        self.router.begin_epoch();
        let ending =
            Ending { outcome: Outcome::RolledBack, cause: self.rollback_cause(), reason: self.rollback_reason() };
        if self.settings.verify_window_ms == 0 || self.stop.is_some() {
            self.finish(ending, out);
            return;
        }
        let until_ms = self.time.after(self.settings.verify_window_ms);
        self.standby.forget_requests();
        self.stage = Stage::Verifying(Verifying {
            since_ms: self.time.at(),
            until_ms,
            ending,
            last_switch,
            seen: None,
            undone: 0,
            undone_since_ms: 0,
            elsewhere: None,
            last_look_ms: None,
            ask_at: None,
        });
        out.sample();
        out.reflect();
        out.schedule(until_ms);
    }

    fn watches_router(&self) -> bool {
        self.settings.verification == Verification::RouterAndRequests
    }

    pub(super) fn counted_since(&self) -> Since {
        let at_ms = match &self.stage {
            Stage::Verifying(verifying) if self.settings.verification == Verification::RouterAndRequests => {
                verifying.since_ms
            }
            _ => 0,
        };
        Since { run_wall: self.time.run_wall(), at_ms }
    }

    pub(super) fn look_while_verifying(&self, out: &mut Outbox) {
        if matches!(self.stage, Stage::Verifying(_)) && self.watches_router() {
            out.read_router(self.router.epoch());
        }
    }

    pub(super) fn look_again(&mut self, out: &mut Outbox) {
        let Stage::Verifying(verifying) = &mut self.stage else { return };
        let ask_at = self.time.after(ASK_AGAIN_MS);
        verifying.ask_at = Some(ask_at);
        out.read_router(self.router.epoch());
        out.schedule(ask_at);
        self.verified(out);
    }

    /// What the router said before is not known to hold any more.
    pub(super) fn verify_on(&mut self, out: &mut Outbox) {
        let Stage::Verifying(verifying) = &mut self.stage else { return };
        (verifying.seen, verifying.undone, verifying.last_look_ms, verifying.ask_at) = (None, 0, None, None);
        out.sample();
        out.schedule(verifying.until_ms);
        self.look_while_verifying(out);
    }

    pub(super) fn observed_while_verifying(
        &mut self,
        router: &Result<Color, ReadError>,
        state: &Result<DeploymentSeen, ReadError>,
        reading: Routed<'_>,
        out: &mut Outbox,
    ) {
        if !self.watches_router() {
            return;
        }
        let (at, standby, watched) = (self.time.at(), self.settings.color.other(), self.settings.last_switch);
        let Stage::Verifying(verifying) = &mut self.stage else { return };
        if let Ok(seen) = state {
            if verifying.last_switch.is_none() && seen.active == standby {
                verifying.last_switch = seen.last_switch;
            }
            if seen.last_switch > verifying.last_switch.or(watched) {
                self.moved_on(*seen, out);
                return;
            }
        }
        verifying.seen = Some(router.clone());
        match reading {
            Routed::On(color) if color == standby => (verifying.undone, verifying.ask_at) = (0, None),
            // Not known is not undone: the readings before and after it decide.
            Routed::Unread => {}
            Routed::On(_) | Routed::Foreign(_) => {
                verifying.undone += 1;
                verifying.elsewhere = reading.foreign().cloned();
                if verifying.undone == 1 {
                    verifying.undone_since_ms = at;
                }
                let lasted = at.saturating_sub(verifying.undone_since_ms);
                if verifying.undone >= READINGS && lasted >= UNDONE_FOR_MS {
                    self.undone(out);
                    return;
                }
                let ask_at = at.saturating_add(ASK_AGAIN_MS);
                verifying.ask_at = Some(ask_at);
                out.schedule(ask_at);
            }
        }
        self.tell_contradiction(state);
        if matches!(&self.stage, Stage::Verifying(verifying) if verifying.last_look_ms.is_some()) {
            self.verified(out);
        }
    }

    /// A state file that was put back to before the rollback, while traffic stays where the rollback brought it.
    fn tell_contradiction(&mut self, state: &Result<DeploymentSeen, ReadError>) {
        let (bad, standby) = (self.settings.color, self.settings.color.other());
        let Stage::Verifying(verifying) = &self.stage else { return };
        let back = matches!(verifying.seen, Some(Ok(color)) if color == standby);
        if back && matches!(state, Ok(seen) if seen.active == bad) {
            let next = format!("switchback rollback --service {}", self.settings.service);
            self.trouble(&format!("traffic is on {standby}, but the state file says {bad} again; next: {next}"));
        }
    }

    /// Somebody moved traffic after the rollback, and wrote it down: theirs counts.
    fn moved_on(&mut self, seen: DeploymentSeen, out: &mut Outbox) {
        let Stage::Verifying(verifying) = &self.stage else { return };
        let reason = format!(
            "another process moved traffic after the rollback to {}: the state file now says {seen} is active; {}",
            self.settings.color.other(),
            verifying.ending.reason,
        );
        self.end_verification(DecisionKind::Superseded, Outcome::Superseded, Some(seen.active), reason, out);
    }

    /// The router sends traffic to the bad color again, or to neither. Whoever moved it is not fought.
    fn undone(&mut self, out: &mut Outbox) {
        let (bad, standby) = (self.settings.color, self.settings.color.other());
        let Stage::Verifying(verifying) = &self.stage else { return };
        let after = span(verifying.undone_since_ms.saturating_sub(verifying.since_ms));
        let away = match &verifying.elsewhere {
            None => format!("the router sends traffic to {bad} again, {after}"),
            Some(elsewhere) => format!("{}, {after}", elsewhere.what),
        };
        let reason = format!(
            "ROLLBACK UNDONE: {away} after the rollback to {standby}. \
             Something else moves it; Switchback does not move it again; {}",
            verifying.ending.reason,
        );
        let active = verifying.elsewhere.is_none().then_some(bad);
        self.router.holds(verifying.elsewhere.as_ref());
        self.end_verification(DecisionKind::RollbackUndone, Outcome::RollbackUndone, active, reason, out);
    }

    fn end_verification(
        &mut self,
        kind: DecisionKind,
        outcome: Outcome,
        active: Option<Color>,
        reason: String,
        out: &mut Outbox,
    ) {
        let mut decision = self.decision(kind, Actor::Auto, reason.clone());
        (decision.active_color, decision.previous_color) = (active, active.map(Color::other));
        out.journal(decision);
        self.finish(Ending { outcome, cause: Cause::External, reason }, out);
    }

    pub(super) fn verified(&mut self, out: &mut Outbox) {
        let Stage::Verifying(verifying) = &self.stage else { return };
        if self.time.at() < verifying.until_ms || !self.router_was_asked(out) {
            return;
        }
        let Stage::Verifying(verifying) = &self.stage else { return };
        let mut ending = verifying.ending.clone();
        let (bad, standby) = (self.settings.color, self.settings.color.other());
        let recovery = self.recovery_of_what_broke();
        let Verified { kind, recovered, message } = self.told_of(&recovery);
        let mut decision = self.decision(kind, Actor::Auto, message.clone());
        if kind == DecisionKind::Observe {
            decision.reason = Some(ReasonCode::Verified.into());
        }
        decision.active_color = Some(standby);
        decision.previous_color = Some(bad);
        decision.requests = Some(recovery.after.requests);
        decision.errors = Some(recovery.after.errors);
        decision.value = recovery.after.rate();
        out.journal(decision);
        ending.reason = format!("{}; {message}", ending.reason);
        self.finish(Finished::verified(ending, recovered), out);
    }

    /// Whether the router has said how the window ended, or had its time for it. Asks for it the first time.
    fn router_was_asked(&mut self, out: &mut Outbox) -> bool {
        if !self.watches_router() {
            return true;
        }
        let standby = self.settings.color.other();
        let Stage::Verifying(verifying) = &mut self.stage else { return true };
        let Some(last_look_ms) = verifying.last_look_ms else {
            // Only an answer to a question from here on tells it.
            self.router.begin_epoch();
            (verifying.last_look_ms, verifying.seen) = (Some(self.time.at()), None);
            self.look_again(out);
            return false;
        };
        let late = self.time.since(last_look_ms);
        match &verifying.seen {
            Some(Ok(color)) if *color == standby => true,
            Some(Err(_)) if verifying.undone == 0 => late >= UNREAD_MS,
            _ => late >= PATIENCE_MS,
        }
    }

    pub(super) fn where_traffic_is_not_known(&self) -> Option<String> {
        let Stage::Verifying(verifying) = &self.stage else { return None };
        if !self.watches_router() {
            return None;
        }
        let bad = self.settings.color;
        match &verifying.seen {
            _ if verifying.undone > 0 => Some(verifying.last_seen(bad)),
            Some(Ok(_)) => None,
            Some(Err(why)) => Some(format!("the router cannot be read ({why})")),
            None => Some("the router gives no answer".to_owned()),
        }
    }

    /// The process is asked to stop: the move is made, so that is how it ends.
    pub(super) fn verify_cut_short(&mut self, out: &mut Outbox) {
        let Stage::Verifying(verifying) = &self.stage else { return };
        let mut ending = verifying.ending.clone();
        ending.reason.push_str("; recovery was not verified to the end");
        if verifying.undone > 0 {
            ending.reason.extend([", and ", &verifying.last_seen(self.settings.color)]);
        }
        self.finish(ending, out);
    }
}
