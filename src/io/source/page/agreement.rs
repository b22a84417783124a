//! What the instances of both colors are measured by.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The request counter and the latency histogram that the instances of both colors are measured by, once one of them is seen to
/// count users. Others take them too where they have them, so that both colors are measured by the same.
#[derive(Clone, Debug, Default)]
pub struct Agreement(Arc<Mutex<Agreed>>);

#[derive(Debug, Default)]
struct Agreed {
    counter: Option<String>,
    histogram: Option<String>,
    /// Whether an instance that does not have the first histogram put its own in the place of it.
    is_revised: bool,
}

impl Agreement {
    fn lock(&self) -> MutexGuard<'_, Agreed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn counter(&self) -> Option<String> {
        self.lock().counter.clone()
    }

    /// Agrees on a counter where there is none yet, or where it turned out that there is a better one.
    pub(super) fn count_by(&self, metric: &str, is_better: bool) {
        let mut agreed = self.lock();
        if agreed.counter.is_none() || is_better {
            agreed.counter = Some(metric.to_owned());
        }
    }

    pub(super) fn histogram(&self) -> Option<String> {
        self.lock().histogram.clone()
    }

    /// An instance that would have taken the histogram of the others, if it had it, is measured by this one. Once that replaces what
    /// was agreed on: those that were first may have this one as well. Only once, for where they do not, nothing fits all.
    pub(super) fn measure_by(&self, histogram: &str) {
        let mut agreed = self.lock();
        match &agreed.histogram {
            None => agreed.histogram = Some(histogram.to_owned()),
            Some(known) if known != histogram && !agreed.is_revised => {
                (agreed.histogram, agreed.is_revised) = (Some(histogram.to_owned()), true);
            }
            Some(_) => {}
        }
    }
}
