//! Who leads or stands by.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::io::clock::Clock;
use crate::io::journal::rfc3339_ms;
use crate::model::printable::clean;

/// Where an agent is asked from other hosts, if it is reached at all.
#[derive(Clone, Debug)]
pub struct AgentUrl(pub Option<String>);

/// Who leads or stands by, as all hosts see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub name: String,
    pub host: String,
    pub pid: u32,
    /// RFC 3339.
    pub since: String,
    /// Where its control API is reached from other hosts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whether it is one of the services of an agent there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub agent: bool,
}

impl Member {
    /// This process.
    pub fn here(clock: &dyn Clock, config: &Config, agent: Option<&AgentUrl>) -> Self {
        let host = Self::host_here();
        let own = || config.control.advertise.as_ref().map(ToString::to_string);
        Self {
            name: config.coordination.member.clone().unwrap_or_else(|| host.clone()),
            host,
            pid: std::process::id(),
            since: rfc3339_ms(clock.now()),
            url: agent.map_or_else(own, |agent| agent.0.clone()),
            agent: agent.is_some(),
        }
    }

    /// As another host wrote it: whoever can write to the engine writes to terminals as well.
    pub fn read(record: &[u8]) -> Option<Self> {
        let Self { name, host, pid, since, url, agent } = serde_json::from_slice(record).ok()?;
        let [name, host, since] = [name, host, since].map(|text: String| clean(&text).into_owned());
        Some(Self { name, host, pid, since, url: url.map(|url| clean(&url).into_owned()), agent })
    }

    /// The name of this machine.
    pub fn host_here() -> String {
        rustix::system::uname().nodename().to_string_lossy().into_owned()
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (process {} on {}, since {})", self.name, self.pid, self.host, self.since)
    }
}
