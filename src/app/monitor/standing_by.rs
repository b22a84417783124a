//! Waits on a host that does not lead until it does.

use std::time::Duration;

use tokio::time::sleep;

use super::error::OpenError;
use super::open::Begin;
use crate::app::deploy::{CatchUpError, Deployment};
use crate::core::soak::Event;
use crate::io::coordination::{EngineError, Leadership, Member, Standing};
use crate::io::ports::Asking;
use crate::model::{Cause, Ending, Outcome};

/// After a failure.
const PAUSE: Duration = Duration::from_millis(500);

/// How opening a run on one of several hosts came out.
pub enum Stood {
    /// This host leads, or is alone; whether another one has led before.
    Leads { waited: bool },
    /// A signal came first.
    Asked(&'static str),
}

/// Takes the lead. A soak waits for it; a switch is refused where another host leads.
pub async fn lead(
    deployment: &Deployment,
    begin: Begin,
    signals: &mut Box<dyn Asking>,
    tell: &(dyn Fn(&str) + Sync),
) -> Result<Stood, OpenError> {
    let Some(leadership) = deployment.leadership() else { return Ok(Stood::Leads { waited: false }) };
    let (mut waiting_for, mut seen): (Option<Member>, i64) = (None, 0);
    let mut cannot: Option<String> = None;
    loop {
        let standing = match deployment.take_lead().await {
            Ok(standing) => standing,
            // Whoever stands by goes on standing by, and says once what keeps it from leading.
            Err(error) if waiting_for.is_some() => {
                tracing::warn!(%error, "standing by");
                let told = error.to_string();
                if cannot.as_ref() != Some(&told) {
                    tell(&format!("this host CANNOT TAKE THE LEAD: {told}"));
                    cannot = Some(told);
                }
                sleep(PAUSE).await;
                continue;
            }
            Err(CatchUpError::Engine(error @ EngineError::OutOfReach(_))) if leadership.may_act_alone() => {
                tell(&format!("ALONE: etcd {error}; acting anyway, as coordination.when_lost says"));
                return Ok(Stood::Leads { waited: false });
            }
            Err(error) => return Err(OpenError::Lead(Box::new(error))),
        };
        let leader = match standing {
            None => return Ok(Stood::Leads { waited: false }),
            Some(Standing::Leads(token)) => {
                if waiting_for.is_some() {
                    tell(&format!("leading from now on, with token {token}"));
                }
                return Ok(Stood::Leads { waited: waiting_for.is_some() });
            }
            Some(Standing::StandsBy(leader)) => leader,
        };
        if matches!(begin, Begin::Switch { .. }) {
            leadership.resign().await;
            return Err(OpenError::Led(Box::new(leader.member)));
        }
        if waiting_for.as_ref() != Some(&leader.member) {
            tell(&format!("standing by: {} leads, with token {}", leader.member, leader.token));
            leadership.stand_by().await.map_err(|error| OpenError::Lead(Box::new(error.into())))?;
            waiting_for = Some(leader.member);
        }
        tokio::select! {
            biased;
            signal = signals.next() => {
                leadership.resign().await;
                return Ok(Stood::Asked(signal));
            }
            () = followed(deployment, leadership, &mut seen) => {}
        }
    }
}

/// Waits for a change, and takes over what the state is for all. `seen` is the last change before.
async fn followed(deployment: &Deployment, leadership: &Leadership, seen: &mut i64) {
    let look = match leadership.look().await {
        Ok(look) => look,
        Err(error) => {
            tracing::warn!(%error, "standing by");
            return sleep(PAUSE).await;
        }
    };
    if let Err(error) = deployment.follow(leadership, &look, false).await {
        tracing::warn!(%error, "the state file here does not show the state");
    }
    // Of what is removed nothing is left to see: it would be waited for over and over.
    if look.leader.is_some() && std::mem::replace(seen, look.changed) == look.changed {
        sleep(PAUSE).await;
    }
    if look.leader.is_some() {
        leadership.engine().change(look.changed, leadership.ttl()).await;
    }
}

/// Notices when this host may not act any more, and when it may again.
#[derive(Default)]
pub struct LeadWatch {
    is_lost: bool,
}

impl LeadWatch {
    /// What the run has to know.
    pub fn news(&mut self, leadership: Option<&Leadership>) -> Option<Event> {
        let lost = leadership?.lost();
        let turns = lost.is_some() != self.is_lost;
        self.is_lost = lost.is_some();
        turns.then_some(Event::Lead { lost })
    }
}

/// Whether a run ends so. Whoever is cut off sees what the next leader does, such as moving traffic, and waits to hear of it.
pub fn counts(ending: &Ending, leadership: Option<&Leadership>) -> bool {
    let by_hand = ending.outcome == Outcome::Aborted || ending.cause == Cause::Operator;
    by_hand || leadership.is_none_or(Leadership::counts)
}

/// Returns once another host may lead; never where this one is alone.
pub async fn over(leadership: Option<&Leadership>) {
    match leadership {
        Some(leadership) => leadership.over().await,
        None => std::future::pending().await,
    }
    tracing::error!("the lead of this host is over: the run is saved, and continues where the next one leads");
}
