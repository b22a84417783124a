//! The leaderships of a process: one a service, however many of its parts ask for it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::engine::{Engine as Records, EngineError};
use super::etcd::Etcd;
use super::leadership::Leadership;
use super::member::AgentUrl;
use crate::config::{Config, Engine};
use crate::io::clock::Clock;

/// Where engines come from: a simulation has its own.
pub trait Engines: fmt::Debug + Send + Sync {
    /// The records of a service, or why they cannot be had; `None` where this host is alone.
    fn of(&self, config: &Config) -> Result<Option<Arc<dyn Records>>, EngineError>;
}

/// As configured.
#[derive(Debug)]
struct Configured;

impl Engines for Configured {
    fn of(&self, config: &Config) -> Result<Option<Arc<dyn Records>>, EngineError> {
        Ok(match config.coordination.kind {
            Engine::Local => None,
            Engine::Etcd => Some(Arc::new(Etcd::new(&config.coordination, &config.service)?)),
        })
    }
}

/// Clones share the leaderships.
#[derive(Clone, Debug)]
pub struct Coordination {
    engines: Arc<dyn Engines>,
    known: Arc<Mutex<HashMap<String, Leadership>>>,
    agent: Arc<OnceLock<AgentUrl>>,
}

impl Default for Coordination {
    fn default() -> Self {
        Self::by(Arc::new(Configured))
    }
}

impl Coordination {
    /// By these engines.
    pub fn by(engines: Arc<dyn Engines>) -> Self {
        Self { engines, known: Arc::default(), agent: Arc::default() }
    }

    /// This process is an agent, which is asked at this URL from other hosts.
    pub fn of_agent(&self, url: Option<String>) {
        // The first call is that of the process.
        let _ = self.agent.set(AgentUrl(url));
    }

    /// The part of this process in leading a service; `None` where this host is alone.
    pub fn of(&self, config: &Config, clock: &Arc<dyn Clock>) -> Result<Option<Leadership>, EngineError> {
        if config.coordination.kind == Engine::Local {
            return Ok(None);
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leadership) = known.get(&config.service) {
            return Ok(Some(leadership.clone()));
        }
        let Some(engine) = self.engines.of(config)? else { return Ok(None) };
        let leadership = Leadership::new(engine, Arc::clone(clock), config, self.agent.get());
        known.insert(config.service.clone(), leadership.clone());
        Ok(Some(leadership))
    }
}
