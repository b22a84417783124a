//! Which release is judged, where only its own pages name it. A hint: no verdict depends on it.

use crate::core::soak::Machine;
use crate::model::{Actor, DecisionKind, Phase, ReasonCode};

use super::outbox::Outbox;

/// So many different sentences are told in a run.
const MOST_TOLD: usize = 8;
/// So many releases are named in a sentence.
const SHOWN: usize = 4;

impl Machine {
    /// Takes over what the pages name, and tells it once: between two rounds of samples, so that all instances had their say.
    pub(super) fn learn_release(&mut self, out: &mut Outbox) {
        // The journal and the lines name the same release of one move.
        if self.phase() == Phase::Switching {
            return;
        }
        let Some(builds) = self.builds.news() else { return };
        self.settings.builds = builds;
        if self.started_wall.is_some() {
            out.reflect();
        }
        let Some(message) = self.release_told() else { return };
        if self.told.releases.len() >= MOST_TOLD || !self.told.releases.insert(message.clone()) {
            return;
        }
        // Before the soak the switch and its beginning name the release.
        if self.started_wall.is_none() && self.settings.known_release().is_some() {
            return;
        }
        out.journal(self.decision(DecisionKind::Observe, Actor::Auto, message).because(ReasonCode::Release));
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

/// `1.4.2 and 1.5.0`.
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
