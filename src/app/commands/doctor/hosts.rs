//! Several hosts: whether the engine that they agree by can be used, and who leads.

use super::finding::Finding;
use crate::app::deploy::Deployment;
use crate::config::Config;
use crate::model::number::{duration_exact, size};

const AREA: &str = "hosts";

/// Takes a lease and gives it back. Nothing else is changed.
pub async fn look(deployment: &Deployment, config: &Config) -> Vec<Finding> {
    let Some(leadership) = deployment.leadership() else { return Vec::new() };
    let engine = leadership.engine();
    let health = match engine.health().await {
        Ok(health) => health,
        Err(error) => {
            let next = "correct coordination.endpoints and who may enter, or bring etcd back";
            return vec![Finding::failure(AREA, format!("etcd {error}"), next)];
        }
    };
    let used = size(health.used);
    let mut findings = vec![if health.full {
        let text = format!("etcd has no room and takes no writes, {used} are in use");
        Finding::failure(AREA, text, "etcdctl alarm list")
    } else {
        Finding::ok(AREA, format!("etcd {} answers, {used} are in use", health.version))
    }];
    let ttl = config.coordination.ttl;
    match engine.grant(ttl).await {
        Ok(lease) => {
            if let Err(error) = engine.revoke(lease.id).await {
                tracing::debug!(%error, "a lease of the doctor ends by itself");
            }
            if lease.granted > ttl {
                let text =
                    format!("etcd grants {} at least, not {}", duration_exact(lease.granted), duration_exact(ttl));
                findings.push(Finding::warning(AREA, text, "a take-over takes as long: set coordination.ttl to that"));
            }
        }
        Err(error) => findings.push(Finding::failure(AREA, format!("no lease: etcd {error}"), "see what etcd says")),
    }
    if config.router.timeout >= ttl {
        let (timeout, ttl) = (duration_exact(config.router.timeout), duration_exact(ttl));
        let text = format!("a move may take {timeout}, and is cut off where a lease of {ttl} is not renewed meanwhile");
        findings.push(Finding::ok(AREA, text));
    }
    findings.push(match leadership.look().await {
        Err(error) => {
            Finding::failure(AREA, format!("etcd {error}"), "let its user read and write coordination.prefix")
        }
        Ok(look) => match look.leader {
            Some(leader) => Finding::ok(AREA, format!("{} leads, with token {}", leader.member, leader.token)),
            None => Finding::ok(AREA, "nobody leads now"),
        },
    });
    findings
}
