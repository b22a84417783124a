//! Where a number was, how it moves, and what it is expected to be.

use foldhash::HashMap;

/// Numbers of a line that foretell later ones: the counters stand in front.
const SOURCES: usize = 12;
/// Ways to guess. The first is the one to begin with.
pub const WAYS: usize = 6 + 2 * SOURCES;
/// Means are in such parts.
const PART: i64 = 1 << 8;
/// Means are of about so many numbers.
const MANY: u8 = 20;
/// Numbers from here on are not taken shares of.
const HUGE: u64 = 1 << 24;

/// What a number may be, one for each way to guess.
pub type Guesses = [i64; WAYS];

#[derive(Clone, Copy, Debug, Default)]
pub struct Track {
    pub last: i64,
    step: i64,
    /// Of the steps.
    usual: i64,
    /// Of the numbers.
    level: i64,
    /// How many are known, up to [`MANY`].
    known: u8,
}

/// How far a number of a line moved, and how far it usually does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moved {
    by: i64,
    usual: i64,
}

impl Track {
    /// `line` has the numbers of the line so far; `above` is the number at this place in the element of an array in front.
    pub fn guesses(&self, line: &[Moved], above: Option<i64>) -> Guesses {
        let front = line.last().copied().unwrap_or_default();
        let mut guesses = [self.last; WAYS];
        guesses[1] = self.last.wrapping_add(self.step);
        guesses[2] = self.last.wrapping_add(whole(self.usual));
        guesses[3] = whole(self.level);
        guesses[4] = above.unwrap_or(self.last);
        guesses[5] = self.last.wrapping_add(front.by);
        let (between, as_far) = guesses[6..].split_at_mut(SOURCES);
        for ((between, as_far), source) in between.iter_mut().zip(as_far).zip(line) {
            *between = self.last.wrapping_add(self.between(front, *source));
            *as_far = source.by;
        }
        guesses
    }

    /// How far it moves if it does so between two others as it usually does: a bucket, between the one below it and all.
    fn between(&self, a: Moved, b: Moved) -> i64 {
        let is_huge = |by: i64, usual: i64| by.unsigned_abs() > HUGE || (usual / PART).unsigned_abs() > HUGE;
        let wide = b.usual - a.usual;
        if a.by == b.by || wide == 0 || is_huge(a.by, a.usual) || is_huge(b.by, b.usual) || is_huge(0, self.usual) {
            return b.by;
        }
        let most = 16 * wide.abs();
        let doubled = divided(2 * (b.by - a.by) * (self.usual - a.usual).clamp(-most, most), wide);
        a.by + (doubled + 1).div_euclid(2)
    }

    /// Returns how far it moved, and how far it did before.
    pub fn learn(&mut self, number: i64) -> Moved {
        let moved = Moved { by: number.wrapping_sub(self.last), usual: self.usual };
        let parts = |number: i64| number.clamp(-(1 << 40), 1 << 40) * PART;
        if self.known == 0 {
            self.level = parts(number);
        } else {
            self.step = moved.by;
            self.usual += (parts(moved.by) - self.usual) / i64::from(self.known);
            self.level += (parts(number) - self.level) / i64::from(self.known + 1);
        }
        self.known = MANY.min(self.known + 1);
        self.last = number;
        moved
    }
}

/// By what is not 0. Most numbers are small, and 32 bits are divided in less time.
fn divided(number: i64, by: i64) -> i64 {
    match (i32::try_from(number), i32::try_from(by)) {
        (Ok(number), Ok(by)) if by != -1 => i64::from(number / by),
        _ => number / by,
    }
}

/// The tracks of many numbers, each by its subject and its path.
#[derive(Debug, Default)]
pub struct Tracks {
    /// In the order in which they were first asked for: lines of one subject ask for theirs one after the other.
    all: Vec<(Key, Track)>,
    places: HashMap<Key, usize>,
    /// Behind the one that was asked for last.
    next: usize,
}

type Key = (usize, usize);

impl Tracks {
    pub const fn len(&self) -> usize {
        self.all.len()
    }

    pub fn of(&mut self, key: Key) -> &mut Track {
        let is_next = self.all.get(self.next).is_some_and(|(next, _)| *next == key);
        let at = if is_next { self.next } else { *self.places.entry(key).or_insert(self.all.len()) };
        if at == self.all.len() {
            self.all.push((key, Track::default()));
        }
        self.next = at + 1;
        &mut self.all[at].1
    }
}

