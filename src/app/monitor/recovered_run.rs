//! The events and decisions of a dead monitor, read back from its recording.

use std::path::Path;
use std::sync::Arc;

use crate::config::Setting;
use crate::core::soak::{ClockOrigin, Effect, Envelope, Event, Machine, RecordingHeader};
use crate::core::view::View;
use crate::io::journal::{RecordingError, RecordingReader};
use crate::io::ports::Clock;
use crate::model::{Decision, DecisionKind};

use super::clock::RunClock;

/// Keys that a resumed run reads again: instances, Prometheus, webhooks and sockets may have moved, and another host has its own files.
const AFRESH: [&str; 7] = ["colors.", "prometheus.", "notify.", "control.", "coordination.", "state_file", "data_dir"];

/// A recorded run, up to its last event.
#[derive(Debug)]
pub struct RecoveredRun {
    pub header: RecordingHeader,
    pub machine: Machine,
    /// Place of the last event in the order of events; 0 where none was recorded.
    pub seq: u64,
    /// Time of the last event, in milliseconds since the run began.
    pub at_ms: u64,
    /// Wall clock of the last event, Unix milliseconds.
    pub wall_ms: i64,
    /// Events that did not reach the recording.
    pub lost_events: u64,
    clock: Option<ClockOrigin>,
    /// Decisions of the machine to journal, in order, with an intent to roll back for each attempt.
    decisions: Vec<Decision>,
}

impl RecoveredRun {
    /// Replays a recording through a machine. A torn last line is left out.
    pub fn read(path: &Path) -> Result<Self, RecordingError> {
        let (header, envelopes) = RecordingReader::<Envelope>::open::<RecordingHeader>(path)?;
        let mut recovered = Self {
            machine: Machine::new(header.settings.clone()),
            clock: header.clock.clone(),
            header,
            seq: 0,
            at_ms: 0,
            wall_ms: 0,
            lost_events: 0,
            decisions: Vec::new(),
        };
        for envelope in envelopes {
            recovered.see(&envelope?);
        }
        Ok(recovered)
    }

    fn see(&mut self, envelope: &Envelope) {
        self.lost_events += envelope.seq.saturating_sub(self.seq.saturating_add(1));
        (self.seq, self.at_ms, self.wall_ms) = (envelope.seq, envelope.at_ms, envelope.wall_ms);
        if let Event::Resumed(by) = &envelope.event {
            self.clock = by.clock.clone().or_else(|| self.clock.take());
        }
        for effect in self.machine.handle(envelope) {
            match effect {
                Effect::Journal(decision) => self.decisions.push(*decision),
                Effect::Rollback { intent, .. } => self.decisions.push(*intent),
                _ => {}
            }
        }
    }

    pub fn clock(&self, clock: Arc<dyn Clock>) -> RunClock {
        RunClock::resume(clock, self.clock.as_ref(), self.at_ms, self.wall_ms)
    }

    pub fn view(&self) -> View {
        View::resumed(self.machine.clone(), self.seq, self.at_ms, self.wall_ms)
    }

    /// Decisions that did not reach the journal, which is written in order: those after the last one there. Equal ones
    /// count one line each. If the journal has an intent to roll back that the recording lacks, all missing came before
    /// it. After the end of a rollback nothing is written that would read as if there had been none. An intent to roll
    /// back is never among them: the move that it begins writes it.
    pub fn not_journaled(&self, journaled: &[Decision]) -> Vec<&Decision> {
        let same = |a: &Decision, b: &Decision| a.decision == b.decision && a.message == b.message;
        let (mut left, mut known) = (journaled, 0);
        for (at, made) in self.decisions.iter().enumerate() {
            let Some(line) = left.iter().position(|written| same(made, written)) else { continue };
            // An intent is wanted by each attempt and has one line: that of the attempt before which all of this was written.
            let is_wanted_later = |written| self.decisions[at + 1..].iter().any(|made| same(made, written));
            if made.decision == DecisionKind::Rollback && left[..line].iter().any(is_wanted_later) {
                continue;
            }
            (left, known) = (&left[line + 1..], at + 1);
        }
        let has = |kind: DecisionKind| left.iter().any(|line| line.decision == kind);
        if has(DecisionKind::Rollback) {
            return Vec::new();
        }
        let is_over = has(DecisionKind::RolledBack);
        let missing = self.decisions[known..].iter();
        let by_the_move = |kind: DecisionKind| kind == DecisionKind::Rollback || is_over && kind.closes_intent();
        missing.filter(|decision| !by_the_move(decision.decision)).collect()
    }

