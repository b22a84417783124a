//! The counters of all targets of a color, as sums that only grow.

use std::collections::{BTreeMap, HashMap, HashSet};

/// Series; a selector with more has to be aggregated further.
const MAX_SERIES: usize = 100_000;

#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    pub labels: BTreeMap<String, String>,
    pub value: f64,
    /// The sum that it goes into.
    pub group: usize,
}

/// As in PromQL's `rate`, a series that falls began anew at zero; so did a new one if its target was there. A new
/// target counts from its first value: its age is unknown. What leaves keeps its count.
#[derive(Debug, Default)]
pub struct Fleet {
    last: HashMap<BTreeMap<String, String>, f64>,
    targets: HashSet<(String, String)>,
    sums: Vec<f64>,
    begun: bool,
}

impl Fleet {
    /// Enters one answer; `each` gets every series' increase. Fails for too many.
    pub fn enter(&mut self, series: Vec<Counted>, mut each: impl FnMut(&Counted, f64)) -> Result<(), String> {
        let known_targets = self.targets.clone();
        for one in series {
            let target = target(&one.labels);
            let begins_at = match self.last.get(&one.labels) {
                Some(last) if one.value >= *last => *last,
                Some(_) => 0.0,
                // The first answer is already in the sums, which must not fall after our own restart.
                None if !self.begun || known_targets.contains(&target) => 0.0,
                None => one.value,
            };
            if self.last.len() >= MAX_SERIES && !self.last.contains_key(&one.labels) {
                return Err(format!("more than {MAX_SERIES} series: let a recording rule add them up"));
            }
            if self.sums.len() <= one.group {
                self.sums.resize(one.group + 1, 0.0);
            }
            let added = one.value - begins_at;
            self.sums[one.group] += added;
            each(&one, if self.begun { added } else { 0.0 });
            self.targets.insert(target);
            self.last.insert(one.labels, one.value);
        }
        self.begun = true;
        Ok(())
    }

    /// One of the sums, in whole requests.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts are far below 2^53 and positive"
    )]
    pub fn sum(&self, group: usize) -> u64 {
        self.sums.get(group).map_or(0, |sum| sum.round() as u64)
    }
}

fn target(labels: &BTreeMap<String, String>) -> (String, String) {
    let of = |label: &str| labels.get(label).cloned().unwrap_or_default();
    (of("job"), of("instance"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(instance: &str, status: &str, value: f64) -> Counted {
        let labels = [("instance", instance), ("status", status)];
        let labels = labels.map(|(label, value)| (label.to_owned(), value.to_owned())).into();
        Counted { labels, value, group: usize::from(status == "500") }
    }

    fn sums(fleet: &mut Fleet, answer: &[(&str, &str, f64)]) -> (u64, u64) {
        let answer = answer.iter().map(|(instance, status, value)| series(instance, status, *value)).collect();
        fleet.enter(answer, |_, _| {}).unwrap();
        (fleet.sum(0), fleet.sum(1))
    }

    #[test]
    fn a_new_status_of_a_known_target_began_at_zero_and_a_new_target_did_not() {
        let mut fleet = Fleet::default();
        assert_eq!(sums(&mut fleet, &[("a", "200", 100.0)]), (100, 0));
        assert_eq!(sums(&mut fleet, &[("a", "200", 110.0), ("a", "500", 7.0)]), (110, 7));
        assert_eq!(sums(&mut fleet, &[("a", "200", 110.0), ("b", "200", 9_000.0), ("b", "500", 50.0)]), (110, 7));
        assert_eq!(
            sums(&mut fleet, &[("b", "200", 9_010.0), ("b", "500", 51.0)]),
            (120, 8),
            "a left and keeps its own"
        );
        assert_eq!(sums(&mut fleet, &[("a", "200", 115.0)]), (125, 8), "and goes on where it was");
    }

    #[test]
    fn a_series_that_goes_back_began_anew() {
        let mut fleet = Fleet::default();
        sums(&mut fleet, &[("a", "200", 100.0), ("a", "500", 10.0)]);
        assert_eq!(sums(&mut fleet, &[("a", "200", 5.0), ("a", "500", 1.0)]), (105, 11));
    }

    #[test]
    fn what_each_series_added_is_told_from_the_second_answer_on() {
        let mut fleet = Fleet::default();
        let mut told = Vec::new();
        for value in [100.0, 130.0] {
            fleet.enter(vec![series("a", "200", value)], |_, added| told.push(added)).unwrap();
        }
        assert_eq!(told, [0.0, 30.0]);
    }

    #[test]
    fn the_series_are_bounded() {
        let mut fleet = Fleet::default();
        let many = (0..=MAX_SERIES).map(|n| series(&n.to_string(), "200", 1.0)).collect();
        assert!(fleet.enter(many, |_, _| {}).unwrap_err().starts_with("more than 100000 series"));
    }
}
