//! What the labels of a request counter mean, by name.

use super::names::normalized;
use crate::exposition::Text;
use crate::routes::Whose;
use crate::statuses::StatusKind;

/// Status labels for `auto`, best first. Any other label whose name mentions a status or a code comes after them.
pub const LABELS: [&str; 12] = [
    "status_code",
    "status",
    "code",
    "http_response_status_code",
    "response_code",
    "http_status_code",
    "http_status",
    "grpc_code",
    "grpc_status",
    "rpc_grpc_status_code",
    "envoy_response_code",
    "status_class",
];

/// Labels with a request's path. Other values in them (`handler="subroute"`) say nothing.
const ROUTES: [&str; 30] = [
    "route",
    "path",
    "handler",
    "uri",
    "url",
    "endpoint",
    "http_route",
    "http_target",
    "http_path",
    "http_url",
    "path_template",
    "url_path",
    "url_template",
    "url_full",
    "url_rule",
    "request_path",
    "request_uri",
    "request_url",
    "request_route",
    "request",
    "route_path",
    "route_pattern",
    "route_template",
    "uri_template",
    "uri_pattern",
    "pattern",
    "resource",
    "operation",
    "transaction",
    "location",
];

/// Labels that may hold a gRPC call's service.
const SERVICES: [&str; 6] = ["grpc_service", "rpc_service", "rpc_method", "full_method", "grpc_full_method", "service"];

const DIRECTIONS: [&str; 7] = ["direction", "reporter", "span_kind", "kind", "side", "flow", "traffic_direction"];
/// Values of direction labels for outgoing requests.
const OUTBOUND: [&str; 8] =
    ["outbound", "outgoing", "egress", "client", "span_kind_client", "producer", "span_kind_producer", "source"];

/// Words of labels that hold no status despite mentioning a code.
const NO_STATUS: [&str; 22] = [
    "error",
    "exit",
    "country",
    "currency",
    "zip",
    "postal",
    "area",
    "reason",
    "exception",
    "flags",
    "time",
    "size",
    "method",
    "version",
    "type",
    "port",
    "host",
    "id",
    "name",
    "scheme",
    "flavor",
    "protocol",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// May hold the status; a lower rank is likelier.
    Status {
        rank: u8,
        kind: StatusKind,
    },
    Route,
    Service,
    Direction,
    Other,
}

impl Use {
    pub fn of(label: &str, is_grpc: bool) -> Self {
        let name = normalized(label);
        let name = name.as_str();
        if ROUTES.contains(&name) {
            return Self::Route;
        }
        if SERVICES.contains(&name) {
            return Self::Service;
        }
        if DIRECTIONS.contains(&name) {
            return Self::Direction;
        }
        let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
        let any = |known: &[&str]| words.iter().any(|word| known.contains(word));
        let kind = match () {
            () if is_grpc || any(&["grpc", "rpc"]) => StatusKind::Grpc,
            () if any(&["class", "xx"]) => StatusKind::Class,
            () => StatusKind::Http,
        };
        if let Some(at) = LABELS.iter().position(|known| *known == name) {
            return Self::Status { rank: u8::try_from(at).unwrap_or(u8::MAX), kind };
        }
        let status = ["status", "statuscode", "statusclass", "code", "codes", "class"];
        let perhaps = ["response", "result", "outcome", "http", "rc", "ret", "retcode", "returncode", "rcode"];
        match () {
            () if any(&NO_STATUS) => Self::Other,
            () if any(&status) => Self::Status { rank: 100, kind },
            () if any(&perhaps) => Self::Status { rank: 200, kind },
            () => Self::Other,
        }
    }
}

pub fn is_outbound(value: Text<'_>) -> bool {
    let raw = value.raw();
    OUTBOUND.iter().any(|word| raw.eq_ignore_ascii_case(word.as_bytes()))
}

/// Services of gRPC for probes and tools, not for users.
pub fn is_grpc_tool(value: Text<'_>) -> bool {
    let raw = value.raw().strip_prefix(b"/").unwrap_or(value.raw());
    raw.starts_with(b"grpc.health.") || raw.starts_with(b"grpc.reflection.")
}

/// Label values of series that sum up others.
pub fn is_sum(value: Text<'_>) -> bool {
    matches!(value.raw(), b"*" | b"all" | b"ALL" | b"All" | b"total" | b"_total" | b"__total__" | b"any" | b"sum")
}

