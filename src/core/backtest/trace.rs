//! A recorded soak, and its CSV form.

use crate::core::detect::{CumulativeCounts, TickCounts};

const HEADER: [&str; 3] = ["tick_ms", "total", "errors"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceTick {
    /// Milliseconds since the start of the window.
    pub at_ms: u64,
    /// Counts since the last good tick; `None` for a missing tick.
    pub counts: Option<TickCounts>,
}

/// A recorded soak.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Its ticks, in order of time.
    pub ticks: Vec<TraceTick>,
    /// When it was a crash loop, with the message.
    pub crash_loop: Option<(u64, String)>,
}

/// The text is not a trace. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    #[error("line 1: expected the header `tick_ms,total,errors`, found `{0}`")]
    Header(String),
    #[error("line {line}: expected 3 cells, found {found}")]
    Cells { line: usize, found: usize },
    #[error("line {line}: `{cell}` under `{column}` is not a whole number of 0 or more")]
    Number { line: usize, column: &'static str, cell: String },
    #[error("line {line}: `total` and `errors` must both be given, or both be empty for a failed scrape")]
    Half { line: usize },
    #[error("line {line}: {at_ms}ms does not come after {before_ms}ms")]
    Order { line: usize, at_ms: u64, before_ms: u64 },
    #[error("line {line}: the first row is the baseline and needs both counters")]
    Baseline { line: usize },
    #[error("no tick after the baseline")]
    Empty,
}

impl Trace {
    /// Reads CSV `tick_ms,total,errors` of cumulative counters. The first row is the baseline, and time counts from it;
    /// both counters empty: a failed scrape. Counters that go back count from zero; three times are a crash loop.
    pub fn from_csv(text: &str) -> Result<Self, TraceError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
        let header = lines.next().map_or("", |(_, line)| line);
        if !header.split(',').map(str::trim).eq(HEADER) {
            return Err(TraceError::Header(header.chars().take(80).collect()));
        }
        let (line, first) = lines.next().ok_or(TraceError::Empty)?;
        let first = row(line, first)?;
        let baseline = first.counts.ok_or(TraceError::Baseline { line })?;

        let mut trace = Self::default();
        let (mut counters, mut before_ms) = (CumulativeCounts::since(baseline), first.at_ms);
        for (line, text) in lines {
            let read = row(line, text)?;
            if read.at_ms <= before_ms {
                return Err(TraceError::Order { line, at_ms: read.at_ms, before_ms });
            }
            before_ms = read.at_ms;
            let at_ms = read.at_ms - first.at_ms;
            trace.ticks.push(TraceTick { at_ms, counts: read.counts.map(|now| counters.read(now)) });
            if trace.crash_loop.is_none() {
                trace.crash_loop = counters.crash_loop(at_ms).map(|reason| (at_ms, reason));
            }
        }
        if trace.ticks.is_empty() { Err(TraceError::Empty) } else { Ok(trace) }
    }

    /// How long it is in milliseconds: the time of its last tick.
    pub fn length_ms(&self) -> u64 {
        self.ticks.last().map_or(0, |tick| tick.at_ms)
    }

    /// The time between two ticks in milliseconds, at least 1: the median, so that gaps do not count.
    pub fn interval_ms(&self) -> u64 {
        let starts = std::iter::once(0).chain(self.ticks.iter().map(|tick| tick.at_ms));
        let mut gaps: Vec<u64> = starts.zip(&self.ticks).map(|(start, tick)| tick.at_ms - start).collect();
        if gaps.is_empty() {
            return 1;
        }
        let middle = gaps.len() / 2;
        (*gaps.select_nth_unstable(middle).1).max(1)
    }
}

