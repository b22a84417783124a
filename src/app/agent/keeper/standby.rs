//! Another host that leads: what it does is shown here.

use tokio::time::Instant;

use super::Keeper;
use crate::app::deploy::{CatchUpError, Deployment};
use crate::io::coordination::{EngineError, Member, Standing};

/// Where the host is that leads.
pub(super) enum Leads {
    Here,
    There(Member),
    /// Etcd does not answer now, and has said so less than a TTL ago. A server that is slow for a moment is no error yet.
    AsBefore,
}

impl Keeper {
    pub(super) async fn stands_by(&mut self, deployment: &Deployment) -> Result<Leads, String> {
        let Some(leadership) = deployment.leadership() else { return Ok(Leads::Here) };
        match self.looked(deployment).await {
            Ok(None) => {
                self.led = None;
                Ok(Leads::Here)
            }
            Ok(Some(leader)) => {
                self.led = Some(Instant::now());
                Ok(Leads::There(leader))
            }
            Err(CatchUpError::Engine(EngineError::OutOfReach(_)))
                if self.led.is_some_and(|at| at.elapsed() < leadership.ttl()) =>
            {
                Ok(Leads::AsBefore)
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// The host that leads, where that is another one.
    async fn looked(&mut self, deployment: &Deployment) -> Result<Option<Member>, CatchUpError> {
        let Some(leadership) = deployment.leadership() else { return Ok(None) };
        let leader = match deployment.take_lead().await? {
            None => return Ok(None),
            Some(Standing::Leads(_)) => None,
            Some(Standing::StandsBy(leader)) => Some(leader.member),
        };
        if self.followed.is_none_or(|at| at.elapsed() >= leadership.ttl() / 3) {
            let look = leadership.look().await?;
            deployment.follow(leadership, &look, leader.is_none()).await?;
            if leader.is_some() && !look.standbys.contains(leadership.member()) {
                leadership.stand_by().await?;
            }
            self.followed = Some(Instant::now());
        }
        Ok(leader)
    }
}
