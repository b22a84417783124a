//! What is asked, about what, and how it is confirmed.

use crate::app::tui::keys::Command;
use crate::core::soak::Machine;
use crate::core::view::{Tone, next_step};
use crate::model::number::span;
use crate::model::{Action, Color, Outcome, Phase};

/// By how much the soak can be extended, in milliseconds.
pub(super) const EXTENSIONS: [u64; 4] = [60_000, 300_000, 600_000, 1_800_000];

/// What the operator wants to be asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    RollBack,
    /// Ending the soak unjudged.
    Abort,
    /// Ending the soak as retained.
    Keep,
    /// Turning automatic rollback off, or on again.
    Pause,
    Extend,
}

/// Who carries out an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    Monitor,
    /// `switchback rollback`: the run is over, and its monitor gone.
    Command,
    /// Nobody: the run is over.
    None,
}

impl Ask {
    /// The order that a key asks for.
    pub const fn by(command: Command) -> Option<Self> {
        match command {
            Command::RollBack => Some(Self::RollBack),
            Command::Abort => Some(Self::Abort),
            Command::Keep => Some(Self::Keep),
            Command::Pause => Some(Self::Pause),
            Command::Extend => Some(Self::Extend),
            _ => None,
        }
    }
}

/// The state that a question is about. When it changes, the question is void.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    service: String,
    watched: Color,
    phase: Phase,
    paused: bool,
    /// Why a plain rollback would be refused although a forced one is not: the standby is down, or it was switched to with --no-rollback.
    only_by_force: Option<String>,
    no_rollback: bool,
    /// What the router holds and was not written by Switchback, where that alone is in the way.
    foreign: Option<String>,
    grace_ms: u64,
}

impl Facts {
    pub fn of(machine: &Machine) -> Self {
        let settings = machine.settings();
        let refusal = |force| machine.refusal(Action::Rollback { force });
        Self {
            service: settings.service.clone(),
            watched: settings.color,
            phase: machine.phase(),
            paused: machine.paused(),
            only_by_force: refusal(false).filter(|_| refusal(true).is_none()).map(|why| why.to_string()),
            no_rollback: settings.no_rollback,
            foreign: machine.foreign().filter(|_| !machine.standby_is_down()).map(|foreign| foreign.what.clone()),
            grace_ms: settings.grace_ms,
        }
    }

    /// What became different, in a few words.
    pub(super) fn changed_to(&self, now: &Self) -> Option<String> {
        if self.phase != now.phase {
            Some(format!("the soak is {} now", now.phase))
        } else if self.foreign != now.foreign {
            Some("what the router holds is different now".to_owned())
        } else if self.only_by_force.is_some() != now.only_by_force.is_some() {
            let state = if now.only_by_force.is_some() { "down" } else { "up again" };
            Some(format!("{} is {state} now", self.standby()))
        } else if self.paused != now.paused {
            let state = if now.paused { "paused" } else { "on" };
            Some(format!("automatic rollback is {state} now"))
        } else {
            None
        }
    }

    const fn standby(&self) -> Color {
        self.watched.other()
    }
}

/// How an order is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// By the key `y` and no other key after it.
    Yes,
    /// By typing the service's name.
    Name,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subject {
    pub facts: Facts,
    /// The order; an extension is that of the first choice.
    pub action: Action,
    pub proof: Proof,
}

/// The order that asking for it would lead to in this state; none where it would be refused.
pub(super) fn offered(way: Way, ask: Ask, machine: &Machine) -> Option<Action> {
    Subject::by(way, ask, machine).ok().map(|subject| subject.action)
}

/// The words of the orders that can be given in this state.
pub fn accepted(way: Way, machine: &Machine) -> Vec<&'static str> {
    let shortest = Action::Extend { by_ms: EXTENSIONS[0] };
    let plain = Action::Rollback { force: false };
    let all = [Action::Abort, plain, Action::Pause, Action::Resume, shortest, Action::Keep];
    let named = Action::NAMES.into_iter().zip(all);
    named.filter(|(_, action)| Subject::of(way, *action, machine).is_ok()).map(|(name, _)| name).collect()
}

