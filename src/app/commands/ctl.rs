//! `ctl`: gives an order to a running soak and prints the result.

use std::time::Duration;

use tokio::time::timeout;

use crate::app::called;
use crate::app::cli::Common;
use crate::app::order::Order;
use crate::config::{Config, Loaded};
use crate::core::view::{View, ViewUpdate};
use crate::io::control::{Client, ClientError, Events, StreamEnd, StreamItem};
use crate::model::number::duration_exact;
use crate::model::{Action, Actor, Decision, DecisionKind, Ending, Outcome, Phase, ReasonCode};

use super::support::failure::Failure;
use super::support::{actor, context, known, logging, output, place};

/// How long the result of an order may take: a router may need five tries.
const RESULT_TIMEOUT: Duration = Duration::from_mins(10);

/// Orders, waits, and prints the result. Exit code 13: no monitor or refused, 7: rollback failed, 8: superseded.
pub async fn run(common: &Common, order: &Order) -> Result<u8, Failure> {
    let action = order.action().map_err(|error| Failure::usage(format!("{error}\nnext: switchback ctl --help")))?;
    let loaded = context::loaded_anywhere(common, place::has_one_monitor)?;
    let _log = logging::start(&loaded.config, common.log_level);
    give(&loaded, action, order.reason.as_deref()).await
}

pub async fn give(loaded: &Loaded, action: Action, reason: Option<&str>) -> Result<u8, Failure> {
    let client = Client::of(&loaded.config).meant_for(context::named_service(loaded));
    let done = order(&client, action, &actor::starter(), reason).await;
    let done = done.map_err(|error| refused(&loaded.config, &error))?;
    for line in &done.lines {
        output::line(line);
    }
    Ok(done.exit_code)
}

fn refused(config: &Config, error: &OrderError) -> Failure {
    let service = &config.service;
    match error {
        OrderError::Client(ClientError::NotRunning { .. } | ClientError::NotHere(_)) => {
            Failure::new(13, format!("no monitor is running for service `{service}` ({error})"))
        }
        OrderError::Client(ClientError::Refused { why, .. }) => Failure::new(13, format!("refused: {why}")),
        OrderError::Client(_) => Failure::new(13, error),
        OrderError::Unfinished => Failure::new(1, error),
    }
}

/// An order that was not accepted, or has no known result.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("order accepted, but no result after {}: see `switchback status`", duration_exact(RESULT_TIMEOUT))]
    Unfinished,
}

pub struct Done {
    pub lines: Vec<String>,
    pub exit_code: u8,
}

/// Gives an order and waits until it has taken effect.
pub async fn order(client: &Client, action: Action, by: &Actor, reason: Option<&str>) -> Result<Done, OrderError> {
    // First the events: the order may end the run, and with it the monitor.
    let events = client.events(0).await?;
    let seq = match client.act(action, by, reason).await {
        Ok(seq) => seq,
        Err(error) => {
            if called::is_elsewhere() {
                known::ask(client).await;
            }
            return Err(error.into());
        }
    };
    timeout(RESULT_TIMEOUT, result(events, action, seq)).await.map_err(|_| OrderError::Unfinished)?
}

/// Waits for the result of a rollback that is under way; none if there is none.
pub async fn rollback_under_way(client: &Client) -> Result<Option<Done>, OrderError> {
    let status = client.status().await?;
    let phase = status.pointer("/soak/phase").and_then(serde_json::Value::as_str);
    if phase != Some(Phase::RollingBack.name()) {
        return Ok(None);
    }
    let events = client.events(0).await?;
    let action = Action::Rollback { force: false };
    timeout(RESULT_TIMEOUT, result(events, action, u64::MAX)).await.map_err(|_| OrderError::Unfinished)?.map(Some)
}

async fn result(events: Events, action: Action, seq: u64) -> Result<Done, OrderError> {
    let mut view = None;
    let done = followed(events, action, seq, &mut view).await;
    if let Some(view) = &view {
        known::by_view(view);
    }
    done
}

/// Folds the run up to the order's event silently, and from there on with its decisions.
async fn followed(mut events: Events, action: Action, seq: u64, view: &mut Option<View>) -> Result<Done, OrderError> {
    let mut lines = Vec::new();
    let moves_back = matches!(action, Action::Rollback { .. });
    loop {
        match events.next().await? {
            StreamItem::Header(header) => *view = Some(View::new(header.settings)),
            StreamItem::Event(envelope) => {
                let Some(view) = view else { continue };
                let news = view.apply(&envelope);
                // Another rollback may have been in progress already.
                let waited_for = envelope.seq >= seq || moves_back;
                let held = moves_back && envelope.seq >= seq && news.decisions.iter().any(left_alone);
                let exit_code = outcome(action, view, &news).filter(|_| waited_for).or(held.then_some(7));
                if envelope.seq >= seq || exit_code.is_some() {
                    lines.extend(news.decisions.iter().map(|decision| decision.message.clone()));
                }
                if let Some(exit_code) = exit_code {
                    return Ok(Done { lines, exit_code });
                }
            }
            StreamItem::End(StreamEnd::Ended(ending)) => return Ok(Done { lines, exit_code: exit_code(&ending) }),
            StreamItem::End(StreamEnd::Stopped { why }) | StreamItem::Dropped(why) => {
                return Err(ClientError::Protocol(why).into());
            }
        }
    }
}

/// Whether a rollback was held because the router holds what Switchback did not write.
fn left_alone(decision: &Decision) -> bool {
    decision.decision == DecisionKind::Hold && decision.is_because(ReasonCode::RouterForeign)
}

fn outcome(action: Action, view: &View, news: &ViewUpdate) -> Option<u8> {
    if let Some(ending) = &news.ending {
        return Some(exit_code(ending));
    }
    match action {
        Action::Rollback { .. } => (view.machine().phase() == Phase::Verifying).then_some(0),
        Action::Abort | Action::Keep => None,
        Action::Pause | Action::Resume | Action::Extend { .. } => Some(0),
    }
}

/// The exit code after a run ended: the order failed only if traffic is not where it was ordered to be.
const fn exit_code(ending: &Ending) -> u8 {
    match ending.outcome {
        Outcome::RollbackFailed | Outcome::RollbackUndone | Outcome::Superseded => ending.exit_code(),
        _ => 0,
    }
}
