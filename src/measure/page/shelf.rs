//! Lists that many readers have in common, kept once: the instances of a release have the same series, often in the same order.

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Lists that are told apart. Whoever has another one keeps it alone.
const MAX_LISTS: usize = 16;

#[derive(Debug)]
pub struct Shelf<T>(Mutex<Vec<Weak<[T]>>>);

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: PartialEq> Shelf<T> {
    /// The list, or an equal one that somebody has already.
    #[cold]
    pub fn place(&self, list: Vec<T>) -> Arc<[T]> {
        let mut lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lists.retain(|one| one.strong_count() > 0);
        if let Some(same) = lists.iter().filter_map(Weak::upgrade).find(|one| **one == *list) {
            return same;
        }
        let placed: Arc<[T]> = list.into();
        if lists.len() < MAX_LISTS {
            lists.push(Arc::downgrade(&placed));
        }
        placed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_lists_are_one_as_long_as_somebody_has_it() {
        let shelf = Shelf::default();
        let first = shelf.place(vec![1, 2, 3]);
        assert!(Arc::ptr_eq(&first, &shelf.place(vec![1, 2, 3])));
        assert!(!Arc::ptr_eq(&first, &shelf.place(vec![1, 2])));
        let lists: Vec<_> = (0..100).map(|number| shelf.place(vec![number])).collect();
        assert!(Arc::ptr_eq(&first, &shelf.place(vec![1, 2, 3])));
        assert_eq!(shelf.0.lock().unwrap().len(), MAX_LISTS);
        assert_eq!(*lists[99], [99], "what finds no place is kept alone");
        drop((first, lists));
        shelf.place(vec![4]);
        assert_eq!(shelf.0.lock().unwrap().len(), 1);
    }
}
