//! `status --wait`: until the soak is over, or its rollback fails for too long.

mod elsewhere;

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::app::commands::status;
use crate::app::commands::support::detach::Leave;
use crate::app::commands::support::failure::Failure;
use crate::app::commands::support::{others, output};
use crate::app::deploy::{Came, Deployment};
use crate::config::Loaded;
use crate::io::state::StatusReport;
use elsewhere::Whose;

const EVERY: Duration = Duration::from_secs(1);
/// How long a monitor may be away until its supervisor has restarted it.
const COME_BACK: Duration = Duration::from_secs(10);

/// Waits; returns the last report, and the outcome of the soak that ran at the start. An ended soak is not waited for.
pub async fn until_it_is_over(loaded: &Loaded) -> Result<(StatusReport, Came), Failure> {
    let config = &loaded.config;
    if let Some(url) = &config.control.url {
        return elsewhere::until_it_is_over(config, &Whose::OfMachine(url.join(""))).await;
    }
    if let Err(error) = Deployment::open(config)?.state_file().read()
        && others::is_denied(&error)
    {
        let (report, came) = elsewhere::until_it_is_over(config, &Whose::OfUser(error)).await?;
        let configuration = Some(status::configuration(loaded));
        return Ok((StatusReport { configuration, ..report }, came));
    }
    let mut leave = Leave::listen().map_err(Failure::internal)?;
    let mut waited_for: Option<String> = None;
    let mut away_since: Option<Instant> = None;
    loop {
        let seen = status::report(loaded).await;
        let came = seen.as_ref().map_or(Came::Unwatched, StatusReport::came);
        let is_away = came == Came::Unwatched;
        let since = *away_since.get_or_insert_with(Instant::now);
        if !is_away {
            away_since = None;
        }
        if let Ok(report) = &seen {
            let id = report.soak.block.as_ref().map(|block| block.id.clone());
            if waited_for.is_some() && id.is_some() && id != waited_for {
                output::error("the awaited soak is over, and another one has started since");
                return Ok((report.clone(), Came::MovedSince));
            }
            waited_for = waited_for.or_else(|| id.filter(|_| came.is_open()));
        }
        if !came.is_open() && (!is_away || since.elapsed() >= COME_BACK) {
            return Ok((seen?, came));
        }
        tokio::select! {
            () = sleep(EVERY) => {}
            () = leave.asked() => return Ok((seen?, came)),
        }
    }
}
