//! What is asked of Prometheus: where it is, and the checks that are queries.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::duration::parse_duration;
use crate::model::number::duration_exact;
use measure::invalid::{Result, ensure, invalid};

const MAX_QUERIES: usize = 20;
const MAX_QUERY_BYTES: usize = 4_000;
const MAX_HOLD: Duration = Duration::from_mins(10);
/// How long a value has to stay beyond its threshold, where nothing is said: a single odd value moves no traffic.
const DEFAULT_HOLD: Duration = Duration::from_secs(10);
/// Names of checks and keys that mean something else.
const RESERVED: [&str; 4] = ["error-rate", "latency", "readiness", "queries"];
/// What is filled in between `{{` and `}}`.
const BLANKS: [&str; 4] = ["color", "previous", "service", "seconds"];

/// Where a check's numbers come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// The metrics pages of the instances.
    #[default]
    Instances,
    /// Queries to Prometheus.
    Prometheus,
}

/// A text of PromQL in which `{{color}}`, `{{previous}}`, `{{service}}` and `{{seconds}}` are filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromQl(String);

/// What stands for the blanks of a [`PromQl`].
#[derive(Clone, Copy, Debug)]
pub struct Blanks<'a> {
    pub color: &'a str,
    pub previous: &'a str,
    pub service: &'a str,
    /// Whole seconds since the switch, at least 1.
    pub seconds: u64,
}

