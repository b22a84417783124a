//! Many settings from lists of values: `threshold=1%,2%,5%`.

use std::str::FromStr;

/// Settings that can be swept: their flags and configuration keys.
const SWEPT: [(&str, &str); 6] = [
    ("threshold", "checks.error-rate.threshold"),
    ("min-requests", "checks.error-rate.min_requests"),
    ("method", "checks.error-rate.method"),
    ("false-alarm", "checks.error-rate.false_alarm"),
    ("window", "soak.window"),
    ("interval", "soak.interval"),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    pub key: &'static str,
    /// The values, at least one, as they would stand in the flag.
    pub values: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SweepError {
    #[error("`{0}` is not a sweep: expected KEY=VALUE,VALUE,… such as threshold=1%,2%,5%")]
    Form(String),
    #[error("`{0}` cannot be swept: expected threshold, min-requests, method, false-alarm, window or interval")]
    Key(String),
}

impl FromStr for Sweep {
    type Err = SweepError;

    fn from_str(text: &str) -> Result<Self, SweepError> {
        let (name, values) = text.split_once('=').ok_or_else(|| SweepError::Form(text.to_owned()))?;
        let plain = name.trim().replace('_', "-");
        let known = SWEPT.into_iter().find(|(flag, _)| *flag == plain);
        let (_, key) = known.ok_or_else(|| SweepError::Key(name.trim().to_owned()))?;
        let values: Vec<String> = values.split(',').map(|value| value.trim().to_owned()).collect();
        if values.iter().any(String::is_empty) {
            return Err(SweepError::Form(text.to_owned()));
        }
        Ok(Self { key, values })
    }
}

/// Every combination of the sweeps' values, the last sweep changing fastest; one empty combination without a sweep.
pub fn product(sweeps: &[Sweep]) -> Vec<Vec<(&'static str, String)>> {
    let mut all = vec![Vec::new()];
    for sweep in sweeps {
        all = all
            .into_iter()
            .flat_map(|before| {
                sweep.values.iter().map(move |value| {
                    let mut pairs: Vec<(&'static str, String)> = before.clone();
                    pairs.push((sweep.key, value.clone()));
                    pairs
                })
            })
            .collect();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_names_a_setting_and_its_values() {
        let sweep: Sweep = "threshold=1%, 2%,5%".parse().unwrap();
        assert_eq!(
            (sweep.key, &sweep.values[..]),
            ("checks.error-rate.threshold", &["1%", "2%", "5%"].map(str::to_owned)[..])
        );
        assert_eq!("min_requests=5".parse::<Sweep>().unwrap().key, "checks.error-rate.min_requests");
    }

    #[test]
    fn nonsense_is_refused_with_an_example() {
        for (text, what) in [
            ("threshold", "`threshold` is not a sweep: expected KEY=VALUE,VALUE,… such as threshold=1%,2%,5%"),
            ("threshold=1%,", "`threshold=1%,` is not a sweep: expected KEY=VALUE,VALUE,… such as threshold=1%,2%,5%"),
            (
                "grace=1s",
                "`grace` cannot be swept: expected threshold, min-requests, method, false-alarm, window or interval",
            ),
        ] {
            assert_eq!(text.parse::<Sweep>().unwrap_err().to_string(), what);
        }
    }

    #[test]
    fn sweeps_multiply() {
        let sweeps = ["threshold=1%,2%".parse().unwrap(), "method=evidence,window".parse().unwrap()];
        let all = product(&sweeps);
        let texts: Vec<_> = all.iter().map(|pairs| format!("{} {}", pairs[0].1, pairs[1].1)).collect();
        assert_eq!(texts, ["1% evidence", "1% window", "2% evidence", "2% window"]);
        assert_eq!(product(&[]), [Vec::new()]);
    }
}
