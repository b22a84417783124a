//! The records of a deployment, before a run writes its own.

use jiff::Timestamp;

use crate::app::deploy::Deployment;
use crate::config::Config;
use crate::io::journal;
use crate::io::journal::{JournalError, SoakId};
use crate::io::ports::{Disk, on_thread};

use super::error::OpenError;

/// Repairs the journal and keeps room for a full disk; on a thread, since other runs must not wait for this disk.
pub async fn prepare(disk: &dyn Disk, deployment: &Deployment) -> Result<(), OpenError> {
    let of = deployment.clone();
    let work = move || -> Result<(), JournalError> {
        of.journal().repair(of.now())?;
        for reserve in [of.journal().reserve(), of.state_file().reserve()] {
            if let Err(error) = reserve.keep() {
                tracing::warn!(%error, "no room is kept for a full disk");
            }
        }
        Ok(())
    };
    Ok(on_thread(disk, work).await.map_err(OpenError::broke("prepare the journal"))??)
}

/// Removes recordings beyond the limits; a failure is only logged.
pub fn prune(config: &Config, running: &str, now: Timestamp) {
    let in_use: Vec<SoakId> = running.parse().into_iter().collect();
    match journal::prune(&config.service_dir(), &config.retention.limits(), &in_use, now, false) {
        Ok(pruned) => {
            for error in pruned.failed {
                tracing::warn!(%error, "an old recording stays");
            }
        }
        Err(error) => tracing::warn!(%error, "old recordings stay"),
    }
}
