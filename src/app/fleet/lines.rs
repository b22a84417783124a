//! The fleet as lines: what changes, and the table.

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::core::fleet::{Change, Fleet, Key, Row};
use crate::core::view::Summary;
use crate::model::number::{percent, rate, span, thousands};
use crate::model::printable::clean;

/// Width of the word in front of a line's text.
const WORD: usize = 15;
/// Between two columns of the table.
const GAP: &str = "  ";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// Lines for people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'a> {
    Service {
        stale: bool,
        #[serde(flatten)]
        summary: &'a Summary,
    },
    Gone {
        host: &'a str,
        service: &'a str,
    },
    Unreachable {
        host: &'a str,
        error: &'a str,
    },
    Reached {
        host: &'a str,
    },
    End {
        exit_code: u8,
        services: usize,
    },
}

#[derive(Serialize)]
struct Stamped<'a> {
    ts: String,
    #[serde(flatten)]
    line: Line<'a>,
}

pub struct Lines<W> {
    out: W,
    form: Form,
    zone: TimeZone,
}

impl<W: Write> Lines<W> {
    pub const fn new(out: W, form: Form, zone: TimeZone) -> Self {
        Self { out, form, zone }
    }

    /// Tells a change, at this wall clock.
    pub fn change(&mut self, fleet: &Fleet, change: &Change, at: Timestamp) -> io::Result<()> {
        match change {
            Change::Row(key) => match fleet.row(key) {
                Some(row) => self.row(row, at),
                None => Ok(()),
            },
            Change::Gone(Key { source, service }) => {
                let host = fleet.name_of(*source);
                let text = format!("{service} on {host}: not watched there any more");
                self.line(at, Line::Gone { host, service }, "gone", &text)
            }
            Change::Lost(source) => self.lost(fleet, *source, at),
            Change::Reached(source) => {
                let host = fleet.name_of(*source);
                self.line(at, Line::Reached { host }, "reached", host)
            }
        }
    }

    fn lost(&mut self, fleet: &Fleet, source: usize, at: Timestamp) -> io::Result<()> {
        let host = fleet.name_of(source);
        let row = fleet.row(&Key { source, service: String::new() });
        let error = row.and_then(|row| row.summary.error.as_deref()).unwrap_or_default();
        self.line(at, Line::Unreachable { host, error }, "UNREACHABLE", &format!("{host}: {error}"))
    }

    fn row(&mut self, row: &Row, at: Timestamp) -> io::Result<()> {
        let summary = &row.summary;
        self.line(at, Line::Service { stale: row.is_stale, summary }, summary.word().0, &sentence(summary))
    }

    fn line(&mut self, at: Timestamp, line: Line<'_>, word: &str, text: &str) -> io::Result<()> {
        match self.form {
            Form::Json => self.json(at, line),
            Form::Human => {
                let stamp = at.to_zoned_datetime(self.zone.clone());
                writeln!(self.out, "{}  {word:WORD$} {}", stamp.strftime("%Y-%m-%d %H:%M:%S %:z"), clean(text))
            }
        }
    }

    fn json(&mut self, at: Timestamp, line: Line<'_>) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, &Stamped { ts: format!("{at:.3}"), line })?;
        writeln!(self.out)
    }

    /// All rows, the worst first.
    pub fn table(&mut self, fleet: &Fleet, now_ms: u64, at: Timestamp) -> io::Result<()> {
        let keys = fleet.ordered(&[]);
        if self.form == Form::Json {
            return keys.iter().try_for_each(|key| match fleet.row(key) {
                // That of a host, which is no service.
                Some(_) if key.service.is_empty() => self.lost(fleet, key.source, at),
                Some(row) => self.row(row, at),
                None => Ok(()),
            });
        }
        let rows = || keys.iter().filter_map(|key| fleet.row(key));
        let mut lines = vec![HEADS.map(str::to_owned)];
        lines.extend(rows().map(|row| cells(row, now_ms)));
        let width = |column: usize| lines.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
        for cells in &lines {
            let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            writeln!(self.out, "{}", clean(padded.collect::<Vec<_>>().join(GAP).trim_end()))?;
        }
        let counts = fleet.counts();
        let told = counts.words.iter().map(|(word, _, count)| format!("{} {word}", thousands(*count as u64)));
        let services = if counts.services == 1 { "service" } else { "services" };
        let all = format!("{} {services}", thousands(counts.services as u64));
        writeln!(self.out, "\n{}", [all].into_iter().chain(told).collect::<Vec<_>>().join(", "))
    }

    /// The end, which people see by the exit code.
    pub fn end(&mut self, fleet: &Fleet, at: Timestamp) -> io::Result<()> {
        if self.form == Form::Json {
            let line = Line::End { exit_code: fleet.exit_code(), services: fleet.counts().services };
            self.json(at, line)?;
        }
        self.out.flush()
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// `checkout-api on deploy-1: 1.5.0 on green, error rate 18.5% (limit 5%): the reason`.
fn sentence(summary: &Summary) -> String {
    let Summary { service, host, release, active, error, reason, .. } = summary;
    let mut parts = Vec::new();
    match (release, active) {
        (Some(release), Some(color)) => parts.push(format!("{release} on {color}")),
        (None, Some(color)) => parts.push(color.to_string()),
        (Some(release), None) => parts.push(release.clone()),
        (None, None) => {}
    }
    if let (Some(name), Some((value, limit))) = (summary.check_name(), summary.numbers()) {
        parts.push(format!("{name} {value} (limit {limit})"));
    }
    let why = error.as_ref().or(reason.as_ref());
    let host = host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
    let details = [parts.join(", "), why.cloned().unwrap_or_default()];
    let details = details.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
    if details.is_empty() { format!("{service}{host}") } else { format!("{service}{host}: {details}") }
}

const HEADS: [&str; 11] =
    ["SERVICE", "STATE", "RELEASE", "COLOR", "CHECK", "VALUE / LIMIT", "EVIDENCE", "REQUESTS", "LEFT", "HOST", "ERROR"];

fn cells(row: &Row, now_ms: u64) -> [String; 11] {
    let summary = &row.summary;
    let dash = || "-".to_owned();
    let text = |text: Option<&str>| text.map_or_else(dash, str::to_owned);
    let left = match (row.is_stale, row.left_ms(now_ms)) {
        (true, _) => "stale".to_owned(),
        (false, Some(left)) => span(left / 1000 * 1000),
        (false, None) => dash(),
    };
    [
        summary.service.clone(),
        summary.word().0.to_owned(),
        text(summary.release.as_deref()),
        summary.active.or(summary.color).map_or_else(dash, |color| color.to_string()),
        text(summary.check_name()),
        summary.numbers().map_or_else(dash, |(value, limit)| format!("{value} / {limit}")),
        summary.evidence.map_or_else(dash, |share| percent(share.max(0.0))),
        summary.requests_per_second.map_or_else(dash, rate),
        left,
        text(summary.host.as_deref()),
        summary.error.clone().unwrap_or_default(),
    ]
}
