//! How many failed attempts an address has.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// This many attempts may fail in a row, then one per [`EVERY`]: 10^26 years for 100,000 addresses to guess 128 bits.
const BURST: u32 = 10;
const EVERY: Duration = Duration::from_secs(6);
/// Addresses tracked separately; any further ones share one count.
const ADDRESSES: usize = 1_024;

/// Failed attempts by address: a token bucket each; an empty one blocks its address until it has refilled.
#[derive(Debug, Default)]
pub struct Limit {
    /// When the failures of an address are forgotten.
    forgotten: Mutex<HashMap<IpAddr, Instant>>,
}

impl Limit {
    /// Checks the attempt, or returns for how long none from this address is checked.
    pub fn attempt<T, E>(
        &self,
        from: IpAddr,
        now: Instant,
        look: impl FnOnce() -> Result<T, E>,
    ) -> Result<Result<T, E>, Duration> {
        // Held during the check, so that simultaneous attempts count one after the other.
        let mut forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        let from = place(&mut forgotten, neighbourhood(from), now);
        let until = forgotten.get(&from).copied().unwrap_or(now).max(now);
        let too_many = (until + EVERY).saturating_duration_since(now + EVERY * BURST);
        if !too_many.is_zero() {
            return Err(too_many);
        }
        let looked = look();
        if looked.is_err() {
            forgotten.insert(from, until + EVERY);
        }
        Ok(looked)
    }
}

/// Who has one address of a /64 has them all.
pub fn neighbourhood(from: IpAddr) -> IpAddr {
    match from {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// The key that failures count under: the address, or a shared one if there are too many.
fn place(forgotten: &mut HashMap<IpAddr, Instant>, from: IpAddr, now: Instant) -> IpAddr {
    if forgotten.contains_key(&from) || forgotten.len() < ADDRESSES {
        return from;
    }
    forgotten.retain(|_, until| *until > now);
    if forgotten.len() < ADDRESSES { from } else { IpAddr::from([0; 4]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u32) -> IpAddr {
        IpAddr::from((0x0a00_0000 + number).to_be_bytes())
    }

    fn fails(limit: &Limit, from: IpAddr, now: Instant) -> Result<Result<(), ()>, Duration> {
        limit.attempt(from, now, || Err(()))
    }

    #[test]
    fn ten_failures_are_looked_at_and_then_one_in_six_seconds_whoever_asks_from_there() {
        let (limit, start) = (Limit::default(), Instant::now());
        for _ in 0..BURST {
            assert_eq!(fails(&limit, address(1), start), Ok(Err(())));
        }
        assert_eq!(limit.attempt(address(1), start, || Ok::<_, ()>(())), Err(EVERY));
        assert_eq!(limit.attempt(address(2), start, || Ok::<_, ()>(())), Ok(Ok(())));
        assert_eq!(fails(&limit, address(1), start + EVERY), Ok(Err(())));
        assert_eq!(fails(&limit, address(1), start + EVERY), Err(EVERY));
        let later = start + EVERY * (BURST + 1);
        for _ in 0..BURST {
            assert_eq!(fails(&limit, address(1), later), Ok(Err(())));
        }
        assert_eq!(fails(&limit, address(1), later), Err(EVERY));
    }

    #[test]
    fn success_costs_nothing() {
        let (limit, now) = (Limit::default(), Instant::now());
        for _ in 0..100 {
            assert_eq!(limit.attempt(address(1), now, || Ok::<_, ()>(7)), Ok(Ok(7)));
        }
    }

    #[test]
    fn the_addresses_of_one_network_count_together() {
        let (limit, now) = (Limit::default(), Instant::now());
        for host in 0..10 {
            assert_eq!(fails(&limit, format!("2001:db8::{host:x}").parse().unwrap(), now), Ok(Err(())));
        }
        assert_eq!(fails(&limit, "2001:db8::ffff".parse().unwrap(), now), Err(EVERY));
        assert_eq!(fails(&limit, "2001:db8:0:1::1".parse().unwrap(), now), Ok(Err(())));
    }

    #[test]
    fn memory_stays_bounded_and_too_many_addresses_count_together() {
        let (limit, now) = (Limit::default(), Instant::now());
        let mut refused = 0;
        for number in 0..5_000 {
            refused += usize::from(fails(&limit, address(number), now).is_err());
        }
        assert_eq!(refused, 5_000 - ADDRESSES - BURST as usize);
        assert_eq!(limit.forgotten.lock().unwrap().len(), ADDRESSES + 1);
        assert_eq!(fails(&limit, address(9_999), now + EVERY), Ok(Err(())), "forgotten ones make room");
        assert_eq!(limit.forgotten.lock().unwrap().len(), 1 + 1);
    }
}
