//! What coordination needs of an engine that several hosts reach.
//!
//! An engine keeps records under names, such as `now/leader`. A member has a lease, which ends when the member is silent for too
//! long, and with it go the records that were put under it. **The token of a leader is the number of the change that made its
//! record**: it is greater than that of every leader before, and whatever the leader writes is accepted only while that record is
//! there.

use std::fmt;
use std::time::Duration;

use crate::io::source::Later;

/// The record of the leader, put under its lease.
pub const LEADER: &str = "now/leader";
/// The records of all that lead or stand by: `now/members/NAME`, under their leases.
pub const MEMBERS: &str = "now/members/";
/// The content of the state file.
pub const STATE: &str = "now/state";
/// What is awaited by [`Engine::change`].
pub const NOW: &str = "now/";
/// What belongs to a soak: `soaks/ID/…`.
pub const SOAKS: &str = "soaks/";

/// Rises with every leader.
pub type Token = i64;

/// A lease, and for how long it was granted from when it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What it is called by.
    pub id: i64,
    /// For how long.
    pub granted: Duration,
}

/// What is kept under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its name, after that of the service.
    pub name: String,
    /// Its content.
    pub value: Vec<u8>,
    /// The change that made it.
    pub created: i64,
    /// The last change to it.
    pub changed: i64,
    /// The lease it goes with; 0 for none.
    pub lease: i64,
}

/// One of the writes that are made together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Makes or replaces a record, perhaps under a lease.
    Put {
        /// Its name.
        name: String,
        /// Its content.
        value: Vec<u8>,
        /// What it goes with.
        lease: Option<i64>,
    },
    /// Removes the records from the first name up to before the second one.
    Remove {
        /// The first of them.
        from: String,
        /// What comes after the last.
        to: String,
    },
}

impl Write {
    /// A record without a lease.
    pub fn put(name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        Self::Put { name: name.into(), value: value.into(), lease: None }
    }
}

/// What has to be true for writes to be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nothing.
    None,
    /// Nobody leads.
    NoLeader,
    /// Whoever has this token leads.
    Leads(Token),
    /// This change is the last one to a record; 0 where there is none.
    Unchanged(&'static str, i64),
    /// Both: whoever has this token leads, and this change is the last one to a record.
    LeadsOver(Token, &'static str, i64),
}

/// What became of writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// All of them were made, by this change.
    At(i64),
    /// None was made: a guard did not hold.
    Refused,
}

/// Why an engine did not do what it was asked. Each finishes a sentence that begins with "etcd".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// Whether it was done is unknown.
    #[error("does not answer: {0}")]
    OutOfReach(String),
    /// It takes no writes until somebody makes room.
    #[error("has no room and takes no writes: {0}")]
    Full(String),
    /// Nothing was done.
    #[error("does not let us in: {0}")]
    Denied(String),
    /// Whether it was done is unknown.
    #[error("answered what was not expected: {0}")]
    Unexpected(String),
}

/// How an engine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Of the server that answered.
    pub version: String,
    /// In bytes.
    pub used: u64,
    /// Whether it takes no writes for lack of room.
    pub full: bool,
}

/// Keeps the records of one service for all hosts.
pub trait Engine: fmt::Debug + Send + Sync {
    /// How it is.
    fn health(&self) -> Later<'_, Result<Health, EngineError>>;
    /// Begins a lease.
    fn grant(&self, ttl: Duration) -> Later<'_, Result<Lease, EngineError>>;
    /// For how long a lease goes on from when this was asked; `None` where it has ended.
    fn keep_alive(&self, lease: i64) -> Later<'_, Result<Option<Duration>, EngineError>>;
    /// How long ago a lease was renewed, in whole seconds; `None` where it has ended.
    fn renewed(&self, lease: i64) -> Later<'_, Result<Option<Duration>, EngineError>>;
    /// Ends a lease, and everything under it.
    fn revoke(&self, lease: i64) -> Later<'_, Result<(), EngineError>>;
    /// The records whose names begin so, by their names, as of one moment.
    fn read(&self, prefix: &str) -> Later<'_, Result<Vec<Record>, EngineError>>;
    /// Makes all writes or none.
    fn write(&self, guard: Guard, writes: Vec<Write>) -> Later<'_, Result<Written, EngineError>>;
    /// Waits until something has changed under [`NOW`] after this change, but not for longer than `most`.
    fn change(&self, after: i64, most: Duration) -> Later<'_, ()>;
}

/// Of a record that nobody of us wrote.
pub fn damaged(name: &str) -> EngineError {
    EngineError::Unexpected(format!("its record `{name}` of this service is damaged: see what it says, and remove it"))
}
