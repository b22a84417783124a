//! `[checks.*]`: what is judged, and against which threshold.

use std::time::Duration;

use super::key::{Key, Text, Unset};
use crate::config::kind::{self, Entry};
use crate::config::model::{Baseline, Excuse, Method};
use crate::config::query::{PromQl, Source};
use crate::config::values::Ratio;
use measure::matchers::LabelFilter;
use measure::routes::Routes;
use measure::statuses::StatusSet;
use measure::unit::LatencyUnit;
use measure::wanted::Named;

section! {
    #[derive(Clone, Debug, Default)]
    pub struct ErrorRateConfig, rows ERROR_RATE: "checks.error-rate." at |draft| draft.config.error_rate;

    /// Largest acceptable share of failed requests.
    threshold: Ratio {
        default: Text("5%"),
        kind: kind::Share,
        old_env: "SWITCHBACK_ERROR_RATE_THRESHOLD", flag: "threshold",
        example: "5%",
    }

    /// Minimum number of requests for a verdict.
    min_requests: u64 {
        default: Text("20"),
        kind: kind::Count { min: 1_u64, max: 1_000_000 },
        old_env: "SWITCHBACK_MIN_REQUESTS", flag: "min-requests",
        example: "100",
    }

    /// How the error rate is judged.
    method: Method {
        default: Text("evidence"),
        kind: kind::Choice(&[("evidence", Method::Evidence), ("window", Method::Window)]),
        old_env: "SWITCHBACK_ERROR_RATE_METHOD", flag: "method",
        example: "window",
    }

    /// Largest acceptable probability of ever rolling back a release whose error rate is exactly the threshold.
    false_alarm: Ratio {
        default: Text("1%"),
        kind: kind::ShareWithin { min: Ratio(0.000_01), max: Ratio(0.2) },
        old_env: "SWITCHBACK_FALSE_ALARM", flag: "false-alarm",
        example: "0.1%",
    }

    /// Whether the new color is also compared with the previous one: not at all, to report, or to act.
    baseline: Baseline {
        default: Text("warn"),
        kind: kind::Choice(&[("off", Baseline::Off), ("warn", Baseline::Warn), ("judge", Baseline::Judge)]),
        old_env: "SWITCHBACK_BASELINE", flag: "baseline",
        example: "judge",
    }

    /// Counter of requests; auto tries the well-known names, then any counter of requests with a status.
    requests: Named {
        default: Text("auto"),
        kind: kind::Metric,
        old_env: "SWITCHBACK_REQUESTS_METRIC", flag: "requests",
        example: "http_requests_total",
    }

    /// Label that carries the status; auto tries status_code, status, code and similar ones.
    status_label: Named {
        default: Text("auto"),
        kind: kind::Label,
        old_env: "SWITCHBACK_STATUS_LABEL", flag: "status-label",
        example: "status_code",
    }

    /// Statuses that count as errors; 5xx includes gRPC's server errors, words match labels of other kinds.
    errors: StatusSet {
        default: Text("5xx"),
        kind: kind::Statuses,
        old_env: "SWITCHBACK_ERROR_STATUS", flag: "errors",
        example: "5xx,429",
    }

    /// Label filter for the series of this service on the metrics pages; applies to the latency histogram as well.
    series as "match": LabelFilter {
        kind: kind::Series,
        old_env: "SWITCHBACK_ERROR_RATE_MATCH", flag: "match",
        example: "direction=\"inbound\"",
    }

    /// Where requests are counted: on the metrics pages of the instances, or by a query to Prometheus.
    source: Source {
        default: Text("instances"),
        kind: kind::Choice(&[("instances", Source::Instances), ("prometheus", Source::Prometheus)]),
        old_env: "SWITCHBACK_ERROR_RATE_SOURCE",
        example: "prometheus",
    }

    /// Series of the request counter, for source prometheus; {{color}} and {{service}} are filled in.
    selector: Option<PromQl> {
        kind: kind::Query,
        old_env: "SWITCHBACK_ERROR_RATE_SELECTOR",
        example: "http_requests_total{color=\"{{color}}\"}",
    }

    /// Whether this check must be healthy for the soak to end retained; if not, it is only shown and recorded.
    required: bool { default: Text("true"), kind: kind::Switch, flag: "error-rate-required", example: "true" }
}

