//! `[checks.*]`: what is judged, and against which threshold.

use super::key::{Fallback, Key};
use crate::config::kind::{Kind, Word};
use crate::config::model::Method;

pub const KEYS: &[Key] = &[
    Key {
        name: "checks.error-rate.threshold",
        env: Some("SWITCHBACK_ERROR_RATE_THRESHOLD"),
        flag: Some("threshold"),
        help: "The largest acceptable share of failing requests.",
        default: Fallback::Text("5%"),
        kind: Kind::Ratio(|draft, threshold| draft.config.error_rate.threshold = threshold),
        also: None,
        example: "5%",
    },
    Key {
        name: "checks.error-rate.min_requests",
        env: Some("SWITCHBACK_MIN_REQUESTS"),
        flag: Some("min-requests"),
        help: "No verdict on fewer requests.",
        default: Fallback::Text("20"),
        kind: Kind::Count {
            min: 1,
            max: 1_000_000,
            set: |draft, requests| draft.config.error_rate.min_requests = requests,
        },
        also: None,
        example: "100",
    },
    Key {
        name: "checks.error-rate.method",
        env: Some("SWITCHBACK_ERROR_RATE_METHOD"),
        flag: Some("method"),
        help: "How the error rate is judged.",
        default: Fallback::Text("window"),
        kind: Kind::Choice(&[Word { text: "window", set: |draft| draft.config.error_rate.method = Method::Window }]),
        also: None,
        example: "window",
    },
    Key {
        name: "checks.error-rate.requests",
        env: Some("SWITCHBACK_REQUESTS_METRIC"),
        flag: Some("requests"),
        help: "The counter of requests; auto tries the well-known ones.",
        default: Fallback::Text("auto"),
        kind: Kind::Metric(|draft, name| draft.config.error_rate.requests = name),
        also: None,
        example: "http_requests_total",
    },
    Key {
        name: "checks.error-rate.status_label",
        env: Some("SWITCHBACK_STATUS_LABEL"),
        flag: Some("status-label"),
        help: "The label that carries the status; auto tries status_code, status, code, http_response_status_code \
               and response_code.",
        default: Fallback::Text("auto"),
        kind: Kind::Label(|draft, name| draft.config.error_rate.status_label = name),
        also: None,
        example: "status_code",
    },
    Key {
        name: "checks.error-rate.errors",
        env: Some("SWITCHBACK_ERROR_STATUS"),
        flag: Some("errors"),
        help: "Which statuses count as errors.",
        default: Fallback::Text("5xx"),
        kind: Kind::Statuses(|draft, statuses| draft.config.error_rate.errors = statuses),
        also: None,
        example: "5xx,429",
    },
    Key {
        name: "checks.error-rate.required",
        env: None,
        flag: Some("error-rate-required"),
        help: "Whether the soak needs this check healthy to end retained; if not, it is only shown and journalled.",
        default: Fallback::Text("true"),
        kind: Kind::Bool(|draft, required| draft.config.error_rate.required = required),
        also: None,
        example: "true",
    },
    Key {
        name: "checks.readiness.failures",
        env: Some("SWITCHBACK_READY_FAILURES"),
        flag: None,
        help: "Consecutive failed probes of more than half the instances that breach the check.",
        default: Fallback::Text("3"),
        kind: Kind::Count {
            min: 1,
            max: 100,
            // The range above fits into 32 bits many times over.
            set: |draft, failures| draft.config.readiness.failures = u32::try_from(failures).unwrap_or(u32::MAX),
        },
        also: None,
        example: "5",
    },
    Key {
        name: "checks.readiness.required",
        env: None,
        flag: None,
        help: "Whether the soak needs this check healthy to end retained; if not, it is only shown and journalled.",
        default: Fallback::Text("true"),
        kind: Kind::Bool(|draft, required| draft.config.readiness.required = required),
        also: None,
        example: "true",
    },
];
