//! What the instances of both colors are measured by.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::quality::RandomState;

use super::known_lines::Known;
use super::rows::Done;
use super::shelf::Shelf;

/// What the first instance that seems to count users is measured by, so that both colors use the same where they can.
#[derive(Clone, Debug, Default)]
pub struct Agreement {
    agreed: Arc<Mutex<Agreed>>,
    pub(super) common: Common,
}

/// What several readers of pages have in common.
#[derive(Clone, Debug, Default)]
pub struct Common {
    pub hasher: RandomState,
    pub lines: Arc<Shelf<Known<Done>>>,
    pub series: Arc<Shelf<u64>>,
}

#[derive(Debug, Default)]
struct Agreed {
    counter: Option<String>,
    histogram: Option<Arc<str>>,
    /// An instance without the first histogram replaced it by its own.
    is_revised: bool,
}

impl Agreement {
    fn lock(&self) -> MutexGuard<'_, Agreed> {
        self.agreed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn counter(&self) -> Option<String> {
        self.lock().counter.clone()
    }

    /// Agrees on a counter, or replaces one by a better one.
    pub(super) fn count_by(&self, metric: &str, is_better: bool) {
        let mut agreed = self.lock();
        if agreed.counter.is_none() || is_better {
            agreed.counter = Some(metric.to_owned());
        }
    }

    pub(super) fn histogram(&self) -> Option<Arc<str>> {
        self.lock().histogram.clone()
    }

    /// An instance without the agreed one offers its own, which others may have too; once, as none may fit all.
    pub(super) fn measure_by(&self, histogram: &Arc<str>) {
        let mut agreed = self.lock();
        match &agreed.histogram {
            None => agreed.histogram = Some(Arc::clone(histogram)),
            Some(known) if known != histogram && !agreed.is_revised => {
                (agreed.histogram, agreed.is_revised) = (Some(Arc::clone(histogram)), true);
            }
            Some(_) => {}
        }
    }
}
