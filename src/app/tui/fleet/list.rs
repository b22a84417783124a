//! Which rows are in sight, and which one is selected. The selected row stays in its line of the screen, whatever the rows
//! around it do; without one the worst rows are in sight.

use crate::core::fleet::Key;

/// A movement over the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    By(isize),
    /// Pages, of which a line stays in sight.
    Pages(isize),
    /// The worst, and stay with the worst.
    Top,
    Bottom,
}

/// A window on the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    order: Vec<Key>,
    /// None follows the worst row.
    selected: Option<Key>,
    /// The place of the selected row, and of the first one in sight.
    at: usize,
    top: usize,
    /// Rows that are in sight.
    height: usize,
}

impl List {
    /// Takes the rows in their new order: the selected one keeps its line; one that is gone leaves its place to another.
    pub fn reorder(&mut self, order: Vec<Key>) {
        self.order = order;
        let Some(selected) = &self.selected else {
            (self.at, self.top) = (0, 0);
            return;
        };
        let line = self.at.saturating_sub(self.top);
        if let Some(at) = self.order.iter().position(|key| key == selected) {
            self.at = at;
        } else {
            self.at = self.at.min(self.order.len().saturating_sub(1));
            self.selected = self.order.get(self.at).cloned();
        }
        self.top = self.at.saturating_sub(line);
        self.settle();
    }

    /// There is room for so many rows.
    pub fn resize(&mut self, height: usize) {
        self.height = height;
        self.settle();
    }

    pub fn go(&mut self, to: Move) {
        let last = self.order.len().saturating_sub(1);
        let by = |rows: isize| self.at.saturating_add_signed(rows).min(last);
        let page = isize::try_from(self.height.saturating_sub(1).max(1)).unwrap_or(1);
        let at = match to {
            Move::By(rows) => by(rows),
            Move::Pages(pages) => by(pages.saturating_mul(page)),
            Move::Top => 0,
            Move::Bottom => last,
        };
        if let Move::Pages(_) = to {
            self.top = self.top.saturating_add_signed(at.cast_signed().saturating_sub_unsigned(self.at));
        }
        self.at = at;
        self.selected = self.order.get(at).filter(|_| to != Move::Top).cloned();
        self.settle();
    }

    pub fn select(&mut self, key: &Key) {
        if let Some(at) = self.order.iter().position(|known| known == key) {
            (self.at, self.selected) = (at, Some(key.clone()));
            self.settle();
        }
    }

    /// Whether a row was chosen.
    pub const fn is_chosen(&self) -> bool {
        self.selected.is_some()
    }

    /// The selected row, or the worst.
    pub fn current(&self) -> Option<&Key> {
        self.order.get(self.at)
    }

    pub fn all(&self) -> &[Key] {
        &self.order
    }

    /// The rows in sight, and the place of the first.
    pub fn in_sight(&self) -> (usize, &[Key]) {
        let end = self.top.saturating_add(self.height).min(self.order.len());
        (self.top, self.order.get(self.top..end).unwrap_or_default())
    }

    /// Keeps the selected row in sight, and no room empty that rows could fill.
    fn settle(&mut self) {
        let height = self.height.max(1);
        self.top = self.top.min(self.at).max((self.at + 1).saturating_sub(height));
        self.top = self.top.min(self.order.len().saturating_sub(height));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(names: &str) -> Vec<Key> {
        names.chars().map(|name| Key { source: 0, service: name.to_string() }).collect()
    }

    fn list(names: &str, height: usize) -> List {
        let mut list = List::default();
        list.reorder(keys(names));
        list.resize(height);
        list
    }

    fn sight(list: &List) -> String {
        list.in_sight().1.iter().map(|key| key.service.as_str()).collect()
    }

    fn current(list: &List) -> &str {
        list.current().map_or("", |key| key.service.as_str())
    }

    #[test]
    fn without_a_choice_the_worst_rows_stay_in_sight() {
        let mut list = list("abcdef", 3);
        list.reorder(keys("fabcde"));
        assert_eq!((sight(&list).as_str(), current(&list)), ("fab", "f"));
    }

    #[test]
    fn the_chosen_row_stays_in_its_line() {
        let mut list = list("abcdefgh", 3);
        list.go(Move::By(4));
        list.go(Move::By(-1));
        assert_eq!((sight(&list).as_str(), current(&list)), ("cde", "d"));
        list.reorder(keys("dabcefgh"));
        assert_eq!((sight(&list).as_str(), current(&list)), ("dab", "d"), "there is nothing above it");
        list.reorder(keys("abcefdgh"));
        assert_eq!((sight(&list).as_str(), current(&list)), ("dgh", "d"));
        list.reorder(keys("abcefgh"));
        assert_eq!(current(&list), "g", "another takes the place of one that is gone");
        list.go(Move::Top);
        list.reorder(keys("hgf"));
        assert_eq!((current(&list), list.is_chosen()), ("h", false));
    }

    #[test]
    fn pages_move_the_window_with_the_row() {
        let mut list = list("abcdefgh", 3);
        list.go(Move::Pages(1));
        assert_eq!((sight(&list).as_str(), current(&list)), ("cde", "c"));
        list.go(Move::Bottom);
        assert_eq!((sight(&list).as_str(), current(&list)), ("fgh", "h"));
        list.go(Move::Pages(-1));
        assert_eq!((sight(&list).as_str(), current(&list)), ("def", "f"));
    }

    proptest! {
        #[test]
        fn whatever_happens_the_current_row_is_in_sight_and_no_room_is_empty(
            steps in prop::collection::vec((0..6_u8, 0..12_usize, 0..9_usize), 0..40),
        ) {
            let names = "abcdefghijkl";
            let mut list = list(names, 4);
            for (step, one, other) in steps {
                match step {
                    0 => list.reorder(keys(&names[..one])),
                    1 => list.reorder(keys(&names.chars().rev().skip(one).collect::<String>())),
                    2 => list.resize(other),
                    3 => list.go(Move::By(one.cast_signed() - 6)),
                    4 => list.go(Move::Pages(other.cast_signed() - 4)),
                    _ => list.go(if one % 2 == 0 { Move::Top } else { Move::Bottom }),
                }
                let (top, sight) = list.in_sight();
                prop_assert_eq!(sight.len(), list.height.min(list.order.len()));
                if let Some(current) = list.current().filter(|_| list.height > 0) {
                    prop_assert!(sight.contains(current));
                    prop_assert_eq!(&list.order[list.at], current);
                }
                prop_assert!(top <= list.at || list.height == 0);
            }
        }
    }
}
