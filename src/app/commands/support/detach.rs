//! Detaching from a run that continues.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that detach a client. The monitor continues.
pub struct Leave {
    signals: [Signal; 3],
}

impl Leave {
    /// Takes over SIGINT, SIGTERM and SIGHUP.
    pub fn listen() -> io::Result<Self> {
        let [interrupt, terminate, hangup] =
            [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
        Ok(Self { signals: [interrupt?, terminate?, hangup?] })
    }

    pub async fn asked(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

pub fn left(service: &str) -> String {
    format!(
        "detached; the soak continues in the background. Attach again: switchback attach --service {service}   \
         abort the soak: switchback ctl abort --service {service}"
    )
}

pub fn stopped(why: &str, service: &str) -> String {
    format!(
        "the monitor was stopped by {why} and saved the soak. The release is UNWATCHED. Resume with: \
         switchback soak --resume --service {service}"
    )
}
