//! The metrics of one process, written as prom-client writes them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, SystemTime};

use super::routes::Route;

/// prom-client's default buckets of a histogram, in seconds.
const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// What a small Node process keeps on its heap, in bytes, and what a request leaves there until the next collection.
const HEAP: u64 = 18_000_000;
const HEAP_A_REQUEST: u64 = 4_096;
const COLLECTED_EVERY: u64 = 2_000;

/// The metrics of one process. A series appears only once it has a value, as with the real client.
#[derive(Debug)]
pub struct Registry {
    started: SystemTime,
    version: &'static str,
    requests: u64,
    series: BTreeMap<Labels, Histogram>,
}

type Labels = (&'static str, &'static str, u16);

#[derive(Debug, Default)]
struct Histogram {
    buckets: [u64; BUCKETS.len()],
    count: u64,
    sum: f64,
}

impl Registry {
    pub const fn new(started: SystemTime, version: &'static str) -> Self {
        Self { started, version, requests: 0, series: BTreeMap::new() }
    }

    pub fn observe(&mut self, route: &'static Route, status: u16, took: Duration) {
        let histogram = self.series.entry((route.method.as_str(), route.path, status)).or_default();
        let seconds = took.as_secs_f64();
        for (count, limit) in histogram.buckets.iter_mut().zip(BUCKETS) {
            *count += u64::from(seconds <= limit);
        }
        histogram.count += 1;
        histogram.sum += seconds;
        self.requests += 1;
    }

    /// The page in text format 0.0.4.
    pub fn render(&self) -> String {
        let mut page = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_process(&mut page);
        let _ = self.write_counter(&mut page);
        let _ = self.write_histogram(&mut page);
        page
    }

    fn write_process(&self, page: &mut String) -> std::fmt::Result {
        let started = self.started.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let heap = HEAP + self.requests % COLLECTED_EVERY * HEAP_A_REQUEST;
        write!(
            page,
            "# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.\n\
             # TYPE process_start_time_seconds gauge\n\
             process_start_time_seconds {}.{:03}\n\n\
             # HELP nodejs_heap_size_used_bytes Process heap size used from Node.js in bytes.\n\
             # TYPE nodejs_heap_size_used_bytes gauge\n\
             nodejs_heap_size_used_bytes {heap}\n\n\
             # HELP nodejs_version_info Node.js version info.\n\
             # TYPE nodejs_version_info gauge\n\
             nodejs_version_info{{version=\"v22.11.0\",major=\"22\",minor=\"11\",patch=\"0\"}} 1\n\n\
             # HELP app_version_info Version of the release.\n\
             # TYPE app_version_info gauge\n\
             app_version_info{{version=\"{}\"}} 1\n\n",
            started.as_secs(),
            started.subsec_millis(),
            self.version,
        )
    }

    fn write_counter(&self, page: &mut String) -> std::fmt::Result {
        page.push_str(
            "# HELP http_requests_total Total number of HTTP requests.\n# TYPE http_requests_total counter\n",
        );
        for (labels, histogram) in &self.series {
            writeln!(page, "http_requests_total{{{}}} {}", text(labels), histogram.count)?;
        }
        page.push('\n');
        Ok(())
    }

    fn write_histogram(&self, page: &mut String) -> std::fmt::Result {
        page.push_str(
            "# HELP http_request_duration_seconds Duration of HTTP requests in seconds.\n\
             # TYPE http_request_duration_seconds histogram\n",
        );
        for (labels, histogram) in &self.series {
            let labels = text(labels);
            for (limit, count) in BUCKETS.iter().zip(histogram.buckets) {
                writeln!(page, "http_request_duration_seconds_bucket{{le=\"{limit}\",{labels}}} {count}")?;
            }
            let Histogram { count, sum, .. } = histogram;
            writeln!(page, "http_request_duration_seconds_bucket{{le=\"+Inf\",{labels}}} {count}")?;
            writeln!(page, "http_request_duration_seconds_sum{{{labels}}} {sum}")?;
            writeln!(page, "http_request_duration_seconds_count{{{labels}}} {count}")?;
        }
        Ok(())
    }
}

fn text((method, route, status): &Labels) -> String {
    format!("method=\"{method}\",route=\"{route}\",status_code=\"{status}\"")
}

#[cfg(test)]
mod tests {
    use super::super::routes;
    use super::*;

    const STARTED: Duration = Duration::from_millis(1_795_476_145_083);

    #[test]
    fn a_fresh_process_has_metrics_without_series() {
        let page = Registry::new(SystemTime::UNIX_EPOCH + STARTED, "1.4.2").render();
        assert!(page.contains("\nprocess_start_time_seconds 1795476145.083\n"), "{page}");
        assert!(page.contains("\n# TYPE http_requests_total counter\n\n"), "{page}");
        assert!(page.contains("app_version_info{version=\"1.4.2\"} 1\n"), "{page}");
        assert!(page.ends_with("# TYPE http_request_duration_seconds histogram\n"), "{page}");
    }

    #[test]
    fn an_answer_counts_in_its_series_and_in_every_bucket_it_fits() {
        let mut registry = Registry::new(SystemTime::UNIX_EPOCH + STARTED, "1.4.2");
        registry.observe(&routes::ALL[2], 500, Duration::from_millis(250));
        registry.observe(&routes::ALL[2], 500, Duration::from_millis(750));
        registry.observe(&routes::ALL[0], 200, Duration::from_secs(11));
        let page = registry.render();
        for line in [
            r#"http_requests_total{method="POST",route="/pay",status_code="500"} 2"#,
            r#"http_requests_total{method="GET",route="/",status_code="200"} 1"#,
            r#"http_request_duration_seconds_bucket{le="0.1",method="POST",route="/pay",status_code="500"} 0"#,
            r#"http_request_duration_seconds_bucket{le="0.25",method="POST",route="/pay",status_code="500"} 1"#,
            r#"http_request_duration_seconds_bucket{le="1",method="POST",route="/pay",status_code="500"} 2"#,
            r#"http_request_duration_seconds_bucket{le="10",method="GET",route="/",status_code="200"} 0"#,
            r#"http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/",status_code="200"} 1"#,
            r#"http_request_duration_seconds_sum{method="POST",route="/pay",status_code="500"} 1"#,
            r#"http_request_duration_seconds_count{method="POST",route="/pay",status_code="500"} 2"#,
        ] {
            assert!(page.lines().any(|found| found == line), "{line} is not in\n{page}");
        }
    }
}
