//! Notices when somebody freezes automatic rollback, or a freeze is over.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use jiff::Timestamp;

use crate::core::soak::{Event, Frozen};
use crate::io::state::{Freeze, FreezeFile};

/// What tells one state of the file from another without reading it.
type Identity = Option<(u64, i64, i64, u64)>;

/// Looks at the file of the freeze before every event, so that nothing is decided against a freeze that is there already.
pub struct FreezeWatch {
    file: FreezeFile,
    seen: Option<Identity>,
    freeze: Option<Freeze>,
    told: Option<Frozen>,
}

impl FreezeWatch {
    /// Nothing is told yet: the machine believes that there is none.
    pub const fn new(file: FreezeFile, told: Option<Frozen>) -> Self {
        Self { file, seen: None, freeze: None, told }
    }

    /// What the machine has to be told now, if anything.
    pub fn change(&mut self, now: Timestamp) -> Option<Event> {
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
