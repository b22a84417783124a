//! One series of a candidate for the request counter, as its labels describe it.

use super::candidate::Candidate;
use super::labels::is_sum;
use super::origin::Origin;
use super::rows::Row;
use super::wanted::Wanted;
use crate::exposition::Text;
use crate::routes::Whose;
use crate::statuses::Status;

/// A line of a candidate while its labels are read.
pub struct Series<'a> {
    wanted: &'a Wanted,
    candidate: &'a mut Candidate,
    pub row: Row,
    origin: Origin,
    sum: Option<u64>,
}

impl<'a> Series<'a> {
    pub fn new(wanted: &'a Wanted, candidate: &'a mut Candidate, at: u16) -> Self {
        let row = Row { id: u64::from(at), ..Row::of(at) };
        Self { wanted, candidate, row, origin: Origin::begin(), sum: None }
    }

    /// Returns whether the label holds a status.
    pub fn see(&mut self, label: Text<'_>, value: Text<'_>, hash: u64) -> bool {
        let wanted = self.wanted;
        self.row.id = self.row.id.wrapping_add(hash);
        let seen = self.origin.see(&mut self.candidate.labels, &wanted.filter, label, value);
        let Some((place, good_for)) = seen else { return false };
        if let Some(slot) = self.candidate.slot(place, label, good_for, &wanted.status_label) {
            return self.judge(slot, value);
        }
        self.origin.note(good_for, &wanted.routes, &wanted.filter, label, value);
        let is_sum = is_sum(value);
        if self.sum.is_none() && self.candidate.labels.has_sums(place, is_sum) {
            self.sum = Some(hash);
            self.row.is_sum = is_sum;
        }
        false
    }

    fn judge(&mut self, slot: usize, value: Text<'_>) -> bool {
        let slots = &mut self.candidate.slots;
        let status = self.wanted.errors.judge(value.raw(), slots[slot].kind());
        slots[slot].note(value, status);
        let bit = 1 << slot;
        match status {
            Status::Failed => self.row.failed |= bit,
            Status::Unclear => self.row.unclear |= bit,
            Status::Sum => self.row.status_sum |= bit,
            Status::Good | Status::Success | Status::Nothing => {}
        }
        self.row.is_redirect |= matches!(value.raw(), [b'3', _, _]);
        status.is_understood()
    }

    /// `None` if it is not ours.
    pub fn finish(self) -> Option<Row> {
        let Self { wanted, candidate, row, origin, sum } = self;
        if !origin.is_ours(&wanted.filter, false) {
            return None;
        }
        let of_route = origin.of_route();
        candidate.says_route |= of_route.is_some_and(|of| of != Whose::Unsaid);
        let whose = match of_route.unwrap_or(Whose::Unsaid) {
            // Probes and scrapes are no gRPC calls.
            Whose::Unsaid if candidate.labels.is_grpc() => Whose::Users,
            // A proxy's route is a rule, which may also match probes.
            Whose::Users if candidate.standing.is_proxy() => Whose::Unsaid,
            whose => whose,
        };
        let rest = sum.map_or(0, |hash| row.id.wrapping_sub(hash) | 1);
        Some(Row { rest, whose, ..row })
    }
}
