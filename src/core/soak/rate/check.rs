//! The check itself: what it is told, and what it says.

use super::RateCheck;
use super::instance::{Instance, News};
use crate::core::detect::{ClosingVerdict, Ending, Processes, TickCounts};
use crate::core::soak::attribution::ErrorAttribution;
use crate::core::soak::check::{Judging, Now, kept, sources};
use crate::core::soak::own::Counts;
use crate::core::soak::roster::Changes;
use crate::core::soak::{Check, Metered, Observation, Sample};
use crate::model::{CheckId, Verdict};

impl Check for RateCheck {
    fn id(&self) -> &CheckId {
        &self.id
    }

    fn observe(&self, now: &Now) -> Observation {
        let (seen, is_warmup) = (self.judge.seen(), now.judging == Judging::Outages);
        let (verdict, message) = match self.breach(is_warmup) {
            Some(reason) => (Verdict::Breached, reason),
            None if is_warmup => (Verdict::Unknown, "warming up: only outages and crash loops are judged".to_owned()),
            None => self.so_far(now),
        };
        Observation {
            check: self.id.clone(),
            required: self.settings.required,
            verdict,
            value: self.judge.recent().rate(),
            threshold: self.settings.threshold.0,
            requests: seen.requests,
            errors: seen.errors,
            evidence: self.judge.evidence(),
            message,
        }
    }

    fn describe(&self) -> String {
        format!("error rate at most {}", self.settings.threshold)
    }

    fn boxed(&self) -> Box<dyn Check> {
        Box::new(self.clone())
    }

    fn close(&self, now: &Now, overtime: u64) -> Option<(Verdict, String)> {
        if let Some(reason) = self.crash_loop() {
            return Some((Verdict::Breached, reason));
        }
        let Ending::Closed(closing) = self.judge.close(self.since_start(now.at_ms), overtime) else { return None };
        if closing.verdict == ClosingVerdict::Breached {
            return Some((Verdict::Breached, closing.reason));
        }
        if let Some(why) = self.unknowable(now) {
            return Some((Verdict::Unknown, why));
        }
        if let Some(why) = self.judge.silence(self.since_start(now.at_ms)) {
            return Some((Verdict::Unknown, why));
        }
        Some(match closing.verdict {
            ClosingVerdict::Healthy => self.doubted((Verdict::Healthy, closing.reason)),
            _ => (Verdict::Unknown, self.noted(closing.reason)),
        })
    }

    fn retained(&self, message: &str) -> String {
        message.to_owned()
    }

    fn is_prepared(&self) -> bool {
        self.all_tried()
    }

    fn begin(&mut self, now: &Now) {
        // Nothing before counts as blindness.
        (self.sighted_at, self.missing_ticks) = (now.at_ms, 0);
        self.restart(now);
    }

    fn restart(&mut self, now: &Now) {
        self.judge = self.new_judge();
        self.started_at = now.at_ms;
        self.last_tick_at = now.at_ms;
        self.last_counts = None;
        self.pending = Counts::default();
        self.outage.end();
        self.errors_by_label = ErrorAttribution::default();
        self.instances.iter_mut().for_each(Instance::restart);
    }

    fn page(&mut self, now: &Now, instance: usize, sample: &Sample) {
        if self.settings.metered.is_none() {
            self.read(now, instance, sample);
        }
    }

    fn metered(&mut self, now: &Now, outcome: &Metered) {
        match outcome {
            Metered::New(reading) => {
                self.read(now, 0, &Sample::Good(reading.clone()));
            }
            Metered::Failed(why) => {
                self.read(now, 0, &Sample::Failed(why.clone()));
            }
            Metered::Same { .. } => self.nothing_new(now),
        }
    }

