//! What can go wrong with HAProxy.

use std::time::Duration;

use super::runtime::RuntimeError;
use crate::model::Color;
use crate::model::number::duration_exact;

/// HAProxy could not be moved or read.
#[derive(Debug, thiserror::Error)]
pub enum HaproxyError {
    /// The Runtime API did not do what it was asked.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// What it printed is no list of servers.
    #[error("HAProxy's answer to `{command}` cannot be read: {reason}")]
    Answer {
        /// What was asked.
        command: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// A configured server is not there.
    #[error("HAProxy's backend `{backend}` has no server `{server}`; it has {known}")]
    NoServer {
        /// The backend.
        backend: String,
        /// The server that was looked for.
        server: String,
        /// The servers that are there.
        known: String,
    },
    /// The new servers did not come up in time.
    #[error("HAProxy's {} in time (router.timeout {}): {states}", not_up(*up, *of), duration_exact(*limit))]
    NotUp {
        /// How many are up.
        up: usize,
        /// Of how many.
        of: usize,
        /// The limit.
        limit: Duration,
        /// How each of them stands.
        states: String,
    },
    /// None of the new servers could serve: they have no address, or are not ours to bring in.
    #[error("HAProxy's backend `{backend}` has no server of {color} that could be brought in: {states}")]
    NoServers {
        /// The backend.
        backend: String,
        /// The color.
        color: Color,
        /// How each of them stands.
        states: String,
    },
    /// Too many of the servers are known to be down, so a move would not succeed now.
    #[error("HAProxy's checks say that too few servers of {color} are up: {states}")]
    Down {
        /// The color.
        color: Color,
        /// How each of them stands.
        states: String,
    },
    /// A copy of what a forced move passes over could not be kept, so it was not made.
    #[error("a copy of what HAProxy's backend `{backend}` holds cannot be kept: {source}; it was left alone")]
    Keep {
        /// The backend.
        backend: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Servers of both colors take traffic.
    #[error("HAProxy's backend `{backend}` sends traffic to both colors: {blue} (blue) and {green} (green) are ready")]
    Both {
        /// The backend.
        backend: String,
        /// Blue's servers that take traffic.
        blue: String,
        /// Green's.
        green: String,
    },
    /// No server of either color takes traffic.
    #[error("HAProxy's backend `{backend}` sends traffic to neither color: {states}")]
    Neither {
        /// The backend.
        backend: String,
        /// How each of them stands.
        states: String,
    },
    /// The socket's level does not allow moves.
    #[error(
        "HAProxy's Runtime API `{address}` gives level `{level}` here, moving needs `level admin` on its `stats socket`"
    )]
    Level {
        /// The socket.
        address: String,
        /// What it allows.
        level: String,
    },
}

fn not_up(up: usize, of: usize) -> String {
    if of == 1 { "server did not come up".to_owned() } else { format!("servers did not all come up ({up} of {of})") }
}
