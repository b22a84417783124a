//! Who is to attribution: which instance and which labels carry the errors.

use std::collections::BTreeMap;

use crate::core::detect::{Attribution, LabelCounts, TickCounts};
use crate::model::number::percent;

/// Smallest share of the errors of one instance, or on one label, that is worth naming.
const SHARE: f64 = 0.6;
/// Smallest ratio of its share of the errors to its share of the requests: what all requests carry explains nothing.
const LIFT: f64 = 1.5;
const ERRORS: u64 = 3;
const ROUTES: [&str; 7] = ["route", "path", "handler", "uri", "url", "endpoint", "http_route"];
const MAX_LABELS: usize = 1_000;

/// Since the window began, by label.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ErrorAttribution {
    all: TickCounts,
    /// By name, then by value.
    labels: BTreeMap<String, BTreeMap<String, TickCounts>>,
    /// How many values there are.
    tracked: usize,
    untracked: u64,
}

impl ErrorAttribution {
    pub fn enter(&mut self, attribution: &Attribution) {
        self.all = self.all.plus(attribution.all);
        self.untracked = self.untracked.saturating_add(attribution.untracked);
        for LabelCounts { label, value, counts } in &attribution.label_counts {
            if let Some(known) = self.labels.get_mut(&**label).and_then(|values| values.get_mut(value)) {
                *known = known.plus(*counts);
            } else if self.tracked < MAX_LABELS {
                self.tracked += 1;
                self.labels.entry(label.as_ref().to_owned()).or_default().insert(value.clone(), *counts);
            } else {
                self.untracked = self.untracked.saturating_add(counts.errors);
            }
        }
    }

    /// Each label with its value and what came to it.
    fn counted(&self) -> impl Iterator<Item = (&str, &str, TickCounts)> {
        self.labels.iter().flat_map(|(label, values)| {
            values.iter().map(move |(value, counts)| (label.as_str(), value.as_str(), *counts))
        })
    }

    /// The label that explains the errors best: `92% of the errors with route=/pay (8% of the requests)`.
    fn label(&self) -> Option<String> {
        let total = self.all.clamped();
        let share = |part, whole| TickCounts { requests: whole, errors: part }.rate().unwrap_or(0.0);
        let named = self.counted().filter_map(|(label, value, counts)| {
            let (errors, requests) = (share(counts.errors, total.errors), share(counts.requests, total.requests));
            (errors >= SHARE && errors >= requests * LIFT).then_some((errors, requests, label, value))
        });
        // Of those that carry the most errors the one that carries the fewest requests; of two that go together the route.
        let is_route = |label: &str| ROUTES.contains(&label);
        let (errors, requests, label, value) = named.min_by(|a, b| {
            let by_counts = b.0.total_cmp(&a.0).then(a.1.total_cmp(&b.1));
            by_counts.then(is_route(b.2).cmp(&is_route(a.2)))
        })?;
        Some(format!("{} of the errors with {label}={value} ({} of the requests)", percent(errors), percent(requests)))
    }

    /// The routes with failed requests, the most failures first, with what came to each; empty where no series names its route.
    pub fn routes(&self) -> Vec<(&str, TickCounts)> {
        let of = |name: &str| -> Vec<(&str, TickCounts)> {
            let here = self.labels.get(name).into_iter().flatten().filter(|(_, counts)| counts.errors > 0);
            here.map(|(value, counts)| (value.as_str(), *counts)).collect()
        };
        let errors = |routes: &Vec<(&str, TickCounts)>| routes.iter().map(|(_, counts)| counts.errors).sum::<u64>();
        let mut routes = ROUTES.into_iter().map(of).max_by_key(errors).unwrap_or_default();
        routes.sort_unstable_by(|a, b| b.1.errors.cmp(&a.1.errors).then(a.0.cmp(b.0)));
        routes
    }

    /// `12% of the errors on labels beyond the first 1,000`, where that is worth saying.
    fn remainder(&self) -> Option<String> {
        let share = TickCounts { requests: self.all.errors, errors: self.untracked }.clamped().rate()?;
        (share >= 0.1).then(|| format!("{} of the errors on labels beyond the first 1,000", percent(share)))
    }

