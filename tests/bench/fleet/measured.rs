//! What the kernel says that a process used (proc(5)).

use std::fs;
use std::time::Duration;

pub struct Process {
    /// Of all its threads, in user and kernel mode.
    pub cpu: Duration,
    /// In bytes.
    pub resident: u64,
}

impl Process {
    pub fn now(pid: u32) -> Self {
        let read = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).expect("the process runs");
        let (stat, statm) = (read("stat"), read("statm"));
        // Behind the name, which may have spaces, utime and stime are the 12th and 13th.
        let numbers = stat.rsplit(") ").next().unwrap_or_default().split(' ');
        let ticks: u64 = numbers.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("a number of pages");
        let page = u64::try_from(rustix::param::page_size()).expect("a small number");
        Self {
            cpu: Duration::from_millis(ticks * 1_000 / rustix::param::clock_ticks_per_second()),
            resident: pages * page,
        }
    }
}
