//! What is known of one instance's counters.

use super::counting::Counted;
use crate::core::detect::{Counters, Processes, TickCounts};
use crate::core::soak::Sample;
use crate::core::soak::own::{Counts, Share};

pub const ADD_UP: &str = "let one page add them up (gunicorn and uvicorn: `PROMETHEUS_MULTIPROC_DIR`; Node cluster and pm2: \
                          prom-client's `AggregatorRegistry`), or give each process its own URL";

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Instance {
    counters: Option<Counters>,
    /// What is in doubt: it counts once it is clear who counted it.
    held: Counts,
    pub seen: TickCounts,
    /// Whether it was sampled at all, well or not.
    pub tried: bool,
    /// Whether it is there no more, and when it came, if that was after the beginning.
    pub gone: bool,
    pub joined_at: Option<u64>,
    /// What came since the last tick, and when the last good page came.
    pub news: News,
    pub good_at: Option<u64>,
    /// Why the last scrape failed; what the last good page should be known for.
    pub why: Option<String>,
    pub note: Option<String>,
    pub share: Share,
    pub counted: Counted,
    /// Since it was told.
    pub counted_anew: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum News {
    #[default]
    None,
    Same,
    Page,
}

impl Instance {
    pub fn sampled(&mut self, at_ms: u64, run_started_wall: i64, sample: &Sample) -> Counts {
        self.tried = true;
        let reading = match sample {
            Sample::Good(reading) => reading,
            Sample::Failed(why) => {
                self.why = Some(why.clone());
                self.counters.iter_mut().for_each(Counters::missed);
                return Counts::default();
            }
        };
        let first = self.counters.is_none();
        let counters = self.counters.get_or_insert_with(|| Counters::new(run_started_wall));
        let delta = counters.read(reading, at_ms);
        let counts = self.held.plus(self.share.divide(reading, &delta, counters.processes(), first));
        (self.news, self.good_at, self.why) = (News::Page, Some(at_ms), None);
        self.note.clone_from(&reading.note);
        self.counted_anew |= self.counted.see(reading);
        match counters.processes() {
            Processes::One | Processes::Apart(_) => {
                self.held = Counts::default();
                self.seen = self.seen.plus(counts.all);
                counts
            }
            Processes::Unclear => {
                self.held = counts;
                Counts::default()
            }
            Processes::Mixed => {
                self.held = Counts::default();
                Counts::default()
            }
        }
    }

    pub fn restart(&mut self) {
        (self.seen, self.held) = (TickCounts::default(), Counts::default());
        self.counted.restart();
        self.share.restart();
        self.counters.iter_mut().for_each(Counters::rebase);
    }

    pub fn resume(&mut self) {
        self.news = News::None;
        self.share.resume();
        self.counters.iter_mut().for_each(Counters::resume);
    }

    /// It is there again, and may be another process: all is forgotten but what it counted.
    pub fn join(&mut self, at_ms: u64) {
        *self = Self { seen: self.seen, joined_at: Some(at_ms), ..Self::default() };
    }

    pub const fn leave(&mut self) {
        (self.gone, self.news) = (true, News::None);
    }

    pub fn processes(&self) -> Processes {
        self.counters.as_ref().map_or(Processes::One, Counters::processes)
    }

    pub fn crash_loop(&self) -> Option<u32> {
        self.counters.as_ref().filter(|counters| counters.is_crash_loop()).map(Counters::resets)
    }

    pub fn unclear(&self, name: &str) -> Option<String> {
        match self.processes() {
            Processes::One | Processes::Apart(_) => None,
            Processes::Unclear => Some(format!(
                "the counters of {name} went back without a start time that says why: it was restarted, or several processes answer there; if so, {ADD_UP}"
            )),
            Processes::Mixed => Some(format!(
                "several processes answer behind {name}, and no start time tells their counters apart: {ADD_UP}"
            )),
        }
    }
}
