//! The deployment as the control API shows it while a monitor runs.

use std::sync::Arc;

use crate::app::deploy::Deployment;
use crate::io::control::{Hub, StatusOf};
use crate::io::state::StatusReport;

use super::effect_runner::block_of_run;

/// The status as `status --json` prints it, with the current state of the soak.
pub fn status_of(deployment: &Deployment, hub: &Hub) -> StatusOf {
    let (deployment, hub) = (deployment.clone(), hub.clone());
    Arc::new(move || {
        let (deployment, hub) = (deployment.clone(), hub.clone());
        Box::pin(async move { status(&deployment, &hub).await })
    })
}

async fn status(deployment: &Deployment, hub: &Hub) -> Result<StatusReport, String> {
    let (block, standby, ready) = hub.with_view(|view| {
        let machine = view.machine();
        let settings = machine.settings();
        let block = block_of_run(machine, view.wall_ms());
        let (ready, all) = machine.standby_ready();
        (block, settings.color.other(), ready * 2 >= all)
    });
    let report = deployment.status(Some(ready)).await.map_err(|error| error.to_string())?;
    Ok(report.with_run(block, standby))
}
