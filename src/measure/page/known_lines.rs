//! What was done with each line of the page before. Pages of one instance have the same series in the same order, so most lines
//! differ in their value alone and need not be taken apart again.

use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;

use foldhash::quality::RandomState;

use super::shelf::Shelf;

/// Lines remembered of a page.
const MAX_LINES: usize = 32_768;
/// So many lines may have left the page, or moved, at one place.
const AHEAD: usize = 4;
/// A page with more unknown lines than this is in another order: it is learned anew.
const MAX_STRANGE: u32 = 64;
/// After so many such pages in a row the order is none, and nothing is remembered any more.
const MAX_DISORDER: u8 = 3;

/// The part of a line that is the same on the next page, up to its value or less: there are many, so they are small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known<T> {
    /// 48 bits of the part's hash above 16 of its length.
    part: u64,
    done: T,
}

/// What was done with the lines of a page, in their order; only as long as nothing has changed by which that was decided.
#[derive(Debug)]
pub struct KnownLines<T> {
    lines: Arc<[Known<T>]>,
    shelf: Arc<Shelf<Known<T>>>,
    /// The revision of everything that `lines` depend on.
    revision: u64,
    /// The line that probably comes next.
    at: usize,
    /// Whether the line that comes next is that one.
    is_foreseen: bool,
    /// The lines of this page, once it differs from the one before.
    anew: Option<Vec<Known<T>>>,
    is_replayed: bool,
    strange: u32,
    disorder: u8,
    hasher: RandomState,
}

impl<T> Default for KnownLines<T> {
    fn default() -> Self {
        Self {
            lines: Arc::default(),
            shelf: Arc::default(),
            revision: 0,
            at: 0,
            is_foreseen: false,
            anew: None,
            is_replayed: false,
            strange: 0,
            disorder: 0,
            hasher: RandomState::default(),
        }
    }
}

impl<T: Copy + PartialEq> KnownLines<T> {
    /// None yet; with the same hashes equal lines of several instances are kept once.
    pub fn beside(shelf: &Arc<Shelf<Known<T>>>, hasher: RandomState) -> Self {
        Self { shelf: Arc::clone(shelf), hasher, ..Self::default() }
    }

    /// Begins a page.
    pub fn begin(&mut self, revision: u64) {
        self.is_replayed = revision == self.revision && !self.lines.is_empty();
        (self.at, self.is_foreseen, self.strange) = (0, false, 0);
        self.anew = if self.is_replayed { None } else { Some(Vec::new()) };
    }

    /// How many bytes in front of `rest` are those of the next line of the page before, up to its value; 0 if they are others.
    #[inline]
    pub fn foresee(&mut self, rest: &[u8], revision: u64) -> usize {
        let next = self.lines.get(self.at).filter(|_| self.is_replayed && revision == self.revision);
        let same = next.filter(|known| self.is(known, rest)).map_or(0, Known::same);
        self.is_foreseen = same > 0;
        same
    }

    /// What was done with a line on the page before, and the part of it that may be another.
    #[inline]
    pub fn find<'a>(&mut self, line: &'a [u8], revision: u64) -> Option<(T, &'a [u8])> {
        let at = self.place(line, revision)?;
        let known = &self.lines[at];
        Some((known.done, line.get(known.same()..)?))
    }

    fn place(&mut self, line: &[u8], revision: u64) -> Option<usize> {
        if !self.is_replayed || revision != self.revision {
            return None;
        }
        let mut ahead = self.at..self.lines.len().min(self.at + AHEAD);
        let is_next = std::mem::take(&mut self.is_foreseen);
        let at = if is_next { self.at } else { ahead.find(|at| self.is(&self.lines[*at], line))? };
        self.at = at + 1;
        if let Some(anew) = &mut self.anew {
            anew.push(self.lines[at]);
        }
        Some(at)
    }

    #[inline]
    fn is(&self, known: &Known<T>, line: &[u8]) -> bool {
        line.get(..known.same()).is_some_and(|same| self.part(same) == Some(known.part))
    }

    /// `None` for a part that is too long to be remembered.
    #[inline]
    fn part(&self, same: &[u8]) -> Option<u64> {
        let length = u16::try_from(same.len()).ok()?;
        let mut hasher = self.hasher.build_hasher();
        hasher.write(same);
        Some(hasher.finish() & !u64::from(u16::MAX) | u64::from(length))
    }

    /// Remembers what was done with a line that was not known, by the part of it that will be the same.
    pub fn learn(&mut self, same: &[u8], done: T) {
        let Some(part) = self.part(same) else { return };
        if self.is_replayed && self.at < self.lines.len() {
            self.strange += 1;
            if self.strange > MAX_STRANGE {
                (self.is_replayed, self.disorder) = (false, self.disorder.saturating_add(1));
            }
        }
        let known = &self.lines[..self.at];
        let anew = self.anew.get_or_insert_with(|| known.to_vec());
        if anew.len() < MAX_LINES && self.disorder < MAX_DISORDER {
            anew.push(Known { part, done });
        }
    }

    /// Ends a good page, which began with one revision and ends with another. Returns whether anything is remembered.
    pub fn end(&mut self, began: u64, revision: u64) -> bool {
        let anew = self.anew.take();
        if began != revision || self.disorder >= MAX_DISORDER {
            self.lines = Arc::default();
        } else if let Some(anew) = anew {
            self.lines = self.shelf.place(anew);
        }
        if self.strange <= MAX_STRANGE && self.disorder < MAX_DISORDER {
            self.disorder = 0;
        }
        self.revision = revision;
        !self.lines.is_empty()
    }

    /// Lines of the page that were known, or passed over.
    #[cfg(test)]
    pub const fn found(&self) -> usize {
        self.at
    }

    /// Forgets everything.
    pub fn forget(&mut self) {
        self.lines = Arc::default();
    }
}

