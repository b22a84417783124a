//! The instances of a color, which come and go. Each keeps its place, so that what is on its way to it finds it.

/// Different instances of a color that are told apart in a run.
const MAX: usize = 10_000;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roster {
    names: Vec<String>,
    present: Vec<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Places of those that are new, or back.
    pub joined: Vec<usize>,
    pub left: Vec<usize>,
}

impl Changes {
    pub const fn is_empty(&self) -> bool {
        self.joined.is_empty() && self.left.is_empty()
    }
}

impl Roster {
    pub fn new(names: &[String]) -> Self {
        Self { names: names.to_vec(), present: vec![true; names.len()] }
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub fn count(&self) -> usize {
        self.present.iter().filter(|present| **present).count()
    }

    pub fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// What goes beyond 10,000 different ones is not watched.
    pub fn update(&mut self, now: &[String]) -> Changes {
        let mut changes = Changes::default();
        for name in now {
            if self.place(name).is_none() && self.names.len() < MAX {
                self.names.push(name.clone());
                self.present.push(false);
            }
        }
        for (place, (name, present)) in self.names.iter().zip(&mut self.present).enumerate() {
            match (now.contains(name), std::mem::replace(present, now.contains(name))) {
                (true, false) => changes.joined.push(place),
                (false, true) => changes.left.push(place),
                _ => {}
            }
        }
        changes
    }

    pub fn listed(&self, places: &[usize]) -> String {
        let names = places.iter().filter_map(|place| self.names.get(*place));
        names.cloned().collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &str) -> Vec<String> {
        names.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_place_stays_that_of_its_instance() {
        let mut roster = Roster::new(&names("a b"));
        assert!(roster.update(&names("b a")).is_empty());
        assert_eq!(roster.update(&names("b c")), Changes { joined: vec![2], left: vec![0] });
        assert_eq!((roster.names(), roster.count()), (&names("a b c")[..], 2));
        assert_eq!(roster.update(&names("a c")), Changes { joined: vec![0], left: vec![1] });
        assert_eq!(roster.listed(&[0, 2, 9]), "a, c");
    }

    #[test]
    fn the_places_are_bounded() {
        let mut roster = Roster::default();
        let many: Vec<String> = (0..MAX + 5).map(|n| n.to_string()).collect();
        assert_eq!(roster.update(&many).joined.len(), MAX);
    }
}
