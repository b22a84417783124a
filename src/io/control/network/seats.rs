//! Who keeps a connection when there are too many: those who may order first, then viewers, then those who have shown
//! nothing for [`TO_SHOW`]. Among equals the newest stays, so that idle connections keep nobody out.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::limit::neighbourhood;
use super::tokens::Role;

const MAX: usize = 128;
const MAX_FROM_ONE: usize = 32;

/// Time to authenticate before a client makes room for others.
const TO_SHOW: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    Unknown,
    Viewer,
    Operator,
}

impl From<Role> for Rank {
    fn from(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Viewer,
            Role::Operator => Self::Operator,
        }
    }
}

#[derive(Debug, Default)]
pub struct Seats(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    seats: Vec<Entry>,
    next: u64,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    from: IpAddr,
    rank: Rank,
    since: Instant,
    cut: Arc<Notify>,
}

/// A connection's seat, freed on drop.
#[derive(Debug)]
pub struct Seat {
    seats: Arc<Seats>,
    number: u64,
}

impl Seats {
    /// `cut` closes the connection once it has to make room. `None` if everybody else may order.
    pub fn take(self: &Arc<Self>, from: IpAddr, cut: Arc<Notify>, now: Instant) -> Option<Seat> {
        let from = neighbourhood(from);
        let mut taken = self.taken();
        let of_one = taken.seats.iter().filter(|seat| seat.from == from).count();
        if of_one >= MAX_FROM_ONE {
            taken.make_room(now, |seat| seat.from == from)?;
        } else if taken.seats.len() >= MAX {
            taken.make_room(now, |_| true)?;
        }
        let number = taken.next;
        taken.next += 1;
        taken.seats.push(Entry { number, from, rank: Rank::Unknown, since: now, cut });
        Some(Seat { seats: Arc::clone(self), number })
    }

    pub fn revoke(&self, role: Role) {
        let rank = Rank::from(role);
        self.taken().seats.iter().filter(|seat| seat.rank == rank).for_each(|seat| seat.cut.notify_one());
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// Closes the oldest connection that has shown least; one that has just begun comes last of all.
    fn make_room(&mut self, now: Instant, of: impl Fn(&Entry) -> bool) -> Option<()> {
        let least = self.seats.iter().enumerate().filter(|(_, seat)| seat.rank < Rank::Operator && of(seat));
        let begins = |seat: &Entry| seat.rank == Rank::Unknown && now.duration_since(seat.since) < TO_SHOW;
        let (at, _) = least.min_by_key(|(_, seat)| (begins(seat), seat.rank, seat.number))?;
        self.seats.remove(at).cut.notify_one();
        Some(())
    }
}

impl Seat {
    pub fn has_shown(&self, rank: Rank) {
        let mut taken = self.seats.taken();
        if let Some(seat) = taken.seats.iter_mut().find(|seat| seat.number == self.number) {
            seat.rank = seat.rank.max(rank);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.taken().seats.retain(|seat| seat.number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, number])
    }

    fn fill(seats: &Arc<Seats>, from: IpAddr, count: usize, now: Instant) -> Vec<(Seat, Arc<Notify>)> {
        let seat = |cut: Arc<Notify>| (seats.take(from, Arc::clone(&cut), now).unwrap(), cut);
        (0..count).map(|_| seat(Arc::default())).collect()
    }

    fn all_of_one(seats: &Arc<Seats>, rank: Rank, now: Instant) -> Vec<(Seat, Arc<Notify>)> {
        let taken = fill(seats, address(1), MAX_FROM_ONE, now);
        for (seat, _) in &taken {
            seat.has_shown(rank);
        }
        taken
    }

    async fn is_cut((_, cut): &(Seat, Arc<Notify>)) -> bool {
        tokio::time::timeout(Duration::from_millis(1), cut.notified()).await.is_ok()
    }

    #[tokio::test]
    async fn the_oldest_of_those_who_have_shown_nothing_makes_room() {
        let (seats, start) = (Arc::<Seats>::default(), Instant::now());
        let from_one = all_of_one(&seats, Rank::Unknown, start);
        from_one[0].0.has_shown(Rank::Operator);
        from_one[1].0.has_shown(Rank::Viewer);
        let _newcomer = seats.take(address(1), Arc::default(), start + TO_SHOW).unwrap();
        let cut = [is_cut(&from_one[0]).await, is_cut(&from_one[1]).await, is_cut(&from_one[2]).await];
        assert_eq!(cut, [false, false, true]);
        assert!(seats.take(address(2), Arc::default(), start).is_some(), "other addresses have their own");
    }

    #[tokio::test]
    async fn a_viewer_makes_room_before_somebody_who_has_only_begun() {
        let (seats, start) = (Arc::<Seats>::default(), Instant::now());
        let viewers = all_of_one(&seats, Rank::Viewer, start);
        let begun = fill(&seats, address(1), 2, start + TO_SHOW);
        assert!(is_cut(&viewers[0]).await && is_cut(&viewers[1]).await && !is_cut(&viewers[2]).await);
        assert!(!is_cut(&begun[0]).await, "it has not had the time to show a token");
    }

    #[tokio::test]
    async fn whoever_may_order_is_never_cut_off_for_a_newcomer() {
        let (seats, now) = (Arc::<Seats>::default(), Instant::now());
        let operators = all_of_one(&seats, Rank::Operator, now);
        assert!(seats.take(address(1), Arc::default(), now + TO_SHOW).is_none());
        drop(operators);
        assert!(seats.take(address(1), Arc::default(), now).is_some(), "they have left");
    }

    #[tokio::test]
    async fn there_are_never_more_than_the_limit() {
        let (seats, now) = (Arc::<Seats>::default(), Instant::now());
        let all: Vec<_> = (0..8).flat_map(|number| fill(&seats, address(number), 20, now)).collect();
        assert_eq!(seats.taken().seats.len(), MAX);
        assert!(is_cut(&all[0]).await && !is_cut(&all[159]).await);
    }
}