/// Merges what two labels say: left out wins, then a user's route.
pub fn worst(a: Option<Whose>, b: Option<Whose>) -> Option<Whose> {
    match (a, b) {
        (Some(Whose::LeftOut), _) | (_, Some(Whose::LeftOut)) => Some(Whose::LeftOut),
        (Some(Whose::Users), _) | (_, Some(Whose::Users)) => Some(Whose::Users),
        (a, b) => a.or(b),
    }
}

#[derive(Debug)]
struct Known {
    raw: Vec<u8>,
    good_for: Use,
    /// One of its values looked like the sum of the others.
    sums: bool,
}

/// The labels of one counter. Each name is classified once.
#[derive(Debug, Default)]
pub struct Labels {
    known: Vec<Known>,
    is_grpc: bool,
    /// Rises with what is known.
    revision: u64,
}

impl Labels {
    /// Labels told apart; more are ignored.
    const MAX: usize = 64;

    pub fn of(metric: &str) -> Self {
        let is_grpc = normalized(metric).split('_').any(|word| matches!(word, "grpc" | "rpc"));
        Self { known: Vec::new(), is_grpc, revision: 0 }
    }

    pub const fn is_grpc(&self) -> bool {
        self.is_grpc
    }

    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// Tries `near` first: series carry their labels in the same order.
    pub fn place(&mut self, label: Text<'_>, near: usize) -> Option<usize> {
        let is = |known: &Known| known.raw == label.raw();
        if self.known.get(near).is_some_and(is) {
            return Some(near);
        }
        if let Some(at) = self.known.iter().position(is) {
            return Some(at);
        }
        if self.known.len() >= Self::MAX {
            return None;
        }
        let good_for = Use::of(&label.to_string(), self.is_grpc);
        self.known.push(Known { raw: label.raw().to_vec(), good_for, sums: false });
        self.revision += 1;
        Some(self.known.len() - 1)
    }

    pub fn good_for(&self, place: usize) -> Use {
        self.known.get(place).map_or(Use::Other, |known| known.good_for)
    }

    /// Whether a value of the label ever looked like a sum; `is_sum`: this one does.
    pub fn has_sums(&mut self, place: usize, is_sum: bool) -> bool {
        self.known.get_mut(place).is_some_and(|known| {
            if is_sum && !known.sums {
                known.sums = true;
                self.revision += 1;
            }
            known.sums
        })
    }

    pub fn names(&self) -> impl Iterator<Item = String> {
        self.known.iter().map(|known| crate::exposition::quote(&known.raw))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rank(label: &str) -> Option<u8> {
        match Use::of(label, false) {
            Use::Status { rank, .. } => Some(rank),
            _ => None,
        }
    }

    #[test]
    fn labels_that_may_hold_a_status_are_found_by_their_words() {
        for (at, label) in LABELS.iter().enumerate() {
            assert_eq!(rank(label).map(usize::from), Some(at), "{label}");
        }
        for label in
            ["http.response.status_code", "statusCode", "http_response_code", "code_class", "result", "outcome", "rc"]
        {
            assert!(rank(label).is_some(), "{label}");
        }
        for label in
            ["le", "quantile", "method", "http_method", "error_code", "country_code", "response_flags", "server_port"]
        {
            assert_eq!(rank(label), None, "{label}");
        }
    }

    #[test]
    fn what_kind_of_status_it_is_shows_in_the_name() {
        let kind = |label: &str, is_grpc: bool| match Use::of(label, is_grpc) {
            Use::Status { kind, .. } => kind,
            other => panic!("{label}: {other:?}"),
        };
        assert_eq!(kind("status", false), StatusKind::Http);
        assert_eq!(kind("code", true), StatusKind::Grpc);
        assert_eq!(kind("rpc.grpc.status_code", false), StatusKind::Grpc);
        assert_eq!(kind("envoy_response_code_class", false), StatusKind::Class);
    }

    #[test]
    fn labels_of_routes_are_found_in_every_spelling() {
        for label in ["uri", "http.route", "url.path", "path_template", "http_target", "requestPath", "routePattern"] {
            assert_eq!(Use::of(label, false), Use::Route, "{label}");
        }
        for label in ["view", "controller", "target_addr", "remote", "server"] {
            assert_eq!(Use::of(label, false), Use::Other, "{label}");
        }
    }
}
