//! How fast a rollback takes effect behind each router: from the decision to the last request that reached the bad color,
//! and what the users lost.
//!
//! `cargo bench --bench routers -- [--rounds N]`
//!
//! Real routers with the example configurations, two instances of each color, and users who ask all the while. A round is a
//! switch to green and a rollback. The decision is the time of the journal's `rollback`, which is on disk before anything
//! moves; a request counts from when it was sent. Prints a table in Markdown.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark stops at its first surprise")]
#![allow(dead_code, unused_imports, reason = "the modules are those of the tests, which use all of them")]

mod apps;
mod caddy;
mod commands;
mod haproxy;
mod nginx;
mod proxy;
mod recipe;
mod scenes;
mod users;

use std::time::{Duration, Instant};

use jiff::Timestamp;
use scenes::{Proxy, Scene};
use users::Connection;

/// How long users go on asking after a rollback.
const AFTERWARDS: Duration = Duration::from_millis(500);

fn main() {
    let mut rounds = 20;
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    while let Some(flag) = args.next() {
        assert_eq!(flag, "--rounds", "unknown flag");
        rounds = args.next().and_then(|value| value.parse().ok()).unwrap();
    }
    println!(
        "| router | last request on the bad color, median | largest | traffic confirmed back, median | requests | repeated on a kept connection | on a new one | lost |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    report("haproxy", &haproxy::start(), rounds);
    report("nginx", &nginx::start(), rounds);
    report("caddy", &caddy::start(), rounds);
    report("command (npm, deploy.js)", &commands::start(), rounds);
}

/// What one rollback did to the users.
struct Round {
    /// From the decision to the last request that reached the bad color.
    last: Duration,
    /// From the decision to `rolled_back`.
    confirmed: Duration,
    requests: usize,
    kept: usize,
    new: usize,
    lost: usize,
}

fn report<P: Proxy>(name: &str, scene: &Scene<P>, rounds: usize) {
    let rounds: Vec<_> = (0..rounds).map(|_| round(scene)).collect();
    let sum = |of: fn(&Round) -> usize| rounds.iter().map(of).sum::<usize>();
    let sorted = |of: fn(&Round) -> Duration| {
        let mut times: Vec<_> = rounds.iter().map(of).collect();
        times.sort();
        times
    };
    let (last, confirmed) = (sorted(|round| round.last), sorted(|round| round.confirmed));
    let ms = |time: Duration| format!("{:.0} ms", time.as_secs_f64() * 1e3);
    println!(
        "| {name} | {} | {} | {} | {} | {} | {} | {} |",
        ms(last[last.len() / 2]),
        ms(last[last.len() - 1]),
        ms(confirmed[confirmed.len() / 2]),
        sum(|round| round.requests),
        sum(|round| round.kept),
        sum(|round| round.new),
        sum(|round| round.lost),
    );
}

fn round<P: Proxy>(scene: &Scene<P>) -> Round {
    scene.deployment.run(&["switch", "--no-soak", "green"]).expect(0);
    let users = scene.users();
    let (clock, wall) = (Instant::now(), Timestamp::now());
    scene.deployment.run(&["rollback"]).expect(0);
    std::thread::sleep(AFTERWARDS);
    let visits = users.stop();
    let decisions = scene.deployment.decisions();
    let at = |kind: &str| -> Instant {
        let decision = decisions.iter().rfind(|decision| decision["decision"] == kind).unwrap();
        let ts: Timestamp = decision["ts"].as_str().unwrap().parse().unwrap();
        clock + Duration::try_from(ts.duration_since(wall)).unwrap_or_default()
    };
    let decided = at("rollback");
    let bad = visits.iter().filter(|visit| visit.color.as_deref() == Some("green")).map(|visit| visit.sent).max();
    let repeated = |on| visits.iter().filter(|visit| visit.repeated == Some(on)).count();
    Round {
        last: bad.unwrap_or(decided).saturating_duration_since(decided),
        confirmed: at("rolled_back").saturating_duration_since(decided),
        requests: visits.len(),
        kept: repeated(Connection::Kept),
        new: repeated(Connection::New),
        lost: visits.iter().filter(|visit| visit.color.is_none()).count(),
    }
}