impl PromQl {
    /// A text without NUL, of at most 4,000 bytes, whose blanks are known ones.
    pub fn new(text: &str) -> Result<Self> {
        ensure(!text.trim().is_empty(), "the query is blank")?;
        ensure(text.len() <= MAX_QUERY_BYTES, format!("the query is longer than {MAX_QUERY_BYTES} bytes"))?;
        ensure(!text.contains('\0'), "the query contains a NUL character")?;
        let mut rest = text;
        while let Some((_, after)) = rest.split_once("{{") {
            let (name, behind) = after.split_once("}}").ok_or("`{{` has no `}}`")?;
            if !BLANKS.contains(&name) {
                let known = BLANKS.map(|name| format!("{{{{{name}}}}}")).join(", ");
                return invalid(format!("`{{{{{name}}}}}` is not one of {known}"));
            }
            rest = behind;
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn fill(&self, blanks: Blanks<'_>) -> String {
        let seconds = blanks.seconds.max(1).to_string();
        let values = [blanks.color, blanks.previous, blanks.service, &seconds];
        BLANKS
            .iter()
            .zip(values)
            .fold(self.0.clone(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bound {
    #[default]
    Above,
    Below,
}

/// What a query check asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The value of a query.
    Value(PromQl),
    /// Whether one of these alerts fires, each a name, perhaps with matchers: `HighErrorRate{severity="page"}`.
    Alerts(Vec<PromQl>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct QueryConfig {
    /// `[a-z][a-z0-9-]{0,39}`.
    pub name: String,
    pub asked: Asked,
    /// What the value is judged against; 0 for alerts, of which none may fire.
    pub threshold: f64,
    pub breach: Bound,
    pub hold: Duration,
    /// Whether the soak needs this check `healthy` to end `retained`.
    pub required: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alerts: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    breach: Option<Bound>,
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    hold: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required: Option<bool>,
}

/// Reads a JSON object of checks by their names. All that is wrong is in the error.
pub fn parse(text: &str) -> Result<Vec<QueryConfig>> {
    let checks: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(text.as_bytes()).map_err(|error| format!("not a JSON object of checks: {error}"))?;
    ensure(!checks.is_empty(), "no check is given")?;
    ensure(checks.len() <= MAX_QUERIES, format!("more than {MAX_QUERIES} checks"))?;
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (name, check) in checks {
        match one(&name, check) {
            Ok(check) => good.push(check),
            Err(why) => bad.push(format!("checks.{}: {why}", name.escape_debug())),
        }
    }
    if bad.is_empty() { Ok(good) } else { invalid(bad.join("; ")) }
}

/// The checks as [`parse`] reads them.
pub fn format(checks: &[QueryConfig]) -> String {
    let mut written: BTreeMap<&str, Written> = BTreeMap::new();
    for check in checks {
        written.insert(&check.name, check.written());
    }
    serde_json::to_string(&written).unwrap_or_default()
}

fn one(name: &str, check: serde_json::Value) -> Result<QueryConfig> {
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    let rest = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    ensure(
        first && rest && name.len() <= 40 && !RESERVED.contains(&name),
        format!("a name is [a-z][a-z0-9-]{{0,39}}, and none of {}", RESERVED.join(", ")),
    )?;
    let told = |error: serde_json::Error| error.to_string().replace("expected f64", "expected a number");
    let written: Written = serde_json::from_value(check).map_err(told)?;
    let (asked, threshold, hold) = match (&written.query, &written.alerts) {
        (Some(query), None) => {
            let threshold = written.threshold.ok_or("a query needs a `threshold`")?;
            (Asked::Value(PromQl::new(query)?), threshold, DEFAULT_HOLD)
        }
        (None, Some(alerts)) => {
            ensure(
                written.threshold.is_none() && written.breach.is_none(),
                "alerts have neither `threshold` nor `breach`: none of them may fire",
            )?;
            ensure(!alerts.is_empty(), "`alerts` is empty")?;
            let alerts = alerts.iter().map(|alert| self::alert(alert)).collect::<Result<_>>()?;
            // An alert's rule has a `for` of its own.
            (Asked::Alerts(alerts), 0.0, Duration::ZERO)
        }
        _ => return invalid("needs either `query` or `alerts`"),
    };
    ensure(threshold.is_finite(), "`threshold` is not a number")?;
    let hold = match &written.hold {
        Some(text) => parse_duration(text).map_err(|why| format!("`for`: {why}"))?,
        None => hold,
    };
    ensure(hold <= MAX_HOLD, format!("`for` is longer than {}", duration_exact(MAX_HOLD)))?;
    Ok(QueryConfig {
        name: name.to_owned(),
        asked,
        threshold,
        breach: written.breach.unwrap_or_default(),
        hold,
        required: written.required.unwrap_or(true),
    })
}

/// `HighErrorRate`, or with matchers `HighErrorRate{severity="page"}`.
fn alert(text: &str) -> Result<PromQl> {
    let name = text.split('{').next().unwrap_or_default();
    let matchers = &text[name.len()..];
    ensure(
        !name.trim().is_empty() && (matchers.is_empty() || matchers.ends_with('}')),
        format!("`{}` is not an alert: expected Name or Name{{label=\"value\"}}", text.escape_debug()),
    )?;
    PromQl::new(text)
}

impl QueryConfig {
    fn written(&self) -> Written {
        let (query, alerts) = match &self.asked {
            Asked::Value(query) => (Some(query.as_str().to_owned()), None),
            Asked::Alerts(alerts) => (None, Some(alerts.iter().map(|alert| alert.as_str().to_owned()).collect())),
        };
        let value = query.is_some();
        Written {
            query,
            alerts,
            threshold: value.then_some(self.threshold),
            breach: value.then_some(self.breach),
            hold: Some(duration_exact(self.hold)),
            required: Some(self.required),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_read_and_written_so_that_they_are_read_again() {
        let text = r#"{"queue":{"query":"sum(depth{c=\"{{color}}\"})","threshold":100},
            "pages":{"alerts":["HighErrorRate","Slow{severity=\"page\"}"],"required":false},
            "up":{"query":"up","threshold":0.5,"breach":"below","for":"0s"}}"#;
        let checks = parse(text).unwrap();
        let names: Vec<_> = checks.iter().map(|check| check.name.as_str()).collect();
        assert_eq!(names, ["pages", "queue", "up"]);
        assert_eq!((checks[1].hold, checks[1].breach, checks[1].required), (DEFAULT_HOLD, Bound::Above, true));
        assert_eq!((checks[0].hold, checks[0].required), (Duration::ZERO, false));
        assert_eq!((checks[2].hold, checks[2].breach), (Duration::ZERO, Bound::Below));
        assert_eq!(parse(&format(&checks)).unwrap(), checks);
    }

    #[test]
    fn what_is_wrong_with_a_check_is_said_with_its_name() {
        for (text, why) in [
            ("[]", "not a JSON object of checks"),
            ("{}", "no check is given"),
            (r#"{"Q":{"query":"a","threshold":1}}"#, "checks.Q: a name is [a-z][a-z0-9-]{0,39}"),
            (r#"{"latency":{"query":"a","threshold":1}}"#, "checks.latency: a name is"),
            (r#"{"q":{"threshold":1}}"#, "checks.q: needs either `query` or `alerts`"),
            (r#"{"q":{"query":"a","alerts":["b"]}}"#, "checks.q: needs either"),
            (r#"{"q":{"query":"a","threshold":"1"}}"#, "checks.q: invalid type: string \"1\", expected a number"),
            (r#"{"q":{"query":"a"}}"#, "checks.q: a query needs a `threshold`"),
            (r#"{"q":{"query":" ","threshold":1}}"#, "checks.q: the query is blank"),
            (r#"{"q":{"query":"a","treshold":1}}"#, "checks.q: unknown field `treshold`"),
            (r#"{"q":{"query":"a","threshold":1,"for":"30"}}"#, "checks.q: `for`: "),
            (r#"{"q":{"query":"a","threshold":1,"for":"1h"}}"#, "checks.q: `for` is longer than 10m"),
            (r#"{"q":{"query":"a","threshold":1,"breach":"over"}}"#, "checks.q: unknown variant `over`"),
            (r#"{"q":{"query":"{{colour}}","threshold":1}}"#, "checks.q: `{{colour}}` is not one of {{color}}"),
            (r#"{"q":{"query":"a{{color","threshold":1}}"#, "checks.q: `{{` has no `}}`"),
            (r#"{"q":{"alerts":[]}}"#, "checks.q: `alerts` is empty"),
            (r#"{"q":{"alerts":["{a=\"b\"}"]}}"#, "checks.q: `{a=\\\"b\\\"}` is not an alert"),
            (r#"{"q":{"alerts":["A"],"threshold":1}}"#, "checks.q: alerts have neither"),
        ] {
            let found = parse(text).unwrap_err();
            assert!(found.starts_with(why), "{text}: {found}");
        }
        let two = parse(r#"{"a":{},"b":{}}"#).unwrap_err();
        assert!(two.contains("checks.a: ") && two.contains("; checks.b: "), "{two}");
        let many: Vec<_> = (0..21).map(|n| format!(r#""q{n}":{{"query":"a","threshold":1}}"#)).collect();
        assert!(parse(&format!("{{{}}}", many.join(","))).unwrap_err().contains("more than 20"));
        assert!(PromQl::new(&"a".repeat(4_001)).is_err() && PromQl::new("a\0").is_err());
    }

    #[test]
    fn blanks_are_filled_in() {
        let query = PromQl::new("a{c=\"{{color}}\",p=\"{{previous}}\",s=\"{{service}}\"}[{{seconds}}s]").unwrap();
        let blanks = Blanks { color: "green", previous: "blue", service: "shop", seconds: 0 };
        assert_eq!(query.fill(blanks), "a{c=\"green\",p=\"blue\",s=\"shop\"}[1s]");
    }
}
