//! What a scrape costs beside Prometheus: CPU and memory of both, which scrape the same instances once a second.
//!
//! `cargo bench --bench scrapes -- [--instances N] [--seconds N] [--binary PATH]`
//!
//! Every instance serves a page of 98 KB at an address of its own. Switchback judges error rate and latency, asks for readiness as
//! well, and records; Prometheus (`apt-get install prometheus`) stores all samples. Prints a table in Markdown.

#![expect(clippy::cast_precision_loss, reason = "counts and times are far below 2^53")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark stops at its first surprise")]

mod instances;
mod programs;

use std::time::{Duration, Instant};

use instances::{Asker, Instances};
use programs::Program;

/// What is left of the beginning: pages that are read for the first time, connections, blocks that Prometheus makes.
const SETTLE: Duration = Duration::from_secs(40);

fn main() {
    let (mut count, mut seconds) = (200, 60);
    let mut binary = env!("CARGO_BIN_EXE_switchback").to_owned();
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    while let Some(flag) = args.next() {
        let value = args.next().expect("a flag and its value");
        let number = || value.parse().expect("a number");
        match flag.as_str() {
            "--instances" => count = number(),
            "--seconds" => seconds = number(),
            "--binary" => binary = value,
            _ => panic!("unknown flag {flag}"),
        }
    }
    let instances = Instances::serve(count);
    let programs = [
        (Asker::Switchback, Program::switchback(&binary, &instances)),
        (Asker::Prometheus, Program::prometheus(&instances)),
    ];
    std::thread::sleep(SETTLE);
    let first = programs.each_ref().map(|(asker, program)| (program.usage(), instances.scrapes(*asker)));
    let from = Instant::now();
    std::thread::sleep(Duration::from_secs(seconds as u64));
    let took = from.elapsed().as_secs_f64();
    println!("| {count} instances | scrapes a second | CPU a scrape | resident |");
    println!("| --- | --- | --- | --- |");
    let mut costs = Vec::new();
    for ((asker, program), (before, scraped)) in programs.iter().zip(first) {
        let (usage, scrapes) = (program.usage(), instances.scrapes(*asker) - scraped);
        let cost = usage.cpu.saturating_sub(before.cpu).as_secs_f64() * 1e3 / scrapes as f64;
        let resident = usage.resident as f64 / f64::from(1 << 20);
        println!("| {asker:?} | {:.0} | {cost:.3} ms | {resident:.0} MiB |", scrapes as f64 / took);
        costs.push(cost);
    }
    println!("\nPrometheus takes {:.1} times as long.", costs[1] / costs[0]);
}
