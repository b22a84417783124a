//! Which histogram says how long requests took, and what its buckets add up to over many pages.

#[cfg(test)]
mod tests;

use std::hash::{BuildHasher, RandomState};

use super::super::exposition::{Fault, Sample, Text};
use super::book::{Counted, SeriesBook};
use super::labels::{Labels, Use, is_outbound, worst};
use super::rows::count;
use crate::config::{LabelFilter, LatencyConfig, LatencyUnit, Named, Routes, Whose};
use crate::detect::{Buckets, Latency, Process};

/// The latency histograms that `auto` knows, the first that is on the page wins; and who writes them.
///
/// As with the counters, a service's own histogram comes before the one of a proxy whose metrics stand on the same page.
pub const HISTOGRAMS: [(&str, &str); 16] = [
    ("http_request_duration_seconds", "prom-client, Go and Python by convention, express-prom-bundle"),
    ("http_server_requests_seconds", "Micrometer: Spring Boot, Quarkus, Micronaut, with histograms switched on"),
    ("http_server_request_duration_seconds", "OpenTelemetry, ASP.NET Core, Ruby's client"),
    ("http_server_duration_milliseconds", "OpenTelemetry before its names became stable"),
    ("http_request_duration_ms", "prom-client by an older convention"),
    ("http_request_duration_milliseconds", "the same"),
    ("http_request_duration_highr_seconds", "prometheus-fastapi-instrumentator"),
    ("flask_http_request_duration_seconds", "prometheus-flask-exporter"),
    ("starlette_request_duration_seconds", "starlette_exporter"),
    ("django_http_requests_latency_seconds_by_view_method", "django-prometheus"),
    ("axum_http_requests_duration_seconds", "axum-prometheus"),
    ("ktor_http_server_requests_seconds", "Ktor"),
    ("rails_request_duration_seconds", "yabeda-rails"),
    ("traefik_service_request_duration_seconds", "Traefik"),
    ("nginx_ingress_controller_request_duration_seconds", "ingress-nginx"),
    ("istio_request_duration_milliseconds", "Istio's sidecar"),
];

/// So many bounds of one histogram are told apart.
const MOST_BOUNDS: usize = 256;
/// So many other histograms are named in the note.
const SHOWN: usize = 5;

/// One bucket of one series.
#[derive(Clone, Copy, Debug)]
struct Row {
    id: u64,
    count: u64,
    histogram: usize,
    bound: usize,
}

impl Counted for Row {
    fn id(&self) -> u64 {
        self.id
    }

    fn count(&self) -> u64 {
        self.count
    }

    fn group(&self) -> usize {
        self.bound
    }
}

/// The latency histogram of one instance, over all its pages.
///
/// Which one counts is decided on the first page that has one of those wanted, and stays.
#[derive(Debug)]
pub struct Histogram {
    /// Names without `_bucket`, best first.
    wanted: Vec<String>,
    is_named: bool,
    unit: LatencyUnit,
    routes: Routes,
    /// Which series are ours; a label that the histogram does not have is not asked for.
    filter: LabelFilter,
    labels: Labels,
    settled: bool,
    /// Upper bounds as the pages have them, in their own unit, in the order of their appearance.
    bounds: Vec<f64>,
    book: SeriesBook,
    /// Whose buckets the page at hand has.
    process: Option<Process>,
    hasher: RandomState,
    limit: usize,
    // What the page at hand says.
    rows: Vec<Row>,
    too_many: bool,
    summaries: Vec<usize>,
    others: Vec<String>,
}

impl Histogram {
    /// Nothing read yet. `routes` are left out of every check, those of the configuration of latency alone. More than `limit`
    /// bucket series are not counted.
    pub fn new(config: &LatencyConfig, routes: Routes, filter: LabelFilter, limit: usize) -> Self {
        let (wanted, is_named) = match &config.histogram {
            Named::Auto => (HISTOGRAMS.iter().map(|(name, _)| (*name).to_owned()).collect(), false),
            Named::Name(name) => (vec![name.clone()], true),
        };
        Self {
            wanted,
            is_named,
            unit: config.unit,
            routes: routes.and(&config.ignore_routes),
            filter,
            labels: Labels::default(),
            settled: false,
            bounds: Vec::new(),
            book: SeriesBook::new(limit),
            process: None,
            hasher: RandomState::new(),
            limit,
            rows: Vec::new(),
            too_many: false,
            summaries: Vec::new(),
            others: Vec::new(),
        }
    }

    /// Its name, once it is decided.
    pub fn name(&self) -> Option<&str> {
        self.wanted.first().filter(|_| self.settled).map(String::as_str)
    }

    /// The process whose buckets are on the page that was ended last, where it had any.
    pub const fn process(&self) -> Option<Process> {
        self.process
    }

    /// Forgets the page before; keeps the memory.
    pub fn clear(&mut self) {
        self.process = None;
        self.rows.clear();
        self.too_many = false;
        self.summaries.clear();
        self.others.clear();
    }

    /// A family is declared.
    pub fn family(&mut self, name: Text<'_>, kind: &[u8]) {
        let wanted = self.wanted.iter().position(|wanted| name.is(wanted));
        match (wanted, kind) {
            (Some(at), b"summary") => self.summaries.push(at),
            (None, b"histogram") if !self.settled && self.others.len() < SHOWN => self.others.push(name.to_string()),
            _ => {}
        }
    }

