//! `status --wait` without access to the files: with `--url`, or as a member of `control.group`. The events of the
//! monitor are followed to the last one, because it is gone after its run, and then only its files show the end.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use url::Url;

use crate::app::commands::support::detach::Leave;
use crate::app::commands::support::failure::Failure;
use crate::app::commands::support::{known, others, output};
use crate::app::deploy::Came;
use crate::app::monitor::block_of_run;
use crate::config::{Config, ControlConfig};
use crate::core::soak::{Envelope, Event, RecordingHeader, SwitchResult};
use crate::core::view::{View, active_after};
use crate::io::control::{Client, ClientError, Events, StreamEnd, StreamItem};
use crate::io::state::{SoakStatus, StandbyStatus, StateError, StatusReport};
use crate::model::Ending;
use crate::model::number::span;

/// How long a monitor that has answered may be unreachable: networks recover, and supervisors restart monitors.
const COME_BACK: Duration = Duration::from_secs(20);
/// The same before the first answer: the address may be wrong.
const FIRST_ANSWER: Duration = Duration::from_secs(10);
const STATUS_TIMEOUT: Duration = Duration::from_secs(5);
/// Time between two tries, and between two looks at the status.
const EVERY: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub enum Whose {
    /// The one at this URL, on another machine.
    OfMachine(Url),
    /// One of another user on this machine; the error is from reading the state file.
    OfUser(StateError),
}

pub async fn until_it_is_over(config: &Config, whose: &Whose) -> Result<(StatusReport, Came), Failure> {
    let mut leave = Leave::listen().map_err(Failure::internal)?;
    let mut wait = Wait { client: Client::of(config), seen: None, stopped: false };
    let gone = |wait: &Wait, why: &str| match whose {
        Whose::OfMachine(url) => wait.gone(url, why),
        Whose::OfUser(error) => wait.gone_with_its_files(config, error, why),
    };
    let mut lost: Option<Instant> = None;
    loop {
        let Lost { why, stopped } = tokio::select! {
            followed = wait.follow(&mut lost) => match followed? {
                Followed::Over(report, came) => return Ok((*report, came)),
                Followed::Lost(why) => why,
            },
            () = leave.asked() => return wait.interrupted(config),
        };
        wait.stopped |= stopped;
        if lost.is_none() && wait.seen.is_some() {
            output::warn(&format!("{why}: retrying for {}", span_of(COME_BACK)));
        }
        let since = *lost.get_or_insert_with(Instant::now);
        let limit = if wait.seen.is_some() { COME_BACK } else { FIRST_ANSWER };
        if since.elapsed() >= limit {
            return Err(gone(&wait, &why));
        }
        tokio::select! {
            () = sleep(EVERY) => {}
            () = leave.asked() => return wait.interrupted(config),
        }
    }
}

