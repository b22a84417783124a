//! The series of one process, found fast: pages have them in the same order.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use crate::page::shelf::Shelf;

/// A page on which more than this is looked up is in an order that may be none.
const MAX_LOOKED_UP: usize = 64;

/// So many orders are learned: in further ones series are looked up.
const MAX_REORDERED: u8 = 16;

/// What is known of a series, beside the identity of its label set.
#[derive(Clone, Copy, Debug)]
pub struct Series {
    pub count: u64,
    /// The last page that it stood on.
    pub page: u64,
}

/// Series in the order in which they stood on a page. They are looked up only on pages in another order.
#[derive(Debug)]
pub struct SeriesBook {
    /// Identities, and behind them those of series that are new on this page.
    ids: Arc<[u64]>,
    new: Vec<u64>,
    all: Vec<Series>,
    /// Where each is, once one was not where it was expected.
    places: Option<HashMap<u64, u32, BuildHasherDefault<AsItIs>>>,
    /// Behind the one that was found last.
    near: usize,
    /// Series of this page that were looked up.
    looked_up: usize,
    /// How often a page had another order.
    reordered: u8,
    shelf: Arc<Shelf<u64>>,
}

impl SeriesBook {
    pub fn new(shelf: Arc<Shelf<u64>>) -> Self {
        Self {
            ids: Arc::default(),
            new: Vec::new(),
            all: Vec::new(),
            places: None,
            near: 0,
            looked_up: 0,
            reordered: 0,
            shelf,
        }
    }

    pub const fn len(&self) -> usize {
        self.all.len()
    }

    /// The place of a series; fast for the one behind the last, and for the first.
    pub fn find(&mut self, id: u64) -> Option<usize> {
        let near = [self.near, 0].into_iter().find(|at| self.id(*at) == Some(id));
        let at = match near {
            Some(near) => near,
            None => self.look_up(id)?,
        };
        self.near = at + 1;
        Some(at)
    }

    fn id(&self, at: usize) -> Option<u64> {
        self.ids.get(at).or_else(|| self.new.get(at.checked_sub(self.ids.len())?)).copied()
    }

    fn ids(&self) -> impl Iterator<Item = u64> {
        self.ids.iter().chain(&self.new).copied()
    }

    #[cold]
    fn look_up(&mut self, id: u64) -> Option<usize> {
        self.looked_up += 1;
        if self.places.is_none() {
            self.places = Some(self.ids().zip(0..).collect());
        }
        usize::try_from(*self.places.as_ref()?.get(&id)?).ok()
    }

    /// Whether these are the first, in their order: as on nearly every page but the first.
    pub fn begins_with(&self, ids: impl ExactSizeIterator<Item = u64>) -> bool {
        ids.len() <= self.ids.len() && self.ids.iter().zip(ids).all(|(known, id)| *known == id)
    }

    pub fn get_mut(&mut self, at: usize) -> Option<&mut Series> {
        self.all.get_mut(at)
    }

