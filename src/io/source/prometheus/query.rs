//! The value of a query, and the alerts that fire.

use std::collections::BTreeMap;

use super::answer::{Outcome, Series, Told, printable};
use super::api::Api;
use crate::config::{Asked, Blanks, PromQl};
use crate::core::soak::Answer;

const MAX_ALERTS: usize = 100;

#[derive(Debug)]
pub struct Querier {
    api: Api,
    asked: Asked,
    /// The rules found, or that the API shows none.
    rules: Option<Rules>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rules {
    Known,
    Hidden,
}

impl Querier {
    pub const fn new(api: Api, asked: Asked) -> Self {
        Self { api, asked, rules: None }
    }

    pub const fn asks_for_alerts(&self) -> bool {
        matches!(self.asked, Asked::Alerts(_))
    }

    /// Now, or at a past time (Unix milliseconds).
    pub async fn ask(&mut self, blanks: Blanks<'_>, at_ms: Option<i64>) -> Answer {
        let asked = match &self.asked {
            Asked::Value(query) => self.value(&query.fill(blanks), at_ms).await,
            Asked::Alerts(alerts) => {
                let filled: Vec<String> = alerts.iter().map(|alert| PromQl::fill(alert, blanks)).collect();
                self.alerts(&filled, at_ms).await
            }
        };
        asked.unwrap_or_else(Answer::Failed)
    }

    async fn value(&self, query: &str, at_ms: Option<i64>) -> Result<Answer, String> {
        let Told { data, warnings } = self.api.query(query, at_ms).await.map_err(|error| error.to_string())?;
        let value = number(&data)?;
        Ok(Answer::Value { value, note: note(&warnings) })
    }

    async fn alerts(&mut self, alerts: &[String], at_ms: Option<i64>) -> Result<Answer, String> {
        self.know_rules(alerts).await?;
        let query = alerts.iter().map(|alert| firing(alert)).collect::<Vec<_>>().join(" or ");
        let Told { data, mut warnings } = self.api.query(&query, at_ms).await.map_err(|error| error.to_string())?;
        let Outcome::Vector(series) = data else { return Err("the answer is not a list of alerts".to_owned()) };
        if self.rules == Some(Rules::Hidden) {
            warnings.push("cannot check whether the alerting rule exists".to_owned());
        }
        let mut alerts: Vec<String> = series.iter().map(|one| name(&one.metric)).collect();
        alerts.sort_unstable();
        alerts.dedup();
        alerts.truncate(MAX_ALERTS);
        Ok(Answer::Firing { alerts, note: note(&warnings) })
    }

    /// An alert without a rule never fires, which proves nothing; so its rule is looked up until found.
    async fn know_rules(&mut self, alerts: &[String]) -> Result<(), String> {
        if self.rules.is_some() {
            return Ok(());
        }
        let Ok(told) = self.api.rules().await else {
            self.rules = Some(Rules::Hidden);
            return Ok(());
        };
        if told.data.names().next().is_none() {
            self.rules = Some(Rules::Hidden);
            return Ok(());
        }
        let unknown =
            alerts.iter().map(|alert| split(alert).0).find(|name| !told.data.names().any(|rule| rule == *name));
        if let Some(name) = unknown {
            return Err(format!("no alerting rule `{name}`"));
        }
        self.rules = Some(Rules::Known);
        Ok(())
    }
}

fn number(outcome: &Outcome) -> Result<f64, String> {
    let value = match outcome {
        Outcome::Scalar(value) => value,
        Outcome::Vector(series) => match series.as_slice() {
            [] => return Err("the query finds no series".to_owned()),
            [Series { value: Some(value), .. }] => value,
            [_] => return Err("the query finds a native histogram instead of a number".to_owned()),
            several => return Err(format!("the query finds {} series instead of one: add them up", several.len())),
        },
        Outcome::Matrix(_) => return Err("the query gives a range of values instead of one".to_owned()),
        Outcome::String(_) => return Err("the query gives a text instead of a number".to_owned()),
    };
    match value.number() {
        number if number.is_nan() => Err("the value is not a number (NaN), as from 0 / 0".to_owned()),
        number if number.is_infinite() => Err("the value is infinite, as of 1 / 0".to_owned()),
        number => Ok(number),
    }
}

fn note(warnings: &[String]) -> Option<String> {
    (!warnings.is_empty()).then(|| warnings.join("; "))
}

/// Name and matchers of an alert: `Slow{severity="page"}`.
fn split(alert: &str) -> (&str, &str) {
    let (name, matchers) = alert.split_once('{').unwrap_or((alert, ""));
    (name.trim(), matchers.trim_end().trim_end_matches('}').trim())
}

/// An alert's series while it fires (<https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/>).
fn firing(alert: &str) -> String {
    let (name, matchers) = split(alert);
    let comma = if matchers.is_empty() { "" } else { "," };
    let name = name.replace('\\', "\\\\").replace('"', "\\\"");
    format!("ALERTS{{alertname=\"{name}\",alertstate=\"firing\"{comma}{matchers}}}")
}

/// For people: `Slow{severity="page"}`.
fn name(labels: &BTreeMap<String, String>) -> String {
    const OWN: [&str; 3] = ["__name__", "alertname", "alertstate"];
    let others = labels.iter().filter(|(label, _)| !OWN.contains(&label.as_str()));
    let others: Vec<String> = others.map(|(label, value)| format!("{label}=\"{value}\"")).collect();
    let alert = labels.get("alertname").map_or("", String::as_str);
    printable(&if others.is_empty() { alert.to_owned() } else { format!("{alert}{{{}}}", others.join(",")) })
}

#[cfg(test)]
mod tests {
    use super::super::answer::Value;
    use super::*;

    fn vector(values: &[&str]) -> Outcome {
        let series = |value: &&str| Series { metric: BTreeMap::new(), value: Some(Value(0.0, (*value).to_owned())) };
        Outcome::Vector(values.iter().map(series).collect())
    }

    #[test]
    fn what_is_no_single_number_has_a_reason_of_its_own() {
        assert_eq!(number(&vector(&["0.25"])), Ok(0.25));
        assert_eq!(number(&Outcome::Scalar(Value(0.0, "-3".to_owned()))), Ok(-3.0));
        for (outcome, why) in [
            (vector(&[]), "finds no series"),
            (vector(&["1", "2"]), "2 series instead of one"),
            (vector(&["NaN"]), "not a number (NaN)"),
            (vector(&["+Inf"]), "infinite"),
            (vector(&["-Inf"]), "infinite"),
            (Outcome::Vector(vec![Series { metric: BTreeMap::new(), value: None }]), "native histogram"),
            (Outcome::Matrix(serde::de::IgnoredAny), "a range of values"),
            (Outcome::String(serde::de::IgnoredAny), "a text"),
        ] {
            let found = number(&outcome).unwrap_err();
            assert!(found.contains(why), "{found}");
        }
    }

    #[test]
    fn alerts_are_asked_for_by_name_and_matchers() {
        assert_eq!(firing("Slow"), "ALERTS{alertname=\"Slow\",alertstate=\"firing\"}");
        assert_eq!(
            firing("Odd \"name\" {severity=\"page\"}"),
            "ALERTS{alertname=\"Odd \\\"name\\\"\",alertstate=\"firing\",severity=\"page\"}"
        );
        let labels = [("__name__", "ALERTS"), ("alertname", "Slow"), ("alertstate", "firing"), ("severity", "page")];
        let labels = labels.map(|(label, value)| (label.to_owned(), value.to_owned())).into();
        assert_eq!(name(&labels), "Slow{severity=\"page\"}");
    }
}
