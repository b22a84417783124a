//! Two hosts and an etcd: what happens to a leader at a random moment of its rollback, and how soon the next one leads.
//!
//! Usage: `cargo bench --bench hosts -- [--rounds N] [--abreast N] [--seed N]`; 1,000 rounds, 6 at once.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark that cannot go on ends")]

use std::time::Duration;

use support::rounds::{Blow, Round, run};

/// Of the hosts.
const TTL: Duration = Duration::from_secs(2);
/// How long after the end of a lease the next leader may have to lead.
const AFTER: Duration = Duration::from_secs(2);
/// By client-go's defaults a lease lasts 15 s, and whoever waits for it looks every 2 s:
/// <https://pkg.go.dev/k8s.io/client-go/tools/leaderelection>.
const CLIENT_GO: Duration = Duration::from_secs(15 + 2);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |flag: &str, default: u64| {
        let at = arguments.iter().position(|word| word == flag);
        at.and_then(|at| arguments.get(at + 1)).map_or(default, |text| text.parse().unwrap())
    };
    let (count, abreast) = (number("--rounds", 1_000), number("--abreast", 6));
    let seed = number("--seed", fastrand::u64(..));
    eprintln!("seed {seed}");
    let (done, failed) = run(count, seed, abreast);
    println!(
        "| what happened to the leader | rounds | next leader after, median | at most | by client-go's defaults |"
    );
    println!("| --- | --- | --- | --- | --- |");
    for blow in Blow::ALL {
        let of_it: Vec<&Round> = done.iter().filter(|round| round.blow == blow).collect();
        let mut taken: Vec<Duration> = of_it.iter().filter_map(|round| round.taken_over).collect();
        taken.sort_unstable();
        let text = |time: Option<&Duration>| {
            time.map_or_else(|| "–".to_owned(), |time| format!("{:.1} s", time.as_secs_f64()))
        };
        let go = if taken.is_empty() { "–".to_owned() } else { format!("up to {} s", CLIENT_GO.as_secs()) };
        println!("| {blow} | {} | {} | {} | {go} |", of_it.len(), text(taken.get(taken.len() / 2)), text(taken.last()));
    }
    let late = done.iter().filter(|round| round.taken_over.is_some_and(|taken| taken > TTL + AFTER)).count();
    println!("\n{} rounds; {late} take-overs later than TTL + 2 s", done.len() + failed);
    println!("{failed} rounds with a stale move, a double rollback or a lost one");
    assert_eq!(failed, 0);
}
