//! The terminal: what it can show, and whether a monitor outlives it.

use super::finding::Finding;
use crate::app::cli::Common;
use crate::app::commands::support::ci_job::{CiJob, REMEDY};
use crate::app::commands::support::{logind, screen};
use crate::app::tui::{Charset, Depth, SMALLEST};

const AREA: &str = "terminal";
const BACKGROUND: &str = "background";

pub fn look(common: &Common) -> Vec<Finding> {
    let mut findings =
        vec![if screen::is_possible() { drawn(common) } else { Finding::ok(AREA, "none here: a soak prints lines") }];
    findings.extend(logind::trouble().map(|(trouble, next)| Finding::warning(BACKGROUND, trouble, next)));
    let job = CiJob::here();
    findings.extend(job.unmarked().map(|told| Finding::ok(BACKGROUND, told)));
    findings.extend(job.ends_with_job().map(|why| Finding::warning(BACKGROUND, why, REMEDY)));
    findings
}

fn drawn(common: &Common) -> Finding {
    let (columns, rows) = crossterm::terminal::size().unwrap_or((80, 24));
    if columns < SMALLEST.0 || rows < SMALLEST.1 {
        let text = format!("{columns}×{rows} is too small for charts: one line is drawn");
        return Finding::warning(AREA, text, format!("make it {}×{} at least", SMALLEST.0, SMALLEST.1));
    }
    let (depth, charset) = screen::look(common);
    let colors = match depth {
        Depth::None => "no colors",
        Depth::Ansi16 => "16 colors",
        Depth::Ansi256 => "256 colors",
        Depth::True => "16,777,216 colors",
    };
    let glyphs = match charset {
        Charset::Unicode => "Unicode",
        Charset::Ascii => "ASCII",
    };
    Finding::ok(AREA, format!("{columns}×{rows}, {colors}, {glyphs}"))
}
