//! From chunks to samples.

use super::lines::Lines;
use super::sample::Line;
use super::{Fault, PageError, Sample, Text};

/// The text format of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text 0.0.4 (and 1.0.0, which adds quoted names).
    #[default]
    Text,
    /// OpenMetrics: ends in `# EOF`, which proves that nothing is missing.
    OpenMetrics,
}

pub trait Page {
    fn family(&mut self, name: Text<'_>, kind: &[u8]);

    fn unit(&mut self, name: Text<'_>, unit: &[u8]) {
        let _ = (name, unit);
    }

    fn sample(&mut self, sample: &Sample<'_>) -> Result<(), Fault>;

    /// How many bytes in front of `rest` are those of the line that is expected next, up to its value; 0 if they are others. That line is
    /// the next one.
    fn foresee(&mut self, rest: &[u8]) -> usize {
        let _ = rest;
        0
    }

    /// Takes a whole line that it knows from the page before; `None` if it does not, and it is to be taken apart.
    fn known(&mut self, line: &[u8]) -> Option<Result<(), Fault>> {
        let _ = line;
        None
    }
}

/// Reads pages one after the other; keeps its memory in between.
#[derive(Debug, Default)]
pub struct Exposition {
    lines: Lines,
    format: Format,
    ended: bool,
}

impl Exposition {
    /// Discards an unfinished page.
    pub fn begin(&mut self, format: Format) {
        self.lines.reset();
        self.format = format;
        self.ended = false;
    }

    /// After an error the page is lost.
    pub fn push(&mut self, chunk: &[u8], page: &mut impl Page) -> Result<(), PageError> {
        let Self { lines, format, ended } = self;
        let foresee = |page: &mut _, rest: &[u8]| Page::foresee(page, rest);
        lines.push(chunk, page, foresee, |page, number, line| read(number, line, *format, ended, page))
    }

    /// `complete`: the transport proved that nothing is missing. Without it a last line without line feed may be cut.
    pub fn finish(&mut self, complete: bool, page: &mut impl Page) -> Result<(), PageError> {
        if let Some(line) = self.lines.unterminated() {
            let number = self.lines.number() + 1;
            if !complete && line != b"# EOF" {
                return Err(PageError::Cut { number, missing: "its last line has no line feed" });
            }
            read(number, line, self.format, &mut self.ended, page)?;
        }
        if self.format == Format::OpenMetrics && !self.ended {
            return Err(PageError::Cut { number: self.lines.number(), missing: "OpenMetrics ends in `# EOF`" });
        }
        Ok(())
    }
}

fn read(number: u64, line: &[u8], format: Format, ended: &mut bool, page: &mut impl Page) -> Result<(), PageError> {
    if *ended {
        return Err(PageError::AfterEof { number });
    }
    let trimmed = line.trim_ascii();
    let known = if trimmed.first() == Some(&b'#') { None } else { page.known(trimmed) };
    if let Some(known) = known {
        return known.map_err(|fault| fault.at(number, line));
    }
    let read = match Line::read(trimmed) {
        // In the text format `# EOF` is a comment: merged pages have it in the middle.
        Ok(Line::Eof) => {
            *ended = format == Format::OpenMetrics;
            Ok(())
        }
        Ok(Line::Nothing) => Ok(()),
        Ok(Line::Family { name, kind }) => {
            page.family(name, kind);
            Ok(())
        }
        Ok(Line::Unit { name, unit }) => {
            page.unit(name, unit);
            Ok(())
        }
        Ok(Line::Sample(sample)) => page.sample(&sample),
        Err(fault) => Err(fault),
    };
    read.map_err(|fault| fault.at(number, line))
}
