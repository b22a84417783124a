//! Looks out for instances that come and go: in files every second, behind names every five.

use std::time::Duration;

use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::config::{Colors, InstanceUrl};
use crate::core::soak::Event;
use crate::io::source::{Discovery, DiscoveryError, apart};
use crate::model::Color;

/// How often files are read again.
const EVERY: Duration = Duration::from_secs(1);
/// So many of those looks later names are resolved again. Resolvers keep answers for a while, so sooner would tell nothing.
const NAMES: u32 = 5;
/// So many looks in a row have to fail before it is told: a file may be read while it is written.
const FAILURES: u32 = 2;

/// The instances of a color, which are others than before.
pub struct Found {
    pub color: Color,
    pub instances: Vec<InstanceUrl>,
}

/// Starts to look, where instances can come and go at all. `configured` says how they are found, `known` which there are.
pub fn start(tasks: &mut JoinSet<()>, configured: &Colors, known: &Colors, events: &Sender<Event>) -> Receiver<Found> {
    let (sender, found) = mpsc::channel(1);
    let discoveries = Color::ALL.map(|color| (color, Discovery::of(configured, color)));
    let looks: Vec<_> = discoveries.into_iter().filter(|(_, discovery)| discovery.changes()).map(Look::new).collect();
    if !looks.is_empty() {
        tasks.spawn(look_out(looks, known.clone(), sender, events.clone()));
    }
    found
}

/// How one color's instances are looked for.
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

    /// The instances that there are now, if they are others.
    async fn changed(&self, known: &Colors) -> Result<Option<Vec<InstanceUrl>>, DiscoveryError> {
        let now = self.discovery.look().await?;
        if now == known.of(self.color) {
            return Ok(None);
        }
        apart(&known.clone().with(self.color, now.clone()))?;
        Ok(Some(now))
    }

    /// A failure worth telling: not the first in a row, and not the same as the one that was told last.
    fn failed(&mut self, error: &DiscoveryError) -> Option<String> {
        self.failures += 1;
        let what = format!("the instances of {} stay as they are: {error}", self.color);
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