fn span_of(time: Duration) -> String {
    span(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

enum Followed {
    Over(Box<StatusReport>, Came),
    Lost(Lost),
}

struct Lost {
    why: String,
    stopped: bool,
}

impl From<ClientError> for Lost {
    fn from(error: ClientError) -> Self {
        Self { why: error.to_string(), stopped: false }
    }
}

struct Wait {
    client: Client,
    seen: Option<Seen>,
    /// Whether the monitor announced its stop, and no other one has answered since.
    stopped: bool,
}

struct Seen {
    soak: Option<String>,
    report: StatusReport,
}

impl Wait {
    /// Follows the run until its end, or until the connection breaks.
    async fn follow(&mut self, lost: &mut Option<Instant>) -> Result<Followed, Failure> {
        let is_fatal = |error: &ClientError| {
            matches!(error, ClientError::Forbidden(_) | ClientError::File { .. } | ClientError::Certificate { .. })
        };
        let opened = match self.status().await {
            Ok(report) => self.client.events(0).await.map(|events| (report, events)),
            Err(error) => Err(error),
        };
        let (report, events) = match opened {
            Ok(opened) => opened,
            Err(error) if self.seen.is_none() && is_fatal(&error) => return Err(Failure::new(13, error)),
            Err(error) => return Ok(Followed::Lost(error.into())),
        };
        if lost.take().is_some() && self.seen.is_some() {
            output::warn("the monitor answers again");
        }
        self.stopped = false;
        let soak = self.seen.take().and_then(|seen| seen.soak);
        known::by_report(&report);
        let seen = self.seen.insert(Seen { soak, report });
        follow_events(&self.client, events, seen).await
    }

    async fn status(&self) -> Result<StatusReport, ClientError> {
        self.client.status_as().await
    }

    fn interrupted(self, config: &Config) -> Result<(StatusReport, Came), Failure> {
        let Some(Seen { report, .. }) = self.seen else {
            let ControlConfig { url, socket, .. } = &config.control;
            let place = url.as_ref().map_or_else(|| format!("`{}`", socket.display()), |url| url.join("").to_string());
            return Err(Failure::new(13, format!("no monitor has answered at {place}")));
        };
        let came = report.came();
        Ok((report, came))
    }

    fn gone(&self, url: &Url, why: &str) -> Failure {
        let Some(Seen { report: StatusReport { service, .. }, .. }) = &self.seen else { return Failure::new(13, why) };
        let (told, next) = if self.stopped {
            let told = format!("the monitor at {url} was stopped and not replaced: the release is UNWATCHED");
            (told, "soak --resume")
        } else {
            (
                format!("the monitor at {url} cannot be reached ({why}). It may still be watching, or may have ended"),
                "status --wait",
            )
        };
        Failure::new(13, format!("{told}\nnext: on its machine: switchback {next} --service {service}"))
    }

    /// The same of another user's monitor on this machine, whose files only that user can read.
    fn gone_with_its_files(&self, config: &Config, error: &StateError, why: &str) -> Failure {
        if self.seen.is_none() {
            return others::unreadable(config, error, "status");
        }
        let (told, next) = if self.stopped {
            ("the monitor was stopped and not replaced: the release is UNWATCHED".to_owned(), "soak --resume")
        } else {
            (format!("the monitor is gone ({why}), and was not replaced"), "status --exit-code")
        };
        let next = others::as_owner(config, &format!("switchback {next} --service {}", config.service));
        Failure::new(13, format!("{told}. The outcome is in files that this user cannot read\nnext: {next}"))
    }
}

async fn follow_events(client: &Client, mut events: Events, seen: &mut Seen) -> Result<Followed, Failure> {
    let mut run: Option<Run> = None;
    let mut look = interval(EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            item = events.next() => match item {
                Ok(StreamItem::Header(header)) => {
                    let soak = header.settings.soak.clone();
                    if seen.soak.as_ref().is_some_and(|known| *known != soak) {
                        output::error("the awaited soak is over, and another one has started since");
                        return Ok(Followed::Over(Box::new(seen.report.clone()), Came::MovedSince));
                    }
                    seen.soak = Some(soak);
                    run = Some(Run::of(&header));
                }
                Ok(StreamItem::Event(envelope)) => {
                    if let Some(run) = &mut run {
                        run.apply(&envelope);
                    }
                }
                Ok(StreamItem::End(StreamEnd::Ended(ending))) => {
                    let report = run.map_or_else(|| seen.report.clone(), |run| run.ended(&ending, &seen.report));
                    let came = Came::Ended { outcome: ending.outcome, exit_code: ending.exit_code() };
                    return Ok(Followed::Over(Box::new(report), came));
                }
                Ok(StreamItem::End(StreamEnd::Stopped { why })) => {
                    let why = format!("the monitor was stopped by {why}, and saved the soak as it is");
                    return Ok(Followed::Lost(Lost { why, stopped: true }));
                }
                Ok(StreamItem::Dropped(why)) => return Ok(Followed::Lost(Lost { why, stopped: false })),
                Err(error) => return Ok(Followed::Lost(error.into())),
            },
            _ = look.tick() => {
                let Some(run) = run.as_mut().filter(|run| run.has_news()) else { continue };
                // The events show the end; the status is only printed then, and may be late.
                if let Ok(Ok(report)) = timeout(STATUS_TIMEOUT, client.status_as()).await {
                    run.looked();
                    known::by_report(&report);
                    seen.report = report;
                    // The events may lag behind: the rollback may have worked since.
                    if seen.report.came() == Came::Overdue {
                        return Ok(Followed::Over(Box::new(seen.report.clone()), Came::Overdue));
                    }
                }
            }
        }
    }
}

struct Run {
    view: View,
    /// `lastSwitch` of the last move in the events.
    moved: Option<i64>,
    changed: bool,
}

impl Run {
    fn of(header: &RecordingHeader) -> Self {
        Self { view: View::new(header.settings.clone()), moved: None, changed: false }
    }

    fn apply(&mut self, envelope: &Envelope) {
        self.changed |= self.view.apply(envelope).phase.is_some();
        match &envelope.event {
            Event::SwitchDone { result: SwitchResult::Switched { last_switch: Some(at) }, .. }
            | Event::RollbackDone { last_switch: Some(at), .. } => self.moved = Some(*at),
            _ => {}
        }
    }

    fn has_news(&self) -> bool {
        self.changed || self.view.machine().overdue()
    }

    const fn looked(&mut self) {
        self.changed = false;
    }

    /// The last status, brought to the end of the run.
    fn ended(&self, ending: &Ending, last: &StatusReport) -> StatusReport {
        let machine = self.view.machine();
        let mut report = last.clone();
        report.soak = SoakStatus { block: Some(block_of_run(machine, self.view.wall_ms())), running: false };
        let Some(active) = active_after(machine, ending.outcome).filter(|active| *active != last.active_color) else {
            return report;
        };
        report.active_color = active;
        report.previous_color = Some(active.other());
        report.last_switch = self.moved.or(last.last_switch);
        report.standby = StandbyStatus { color: active.other(), ready: None };
        (report.release, report.no_rollback) = (None, false);
        let routed = machine.router().and_then(|router| router.as_ref().ok()).copied();
        (report.router.active_color, report.router.in_sync) = (routed, routed.map(|routed| routed == active));
        report
    }
}