impl<T> Known<T> {
    fn same(&self) -> usize {
        usize::try_from(self.part & u64::from(u16::MAX)).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a page of lines whose values begin behind the first space. Returns which were known.
    fn read(known: &mut KnownLines<usize>, lines: &[&str]) -> Vec<Option<usize>> {
        known.begin(1);
        let found = lines.iter().enumerate().map(|(at, line)| {
            let found = known.find(line.as_bytes(), 1);
            let same = line.split_inclusive(' ').next().unwrap();
            match found {
                Some((done, rest)) => assert_eq!(rest, &line.as_bytes()[same.len()..], "{done}"),
                None => known.learn(same.as_bytes(), at),
            }
            found.map(|(done, _)| done)
        });
        let found = found.collect();
        known.end(1, 1);
        found
    }

    #[test]
    fn lines_of_the_page_before_are_known_whatever_their_values() {
        let mut known = KnownLines::default();
        assert_eq!(read(&mut known, &["a 1", "b 2", "c 3"]), [None; 3]);
        assert_eq!(read(&mut known, &["a 5", "b 6", "c 7"]), [Some(0), Some(1), Some(2)]);
        assert_eq!(read(&mut known, &["a 5", "new 1", "c 7"]), [Some(0), None, Some(2)], "one left, one came");
        assert_eq!(read(&mut known, &["a 5", "new 1", "c 7", "d 8"]), [Some(0), Some(1), Some(2), None]);
        assert_eq!(read(&mut known, &["ab 5", "new 1", "c", "d 8"]), [None, Some(1), None, Some(3)], "other names");
    }

    #[test]
    fn what_was_decided_by_something_that_changed_is_not_known() {
        let mut known = KnownLines::default();
        (0..2).for_each(|_| drop(read(&mut known, &["a 1", "b 2"])));
        known.begin(1);
        assert!(known.find(b"a 1", 1).is_some());
        assert_eq!(known.find(b"b 2", 2), None, "it changed on this page");
        assert!(!known.end(1, 2));
        known.begin(2);
        assert_eq!(known.find(b"a 1", 2), None);
    }

    #[test]
    fn a_page_that_breaks_off_leaves_what_was_known() {
        let mut known = KnownLines::default();
        (0..2).for_each(|_| drop(read(&mut known, &["a 1", "b 2"])));
        known.begin(1);
        known.learn(b"x ", 9);
        assert_eq!(read(&mut known, &["a 1", "b 2"]), [Some(0), Some(1)]);
    }

    #[test]
    fn pages_in_no_order_are_not_remembered() {
        let names: Vec<String> = (0..300).map(|name| format!("n{name} 1")).collect();
        let lines: Vec<&str> = names.iter().map(String::as_str).collect();
        let reversed: Vec<&str> = lines.iter().rev().copied().collect();
        let mut known = KnownLines::default();
        read(&mut known, &lines);
        read(&mut known, &lines);
        read(&mut known, &reversed);
        assert_eq!(read(&mut known, &reversed).iter().flatten().count(), 300, "another order is learned");
        for _ in 0..3 {
            read(&mut known, &lines);
            read(&mut known, &reversed);
        }
        assert_eq!(read(&mut known, &reversed).iter().flatten().count(), 0);
    }
}
