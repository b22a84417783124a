//! Which labels the failed requests of a page carry.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::count::UNIT;
use crate::detect::{Attribution, LabelCounts, TickCounts};
use crate::exposition::Text;

/// Label values; later ones count as untracked.
pub const MAX_LABELS: usize = 1_000;
/// Reported for one page: those with the most failures.
const MAX_TOLD: usize = 16;
/// In characters.
const MAX: usize = 80;

/// Increases of the request counter, by label.
#[derive(Debug, Default)]
pub struct LabelCounter {
    places: HashMap<u64, usize>,
    labels: Vec<(Arc<str>, String)>,
    /// Requests and failures on each, in 1/[`UNIT`].
    page: Vec<(u64, u64)>,
    all: (u64, u64),
    untracked: u64,
}

/// Places of one series' labels; [`NO_ROOM`] without one.
pub type Places = [Option<u16>; 6];

/// For labels beyond [`MAX_LABELS`].
const NO_ROOM: u16 = u16::MAX;

/// Labels that say how a request ended, in words or other protocols' codes: all errors carry them, so no cause.
const ENDINGS: [&str; 16] = [
    "status",
    "status_code",
    "status_class",
    "code",
    "code_class",
    "response_code",
    "response_code_class",
    "http_status",
    "http_status_code",
    "http_response_status_code",
    "grpc_code",
    "grpc_status",
    "outcome",
    "result",
    "success",
    "classification",
];

pub fn is_ending(label: Text<'_>) -> bool {
    ENDINGS.iter().any(|name| label.is(name))
}

impl LabelCounter {
    /// The place of a label, by its hash.
    pub fn place(&mut self, hash: u64, label: Text<'_>, value: Text<'_>) -> u16 {
        let room = self.labels.len() < MAX_LABELS;
        let at = match self.places.entry(hash) {
            Entry::Occupied(place) => *place.get(),
            Entry::Vacant(place) if room => {
                let short = |text: Text<'_>| text.to_string().chars().take(MAX).collect::<String>();
                self.labels.push((short(label).into(), short(value)));
                self.page.push((0, 0));
                *place.insert(self.labels.len() - 1)
            }
            Entry::Vacant(_) => return NO_ROOM,
        };
        u16::try_from(at).unwrap_or(NO_ROOM)
    }

    /// Adds an increase, in 1/[`UNIT`].
    pub fn add(&mut self, places: &Places, more: u64, failed: bool) {
        let failures = if failed { more } else { 0 };
        self.all = (self.all.0.saturating_add(more), self.all.1.saturating_add(failures));
        // A series without labels, other than its status, is not one whose labels found no room.
        let (mut tracked, mut labeled) = (false, false);
        for place in places.iter().flatten() {
            labeled = true;
            let Some(sums) = self.page.get_mut(usize::from(*place)) else { continue };
            *sums = (sums.0.saturating_add(more), sums.1.saturating_add(failures));
            tracked = true;
        }
        if labeled && !tracked {
            self.untracked = self.untracked.saturating_add(failures);
        }
    }

    /// The increases, if anything failed; starts the next page at zero.
    pub fn take(&mut self) -> Option<Attribution> {
        let whole = |(requests, errors): (u64, u64)| TickCounts {
            requests: requests / u64::from(UNIT),
            errors: errors / u64::from(UNIT),
        };
        let (all, untracked) = (whole(std::mem::take(&mut self.all)), std::mem::take(&mut self.untracked));
        let mut label_counts: Vec<LabelCounts> = Vec::new();
        for (sums, (label, value)) in self.page.iter_mut().zip(&self.labels) {
            let counts = whole(std::mem::take(sums));
            if counts.errors > 0 {
                label_counts.push(LabelCounts { label: Arc::clone(label), value: value.clone(), counts });
            }
        }
        LabelCounts::sort_by_errors(&mut label_counts);
        label_counts.truncate(MAX_TOLD);
        (all.errors > 0).then_some(Attribution { all, label_counts, untracked: untracked / u64::from(UNIT) })
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::{Attribution, TickCounts};
    use crate::exposition::Format;
    use crate::page::PageReader;
    use crate::routes::Routes;
    use crate::testing;

    fn reader() -> PageReader {
        PageReader::new(testing::requests(), Routes::default().and_own(["/metrics"]))
    }

    fn read(reader: &mut PageReader, page: &str) -> Option<Attribution> {
        reader.begin(Format::Text);
        reader.push(page.as_bytes()).unwrap();
        reader.finish(true).unwrap().attribution.map(|attribution| *attribution)
    }

    fn page(pay_good: u64, pay_bad: u64, home_good: u64) -> String {
        format!(
            "http_requests_total{{method=\"POST\",route=\"/pay\",status_code=\"200\"}} {pay_good}\n\
             http_requests_total{{method=\"POST\",route=\"/pay\",status_code=\"500\"}} {pay_bad}\n\
             http_requests_total{{method=\"GET\",route=\"/\",status_code=\"200\"}} {home_good}\n"
        )
    }

    #[test]
    fn what_failed_since_the_page_before_is_told_by_label() {
        let mut reader = reader();
        assert_eq!(read(&mut reader, &page(100, 50, 900)), None, "the first page is where counting begins");
        let attribution = read(&mut reader, &page(110, 57, 990)).unwrap();
        assert_eq!((attribution.all, attribution.untracked), (TickCounts { requests: 107, errors: 7 }, 0));
        let told: Vec<_> =
            attribution.label_counts.iter().map(|of| (of.label.as_ref(), of.value.as_str(), of.counts)).collect();
        let pay = TickCounts { requests: 17, errors: 7 };
        assert_eq!(told, [("method", "POST", pay), ("route", "/pay", pay)], "the status is no label_count");
        assert_eq!(read(&mut reader, &page(120, 57, 1_000)), None, "nothing failed");
    }

    #[test]
    fn a_counter_with_nothing_but_a_status_has_no_culprits_and_hides_none() {
        for labels in ["", "outcome=\"SERVER_ERROR\",", "result=\"error\",success=\"false\","] {
            let mut reader = reader();
            let page = |good: u64, bad: u64| {
                format!(
                    "http_requests_total{{status=\"200\"}} {good}\nhttp_requests_total{{{labels}status=\"500\"}} {bad}\n"
                )
            };
            read(&mut reader, &page(420, 180));
            let attribution = read(&mut reader, &page(490, 210)).unwrap();
            assert_eq!(
                (attribution.all, attribution.label_counts, attribution.untracked),
                (TickCounts { requests: 100, errors: 30 }, vec![], 0)
            );
        }
    }

    #[test]
    fn no_more_labels_are_told_apart_than_there_is_room_for() {
        let mut reader = reader();
        let page = |count: u64| {
            let line = |user| format!("http_requests_total{{user=\"u{user}\",status_code=\"500\"}} {count}\n");
            (0..1_500).map(line).collect::<String>()
        };
        // The first page decides which counter counts; from the second on labels are told apart.
        read(&mut reader, &page(1));
        let attribution = read(&mut reader, &page(2)).unwrap();
        assert_eq!((attribution.all.errors, attribution.label_counts.len(), attribution.untracked), (1_500, 16, 500));
    }
}
