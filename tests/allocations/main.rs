//! What reading a page allocates: a count, the same on every machine. A test program of its own, because it counts for the whole program.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use allocation_counter::measure;
use support::exposition;
use switchback::config::{Inputs, load};
use switchback::io::source::{Format, PageReader};

/// For the families of the page, and the buckets and names of the reading. A page has more than a thousand lines.
const MAX_ALLOCATIONS: u64 = 48;

fn read(reader: &mut PageReader, page: &str) -> u64 {
    reader.begin(Format::Text);
    reader.push(page.as_bytes()).unwrap();
    reader.finish(true).unwrap().total
}

#[test]
fn a_page_is_read_without_an_allocation_for_each_line() {
    let config = load(Inputs { folder: "/srv".into(), ..Inputs::default() }).unwrap().config;
    let routes = config.requests.ignore_routes.clone().and_own(["/metrics"]);
    let mut reader = PageReader::new(&config.error_rate, routes).with_latency(&config.latency);
    let pages: Vec<String> = (0..8).map(exposition::at).collect();
    let mut total = 0;
    // The first pages decide which counter counts, and reserve memory.
    for page in &pages[..4] {
        total = read(&mut reader, page);
    }
    for page in &pages[4..] {
        let mut now = 0;
        let info = measure(|| now = read(&mut reader, page));
        println!("{} allocations, {} bytes", info.count_total, info.bytes_total);
        assert!(now > total, "it counts");
        assert!(info.count_total <= MAX_ALLOCATIONS, "{} allocations", info.count_total);
        assert!(info.count_current <= 0, "{} allocations are kept", info.count_current);
        total = now;
    }
}
