//! The texts of an event that somebody else may have written.

use super::{Answer, Event, ForeignSeen, Metered, ReadError, Readiness, RollbackResult, Sample, SwitchResult};

impl Event {
    /// Hands every text in it that somebody else may have written to `edit`: error messages that quote an answer, notes, labels.
    pub fn edit_texts(&mut self, mut edit: impl FnMut(&mut String)) {
        match self {
            Self::Sampled { outcome: Sample::Failed(why), .. }
            | Self::Metered { outcome: Metered::Failed(why), .. }
            | Self::Queried { answer: Answer::Failed(why), .. }
            | Self::Probed { answer: Readiness::NotReady(why) | Readiness::Unknown(why), .. }
            | Self::StandbyProbed { answer: Readiness::NotReady(why) | Readiness::Unknown(why), .. }
            | Self::SwitchDone { result: SwitchResult::Failed(why), .. }
            | Self::RollbackDone { result: RollbackResult::Failed(why) | RollbackResult::Superseded(why), .. }
            | Self::Action { reason: Some(why), .. }
            | Self::Trouble { what: why } => edit(why),
            Self::Sampled { outcome: Sample::Good(reading), .. }
            | Self::Metered { outcome: Metered::New(reading), .. } => {
                reading.note.iter_mut().chain(&mut reading.release).for_each(&mut edit);
                let label_counts = reading.attribution.iter_mut().flat_map(|attribution| &mut attribution.label_counts);
                label_counts.for_each(|label_count| edit(&mut label_count.value));
            }
            Self::Queried { answer: Answer::Value { note, .. }, .. } => note.iter_mut().for_each(edit),
            Self::Queried { answer: Answer::Firing { alerts, note }, .. } => {
                alerts.iter_mut().chain(note).for_each(edit);
            }
            Self::RouterObserved { router, state, foreign, .. } => {
                let errors = router.as_mut().err().into_iter().chain(state.as_mut().err());
                errors.for_each(|ReadError(why)| edit(why));
                if let Some(foreign) = foreign {
                    foreign.edit_texts(edit);
                }
            }
            Self::RollbackDone { result: RollbackResult::Foreign(foreign), .. } => foreign.edit_texts(edit),
            Self::RollbackDone { result: RollbackResult::NotDone(failure), .. } => edit(&mut failure.why),
            _ => {}
        }
    }
}

impl ForeignSeen {
    fn edit_texts(&mut self, mut edit: impl FnMut(&mut String)) {
        edit(&mut self.what);
        edit(&mut self.by_hand);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_of_others_is_handed_out() {
        let what = "s3cret".to_owned();
        let events = [
            r#"{"event":"sampled","color":"blue","instance":0,"outcome":{"failed":"s3cret"}}"#,
            r#"{"event":"sampled","color":"blue","instance":0,"outcome":{"good":{"total":1,"errors":0,"note":"s3cret"}}}"#,
            r#"{"event":"sampled","color":"blue","instance":0,"outcome":{"good":{"total":1,"errors":0,"release":"s3cret"}}}"#,
            r#"{"event":"metered","color":"blue","check":"error-rate","outcome":{"failed":"s3cret"}}"#,
            r#"{"event":"queried","check":"q","answer":{"failed":"s3cret"}}"#,
            r#"{"event":"rollback_done","attempt":1,"result":{"not_done":{"why":"s3cret","traffic":"unknown"}}}"#,
            r#"{"event":"queried","check":"q","answer":{"value":{"value":1.0,"note":"s3cret"}}}"#,
            r#"{"event":"queried","check":"q","answer":{"firing":{"alerts":["s3cret"]}}}"#,
            r#"{"event":"probed","instance":0,"answer":{"not_ready":"s3cret"}}"#,
            r#"{"event":"standby_probed","instance":0,"answer":{"unknown":"s3cret"}}"#,
            r#"{"event":"router_observed","epoch":0,"router":{"Err":"s3cret"},"state":{"Err":"s3cret"}}"#,
            r#"{"event":"switch_done","result":{"failed":"s3cret"}}"#,
            r#"{"event":"rollback_done","attempt":1,"result":{"failed":"s3cret"}}"#,
            r#"{"event":"rollback_done","attempt":1,"result":{"foreign":{"what":"s3cret","by_hand":"s3cret"}}}"#,
            r#"{"event":"trouble","what":"s3cret"}"#,
        ];
        for text in events {
            let mut event: Event = serde_json::from_str(text).unwrap();
            event.edit_texts(|text| *text = text.replace(&what, "***"));
            let edited = serde_json::to_string(&event).unwrap();
            assert!(edited.contains("***") && !edited.contains(&what), "{edited}");
        }
    }
}
