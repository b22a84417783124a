//! The lines of the status pane: what `status --json` says, kept current.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::OnInconclusive;
use crate::core::detect::Outlook;
use crate::core::soak::{Settings, list_releases};
use crate::model::number::span;
use crate::model::{Phase, Verdict};

use super::{Dashboard, Tone};

/// One line of the status pane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusLine {
    /// What it is about, such as `active`.
    pub label: &'static str,
    pub text: String,
    pub tone: Tone,
}

impl StatusLine {
    fn new(label: &'static str, text: impl Into<String>, tone: Tone) -> Self {
        Self { label, text: text.into(), tone }
    }
}

/// `14:02:11` in a time zone.
pub fn clock(wall_ms: i64, zone: &TimeZone) -> String {
    let at = Timestamp::from_millisecond(wall_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned_datetime(zone.clone()).strftime("%H:%M:%S").to_string()
}

impl Dashboard {
    /// The state of the deployment and the soak at `now_ms`, most important first; times of day are those of `zone`.
    pub fn status(&self, now_ms: u64, zone: &TimeZone) -> Vec<StatusLine> {
        let previous = self.last_switch.map(|_| self.active.other());
        let mut lines = vec![
            StatusLine::new("active", self.active.name(), Tone::Plain),
            StatusLine::new("previous", previous.map_or("none", crate::model::Color::name), Tone::Plain),
            self.switched(now_ms, zone),
            self.router(),
            self.standby(),
            self.verdict(),
        ];
        let leader = self.machine().settings().leader.as_ref();
        if self.machine().lead_is_lost() {
            lines.push(StatusLine::new("leader", "unknown: nobody may roll back from here", Tone::Warning));
        } else {
            lines.extend(leader.map(|leader| StatusLine::new("leader", leader.as_str(), Tone::Plain)));
        }
        lines.extend(self.release());
        lines.extend(self.held_back(now_ms));
        lines.extend(self.soak(zone));
        lines.extend(self.machine().troubles().iter().map(|what| StatusLine::new("trouble", what, Tone::Warning)));
        lines
    }

    /// The release that is judged, and those of the instances if they differ.
    fn release(&self) -> Vec<StatusLine> {
        let Settings { color, builds, .. } = self.machine().settings();
        let known = self.machine().settings().known_release();
        let known = known.map(|release| StatusLine::new("release", format!("{release} on {color}"), Tone::Plain));
        let differ = (builds.len() > 1).then(|| {
            let told = format!("instances of {color} run {}", list_releases(builds));
            StatusLine::new("releases", told, Tone::Warning)
        });
        known.into_iter().chain(differ).collect()
    }

    /// What keeps a breach from being acted on.
    fn held_back(&self, now_ms: u64) -> Vec<StatusLine> {
        let machine = self.machine();
        let by_force =
            machine.settings().no_rollback.then(|| "only by force: switched to with --no-rollback".to_owned());
        let freeze =
            machine.frozen().map(|frozen| format!("automatic rollback is {}", frozen.describe(self.wall(now_ms))));
        let lines = [("rollback", by_force), ("freeze", freeze)];
        lines.into_iter().filter_map(|(label, text)| Some(StatusLine::new(label, text?, Tone::Warning))).collect()
    }

    /// Wall clock at `now_ms`, Unix milliseconds; it continues after the end.
    fn wall(&self, now_ms: u64) -> i64 {
        let since = now_ms.saturating_sub(self.view.at_ms());
        self.view.wall_ms().saturating_add(i64::try_from(since).unwrap_or(i64::MAX))
    }

    fn switched(&self, now_ms: u64, zone: &TimeZone) -> StatusLine {
        let text = match self.last_switch {
            None => "never".to_owned(),
            Some(at) => match u64::try_from(self.wall(now_ms).saturating_sub(at)) {
                Ok(ago) => format!("{}   {} ago", clock(at, zone), span(ago / 1000 * 1000)),
                Err(_) => format!("{}   in the future: the clock was set back", clock(at, zone)),
            },
        };
        StatusLine::new("switched", text, Tone::Plain)
    }

    fn router(&self) -> StatusLine {
        let kind = self.router_kind.as_deref().map(|kind| format!("{kind}  ")).unwrap_or_default();
        let (text, tone) = match &self.routed {
            None => (format!("{kind}not read yet"), Tone::Plain),
            Some(Ok(shown)) if *shown == self.active => (format!("{kind}{shown} ✓ in sync"), Tone::Good),
            Some(Ok(shown)) => (format!("{kind}{shown} ✗ out of sync"), Tone::Bad),
            Some(Err(why)) => (format!("{kind}✗ cannot be read: {why}"), Tone::Warning),
        };
        StatusLine::new("router", text, tone)
    }

    fn standby(&self) -> StatusLine {
        let color = self.active.other();
        let machine = self.machine();
        let watched = color == machine.settings().color;
        let ((ready, all), asked) = if watched {
            (machine.target_ready(), true)
        } else {
            (machine.standby_ready(), self.instances(color).iter().any(|instance| instance.readiness.is_some()))
        };
        let (text, tone) = match ready {
            _ if !asked => (format!("{color}  not asked"), Tone::Plain),
            0 => (format!("{color}  ✗ DOWN, 0 of {all} ready"), Tone::Bad),
            _ if ready < all => (format!("{color}  {ready} of {all} ready"), Tone::Warning),
            _ => (format!("{color}  ✓ {ready} of {all} ready"), Tone::Good),
        };
        StatusLine::new("standby", text, tone)
    }

    fn verdict(&self) -> StatusLine {
        let machine = self.machine();
        let verdict = self.view.verdict();
        let text = match (verdict, machine.ending().is_some()) {
            (Verdict::Healthy, false) => "healthy so far",
            (Verdict::Healthy, true) => "healthy",
            (Verdict::Unknown, false) if self.view.is_beyond_a_limit() => "above the limit",
            (Verdict::Unknown, false) => "not known yet",
            (Verdict::Unknown, true) => "unknown",
            (Verdict::Breached, _) => "BREACHED",
        };
        let text = match machine.outlook() {
            Some(Outlook { breach_in_ms: Some(ms), .. }) => format!("{text}, breached in {} at this rate", span(ms)),
            Some(Outlook { healthy_so_far: false, healthy_in_ms: Some(ms), .. }) => {
                format!("{text}, healthy in {}", span(ms))
            }
            _ => text.to_owned(),
        };
        StatusLine::new("verdict", text, verdict.into())
    }

    fn soak(&self, zone: &TimeZone) -> Vec<StatusLine> {
        let Some(summary) = self.machine().summary() else {
            return vec![StatusLine::new("soak", "not begun", Tone::Plain)];
        };
        let mut lines = vec![StatusLine::new("soak", summary.id, Tone::Plain)];
        let ends = clock(summary.ends_ms, zone);
        match (summary.outcome, summary.cause, summary.finished_ms) {
            (Some(outcome), Some(cause), Some(at)) => {
                let text = format!("{outcome} ({})  {}", cause.name(), clock(at, zone));
                lines.push(StatusLine::new("outcome", text, Tone::Plain));
            }
            _ => lines.push(StatusLine::new("ends", format!("{ends}  {}", self.at_the_end()), Tone::Plain)),
        }
        lines.extend(summary.check.map(|check| StatusLine::new("check", check.to_string(), Tone::Plain)));
        // After the end the reason is shown beside the outcome.
        let reason = summary.reason.filter(|_| summary.outcome.is_none());
        lines.extend(reason.map(|reason| StatusLine::new("reason", reason, Tone::Plain)));
        lines.extend(summary.recovered.map(|yes| {
            let (text, tone) = if yes { ("yes", Tone::Good) } else { ("no: the rollback did not help", Tone::Bad) };
            StatusLine::new("recovered", text, tone)
        }));
        lines
    }

    /// The outcome at the window's end if nothing changes.
    fn at_the_end(&self) -> &'static str {
        let machine = self.machine();
        match (machine.phase(), machine.verdict()) {
            (Phase::Warmup | Phase::Watching, Verdict::Healthy) => "retained if nothing changes",
            (Phase::Warmup | Phase::Watching, Verdict::Unknown) => match machine.settings().on_inconclusive {
                OnInconclusive::Hold => "watched longer if nothing changes",
                OnInconclusive::Keep => "kept, unproven, if nothing changes",
                OnInconclusive::Rollback => "rolled back if nothing changes",
            },
            (Phase::Held, _) => "held unless you decide",
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::soak::testing::settings;

    #[test]
    fn the_release_is_shown_as_named_and_what_the_instances_say_where_they_differ() {
        for (named, builds, shown) in [
            (None, &[][..], &[][..]),
            (None, &["1.4.2"], &["release: 1.4.2 on green"]),
            (Some("4f2a"), &["1.4.2"], &["release: 4f2a on green"]),
            (None, &["1.4.2", "1.5.0"], &["releases: instances of green run 1.4.2 and 1.5.0"]),
        ] {
            let builds = builds.iter().map(|build| (*build).to_owned()).collect();
            let dashboard = Dashboard::new(Settings { release: named.map(str::to_owned), builds, ..settings() });
            let lines = dashboard.status(0, &TimeZone::UTC).into_iter();
            let told = lines.filter(|line| line.label.starts_with("release"));
            assert_eq!(told.map(|line| format!("{}: {}", line.label, line.text)).collect::<Vec<_>>(), shown);
        }
    }
}
