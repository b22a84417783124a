//! What to do with the samples of each metric, by name.

use std::collections::HashMap;

/// Names remembered; later ones are classified on every page.
const MAX_NAMES: usize = 8_192;

/// Decisions by name as on the page. Most lines have the name of the line before.
#[derive(Debug)]
pub struct Memo<T> {
    known: HashMap<Vec<u8>, T>,
    last: Option<(Vec<u8>, T)>,
}

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self { known: HashMap::new(), last: None }
    }
}

impl<T: Copy> Memo<T> {
    pub fn get(&mut self, name: &[u8]) -> Option<T> {
        if let Some((last, value)) = &self.last
            && last == name
        {
            return Some(*value);
        }
        let value = self.known.get(name).copied()?;
        self.is_last(name, value);
        Some(value)
    }

    pub fn put(&mut self, name: &[u8], value: T) {
        if self.known.len() < MAX_NAMES {
            self.known.insert(name.to_vec(), value);
        }
        self.is_last(name, value);
    }

    pub fn revise(&mut self, revised: impl Fn(T) -> T) {
        self.known.values_mut().for_each(|value| *value = revised(*value));
        self.last = None;
    }

    fn is_last(&mut self, name: &[u8], value: T) {
        let (last, known) = self.last.get_or_insert_with(|| (Vec::new(), value));
        last.clear();
        last.extend_from_slice(name);
        *known = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_decided_is_remembered_and_can_be_revised() {
        let mut memo = Memo::default();
        assert_eq!(memo.get(b"a"), None);
        memo.put(b"a", 1);
        memo.put(b"b", 2);
        assert_eq!((memo.get(b"a"), memo.get(b"a"), memo.get(b"b"), memo.get(b"c")), (Some(1), Some(1), Some(2), None));
        memo.revise(|value| value * 10);
        assert_eq!((memo.get(b"b"), memo.get(b"a")), (Some(20), Some(10)));
    }

    #[test]
    fn beyond_its_limit_only_the_last_name_is_remembered() {
        let mut memo = Memo::default();
        for name in 0..=MAX_NAMES {
            memo.put(name.to_string().as_bytes(), name);
        }
        assert_eq!(memo.get(MAX_NAMES.to_string().as_bytes()), Some(MAX_NAMES));
        assert_eq!(memo.get(b"0"), Some(0));
        assert_eq!(memo.get(MAX_NAMES.to_string().as_bytes()), None);
    }
}
