//! An agent that is killed at random, again and again, and what became of its soaks.

use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::LIMIT;
use crate::fleet::Fleet;
use crate::instances;

/// Long enough that no soak ends before the last kill but by a rollback.
const WINDOW: &str = "5m";
/// The longest time between two kills.
const PAUSE: Duration = Duration::from_secs(12);

pub fn run(soaks: usize, kills: usize, port: u16) {
    let seed = fastrand::u64(..);
    eprintln!("seed {seed}");
    let mut rng = Rng::with_seed(seed);
    let mut fleet = Fleet::start(soaks, port, WINDOW);
    fleet.wait("state", "idle", soaks, LIMIT);
    fleet.switch();
    let begun = Instant::now();
    for _ in 0..kills {
        std::thread::sleep(PAUSE.mul_f64(rng.f64()));
        fleet.kill();
    }
    eprintln!("killed {kills} times in {:.0} s", begun.elapsed().as_secs_f64());
    let bad = (0..soaks).filter(|at| instances::is_bad(*at)).count();
    fleet.wait("outcome", "rolled-back", bad, LIMIT);
    fleet.wait("outcome", "retained", soaks - bad, LIMIT);
    let mut wrong = 0;
    for at in 0..soaks {
        let wanted = if instances::is_bad(at) {
            ([1, 1, 1, 0], "\"blue\" \"rolled-back\"".to_owned())
        } else {
            ([1, 0, 0, 1], "\"green\" \"retained\"".to_owned())
        };
        let decided = fleet.decided(at, ["soak_start", "rollback", "rolled_back", "retain"]);
        if decided != wanted {
            eprintln!("s{at}: {decided:?}, not {wanted:?}");
            wrong += 1;
        }
    }
    println!("| soaks | kills | rolled back | retained | not once, or not as they must |");
    println!("| --- | --- | --- | --- | --- |");
    println!("| {soaks} | {kills} | {bad} | {} | {wrong} |", soaks - bad);
    assert_eq!(wrong, 0);
}
