//! Is a color ready? Asked once, by commands that run without a monitor.

use tokio::task::JoinSet;

use crate::config::Config;
use crate::deploy::Color;
use crate::source::{Discovery, Probe};

use super::failure::Failure;

/// Probes every instance of a color once. `Err` says which of them are not ready, when that is more than half.
pub async fn probe(config: &Config, color: Color) -> Result<Result<(), String>, Failure> {
    let discovery = Discovery::of(&config.colors, color);
    let instances = match discovery.look().await {
        Ok(instances) => instances,
        // Who cannot be found cannot take traffic.
        Err(why) => return Ok(Err(why.to_string())),
    };
    let mut probes = JoinSet::new();
    for instance in &instances {
        let probe = Probe::new(instance, &config.health).map_err(Failure::usage)?;
        let name = instance.to_string();
        probes.spawn(async move { (name, probe.probe().await) });
    }
    let answers = probes.join_all().await;
    let dead: Vec<_> =
        answers.into_iter().filter_map(|(name, answer)| answer.err().map(|error| format!("{name}: {error}"))).collect();
    if dead.len() * 2 > instances.len() { Ok(Err(dead.join("; "))) } else { Ok(Ok(())) }
}