    /// The instance and the label that most of the errors are on, and what is not known. None where nothing stands out.
    pub fn sentence(&self, instances: &[(&str, TickCounts)]) -> Option<String> {
        let all = instances.iter().fold(TickCounts::default(), |sum, (_, counts)| sum.plus(*counts));
        if all.errors < ERRORS {
            return None;
        }
        let parts: Vec<_> = [instance(instances, all), self.label(), self.remainder()].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// `67% of the errors on 10.0.0.8:3002`, where one of several has most of them, and not for having most of the requests.
fn instance(instances: &[(&str, TickCounts)], all: TickCounts) -> Option<String> {
    let share = |part, whole| TickCounts { requests: whole, errors: part }.rate().unwrap_or(0.0);
    let most = instances.iter().max_by_key(|(_, counts)| counts.errors).filter(|_| instances.len() > 1);
    let (name, counts) = most?;
    let (errors, requests) = (share(counts.errors, all.errors), share(counts.requests, all.requests));
    if errors < SHARE || errors < requests * LIFT {
        return None;
    }
    let bare = name.split_once("://").map_or(*name, |(_, rest)| rest).trim_end_matches('/');
    Some(format!("{} of the errors on {bare}", percent(errors)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label_count(label: &str, value: &str, requests: u64, errors: u64) -> LabelCounts {
        LabelCounts { label: label.into(), value: value.to_owned(), counts: TickCounts { requests, errors } }
    }

    fn attribution(requests: u64, errors: u64, label_counts: Vec<LabelCounts>) -> Attribution {
        Attribution { all: TickCounts { requests, errors }, label_counts, untracked: 0 }
    }

    const ONE: &str = "http://10.0.0.7:3002";

    fn on(requests: u64, errors: u64) -> TickCounts {
        TickCounts { requests, errors }
    }

    #[test]
    fn the_label_that_explains_the_errors_is_named_and_one_that_all_requests_carry_is_not() {
        let mut errors_by_label = ErrorAttribution::default();
        for _ in 0..2 {
            let label_counts = vec![
                label_count("handler_id", "pay", 9, 8),
                label_count("method", "POST", 90, 10),
                label_count("route", "/pay", 9, 8),
                label_count("region", "eu", 40, 4),
            ];
            errors_by_label.enter(&attribution(100, 10, label_counts));
        }
        assert_eq!(
            errors_by_label.sentence(&[(ONE, on(200, 20))]).as_deref(),
            Some("80% of the errors with route=/pay (9% of the requests)")
        );
    }

    #[test]
    fn labels_that_say_nothing_blame_nobody() {
        // The counter has no label but its status; one route for everything; errors as every request is.
        for label_counts in [
            vec![],
            vec![label_count("route", "/pay", 100, 30)],
            vec![
                label_count("method", "GET", 70, 21),
                label_count("route", "/a", 50, 15),
                label_count("route", "/b", 50, 15),
            ],
        ] {
            let mut errors_by_label = ErrorAttribution::default();
            errors_by_label.enter(&attribution(100, 30, label_counts.clone()));
            assert_eq!(errors_by_label.sentence(&[(ONE, on(100, 30))]), None, "{label_counts:?}");
        }
    }

    #[test]
    fn the_instance_comes_first_and_few_errors_blame_nobody() {
        let errors_by_label = ErrorAttribution::default();
        let two = [(ONE, on(50, 8)), ("http://10.0.0.8:3002/", on(50, 2))];
        assert_eq!(errors_by_label.sentence(&two).as_deref(), Some("80% of the errors on 10.0.0.7:3002"));
        assert_eq!(errors_by_label.sentence(&[(ONE, on(50, 5)), ("http://b", on(50, 5))]), None, "they are spread");
        assert_eq!(errors_by_label.sentence(&[(ONE, on(50, 2)), ("http://b", on(50, 0))]), None);
        let uneven = [(ONE, on(80, 8)), ("http://b", on(20, 2))];
        assert_eq!(
            errors_by_label.sentence(&uneven),
            None,
            "it has most of the errors because it has most of the requests"
        );
        assert_eq!(
            errors_by_label.sentence(&[(ONE, on(99, 50))]),
            None,
            "one instance, and no label that says anything"
        );
    }

    #[test]
    fn routes_are_those_of_the_label_with_the_most_failures() {
        let mut errors_by_label = ErrorAttribution::default();
        assert_eq!(errors_by_label.routes(), []);
        let label_counts = vec![
            label_count("path", "/only-some", 4, 1),
            label_count("route", "/cart", 40, 2),
            label_count("route", "/pay", 9, 8),
            label_count("status", "500", 10, 10),
        ];
        errors_by_label.enter(&attribution(100, 10, label_counts));
        assert_eq!(errors_by_label.routes(), [("/pay", on(9, 8)), ("/cart", on(40, 2))]);
    }

    #[test]
    fn what_is_beyond_the_first_thousand_labels_is_stated() {
        let mut errors_by_label = ErrorAttribution::default();
        for user in 0..1_250 {
            errors_by_label.enter(&attribution(10, 1, vec![label_count("user", &user.to_string(), 1, 1)]));
        }
        assert_eq!(
            errors_by_label.sentence(&[(ONE, on(12_500, 1_250))]).as_deref(),
            Some("20% of the errors on labels beyond the first 1,000")
        );
    }
}
