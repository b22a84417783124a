//! What the histograms of the processes behind one URL said last: what came since is shown as the latency of now.

use crate::core::detect::{Buckets, Reading};

const MAX_PROCESSES: usize = 64;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct LastBuckets {
    /// The one read last comes last.
    processes: Vec<(Who, Buckets)>,
}

/// A process: by its number, where the reader of its pages gave it one, or by its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Numbered(u32),
    Started(Option<i64>),
}

impl Who {
    pub(super) fn of(reading: &Reading) -> Self {
        match reading.latency_process {
            Some(process) => Self::Numbered(process.id),
            None => Self::Started(reading.started_ms),
        }
    }
}

impl LastBuckets {
    /// What came since the last page of the same process, of which `counted` requests are judged; none where that is not known.
    pub fn since(&mut self, reading: &Reading, now: &Buckets, counted: u64) -> Option<Buckets> {
        let who = Who::of(reading);
        let read_before = !self.processes.is_empty();
        let at = self.processes.iter().rposition(|(known, _)| *known == who);
        let last = match at {
            Some(at) => Some(self.processes.remove(at).1),
            None if self.processes.len() == MAX_PROCESSES => {
                self.processes.remove(0);
                None
            }
            None => None,
        };
        self.processes.push((who, now.clone()));
        let since = last.and_then(|last| now.since(&last));
        // A restarted process counts from zero.
        since.or_else(|| (read_before && counted > 0 && counted >= now.total()).then(|| now.clone()))
    }
}
