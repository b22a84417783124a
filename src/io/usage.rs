//! What this process uses of the machine.

use std::fs;

/// Resident memory.
pub fn resident_bytes() -> Option<u64> {
    let pages: u64 = fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages.saturating_mul(rustix::param::page_size() as u64))
}

pub fn open_descriptors() -> Option<u64> {
    count("/proc/self/fd")
}

pub fn threads() -> Option<u64> {
    count("/proc/self/task")
}

fn count(folder: &str) -> Option<u64> {
    fs::read_dir(folder).ok().map(|found| found.count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_uses_something_of_everything() {
        assert!(resident_bytes().unwrap() > 100_000);
        assert!(open_descriptors().unwrap() > 0 && threads().unwrap() > 0);
    }
}
