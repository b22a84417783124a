//! The pages of a service, one a second: about 98 KB, most of it the buckets of a histogram, as Go and Node.js services have them.

use std::fmt::Write as _;

const BOUNDS: [&str; 12] = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"];
const METHODS: [&str; 2] = ["GET", "POST"];
const STATUSES: [&str; 3] = ["200", "404", "500"];
const ROUTES: [&str; 11] = [
    "/v1/cart",
    "/v1/cart/{id}",
    "/v1/checkout",
    "/v1/items",
    "/v1/items/{id}",
    "/v1/items/{id}/reviews",
    "/v1/login",
    "/v1/orders",
    "/v1/orders/{id}",
    "/v1/search",
    "/v1/users/{id}",
];
const GAUGES: [&str; 24] = [
    "go_gc_cycles_total",
    "go_goroutines",
    "go_info",
    "go_memstats_alloc_bytes",
    "go_memstats_buck_hash_sys_bytes",
    "go_memstats_frees",
    "go_memstats_gc_sys_bytes",
    "go_memstats_heap_alloc_bytes",
    "go_memstats_heap_idle_bytes",
    "go_memstats_heap_inuse_bytes",
    "go_memstats_heap_objects",
    "go_memstats_heap_released_bytes",
    "go_memstats_heap_sys_bytes",
    "go_memstats_last_gc_time_seconds",
    "go_memstats_lookups",
    "go_memstats_mallocs",
    "go_memstats_mcache_inuse_bytes",
    "go_memstats_mspan_inuse_bytes",
    "go_memstats_next_gc_bytes",
    "go_memstats_stack_inuse_bytes",
    "go_threads",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
];

/// The page at a second of the service's life.
pub fn at(second: u64) -> String {
    let mut page = String::new();
    for (name, value) in GAUGES.iter().zip(1_u64..) {
        let value = value * 1_048_571 + second * 13;
        let _ = write!(page, "# HELP {name} A value of the runtime.\n# TYPE {name} gauge\n{name} {value}\n");
    }
    page.push_str("# HELP process_start_time_seconds Start time.\n# TYPE process_start_time_seconds gauge\n");
    page.push_str("process_start_time_seconds 1.79599554447e+09\n");
    page.push_str("# HELP http_requests_total Requests.\n# TYPE http_requests_total counter\n");
    each_series(second, |labels, count| {
        let _ = writeln!(page, "http_requests_total{{{labels}}} {count}");
    });
    page.push_str("# HELP http_request_duration_seconds How long requests took.\n");
    page.push_str("# TYPE http_request_duration_seconds histogram\n");
    each_series(second, |labels, count| {
        for (bound, share) in BOUNDS.iter().zip(1..) {
            let count = count * share / 12;
            let _ = writeln!(page, "http_request_duration_seconds_bucket{{{labels},le=\"{bound}\"}} {count}");
        }
        let _ = writeln!(page, "http_request_duration_seconds_sum{{{labels}}} {count}.125");
        let _ = writeln!(page, "http_request_duration_seconds_count{{{labels}}} {count}");
    });
    page
}

fn each_series(second: u64, mut each: impl FnMut(&str, u64)) {
    for (route, weight) in ROUTES.iter().zip(1..) {
        for method in METHODS {
            for (status, share) in STATUSES.iter().zip([1_000, 10, 2]) {
                let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
                each(&labels, (second + 100) * weight * share / 10);
            }
        }
    }
}
