//! What is told of a soak under way: the decisions that are notified as well. Pure.

use crate::app::headless::Happened;
use crate::core::view::ViewUpdate;
use crate::model::{Decision, DecisionKind, ReasonCode};

/// What changed, in words. What comes with the end is told by the line of the end.
pub fn told(news: &ViewUpdate) -> impl Iterator<Item = (Happened, &str)> {
    let decisions = news.decisions.iter().filter(|_| news.ending.is_none());
    decisions.filter(|made| made.is_worth_telling()).map(|made| (kind(made), made.message.as_str()))
}

fn kind(made: &Decision) -> Happened {
    if made.is_because(ReasonCode::LeadLost) || made.is_because(ReasonCode::LeadBack) {
        return Happened::Lead;
    }
    match made.decision {
        DecisionKind::Switch => Happened::Switch,
        DecisionKind::Breach => Happened::Breach,
        DecisionKind::Hold => Happened::Hold,
        DecisionKind::Blind => Happened::Blind,
        DecisionKind::Sighted => Happened::Sighted,
        // It begins, fails and is tried again, would lead to a color that fails, or is done.
        _ => Happened::Rollback,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Actor, Cause, Ending, Outcome};

    #[test]
    fn every_turn_of_a_soak_has_a_line_and_its_observations_have_none() {
        let made = |kind| Decision::new(kind, Actor::Auto, kind.name());
        let retried = made(DecisionKind::Observe).because(ReasonCode::RollbackAttempt);
        let quiet = [made(DecisionKind::SoakStart), made(DecisionKind::Observe), made(DecisionKind::Extend)];
        let turns = [DecisionKind::Breach, DecisionKind::Hold, DecisionKind::Blind, DecisionKind::Sighted];
        let alone = made(DecisionKind::Observe).because(ReasonCode::LeadLost);
        let decisions = quiet.into_iter().chain(turns.map(made)).chain([made(DecisionKind::Rollback), retried, alone]);
        let mut news = ViewUpdate { decisions: decisions.collect(), ..ViewUpdate::default() };
        let kinds: Vec<Happened> = told(&news).map(|(what, _)| what).collect();
        let turns = [Happened::Breach, Happened::Hold, Happened::Blind, Happened::Sighted];
        assert_eq!(kinds, [&turns[..], &[Happened::Rollback, Happened::Rollback, Happened::Lead]].concat());
        assert_eq!(told(&news).next(), Some((Happened::Breach, "breach")));
        news.ending = Some(Ending { outcome: Outcome::Held, cause: Cause::Policy, reason: "bad".to_owned() });
        assert_eq!(told(&news).count(), 0, "the end says it");
    }
}
