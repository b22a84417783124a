//! `status`: what is active, and how the last soak stands.

use jiff::Timestamp;

use crate::cli::Common;
use crate::deploy::Deployment;

use super::failure::Failure;
use super::{context, say, standby};

/// Prints the status.
pub async fn run(common: &Common, json: bool) -> Result<u8, Failure> {
    let loaded = context::loaded(common)?;
    let deployment = Deployment::open(&loaded.config)?;
    let standby = deployment.state_file().read()?.active().other();
    let ready = standby::probe(&loaded.config, standby).await?.is_ok();
    let report = deployment.status(Some(ready)).await.map_err(Failure::usage)?;
    if json {
        say::line(&serde_json::to_string_pretty(&report).map_err(Failure::internal)?);
    } else {
        say::out(&report.to_text(Timestamp::now()));
    }
    Ok(0)
}
