//! The known name that a mistyped one most likely meant.

/// Below this likeness (0 to 1) a suggestion would only mislead.
const MIN_LIKENESS: f64 = 0.5;

/// The candidate most like `name`. A name without its section is compared with the last part of each candidate too.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |candidate: &str| {
        let last = candidate.rsplit('.').next().unwrap_or(candidate);
        let whole = strsim::normalized_damerau_levenshtein(name, candidate);
        whole.max(strsim::normalized_damerau_levenshtein(name, last))
    };
    candidates
        .into_iter()
        .map(|candidate| (likeness(candidate), candidate))
        .filter(|(likeness, _)| *likeness >= MIN_LIKENESS)
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, candidate)| candidate)
}

/// `; did you mean …?`, or nothing.
pub fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_or_none() {
        let names = ["soak.window", "soak.warmup", "checks.error-rate.threshold"];
        for (name, found) in [
            ("soak.windw", Some("soak.window")),
            ("window", Some("soak.window")),
            ("treshold", Some("checks.error-rate.threshold")),
            ("database", None),
        ] {
            assert_eq!(nearest(name, names), found, "{name}");
        }
    }
}