fn whole(parts: i64) -> i64 {
    (parts + PART / 2).div_euclid(PART)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Whether one way to guess is always right, and which.
    fn foreseen(lines: &[Vec<i64>], place: usize) -> Vec<usize> {
        let mut tracks = vec![Track::default(); place + 1];
        let mut right: Vec<usize> = (0..WAYS).collect();
        for (at, line) in lines.iter().enumerate() {
            let moved: Vec<Moved> = (0..place).map(|before| tracks[before].learn(line[before])).collect();
            let guesses = tracks[place].guesses(&moved, None);
            // The first two lines say where all are, and how they move.
            right.retain(|way| at < 2 || guesses[*way] == line[place]);
            tracks[place].learn(line[place]);
        }
        right
    }

    #[test]
    fn a_constant_a_clock_and_a_clock_beside_another_are_foreseen() {
        let lines: Vec<Vec<i64>> =
            (0..20).map(|at| vec![7, 1_000 * at, at * at, 1_700_000_000_000 + at * at]).collect();
        assert_eq!(foreseen(&lines, 0).first(), Some(&0));
        assert_eq!(foreseen(&lines, 1).first(), Some(&1));
        assert_eq!(foreseen(&lines, 3).first(), Some(&5), "it moves like the one in front");
    }

    #[test]
    fn a_number_that_says_how_far_another_moved_is_foreseen() {
        let mut total = 0;
        let lines: Vec<Vec<i64>> = (0..20)
            .map(|at| {
                let more = at * 37 % 50;
                total += more;
                vec![total, 3, more]
            })
            .collect();
        assert_eq!(foreseen(&lines, 2), [6 + SOURCES]);
    }

    #[test]
    fn a_noisy_counter_moves_as_far_as_usual_and_a_noisy_number_stays_near_its_mean() {
        let (mut counter, mut noisy) = (Track::default(), Track::default());
        let mut total = 0;
        for at in 0..40 {
            let more = if at % 2 == 0 { 40 } else { 60 };
            total += more;
            counter.learn(total);
            noisy.learn(more);
        }
        let (counter, noisy) = (counter.guesses(&[], Some(5)), noisy.guesses(&[], None));
        assert!((total + 48..=total + 52).contains(&counter[2]), "{counter:?}");
        assert!((48..=52).contains(&noisy[3]), "{noisy:?}");
        assert_eq!((counter[4], noisy[4]), (5, 60), "above, or else the last");
    }

    #[test]
    fn a_bucket_moves_between_the_one_below_and_all_as_it_usually_does() {
        let [mut all, mut below, mut bucket] = [Track::default(); 3];
        let mut totals = [0, 0, 0];
        let mut learn = |more: [i64; 3]| {
            totals = std::array::from_fn(|at| totals[at] + more[at]);
            let line = [all.learn(totals[0]), below.learn(totals[1])];
            let guesses = bucket.guesses(&line, None);
            bucket.learn(totals[2]);
            guesses[6] - totals[2]
        };
        let off: Vec<i64> = (0..30).map(|_| learn([100, 20, 60])).collect();
        assert_eq!(off[2..], [0; 28]);
        assert_eq!(learn([200, 40, 120]), 0, "twice as many");
        assert_eq!(learn([100, 60, 80]), 0, "half of those that are not below it");
        assert_eq!(learn([100, 100, 100]), 0);
    }

    #[test]
    fn tracks_are_found_in_any_order() {
        let mut tracks = Tracks::default();
        let keys: Vec<Key> = (0..4).flat_map(|subject| (0..3).map(move |path| (subject, path))).collect();
        let orders =
            [keys.clone(), keys.iter().rev().copied().collect(), [keys[5..].to_vec(), keys[..5].to_vec()].concat()];
        for (round, order) in (0..).zip(orders) {
            for (subject, path) in order {
                let track = tracks.of((subject, path));
                let is_of_it = round == 0 || track.last == i64::try_from(10 * subject + path).unwrap();
                assert!(is_of_it, "{round}: {track:?} of {subject} and {path}");
                track.learn(i64::try_from(10 * subject + path).unwrap());
            }
        }
        assert_eq!(tracks.len(), keys.len());
    }

    proptest! {
        #[test]
        fn any_numbers_can_be_guessed_at(lines in proptest::collection::vec(proptest::collection::vec(any::<i64>(), 20), 0..20)) {
            let mut tracks = vec![Track::default(); 20];
            for line in lines {
                let mut moved = Vec::new();
                for (track, number) in tracks.iter_mut().zip(line) {
                    track.guesses(&moved, Some(number));
                    moved.push(track.learn(number));
                    prop_assert_eq!(track.last, number);
                }
            }
        }
    }
}
