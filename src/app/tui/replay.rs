//! Plays a recording: which events are due, at which speed, from where.

use crate::core::soak::{Envelope, RecordingHeader};

use super::Playback;

/// One step of seeking, in milliseconds.
const STEP_MS: u64 = 10_000;
/// Thousandths of real time: the slowest, real time, and the fastest.
const SLOWEST: u32 = 125;
const REAL_TIME: u32 = 1_000;
const FASTEST: u32 = 1_024_000;

#[derive(Clone, Debug)]
pub struct Player {
    header: RecordingHeader,
    events: Vec<Envelope>,
    /// The first event that was not played.
    next: usize,
    position_ms: u64,
    /// Thousandths of a millisecond that a step left over.
    rest: u64,
    speed: u32,
    paused: bool,
}

/// What is to be folded now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Played<'a> {
    /// Where it begins anew, what to begin with: what was folded so far is void.
    pub anew: Option<&'a RecordingHeader>,
    pub events: &'a [Envelope],
}

impl Player {
    /// A recording at its beginning, playing in real time. The events are in the order of their places.
    pub const fn new(header: RecordingHeader, events: Vec<Envelope>) -> Self {
        Self { header, events, next: 0, position_ms: 0, rest: 0, speed: REAL_TIME, paused: false }
    }

    /// The same at so many times real time, at most 1024.
    #[must_use]
    pub fn with_speed(self, times: u32) -> Self {
        let speed = times.saturating_mul(REAL_TIME).clamp(SLOWEST, FASTEST);
        Self { speed, ..self }
    }

    pub const fn header(&self) -> &RecordingHeader {
        &self.header
    }

    pub fn playback(&self) -> Playback {
        Playback {
            speed: f64::from(self.speed) / f64::from(REAL_TIME),
            paused: self.paused,
            position_ms: self.position_ms,
            length_ms: self.length_ms(),
        }
    }

    fn length_ms(&self) -> u64 {
        self.events.last().map_or(0, |last| last.at_ms)
    }

    /// Lets so many milliseconds of real time pass. At its end the recording stands still.
    pub fn advance(&mut self, elapsed_ms: u64) -> Played<'_> {
        if self.paused {
            return Played { anew: None, events: &[] };
        }
        let thousandths = elapsed_ms.saturating_mul(u64::from(self.speed)).saturating_add(self.rest);
        self.rest = thousandths % 1_000;
        self.go_to(self.position_ms.saturating_add(thousandths / 1_000))
    }

    /// Goes to a tenth of the recording, 0 being its beginning.
    pub fn seek(&mut self, tenth: u8) -> Played<'_> {
        self.go_to(self.length_ms() / 10 * u64::from(tenth))
    }

    pub fn back(&mut self) -> Played<'_> {
        self.go_to(self.position_ms.saturating_sub(STEP_MS))
    }

    pub fn forward(&mut self) -> Played<'_> {
        self.go_to(self.position_ms.saturating_add(STEP_MS))
    }

    /// Pauses, or goes on; from the end it goes on at the beginning.
    pub fn play_or_pause(&mut self) -> Played<'_> {
        self.paused = !self.paused;
        if !self.paused && self.position_ms >= self.length_ms() {
            return self.go_to(0);
        }
        Played { anew: None, events: &[] }
    }

    /// Half the speed, down to an eighth of real time.
    pub fn slower(&mut self) -> Played<'_> {
        self.speed = (self.speed / 2).max(SLOWEST);
        self.advance(0)
    }

    /// Twice the speed, up to 1024 times real time.
    pub fn faster(&mut self) -> Played<'_> {
        self.speed = self.speed.saturating_mul(2).min(FASTEST);
        self.advance(0)
    }

    fn go_to(&mut self, to_ms: u64) -> Played<'_> {
        let to_ms = to_ms.min(self.length_ms());
        let due = self.events.partition_point(|event| event.at_ms <= to_ms);
        let back = due < self.next;
        let from = if back { 0 } else { self.next };
        (self.next, self.position_ms) = (due, to_ms);
        self.paused |= to_ms >= self.length_ms();
        Played { anew: back.then_some(&self.header), events: &self.events[from..due] }
    }
}

#[cfg(test)]
mod tests;
