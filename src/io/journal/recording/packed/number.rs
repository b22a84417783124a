//! Whole numbers, and what they are expected to be.

use super::coder::{Chance, Coder};

/// Digits behind the first that are learned; the rest is as good as random.
const LEARNED: usize = 3;

/// What the numbers of one field are like: how long, which sign, and their first digits.
#[derive(Clone, Debug)]
pub(super) struct Column {
    longer: [Chance; 65],
    negative: Chance,
    digits: Box<[[Chance; 1 << LEARNED]; 65]>,
}

impl Column {
    pub fn new() -> Self {
        let digits = Box::new([[Chance::EVEN; 1 << LEARNED]; 65]);
        Self { longer: [Chance::EVEN; 65], negative: Chance::EVEN, digits }
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
        let (mut read, mut node) = (1_u64, 1);
        for at in (0..length - 1).rev() {
            let digit = (size >> at) & 1 == 1;
            let digit = match self.digits[length].get_mut(node) {
                Some(chance) => coder.bit(chance, digit),
                None => coder.even_bit(digit),
            };
            read = (read << 1) | u64::from(digit);
            node = (node << 1) | usize::from(digit);
        }
        let number = read.cast_signed();
        if is_negative { number.wrapping_neg() } else { number }
    }
}

/// Binary digits; 0 has none.
fn digits(size: u64) -> usize {
    usize::try_from(u64::BITS - size.leading_zeros()).unwrap_or(64)
}

/// Where a number was, and how it moves.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Track {
    pub last: i64,
    step: i64,
    /// Of the steps, in sixteenths.
    mean: i64,
    /// How far off each way to guess was, lately.
    errors: [u16; 3],
    is_known: bool,
}

impl Track {
    /// The same again, as much more as the last time, or as much more as usual: what was best lately.
    pub fn guess(&self) -> i64 {
        let [same, ..] = self.errors;
        let best = (0..3).min_by_key(|way| self.errors[*way]);
        best.filter(|way| self.errors[*way] < same).map_or(self.last, |way| self.guesses()[way])
    }

    fn guesses(&self) -> [i64; 3] {
        let usual = (self.mean + 8) >> 4;
        [self.last, self.last.wrapping_add(self.step), self.last.wrapping_add(usual)]
    }

    pub fn learn(&mut self, number: i64) {
        let step = number.wrapping_sub(self.last);
        if self.is_known {
            let guesses = self.guesses();
            for (error, guess) in self.errors.iter_mut().zip(guesses) {
                let off = digits(number.wrapping_sub(guess).unsigned_abs());
                *error = *error - (*error >> 3) + u16::try_from(off << 5).unwrap_or(u16::MAX);
            }
            self.step = step;
            self.mean += ((step.clamp(-(1 << 40), 1 << 40) << 4) - self.mean) / 8;
        }
        (self.last, self.is_known) = (number, true);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::coder::{Decoder, Encoder};
    use super::*;

    fn written(numbers: &[i64]) -> Vec<u8> {
        let (mut encoder, mut column) = (Encoder::new(), Column::new());
        for number in numbers {
            column.code(&mut encoder, *number);
        }
        encoder.finish()
    }

    fn read(bytes: &[u8], how_many: usize) -> Vec<i64> {
        let (mut decoder, mut column) = (Decoder::new(bytes), Column::new());
        (0..how_many).map(|_| column.code(&mut decoder, 0)).collect()
    }

    proptest! {
        #[test]
        fn numbers_are_read_as_they_were_written(numbers in proptest::collection::vec(prop_oneof![any::<i64>(), -9..9_i64], 0..300)) {
            prop_assert_eq!(read(&written(&numbers), numbers.len()), numbers);
        }

        #[test]
        fn any_numbers_can_be_guessed_at(numbers in proptest::collection::vec(any::<i64>(), 0..100)) {
            let mut track = Track::default();
            for number in numbers {
                let off = number.wrapping_sub(track.guess());
                prop_assert_eq!(track.guess().wrapping_add(off), number);
                track.learn(number);
            }
        }
    }

    #[test]
    fn the_extremes_survive() {
        let numbers = [i64::MIN, i64::MAX, 0, -1, 1, i64::MIN + 1];
        assert_eq!(read(&written(&numbers), numbers.len()), numbers);
    }

    #[test]
    fn a_clock_a_constant_and_a_counter_are_foreseen() {
        for step in [0, 1, 1_000] {
            let mut track = Track::default();
            (0..20).for_each(|at| track.learn(7_000 + at * step));
            assert_eq!(track.guess(), 7_000 + 20 * step);
        }
        let mut noisy = Track::default();
        let mut total = 0;
        for at in 0..40 {
            total += if at % 2 == 0 { 40 } else { 60 };
            noisy.learn(total);
        }
        assert!((total + 40..=total + 60).contains(&noisy.guess()), "as much more as usual");
    }
}
