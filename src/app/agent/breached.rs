//! Whether a color's last soak ended breached: nothing rolls back onto it by itself. Pure.

use crate::model::{Color, Decision, DecisionKind};

/// The last soak of this color, if it found the release bad and nobody kept it.
pub fn last_soak_of(color: Color, decisions: &[Decision]) -> Option<&str> {
    let begins = |made: &&Decision| made.decision == DecisionKind::SoakStart && made.active_color == Some(color);
    let id = decisions.iter().rfind(begins)?.soak.as_deref()?;
    let of_soak = || decisions.iter().filter(|made| made.soak.as_deref() == Some(id));
    let has = |kind| of_soak().any(|made| made.decision == kind);
    (has(DecisionKind::Breach) && !has(DecisionKind::Keep) && !has(DecisionKind::Retain)).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Actor;

    fn made(soak: &str, kind: DecisionKind, active: Color) -> Decision {
        let mut decision = Decision::new(kind, Actor::Auto, "");
        (decision.soak, decision.active_color) = (Some(soak.to_owned()), Some(active));
        decision
    }

    #[test]
    fn only_the_last_soak_of_the_color_counts() {
        use Color::{Blue, Green};
        use DecisionKind::{Breach, Keep, Retain, RolledBack, SoakStart};
        let mut all = vec![made("1", SoakStart, Green), made("1", Breach, Green), made("1", RolledBack, Blue)];
        assert_eq!(last_soak_of(Green, &all), Some("1"));
        assert_eq!(last_soak_of(Blue, &all), None);
        all.extend([made("2", SoakStart, Blue), made("2", Breach, Blue), made("2", Keep, Blue)]);
        assert_eq!(last_soak_of(Blue, &all), None, "somebody kept it");
        assert_eq!(last_soak_of(Green, &all), Some("1"));
        all.extend([made("3", SoakStart, Green), made("3", Retain, Green)]);
        assert_eq!(last_soak_of(Green, &all), None);
    }
}