    /// A sample stands on the page. Says whether it is one of a wanted histogram's buckets.
    pub fn sample(&mut self, sample: &Sample<'_>) -> Result<bool, Fault> {
        let Some(base) = sample.name.raw().strip_suffix(b"_bucket") else { return Ok(false) };
        let Some(histogram) = self.wanted.iter().position(|wanted| wanted.as_bytes() == base) else { return Ok(false) };
        let (mut id, mut bound, mut excluded, mut near, mut of_route) = (0_u64, None, false, 0, None);
        let Self { routes, filter, labels, hasher, .. } = self;
        let mut matching = LabelFilter::begin();
        let value = sample.read(|label, value| {
            id = id.wrapping_add(hasher.hash_one((label.raw(), value.raw())));
            filter.see(&mut matching, |name| label.is(name), || value.resolved());
            let place = labels.place(label, near);
            near = place.map_or(near, |place| place + 1);
            match place.map_or(Use::Other, |place| labels.good_for(place)) {
                Use::Route => of_route = worst(of_route, Some(routes.whose(value.raw()))),
                Use::Direction => excluded |= is_outbound(value) && !filter.is_about(|name| label.is(name)),
                _ => {}
            }
            if label.is("le") {
                bound = std::str::from_utf8(value.raw()).ok().and_then(|text| text.parse::<f64>().ok());
            }
        })?;
        excluded |= of_route == Some(Whose::LeftOut) || !filter.lets_in(matching, true);
        let (Some(bound), Some(count), false) = (bound, count(value), excluded) else { return Ok(true) };
        let at = self.bounds.iter().position(|known| known.total_cmp(&bound).is_eq());
        let room = self.rows.len() < self.limit && (at.is_some() || self.bounds.len() < MOST_BOUNDS);
        if !room || bound.is_nan() {
            self.too_many = true;
            return Ok(true);
        }
        let bound = at.unwrap_or_else(|| {
            self.bounds.push(bound);
            self.bounds.len() - 1
        });
        self.rows.push(Row { id, count, histogram, bound });
        Ok(true)
    }

    /// Ends the page, of which the rest is good.
    pub fn finish(&mut self, started_ms: Option<i64>) -> Latency {
        if !self.settled {
            let Some(best) = self.rows.iter().map(|row| row.histogram).min() else {
                return Latency::Unknown(self.why_none());
            };
            self.settle(best);
        }
        let name = &self.wanted[0];
        let Some(scale) = self.unit.milliseconds(name) else {
            return Latency::Unfit(format!(
                "the unit of `{name}` does not show in its name: say which it is with checks.latency.unit"
            ));
        };
        let entered = if self.too_many { None } else { self.book.enter(&mut self.rows, started_ms, |_, _| {}).ok() };
        self.process = entered.map(|entered| entered.process);
        if entered.is_none() {
            return Latency::Unknown(format!(
                "`{name}` has more than {} buckets, or more than {MOST_BOUNDS} different bounds",
                self.limit
            ));
        }
        self.buckets(scale).map_or_else(
            || Latency::Unknown(format!("`{name}` has no bucket `le=\"+Inf\"`: it is no whole histogram")),
            Latency::Buckets,
        )
    }

    /// From now on takes this histogram alone.
    fn settle(&mut self, histogram: usize) {
        self.wanted = self.wanted.drain(..).skip(histogram).take(1).collect();
        self.rows.retain_mut(|row| std::mem::take(&mut row.histogram) == histogram);
        // Those of the other histograms would only be in the way.
        let used = |at: usize| self.rows.iter().any(|row| row.bound == at);
        let kept: Vec<usize> = (0..self.bounds.len()).filter(|at| used(*at)).collect();
        for row in &mut self.rows {
            row.bound = kept.iter().position(|at| *at == row.bound).unwrap_or(0);
        }
        self.bounds = kept.into_iter().map(|at| self.bounds[at]).collect();
        self.settled = true;
    }

    /// The sums so far, in milliseconds. A bound that only some of the series have would make the others look slow: it is left
    /// out.
    fn buckets(&self, scale: f64) -> Option<Buckets> {
        let mut series = vec![0_usize; self.bounds.len()];
        for row in &self.rows {
            series[row.bound] += 1;
        }
        let all = self.bounds.iter().position(|bound| *bound == f64::INFINITY)?;
        let mut bounds: Vec<usize> =
            (0..self.bounds.len()).filter(|at| *at != all && series[*at] == series[all]).collect();
        bounds.sort_by(|a, b| self.bounds[*a].total_cmp(&self.bounds[*b]));
        let counts = bounds.iter().chain([&all]).map(|at| self.book.sum(&[*at])).collect();
        Some(Buckets { bounds_ms: bounds.iter().map(|at| self.bounds[*at] * scale).collect(), counts })
    }

    fn why_none(&self) -> String {
        if let Some(summary) = self.summaries.first() {
            return format!(
                "`{}` is a summary, whose quantiles can be neither added up nor judged: a histogram is needed",
                self.wanted[*summary]
            );
        }
        let others = match self.others.as_slice() {
            [] => "it has no histograms".to_owned(),
            others => format!("its histograms are `{}`", others.join("`, `")),
        };
        if self.is_named {
            format!("the histogram `{}` (checks.latency.histogram) is not on the page; {others}", self.wanted[0])
        } else {
            format!("no known latency histogram on the page; {others}; name one with checks.latency.histogram")
        }
    }
}
