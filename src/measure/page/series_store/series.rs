//! The series of one process, found fast: pages have them in the same order.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

#[derive(Clone, Copy, Debug)]
pub struct Series {
    /// Identity of its label set.
    pub id: u64,
    pub count: u64,
    /// The last page that it stood on.
    pub page: u64,
}

/// Series in the order in which they were first seen.
#[derive(Debug, Default)]
pub struct SeriesBook {
    all: Vec<Series>,
    places: HashMap<u64, u32, BuildHasherDefault<AsItIs>>,
    /// Behind the one that was found last.
    near: usize,
}

impl SeriesBook {
    pub const fn len(&self) -> usize {
        self.all.len()
    }

    /// The place of a series; fast for the one behind the last, and for the first.
    pub fn find(&mut self, id: u64) -> Option<usize> {
        let is = |at: usize| self.all.get(at).is_some_and(|series| series.id == id);
        let near = [self.near, 0].into_iter().find(|at| is(*at));
        let at = match near {
            Some(near) => near,
            None => usize::try_from(*self.places.get(&id)?).ok()?,
        };
        self.near = at + 1;
        Some(at)
    }

    pub fn get_mut(&mut self, at: usize) -> Option<&mut Series> {
        self.all.get_mut(at)
    }

    /// Adds one that is not there. Returns its place, if there is room.
    pub fn add(&mut self, series: Series) -> Option<usize> {
        let at = self.all.len();
        self.places.insert(series.id, u32::try_from(at).ok()?);
        self.all.push(series);
        self.near = at + 1;
        Some(at)
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Series> {
        self.all.iter_mut()
    }

    pub fn keep_those_of(&mut self, page: u64) {
        self.all.retain(|series| series.page == page);
        self.places = self.all.iter().zip(0..).map(|(series, at)| (series.id, at)).collect();
        self.near = 0;
    }
}

/// For keys that are keyed hashes already.
#[derive(Debug, Default)]
pub struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn series(id: u64, page: u64) -> Series {
        Series { id, count: 0, page }
    }

    #[test]
    fn series_are_found_in_any_order() {
        let mut book = SeriesBook::default();
        for id in 10..20 {
            assert_eq!(book.find(id), None);
            book.add(series(id, id % 2));
        }
        for id in (10..20).chain((10..20).rev()).chain([15, 15, 10]) {
            let at = book.find(id).unwrap();
            assert_eq!(book.get_mut(at).unwrap().id, id);
        }
        book.keep_those_of(1);
        assert_eq!((book.len(), book.find(10), book.find(19), book.find(11)), (5, None, Some(4), Some(0)));
    }
}
