//! Following a run from outside its process, with lines.

use std::io::stdout;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::app::called;
use crate::app::headless::{Conclusion, Output, Pen, Places, Printer, Quiet};
use crate::config::Config;
use crate::core::soak::{Envelope, RecordingHeader};
use crate::core::view::{View, ViewUpdate};
use crate::io::control::{Client, ClientError, Events, StreamEnd, StreamItem};
use crate::io::journal::{Journal, RecordingReader, SoakId, recording_path, recordings};
use crate::model::Action;

use super::detach::{self, Leave};
use super::failure::Failure;
use super::supervisor::{Revived, Supervisor};
use super::{actor, conclude, format, known, output, screen};

/// How long another supervisor may take to restart it.
const COME_BACK: Duration = Duration::from_secs(10);
const END_SOON: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(200);

/// Follows the run of a control socket to its end, which decides the exit code, or until it is detached.
pub async fn run(config: &Config, output: Output, supervisor: Option<Supervisor>) -> Result<u8, Failure> {
    follow(config, output, supervisor, Until::TheEnd, None).await
}

/// Follows a background run until its soak begins. If it ends before, its outcome is the exit code; Ctrl-C aborts it.
pub async fn until_it_watches(config: &Config, output: Output, supervisor: Supervisor) -> Result<u8, Failure> {
    follow(config, output, Some(supervisor), Until::ItWatches, None).await
}

/// The same of a run that another process keeps alive; `told` is printed once it watches.
pub async fn until_it_watches_elsewhere(config: &Config, output: Output, told: &str) -> Result<u8, Failure> {
    follow(config, output, None, Until::ItWatches, Some(told)).await
}

pub fn newest(config: &Config) -> Option<SoakId> {
    recordings(&config.service_dir()).ok().and_then(|mut ids| ids.pop())
}

/// Prints the newest run from its recording.
pub async fn tell_all(config: &Config, output: Output) {
    Screen::new(config, output, Until::TheEnd).catch_up().await;
}

async fn follow(
    config: &Config,
    output: Output,
    mut supervisor: Option<Supervisor>,
    until: Until,
    told: Option<&str>,
) -> Result<u8, Failure> {
    let client = Client::of(config);
    let mut leave = Leave::listen().map_err(Failure::internal)?;
    let mut screen = Screen::new(config, output, until);
    let mut reach_until = Instant::now();
    loop {
        let lost = match client.events(0).await {
            Ok(events) => match screen.show(&client, events, &mut leave).await? {
                Shown::End(end) => return Ok(screen.close(&end).await),
                Shown::Watching => {
                    screen.pause().await;
                    if let Some(supervisor) = &supervisor {
                        output::data(&supervisor.monitor().detached(output, &config.service));
                    }
                    told.into_iter().for_each(output::data);
                    if output == Output::Github {
                        conclude::tell_job(&screen.detached());
                    }
                    return Ok(0);
                }
                Shown::Left => return Ok(screen.leave(&config.service).await),
                Shown::Lost(why) => {
                    // Another host takes over once the lease of the leader has ended.
                    let others = if client.follows_the_leader() { config.coordination.ttl } else { Duration::ZERO };
                    reach_until = Instant::now() + COME_BACK + others;
                    why
                }
            },
            Err(error @ ClientError::Forbidden(_)) => return Err(Failure::new(13, error)),
            Err(error) => error.to_string(),
        };
        tracing::warn!(lost, "the monitor is out of reach");
        screen.pause().await;
        if let Some(supervisor) = &mut supervisor {
            match supervisor.revive().await? {
                Revived::Alive => {}
                Revived::Again(told) => {
                    output::warn(&told);
                    reach_until = reach_until.max(Instant::now() + POLL);
                }
                Revived::Over(code) => {
                    if !screen.catch_up().await || code == 143 {
                        ended_out_of_sight(code, &config.service);
                    }
                    return Ok(code);
                }
            }
        }
        if Instant::now() >= reach_until {
            return Err(gone(&screen, &lost));
        }
        tokio::select! {
            () = sleep(POLL) => {}
            () = leave.asked() => match screen.until {
                Until::ItWatches => screen.interrupt(&client).await?,
                Until::TheEnd => return Ok(screen.leave(&config.service).await),
            },
        }
    }
}

