//! The release that answers, by a build info on its page: a series of value 1, `NAME_build_info{version,revision}`
//! (<https://github.com/prometheus/common/tree/main/version>) or OpenTelemetry's `target_info{service_version}`
//! (<https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/>). Libraries have some, too.

use crate::exposition::{Fault, Sample, Text};
use crate::matchers::LabelFilter;

const MAX: usize = 32;
/// Longer values name no release.
const MAX_VALUE: usize = 200;
/// Characters of a commit beside a version.
const SHORT_COMMIT: usize = 8;

/// Version labels, best first, without case and punctuation.
const VERSION: [&str; 12] = [
    "serviceversion",
    "version",
    "appversion",
    "applicationversion",
    "buildversion",
    "releaseversion",
    "release",
    "semver",
    "imagetag",
    "containerimagetag",
    "tag",
    "image",
];
/// Commit labels, likewise.
const COMMIT: [&str; 17] = [
    "revision",
    "commit",
    "gitcommit",
    "gitsha",
    "commitsha",
    "commithash",
    "commitid",
    "gitrevision",
    "githash",
    "gitcommitsha",
    "gitcommithash",
    "gitcommitid",
    "vcsrevision",
    "vcsrefheadrevision",
    "shortcommit",
    "sha",
    "hash",
];
const SERVICE: [&str; 6] = ["servicename", "service", "app", "application", "component", "job"];
/// What build tools write for want of a version.
const PLACEHOLDERS: [&str; 16] = [
    "unknown",
    "(devel)",
    "devel",
    "dev",
    "development",
    "none",
    "null",
    "nil",
    "undefined",
    "unspecified",
    "n/a",
    "latest",
    "head",
    "version",
    "(unknown)",
    "0.0.0",
];
/// Prefixes of `NAME_build_info` and `NAME_info` that are not the service's: languages and their runtimes.
const RUNTIMES: [&str; 20] = [
    "go",
    "golang",
    "python",
    "node",
    "nodejs",
    "jvm",
    "java",
    "kotlin",
    "scala",
    "dotnet",
    "aspnetcore",
    "php",
    "ruby",
    "rust",
    "erlang",
    "beam",
    "process",
    "runtime",
    "uvicorn",
    "gunicorn",
];
/// The same of programs beside a service, or that export its metrics; names may go on (`haproxy_process`).
const PROGRAMS: [&str; 50] = [
    "prometheus",
    "pushgateway",
    "alertmanager",
    "thanos",
    "cortex",
    "mimir",
    "loki",
    "promtail",
    "tempo",
    "grafana",
    "alloy",
    "vmagent",
    "victoriametrics",
    "otel",
    "otelcol",
    "opentelemetry",
    "jaeger",
    "telemetry",
    "fluentbit",
    "fluentd",
    "vector",
    "telegraf",
    "collectd",
    "statsd",
    "cadvisor",
    "kubernetes",
    "kube",
    "kubelet",
    "etcd",
    "coredns",
    "jmx",
    "haproxy",
    "nginx",
    "nginxexporter",
    "caddy",
    "traefik",
    "envoy",
    "istio",
    "linkerd",
    "cilium",
    "redis",
    "postgres",
    "pg",
    "mysql",
    "mysqld",
    "mongodb",
    "rabbitmq",
    "kafka",
    "promhttp",
    "dapr",
];

/// How surely a build info is the service's, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Named,
    /// `build_info`.
    Plain,
    /// `target_info`.
    Target,
    /// `app_info` and its like.
    App,
    /// `NAME_build_info`.
    Prefixed,
}

#[derive(Debug, Default)]
pub struct BuildInfo {
    service: String,
    found: Vec<(Rank, String)>,
    told: Option<String>,
}

impl BuildInfo {
    pub fn of(service: &str) -> Self {
        Self { service: plain(service.as_bytes()), ..Self::default() }
    }

    pub fn is_one(name: Text<'_>) -> bool {
        rank(&name.resolved().to_ascii_lowercase()).is_some()
    }

    pub fn clear(&mut self) {
        self.found.clear();
    }

