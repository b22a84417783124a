//! By what latency is measured, or why it cannot be: said as soon as it is known.

use super::LatencyCheck;
use crate::core::soak::check::named;
use crate::core::soak::rate::CountingTold;
use crate::model::Color;

impl LatencyCheck {
    /// Nothing before every instance was read.
    pub fn measuring(&self, color: Color) -> Vec<CountingTold> {
        if !self.rate.all_tried() {
            return Vec::new();
        }
        let mut groups: Vec<(&str, usize)> = Vec::new();
        for histogram in self.instances.iter().filter_map(|known| known.histogram.as_deref()) {
            match groups.iter_mut().find(|(known, _)| *known == histogram) {
                Some((_, instances)) => *instances += 1,
                None => groups.push((histogram, 1)),
            }
        }
        let all: usize = groups.iter().map(|(_, instances)| instances).sum();
        let told = groups.into_iter().map(|(histogram, instances)| {
            let some = if instances < all { format!(" ({instances} of {all} instances)") } else { String::new() };
            let sentence = format!("latency on {color} is measured by `{histogram}`{some}");
            CountingTold { key: format!("latency {histogram}"), sentence }
        });
        told.collect()
    }

    /// Why an instance has no histogram, where more requests will not change that and no instance has one.
    pub fn missing(&self) -> Option<String> {
        if self.is_judged() {
            return None;
        }
        let mut missing = self.names.iter().zip(&self.instances);
        missing.find_map(|(name, known)| Some(named(name, known.missing.as_deref()?)))
    }
}
