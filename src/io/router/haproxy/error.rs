//! What can go wrong with HAProxy.

use std::time::Duration;

use super::runtime::RuntimeError;
use crate::model::Color;
use crate::model::number::duration_exact;

#[derive(Debug, thiserror::Error)]
pub enum HaproxyError {
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    #[error("HAProxy's answer to `{command}` cannot be read: {reason}")]
    Answer { command: String, reason: String },
    #[error("HAProxy's backend `{backend}` has no server `{server}`; it has {known}")]
    NoServer { backend: String, server: String, known: String },
    #[error("HAProxy's {} in time (router.timeout {}): {states}", not_up(*up, *of), duration_exact(*limit))]
    NotUp { up: usize, of: usize, limit: Duration, states: String },
    /// None of the new servers could serve: no address, or taken out by somebody else.
    #[error("HAProxy's backend `{backend}` has no server of {color} that could be brought in: {states}")]
    NoServers { backend: String, color: Color, states: String },
    #[error("HAProxy's checks say that too few servers of {color} are up: {states}")]
    Down { color: Color, states: String },
    #[error("a copy of what HAProxy's backend `{backend}` holds cannot be kept: {source}; it was left alone")]
    Keep { backend: String, source: std::io::Error },
    #[error("HAProxy's backend `{backend}` sends traffic to both colors: {blue} (blue) and {green} (green) are ready")]
    Both { backend: String, blue: String, green: String },
    #[error("HAProxy's backend `{backend}` sends traffic to neither color: {states}")]
    Neither { backend: String, states: String },
    #[error(
        "HAProxy's Runtime API `{address}` gives level `{level}` here, moving needs `level admin` on its `stats socket`"
    )]
    Level { address: String, level: String },
}

fn not_up(up: usize, of: usize) -> String {
    if of == 1 { "server did not come up".to_owned() } else { format!("servers did not all come up ({up} of {of})") }
}
