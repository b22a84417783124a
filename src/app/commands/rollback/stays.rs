//! Whether traffic stays where a rollback brought it: a look at the router without a monitor.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::app::commands::support::failure::Failure;
use crate::app::commands::support::output;
use crate::app::deploy::Deployment;
use crate::model::Color;

/// Upper bound on `soak.verify_window` here: a person waits for the command.
const MAX: Duration = Duration::from_secs(3);
/// Time between two readings, and for how long the router has to show the other color.
const EVERY: Duration = Duration::from_millis(500);
const UNDONE_FOR: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stay {
    /// It is where it was moved, as far as known.
    Stays,
    /// Unknown: the last reading failed.
    Unread(String),
    /// Another switch moved traffic since, and is in the state file.
    MovedOn { active: Color },
    /// The router sends it to the other color again, or to neither, with the reason.
    Undone(Option<String>),
}

/// Reads router and state file for `soak.verify_window`, 3s at most; not if the router only follows the file.
pub async fn look(deployment: &Deployment, to: Color, last_switch: Option<i64>, window: Duration) -> Stay {
    if deployment.router().reads_state_file() || window.is_zero() {
        return Stay::Stays;
    }
    let end = Instant::now() + window.min(MAX);
    let mut undone: Option<Instant> = None;
    loop {
        let due = if undone.is_some() { EVERY } else { EVERY.min(end.saturating_duration_since(Instant::now())) };
        sleep(due).await;
        if let Ok(state) = deployment.state_file().read()
            && state.last_switch() > last_switch
        {
            return Stay::MovedOn { active: state.active() };
        }
        let read = deployment.router().read().await;
        match &read {
            Ok(color) if *color == to => undone = None,
            Err(error) if error.foreign().is_none() => {}
            // One reading may fall into another process's move.
            Ok(_) | Err(_) if undone.get_or_insert_with(Instant::now).elapsed() >= UNDONE_FOR => {
                return Stay::Undone(read.err().map(|error| error.to_string()));
            }
            Ok(_) | Err(_) => continue,
        }
        if Instant::now() >= end {
            return read.map_or_else(|error| Stay::Unread(error.to_string()), |_| Stay::Stays);
        }
    }
}

pub fn tell(stay: Stay, to: Color, service: &str) -> Result<u8, Failure> {
    let from = to.other();
    match stay {
        Stay::Stays => Ok(0),
        Stay::Unread(why) => {
            output::warn(&format!("cannot check whether traffic stays on {to}: {why}"));
            Ok(0)
        }
        Stay::MovedOn { active } => Err(Failure::new(
            8,
            format!(
                "another process moved traffic after the rollback to {to}: the state file now says {active} is active"
            ),
        )),
        Stay::Undone(elsewhere) => {
            let away = elsewhere.unwrap_or_else(|| format!("the router sends traffic to {from} again"));
            Err(Failure::new(
                7,
                format!(
                    "ROLLBACK UNDONE: {away}. Something else moves it; Switchback does not move it again; next: stop that, \
                     then: switchback rollback --service {service}"
                ),
            ))
        }
    }
}
