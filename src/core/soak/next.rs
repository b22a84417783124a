//! What an operator does next once a run is over.

use crate::model::{Color, Outcome};

use super::ForeignSeen;

#[expect(clippy::struct_excessive_bools, reason = "independent facts, each of which changes the answer")]
#[derive(Clone, Debug)]
pub struct Aftermath<'a> {
    pub outcome: Outcome,
    /// Whether there was a soak: traffic had been moved.
    pub begun: bool,
    pub service: &'a str,
    pub color: Color,
    pub no_rollback: bool,
    /// Whether the previous color cannot take traffic: a rollback to it is refused.
    pub standby_down: bool,
    /// What the router holds and was not written by Switchback: a rollback leaves it alone.
    pub foreign: Option<&'a ForeignSeen>,
    pub back_unrecorded: bool,
}

impl Aftermath<'_> {
    /// The step that helps now, with its command; a command that would be refused comes behind what makes it work.
    pub fn next(&self) -> Option<String> {
        let Self { outcome, begun, service, color, .. } = *self;
        let roll_back = format!("switchback rollback --service {service}");
        match outcome {
            Outcome::Held => Some(self.released(&roll_back)),
            Outcome::RollbackFailed if self.back_unrecorded => {
                Some(format!("fix what the reason names, then: {roll_back}"))
            }
            Outcome::RollbackFailed => {
                Some(format!("move traffic to {} by hand now, then: {roll_back}", color.other()))
            }
            Outcome::RollbackUndone => Some(match self.foreign {
                Some(ForeignSeen { by_hand, .. }) => {
                    format!("stop what moves traffic there, {by_hand}, then: {roll_back}")
                }
                None => format!("stop what moves traffic there, then: {roll_back}"),
            }),
            Outcome::Inconclusive | Outcome::Aborted if begun => {
                Some(format!("start another soak: switchback soak --service {service}"))
            }
            Outcome::SwitchFailed | Outcome::Superseded => Some(format!("switchback status --service {service}")),
            Outcome::Retained
            | Outcome::RolledBack
            | Outcome::Refused
            | Outcome::Switched
            | Outcome::Inconclusive
            | Outcome::Aborted => None,
        }
    }

    fn released(&self, roll_back: &str) -> String {
        let Self { service, color, .. } = *self;
        let standby = color.other();
        let force = format!("switchback rollback --force --service {service}");
        if let Some(ForeignSeen { by_hand, .. }) = self.foreign {
            format!("{by_hand}, then: {roll_back}; or: {force}, which keeps a copy of what it replaces")
        } else if self.no_rollback {
            format!("fix {color}; or, where {standby} can live with what {color} has changed: {force}")
        } else if self.standby_down {
            format!("start {standby}, then: {roll_back}")
        } else {
            roll_back.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: Aftermath<'_> = Aftermath {
        outcome: Outcome::Held,
        begun: true,
        service: "shop",
        color: Color::Green,
        no_rollback: false,
        standby_down: false,
        foreign: None,
        back_unrecorded: false,
    };

    #[test]
    fn a_command_that_would_be_refused_comes_behind_what_makes_it_work() {
        let foreign = ForeignSeen { what: "`route` holds more".to_owned(), by_hand: "put it back".to_owned() };
        for (aftermath, wanted) in [
            (SHOP, "switchback rollback --service shop"),
            (Aftermath { standby_down: true, ..SHOP }, "start blue, then: switchback rollback --service shop"),
            (
                Aftermath { no_rollback: true, standby_down: true, ..SHOP },
                "fix green; or, where blue can live with what green has changed: switchback rollback --force --service shop",
            ),
            (
                Aftermath { foreign: Some(&foreign), ..SHOP },
                "put it back, then: switchback rollback --service shop; or: switchback rollback --force --service shop, \
                 which keeps a copy of what it replaces",
            ),
            (
                Aftermath { outcome: Outcome::RollbackFailed, ..SHOP },
                "move traffic to blue by hand now, then: switchback rollback --service shop",
            ),
            (
                Aftermath { outcome: Outcome::RollbackFailed, back_unrecorded: true, ..SHOP },
                "fix what the reason names, then: switchback rollback --service shop",
            ),
        ] {
            assert_eq!(aftermath.next().as_deref(), Some(wanted));
        }
    }

    #[test]
    fn a_switch_that_was_aborted_before_the_move_leaves_nothing_to_watch() {
        let aborted = Aftermath { outcome: Outcome::Aborted, ..SHOP };
        assert_eq!(Aftermath { begun: false, ..aborted.clone() }.next(), None);
        assert_eq!(aborted.next().as_deref(), Some("start another soak: switchback soak --service shop"));
    }
}