    /// Settings that changed since and that the run does not follow, a sentence for each key.
    pub fn changes(&self, now: &[Setting]) -> Vec<String> {
        let told = |setting: &Setting| {
            let value = setting.value.as_deref().filter(|value| *value != "***")?;
            let (_, recorded) = self.header.config.iter().find(|(key, _)| key == setting.key)?;
            let afresh = AFRESH.iter().any(|keys| setting.key.starts_with(keys));
            (!afresh && recorded != value)
                .then(|| format!("{} is {value} in the configuration now, this soak keeps {recorded}", setting.key))
        };
        now.iter().filter_map(told).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::soak::testing::{FAILING, HEALTHY, Harness, resumption, settings};
    use crate::io::journal::{RecordingWriter, SoakId};
    use crate::io::ports::{SystemClock, SystemDisk};
    use crate::model::{Actor, Phase};

    /// A recording of these events of a run.
    fn recorded<'a>(events: impl IntoIterator<Item = &'a Envelope>) -> (tempfile::TempDir, RecoveredRun) {
        let tmp = tempfile::tempdir().unwrap();
        let id: SoakId = settings().soak.parse().unwrap();
        let config = vec![("soak.window".to_owned(), "60s".to_owned()), ("service".to_owned(), "shop".to_owned())];
        let header = RecordingHeader::new(settings(), config, RunClock::start(Arc::new(SystemClock)).origin().clone());
        let mut writer = RecordingWriter::create(tmp.path(), &id, &header, Arc::new(SystemDisk)).unwrap();
        for envelope in events {
            writer.write(envelope).unwrap();
        }
        let recovered = RecoveredRun::read(writer.path()).unwrap();
        (tmp, recovered)
    }

    fn all(decisions: &[Decision]) -> Vec<&Decision> {
        decisions.iter().collect()
    }

    #[test]
    fn a_run_read_back_stands_where_it_stood() {
        let mut harness = Harness::new(settings());
        harness.seconds(5, HEALTHY);
        harness.seconds(9, FAILING);
        let (_tmp, recovered) = recorded(&harness.log);
        assert_eq!(recovered.machine.summary(), harness.machine.summary());
        assert_eq!(
            (recovered.seq, recovered.at_ms, recovered.lost_events),
            (harness.log.last().unwrap().seq, harness.at, 0)
        );
        assert_eq!(recovered.view().machine().phase(), harness.machine.phase());
        assert!(recovered.clock(Arc::new(SystemClock)).at_ms() >= recovered.at_ms);
    }

    #[test]
    fn events_that_did_not_reach_the_recording_are_counted() {
        let mut harness = Harness::new(settings());
        harness.seconds(5, HEALTHY);
        let (_tmp, recovered) = recorded(harness.log.iter().filter(|envelope| !(4..9).contains(&envelope.seq)));
        assert_eq!(recovered.lost_events, 5);
    }

    #[test]
    fn decisions_behind_the_last_one_in_the_journal_are_still_to_be_written() {
        let mut harness = Harness::new(settings());
        harness.seconds(60, HEALTHY);
        let (_tmp, recovered) = recorded(&harness.log);
        let made: Vec<Decision> = harness.decisions().into_iter().cloned().collect();
        assert_eq!(recovered.not_journaled(&[]), all(&made));
        assert_eq!(recovered.not_journaled(&made[..1]), all(&made[1..]));
        assert_eq!(recovered.not_journaled(&made), all(&[]));
        let intent =
            Decision::new(DecisionKind::Rollback, Actor::Auto, "written on a full disk, where no event could be");
        assert_eq!(recovered.not_journaled(&[made[0].clone(), intent]), all(&[]), "nothing is written behind it");
    }

    #[test]
    fn of_two_decisions_that_read_the_same_the_one_without_a_line_is_still_to_be_written() {
        let mut harness = Harness::new(settings());
        harness.seconds(5, HEALTHY);
        let (_tmp, mut recovered) = recorded(&harness.log);
        let resumed = |message: &str| Decision::new(DecisionKind::Resumed, Actor::Resume, message);
        recovered.decisions = vec![resumed("after 0.1s"), resumed("after 0.1s"), resumed("after 2s")];
        let made = recovered.decisions.clone();
        for written in 0..=made.len() {
            assert_eq!(recovered.not_journaled(&made[..written]), all(&made[written..]));
        }
        assert_eq!(recovered.not_journaled(&made[2..]), all(&[]), "what is missing before is not written out of order");
    }

