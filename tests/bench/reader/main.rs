//! How fast a metrics page is read, beside the crate `prometheus-parse` on the same pages in the same run.
//!
//! `cargo bench --bench reader -- [--rounds N] [--strict]`
//!
//! Both read from memory. This program's reader gives the requests, failures and latency buckets of users since the page before; the crate
//! gives all samples. With `--strict` it ends with code 1 below 30 times the crate's speed with latency.

#![expect(clippy::expect_used, reason = "a benchmark stops at its first surprise")]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use support::exposition;
use switchback::config::{Inputs, load};
use switchback::io::source::{Format, PageReader};

/// So many seconds of the service's life are read over and over.
const PAGES: u64 = 16;
const TARGET: f64 = 30.0;

fn reader(with_latency: bool) -> PageReader {
    let inputs = Inputs { folder: "/srv".into(), ..Inputs::default() };
    let config = load(inputs).expect("the defaults are valid").config;
    let reader = PageReader::new(&config.error_rate, config.requests.ignore_routes.clone().and_own(["/metrics"]));
    if with_latency { reader.with_latency(&config.latency) } else { reader }
}

/// The median time of one page.
fn median(rounds: usize, mut read: impl FnMut(&str), pages: &[String]) -> Duration {
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..rounds {
        for page in pages {
            let start = Instant::now();
            read(page);
            times.push(start.elapsed());
        }
    }
    times.sort_unstable();
    times[times.len() / 2]
}

fn ours(rounds: usize, with_latency: bool, pages: &[String]) -> Duration {
    let mut reader = reader(with_latency);
    let read = |page: &str| {
        reader.begin(Format::Text);
        reader.push(page.as_bytes()).expect("the page is well formed");
        let reading = reader.finish(true).expect("the page is complete");
        assert!(reading.total > 0 && reading.latency.is_some() == with_latency, "{reading:?}");
        black_box(reading);
    };
    median(rounds, read, pages)
}

fn theirs(rounds: usize, pages: &[String]) -> Duration {
    let read = |page: &str| {
        let lines = page.lines().map(|line| Ok(line.to_owned()));
        let scrape = prometheus_parse::Scrape::parse(lines).expect("the page is well formed");
        assert!(scrape.samples.len() > 100, "{} samples", scrape.samples.len());
        black_box(scrape);
    };
    median(rounds, read, pages)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let given = arguments.iter().position(|argument| argument == "--rounds").and_then(|at| arguments.get(at + 1));
    let rounds: usize = given.map_or(20, |rounds| rounds.parse().expect("--rounds needs a number"));
    let pages: Vec<String> = (0..PAGES).map(exposition::at).collect();
    println!(
        "a page of {} bytes, {} lines; medians of {rounds} x {PAGES} pages",
        pages[0].len(),
        pages[0].lines().count()
    );
    // Alternating, so that a slow moment of the machine hits all of them.
    let mut times = [Duration::MAX; 3];
    for _ in 0..3 {
        let now = [theirs(rounds.div_ceil(4), &pages), ours(rounds, false, &pages), ours(rounds, true, &pages)];
        times.iter_mut().zip(now).for_each(|(best, now)| *best = now.min(*best));
    }
    let ratio = |time: Duration| times[0].as_secs_f64() / time.as_secs_f64();
    for (name, time) in ["prometheus-parse 0.2", "requests", "requests and latency"].iter().zip(times) {
        println!("| {name} | {:.1} µs | {:.1}x |", time.as_secs_f64() * 1e6, ratio(time));
    }
    if arguments.iter().any(|argument| argument == "--strict") && ratio(times[2]) < TARGET {
        println!("below {TARGET}x with latency");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
