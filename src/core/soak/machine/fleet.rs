//! The instances of the watched color: who is there, and which release each names. That is a hint: no verdict depends on it.

use crate::core::soak::builds::Builds;
use crate::core::soak::roster::Changes;
use crate::core::soak::{Machine, Roster};
use crate::model::{Color, Phase, ReasonCode};

use super::outbox::Outbox;

const MAX_TOLD: usize = 8;
const SHOWN: usize = 4;

#[derive(Clone, Debug)]
pub(super) struct Fleet {
    roster: Roster,
    builds: Builds,
}

impl Fleet {
    pub fn new(instances: &[String]) -> Self {
        Self { roster: Roster::new(instances), builds: Builds::default() }
    }

    fn update(&mut self, present: &[String]) -> Changes {
        let changes = self.roster.update(present);
        self.builds.left(&changes.left);
        changes
    }

    pub fn named(&mut self, instance: usize, release: &str) {
        self.builds.named(instance, release);
    }

    pub fn resume(&mut self, instances: &[String]) {
        self.roster = Roster::new(instances);
    }
}

impl Machine {
    pub(super) fn instances_changed(&mut self, color: Color, present: &[String], out: &mut Outbox) {
        let now = self.now();
        let (changes, roster) = if color == self.settings.color {
            (self.fleet.update(present), &self.fleet.roster)
        } else {
            (self.standby.update(&now, present), self.standby.roster())
        };
        if changes.is_empty() {
            return;
        }
        let message = told(color, &changes, roster);
        let names = roster.names().to_vec();
        if color == self.settings.color {
            self.checks.come_and_go(&now, &names, &changes);
            self.settings.instances = names;
        } else {
            if let Some(latency) = self.checks.latency_mut() {
                latency.previous_resized(names.len());
            }
            self.settings.standby_instances = names;
        }
        out.journal(self.observe(ReasonCode::Instances, message));
    }

    /// Takes over and tells once which release the pages name: between two rounds of samples, so that all were read.
    pub(super) fn learn_release(&mut self, out: &mut Outbox) {
        // The journal and the lines name the same release of one move.
        if self.phase() == Phase::Switching {
            return;
        }
        let Some(builds) = self.fleet.builds.news() else { return };
        self.settings.builds = builds;
        let has_begun = self.time.soak_wall().is_some();
        if has_begun {
            out.reflect();
        }
        let Some(message) = self.release_told() else { return };
        if !self.told.is_new_release(&message, MAX_TOLD) {
            return;
        }
        // Before the soak the switch and its beginning name the release.
        if has_begun || self.settings.known_release().is_none() {
            out.journal(self.observe(ReasonCode::Release, message));
        }
    }

    fn release_told(&self) -> Option<String> {
        let color = self.settings.color;
        match self.settings.builds.as_slice() {
            [one] if self.settings.release.is_none() => {
                Some(format!("{color} runs release {one}, by its metrics page"))
            }
            [] | [_] => None,
            several => Some(format!(
                "instances of {color} run different releases: {}. Is the deploy to {color} finished?",
                list_releases(several)
            )),
        }
    }
}

/// `green: http://10.0.0.9:3002 joined, http://10.0.0.7:3002 left; 2 instances now`.
fn told(color: Color, changes: &Changes, roster: &Roster) -> String {
    let part = |places: &[usize], word: &str| (!places.is_empty()).then(|| format!("{} {word}", roster.listed(places)));
    let parts: Vec<String> =
        [part(&changes.joined, "joined"), part(&changes.left, "left")].into_iter().flatten().collect();
    let count = roster.count();
    let instances = if count == 1 { "1 instance".to_owned() } else { format!("{count} instances") };
    format!("{color}: {}; {instances} now", parts.join(", "))
}

pub fn list_releases(releases: &[String]) -> String {
    let mut shown: Vec<String> = releases.iter().take(SHOWN).cloned().collect();
    if releases.len() > SHOWN {
        shown.push(format!("{} more", releases.len() - SHOWN));
    }
    match shown.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}
