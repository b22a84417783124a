//! Where each series of the request counter is added up.

use std::collections::HashMap;

use super::candidate::Candidate;
use super::count::UNIT;
use super::rows::Row;
use super::series_store::Counted;
use crate::routes::Whose;

/// Users' requests that did not fail, by route; failed ones come next.
pub const GOOD: usize = 0;
/// Likewise, without a route.
pub const GOOD_UNSAID: usize = 2;
/// Requests that are not users'.
pub const LEFT_OUT: usize = 4;
/// Status not understood, by route.
pub const UNCLEAR: usize = 5;
/// Likewise, without a route.
pub const UNCLEAR_UNSAID: usize = 6;
/// Sums of other series.
pub const NOT_COUNTED: usize = 7;

/// A sum may differ from its parts by one in so many, or so many requests: a page is not written at one moment.
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

/// Assigns the chosen counter's series to groups. `slot` is its status.
pub fn settle(rows: &mut [Row], candidate: &Candidate, slot: usize) {
    let failing = candidate.failing(slot);
    let main = 1_u8 << slot;
    let sums = sums(rows);
    let has_parts = rows.iter().any(|row| row.status_sum & main == 0);
    for row in rows {
        let is_sum = (row.status_sum & main != 0 && has_parts) || (row.is_sum && sums.contains(&row.rest));
        // Without a route a redirect is a router's, such as to a trailing slash: no failure, and often a scrape's.
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

/// The rests of those series that really are the sum of the others with the same rest.
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
