//! Cuts a stream of chunks into lines.

use memchr::memchr;

use super::PageError;

/// In bytes, without the line feed.
pub const MAX_LINE: usize = 1 << 20;

/// Holds at most one line that straddles chunks.
#[derive(Debug, Default)]
pub struct Lines {
    carry: Vec<u8>,
    number: u64,
}

impl Lines {
    /// Keeps the memory.
    pub fn reset(&mut self) {
        self.carry.clear();
        self.number = 0;
    }

    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Calls `line` with the number and bytes of each line that ends in `chunk`.
    pub fn push(
        &mut self,
        mut chunk: &[u8],
        mut line: impl FnMut(u64, &[u8]) -> Result<(), PageError>,
    ) -> Result<(), PageError> {
        while let Some(end) = memchr(b'\n', chunk) {
            let (head, tail) = chunk.split_at(end);
            chunk = &tail[1..];
            if self.carry.is_empty() {
                self.fits(head)?;
                self.number += 1;
                line(self.number, head)?;
            } else {
                self.keep(head)?;
                self.number += 1;
                line(self.number, &self.carry)?;
                self.carry.clear();
            }
        }
        self.keep(chunk)
    }

    /// A last line without a line feed.
    pub fn unterminated(&self) -> Option<&[u8]> {
        (!self.carry.is_empty()).then_some(&self.carry)
    }

    fn keep(&mut self, part: &[u8]) -> Result<(), PageError> {
        self.fits(part)?;
        self.carry.extend_from_slice(part);
        Ok(())
    }

    fn fits(&self, part: &[u8]) -> Result<(), PageError> {
        if self.carry.len() + part.len() > MAX_LINE {
            return Err(PageError::LineTooLong { number: self.number + 1 });
        }
        Ok(())
    }
}
