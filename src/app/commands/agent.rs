//! `agent`: many deployments in one process.

use crate::app::agent;
use crate::app::agent::{AgentError, Own};
use crate::app::cli::{Agent, Common};

use super::support::failure::Failure;
use super::support::{logging, output};

pub async fn run(common: &Common, agent: &Agent) -> Result<u8, Failure> {
    if let Some((key, _)) = common.settings.0.first() {
        let told = format!("`{key}` cannot be set for all services of an agent: set it in the file of each");
        return Err(Failure::usage(told));
    }
    let own = Own::read(&agent.folder)?;
    let _log = logging::start(&own.config, common.log_level);
    for warning in &own.warnings {
        output::warn(warning);
    }
    Ok(agent::run(own, agent.output).await?)
}

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Self {
        Self::new(error.exit_code(), error)
    }
}