fn ended_out_of_sight(code: u8, service: &str) {
    if code == 143 {
        output::error(&detach::stopped("a signal", service));
    } else {
        output::line(&format!("the soak has ended with exit code {code}; see: switchback status --service {service}"));
    }
}

/// No monitor to follow: why, and how the last run ended.
pub fn not_running(config: &Config, why: &str) -> Failure {
    match &config.control.url {
        // The connection error is more specific.
        Some(_) => Failure::new(13, why),
        None => Failure::new(13, format!("no monitor is running for service `{}`: {why}", config.service)),
    }
}

fn gone(screen: &Screen<'_>, lost: &str) -> Failure {
    let Config { service, control, .. } = screen.config;
    if let Some(view) = screen.view.as_ref().filter(|_| screen.until == Until::ItWatches || called::is_elsewhere()) {
        known::by_view(view);
    }
    let told = match (screen.seen, &control.url) {
        (None, _) => return not_running(screen.config, lost),
        (Some(_), Some(url)) => format!(
            "the monitor at {url} cannot be reached ({lost}). It may still be watching; check on its machine: \
             switchback status --service {service}"
        ),
        (Some(_), None) => format!(
            "the monitor is gone ({lost}) and was not replaced: the release is UNWATCHED. Resume with: \
             switchback soak --resume --service {service}"
        ),
    };
    Failure::new(13, told)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    TheEnd,
    ItWatches,
}

enum Shown {
    End(StreamEnd),
    Watching,
    Left,
    Lost(String),
}

struct Screen<'a> {
    output: Output,
    config: &'a Config,
    printer: Option<Printer>,
    /// Wall clock of the last event that was shown.
    seen: Option<i64>,
    until: Until,
    /// The run as far as it was followed.
    view: Option<View>,
}

impl<'a> Screen<'a> {
    const fn new(config: &'a Config, output: Output, until: Until) -> Self {
        Self { output, config, printer: None, seen: None, until, view: None }
    }

    async fn show(&mut self, client: &Client, mut events: Events, leave: &mut Leave) -> Result<Shown, Failure> {
        let (mut pen, mut unread) = (None, false);
        loop {
            let item = tokio::select! {
                item = events.next() => item,
                () = leave.asked() => match self.until {
                    Until::TheEnd => return Ok(Shown::Left),
                    Until::ItWatches => {
                        self.interrupt(client).await?;
                        continue;
                    }
                },
            };
            match item {
                Ok(StreamItem::Header(header)) => pen = Some(self.begin(&header)),
                Ok(StreamItem::Event(envelope)) => {
                    self.seen = self.seen.max(Some(envelope.wall_ms));
                    let (Some(pen), Some(view)) = (&pen, &mut self.view) else { continue };
                    let news = view.apply(&envelope);
                    let watches = self.until == Until::ItWatches && watches(view);
                    if !unread && !hand_over(pen, view, &news).await {
                        // Stdout is closed; the soak continues.
                        if self.until == Until::TheEnd {
                            return Ok(Shown::Left);
                        }
                        unread = true;
                    }
                    if watches {
                        return Ok(Shown::Watching);
                    }
                }
                Ok(StreamItem::Dropped(why)) => return Ok(Shown::Lost(why)),
                Ok(StreamItem::End(StreamEnd::Stopped { why })) if client.follows_the_leader() => {
                    return Ok(Shown::Lost(why));
                }
                Ok(StreamItem::End(end)) => return Ok(Shown::End(end)),
                Err(error @ ClientError::Forbidden(_)) => return Err(Failure::new(13, error)),
                Err(error) => return Ok(Shown::Lost(error.to_string())),
            }
        }
    }