    pub fn sample(&mut self, sample: &Sample<'_>, filter: &LabelFilter) -> Result<(), Fault> {
        let name = sample.name.resolved().to_ascii_lowercase();
        let Some((mut rank, prefix)) = rank(&name) else { return Ok(()) };
        let (mut version, mut commit) = (Best::default(), Best::default());
        let (mut matching, mut is_named) = (LabelFilter::begin(), false);
        let value = sample.read(|label, value| {
            filter.see(&mut matching, |name| label.is(name), || value.resolved());
            let label = plain(&label.resolved());
            version.see(&VERSION, &label, value);
            commit.see(&COMMIT, &label, value);
            is_named |= SERVICE.contains(&label.as_str()) && self.is_service(&value.resolved());
        })?;
        if is_named || self.is_service(prefix) {
            rank = Rank::Named;
        } else if is_foreign(prefix) {
            return Ok(());
        }
        let told = told(version.value, commit.value);
        if let Some(told) = told.filter(|_| value > 0.0 && filter.lets_in(matching, true))
            && self.found.len() < MAX
            && !self.found.iter().any(|(known, text)| (*known, text) == (rank, &told))
        {
            self.found.push((rank, told));
        }
        Ok(())
    }

    /// Ends a good page: returns its release if that changed. `None` if the likeliest build infos differ.
    pub fn news(&mut self) -> Option<String> {
        let best = self.found.iter().map(|(rank, _)| *rank).min()?;
        let mut likely = self.found.iter().filter(|(rank, _)| *rank == best);
        let (Some((_, one)), None) = (likely.next(), likely.next()) else { return None };
        if self.told.as_ref() == Some(one) {
            return None;
        }
        self.told = Some(one.clone());
        self.told.clone()
    }

    fn is_service(&self, name: &[u8]) -> bool {
        !self.service.is_empty() && plain(name) == self.service
    }
}

/// The best label of a list that a series has.
#[derive(Debug)]
struct Best {
    place: usize,
    value: Option<String>,
}

impl Default for Best {
    fn default() -> Self {
        Self { place: usize::MAX, value: None }
    }
}

impl Best {
    fn see(&mut self, names: &[&str], label: &str, value: Text<'_>) {
        let place = names.iter().position(|name| *name == label).unwrap_or(usize::MAX);
        if place < self.place
            && let Some(value) = meant(value)
        {
            *self = Self { place, value: Some(value) };
        }
    }
}

/// The kind of a build info, and its name's prefix, in lower case.
fn rank(name: &[u8]) -> Option<(Rank, &[u8])> {
    let stem = name.strip_suffix(b"info")?;
    let (rest, separated) = match stem {
        [rest @ .., b'_' | b'.' | b':'] => (rest, true),
        rest => (rest, false),
    };
    match rest {
        b"build" => Some((Rank::Plain, b"")),
        b"target" if separated => Some((Rank::Target, b"")),
        b"app" | b"application" | b"service" if separated => Some((Rank::App, b"")),
        [prefix @ .., b'_' | b'.' | b':', b'b', b'u', b'i', b'l', b'd'] => Some((Rank::Prefixed, prefix)),
        _ => None,
    }
}

/// Whether `NAME_build_info` is a runtime's, a library's or another program's.
fn is_foreign(prefix: &[u8]) -> bool {
    let text = String::from_utf8_lossy(prefix);
    let words: Vec<&str> = text.split(['_', '.', ':']).collect();
    let first = words.first().copied().unwrap_or_default();
    let is_runtime = match words.as_slice() {
        [one] => RUNTIMES.contains(one),
        [first, second, ..] => *first == "process" || *second == "runtime",
        [] => false,
    };
    is_runtime
        || PROGRAMS.contains(&first)
        || words.iter().any(|word| word.ends_with("exporter") || matches!(*word, "client" | "sdk" | "library" | "lib"))
}

fn plain(name: &[u8]) -> String {
    name.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}

/// A label's value, unless it is a placeholder.
fn meant(value: Text<'_>) -> Option<String> {
    let text = value.to_owned_text();
    let text = text.trim();
    let is_template = text.contains("${") || text.contains("{{") || (text.starts_with('@') && text.ends_with('@'));
    let is_bad = text.len() > MAX_VALUE || text.contains(char::is_control) || !text.contains(char::is_alphanumeric);
    let is_placeholder = PLACEHOLDERS.contains(&text.to_ascii_lowercase().trim_start_matches('v'));
    (!is_template && !is_bad && !is_placeholder).then(|| text.to_owned())
}

/// `1.4.2`, `1.4.2 (4f2a1b3c)`, or the commit alone.
fn told(version: Option<String>, commit: Option<String>) -> Option<String> {
    let (version, commit) = match (version, commit) {
        (Some(version), Some(commit)) => (version, commit),
        (one, other) => return one.or(other),
    };
    let is_hash = commit.len() > SHORT_COMMIT && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    let short = if is_hash { &commit[..SHORT_COMMIT] } else { commit.as_str() };
    // The build number of a version is often the commit's first characters.
    let is_said = version.contains(short) || commit.get(..7).is_some_and(|short| version.contains(short));
    Some(if is_said { version } else { format!("{version} ({short})") })
}
