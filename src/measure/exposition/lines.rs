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

    /// Calls `line` with the number and bytes of each line that ends in `chunk`. `foresee` says how many bytes of the next one have no
    /// line feed.
    pub fn push<P>(
        &mut self,
        chunk: &[u8],
        page: &mut P,
        foresee: impl Fn(&mut P, &[u8]) -> usize,
        mut line: impl FnMut(&mut P, u64, &[u8]) -> Result<(), PageError>,
    ) -> Result<(), PageError> {
        let mut rest = chunk;
        loop {
            let known = if self.carry.is_empty() { foresee(page, rest) } else { 0 };
            let Some(end) = line_feed(&rest[known..]) else { break };
            let (head, tail) = rest.split_at(known + end);
            rest = &tail[1..];
            if self.carry.is_empty() {
                self.fits(head)?;
                self.number += 1;
                line(page, self.number, head)?;
            } else {
                self.keep(head)?;
                self.number += 1;
                line(page, self.number, &self.carry)?;
                self.carry.clear();
            }
        }
        self.keep(rest)
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

/// The place of the first line feed, which often is near: behind a count.
fn line_feed(text: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    if let Some(near) = text.first_chunk() {
        // A byte of zeros is the only one from which a borrow sets its highest bit, if none below it has: `haszero` in
        // <https://graphics.stanford.edu/~seander/bithacks.html>.
        let others = u64::from_le_bytes(*near) ^ (ONES * u64::from(b'\n'));
        let found = others.wrapping_sub(ONES) & !others & (ONES << 7);
        if found != 0 {
            return usize::try_from(found.trailing_zeros() / 8).ok();
        }
    }
    memchr(b'\n', text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_line_feed_is_found(text in proptest::collection::vec(prop_oneof![Just(b'\n'), 8..13_u8, any::<u8>()], 0..40)) {
            prop_assert_eq!(line_feed(&text), text.iter().position(|byte| *byte == b'\n'));
        }
    }
}
