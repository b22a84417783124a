//! Everything about the row that is selected, beside the panes where there is room, and above them elsewhere.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::sparkline::height;
use super::{pane, pen};
use crate::app::tui::{Pane, Subject, UiState};
use crate::core::view::{CheckState, Dashboard, Decided, Instance, allowed, clock, measured, title};
use crate::model::number::{latency, number, percent, rate, span, thousands};
use crate::model::{CheckId, Decision};

/// Columns of the labels.
pub const LABEL: u16 = 11;

/// So many values make a history.
const HISTORY: usize = 40;

/// A label and what there is to say; a sentence has no label.
pub type Facts = Vec<(&'static str, String)>;

/// Draws what is known of the selected row with a frame.
pub fn selected(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) {
    let subject = subject(dashboard, ui);
    let found = subject.and_then(|subject| facts(&subject, dashboard, ui, now_ms));
    let Some((title, facts)) = found else {
        let inside = pane::pane(buffer, area, "selected", false, ui);
        pen::write(buffer, inside, &[Span::styled(" nothing to select yet", ui.theme.dim())], ui);
        return;
    };
    let inside = pane::pane(buffer, area, &title, false, ui);
    for (row, spans) in (0..inside.height).zip(rows(&facts, inside.width.saturating_sub(2), ui)) {
        pen::write(buffer, pen::after(pen::row(inside, row), 1), &spans, ui);
    }
}

/// What the focused pane has selected.
pub fn subject(dashboard: &Dashboard, ui: &UiState) -> Option<Subject> {
    match ui.focus {
        Pane::Checks => {
            let checks = dashboard.machine().checks();
            checks.into_iter().nth(ui.shown_check(dashboard)).map(|seen| Subject::Check(seen.check))
        }
        Pane::Instances => {
            let known = dashboard.instances(dashboard.shown_color());
            let at = ui.instance.min(known.len().saturating_sub(1));
            known.get(at).map(|instance| Subject::Instance(instance.url.clone()))
        }
        Pane::Routes => {
            let routes = dashboard.machine().failed_routes();
            let at = ui.route.min(routes.len().saturating_sub(1));
            routes.get(at).map(|(route, _)| Subject::Route((*route).to_owned()))
        }
        Pane::Decisions => {
            let mut listed = dashboard.decisions(&ui.decisions.filter);
            let number = ui.decisions.selected.filter(|number| dashboard.decision(*number).is_some());
            number.or_else(|| listed.next_back().map(|decided| decided.number)).map(Subject::Decision)
        }
    }
}

/// Its title and what is known of it; none for what is no longer kept.
pub fn facts(subject: &Subject, dashboard: &Dashboard, ui: &UiState, now_ms: u64) -> Option<(String, Facts)> {
    match subject {
        Subject::Decision(number) => {
            let decided = dashboard.decision(*number)?;
            Some((decided.decision.decision.name().to_owned(), of_decision(decided, ui)))
        }
        Subject::Check(id) => {
            let checks = dashboard.checks();
            let check = checks.iter().find(|check| check.seen.check == *id)?;
            Some((title(id, dashboard.machine().settings()), of_check(check, dashboard, ui)))
        }
        Subject::Instance(url) => {
            let known = dashboard.instances(dashboard.shown_color());
            let instance = known.into_iter().find(|instance| instance.url == *url)?;
            Some((instance.name().to_owned(), of_instance(instance, dashboard, ui, now_ms)))
        }
        Subject::Route(name) => {
            let routes = dashboard.machine().failed_routes();
            let (_, counts) = routes.iter().find(|(route, _)| route == name)?;
            let all = dashboard.machine().seen();
            let share = |part: u64, whole: u64| {
                let of = crate::core::detect::TickCounts { requests: whole, errors: part };
                of.clamped().rate().map_or_else(|| "-".to_owned(), percent)
            };
            let facts = vec![
                ("failed", format!("{} of {} requests", thousands(counts.errors), thousands(counts.requests))),
                ("rate", share(counts.errors, counts.requests)),
                ("of all", format!("{} of the failed requests", share(counts.errors, all.errors))),
                ("", "counted between the pages on which something failed, since the window began".to_owned()),
            ];
            Some((name.clone(), facts))
        }
    }
}

/// The facts as rows of at most this width.
pub fn rows(facts: &Facts, width: u16, ui: &UiState) -> Vec<Vec<Span<'static>>> {
    let mut rows = Vec::new();
    for (label, text) in facts {
        if label.is_empty() {
            rows.extend(pen::wrap(text, width).into_iter().map(|line| vec![Span::raw(line)]));
            continue;
        }
        for (at, line) in pen::wrap(text, width.saturating_sub(LABEL)).into_iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            rows.push(vec![Span::styled(format!("{label:<11}"), ui.theme.dim()), Span::raw(line)]);
        }
    }
    rows
}

