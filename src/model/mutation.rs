//! The mistakes that a simulation plants, to see whether it notices them. Without the cargo feature `simulation` none is made.

/// A mistake that somebody could have made. A simulation that does not notice it is not worth much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// The intent to roll back is journalled once traffic has moved.
    IntentAfterTheMove,
    /// The deploy lock is given back before the router is read back.
    LockDroppedEarly,
    /// A resumed rollback counts its attempts and their time anew.
    AttemptsForgotten,
    /// A check that does not know counts as healthy at the window's end.
    UnknownIsHealthy,
    /// An abort is answered, and lost where a rollback waits.
    AbortLostWhileWaiting,
    /// The state file is renamed into place, and nothing of it made durable.
    StateNotSynced,
    /// A decision counts as journalled before it is durable.
    JournalNotSynced,
    /// A deployment that somebody else switched since is rolled back all the same.
    SupersededUnchecked,
    /// Every attempt journals an intent of its own.
    IntentRepeated,
    /// Traffic that is back is moved back again.
    AlreadyBackIgnored,
    /// The router's word is taken for the move.
    ReadBackSkipped,
    /// What is done is not on record first.
    NotRecordedFirst,
    /// The router is not read while the recovery is verified.
    UndoneUnseen,
}

impl Mutation {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::IntentAfterTheMove,
        Self::LockDroppedEarly,
        Self::AttemptsForgotten,
        Self::UnknownIsHealthy,
        Self::AbortLostWhileWaiting,
        Self::StateNotSynced,
        Self::JournalNotSynced,
        Self::SupersededUnchecked,
        Self::IntentRepeated,
        Self::AlreadyBackIgnored,
        Self::ReadBackSkipped,
        Self::NotRecordedFirst,
        Self::UndoneUnseen,
    ];
}

#[cfg(feature = "simulation")]
mod made {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::Mutation;

    type Made = Rc<dyn Fn(Mutation) -> bool>;

    thread_local! {
        static MADE: RefCell<Option<Made>> = const { RefCell::new(None) };
    }

    /// From now on this thread makes the mistakes that this says.
    pub(crate) fn make(made: impl Fn(Mutation) -> bool + 'static) {
        MADE.set(Some(Rc::new(made)));
    }

    pub(super) fn is_made(mutation: Mutation) -> bool {
        MADE.with_borrow(Clone::clone).is_some_and(|made| made(mutation))
    }
}

#[cfg(feature = "simulation")]
use made::is_made;
#[cfg(feature = "simulation")]
pub(crate) use made::make;

#[cfg(not(feature = "simulation"))]
fn is_made(_: Mutation) -> bool {
    false
}

/// Whether this mistake is to be made.
pub(crate) fn mutated(mutation: Mutation) -> bool {
    is_made(mutation)
}
