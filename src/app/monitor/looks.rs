//! `router.probe_url` while a soak runs: where users arrive, asked from time to time beside the router's own answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::io::router::TrafficProbe;
use crate::model::Color;

/// Pause between two questions while the answer agrees with the router: each is a request through the proxy.
const PAUSE: Duration = Duration::from_secs(5);

#[derive(Clone, Debug, Default)]
pub struct Looks {
    last: Arc<Mutex<Option<(Instant, Color)>>>,
}

impl Looks {
    /// The color that users reach, if it is time to ask and the page can tell; else the router's. An answer that
    /// contradicts the router is asked for again at the next reading, so that two in a row can show it.
    pub async fn behind(&self, probe: &TrafficProbe, shown: Color) -> Color {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|(at, seen)| seen == shown && at.elapsed() < PAUSE) {
            return shown;
        }
        let answered =
            probe.look().await.inspect_err(|error| tracing::debug!(%error, "where users arrive is not known"));
        // A page that does not answer tells nothing about traffic, and is not asked at every reading.
        let seen = answered.unwrap_or(shown);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), seen));
        seen
    }
}
