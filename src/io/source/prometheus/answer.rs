//! The answers of the HTTP API (<https://prometheus.io/docs/prometheus/latest/querying/api/>).

use std::collections::BTreeMap;

use crate::config::scrub;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// In characters.
const MAX_MESSAGE: usize = 300;

#[derive(Debug, Deserialize)]
pub struct Wrapped<T> {
    status: String,
    data: Option<T>,
    error: Option<String>,
    #[serde(default)]
    warnings: Vec<String>,
}

#[derive(Debug, Default, PartialEq)]
pub struct Told<T> {
    pub data: T,
    /// Such as of missing data; printable.
    pub warnings: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
pub enum Outcome {
    Vector(Vec<Series>),
    Scalar(Value),
    Matrix(IgnoredAny),
    String(IgnoredAny),
}

#[derive(Debug, Deserialize)]
pub struct Series {
    /// With the name under `__name__`.
    pub metric: BTreeMap<String, String>,
    /// `None` for a native histogram.
    pub value: Option<Value>,
}

/// Unix seconds, and the number as text.
#[derive(Debug, Deserialize)]
pub struct Value(pub f64, pub String);

impl Value {
    /// NaN if it is no number.
    pub fn number(&self) -> f64 {
        self.1.parse().unwrap_or(f64::NAN)
    }
}

/// The answer of `/api/v1/rules`.
#[derive(Debug, Default, Deserialize)]
pub struct Rules {
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Debug, Deserialize)]
struct Group {
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
struct Rule {
    name: String,
}

impl Rules {
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().flat_map(|group| &group.rules).map(|rule| rule.name.as_str())
    }
}

impl<T> Wrapped<T> {
    /// The content, or the API's error.
    pub fn open(self) -> Result<Told<T>, String> {
        match self.data {
            Some(data) if self.status == "success" => {
                Ok(Told { data, warnings: self.warnings.iter().map(|text| printable(text)).collect() })
            }
            _ => Err(self.error.map_or_else(|| "it gives no reason".to_owned(), |error| printable(&error))),
        }
    }
}

/// The number of series in an answer to a query, or of rules; or what is wrong with it.
pub fn read_answer(body: &[u8]) -> Result<usize, String> {
    if let Ok(wrapped) = serde_json::from_slice::<Wrapped<Outcome>>(body) {
        return wrapped.open().map(|told| match told.data {
            Outcome::Vector(series) => {
                series.iter().filter(|one| one.value.as_ref().is_some_and(|value| value.number().is_finite())).count()
            }
            Outcome::Scalar(value) => usize::from(value.number().is_finite()),
            Outcome::Matrix(_) | Outcome::String(_) => 0,
        });
    }
    let rules: Wrapped<Rules> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    rules.open().map(|told| told.data.names().count())
}

/// Foreign text on one line, without known secrets, shortened.
pub fn printable(text: &str) -> String {
    let text = scrub(text);
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_MESSAGE + 1).collect();
    match line.char_indices().nth(MAX_MESSAGE) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Told<Outcome>, String> {
        serde_json::from_str::<Wrapped<Outcome>>(text).map_err(|error| error.to_string())?.open()
    }

    #[test]
    fn a_vector_and_a_scalar_are_read_with_their_warnings() {
        let vector = r#"{"status":"success","data":{"resultType":"vector","result":[
            {"metric":{"__name__":"up","job":"a"},"value":[1700000000.5,"1"]},
            {"metric":{},"histogram":[1700000000.5,{"count":"1"}]}]},"warnings":["one store\nis away"],"infos":["x"]}"#;
        let told = read(vector).unwrap();
        let Outcome::Vector(series) = told.data else { panic!() };
        assert_eq!(series[0].value.as_ref().map(Value::number), Some(1.0));
        assert!(series[1].value.is_none() && series[0].metric["job"] == "a");
        assert_eq!(told.warnings, ["one store is away"]);
        let scalar = r#"{"status":"success","data":{"resultType":"scalar","result":[1,"NaN"]}}"#;
        assert!(matches!(read(scalar).unwrap().data, Outcome::Scalar(value) if value.number().is_nan()));
        for kind in ["matrix", "string"] {
            let text = format!(r#"{{"status":"success","data":{{"resultType":"{kind}","result":[]}}}}"#);
            assert!(matches!(read(&text).unwrap().data, Outcome::Matrix(_) | Outcome::String(_)));
        }
    }

    #[test]
    fn an_error_is_told_in_the_words_of_the_api_and_bounded() {
        let error = r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#;
        assert_eq!(read(error).unwrap_err(), "parse error");
        assert_eq!(read(r#"{"status":"error"}"#).unwrap_err(), "it gives no reason");
        let vector = br#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2"]}]}}"#;
        assert_eq!(read_answer(vector), Ok(1));
        let rules = br#"{"status":"success","data":{"groups":[{"rules":[{"name":"a"},{"name":"b"}]}]}}"#;
        assert_eq!((read_answer(rules), read_answer(b"<html>").is_err()), (Ok(2), true));
        assert!(read("{}").is_err() && read("<html>").is_err());
        assert_eq!(printable(&"é".repeat(400)).chars().count(), MAX_MESSAGE + 1);
    }
}
