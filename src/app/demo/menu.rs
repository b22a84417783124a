//! The faults that an operator can choose while the demo runs.

use std::time::Duration;

use super::controls::{Change, Controls};
use super::faults::MetricsPage;
use crate::model::Color::{Blue, Green};

/// Each kind of faults by its name, and what makes it: on top of two colors without any.
const MENU: [(&str, &[Change]); 7] = [
    ("healthy", &[Change::Errors(Green, 0.003)]),
    ("8% errors", &[Change::Errors(Green, 0.08)]),
    ("outage", &[Change::Errors(Green, 1.0), Change::Ready(Green, false)]),
    ("latency", &[Change::Latency(Green, Duration::from_millis(900))]),
    ("metrics down", &[Change::Metrics(Green, MetricsPage::Failing)]),
    ("standby dead", &[Change::Up(Blue, false)]),
    ("router broken", &[Change::RouterBroken(true)]),
];

pub fn fault_names() -> Vec<String> {
    MENU.iter().map(|(name, _)| (*name).to_owned()).collect()
}

impl Controls {
    /// Lets the faults with this place in the menu rule alone; the scenario's script ends. An unknown place changes nothing.
    pub fn choose(&self, place: usize) {
        let Some((_, changes)) = MENU.get(place) else { return };
        self.end_script();
        for change in [Change::Mend(Blue), Change::Mend(Green), Change::RouterBroken(false)] {
            self.apply(change);
        }
        for change in *changes {
            self.apply(*change);
        }
    }
}
