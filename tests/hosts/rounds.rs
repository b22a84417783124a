//! Whatever happens to a leader at a random moment of its rollback.
//!
//! `SWITCHBACK_HOSTS_ROUNDS` is the number of rounds (50), `SWITCHBACK_HOSTS_SEED` the first seed.

use std::time::Duration;

use support::rounds::{Blow, run};

#[test]
#[ignore = "slow: asked for with --run-ignored"]
fn whatever_happens_to_a_leader_in_its_rollback_traffic_is_moved_back_once() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let rounds: u64 = number("SWITCHBACK_HOSTS_ROUNDS").unwrap_or(50);
    let first: u64 = number("SWITCHBACK_HOSTS_SEED").unwrap_or_else(rand::random);
    eprintln!("again: SWITCHBACK_HOSTS_SEED={first}");
    let (done, failed) = run(rounds, first, 4);
    for blow in Blow::ALL {
        eprintln!("{blow}: {} rounds", done.iter().filter(|round| round.blow == blow).count());
    }
    let mut taken: Vec<Duration> = done.iter().filter_map(|round| round.taken_over).collect();
    taken.sort_unstable();
    eprintln!("taken over after {:?} in the middle, {:?} at most", taken.get(taken.len() / 2), taken.last());
    assert_eq!(failed, 0);
}
