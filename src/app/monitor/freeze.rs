//! Detects when automatic rollback is frozen, or a freeze is over.

use std::collections::VecDeque;
use std::fs;
use std::os::unix::fs::MetadataExt as _;

use jiff::Timestamp;

use crate::core::soak::{Event, Frozen};
use crate::io::state::{Freeze, FreezeFile};

/// Identifies a version of the file without reading it.
type Identity = Option<(u64, i64, i64, u64)>;

/// Checks the freeze file before every event that may lead to a decision, so that none ignores an existing freeze.
pub struct FreezeWatch {
    file: FreezeFile,
    seen: Option<Identity>,
    freeze: Option<Freeze>,
    told: Option<Frozen>,
}

impl FreezeWatch {
    /// Nothing is reported yet: the machine assumes that there is no freeze.
    pub const fn new(file: FreezeFile, told: Option<Frozen>) -> Self {
        Self { file, seen: None, freeze: None, told }
    }

    /// The event, behind what is to be told before it.
    pub fn before(&mut self, event: Event, now: Timestamp) -> VecDeque<Event> {
        let change = if event.is_judged_later() { None } else { self.change(now) };
        change.into_iter().chain([event]).collect()
    }

    fn change(&mut self, now: Timestamp) -> Option<Event> {
        let identity =
            fs::symlink_metadata(self.file.path()).ok().map(|of| (of.ino(), of.mtime(), of.mtime_nsec(), of.len()));
        if self.seen != Some(identity) {
            self.seen = Some(identity);
            self.freeze = self.file.holding(now);
            if let Some(what) = self.file.unreadable() {
                return Some(Event::Trouble { what });
            }
        }
        let frozen = self.freeze.as_ref().filter(|freeze| freeze.holds(now)).map(Freeze::frozen);
        (frozen != self.told).then(|| {
            self.told.clone_from(&frozen);
            Event::Freeze { frozen }
        })
    }
}
