//! Whole numbers, written as what their field is like.

use super::coder::{Chance, Coder};
use super::track::{Guesses, WAYS};

/// Digits behind the first that are learned; the rest is as good as random.
const LEARNED: usize = 6;

/// What the numbers of one field are like: how long, which sign, and their first digits; and which guess is good for them.
#[derive(Clone, Debug)]
pub struct Column {
    longer: [Chance; 65],
    negative: Chance,
    /// By length; allocated where there are such numbers.
    digits: Vec<Vec<Chance>>,
    /// Whether a text is another than expected.
    other: Chance,
    /// How far off each way to guess was, lately.
    errors: [u16; WAYS],
    /// The last text.
    pub last: i64,
}

impl Column {
    pub const fn new() -> Self {
        Self {
            longer: [Chance::EVEN; 65],
            negative: Chance::EVEN,
            digits: Vec::new(),
            other: Chance::EVEN,
            errors: [0; WAYS],
            last: 0,
        }
    }

    /// Writes a number and returns it, or ignores the one given and returns the one read.
    pub fn code(&mut self, coder: &mut impl Coder, number: i64) -> i64 {
        let size = number.unsigned_abs();
        let mut length = 0;
        while length < 64 && coder.bit(&mut self.longer[length], length < digits(size)) {
            length += 1;
        }
        if length == 0 {
            return 0;
        }
        let is_negative = coder.bit(&mut self.negative, number < 0);
        let chances = self.digits_of(length);
        let (mut read, mut node) = (1_u64, 1);
        for at in (0..length - 1).rev() {
            let digit = (size >> at) & 1 == 1;
            let digit = match chances.get_mut(node) {
                Some(chance) => coder.bit(chance, digit),
                None => coder.even_bit(digit),
            };
            read = (read << 1) | u64::from(digit);
            node = (node << 1) | usize::from(digit);
        }
        let number = read.cast_signed();
        if is_negative { number.wrapping_neg() } else { number }
    }

    /// A tree: a digit's chance depends on those in front of it.
    fn digits_of(&mut self, length: usize) -> &mut [Chance] {
        if self.digits.len() < length {
            self.digits.resize_with(length, Vec::new);
        }
        let chances = &mut self.digits[length - 1];
        if chances.is_empty() {
            chances.resize(1 << (length - 1).min(LEARNED), Chance::EVEN);
        }
        chances
    }

    /// The same for the number of a text, of which `expected` is likely.
    pub fn code_text(&mut self, coder: &mut impl Coder, expected: i64, text: i64) -> i64 {
        let is_other = coder.bit(&mut self.other, text != expected);
        self.last = if is_other { self.code(coder, text) } else { expected };
        self.last
    }

    /// The same for a number that can be guessed at: by what was best lately.
    pub fn code_guessed(&mut self, coder: &mut impl Coder, guesses: &Guesses, number: i64) -> i64 {
        let best = (0..WAYS).min_by_key(|way| self.errors[*way]).unwrap_or_default();
        let number = guesses[best].wrapping_add(self.code(coder, number.wrapping_sub(guesses[best])));
        for (error, guess) in self.errors.iter_mut().zip(guesses) {
            let off = digits(number.wrapping_sub(*guess).unsigned_abs());
            *error = *error - (*error >> 4) + u16::try_from(off << 4).unwrap_or(u16::MAX);
        }
        number
    }
}

/// Binary digits; 0 has none.
fn digits(size: u64) -> usize {
    usize::try_from(u64::BITS - size.leading_zeros()).unwrap_or(64)
}

/// A list in which each number comes up once before any does again, such as the instances of a round: the longer ago, the
/// likelier.
#[derive(Clone, Debug, Default)]
pub struct Round {
    /// The one longest ago first.
    known: Vec<i64>,
}

impl Round {
    /// Numbers that are told apart.
    const MAX: usize = 4_096;

