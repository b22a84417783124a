//! In which unit a histogram measures time.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LatencyUnit {
    /// As the histogram's name or its page says.
    #[default]
    Auto,
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

/// Histograms that carry no unit in their names because a document fixes it, in milliseconds a unit.
///
/// * OpenTelemetry: <https://opentelemetry.io/docs/specs/semconv/http/http-metrics/> and, for `http.server.duration`, the same
///   page before 1.23; <https://opentelemetry.io/docs/specs/semconv/rpc/rpc-metrics/>.
/// * Envoy: <https://www.envoyproxy.io/docs/envoy/latest/configuration/upstream/cluster_manager/cluster_stats> and
///   <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/stats>, `_rq_time` in milliseconds.
const DOCUMENTED: [(&str, f64); 6] = [
    ("http_server_request_duration", 1000.0),
    ("http_server_duration", 1.0),
    ("rpc_server_call_duration", 1000.0),
    ("rpc_server_duration", 1.0),
    ("envoy_cluster_upstream_rq_time", 1.0),
    ("envoy_http_downstream_rq_time", 1.0),
];

const DURATION: [&str; 12] = [
    "duration",
    "durations",
    "latency",
    "latencies",
    "time",
    "times",
    "timing",
    "timings",
    "elapsed",
    "handling",
    "processing",
    "took",
];

impl LatencyUnit {
    /// How many milliseconds one unit has in a histogram of this name, whose page says a unit or not; none where nothing says it.
    pub fn milliseconds(self, name: &str, on_page: Option<f64>) -> Option<f64> {
        let documented = || {
            let name = words(name).join("_");
            DOCUMENTED.iter().find(|(known, _)| *known == name).map(|(_, unit)| *unit)
        };
        match self {
            Self::Auto => in_name(name).or(on_page).or_else(documented),
            Self::Seconds => Some(1000.0),
            Self::Milliseconds => Some(1.0),
            Self::Microseconds => Some(0.001),
            Self::Nanoseconds => Some(0.000_001),
        }
    }
}

/// How many milliseconds a unit of time has, as a `# UNIT` line or the metadata of a metric writes it; none for other units.
pub fn unit_of_time(unit: &str) -> Option<f64> {
    short(unit).or_else(|| long(&unit.to_lowercase()))
}

/// Whether a word of a metric's name speaks of the time that something takes.
pub fn speaks_of_time(word: &str) -> bool {
    DURATION.contains(&word) || long(word).is_some()
}

/// The unit in a metric's name: its last word that is one.
pub fn in_name(name: &str) -> Option<f64> {
    let words = words(name);
    // What is behind `by` says how it is divided.
    let end = words.iter().position(|word| word == "by").unwrap_or(words.len());
    let words = &words[..end];
    let at = |at: usize| words.get(at).map_or("", String::as_str);
    let is_unit = |place: usize| {
        let beside = |word: &str| DURATION.contains(&word) || word.starts_with("hist") || word == "bucket";
        // `us` is also a country, and `ms` a service: they stand at the end, or beside a word for time.
        let is_clear = place + 1 == words.len() || beside(at(place + 1)) || (place > 0 && beside(at(place - 1)));
        long(at(place)).or_else(|| short(at(place)).filter(|_| is_clear))
    };
    (0..words.len()).rev().find_map(is_unit)
}

fn long(word: &str) -> Option<f64> {
    match word {
        "minute" | "minutes" => Some(60_000.0),
        "second" | "seconds" | "sec" | "secs" => Some(1000.0),
        "millisecond" | "milliseconds" | "millis" | "msec" | "msecs" => Some(1.0),
        "microsecond" | "microseconds" | "micros" | "usec" | "usecs" => Some(0.001),
        "nanosecond" | "nanoseconds" | "nanos" | "nsec" | "nsecs" => Some(0.000_001),
        _ => None,
    }
}

/// Symbols, by UCUM where it has one.
fn short(word: &str) -> Option<f64> {
    match word {
        "min" => Some(60_000.0),
        "s" => Some(1000.0),
        "ms" => Some(1.0),
        "us" | "µs" | "μs" => Some(0.001),
        "ns" => Some(0.000_001),
        _ => None,
    }
}

/// The words of a name in lower case: `http.server.requestDuration` has four.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for character in name.chars() {
        if !character.is_alphanumeric() || (character.is_uppercase() && after_lower) {
            words.push(String::new());
        }
        after_lower = character.is_lowercase() || character.is_ascii_digit();
        if let Some(word) = words.last_mut().filter(|_| character.is_alphanumeric()) {
            word.extend(character.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_is_the_last_word_of_the_name_that_is_one() {
        for (name, unit) in [
            ("http_request_duration_seconds", Some(1000.0)),
            ("http_request_duration_ms", Some(1.0)),
            ("http_request_ms_duration", Some(1.0)),
            ("http.server.request.duration_seconds", Some(1000.0)),
            ("http.server.duration.ms", Some(1.0)),
            ("httpRequestDurationMs", Some(1.0)),
            ("requestLatencyMicros", Some(0.001)),
            ("sanic_request_latency_sec", Some(1000.0)),
            ("request_time_us", Some(0.001)),
            ("request_duration_us_histogram", Some(0.001)),
            ("request_nanoseconds", Some(0.000_001)),
            ("request_ns", Some(0.000_001)),
            ("django_http_requests_latency_seconds_by_view_method", Some(1000.0)),
            ("ms_gateway_request_duration_seconds", Some(1000.0)),
            ("milliseconds_gateway_request_seconds", Some(1000.0)),
            ("ms_gateway_request_size", None),
            ("request_time_us", Some(0.001)),
            ("us_orders_request_duration", None),
            ("http_request_duration", None),
            ("http_requests_by_seconds", None),
            ("", None),
        ] {
            assert_eq!(in_name(name), unit, "{name}");
        }
    }

    #[test]
    fn what_is_set_goes_before_the_name_then_the_page_then_the_documents() {
        let of = |unit: LatencyUnit, name: &str, page: Option<f64>| unit.milliseconds(name, page);
        assert_eq!(of(LatencyUnit::Milliseconds, "took_seconds", Some(1000.0)), Some(1.0));
        assert_eq!(of(LatencyUnit::Microseconds, "took", None), Some(0.001));
        assert_eq!(of(LatencyUnit::Nanoseconds, "took", None), Some(0.000_001));
        assert_eq!(of(LatencyUnit::Auto, "took_seconds", Some(1.0)), Some(1000.0));
        assert_eq!(of(LatencyUnit::Auto, "took", Some(1.0)), Some(1.0));
        assert_eq!(of(LatencyUnit::Auto, "http.server.duration", Some(1000.0)), Some(1000.0));
        assert_eq!(of(LatencyUnit::Auto, "http.server.duration", None), Some(1.0));
        assert_eq!(of(LatencyUnit::Auto, "http_server_request_duration", None), Some(1000.0));
        assert_eq!(of(LatencyUnit::Auto, "took", None), None);
    }

    #[test]
    fn units_of_a_page_are_words_or_symbols() {
        for (unit, expected) in [
            ("seconds", Some(1000.0)),
            ("s", Some(1000.0)),
            ("Milliseconds", Some(1.0)),
            ("ms", Some(1.0)),
            ("µs", Some(0.001)),
            ("MS", None),
            ("By", None),
            ("1", None),
            ("{request}", None),
        ] {
            assert_eq!(unit_of_time(unit), expected, "{unit}");
        }
    }
}