section! {
    #[derive(Clone, Debug, Default)]
    pub struct LatencyConfig, rows LATENCY: "checks.latency." at |draft| draft.config.latency;

    /// Largest acceptable latency at the quantile; without it, latency is not judged.
    threshold: Option<Duration> {
        kind: kind::Span { min: Duration::from_millis(1), max: Duration::from_hours(1) },
        old_env: "SWITCHBACK_LATENCY_THRESHOLD", flag: "latency-threshold",
        example: "500ms",
    }

    /// Share of requests that must stay within checks.latency.threshold.
    quantile: Ratio {
        default: Text("0.99"),
        kind: kind::ShareWithin { min: Ratio(0.5), max: Ratio(0.9999) },
        old_env: "SWITCHBACK_LATENCY_QUANTILE", flag: "latency-quantile",
        example: "0.95",
    }

    /// Latency histogram, without _bucket; auto takes the one that belongs to the request counter.
    histogram: Named {
        default: Text("auto"),
        kind: kind::Metric,
        old_env: "SWITCHBACK_LATENCY_METRIC", flag: "latency-histogram",
        example: "http_request_duration_seconds",
    }

    /// Unit of the histogram's bounds; auto derives it from the name or from the metrics page.
    unit: LatencyUnit {
        default: Text("auto"),
        kind: kind::Choice(&[
            ("auto", LatencyUnit::Auto),
            ("s", LatencyUnit::Seconds),
            ("ms", LatencyUnit::Milliseconds),
            ("us", LatencyUnit::Microseconds),
            ("ns", LatencyUnit::Nanoseconds),
        ]),
        old_env: "SWITCHBACK_LATENCY_UNIT",
        example: "ms",
    }

    /// Whether as many requests may be slow as on the previous color before the switch, if that is more than the quantile
    /// allows.
    excuse: Excuse {
        default: Text("previous"),
        kind: kind::Choice(&[("previous", Excuse::Previous), ("none", Excuse::None)]),
        old_env: "SWITCHBACK_LATENCY_EXCUSE",
        example: "none",
    }

    /// Routes to leave out of latency only, such as long-lived streams, in addition to requests.ignore_routes.
    ignore_routes: Routes {
        default: Text("none"),
        kind: kind::RouteList,
        old_env: "SWITCHBACK_LATENCY_IGNORE_ROUTES",
        example: "/events,/ws/**",
    }

    /// Where the histogram is read: on the metrics pages of the instances, or by a query to Prometheus.
    source: Source {
        default: Text("instances"),
        kind: kind::Choice(&[("instances", Source::Instances), ("prometheus", Source::Prometheus)]),
        old_env: "SWITCHBACK_LATENCY_SOURCE",
        example: "prometheus",
    }

    /// Buckets of the histogram, for source prometheus; {{color}} and {{service}} are filled in.
    selector: Option<PromQl> {
        kind: kind::Query,
        old_env: "SWITCHBACK_LATENCY_SELECTOR",
        example: "http_request_duration_seconds_bucket{color=\"{{color}}\"}",
    }

    /// Whether this check must be healthy for the soak to end retained; if not, it is only shown and recorded.
    required: bool { default: Text("true"), kind: kind::Switch, example: "true" }
}

section! {
    #[derive(Clone, Debug, Default)]
    pub struct ReadinessConfig, rows READINESS: "checks.readiness." at |draft| draft.config.readiness;

    /// Consecutive failed probes of more than half the instances that count as a breach.
    failures: u32 {
        default: Text("3"),
        kind: kind::Count { min: 1_u32, max: 100 },
        old_env: "SWITCHBACK_READY_FAILURES",
        example: "5",
    }

    /// Whether this check must be healthy for the soak to end retained; if not, it is only shown and recorded.
    required: bool { default: Text("true"), kind: kind::Switch, example: "true" }
}

/// The checks by queries are a field of the whole configuration, and the file has a table for each of them.
pub const QUERIES: &[Key] = &[Key {
    name: "checks.queries",
    old_env: Some("SWITCHBACK_QUERIES"),
    flag: None,
    help: "Checks by queries to Prometheus, by their names; in the file each is a table [checks.NAME] of its own.",
    default: Unset,
    kind: &Entry { kind: kind::Queries, set: |draft, queries| draft.config.queries = queries },
    also: None,
    example: r#"{"queue":{"query":"sum(queue_depth{color=\"{{color}}\"})","threshold":1000,"for":"30s"}}"#,
    file_name: "",
}];
