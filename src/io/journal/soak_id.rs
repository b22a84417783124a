//! The name of a soak.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// The name of a soak, such as `20261123T140211Z-3f2a`: start (UTC) in seconds and within the second, and a random
/// byte. IDs sort by time, and are safe as file names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SoakId(String);

impl SoakId {
    /// `random` tells soaks of the same second apart.
    pub fn new(at: Timestamp, random: [u8; 2]) -> Self {
        Self(format!("{}-{:02x}{:02x}", at.strftime("%Y%m%dT%H%M%SZ"), random[0], random[1]))
    }

    /// Replaces the first byte by the time within the second, in 4ms steps, so that IDs of one second sort by time.
    pub fn in_order(at: Timestamp, random: [u8; 2]) -> [u8; 2] {
        let step = at.subsec_nanosecond().unsigned_abs() / 3_906_250;
        [u8::try_from(step).unwrap_or(u8::MAX), random[1]]
    }

    /// When the soak began, to the second.
    pub fn began(&self) -> Option<Timestamp> {
        let (at, _) = self.0.split_once('-')?;
        let at = DateTime::strptime("%Y%m%dT%H%M%SZ", at).ok()?;
        TimeZone::UTC.to_timestamp(at).ok()
    }

    /// The ID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SoakId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a valid soak: expected an ID such as `20261123T140211Z-3f2a`")]
pub struct InvalidSoakId(String);

impl FromStr for SoakId {
    type Err = InvalidSoakId;

    fn from_str(text: &str) -> Result<Self, InvalidSoakId> {
        const PATTERN: &[u8] = b"00000000T000000Z-xxxx";
        let matches = text.len() == PATTERN.len()
            && text.bytes().zip(PATTERN).all(|(byte, pattern)| match pattern {
                b'0' => byte.is_ascii_digit(),
                b'x' => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
                literal => byte == *literal,
            });
        if matches { Ok(Self(text.to_owned())) } else { Err(InvalidSoakId(text.to_owned())) }
    }
}

impl TryFrom<String> for SoakId {
    type Error = InvalidSoakId;

    fn try_from(text: String) -> Result<Self, InvalidSoakId> {
        text.parse()
    }
}

impl From<SoakId> for String {
    fn from(id: SoakId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_id_says_when_the_soak_began_and_reads_back() {
        let id = SoakId::new(at("2026-11-23T15:02:11.9+01:00"), [0x3f, 0x0a]);
        assert_eq!(id.to_string(), "20261123T140211Z-3f0a");
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        assert_eq!(id.began(), Some(at("2026-11-23T14:02:11Z")));
        assert_eq!(serde_json::from_str::<SoakId>(&serde_json::to_string(&id).unwrap()).unwrap(), id);
    }

    #[test]
    fn ids_sort_by_time() {
        let earlier = SoakId::new(at("2026-11-23T23:59:59Z"), [0xff, 0xff]);
        assert!(earlier < SoakId::new(at("2026-11-24T00:00:00Z"), [0, 0]));
    }

    #[test]
    fn nothing_else_becomes_a_file_name() {
        for text in ["", "../../etc/passwd", "20261123T140211Z-3F2A", "20261123T140211Z-3f2a/", "20261123 140211Z-3f2a"]
        {
            assert_eq!(text.parse::<SoakId>(), Err(InvalidSoakId(text.to_owned())));
            assert!(serde_json::from_str::<SoakId>(&format!("{text:?}")).is_err());
        }
    }

    #[test]
    fn ids_of_one_second_sort_by_time() {
        let at = |nanos| Timestamp::new(1_795_476_145, nanos).unwrap();
        let id = |nanos, random| SoakId::new(at(nanos), SoakId::in_order(at(nanos), [0, random]));
        assert!(id(0, 255) < id(4_000_000, 0) && id(4_000_000, 255) < id(999_999_999, 0));
        assert_eq!(id(999_999_999, 0x2a).as_str(), "20261123T232225Z-ff2a");
    }
}
