//! A switch to the color that is already active: a job was re-run, or a command typed twice. Nothing is moved. A judged
//! release keeps its outcome; one that was not judged is watched if it is still the same deploy.

use std::time::Duration;

use crate::app::deploy::{Binding, Deployment};
use crate::config::Config;
use crate::io::journal::Intent;
use crate::io::router::Replace;
use crate::io::state::{SoakBlock, State};
use crate::model::number::span;
use crate::model::{Actor, Cause, Color, Decision, DecisionKind, Ending, Outcome, Phase, ReasonCode, Verdict};

use super::error::OpenError;
use super::recovered_run::RecoveredRun;
use super::resume::{self, Earlier};
use super::unfinished;

pub struct Asked<'a> {
    pub color: Color,
    /// Whether it is to be watched.
    pub soak: bool,
    pub release: Option<&'a str>,
    pub actor: Actor,
    pub replace: Replace,
}

/// What to do for a switch to this color, under the monitor's lock; `None` if traffic has to be moved. A soak begins at
/// [`Earlier::Nothing`] and [`Earlier::Lost`]. What a dead monitor left of *another* deployment is finished first.
pub async fn find(
    deployment: &Deployment,
    config: &Config,
    asked: &Asked<'_>,
    tell: &(dyn Fn(&str) + Sync),
) -> Result<Option<Earlier>, OpenError> {
    let mut earlier = Earlier::Nothing;
    if is_active(deployment, asked).await? {
        earlier = resume::find(deployment, config, false)?;
    }
    match earlier {
        Earlier::Unfinished(recovered) if recovered.machine.settings().color == asked.color => {
            let intended = deployment.journal().intent(Some(&recovered.machine.settings().soak))? != Intent::None;
            if asked.soak && (intended || is_bad(&recovered)) {
                return Ok(Some(Earlier::Unfinished(recovered)));
            }
            if intended {
                settle(deployment, tell).await?;
            } else if recovered.machine.ending().is_some() {
                resume::complete_journal(deployment, &recovered)?;
                resume::show_end(deployment, &recovered).await;
            } else if asked.soak {
                return known(deployment, config, asked, Earlier::Unfinished(recovered));
            }
            earlier = Earlier::Nothing;
        }
        Earlier::Lost(_) => {}
        _ => {
            settle(deployment, tell).await?;
            earlier = Earlier::Nothing;
        }
    }
    if is_active(deployment, asked).await? { known(deployment, config, asked, earlier) } else { Ok(None) }
}

/// Whether the state file has traffic on this color, and the router does not say otherwise.
async fn is_active(deployment: &Deployment, asked: &Asked<'_>) -> Result<bool, OpenError> {
    let active = deployment.state_file().read()?.active();
    Ok(active == asked.color && !deployment.leads_elsewhere(active, asked.replace).await)
}

async fn settle(deployment: &Deployment, tell: &(dyn Fn(&str) + Sync)) -> Result<(), OpenError> {
    if let Some(settled) = unfinished::settle(deployment).await? {
        tell(&settled);
    }
    Ok(())
}

/// Whether a run has judged its release bad: that is final, however long ago it was.
fn is_bad(recovered: &RecoveredRun) -> bool {
    recovered.machine.ending().is_none() && recovered.machine.verdict() == Verdict::Breached
}

fn known(
    deployment: &Deployment,
    config: &Config,
    asked: &Asked<'_>,
    earlier: Earlier,
) -> Result<Option<Earlier>, OpenError> {
    let state = deployment.state_file().read()?;
    let color = asked.color;
    if !asked.soak {
        let reason = format!("{color} is already active: nothing was moved. To watch it: switchback soak");
        return Ok(Some(ended(None, Outcome::Switched, Cause::Operator, reason)));
    }
    let block = state.soak().filter(|block| block.last_switch == state.last_switch());
    if let Some(why) = refusal(asked, &state, block) {
        let reason = format!("{color} is already live; nothing was moved: {why}");
        let mut decision = Decision::new(DecisionKind::SwitchRefused, asked.actor.clone(), reason.clone());
        decision.reason = Some(ReasonCode::AlreadyLive.into());
        (decision.active_color, decision.previous_color) = (Some(color), state.previous());
        deployment.journal().append(&decision, deployment.now())?;
        return Ok(Some(ended(None, Outcome::Refused, Cause::Policy, reason)));
    }
    let over = block.filter(|block| block.phase == Phase::Finished.name());
    let ending = over.and_then(resume::ending_of);
    if let Some(ending) = ending.as_ref().filter(|ending| is_judged(ending)) {
        return Ok(Some(Earlier::Ended { soak: over.map(|block| block.id.clone()), ending: ending.clone() }));
    }
    let soak = &config.soak;
    let limit = soak.warmup + soak.window + soak.max_extension;
    if let Some(age) = age(&state, deployment.now().as_millisecond()).filter(|age| *age > limit) {
        let soak = over.map(|block| block.id.clone());
        return Ok(Some(ended(soak, Outcome::Inconclusive, Cause::Auto, too_late(color, age, ending.as_ref()))));
    }
    Ok(Some(earlier))
}

pub fn told(color: Color, earlier: &Earlier) -> String {
    let how = if matches!(earlier, Earlier::Unfinished(_)) { "its soak is resumed" } else { "it is watched now" };
    format!("{color} is already live; nothing was moved. It was not judged yet: {how}")
}

const fn ended(soak: Option<String>, outcome: Outcome, cause: Cause, reason: String) -> Earlier {
    Earlier::Ended { soak, ending: Ending { outcome, cause, reason } }
}

fn refusal(asked: &Asked<'_>, state: &State, block: Option<&SoakBlock>) -> Option<String> {
    let live = state.release().or_else(|| block.and_then(|block| block.release.as_deref()));
    if let (Some(live), Some(release)) = (live, asked.release)
        && live != release
    {
        let other = asked.color.other();
        return Some(format!("it runs release {live}, not {release}. Deploy {release} to {other}, and switch to that"));
    }
    Binding::to(state).err().map(|nothing| format!("there is no switch to judge: {nothing}"))
}

/// Whether the release was judged, so that its outcome counts, also by a policy that keeps unproven releases.
const fn is_judged(ending: &Ending) -> bool {
    matches!(
        (ending.outcome, ending.cause),
        (Outcome::Retained | Outcome::Held | Outcome::RollbackFailed, _) | (Outcome::Inconclusive, Cause::Policy)
    )
}

/// How long ago traffic was switched; `None` if unknown, or in the future because the clock was set back.
fn age(state: &State, now_ms: i64) -> Option<Duration> {
    let ago = now_ms.checked_sub(state.last_switch()?)?;
    u64::try_from(ago).ok().map(Duration::from_millis)
}

fn too_late(color: Color, age: Duration, ending: Option<&Ending>) -> String {
    let seconds = age.as_secs().saturating_mul(1000);
    let last = ending.map(|ending| format!(" ({}: {})", ending.outcome, ending.reason)).unwrap_or_default();
    format!(
        "{color} is live for {} and was not judged{last}; window and extension are over, so it was not watched. \
         Watch it now: switchback soak",
        span(seconds),
    )
}