    /// A monitor that died right after the event of its beginning, in a rollback that the one before had finished.
    #[test]
    fn behind_the_end_of_a_rollback_only_what_does_not_hide_it_is_written() {
        let (_tmp, mut recovered) = recorded([]);
        let made = |kind, message: &str| Decision::new(kind, Actor::Auto, message);
        let intent = made(DecisionKind::Rollback, "rolling back");
        let (resumed, hold) = (made(DecisionKind::Resumed, "goes on"), made(DecisionKind::Hold, "left alone"));
        recovered.decisions = vec![intent.clone(), hold, resumed.clone()];
        let journaled = [intent.clone(), made(DecisionKind::RolledBack, "traffic is back")];
        assert_eq!(recovered.not_journaled(&journaled), [&resumed]);
        assert_eq!(recovered.not_journaled(&[intent]).len(), 2, "it is not over: both are written");
    }

    /// A monitor that was killed between the end of the rollback and the event of it, and the next one right after its beginning.
    #[test]
    fn a_beginning_behind_a_rollback_that_the_recording_does_not_know_the_end_of_is_written() {
        let mut harness = Harness::new(settings());
        harness.seconds(5, HEALTHY);
        while harness.machine.phase() != Phase::RollingBack {
            harness.second(FAILING);
        }
        let known = harness.log.len();
        let harness = harness.resumed(known, 100, resumption());
        let (_tmp, recovered) = recorded(&harness.log);
        let of_kind = |kind| recovered.decisions.iter().find(|made| made.decision == kind).unwrap().clone();
        let intent = of_kind(DecisionKind::Rollback);
        let mut journaled: Vec<Decision> = recovered.decisions.clone();
        journaled.retain(|made| !matches!(made.decision, DecisionKind::Resumed | DecisionKind::Rollback));
        assert_eq!(
            recovered.not_journaled(&journaled),
            [&of_kind(DecisionKind::Resumed)],
            "the move writes its intent"
        );
        journaled.extend([intent.clone(), Decision::new(DecisionKind::RolledBack, Actor::Auto, "traffic is back")]);
        assert_eq!(recovered.not_journaled(&journaled), [&of_kind(DecisionKind::Resumed)]);
        journaled.push(of_kind(DecisionKind::Resumed));
        assert_eq!(recovered.not_journaled(&journaled), all(&[]));
    }

    /// A monitor that was killed at a breach, and the next one, which rolls back, right after it had written that.
    #[test]
    fn an_intent_that_only_a_later_attempt_has_written_hides_nothing_before_it() {
        let (_tmp, mut recovered) = recorded([]);
        let made = |kind, message: &str| Decision::new(kind, Actor::Auto, message);
        let (breach, intent) = (made(DecisionKind::Breach, "breached"), made(DecisionKind::Rollback, "rolling back"));
        let resumed = |message: &str| made(DecisionKind::Resumed, message);
        let (second, third) = (resumed("after 168ms"), resumed("after 68ms"));
        recovered.decisions = vec![breach.clone(), intent.clone(), second.clone(), intent.clone(), third.clone()];
        let journaled = [breach, second, intent];
        assert_eq!(recovered.not_journaled(&journaled), [&third], "what the second monitor wrote is not written again");
        assert_eq!(recovered.not_journaled(&journaled[..1]).len(), 2);
        // What was held in between, and is rolled back after all, has an intent of its own that reads the same.
        let hold = made(DecisionKind::Hold, "left alone");
        let [breach, second, intent] = journaled;
        recovered.decisions =
            vec![breach.clone(), intent.clone(), second, intent.clone(), hold.clone(), intent.clone(), third.clone()];
        assert_eq!(recovered.not_journaled(&[breach, intent.clone(), hold, intent]), [&third]);
    }

    #[test]
    fn what_the_configuration_says_differently_now_is_listed() {
        let (_tmp, recovered) = recorded([]);
        let folder = tempfile::tempdir().unwrap();
        let flags = [("soak.window", "5m"), ("service", "shop"), ("colors.green.instances", "http://g:1")];
        let flags = flags.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
        let inputs = crate::config::Inputs { flags, folder: folder.path().to_owned(), ..Default::default() };
        let now = crate::config::load(inputs).unwrap();
        let told = recovered.changes(&now.settings);
        assert_eq!(told, ["soak.window is 5m in the configuration now, this soak keeps 60s"]);
    }
}
