//! The program itself, attached to a monitor from a real terminal.

use std::fs;
use std::process::Child;
use std::time::{Duration, Instant};

use support::{Deployment, Emulator};

/// So many clients are started one after the other.
const CLIENTS: usize = 11;

/// What an attached client costs.
pub struct Cost {
    /// What it shows.
    pub what: &'static str,
    /// CPU time as a share of one core's.
    pub cpu: f64,
    /// Bytes that it writes to its terminal in a second.
    pub bytes: f64,
}

/// The median time from the start of a client to the first frame that shows the run.
pub fn first_frame() -> Duration {
    let deployment = Deployment::switched().with("soak.window", "1h").with("soak.interval", "1s");
    deployment.run(&["soak", "--detach"]).expect(0);
    let mut times: Vec<Duration> = (0..CLIENTS)
        .map(|_| {
            let mut emulator = Emulator::new(120, 36);
            let begun = Instant::now();
            let mut client = deployment.on_terminal(&emulator, &["attach"]).spawn().unwrap();
            emulator.wait_for("deploy:status");
            let taken = begun.elapsed();
            client.kill().unwrap();
            client.wait().unwrap();
            taken
        })
        .collect();
    deployment.run(&["ctl", "abort"]).expect(0);
    times.sort();
    times[CLIENTS / 2]
}

/// Watches a client for a while in each state it can be left in.
pub fn measure(length: Duration) -> Vec<Cost> {
    let deployment = Deployment::switched().with("soak.window", "1h").with("soak.interval", "1s");
    deployment.run(&["soak", "--detach"]).expect(0);
    let mut emulator = Emulator::new(120, 36);
    let mut client = deployment.on_terminal(&emulator, &["attach"]).spawn().unwrap();
    emulator.wait_for("healthy so far");
    let mut costs = vec![cost("watching", &mut emulator, &client, length)];
    emulator.type_keys(" ");
    emulator.wait_for("VIEW PAUSED");
    costs.push(cost("view frozen", &mut emulator, &client, length));
    emulator.type_keys(" ");
    deployment.run(&["ctl", "abort"]).expect(0);
    emulator.wait_for("ABORTED");
    costs.push(cost("soak over", &mut emulator, &client, length));
    emulator.type_keys("q");
    assert_eq!(emulator.wait_for_end(&mut client).code(), Some(5));
    costs
}

fn cost(what: &'static str, emulator: &mut Emulator, client: &Child, length: Duration) -> Cost {
    emulator.read_all();
    let (begun, used, written) = (Instant::now(), cpu_time(client.id()), emulator.bytes.len());
    while begun.elapsed() < length {
        emulator.read(Duration::from_millis(50));
    }
    let seconds = begun.elapsed().as_secs_f64();
    let cpu = cpu_time(client.id()).saturating_sub(used).as_secs_f64() / seconds;
    Cost { what, cpu, bytes: (emulator.bytes.len() - written) as f64 / seconds }
}

/// The CPU time of all threads of a process: the first field of `schedstat` is in nanoseconds.
fn cpu_time(pid: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let used = threads.map(|thread| {
        let text = fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap();
        text.split(' ').next().unwrap().parse::<u64>().unwrap()
    });
    Duration::from_nanos(used.sum())
}
