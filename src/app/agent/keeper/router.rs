//! What the router of one deployment shows beside its state file: traffic that was moved there by hand.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::app::deploy::Deployment;
use crate::io::tasks::boxed;
use crate::model::Color;

/// Between two readings of a router that has an API or a file.
const EVERY: Duration = Duration::from_secs(2);
/// Between two runs of a router's `read` command.
const EVERY_COMMAND: Duration = Duration::from_secs(5);
/// What each further deployment adds to that, so that their commands do not add up.
const EACH: Duration = Duration::from_millis(20);

/// The readings of one router.
#[derive(Debug, Default)]
pub struct RouterLooks {
    next: Option<Instant>,
    reading: Option<JoinHandle<Option<Color>>>,
    /// Whether it has shown the same color as the state file, so that a difference is a move.
    agreed: bool,
    odd: Option<Color>,
}

/// A router that shows another color than the state file, twice in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    /// They agreed before.
    Moved(Color),
    /// They never did.
    Never(Color),
}

impl RouterLooks {
    /// Never waits for a router: a reading is begun at one look, and counts at a later one. `Err` while nothing is new.
    pub async fn look(&mut self, deployment: &Deployment, active: Color, services: usize) -> Result<Option<Odd>, ()> {
        if deployment.router().reads_state_file() {
            return Err(());
        }
        if let Some(reading) = self.reading.take_if(|reading| reading.is_finished()) {
            let shown = reading.await.ok().flatten();
            return shown.map_or(Err(()), |shown| Ok(self.judge(shown, active)));
        }
        let now = Instant::now();
        if self.reading.is_none() && self.next.is_none_or(|next| next <= now) {
            let further = EACH.saturating_mul(u32::try_from(services).unwrap_or(u32::MAX));
            let pause = if deployment.router().kind() == "command" { EVERY_COMMAND + further } else { EVERY };
            self.next = Some(now + pause);
            let deployment = deployment.clone();
            self.reading = Some(tokio::spawn(boxed(async move { deployment.routed().await })));
        }
        Err(())
    }

    fn judge(&mut self, shown: Color, active: Color) -> Option<Odd> {
        if shown == active {
            (self.agreed, self.odd) = (true, None);
            return None;
        }
        // A move of somebody else reaches the router first, and then the state file.
        let again = self.odd.replace(shown) == Some(shown);
        again.then_some(if self.agreed { Odd::Moved(shown) } else { Odd::Never(shown) })
    }

    /// Forgets what was seen, after somebody else's move.
    pub fn forget(&mut self) {
        self.odd = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Color::{Blue, Green};

    #[test]
    fn a_difference_counts_the_second_time_and_is_a_move_only_after_they_agreed() {
        let mut looks = RouterLooks::default();
        assert_eq!(looks.judge(Green, Blue), None);
        assert_eq!(looks.judge(Green, Blue), Some(Odd::Never(Green)));
        assert_eq!(looks.judge(Blue, Blue), None);
        assert_eq!(looks.judge(Green, Blue), None);
        looks.forget();
        assert_eq!(looks.judge(Green, Blue), None, "the state file was written meanwhile");
        assert_eq!(looks.judge(Green, Blue), Some(Odd::Moved(Green)));
    }
}
