//! The last events, kept in memory as they are recorded.

use std::collections::VecDeque;

use axum::body::Bytes;

use super::StreamEnd;

const BATCH: usize = 256;

/// One event, as it is recorded. Clones share the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub seq: u64,
    pub json: Bytes,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The first may lie behind the place wanted.
    Kept(VecDeque<Frame>),
    /// Only newer frames are kept.
    Older {
        oldest: u64,
    },
    Nothing,
    End(StreamEnd),
}

#[derive(Debug)]
pub(super) struct Ring {
    frames: VecDeque<Frame>,
    capacity: usize,
    last: u64,
    end: Option<StreamEnd>,
}

impl Ring {
    pub fn new(capacity: usize, last: u64) -> Self {
        Self { frames: VecDeque::with_capacity(capacity), capacity, last, end: None }
    }

    pub fn push(&mut self, frame: Frame) {
        if self.frames.len() == self.capacity {
            self.frames.pop_front();
        }
        self.last = frame.seq;
        self.frames.push_back(frame);
    }

    pub fn finish(&mut self, end: StreamEnd) {
        self.end = Some(end);
    }

    pub fn from(&self, seq: u64) -> Next {
        if seq > self.last {
            return self.end.clone().map_or(Next::Nothing, Next::End);
        }
        let oldest = self.frames.front().map_or(self.last + 1, |frame| frame.seq);
        if seq < oldest {
            return Next::Older { oldest };
        }
        let at = self.frames.partition_point(|frame| frame.seq < seq);
        Next::Kept(self.frames.range(at..).take(BATCH).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(seq: u64) -> Frame {
        Frame { seq, json: Bytes::new() }
    }

    #[test]
    fn what_is_kept_what_is_older_and_what_is_to_come_are_told_apart() {
        let mut ring = Ring::new(3, 10);
        assert_eq!(ring.from(11), Next::Nothing);
        assert_eq!(ring.from(10), Next::Older { oldest: 11 });
        for seq in 11..=15 {
            ring.push(frame(seq));
        }
        for (seq, want) in [
            (1, Next::Older { oldest: 13 }),
            (12, Next::Older { oldest: 13 }),
            (13, Next::Kept([13, 14, 15].map(frame).into())),
            (15, Next::Kept([15].map(frame).into())),
            (16, Next::Nothing),
            (90, Next::Nothing),
        ] {
            assert_eq!(ring.from(seq), want, "{seq}");
        }
        let end = StreamEnd::Stopped { why: "SIGTERM".to_owned() };
        ring.finish(end.clone());
        assert_eq!(ring.from(15), Next::Kept([15].map(frame).into()));
        assert_eq!(ring.from(16), Next::End(end));
    }

    #[test]
    fn a_long_ring_is_handed_out_in_batches() {
        let mut ring = Ring::new(2 * BATCH, 0);
        (1..).take(2 * BATCH).map(frame).for_each(|frame| ring.push(frame));
        let Next::Kept(frames) = ring.from(2) else { panic!("nothing kept") };
        assert_eq!((frames.len(), frames[0].seq), (BATCH, 2));
    }
}