/// The last values as bars, the newest at the right; each is so many times its limit.
fn history(times: impl DoubleEndedIterator<Item = Option<f64>>, ui: &UiState) -> String {
    let glyphs = ui.charset.glyphs();
    // Words are wrapped at blanks, which is what a gap is in ASCII.
    let gap = if glyphs.gap.trim().is_empty() { "-" } else { glyphs.gap };
    let mut bars: Vec<&str> =
        times.rev().take(HISTORY).map(|times| times.map_or(gap, |times| glyphs.bars[height(times)])).collect();
    bars.reverse();
    bars.concat()
}

fn of_check(check: &CheckState<'_>, dashboard: &Dashboard, ui: &UiState) -> Facts {
    let seen = &check.seen;
    let highest = check.series.highest_since(0).map(|value| measured(&seen.check, value));
    let mut facts = vec![
        ("", seen.message.clone()),
        ("now", seen.value.map_or_else(|| "not known".to_owned(), |value| measured(&seen.check, value))),
        ("limit", allowed(&seen.check, seen.threshold)),
    ];
    facts.extend(highest.map(|highest| ("highest", highest)));
    let values = check.series.since(0).map(|point| point.value.map(|value| value / seen.threshold));
    facts.push(("history", history(values, ui)));
    if seen.check.counts_requests() {
        let counts = format!("{} of {} requests since the switch", thousands(seen.errors), thousands(seen.requests));
        facts.push(("failed", counts));
    }
    if let Some(gauge) = &check.gauge {
        facts.push((gauge.label, format!("{} (acts at {})", gauge.text, gauge.bar)));
    }
    if let Some(old) = dashboard.machine().baseline().filter(|_| seen.check == CheckId::ErrorRate) {
        let before = format!("{} of {}", thousands(old.counts.errors), thousands(old.counts.requests));
        let other = dashboard.machine().settings().color.other();
        facts.push(("baseline", format!("{before} requests failed on {other} in {}", span(old.measured_ms))));
    }
    facts.push(("required", if seen.required { "yes" } else { "no: it only informs" }.to_owned()));
    facts
}

fn of_instance(instance: &Instance, dashboard: &Dashboard, ui: &UiState, now_ms: u64) -> Facts {
    let settings = dashboard.machine().settings();
    let ready = match instance.ready() {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not known",
    };
    let mut facts = vec![("url", instance.url.clone()), ("ready", ready.to_owned())];
    facts.extend(instance.complaint().map(|why| ("trouble", why.to_owned())));
    if settings.reads_pages() {
        let dash = || "-".to_owned();
        let limit = settings.error_rate.threshold.0;
        let seen = format!("{} of {} requests", thousands(instance.seen.errors), thousands(instance.seen.requests));
        facts.extend([
            ("traffic", instance.requests_per_second().map_or_else(dash, rate)),
            ("error rate", instance.error_rate().map_or_else(dash, percent)),
            ("history", history(instance.rates().iter().map(|rate| rate.map(|rate| rate / limit)), ui)),
            ("failed", format!("{seen} since the run began")),
            (
                "last read",
                instance.age_ms(now_ms).map_or_else(|| "never".to_owned(), |age| format!("{} ago", span(age))),
            ),
        ]);
        let counted = instance.counted_by.as_ref();
        facts.extend(counted.map(|by| ("counted by", format!("`{}`, label `{}`", by.metric, by.label))));
        facts.extend(instance.histogram.as_ref().map(|name| ("histogram", format!("`{name}`"))));
        if let Some(check) = &settings.latency {
            let known = instance.latency(check.quantile.0).map_or_else(|| "not known".to_owned(), latency);
            facts.push(("latency", format!("{} {known}", check.name())));
        }
    }
    facts
}

fn of_decision(decided: &Decided, ui: &UiState) -> Facts {
    let Decision { soak, actor, reason, message, check, value, threshold, requests, errors, evidence, .. } =
        &decided.decision;
    let of = check.clone().unwrap_or_else(|| CheckId::from(""));
    let value_text = |value: &f64| measured(&of, *value);
    let optional = [
        ("reason", reason.as_ref().map(ToString::to_string)),
        ("check", check.as_ref().map(ToString::to_string)),
        ("value", value.as_ref().map(value_text)),
        ("threshold", threshold.map(|threshold| allowed(&of, threshold))),
        ("requests", requests.map(thousands)),
        ("errors", errors.map(thousands)),
        ("evidence", evidence.map(|nats| format!("{} nats", number(nats)))),
        ("active", decided.decision.active_color.map(|color| color.to_string())),
        ("previous", decided.decision.previous_color.map(|color| color.to_string())),
        ("soak", soak.clone()),
    ];
    let mut facts = vec![
        ("", message.clone()),
        ("at", format!("{}  ({} into the run)", clock(decided.wall_ms, &ui.zone), span(decided.at_ms))),
        ("actor", actor.to_string()),
    ];
    facts.extend(optional.into_iter().filter_map(|(label, text)| Some((label, text?))));
    facts
}
