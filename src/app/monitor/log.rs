//! Decisions in the journal, and in the log of the program.

use std::time::Duration;

use tokio::time::timeout;

use crate::io::journal::Journal;
use crate::io::ports::{Disk, on_thread};
use crate::model::number::duration_exact;
use crate::model::{CheckId, Color, Decision};

use super::clock::RunClock;

/// How long to wait for a decision to reach the disk before the run continues: users come before records.
pub const JOURNAL_TIMEOUT: Duration = Duration::from_secs(5);

/// Every decision is in the program's log as well, with its numbers as fields.
pub fn log(decision: &Decision) {
    tracing::info!(
        event = "deploy_decision",
        decision = decision.decision.name(),
        soak = decision.soak,
        actor = %decision.actor,
        reason = decision.why(),
        check = decision.check.as_ref().map(CheckId::as_str),
        value = decision.value,
        threshold = decision.threshold,
        requests = decision.requests,
        errors = decision.errors,
        active_color = decision.active_color.map(Color::name),
        "{}",
        decision.message,
    );
}

/// Writes a decision durably, with a time limit; the sentence says why it is not written.
pub async fn journaled(disk: &dyn Disk, journal: &Journal, decision: Decision, clock: RunClock) -> Option<String> {
    log(&decision);
    let to = journal.clone();
    let written = on_thread(disk, move || to.append(&decision, clock.now()));
    let error = match timeout(JOURNAL_TIMEOUT, written).await {
        Ok(Ok(Ok(_))) => return None,
        Ok(Ok(Err(error))) => error.to_string(),
        Ok(Err(error)) => format!("the decision journal could not be written: {error}"),
        Err(_) => format!(
            "the decision journal `{}` takes longer than {} to write",
            journal.path().display(),
            duration_exact(JOURNAL_TIMEOUT),
        ),
    };
    tracing::error!(error, "a decision was not journaled");
    Some(error)
}