    /// Adds one that is not there. Returns its place, if there is room.
    pub fn add(&mut self, id: u64, series: Series) -> Option<usize> {
        let at = self.all.len();
        let place = u32::try_from(at).ok()?;
        if let Some(places) = &mut self.places {
            places.insert(id, place);
        }
        self.new.push(id);
        self.all.push(series);
        self.near = at + 1;
        Some(at)
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Series> {
        self.all.iter_mut()
    }

    #[cold]
    pub fn keep_those_of(&mut self, page: u64) {
        let kept = self.ids().zip(&self.all).filter(|(_, series)| series.page == page);
        let (ids, all): (Vec<u64>, Vec<Series>) = kept.map(|(id, series)| (id, *series)).unzip();
        self.put(ids, all);
    }

    /// Ends a page with these series: what they are looked up by takes memory only where pages go on needing it.
    pub fn end_page(&mut self, page: u64, order: impl Iterator<Item = u64>) {
        match std::mem::take(&mut self.looked_up) {
            0 => self.places = None,
            few if few <= MAX_LOOKED_UP && self.reordered < MAX_REORDERED => {
                self.reorder(page, &order.collect::<Vec<_>>());
            }
            _ => {}
        }
        if !self.new.is_empty() {
            self.put_away();
        }
    }

    #[cold]
    fn put_away(&mut self) {
        self.ids = self.shelf.place(self.ids().collect());
        self.new = Vec::new();
        self.all.shrink_to_fit();
    }

    /// As on this page, and behind that what is not on it.
    #[cold]
    fn reorder(&mut self, page: u64, order: &[u64]) {
        let on_page = order.iter().filter_map(|id| self.find(*id).map(|at| (*id, self.all[at])));
        let mut ordered: Vec<(u64, Series)> = on_page.collect();
        let elsewhere = self.ids().zip(&self.all).filter(|(_, series)| series.page != page);
        ordered.extend(elsewhere.map(|(id, series)| (id, *series)));
        let (ids, all) = ordered.into_iter().unzip();
        self.put(ids, all);
        self.reordered += 1;
    }

    fn put(&mut self, ids: Vec<u64>, all: Vec<Series>) {
        (self.ids, self.new, self.all) = (Arc::default(), ids, all);
        (self.places, self.near, self.looked_up) = (None, 0, 0);
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

    fn book() -> SeriesBook {
        SeriesBook::new(Arc::default())
    }

    const fn on(page: u64) -> Series {
        Series { count: 0, page }
    }

    #[test]
    fn series_are_found_in_any_order() {
        let mut book = book();
        for id in 10..20 {
            assert_eq!(book.find(id), None);
            book.add(id, on(id % 2));
        }
        for id in (10..20).chain((10..20).rev()).chain([15, 15, 10]) {
            let at = book.find(id).unwrap();
            assert_eq!(book.id(at), Some(id));
        }
        book.keep_those_of(1);
        assert_eq!((book.len(), book.find(10), book.find(19), book.find(11)), (5, None, Some(4), Some(0)));
    }

    /// Enters a page of these series. Returns how many were looked up.
    fn enter(book: &mut SeriesBook, page: u64, ids: &[u64]) -> usize {
        for id in ids {
            match book.find(*id) {
                Some(at) => book.get_mut(at).unwrap().page = page,
                None => drop(book.add(*id, on(page))),
            }
        }
        let looked_up = book.looked_up;
        book.end_page(page, ids.iter().copied());
        looked_up
    }

    #[test]
    fn the_order_of_a_page_is_learned_and_nothing_is_kept_to_look_up() {
        let mut book = book();
        assert_eq!(enter(&mut book, 1, &[1, 2, 3, 4]), 4, "all are new");
        assert_eq!((enter(&mut book, 2, &[1, 2, 3, 4]), book.places.is_none()), (0, true));
        // One came in the middle, and one left.
        assert!(enter(&mut book, 3, &[1, 9, 2, 4]) > 0);
        assert_eq!((enter(&mut book, 4, &[1, 9, 2, 4]), book.places.is_none()), (0, true));
        assert_eq!((book.len(), book.find(3)), (5, Some(4)), "what left is kept, at the end");
    }

    #[test]
    fn identities_that_several_have_are_kept_once() {
        let shelf: Arc<Shelf<u64>> = Arc::default();
        let mut books = [SeriesBook::new(Arc::clone(&shelf)), SeriesBook::new(shelf)];
        for book in &mut books {
            enter(book, 1, &[1, 2, 3]);
        }
        let [a, b] = &mut books;
        assert!(Arc::ptr_eq(&a.ids, &b.ids) && !a.ids.is_empty());
        enter(a, 2, &[1, 2, 3, 4]);
        assert_eq!((a.find(4), b.find(4), b.find(3)), (Some(3), None, Some(2)), "what one has is not the other's");
    }

    #[test]
    fn pages_in_no_order_are_looked_up() {
        let mut book = book();
        let all: Vec<u64> = (0..10).collect();
        for page in 0..100 {
            let mut ids = all.clone();
            ids.rotate_left(usize::try_from(page % 7).unwrap());
            enter(&mut book, page, &ids);
        }
        assert_eq!((book.len(), book.reordered), (10, MAX_REORDERED));
        for id in all {
            let at = book.find(id).unwrap();
            assert_eq!(book.id(at), Some(id));
        }
    }
}
