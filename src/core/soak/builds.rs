//! What the instances of the watched color name as their release.

use std::collections::BTreeMap;

/// Different releases of one instance that are told apart.
const MAX: usize = 8;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Builds {
    by_place: BTreeMap<usize, Named>,
    has_news: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Named {
    releases: Vec<String>,
    /// Whether it went back to an earlier one: several processes answer there.
    several: bool,
}

impl Builds {
    pub fn named(&mut self, place: usize, release: &str) {
        let Named { releases, several } = self.by_place.entry(place).or_default();
        if releases.last().is_some_and(|last| last == release) {
            return;
        }
        *several |= releases.iter().any(|known| known == release);
        releases.retain(|known| known != release);
        if releases.len() >= MAX {
            releases.remove(0);
        }
        releases.push(release.to_owned());
        self.has_news = true;
    }

    pub fn left(&mut self, places: &[usize]) {
        for place in places {
            self.has_news |= self.by_place.remove(place).is_some();
        }
    }

    /// All releases that are named now, where that has changed since this was asked last.
    pub fn news(&mut self) -> Option<Vec<String>> {
        if !std::mem::take(&mut self.has_news) {
            return None;
        }
        let named = self.by_place.values().flat_map(|Named { releases, several }| {
            let first = if *several { 0 } else { releases.len().saturating_sub(1) };
            &releases[first..]
        });
        let mut now: Vec<String> = named.cloned().collect();
        now.sort_unstable();
        now.dedup();
        Some(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_instances_name_now_is_told_when_it_changes() {
        let mut builds = Builds::default();
        assert_eq!(builds.news(), None);
        builds.named(0, "1.4.2");
        builds.named(1, "1.4.2");
        assert_eq!(builds.news().unwrap(), ["1.4.2"]);
        builds.named(1, "1.4.2");
        assert_eq!(builds.news(), None);
        builds.named(1, "1.5.0");
        assert_eq!(builds.news().unwrap(), ["1.4.2", "1.5.0"]);
        builds.named(0, "1.5.0");
        assert_eq!(builds.news().unwrap(), ["1.5.0"]);
        builds.named(2, "1.4.2");
        builds.left(&[2, 7]);
        assert_eq!(builds.news().unwrap(), ["1.5.0"]);
        builds.left(&[0, 1]);
        assert_eq!(builds.news().unwrap(), [""; 0]);
    }

    #[test]
    fn an_instance_that_names_two_in_turn_is_several_processes() {
        let mut builds = Builds::default();
        for release in ["1.4.2", "1.5.0"] {
            builds.named(0, release);
        }
        assert_eq!(builds.news().unwrap(), ["1.5.0"], "it was deployed to");
        builds.named(0, "1.4.2");
        assert_eq!(builds.news().unwrap(), ["1.4.2", "1.5.0"]);
    }

    #[test]
    fn the_releases_of_an_instance_are_bounded() {
        let mut builds = Builds::default();
        (0..MAX * 3).for_each(|n| builds.named(0, &n.to_string()));
        builds.named(0, &(MAX * 3 - 2).to_string());
        assert_eq!(builds.news().unwrap().len(), MAX);
    }
}
