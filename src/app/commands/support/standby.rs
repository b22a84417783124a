//! Is a color ready? Asked once, by commands that run without a monitor.

use tokio::task::JoinSet;

use crate::config::Config;
use crate::core::soak::named;
use crate::io::source::{Discovery, Probe, ProbeError, Ready};
use crate::model::Color;

/// Probes every instance of a color once. `Err` says which of them are not ready, when that is more than half.
pub async fn probe(config: &Config, color: Color) -> Result<(), String> {
    let discovery = Discovery::of(&config.colors, color);
    let instances = match discovery.look().await {
        Ok(instances) => instances,
        // Who cannot be found cannot take traffic.
        Err(why) => return Err(why.to_string()),
    };
    let mut probes = JoinSet::new();
    for instance in &instances {
        // Files of the configuration may be gone by now: who cannot be asked is not known to take traffic.
        let probe = match Probe::of(config, instance) {
            Ok(probe) => probe,
            Err(why) => return Err(why.to_string()),
        };
        let name = instance.to_string();
        probes.spawn(async move { (name, probe.probe().await) });
    }
    let answers = probes.join_all().await;
    let dead: Vec<_> = answers.into_iter().filter_map(|(name, answer)| Some(named(&name, &dead(answer)?))).collect();
    if dead.len() * 2 > instances.len() { Err(dead.join("; ")) } else { Ok(()) }
}

/// Why an instance is not ready. One that only has too many requests answers, which a dead one would not.
fn dead(answer: Result<Ready, ProbeError>) -> Option<String> {
    answer.err().filter(ProbeError::is_not_ready).map(|error| error.to_string())
}
