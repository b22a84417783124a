//! Instances that come and go during the run.

use crate::core::soak::Machine;
use crate::core::soak::roster::Changes;
use crate::model::{Actor, Color, DecisionKind, ReasonCode};

use super::outbox::Outbox;

impl Machine {
    /// These are the instances of a color now.
    pub(super) fn instances_changed(&mut self, color: Color, now: &[String], out: &mut Outbox) {
        let watched = color == self.settings.color;
        let roster = if watched { &mut self.roster } else { &mut self.standby_roster };
        let changes = roster.update(now);
        if changes.is_empty() {
            return;
        }
        let names = roster.names().to_vec();
        let message = told(color, &changes, |places| roster.listed(places), roster.count());
        if watched {
            self.watched_changed(names, &changes);
        } else {
            self.standby_changed_to(names, &changes);
        }
        out.journal(self.decision(DecisionKind::Observe, Actor::Auto, message).because(ReasonCode::Instances));
    }

    fn watched_changed(&mut self, names: Vec<String>, changes: &Changes) {
        if self.settings.error_rate.metered.is_none() {
            self.error_rate.come_and_go(self.at, &names, changes);
        }
        let metered = self.settings.latency.as_ref().is_some_and(|latency| latency.metered.is_some());
        if let Some(latency) = self.latency.as_mut().filter(|_| !metered) {
            latency.come_and_go(self.at, &names, changes);
        }
        self.readiness.come_and_go(self.at, &names, changes);
        self.builds.left(&changes.left);
        self.settings.instances = names;
    }

    fn standby_changed_to(&mut self, names: Vec<String>, changes: &Changes) {
        if self.settings.error_rate.metered.is_none() {
            self.standby_rate.come_and_go(self.at, &names, changes);
        }
        self.standby.come_and_go(self.at, &names, changes);
        self.recovery.come_and_go(names.len(), changes);
        self.slow_recovery.come_and_go(names.len(), changes);
        let metered = self.settings.latency.as_ref().is_some_and(|latency| latency.metered.is_some());
        if let Some(latency) = self.latency.as_mut().filter(|_| !metered) {
            latency.previous_resized(names.len());
        }
        self.settings.standby_instances = names;
    }
}

/// `green: http://10.0.0.9:3002 joined, http://10.0.0.7:3002 left; 2 instances now`.
fn told(color: Color, changes: &Changes, listed: impl Fn(&[usize]) -> String, count: usize) -> String {
    let part = |places: &[usize], word: &str| (!places.is_empty()).then(|| format!("{} {word}", listed(places)));
    let parts: Vec<String> =
        [part(&changes.joined, "joined"), part(&changes.left, "left")].into_iter().flatten().collect();
    let instances = if count == 1 { "1 instance".to_owned() } else { format!("{count} instances") };
    format!("{color}: {}; {instances} now", parts.join(", "))
}
