//! A range coder with adaptive bits: a bit costs as much as it surprises (Martin, "Range encoding", 1979; adaptive binary
//! models as in LZMA). Encoder and decoder are used through one trait, so that what is written and what is read cannot differ.

/// Of a [`Chance`], in bits.
const SCALE: u16 = 15;
/// A chance learns by a half with its first bit, then by less and less, and by 1/32 in the end: halvings, by how many bits it saw.
const RATES: [u8; 16] = [1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5];
/// Below this the range is widened by a byte.
const NARROW: u32 = 1 << 24;

/// How likely the next bit is 0, never 0 and never certain.
#[derive(Clone, Copy, Debug)]
pub struct Chance {
    /// In 1/32768.
    zero: u16,
    /// Place in [`RATES`].
    seen: u8,
}

impl Chance {
    pub const EVEN: Self = Self { zero: 1 << (SCALE - 1), seen: 0 };

    fn learn(&mut self, bit: bool) {
        let rate = RATES[usize::from(self.seen)];
        if usize::from(self.seen) < RATES.len() - 1 {
            self.seen += 1;
        }
        if bit {
            self.zero -= self.zero >> rate;
        } else {
            self.zero += ((1 << SCALE) - self.zero) >> rate;
        }
    }
}

/// Writes a bit and returns it, or ignores the one given and returns the one read.
pub trait Coder {
    fn bit(&mut self, chance: &mut Chance, bit: bool) -> bool;
    /// A bit that is as likely 0 as 1.
    fn even_bit(&mut self, bit: bool) -> bool;
}

#[derive(Debug)]
pub struct Encoder {
    low: u64,
    range: u32,
    /// The last byte that a carry can still change, and how many bytes of 255 follow it.
    held: Option<u8>,
    full: usize,
    bytes: Vec<u8>,
}

impl Encoder {
    pub const fn new() -> Self {
        Self { low: 0, range: u32::MAX, held: None, full: 0, bytes: Vec::new() }
    }

    fn widen(&mut self) {
        while self.range < NARROW {
            self.range <<= 8;
            self.shift();
        }
    }

    /// Moves the highest byte out.
    fn shift(&mut self) {
        let [_, _, _, carry, byte, ..] = self.low.to_be_bytes();
        if byte == u8::MAX && carry == 0 {
            self.full += 1;
        } else {
            self.bytes.extend(self.held.map(|held| held.wrapping_add(carry)));
            self.bytes.extend(std::iter::repeat_n(u8::MAX.wrapping_add(carry), self.full));
            (self.held, self.full) = (Some(byte), 0);
        }
        self.low = (self.low & 0x00ff_ffff) << 8;
    }

    /// The bytes, without zeros at the end: the decoder reads zeros there.
    pub fn finish(mut self) -> Vec<u8> {
        (0..5).for_each(|_| self.shift());
        let length = self.bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        self.bytes.truncate(length);
        self.bytes
    }
}

impl Coder for Encoder {
    fn bit(&mut self, chance: &mut Chance, bit: bool) -> bool {
        let bound = (self.range >> SCALE) * u32::from(chance.zero);
        if bit {
            self.low += u64::from(bound);
            self.range -= bound;
        } else {
            self.range = bound;
        }
        chance.learn(bit);
        self.widen();
        bit
    }

    fn even_bit(&mut self, bit: bool) -> bool {
        self.range >>= 1;
        if bit {
            self.low += u64::from(self.range);
        }
        self.widen();
        bit
    }
}

#[derive(Debug)]
pub struct Decoder<'a> {
    /// Where the encoder's value is above its `low`.
    code: u32,
    range: u32,
    bytes: std::slice::Iter<'a, u8>,
}

impl<'a> Decoder<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self { code: 0, range: u32::MAX, bytes: bytes.iter() };
        (0..4).for_each(|_| decoder.shift());
        decoder
    }

    fn shift(&mut self) {
        let next = self.bytes.next().copied().unwrap_or(0);
        self.code = (self.code << 8) | u32::from(next);
    }

    fn widen(&mut self) {
        while self.range < NARROW {
            self.range <<= 8;
            self.shift();
        }
    }
}

impl Coder for Decoder<'_> {
    fn bit(&mut self, chance: &mut Chance, _: bool) -> bool {
        let bound = (self.range >> SCALE) * u32::from(chance.zero);
        let bit = self.code >= bound;
        if bit {
            self.code -= bound;
            self.range -= bound;
        } else {
            self.range = bound;
        }
        chance.learn(bit);
        self.widen();
        bit
    }

    fn even_bit(&mut self, _: bool) -> bool {
        self.range >>= 1;
        let bit = self.code >= self.range;
        if bit {
            self.code -= self.range;
        }
        self.widen();
        bit
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bits_are_read_as_they_were_written(bits in proptest::collection::vec((any::<bool>(), any::<bool>(), 0..3_usize), 0..2_000)) {
            let mut encoder = Encoder::new();
            let mut chances = [Chance::EVEN; 3];
            for (bit, even, at) in &bits {
                if *even { encoder.even_bit(*bit) } else { encoder.bit(&mut chances[*at], *bit) };
            }
            let bytes = encoder.finish();
            let mut decoder = Decoder::new(&bytes);
            let mut chances = [Chance::EVEN; 3];
            for (bit, even, at) in bits {
                let read = if even { decoder.even_bit(false) } else { decoder.bit(&mut chances[at], false) };
                prop_assert_eq!(read, bit);
            }
        }
    }

    #[test]
    fn a_carry_goes_through_bytes_of_255() {
        // Always the upper part of a tiny range: `low` stays just below a carry for long.
        for ones in 0..200 {
            let mut encoder = Encoder::new();
            assert!((0..ones).all(|_| encoder.even_bit(true)));
            assert!((0..200).all(|_| encoder.bit(&mut Chance { zero: 15, ..Chance::EVEN }, true)));
            let bytes = encoder.finish();
            let mut decoder = Decoder::new(&bytes);
            assert!((0..ones).all(|_| decoder.even_bit(false)), "{ones}");
            assert!((0..200).all(|_| decoder.bit(&mut Chance { zero: 15, ..Chance::EVEN }, false)), "{ones}");
        }
    }

    #[test]
    fn what_does_not_surprise_costs_next_to_nothing() {
        let mut encoder = Encoder::new();
        let mut chance = Chance::EVEN;
        assert!(!(0..8_000).any(|_| encoder.bit(&mut chance, false)));
        assert!(encoder.finish().len() < 10);
    }
}
