//! The times of a run: now, its beginning, the soak's beginning and end, and what nobody watched.

use crate::core::soak::Envelope;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unwatched {
    pub ms: u64,
    pub gaps: u32,
}

/// `at` is milliseconds since the run began and never goes back; `wall` is the wall clock, and only shown.
#[derive(Clone, Debug, Default)]
pub(super) struct RunTime {
    at: u64,
    wall: i64,
    run_wall: i64,
    soak_wall: Option<i64>,
    end_wall: Option<i64>,
    resumed_at: Option<u64>,
    unwatched: Unwatched,
}

impl RunTime {
    pub fn advance(&mut self, envelope: &Envelope) {
        self.at = self.at.max(envelope.at_ms);
        self.wall = envelope.wall_ms;
    }

    pub const fn at(&self) -> u64 {
        self.at
    }

    pub const fn after(&self, ms: u64) -> u64 {
        self.at.saturating_add(ms)
    }

    pub const fn since(&self, then: u64) -> u64 {
        self.at.saturating_sub(then)
    }

    pub const fn wall(&self) -> i64 {
        self.wall
    }

    pub const fn run_wall(&self) -> i64 {
        self.run_wall
    }

    pub const fn soak_wall(&self) -> Option<i64> {
        self.soak_wall
    }

    pub const fn end_wall(&self) -> Option<i64> {
        self.end_wall
    }

    pub const fn begin_run(&mut self) {
        self.run_wall = self.wall;
    }

    pub const fn begin_soak(&mut self) {
        self.soak_wall = Some(self.wall);
    }

    pub const fn end(&mut self) {
        self.end_wall = Some(self.wall);
    }

    pub const fn resume(&mut self, gap_ms: u64) {
        self.resumed_at = Some(self.at);
        self.add_gap(gap_ms);
    }

    pub const fn resumed_at(&self) -> Option<u64> {
        self.resumed_at
    }

    pub const fn add_gap(&mut self, ms: u64) {
        self.unwatched.ms = self.unwatched.ms.saturating_add(ms);
        self.unwatched.gaps = self.unwatched.gaps.saturating_add(1);
    }

    pub const fn unwatched(&self) -> Unwatched {
        self.unwatched
    }
}
