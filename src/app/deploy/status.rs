//! What `status` shows.

use std::fmt::Write as _;

use jiff::{Timestamp, ZonedDateTime};

use super::deployment::Deployment;
use crate::core::soak::list_releases;
use crate::io::journal::Head;
use crate::io::state::{
    ConfigurationStatus, CoordinationStatus, RouterStatus, SoakStatus, StandbyStatus, StateFileStatus, StatusReport,
};
use crate::io::state::{LockError, MonitorState, SoakBlock, StateError, monitor_state};
use crate::model::Color;
use crate::model::number::span;
use crate::model::printable::clean;

/// Hex digits of a hash that are shown.
const SHORT_HASH: usize = 12;

#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    #[error(transparent)]
    State(#[from] StateError),
    /// Whether a monitor is running is unknown.
    #[error(transparent)]
    Lock(#[from] LockError),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoInactive {
    #[error("the state file says that {active} is active, but the router sends traffic to {routed}")]
    OutOfSync {
        /// The state file's color.
        active: Color,
        routed: Color,
    },
    #[error("the router cannot be read: {0}")]
    Unread(String),
}

impl StatusReport {
    /// The color without traffic, where a deploy goes; an error if state file and router disagree or it is unreadable.
    pub fn inactive(&self) -> Result<Color, NoInactive> {
        match self.router.active_color {
            Some(routed) if routed == self.active_color => Ok(self.active_color.other()),
            Some(routed) => Err(NoInactive::OutOfSync { active: self.active_color, routed }),
            None => Err(NoInactive::Unread(self.router.error.clone().unwrap_or_else(|| "no reason given".to_owned()))),
        }
    }

    /// The same with a monitor's current run. Its knowledge of the standby counts only if that is the inactive color.
    #[must_use]
    pub fn with_run(mut self, block: SoakBlock, standby: Color) -> Self {
        if self.standby.color != standby {
            self.standby.ready = None;
        }
        let running = block.finished_at.is_none();
        self.show(block, running)
    }

    /// The same with a run that is not in the state file and has no known monitor.
    #[must_use]
    pub fn with_newer_run(self, block: SoakBlock) -> Self {
        let running = self.soak.running && block.finished_at.is_none();
        self.show(block, running)
    }

    /// The earlier soak must not look like this one.
    fn show(mut self, block: SoakBlock, running: bool) -> Self {
        self.previous_soak = self.soak.block.take().filter(|before| before.id != block.id);
        self.soak = SoakStatus { block: Some(block), running };
        self
    }
}

impl Deployment {
    /// Reads state file, router (shown if unreadable) and monitor's lock; `standby_ready`: the other color's probe.
    pub async fn status(&self, standby_ready: Option<bool>) -> Result<StatusReport, StatusError> {
        let here = self.state_file.read()?;
        let (state, coordination) = self.among_hosts(here).await;
        let read = self.router.read().await;
        let monitor = monitor_state(&self.state_file)?;
        let block = state.soak().cloned();
        let finished = block.as_ref().is_some_and(|block| block.phase == "finished");
        let active = state.active();
        let of_active = state.soak().filter(|block| block.last_switch == state.last_switch());
        let seen = of_active.and_then(SoakBlock::known_release);
        Ok(StatusReport {
            active_color: active,
            last_switch: state.last_switch(),
            previous_color: state.previous(),
            service: self.service.clone(),
            state_file: Some(StateFileStatus {
                path: self.state_file.path().display().to_string(),
                exists: state.exists(),
            }),
            configuration: None,
            router: RouterStatus {
                kind: self.router.kind().to_owned(),
                active_color: read.as_ref().ok().copied(),
                in_sync: read.as_ref().ok().map(|shown| *shown == active),
                error: read.err().map(|error| error.to_string()),
            },
            standby: StandbyStatus { color: active.other(), ready: standby_ready },
            release: state.release().or(seen).map(str::to_owned),
            no_rollback: state.no_rollback(),
            journal: state.journal().cloned(),
            freeze: self.freeze_file().holding(self.now()),
            soak: SoakStatus {
                running: !finished
                    && (monitor != MonitorState::NotRunning
                        || coordination.as_ref().is_some_and(|all| all.leader.is_some())),
                block,
            },
            coordination,
            previous_soak: None,
        })
    }
}

impl StatusReport {
    /// The status as aligned lines for a person at `now`.
    pub fn to_text(&self, now: &ZonedDateTime) -> String {
        let alarm = self.alarm().into_iter().flat_map(|alarm| [("ALARM", alarm.text), ("next", alarm.next)]);
        let mut lines: Vec<(&str, String)> = alarm.collect();
        lines.push(("service", self.service.clone()));
        lines.extend(self.state_file.iter().map(|file| ("state", file.to_text())));
        lines.extend(self.configuration.iter().map(|configuration| ("config", configuration.to_text())));
        let release = self.release.as_ref().map(|release| format!(", release {release}")).unwrap_or_default();
        lines.extend([
            ("active", self.active_color.to_string() + &release),
            ("previous", self.previous_color.map_or_else(|| "none".to_owned(), |color| color.to_string())),
            ("switched", self.last_switch.map_or_else(|| "never".to_owned(), |at| since(at, now))),
            ("router", self.router.to_text(self.active_color)),
            ("standby", format!("{} {}", self.standby.color, readiness(self.standby.ready))),
        ]);
        if self.no_rollback {
            lines.push(("rollback", "only by force: the release was switched to with --no-rollback".to_owned()));
        }
        if let Some(freeze) = &self.freeze {
            lines.push((
                "freeze",
                format!("automatic rollback is {}", freeze.frozen().describe(now.timestamp().as_millisecond())),
            ));
        }
        lines.extend(self.coordination.iter().flat_map(CoordinationStatus::to_lines));
        lines.extend(self.soak.to_lines(now));
        if let Some(before) = &self.previous_soak {
            let how = before.outcome.as_deref().unwrap_or(&before.phase);
            lines.push(("before", format!("{} {how}", before.id)));
        }
        if let Some(Head { decisions, hash: head, .. }) = &self.journal {
            // Enough to compare two at a glance; `--json` and `verify` show the whole.
            let head: String = head.chars().take(SHORT_HASH).collect();
            lines.push(("journal", format!("{decisions} decisions, head {head}")));
        }
        lines.iter().fold(String::new(), |mut text, (label, value)| {
            // Writing into a string cannot fail.
            let _ = writeln!(text, "{label:<9} {}", clean(value));
            text
        })
    }
}

impl CoordinationStatus {
    fn to_lines(&self) -> Vec<(&'static str, String)> {
        let leader = match (&self.leader, &self.error) {
            (_, Some(error)) => format!("unknown: etcd {error}"),
            (None, None) => "none: whoever comes first takes the lead".to_owned(),
            (Some(member), None) => {
                let token = self.token.map(|token| format!(", token {token}")).unwrap_or_default();
                let sign = self.last_sign_seconds.map(|ago| format!(", last sign {ago}s ago")).unwrap_or_default();
                format!("{member}{token}{sign}")
            }
        };
        let standbys: Vec<&str> = self.standbys.iter().map(|member| member.name.as_str()).collect();
        let standbys = if standbys.is_empty() { "none".to_owned() } else { standbys.join(", ") };
        let differs = self.differs.as_ref().map(|differs| format!(": {differs}")).unwrap_or_default();
        vec![("leader", leader), ("standbys", standbys), ("counts", format!("{}{differs}", self.state))]
    }
}

fn readiness(ready: Option<bool>) -> &'static str {
    match ready {
        Some(true) => "✓ ready",
        Some(false) => "✗ not ready",
        None => "not asked",
    }
}