    /// Missing when a known instance gave no good page since the last one, unless it has been silent for too long.
    fn tick(&mut self, now: &Now, skipped: u32) {
        let Now { at_ms, patience_ms, .. } = *now;
        let since_start = at_ms.saturating_sub(self.started_at);
        let news = self.instances.iter().map(|known| known.news).max().unwrap_or_default();
        if news == News::Same {
            self.last_counts = Some((since_start, None));
            self.instances.iter_mut().for_each(|known| known.news = News::None);
            return;
        }
        self.judge.skip(u64::from(skipped));
        let complete = news == News::Page
            && self.instances.iter().all(|known| {
                let silent_since = known.good_at.unwrap_or(self.started_at).max(self.started_at);
                // Until its first page one that joined has counted nothing that could be missed.
                let is_new = known.joined_at.is_some() && known.good_at.is_none();
                let waited_for = !known.gone && !is_new && at_ms.saturating_sub(silent_since) <= patience_ms;
                known.news == News::Page || !waited_for
            });
        let counts = complete.then(|| std::mem::take(&mut self.pending));
        self.judge.tick(since_start, counts.as_ref(), &self.cases);
        self.last_counts = Some((since_start, counts.map(|counts| self.cases.fewest(&counts))));
        if let Some(counts) = counts {
            self.missing_ticks = 0;
            self.sighted_at = at_ms;
            let at_best = self.cases.at_best(&counts);
            self.outage.see(self.last_tick_at, at_ms, at_best, self.settings.min_requests, self.bad_event);
        } else {
            self.missing_ticks = self.missing_ticks.saturating_add(1);
        }
        for known in &mut self.instances {
            known.news = News::None;
        }
        self.last_tick_at = at_ms;
    }

    /// One that is back may be another process: what was known of it is forgotten.
    fn come_and_go(&mut self, now: &Now, instances: &[String], changes: &Changes) {
        if self.settings.metered.is_some() {
            return;
        }
        self.names = instances.to_vec();
        self.instances.resize(instances.len(), Instance::default());
        for place in &changes.joined {
            self.instances[*place].join(now.at_ms);
        }
        for place in &changes.left {
            self.instances[*place].leave();
        }
    }

    /// The ticks that nobody took are missing, and the counters go on over the gap. What is known of those that stay is kept.
    fn resume(&mut self, now: &Now, instances: &[String]) {
        let names = sources(self.settings.metered.as_ref(), instances);
        let missed = now.at_ms.saturating_sub(self.last_tick_at) / self.interval_ms.max(1);
        self.judge.skip(missed);
        self.instances = kept(&self.names, &self.instances, &names);
        self.names = names;
        self.instances.iter_mut().for_each(Instance::resume);
    }
}

impl RateCheck {
    /// An instance that is not in the settings is ignored. Says what was counted.
    pub fn read(&mut self, now: &Now, instance: usize, sample: &Sample) -> TickCounts {
        let Some(known) = self.instances.get_mut(instance).filter(|known| !known.gone) else {
            return TickCounts::default();
        };
        let was_mixed = known.processes() == Processes::Mixed;
        let counts = known.sampled(now.at_ms, now.run_wall_ms, sample);
        if !was_mixed && known.processes() == Processes::Mixed {
            // What was counted so far was guessed from several counters.
            self.judge = self.new_judge();
            self.pending = Counts::default();
            self.outage.end();
        }
        if let Some(known) = self.instances.get(instance) {
            self.cases.learn(&known.share);
        }
        self.pending = self.pending.plus(counts);
        // What a page shows that is not counted happened before the soak, or is in doubt.
        if counts.all.errors > 0
            && let Sample::Good(reading) = sample
            && let Some(attribution) = &reading.attribution
        {
            self.errors_by_label.enter(attribution);
        }
        counts.all
    }

    /// The source has nothing newer: nothing is wrong, and nothing is judged at the next tick.
    pub fn nothing_new(&mut self, now: &Now) {
        (self.missing_ticks, self.sighted_at) = (0, now.at_ms);
        for known in &mut self.instances {
            known.news = known.news.max(News::Same);
            (known.tried, known.good_at, known.why) = (true, Some(now.at_ms), None);
        }
    }
}
