//! `freeze` and `unfreeze`: automatic rollback off for a service, and on again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::app::cli::Common;
use crate::app::deploy::Deployment;
use crate::io::state::{Freeze, MonitorState, monitor_state};
use crate::model::number::duration_exact;
use crate::model::{Decision, DecisionKind, Reason};

use super::support::failure::Failure;
use super::support::{actor, context, logging, output, place};

pub fn freeze(common: &Common, length: Option<Duration>, reason: Option<String>) -> Result<u8, Failure> {
    let loaded = context::loaded(common, place::require)?;
    let _log = logging::start(&loaded.config, common.log_level);
    let deployment = Deployment::open(&loaded.config)?;
    let (now, by) = (Timestamp::now(), actor::starter());
    let until = match length {
        Some(length) => {
            let end = SignedDuration::try_from(length).ok().and_then(|length| now.checked_add(length).ok());
            Some(end.ok_or_else(|| Failure::usage("--for is too long"))?)
        }
        None => None,
    };
    let freeze = Freeze::new(by.to_string(), now, until, reason.clone());
    deployment.freeze_file().write(&freeze).map_err(Failure::usage)?;
    let service = &loaded.config.service;
    let (length, ends) = match (length, &freeze.until) {
        (Some(length), Some(until)) => (format!(" for {}", duration_exact(length)), format!("until {until}")),
        _ => (String::new(), "until `switchback unfreeze`".to_owned()),
    };
    journal(
        &deployment,
        DecisionKind::Freeze,
        format!("automatic rollback of {service} is frozen{length}"),
        reason.map(|reason| Reason::from(reason.as_str())),
    );
    output::line(&format!(
        "automatic rollback of {service} is frozen {ends}. Soaks keep watching; a breach is held{}",
        running(&deployment, ", also in the running soak")
    ));
    Ok(0)
}

pub fn unfreeze(common: &Common) -> Result<u8, Failure> {
    let loaded = context::loaded(common, place::require)?;
    let _log = logging::start(&loaded.config, common.log_level);
    let deployment = Deployment::open(&loaded.config)?;
    let service = &loaded.config.service;
    if !deployment.freeze_file().remove().map_err(Failure::usage)? {
        output::line(&format!("automatic rollback of {service} is not frozen"));
        return Ok(0);
    }
    journal(&deployment, DecisionKind::Unfreeze, format!("automatic rollback of {service} is no longer frozen"), None);
    output::line(&format!(
        "automatic rollback of {service} is enabled again{}",
        running(&deployment, "; a breach held by the freeze is acted on now")
    ));
    Ok(0)
}

fn running(deployment: &Deployment, text: &'static str) -> &'static str {
    let runs = monitor_state(deployment.state_file()).is_ok_and(|state| state != MonitorState::NotRunning);
    if runs { text } else { "" }
}

fn journal(deployment: &Deployment, kind: DecisionKind, message: String, reason: Option<Reason>) {
    let decision = Decision { reason, ..Decision::new(kind, actor::starter(), message) };
    if let Err(error) = deployment.journal().append(&decision, Timestamp::now()) {
        output::warn(&error.to_string());
    }
}