/// A time in Unix milliseconds, relative to `now`: `2m13s ago (2026-11-23 15:02:25 +01:00)`.
pub fn since(at_ms: i64, now: &ZonedDateTime) -> String {
    let Ok(at) = Timestamp::from_millisecond(at_ms) else {
        return format!("at {at_ms}ms, which is not a valid time");
    };
    let seconds = now.timestamp().as_second().saturating_sub(at.as_second());
    let at = local(at, now);
    match u64::try_from(seconds) {
        Ok(seconds) => format!("{} ago ({at})", span(seconds.saturating_mul(1000))),
        Err(_) => format!("in the future ({at}): the clock was set back"),
    }
}

/// A time in the time zone of `now`, with its offset from UTC: `2026-11-23 15:02:25 +01:00`.
fn local(at: Timestamp, now: &ZonedDateTime) -> String {
    at.to_zoned_datetime(now.time_zone().clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

fn local_text(text: &str, now: &ZonedDateTime) -> String {
    text.parse().map_or_else(|_| text.to_owned(), |at| local(at, now))
}

impl StateFileStatus {
    fn to_text(&self) -> String {
        let missing = if self.exists { "" } else { " (missing: assuming that blue is active, never switched)" };
        format!("{}{missing}", self.path)
    }
}

impl ConfigurationStatus {
    fn to_text(&self) -> String {
        let Self { folder, file, assumed } = self;
        let file = file.clone().unwrap_or_else(|| format!("no configuration file in {folder}"));
        let assumed = assumed.as_ref().map(|assumed| format!("; {assumed}")).unwrap_or_default();
        format!("{file}{assumed}")
    }
}

impl RouterStatus {
    fn to_text(&self, active: Color) -> String {
        let Self { kind, active_color, error, .. } = self;
        match (active_color, error) {
            (Some(shown), _) if *shown == active => format!("{kind} ✓ in sync"),
            (Some(shown), _) => format!("{kind} ✗ out of sync: it sends traffic to {shown}"),
            (None, error) => format!("{kind} ✗ cannot be read: {}", error.as_deref().unwrap_or("no reason given")),
        }
    }
}

impl SoakStatus {
    fn to_lines(&self, now: &ZonedDateTime) -> Vec<(&'static str, String)> {
        let Some(block) = &self.block else {
            return vec![("soak", if self.running { "starting" } else { "none" }.to_owned())];
        };
        let stopped = if self.running || block.phase == "finished" { "" } else { ", no monitor is running" };
        let cause = block.cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default();
        let recovered = block.recovered.map(|recovered| if recovered { "yes" } else { "no" }.to_owned());
        let time = |text: Option<&String>| text.map(|text| local_text(text, now));
        let differ =
            (block.builds.len() > 1).then(|| format!("run different releases: {}", list_releases(&block.builds)));
        let optional = [
            ("release", block.known_release().map(str::to_owned)),
            ("instances", differ),
            ("verdict", block.verdict.clone()),
            ("outcome", block.outcome.as_ref().map(|outcome| format!("{outcome}{cause}"))),
            ("check", block.check.clone()),
            ("reason", block.reason.clone()),
            ("recovered", recovered),
            ("ends", time(block.ends_at.as_ref()).filter(|_| block.finished_at.is_none())),
            ("finished", time(block.finished_at.as_ref())),
        ];
        let mut lines = vec![("soak", format!("{} {}{stopped}", block.id, block.phase))];
        lines.extend(optional.into_iter().filter_map(|(label, value)| Some((label, value?))));
        lines
    }
}

#[cfg(test)]
mod tests;
