//! Who leads, for processes that neither lead nor stand by.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::engine::{Engine as Records, EngineError, LEADER, MEMBERS, Record};
use super::etcd::Etcd;
use super::member::Member;
use crate::config::{Config, Engine};

/// Reads the records of a service.
#[derive(Clone, Debug)]
pub struct Finder(Arc<dyn Records>);

impl Finder {
    /// `None` where this host is alone.
    pub fn of(config: &Config) -> Result<Option<Self>, EngineError> {
        match config.coordination.kind {
            Engine::Local => Ok(None),
            Engine::Etcd => Ok(Some(Self(Arc::new(Etcd::new(&config.coordination, &config.service)?)))),
        }
    }

    /// The URLs of all that lead for any service, and of the agents that stand by: a monitor that does is not asked.
    pub async fn urls(config: &Config) -> Result<BTreeSet<String>, EngineError> {
        let records = Etcd::members_of_all(&config.coordination).await?;
        let url = |record: &Record| {
            let member = Member::read(&record.value)?;
            member.url.filter(|_| member.agent || record.name.ends_with(LEADER))
        };
        Ok(records.iter().filter_map(url).collect())
    }

    /// `None` if nobody leads.
    pub async fn leader(&self) -> Result<Option<Member>, EngineError> {
        let records = self.0.read(LEADER).await?;
        Ok(records.iter().find_map(|record| Member::read(&record.value)))
    }

    /// Whether this process of this host stands by.
    pub async fn stands_by(&self, pid: u32) -> Result<bool, EngineError> {
        let records = self.0.read(MEMBERS).await?;
        let mut members = records.iter().filter_map(|record| Member::read(&record.value));
        Ok(members.any(|member| member.pid == pid && member.host == Member::host_here()))
    }
}