fn row(line: usize, text: &str) -> Result<TraceTick, TraceError> {
    let mut cells = text.split(',').map(str::trim);
    let (Some(at), Some(total), Some(errors), None) = (cells.next(), cells.next(), cells.next(), cells.next()) else {
        return Err(TraceError::Cells { line, found: text.split(',').count() });
    };
    let number = |column: &'static str, cell: &str| {
        cell.parse::<u64>().map_err(|_| TraceError::Number { line, column, cell: cell.chars().take(40).collect() })
    };
    let at_ms = number(HEADER[0], at)?;
    let counts = match (total.is_empty(), errors.is_empty()) {
        (true, true) => None,
        (false, false) => Some(TickCounts { requests: number(HEADER[1], total)?, errors: number(HEADER[2], errors)? }),
        _ => return Err(TraceError::Half { line }),
    };
    Ok(TraceTick { at_ms, counts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tick(at_ms: u64, requests: u64, errors: u64) -> TraceTick {
        TraceTick { at_ms, counts: Some(TickCounts { requests, errors }) }
    }

    #[test]
    fn counters_become_ticks() {
        let trace = Trace::from_csv("tick_ms,total,errors\n0,54,2\n1000,111,2\n2000,,\n3000,226,9\n").unwrap();
        let missing = TraceTick { at_ms: 2000, counts: None };
        assert_eq!(trace, Trace { ticks: vec![tick(1000, 57, 0), missing, tick(3000, 115, 7)], crash_loop: None });
        assert_eq!((trace.length_ms(), trace.interval_ms()), (3000, 1000));
    }

    #[test]
    fn what_spreadsheets_do_to_a_file_does_not_matter() {
        let trace =
            Trace::from_csv("\u{feff}tick_ms, total, errors\r\n\r\n5000, 10, 0\r\n6000 ,12, 1\r\n\r\n").unwrap();
        assert_eq!(trace.ticks, [tick(1000, 2, 1)]);
    }

    #[test]
    fn three_resets_are_a_crash_loop_at_the_third() {
        let trace = Trace::from_csv("tick_ms,total,errors\n0,9,0\n1,5,0\n2,4,0\n3,3,0\n4,2,0\n").unwrap();
        let reason = "crash loop: counters went back 3 times in 3ms".to_owned();
        assert_eq!(trace.crash_loop, Some((3, reason)));
    }

    #[test]
    fn the_interval_is_the_usual_gap() {
        let csv = "tick_ms,total,errors\n0,0,0\n1000,0,0\n2000,0,0\n3000,0,0\n600000,0,0\n";
        assert_eq!(Trace::from_csv(csv).unwrap().interval_ms(), 1000);
        assert_eq!(Trace::default().interval_ms(), 1);
    }

    #[test]
    fn errors_name_the_line_and_what_is_wrong_with_it() {
        for (rows, error) in [
            ("0,1,0\n1000,2", "line 3: expected 3 cells, found 2"),
            ("0,1,0\n\n1000,2,0,7", "line 4: expected 3 cells, found 4"),
            ("0,1,0\n1000,2.5,0", "line 3: `2.5` under `total` is not a whole number of 0 or more"),
            ("0,1,0\n1000,2,-1", "line 3: `-1` under `errors` is not a whole number of 0 or more"),
            ("0,1,0\n,2,0", "line 3: `` under `tick_ms` is not a whole number of 0 or more"),
            ("0,1,0\n1000,2,", "line 3: `total` and `errors` must both be given, or both be empty for a failed scrape"),
            ("0,1,0\n1000,2,0\n1000,3,0", "line 4: 1000ms does not come after 1000ms"),
            ("0,,\n1000,2,0", "line 2: the first row is the baseline and needs both counters"),
            ("0,1,0", "no tick after the baseline"),
            ("", "no tick after the baseline"),
        ] {
            let parsed = Trace::from_csv(&format!("tick_ms,total,errors\n{rows}"));
            assert_eq!(parsed.map_err(|error| error.to_string()), Err(error.to_owned()));
        }
    }

    #[test]
    fn another_header_is_shown() {
        for (text, found) in [("", ""), ("time,total\n", "time,total"), ("0,1,0\n", "0,1,0")] {
            assert_eq!(Trace::from_csv(text), Err(TraceError::Header(found.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "(tick_ms,total,errors\n)?([0-9]{0,21}[,\n a]){0,40}") {
            let _ = Trace::from_csv(&text);
        }
    }
}