    /// A fresh view is folded from the first event on: another monitor may know less than the one before it had shown.
    fn begin(&mut self, header: &RecordingHeader) -> Pen {
        let mut form = format::of(self.output, places(self.config, header));
        self.view = Some(View::new(header.settings.clone()));
        form.quiet = Some(match self.seen {
            Some(wall_ms) => Quiet::Silent { until_wall_ms: wall_ms },
            None => Quiet::DecisionsOnly { until_wall_ms: jiff::Timestamp::now().as_millisecond() },
        });
        self.printer.insert(Printer::start(form, Box::new(stdout()))).pen()
    }

    /// Prints the rest of a run that ended while disconnected, from its recording; returns whether there is one.
    async fn catch_up(&mut self) -> bool {
        let folder = self.config.service_dir();
        let Some(id) = newest(self.config) else { return false };
        let opened = RecordingReader::<Envelope>::open::<RecordingHeader>(&recording_path(&folder, &id));
        let Ok((header, envelopes)) = opened else { return false };
        let pen = self.begin(&header);
        let Some(view) = &mut self.view else { return false };
        for envelope in envelopes.map_while(Result::ok) {
            let news = view.apply(&envelope);
            if !hand_over(&pen, view, &news).await {
                break;
            }
        }
        self.pause().await;
        true
    }

    fn detached(&self) -> Conclusion {
        let settings = self.view.as_ref().map(|view| view.machine().settings());
        let service = &self.config.service;
        Conclusion {
            outcome: "detached".to_owned(),
            reason: "the soak has started and continues in the background".to_owned(),
            active: settings.map(|settings| settings.color),
            next: Some(format!("switchback status --wait --service {service}")),
            service: Some(service.clone()),
            soak: settings.map(|settings| settings.soak.clone()),
            release: settings.and_then(|settings| settings.known_release().map(str::to_owned)),
            ..Conclusion::default()
        }
    }

    /// An interrupt before the soak begins aborts the switch; the end is then awaited.
    async fn interrupt(&mut self, client: &Client) -> Result<(), Failure> {
        self.until = Until::TheEnd;
        let aborted = client.act(Action::Abort, &actor::starter(), Some("interrupted")).await;
        aborted.map(|_| ()).map_err(|error| Failure::new(13, format!("cannot abort the switch: {error}")))
    }

    /// Lets everything be printed that came so far.
    async fn pause(&mut self) {
        if let Some(printer) = self.printer.take() {
            let printed = tokio::task::spawn_blocking(move || printer.finish());
            if tokio::time::timeout(END_SOON, printed).await.is_err() {
                tracing::warn!("the last lines are not read");
            }
        }
    }

    async fn close(&mut self, end: &StreamEnd) -> u8 {
        self.pause().await;
        if let StreamEnd::Stopped { why } = end {
            output::error(&detach::stopped(why, &self.config.service));
        }
        end.exit_code()
    }

    async fn leave(&mut self, service: &str) -> u8 {
        self.pause().await;
        output::line(&detach::left(service));
        0
    }
}

/// Whether the soak has begun.
fn watches(view: &View) -> bool {
    let machine = view.machine();
    machine.summary().is_some() && machine.ending().is_none()
}

/// Waits for a slow reader of stdout; `false` if it is gone.
async fn hand_over(pen: &Pen, view: &View, news: &ViewUpdate) -> bool {
    while pen.is_full() {
        sleep(POLL).await;
    }
    pen.tell(view, news)
}

fn places(config: &Config, header: &RecordingHeader) -> Places {
    if let Some(there) = screen::elsewhere(config) {
        return Places { journal: there.clone(), recording: there };
    }
    let folder = config.service_dir();
    let recording = header.settings.soak.parse::<SoakId>().map(|id| recording_path(&folder, &id)).unwrap_or_default();
    Places { journal: Journal::new(&folder, &config.service).path().to_owned(), recording }
}
