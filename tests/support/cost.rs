//! What something costs, in counts and in processor time.

use std::fs;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Counts the bytes that are written, and forgets them.
#[derive(Clone, Default)]
pub struct Counter(Arc<AtomicUsize>);

impl Counter {
    /// So many since it was asked last.
    pub fn take(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Processor time of this thread, in which nobody else's work counts.
pub fn thread_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap()
}

/// What a process has used.
pub struct Usage {
    /// By all threads, in user and kernel mode.
    pub cpu: Duration,
    /// Bytes.
    pub resident: u64,
    pub threads: usize,
}

impl Usage {
    pub fn of(pid: u32) -> Self {
        let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap();
        let stat = read("stat");
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        let pages: u64 = read("statm").split(' ').nth(1).unwrap().parse().unwrap();
        let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap().count();
        // Both are 100 a second and 4 KiB wherever the packages run.
        Self { cpu: Duration::from_millis(ticks * 10), resident: pages * 4_096, threads }
    }
}
