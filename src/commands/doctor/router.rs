//! The router: can it be read, does it agree with the state file, could it be moved?

use super::finding::Finding;
use crate::deploy::{Deployment, State};

const AREA: &str = "router";

/// Reads it, and tries out a move to the color that takes no traffic, as far as that is possible without one.
pub async fn look(deployment: &Deployment, state: Option<&State>) -> Vec<Finding> {
    let router = deployment.router();
    let kind = router.kind();
    let shown = match router.read().await {
        Ok(shown) => shown,
        Err(error) => {
            return vec![Finding::failure(
                AREA,
                format!("{kind} cannot be read: {error}"),
                "put that right: no move can be confirmed",
            )];
        }
    };
    let mut findings = vec![match state.map(State::active) {
        Some(active) if active != shown => {
            let text = format!("{kind} sends traffic to {shown}, the state file says {active}");
            let next = format!(
                "switchback switch {shown} --no-soak, if {shown} is right; switchback rollback, if {active} is"
            );
            Finding::failure(AREA, text, next)
        }
        _ if router.reads_state_file() => {
            Finding::ok(AREA, format!("{kind}: traffic is where the state file says, on {shown}"))
        }
        _ => Finding::ok(AREA, format!("{kind} sends traffic to {shown}, as the state file says")),
    }];
    let to = shown.other();
    findings.push(match router.try_out(to).await {
        Ok(lines) => Finding::ok(AREA, format!("a move to {to} would {}", lines.join("; "))),
        Err(error) => Finding::failure(
            AREA,
            format!("a move to {to} would fail: {error}"),
            "put that right before anything has to move",
        ),
    });
    findings
}