/// What the footer says of a command, from its usual words: nothing of an order that would be refused.
pub fn hint(command: Command, label: &'static str, machine: Option<&Machine>, way: Way) -> Option<&'static str> {
    let Some(ask) = Ask::by(command) else { return Some(label) };
    match offered(way, ask, machine?)? {
        Action::Resume => Some("resume"),
        _ => Some(label),
    }
}

impl Subject {
    /// The order that is meant in this state; an error says why it cannot be given.
    pub fn by(way: Way, ask: Ask, machine: &Machine) -> Result<Self, String> {
        let action = match ask {
            Ask::RollBack => Action::Rollback { force: false },
            Ask::Abort => Action::Abort,
            Ask::Keep => Action::Keep,
            Ask::Pause if machine.refusal(Action::Resume).is_none() => Action::Resume,
            Ask::Pause => Action::Pause,
            Ask::Extend => Action::Extend { by_ms: EXTENSIONS[0] },
        };
        Self::of(way, action, machine)
    }

    /// The same for an order that was typed.
    pub fn of(way: Way, action: Action, machine: &Machine) -> Result<Self, String> {
        match way {
            Way::Monitor => Self::now(action, machine),
            Way::Command => Self::after_the_end(action, machine),
            Way::None => {
                let next = machine.ending().and_then(|ending| next_step(machine, ending));
                let next = next.map(|next| format!("; next: {next}")).unwrap_or_default();
                Err(format!("the soak is over{next}"))
            }
        }
    }

    /// What was switched to can still be taken back, whatever the soak said of it.
    fn after_the_end(action: Action, machine: &Machine) -> Result<Self, String> {
        let over = || "the soak is over".to_owned();
        let Action::Rollback { force } = action else { return Err(over()) };
        if machine.summary().is_none() {
            return Err(over());
        }
        let standby = machine.settings().color.other();
        match machine.ending().map(|ending| ending.outcome) {
            Some(Outcome::RolledBack) => return Err(format!("{}: {standby} is active again", over())),
            Some(Outcome::Superseded) => return Err(format!("{}: another process moved traffic", over())),
            _ => {}
        }
        let facts = Facts::of(machine);
        // A standby that was down may be up again: the command looks, and refuses.
        let force = force || facts.no_rollback;
        let proof = if force { Proof::Name } else { Proof::Yes };
        Ok(Self { facts, action: Action::Rollback { force }, proof })
    }

    fn now(action: Action, machine: &Machine) -> Result<Self, String> {
        let facts = Facts::of(machine);
        let action = match action {
            Action::Rollback { .. } if facts.only_by_force.is_some() => Action::Rollback { force: true },
            action => action,
        };
        let proof = match action {
            Action::Rollback { force: true } | Action::Abort | Action::Keep | Action::Pause => Proof::Name,
            Action::Rollback { force: false } | Action::Resume | Action::Extend { .. } => Proof::Yes,
        };
        machine.refusal(action).map_or(Ok(Self { facts, action, proof }), |why| Err(why.to_string()))
    }

    pub fn service(&self) -> &str {
        &self.facts.service
    }

    pub fn title(&self) -> String {
        let (watched, standby) = (self.facts.watched, self.facts.standby());
        match self.action {
            Action::Rollback { force: false } => format!("Roll back to {standby}?"),
            Action::Rollback { force: true } if self.facts.no_rollback => {
                format!("Roll back to {standby} anyway?")
            }
            Action::Rollback { force: true } if self.facts.foreign.is_some() => {
                format!("Roll back to {standby} and replace what the router holds?")
            }
            Action::Rollback { force: true } if self.is_forced_for_nothing() => {
                format!("Roll back to {standby}, up or not?")
            }
            Action::Rollback { force: true } => format!("Roll back to {standby} although it is DOWN?"),
            Action::Abort if self.before_the_move() => "Abort the switch?".to_owned(),
            Action::Abort => "Abort the soak?".to_owned(),
            Action::Keep => format!("Keep {watched} now?"),
            Action::Pause => "Pause automatic rollback?".to_owned(),
            Action::Resume => "Turn automatic rollback on again?".to_owned(),
            Action::Extend { .. } => format!("Watch {watched} longer?"),
        }
    }

    /// Target and consequence.
    pub fn consequence(&self) -> Vec<String> {
        let Facts { service, watched, .. } = &self.facts;
        let standby = self.facts.standby();
        if let (Action::Rollback { force: true }, false, Some(what)) =
            (self.action, self.facts.no_rollback, &self.facts.foreign)
        {
            return vec![
                format!("{what}. A copy of it is kept."),
                format!("Traffic of {service} moves from {watched} to {standby}, and the soak is over."),
            ];
        }
        let unwatched = "It is no longer watched, and nothing rolls back automatically.";
        match self.action {
            Action::Rollback { force: false } => {
                vec![format!("Traffic of {service} moves from {watched} back to {standby} now, and the soak is over.")]
            }
            Action::Rollback { force: true } if self.facts.no_rollback => vec![
                format!("{watched} was switched to with --no-rollback: {standby} may not cope with what it has done."),
                format!("Traffic of {service} moves from {watched} to {standby} anyway, and the soak is over."),
            ],
            Action::Rollback { force: true } if self.is_forced_for_nothing() => vec![
                format!(
                    "With --force the readiness of {standby} is not checked. Users of {service} may get no answer at all."
                ),
                format!("Traffic moves from {watched} to {standby} anyway, and the soak is over."),
            ],
            Action::Rollback { force: true } => vec![
                format!("{standby} is DOWN. Users of {service} may get no answer at all."),
                format!("Traffic moves from {watched} to {standby} anyway, and the soak is over."),
            ],
            Action::Abort if self.before_the_move() => vec![format!("Traffic of {service} stays on {standby}.")],
            Action::Abort => vec![format!("{watched} stays active for {service}, unjudged. {unwatched}")],
            Action::Keep => vec![format!("{watched} stays active for {service}, retained on your word. {unwatched}")],
            Action::Pause => vec![format!(
                "{watched} of {service} is still watched, but a breach only holds: nothing rolls back until you decide."
            )],
            Action::Resume => vec![self.resumed()],
            Action::Extend { .. } => {
                vec![format!("The soak of {service} ends that much later. A breach still acts at once.")]
            }
        }
    }

    fn resumed(&self) -> String {
        let Facts { service, watched, phase, grace_ms, .. } = &self.facts;
        let standby = self.facts.standby();
        if *phase == Phase::Held {
            let when = if *grace_ms > 0 { format!("in {}", span(*grace_ms)) } else { "at once".to_owned() };
            format!("A rollback is held. Traffic of {service} moves from {watched} back to {standby} {when}.")
        } else {
            format!("A breach of {watched} moves traffic of {service} back to {standby} automatically again.")
        }
    }

    /// What the button says.
    pub fn verb(&self) -> &'static str {
        match self.action {
            Action::Rollback { .. } => "Roll back",
            Action::Abort => "Abort",
            Action::Keep => "Keep",
            Action::Pause => "Pause",
            Action::Resume => "Resume",
            Action::Extend { .. } => "Extend",
        }
    }

    pub const fn tone(&self) -> Tone {
        match self.action {
            Action::Rollback { force: true } | Action::Abort | Action::Keep | Action::Pause => Tone::Bad,
            Action::Rollback { force: false } | Action::Resume => Tone::Warning,
            Action::Extend { .. } => Tone::Plain,
        }
    }

    /// Whether nothing is known that a plain rollback would be refused for.
    const fn is_forced_for_nothing(&self) -> bool {
        self.facts.only_by_force.is_none() && !self.facts.no_rollback
    }

    const fn before_the_move(&self) -> bool {
        matches!(self.facts.phase, Phase::Gating | Phase::Baseline)
    }
}
