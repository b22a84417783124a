//! Lists that pages are read into. A page needs them for a moment, and there may be a thousand instances: they use the same memory
//! in turn.

use std::cell::RefCell;

/// Lists that a thread keeps.
const MAX: usize = 8;
/// Larger ones are freed, in bytes.
const MAX_BYTES: usize = 256 << 10;

#[derive(Debug)]
pub struct Spare<T>(RefCell<Vec<Vec<T>>>);

impl<T> Spare<T> {
    pub const fn new() -> Self {
        Self(RefCell::new(Vec::new()))
    }

    /// An empty list with room for so many.
    pub fn take(&self, room: usize) -> Vec<T> {
        let mut list = self.0.borrow_mut().pop().unwrap_or_default();
        list.reserve_exact(room);
        list
    }

    pub fn put(&self, mut list: Vec<T>) {
        list.clear();
        let mut kept = self.0.borrow_mut();
        if kept.len() < MAX && (1..=MAX_BYTES).contains(&(list.capacity() * size_of::<T>())) {
            kept.push(list);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_taken_empty_and_with_room() {
        let spare = Spare::new();
        spare.put(vec![1_u64; 100]);
        let list = spare.take(10);
        assert!(list.is_empty() && list.capacity() == 100, "{}", list.capacity());
        assert!(spare.take(10).capacity() >= 10, "another one");
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let spare = Spare::new();
        spare.put(vec![0_u8; MAX_BYTES + 1]);
        spare.put(Vec::new());
        assert_eq!(spare.take(0).capacity(), 0, "too large, and nothing");
        for _ in 0..3 * MAX {
            spare.put(vec![0_u8; 10]);
        }
        assert_eq!((0..3 * MAX).filter(|_| spare.take(0).capacity() > 0).count(), MAX);
    }
}
