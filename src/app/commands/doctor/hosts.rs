//! Several hosts: whether the engine that they agree by can be used, and who leads.

use std::time::Duration;

use super::finding::Finding;
use crate::app::deploy::Deployment;
use crate::config::Config;
use crate::io::coordination::{Engine, Guard, Health, Look, Member, Write};
use crate::model::number::{duration_exact, size};

const AREA: &str = "hosts";

/// The oldest etcd whose gateway is understood.
const OLDEST: (u32, u32) = (3, 4);

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
    let mut findings = vec![of_engine(&health)];
    let ttl = config.coordination.ttl;
    findings.extend(lease(engine, ttl).await);
    if config.router.timeout >= ttl {
        let (timeout, ttl) = (duration_exact(config.router.timeout), duration_exact(ttl));
        let text = format!("a move may take {timeout}, and is cut off where a lease of {ttl} is not renewed meanwhile");
        findings.push(Finding::ok(AREA, text));
    }
    match leadership.look().await {
        Err(error) => {
            let next = "let its user read and write coordination.prefix";
            findings.push(Finding::failure(AREA, format!("etcd {error}"), next));
        }
        Ok(look) => findings.extend(members(leadership.member(), &look)),
    }
    findings.push(match &config.control.advertise {
        Some(url) => Finding::ok(AREA, format!("orders and screens of other hosts reach this one at {url}")),
        None => Finding::ok(AREA, "orders and screens of other hosts do not reach this one: control.listen is not set"),
    });
    findings
}

/// Who leads, and whether decisions say which host made them.
fn members(here: &Member, look: &Look) -> Vec<Finding> {
    let leads = match &look.leader {
        Some(leader) => Finding::ok(AREA, format!("{} leads, with token {}", leader.member, leader.token)),
        None => Finding::ok(AREA, "nobody leads now"),
    };
    let mut others = look.leader.iter().map(|leader| &leader.member).chain(&look.standbys);
    let twin = others.find(|other| other.name == here.name && other.host != here.host);
    let twin = twin.map(|twin| {
        let text =
            format!("{} is called `{}` as this host is: decisions do not say whose they are", twin.host, twin.name);
        Finding::warning(AREA, text, "set coordination.member to a name of its own on each host")
    });
    [Some(leads), twin].into_iter().flatten().collect()
}

fn of_engine(health: &Health) -> Finding {
    let used = size(health.used);
    let mut numbers = health.version.split('.').map_while(|number| number.parse::<u32>().ok());
    if let (Some(major), Some(minor)) = (numbers.next(), numbers.next())
        && (major, minor) < OLDEST
    {
        let text = format!("etcd {} is older than {}.{}", health.version, OLDEST.0, OLDEST.1);
        return Finding::failure(AREA, text, "update etcd");
    }
    if health.full {
        let text = format!("etcd has no room and takes no writes, {used} are in use");
        return Finding::failure(AREA, text, "compact and defragment it, then: etcdctl alarm disarm");
    }
    Finding::ok(AREA, format!("etcd {} answers, {used} are in use", health.version))
}

/// How long a lease lasts, and whether records may be written under it. The record ends with the lease.
async fn lease(engine: &dyn Engine, ttl: Duration) -> Option<Finding> {
    let lease = match engine.grant(ttl).await {
        Ok(lease) => lease,
        Err(error) => return Some(Finding::failure(AREA, format!("no lease: etcd {error}"), "see what etcd says")),
    };
    let record = Write::Put { name: "doctor".to_owned(), value: Vec::new(), lease: Some(lease.id) };
    let written = engine.write(Guard::None, vec![record]).await;
    if let Err(error) = engine.revoke(lease.id).await {
        tracing::debug!(%error, "a lease of the doctor ends by itself");
    }
    match written {
        Err(error) => {
            let next = "let its user read and write coordination.prefix";
            Some(Finding::failure(AREA, format!("nothing can be written: etcd {error}"), next))
        }
        Ok(_) if lease.granted > ttl => {
            let (granted, ttl) = (duration_exact(lease.granted), duration_exact(ttl));
            let text = format!("etcd grants {granted} at least, not {ttl}");
            Some(Finding::warning(AREA, text, "a take-over takes as long: set coordination.ttl to that"))
        }
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::coordination::Leader;

    fn member(name: &str, host: &str) -> Member {
        let (name, host, since) = (name.to_owned(), host.to_owned(), "2026-01-01T00:00:00.000Z".to_owned());
        Member { name, host, pid: 7, since, url: None, agent: false }
    }

    fn told(look: &Look) -> Vec<String> {
        members(&member("a", "mars"), look).iter().map(|finding| finding.text.clone()).collect()
    }

    #[test]
    fn two_hosts_of_one_name_are_told() {
        let twin = "venus is called `a` as this host is: decisions do not say whose they are";
        let leads = |member| Look { leader: Some(Leader { member, token: 5, lease: 1 }), ..Look::default() };
        assert_eq!(told(&Look::default()), ["nobody leads now"]);
        assert_eq!(told(&leads(member("a", "mars"))).len(), 1, "this host itself");
        assert_eq!(told(&leads(member("a", "venus")))[1], twin);
        let stands_by = Look { standbys: vec![member("b", "earth"), member("a", "venus")], ..leads(member("c", "io")) };
        assert_eq!(told(&stands_by)[1], twin);
    }
}