    /// `new` is for numbers that come up for the first time.
    pub fn code(&mut self, coder: &mut impl Coder, places: &mut Column, new: &mut Column, number: i64) -> i64 {
        let place = self.known.iter().position(|known| *known == number).map_or(0, |place| place + 1);
        let place = places.code(coder, i64::try_from(place).unwrap_or_default());
        let known = usize::try_from(place).ok().and_then(|place| place.checked_sub(1));
        let number = if let Some(place) = known.filter(|place| *place < self.known.len()) {
            self.known.remove(place)
        } else {
            let next = self.known.last().map_or(0, |last| last.wrapping_add(1));
            next.wrapping_add(new.code(coder, number.wrapping_sub(next)))
        };
        if self.known.len() == Self::MAX {
            self.known.remove(0);
        }
        self.known.push(number);
        number
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::coder::{Decoder, Encoder};
    use super::super::track::Track;
    use super::*;

    /// The bytes that numbers take, coded by a method of a new `T`; they are read back by another one.
    fn written<T: Default>(
        numbers: &[i64],
        write: impl Fn(&mut T, &mut Encoder, i64) -> i64,
        read: impl Fn(&mut T, &mut Decoder<'_>) -> i64,
    ) -> usize {
        let (mut encoder, mut of) = (Encoder::new(), T::default());
        assert!(numbers.iter().all(|number| write(&mut of, &mut encoder, *number) == *number));
        let bytes = encoder.finish();
        let (mut decoder, mut of) = (Decoder::new(&bytes), T::default());
        assert_eq!(numbers.iter().map(|_| read(&mut of, &mut decoder)).collect::<Vec<_>>(), numbers);
        bytes.len()
    }

    struct One(Column);

    impl Default for One {
        fn default() -> Self {
            Self(Column::new())
        }
    }

    struct Guessed(Column, Track);

    impl Default for Guessed {
        fn default() -> Self {
            Self(Column::new(), Track::default())
        }
    }

    impl Guessed {
        fn code(&mut self, coder: &mut impl Coder, number: i64) -> i64 {
            let number = self.0.code_guessed(coder, &self.1.guesses(&[], None), number);
            self.1.learn(number);
            number
        }
    }

    struct Instances(Round, Column, Column);

    impl Default for Instances {
        fn default() -> Self {
            Self(Round::default(), Column::new(), Column::new())
        }
    }

    impl Instances {
        fn code(&mut self, coder: &mut impl Coder, number: i64) -> i64 {
            self.0.code(coder, &mut self.1, &mut self.2, number)
        }
    }

    fn plain(numbers: &[i64]) -> usize {
        written::<One>(numbers, |to, by, number| to.0.code(by, number), |from, by| from.0.code(by, 0))
    }

    fn texts(numbers: &[i64]) -> usize {
        let expected = |column: &Column| column.last;
        written::<One>(
            numbers,
            |to, by, number| to.0.code_text(by, expected(&to.0), number),
            |from, by| from.0.code_text(by, expected(&from.0), 0),
        )
    }

    fn guessed(numbers: &[i64]) -> usize {
        written::<Guessed>(numbers, Guessed::code, |from, by| from.code(by, 0))
    }

    fn round(numbers: &[i64]) -> usize {
        written::<Instances>(numbers, Instances::code, |from, by| from.code(by, 0))
    }

    proptest! {
        #[test]
        fn numbers_are_read_as_they_were_written(numbers in proptest::collection::vec(prop_oneof![any::<i64>(), -9..9_i64], 0..300)) {
            let bytes = [plain(&numbers), texts(&numbers), guessed(&numbers), round(&numbers)];
            prop_assert!(bytes.iter().all(|bytes| *bytes < 20 + 11 * numbers.len()));
        }
    }

    #[test]
    fn the_extremes_survive() {
        let numbers = [i64::MIN, i64::MAX, 0, -1, 1, i64::MIN + 1, i64::MAX, i64::MIN];
        for code in [plain, texts, guessed, round] {
            code(&numbers);
        }
    }

    #[test]
    fn what_is_foreseen_costs_next_to_nothing() {
        let same = vec![7_000; 2_000];
        let counter: Vec<i64> = (0..2_000).map(|at| 1_000_000 + 50 * at).collect();
        assert!(texts(&same) < 50 && guessed(&same) < 50, "{} {}", texts(&same), guessed(&same));
        assert!(guessed(&counter) < 60, "{}", guessed(&counter));
        assert!(plain(&counter) > 2_000);
    }

    #[test]
    fn a_round_in_the_order_of_the_last_one_costs_next_to_nothing() {
        let orderly: Vec<i64> = (0..20).flat_map(|_| (0..200).map(|at| at * 7 % 200)).collect();
        let shuffled: Vec<i64> =
            (0..20).flat_map(|by| (0..200).map(move |at| at * (2 * by + 3) * (1 - by % 5 / 4) % 199)).collect();
        assert!(round(&orderly) < 400, "{}", round(&orderly));
        assert!(round(&shuffled) > 2_000);
        let many: Vec<i64> = (0..2).flat_map(|_| 0..3 * 4_096).collect();
        assert!(round(&many) < 3 * 4_096, "more than are told apart: {}", round(&many));
    }
}
