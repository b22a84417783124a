//! Who keeps a connection when there are too many: whoever has shown that they may order comes before whoever may look, and both
//! before whoever has shown nothing yet. Of equals the newest stays, so that idle connections keep nobody out.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::limit::neighbourhood;

/// Most connections at a time.
const MOST: usize = 128;
/// Most of them from one address.
const MOST_FROM_ONE: usize = 32;

/// What a client has shown so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Nothing.
    Unknown,
    /// A viewer's token.
    Viewer,
    /// An operator's token, or a signature.
    Operator,
}

/// The connections that there are.
#[derive(Debug, Default)]
pub struct Seats(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    /// The oldest first.
    seats: Vec<Entry>,
    next: u64,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    from: IpAddr,
    rank: Rank,
    cut: Arc<Notify>,
}

/// One connection's; dropped, it makes room.
#[derive(Debug)]
pub struct Seat {
    seats: Arc<Seats>,
    number: u64,
}

impl Seats {
    /// Takes one for a client from there, whose connection is broken off by `cut` once it has to make room. None where everybody
    /// else may order.
    pub fn take(self: &Arc<Self>, from: IpAddr, cut: Arc<Notify>) -> Option<Seat> {
        let from = neighbourhood(from);
        let mut taken = self.taken();
        let of_one = taken.seats.iter().filter(|seat| seat.from == from).count();
        if of_one >= MOST_FROM_ONE {
            taken.make_room(|seat| seat.from == from)?;
        } else if taken.seats.len() >= MOST {
            taken.make_room(|_| true)?;
        }
        let number = taken.next;
        taken.next += 1;
        taken.seats.push(Entry { number, from, rank: Rank::Unknown, cut });
        Some(Seat { seats: Arc::clone(self), number })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// Breaks the connection off that has shown least, the oldest of those.
    fn make_room(&mut self, of: impl Fn(&Entry) -> bool) -> Option<()> {
        let least = self.seats.iter().enumerate().filter(|(_, seat)| seat.rank < Rank::Operator && of(seat));
        let (at, _) = least.min_by_key(|(_, seat)| (seat.rank, seat.number))?;
        self.seats.remove(at).cut.notify_one();
        Some(())
    }
}

impl Seat {
    /// The client has shown this.
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

    /// So many seats for clients from there.
    fn fill(seats: &Arc<Seats>, from: IpAddr, count: usize) -> Vec<(Seat, Arc<Notify>)> {
        let seat = |cut: Arc<Notify>| (seats.take(from, Arc::clone(&cut)).unwrap(), cut);
        (0..count).map(|_| seat(Arc::default())).collect()
    }

    async fn is_cut(cut: &Notify) -> bool {
        tokio::time::timeout(std::time::Duration::from_millis(1), cut.notified()).await.is_ok()
    }

    #[tokio::test]
    async fn the_oldest_of_those_who_have_shown_nothing_makes_room() {
        let seats = Arc::<Seats>::default();
        let from_one = fill(&seats, address(1), MOST_FROM_ONE);
        from_one[0].0.has_shown(Rank::Operator);
        from_one[1].0.has_shown(Rank::Viewer);
        let _newcomer = seats.take(address(1), Arc::default()).unwrap();
        let cut: Vec<_> =
            [is_cut(&from_one[0].1).await, is_cut(&from_one[1].1).await, is_cut(&from_one[2].1).await].into();
        assert_eq!(cut, [false, false, true]);
        assert!(seats.take(address(2), Arc::default()).is_some(), "other addresses have their own");
    }

    #[tokio::test]
    async fn whoever_may_order_is_never_cut_off_for_a_newcomer() {
        let seats = Arc::<Seats>::default();
        let operators = fill(&seats, address(1), MOST_FROM_ONE);
        for (seat, _) in &operators {
            seat.has_shown(Rank::Operator);
        }
        assert!(seats.take(address(1), Arc::default()).is_none());
        drop(operators);
        assert!(seats.take(address(1), Arc::default()).is_some(), "they have left");
    }

    #[tokio::test]
    async fn there_are_never_more_than_the_limit() {
        let seats = Arc::<Seats>::default();
        let all: Vec<_> = (0..8).flat_map(|number| fill(&seats, address(number), 20)).collect();
        assert_eq!(seats.taken().seats.len(), MOST);
        assert!(is_cut(&all[0].1).await && !is_cut(&all[159].1).await);
    }
}
