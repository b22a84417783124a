//! By what requests are counted, or why they cannot be: said as soon as it is known.

use super::RateCheck;
use crate::core::detect::{Counting, Reading, TickCounts};
use crate::core::soak::check::named;
use crate::model::number::{percent, thousands};
use crate::model::{Color, Verdict};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counted {
    by: Option<Box<Counting>>,
    uncounted: bool,
    users: u64,
    left_out: u64,
    /// Requests since the window began whose status is not understood.
    unclear: u64,
}

impl Counted {
    /// Says whether it is counted by something else than before.
    pub fn see(&mut self, reading: &Reading) -> bool {
        (self.users, self.left_out) = (reading.total, reading.ignored);
        self.unclear = self.unclear.saturating_add(reading.unclear);
        let changed = reading.counting.is_some() || reading.uncounted != self.uncounted;
        self.uncounted = reading.uncounted;
        if reading.counting.is_some() {
            self.by.clone_from(&reading.counting);
        }
        changed
    }

    pub const fn restart(&mut self) {
        self.unclear = 0;
    }
}

/// Something to be told of how requests are counted, and what makes it another thing than what was told before.
pub struct Told {
    /// The same for sentences that differ in their numbers only.
    pub key: String,
    pub sentence: String,
}

/// `71% (1,204 of 1,696 so far) were probes and scrapes and are left out`; none where nothing was.
pub fn left_out(users: u64, left_out: u64) -> Option<String> {
    let all = users.saturating_add(left_out);
    let share = TickCounts { requests: all, errors: left_out }.rate().filter(|share| *share > 0.0)?;
    let percent = if share < 0.01 { "under 1%".to_owned() } else { percent(share) };
    let (left_out, all) = (thousands(left_out), thousands(all));
    Some(format!("{percent} ({left_out} of {all} so far) were probes and scrapes and are left out"))
}

impl RateCheck {
    /// By what the requests of its color are counted, or why they cannot be; nothing before every instance was read.
    pub fn counting(&self, color: Color) -> Vec<Told> {
        if !self.all_tried() {
            return Vec::new();
        }
        let all = self.present().count();
        let mut groups: Vec<(&Counting, usize, u64, u64)> = Vec::new();
        for counted in self.present().map(|(_, known)| &known.counted) {
            let Some(by) = counted.by.as_deref().filter(|_| !counted.uncounted) else { continue };
            let at = groups.iter().position(|(known, ..)| *known == by).unwrap_or_else(|| {
                groups.push((by, 0, 0, 0));
                groups.len() - 1
            });
            let (_, instances, users, left_out) = &mut groups[at];
            *instances += 1;
            (*users, *left_out) = (users.saturating_add(counted.users), left_out.saturating_add(counted.left_out));
        }
        let told = groups.into_iter().map(|(Counting { metric, label }, instances, users, left)| {
            let some = if instances < all { format!(" ({instances} of {all} instances)") } else { String::new() };
            let share = left_out(users, left).map(|share| format!("; {share}")).unwrap_or_default();
            let sentence = format!("requests on {color} are counted by `{metric}`, label `{label}`{some}{share}");
            Told { key: format!("{metric} {label}"), sentence }
        });
        told.chain(self.uncounted().map(|sentence| Told { key: "uncounted".to_owned(), sentence })).collect()
    }

    fn uncounted(&self) -> Option<String> {
        let (all, lost) = (self.present().count(), self.present().filter(|(_, known)| known.counted.uncounted).count());
        let (name, known) = self.present().find(|(_, known)| known.counted.uncounted)?;
        let why = known.note.as_deref().unwrap_or("the page has no request counter");
        let some = if lost < all { format!(" on {lost} of {all} instances") } else { String::new() };
        Some(format!("requests cannot be counted{some}: {}", named(name, why)))
    }

    pub(super) fn uncountable(&self) -> Option<String> {
        let nowhere = self.present().all(|(_, known)| known.counted.uncounted);
        if nowhere { self.uncounted() } else { None }
    }

    /// A verdict that is healthy only if nothing is hidden behind statuses that are not understood.
    pub(super) fn doubted(&self, (verdict, reason): (Verdict, String)) -> (Verdict, String) {
        let unclear = self.present().map(|(_, known)| known.counted.unclear).fold(0, u64::saturating_add);
        let seen = self.seen().requests;
        let share = TickCounts { requests: seen, errors: unclear }.rate();
        if verdict != Verdict::Healthy || share.is_none_or(|share| share <= self.settings.threshold.0) {
            return (verdict, reason);
        }
        let (unclear, seen) = (thousands(unclear), thousands(seen));
        let why = self.noted(format!("{unclear} of {seen} requests have a status that is not recognized"));
        (Verdict::Unknown, why)
    }
}
