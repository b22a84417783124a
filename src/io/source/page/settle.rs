//! Where each series of the request counter is added up.

use std::collections::HashMap;

use super::book::Counted;
use super::candidate::Candidate;
use super::rows::{Row, UNIT};
use crate::config::Whose;

/// Requests of users that did not fail, by their routes; those that did come next.
pub const GOOD: usize = 0;
/// The same on series that do not say which route was asked.
pub const GOOD_UNSAID: usize = 2;
/// Requests that are not users'.
pub const LEFT_OUT: usize = 4;
/// Requests whose status is not understood, by their routes, and on series without one.
pub const UNCLEAR: usize = 5;
/// The same on series without a route.
pub const UNCLEAR_UNSAID: usize = 6;
/// What is not counted: sums of other series.
pub const NOT_COUNTED: usize = 7;

/// The sum of others is taken for one if it differs from what they add up to by at most so many parts of it, or requests: a
/// page is not written in one moment.
const SLACK_PARTS: u64 = 50;
const SLACK: u64 = 2 * UNIT as u64;

impl Counted for Row {
    fn id(&self) -> u64 {
        self.id
    }

    fn count(&self) -> u64 {
        self.count
    }

    fn group(&self) -> usize {
        usize::from(self.group)
    }
}

/// Gives every series of the chosen counter its group. `slot` is the one with the status.
pub fn settle(rows: &mut [Row], candidate: &Candidate, slot: usize) {
    let failing = candidate.failing(slot);
    let main = 1_u8 << slot;
    let sums = sums(rows);
    let has_parts = rows.iter().any(|row| row.status_sum & main == 0);
    for row in rows {
        let is_sum = (row.status_sum & main != 0 && has_parts) || (row.is_sum && sums.contains(&row.rest));
        // Without a route a redirect is that of a router, such as to a trailing slash; nobody's failure, and often that of a
        // scrape.
        let is_left_out =
            row.whose == Whose::LeftOut || (row.whose == Whose::Unsaid && row.is_redirect && candidate.says_route);
        let (said, unsaid) = match () {
            () if is_sum => (NOT_COUNTED, NOT_COUNTED),
            () if is_left_out => (LEFT_OUT, LEFT_OUT),
            () if row.failed & failing != 0 => (GOOD + 1, GOOD_UNSAID + 1),
            () if row.unclear & main != 0 => (UNCLEAR, UNCLEAR_UNSAID),
            () => (GOOD, GOOD_UNSAID),
        };
        let group = if row.whose == Whose::Unsaid { unsaid } else { said };
        row.group = u8::try_from(group).unwrap_or(u8::MAX);
    }
}

/// The rests of those series that are really the sum of the others with the same rest.
fn sums(rows: &[Row]) -> std::collections::HashSet<u64> {
    if !rows.iter().any(|row| row.is_sum) {
        return std::collections::HashSet::new();
    }
    let mut groups: HashMap<u64, (u64, u64, bool)> = HashMap::new();
    for row in rows.iter().filter(|row| row.rest != 0) {
        let (sum, parts, has_parts) = groups.entry(row.rest).or_default();
        if row.is_sum {
            *sum = sum.saturating_add(row.count);
        } else {
            *parts = parts.saturating_add(row.count);
            *has_parts = true;
        }
    }
    let is_sum = |(sum, parts, has_parts): &(u64, u64, bool)| {
        *has_parts && sum.abs_diff(*parts) <= SLACK.max(parts / SLACK_PARTS)
    };
    groups.into_iter().filter(|(_, group)| is_sum(group)).map(|(rest, _)| rest).collect()
}
