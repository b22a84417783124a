//! What one agent costs that runs many soaks: CPU, memory, threads, and how late its ticks are.
//!
//! `cargo bench --bench agent -- [--soaks N] [--settle N] [--seconds N]`
//!
//! It waits `--settle` seconds after the last soak has begun, for what is left of the beginning, and measures for `--seconds`: with
//! 600 and 3000 the growth is that between the tenth and the sixtieth minute.
//!
//! Then it kills the agent, and waits until another watches all soaks again, whose recordings are as long as they have lasted.
//!
//! `cargo bench --bench agent -- --kills N [--soaks N]` kills the agent N times at random instead, and checks that every soak ends
//! once, as it must.
//!
//! Each soak has two instances of each color and samples once a second. All instances are addresses of 127.0.0.0/8 with one
//! port, which this process answers with a small page, so that the agent's own cost is measured by its process. Every soak is
//! begun by writing its state file. Prints a table in Markdown.

#![expect(clippy::cast_precision_loss, reason = "counts and times are far below 2^53")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark stops at its first surprise")]

mod fleet;
mod instances;
mod kills;

use std::time::{Duration, Instant};

use fleet::Fleet;

/// Until everything has begun.
const LIMIT: Duration = Duration::from_mins(10);

fn main() {
    let (mut soaks, mut settle, mut seconds, mut kills) = (1_000, 15, 60, 0);
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    while let Some(flag) = args.next() {
        let value = args.next().and_then(|value| value.parse().ok()).expect("a flag and a number");
        match flag.as_str() {
            "--soaks" => soaks = value,
            "--settle" => settle = value,
            "--kills" => kills = value,
            "--seconds" => seconds = value,
            _ => panic!("unknown flag {flag}"),
        }
    }
    let port = instances::serve(kills > 0);
    if kills > 0 {
        return kills::run(soaks, kills, port);
    }
    let mut fleet = Fleet::start(soaks, port, "2h");
    let begun = Instant::now();
    fleet.wait("state", "idle", soaks, LIMIT);
    let idle = fleet.usage();
    eprintln!("{soaks} services known after {:.1} s", begun.elapsed().as_secs_f64());
    let switched = Instant::now();
    fleet.switch();
    fleet.wait("state", "watching", soaks, LIMIT);
    eprintln!("{soaks} soaks begun after {:.1} s", switched.elapsed().as_secs_f64());
    std::thread::sleep(Duration::from_secs(settle as u64));
    let (first, from) = (fleet.usage(), Instant::now());
    std::thread::sleep(Duration::from_secs(seconds as u64));
    let (last, took) = (fleet.usage(), from.elapsed());
    let cpu = last.cpu.saturating_sub(first.cpu).as_secs_f64() / took.as_secs_f64();
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let (skipped, tick_lag) = (fleet.skipped(), fleet.tick_lag());
    let killed = Instant::now();
    fleet.kill();
    fleet.wait("state", "watching", soaks, LIMIT);
    let again = killed.elapsed();
    println!(
        "| soaks | CPU | resident, idle | resident | growth | a soak more | threads | latest tick | ticks left out | all \
         watched again |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    println!(
        "| {soaks} | {:.0}% of a core | {:.0} MiB | {:.0} MiB | {:+.1}% | {:.0} KiB | {} | {:.0} ms | {skipped} | {:.1} s |",
        cpu * 100.0,
        mib(idle.resident),
        mib(last.resident),
        (last.resident as f64 / first.resident as f64 - 1.0) * 100.0,
        (last.resident - idle.resident) as f64 / 1024.0 / soaks as f64,
        last.threads,
        tick_lag * 1e3,
        again.as_secs_f64(),
    );
    eprintln!("latest tick while they are resumed: {:.0} ms", fleet.tick_lag() * 1e3);
}
