//! The monitor that leads on another host, asked where none answers on this one.

use std::path::PathBuf;

use secrecy::SecretString;

use super::client::{Client, ClientError};
use crate::config::{Config, ControlConfig, InstanceUrl};
use crate::io::coordination::{Finder, Member};

/// With the credentials of this host, which are those of all.
#[derive(Clone, Debug)]
pub struct Leading {
    finder: Result<Finder, String>,
    service: String,
    token: Option<SecretString>,
    ca_file: Option<PathBuf>,
    identity: Option<(PathBuf, PathBuf)>,
}

impl Leading {
    /// `None` where this host is alone.
    pub fn of(config: &Config) -> Option<Self> {
        let finder = Finder::of(config).map_err(|error| format!("etcd {error}")).transpose()?;
        let ControlConfig { operator_token, viewer_token, ca_file, client_certificate, client_key, .. } =
            &config.control;
        Some(Self {
            finder,
            service: config.service.clone(),
            token: operator_token.clone().or_else(|| viewer_token.clone()),
            ca_file: ca_file.clone(),
            identity: client_certificate.clone().zip(client_key.clone()),
        })
    }

    /// Of whoever leads now.
    pub async fn client(&self) -> Result<Client, ClientError> {
        let leader = self.leader().await?.ok_or_else(|| ClientError::NotHere("no host leads".to_owned()))?;
        self.to(&leader)
    }

    /// Of the agent that leads now, and who it is; `None` if it is the process `here` of this host, or no agent.
    pub async fn agent(&self, here: Option<u32>) -> Result<Option<(Member, Client)>, ClientError> {
        let is_here = |leader: &Member| Some(leader.pid) == here && leader.host == Member::host_here();
        match self.leader().await?.filter(|leader| leader.agent && !is_here(leader)) {
            Some(leader) => self.to(&leader).map(|client| Some((leader, client))),
            None => Ok(None),
        }
    }

    async fn leader(&self) -> Result<Option<Member>, ClientError> {
        let finder = self.finder.as_ref().map_err(|why| ClientError::NotHere(why.clone()))?;
        finder.leader().await.map_err(|error| ClientError::NotHere(format!("etcd {error}")))
    }

    fn to(&self, leader: &Member) -> Result<Client, ClientError> {
        let not_here = |why: String| ClientError::NotHere(why);
        let url = leader.url.as_ref().and_then(|url| InstanceUrl::parse(url).ok()).ok_or_else(|| {
            not_here(format!("{leader} leads, which other hosts do not reach: set control.listen there"))
        })?;
        if url.is_in_the_clear() {
            return Err(not_here(format!(
                "{leader} leads, and at {url} the token would cross the network unencrypted"
            )));
        }
        let token = self.token.clone().ok_or_else(|| {
            not_here(format!("{leader} leads: set control.operator_token or control.viewer_token here to ask it"))
        })?;
        let client = Client::at(url.join(""), token, self.ca_file.clone(), self.identity.clone());
        Ok(if leader.agent { client.of_service(&self.service) } else { client })
    }
}
