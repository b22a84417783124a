//! Discovers instances that come and go: in files every second, by DNS names every five seconds.

use std::time::Duration;

use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::config::{Colors, InstanceUrl};
use crate::core::soak::Event;
use crate::io::source::{Discovery, DiscoveryError, apart};
use crate::io::tasks::boxed;
use crate::model::Color;

/// How often files are read again.
const EVERY: Duration = Duration::from_secs(1);
/// Reads of files for each resolution of names. Resolvers cache answers, so more often is of no use.
const NAMES: u32 = 5;
/// Failures in a row before one is reported: a file may be read while it is written.
const FAILURES: u32 = 2;

pub struct Found {
    pub color: Color,
    pub instances: Vec<InstanceUrl>,
}

/// Starts discovery for colors whose instances can change: `configured` is how to find them, `known` what is there.
pub fn start(tasks: &mut JoinSet<()>, configured: &Colors, known: &Colors, events: &Sender<Event>) -> Receiver<Found> {
    let (sender, found) = mpsc::channel(1);
    let discoveries = Color::ALL.map(|color| (color, Discovery::of(configured, color)));
    let looks: Vec<_> = discoveries.into_iter().filter(|(_, discovery)| discovery.changes()).map(Look::new).collect();
    if !looks.is_empty() {
        tasks.spawn(boxed(look_out(looks, known.clone(), sender, events.clone())));
    }
    found
}

struct Look {
    color: Color,
    discovery: Discovery,
    failures: u32,
    told: Option<String>,
}

impl Look {
    fn new((color, discovery): (Color, Discovery)) -> Self {
        Self { color, discovery, failures: 0, told: None }
    }

    /// The current instances, if they have changed.
    async fn changed(&self, known: &Colors) -> Result<Option<Vec<InstanceUrl>>, DiscoveryError> {
        let now = self.discovery.look().await?;
        if now == known.of(self.color) {
            return Ok(None);
        }
        apart(&known.clone().with(self.color, now.clone()))?;
        Ok(Some(now))
    }

    /// A failure to report: not the first in a row, and not the one that was reported last.
    fn failed(&mut self, error: &DiscoveryError) -> Option<String> {
        self.failures += 1;
        let what = format!("keeping the known instances of {}: {error}", self.color);
        (self.failures >= FAILURES && self.told.as_ref() != Some(&what)).then(|| {
            self.told = Some(what.clone());
            what
        })
    }
}

async fn look_out(mut looks: Vec<Look>, mut known: Colors, found: Sender<Found>, events: Sender<Event>) {
    let mut schedule = interval(EVERY);
    schedule.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for round in 0_u32.. {
        schedule.tick().await;
        for look in &mut looks {
            if look.discovery.has_names() && !round.is_multiple_of(NAMES) {
                continue;
            }
            match look.changed(&known).await {
                Ok(changed) => {
                    (look.failures, look.told) = (0, None);
                    let Some(instances) = changed else { continue };
                    known = known.with(look.color, instances.clone());
                    if found.send(Found { color: look.color, instances }).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    if let Some(what) = look.failed(&error)
                        && events.send(Event::Trouble { what }).await.is_err()
                    {
                        return;
                    }
                }
            }
        }
    }
}
