//! Reading a file line by line in bounded memory.

use std::io::{self, BufRead, Read as _};

/// In bytes, without the newline.
pub(crate) use packing::MAX_LINE;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A whole line, in the buffer without its newline.
    Line,
    /// The rest of the file, without a newline, in the buffer.
    Torn,
    TooLong,
    End,
}

/// Clears `buffer` first.
pub(crate) fn next_line(reader: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<Next> {
    buffer.clear();
    let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX).saturating_add(1);
    let read = reader.take(limit).read_until(b'\n', buffer)?;
    Ok(if read == 0 {
        Next::End
    } else if buffer.last() == Some(&b'\n') {
        buffer.pop();
        Next::Line
    } else if buffer.len() > MAX_LINE {
        Next::TooLong
    } else {
        Next::Torn
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(mut text: &[u8]) -> Vec<(Next, usize)> {
        let mut buffer = Vec::new();
        let mut seen = Vec::new();
        loop {
            let next = next_line(&mut text, &mut buffer).unwrap();
            seen.push((next, buffer.len()));
            if matches!(next, Next::End | Next::TooLong) {
                return seen;
            }
        }
    }

    #[test]
    fn lines_torn_ends_and_empty_lines_are_told_apart() {
        assert_eq!(read_all(b""), [(Next::End, 0)]);
        assert_eq!(read_all(b"ab\n\ncd"), [(Next::Line, 2), (Next::Line, 0), (Next::Torn, 2), (Next::End, 0)]);
    }

    #[test]
    fn a_line_may_be_exactly_as_long_as_the_limit_and_no_longer() {
        let mut text = vec![b'x'; MAX_LINE];
        text.push(b'\n');
        assert_eq!(read_all(&text)[0], (Next::Line, MAX_LINE));
        text.insert(0, b'x');
        assert_eq!(read_all(&text), [(Next::TooLong, MAX_LINE + 1)]);
    }
}
