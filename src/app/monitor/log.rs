//! Decisions in the log of the program.

use crate::core::soak::Decision;
use crate::model::Color;

/// Every decision is in the program's log as well, with its numbers as fields.
pub fn log(decision: &Decision) {
    tracing::info!(
        event = "deploy_decision",
        decision = decision.decision.name(),
        soak = decision.soak,
        actor = %decision.actor,
        reason = decision.reason,
        check = decision.check,
        value = decision.value,
        threshold = decision.threshold,
        requests = decision.requests,
        errors = decision.errors,
        active_color = decision.active_color.map(Color::name),
        "{}",
        decision.message,
    );
}
