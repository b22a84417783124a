//! Tables in Markdown, and whether the targets are reached.

use crate::rules::Rule;
use crate::scenarios::{Scenario, Target};
use crate::simulate::Fate;

/// The numbers of one rule in one scenario.
pub struct Summary {
    runs: usize,
    false_alarms: usize,
    /// Seconds from the change to the rollback, and failed requests in that time, sorted.
    delays_s: Vec<usize>,
    failed: Vec<u64>,
}

impl Summary {
    pub fn of(fates: &[Fate]) -> Self {
        let seen = fates.iter().filter_map(|fate| match fate {
            Fate::Seen { delay_s, failed } => Some((*delay_s, *failed)),
            Fate::Kept | Fate::False => None,
        });
        let (mut delays_s, mut failed): (Vec<_>, Vec<_>) = seen.unzip();
        delays_s.sort_unstable();
        failed.sort_unstable();
        let false_alarms = fates.iter().filter(|fate| **fate == Fate::False).count();
        Self { runs: fates.len(), false_alarms, delays_s, failed }
    }

    fn false_share(&self) -> f64 {
        self.false_alarms as f64 / self.runs as f64
    }

    /// The upper 95% limit of the share of false rollbacks (Wilson 1927, one-sided).
    fn false_limit(&self) -> f64 {
        const Z: f64 = 1.644_853_626_951_472_2;

        let (runs, share) = (self.runs as f64, self.false_share());
        let spread = Z * (share * (1.0 - share) / runs + Z * Z / (4.0 * runs * runs)).sqrt();
        (share + Z * Z / (2.0 * runs) + spread) / (1.0 + Z * Z / runs)
    }

    /// The share of bad releases that were noticed, among those that were not rolled back before they turned bad.
    fn seen_share(&self) -> f64 {
        self.delays_s.len() as f64 / (self.runs - self.false_alarms).max(1) as f64
    }

    /// The delay that `share` of the bad releases stayed below; those that were never noticed count as endless.
    fn delay_s(&self, share: f64) -> Option<usize> {
        at(&self.delays_s, share, self.runs - self.false_alarms)
    }

    fn median_failed(&self) -> Option<u64> {
        at(&self.failed, 0.5, self.runs - self.false_alarms)
    }

    /// Whether a target is reached, with the number that decides.
    fn reaches(&self, target: Target) -> Option<(bool, String)> {
        let seconds = |delay: Option<usize>| delay.map_or("never".to_owned(), |delay| format!("{delay}s"));
        let within = |delay: Option<usize>, limit: f64| delay.is_some_and(|delay| delay as f64 <= limit);
        match target {
            Target::None => None,
            Target::False(limit) => {
                let reached = format!("{} (allowed {})", percent(self.false_limit()), percent(limit));
                Some((self.false_limit() <= limit, reached))
            }
            Target::Median(limit) => {
                let median = self.delay_s(0.5);
                Some((within(median, limit), format!("{} (allowed {limit:.1}s)", seconds(median))))
            }
            Target::Seen(share, limit) => {
                let p95 = self.delay_s(0.95);
                let reached =
                    format!("{} seen, p95 {} (allowed {limit:.0}s)", percent(self.seen_share()), seconds(p95));
                Some((self.seen_share() >= share && within(p95, limit), reached))
            }
        }
    }
}

fn at<T: Copy>(sorted: &[T], share: f64, of: usize) -> Option<T> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank is a small count")]
    let rank = (share * of as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

fn percent(share: f64) -> String {
    let value = share * 100.0;
    match value {
        ..0.1 => format!("{value:.3}%"),
        ..10.0 => format!("{value:.2}%"),
        _ => format!("{value:.0}%"),
    }
}

/// The head of a table of scenarios.
pub fn head(title: &str) {
    println!("\n### {title}\n");
    println!("| | {} |", Rule::ALL.map(Rule::name).join(" | "));
    println!("| --- |{}", " --- |".repeat(Rule::ALL.len()));
}

/// One line of the table: false rollbacks of a healthy release, or the delays of a bad one.
pub fn row(scenario: &Scenario, summaries: &[Summary]) {
    let cells = summaries
        .iter()
        .map(|summary| if scenario.is_healthy() { share_cell(summary) } else { delay_cell(scenario, summary) });
    println!("| {} | {} |", scenario.name, cells.collect::<Vec<_>>().join(" | "));
}

fn share_cell(summary: &Summary) -> String {
    format!("{} (≤ {})", percent(summary.false_share()), percent(summary.false_limit()))
}

/// Median and 95th percentile in seconds, the median of failed requests, and the multiple of the information floor.
fn delay_cell(scenario: &Scenario, summary: &Summary) -> String {
    let early = match summary.false_alarms {
        0 => String::new(),
        _ => format!(", {} too early", percent(summary.false_share())),
    };
    let Some((median, failed)) = summary.delay_s(0.5).zip(summary.median_failed()) else {
        return format!("{} seen{early}", percent(summary.seen_share()));
    };
    let p95 = summary.delay_s(0.95).map_or("never".to_owned(), |delay| format!("{delay}s"));
    let floors = median as f64 / scenario.floor_s();
    format!("{median}s, p95 {p95}, {failed} failed, {floors:.1} ×{early}")
}

/// One line on a target of the evidence; whether it was reached.
pub fn target(scenario: &Scenario, evidence: &Summary) -> bool {
    let Some((reached, number)) = evidence.reaches(scenario.target) else {
        return true;
    };
    println!("| {} | {number} | {} |", scenario.name, if reached { "reached" } else { "**missed**" });
    reached
}
