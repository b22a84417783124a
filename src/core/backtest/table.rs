//! The results of traces and settings as a table.

use super::judge::Judged;
use super::truth::Truth;
use crate::core::detect::ClosingVerdict;
use crate::model::number::{span, thousands, wealth};

pub struct Row {
    pub file: String,
    pub truth: Truth,
    pub judged: Vec<Judged>,
}

/// One setting: a line a trace with its reason; several: a column each. Below: false and right rollbacks, and delays.
pub fn table(rows: &[Row], settings: &[String]) -> String {
    let mut lines: Vec<Vec<String>> = Vec::new();
    if settings.len() == 1 {
        lines.push(
            ["trace", "verdict", "at", "requests", "errors", "peak evidence", "reason"].map(str::to_owned).into(),
        );
        lines.extend(rows.iter().flat_map(|row| row.judged.iter().map(|judged| detail(row, judged))));
    } else {
        lines.push(std::iter::once("trace".to_owned()).chain(settings.iter().cloned()).collect());
        lines.extend(
            rows.iter().map(|row| std::iter::once(name(row)).chain(row.judged.iter().map(cell)).collect::<Vec<_>>()),
        );
    }
    let mut text = aligned(&lines);
    text.push('\n');
    text.push_str(&aligned(&summary(rows, settings)));
    let unknown = rows.iter().filter(|row| row.truth == Truth::Unknown).count();
    if unknown > 0 {
        let (soaks, count, say) = if unknown == 1 { ("soak", "counts", "its") } else { ("soaks", "count", "their") };
        let told = format!(
            "\n{unknown} {soaks} {count} neither as good nor as bad, because {say} outcome does not tell; \
             use --good or --bad\n"
        );
        text.push_str(&told);
    }
    text
}

fn name(row: &Row) -> String {
    match row.truth {
        Truth::Good => row.file.clone(),
        Truth::Bad | Truth::Unknown => format!("{} ({})", row.file, row.truth),
    }
}

fn cell(judged: &Judged) -> String {
    match judged.at_ms {
        Some(at_ms) => format!("{} {}", judged.verdict, span(at_ms)),
        None => judged.verdict.to_string(),
    }
}

fn detail(row: &Row, judged: &Judged) -> Vec<String> {
    vec![
        name(row),
        judged.verdict.to_string(),
        judged.at_ms.map_or_else(|| "-".to_owned(), span),
        thousands(judged.requests),
        thousands(judged.errors),
        judged.peak_evidence.map_or_else(|| "-".to_owned(), wealth),
        judged.reason.clone(),
    ]
}

fn summary(rows: &[Row], settings: &[String]) -> Vec<Vec<String>> {
    let heads = ["setting", "good rolled back", "bad rolled back", "median delay", "unknown"].map(str::to_owned);
    let mut lines = vec![heads.to_vec()];
    for (place, setting) in settings.iter().enumerate() {
        let all = || rows.iter().filter_map(move |row| Some((row.truth, row.judged.get(place)?)));
        let of = |truth: Truth| all().filter(move |(known, _)| *known == truth).map(|(_, judged)| judged);
        let breached = |truth: Truth| of(truth).filter(|judged| judged.verdict == ClosingVerdict::Breached).count();
        let share = |truth: Truth| match of(truth).count() {
            0 => "-".to_owned(),
            all => format!("{} of {all}", breached(truth)),
        };
        let unknown = all()
            .map(|(_, judged)| judged)
            .filter(|judged| matches!(judged.verdict, ClosingVerdict::InsufficientData | ClosingVerdict::Inconclusive));
        let delay = median(of(Truth::Bad).filter_map(|judged| judged.at_ms).collect());
        let delay = delay.map_or_else(|| "-".to_owned(), span);
        lines.push(vec![setting.clone(), share(Truth::Good), share(Truth::Bad), delay, unknown.count().to_string()]);
    }
    lines
}

fn median(mut delays: Vec<u64>) -> Option<u64> {
    delays.sort_unstable();
    delays.get(delays.len() / 2).copied()
}

fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Method;
    use crate::core::backtest::Setting;

    fn judged(verdict: ClosingVerdict, at_ms: Option<u64>) -> Judged {
        let setting = Setting {
            method: Method::Evidence,
            threshold: 0.05,
            false_alarm: 0.01,
            min_requests: 20,
            window_ms: Some(60_000),
            interval_ms: Some(1_000),
        };
        let (file, reason) = ("a.csv".to_owned(), "because".to_owned());
        Judged { file, verdict, at_ms, requests: 1_234, errors: 5, peak_evidence: Some(5.0), reason, setting }
    }

    fn row(file: &str, truth: Truth, judged: Vec<Judged>) -> Row {
        Row { file: file.to_owned(), truth, judged }
    }

    #[test]
    fn one_setting_shows_every_number_and_the_reason() {
        let text = table(&[row("a.csv", Truth::Good, vec![judged(ClosingVerdict::Healthy, None)])], &["5%".to_owned()]);
        assert_eq!(
            text,
            "trace  verdict  at  requests  errors  peak evidence  reason\n\
             a.csv  healthy  -   1,234     5       148×           because\n\n\
             setting  good rolled back  bad rolled back  median delay  unknown\n\
             5%       0 of 1            -                -             0\n"
        );
    }

    #[test]
    fn a_release_of_which_nobody_knows_what_it_was_counts_on_neither_side() {
        let rows = [
            row("kept.jsonl", Truth::Good, vec![judged(ClosingVerdict::Healthy, None)]),
            row("aborted.jsonl", Truth::Unknown, vec![judged(ClosingVerdict::Breached, Some(3_000))]),
        ];
        let text = table(&rows, &["5%".to_owned()]);
        assert!(text.contains("\naborted.jsonl (unknown)  breached  3s"), "{text}");
        let end = "\n5%       0 of 1            -                -             0\n\n\
                   1 soak counts neither as good nor as bad, because its outcome does not tell; use --good or --bad\n";
        assert!(text.ends_with(end), "{text}");
    }

    #[test]
    fn several_settings_stand_side_by_side_with_false_alarms_and_delays() {
        let breached = |at_ms| judged(ClosingVerdict::Breached, Some(at_ms));
        let rows = [
            row("good.csv", Truth::Good, vec![breached(9_000), judged(ClosingVerdict::Inconclusive, None)]),
            row("bad.csv", Truth::Bad, vec![breached(3_000), breached(34_000)]),
        ];
        let text = table(&rows, &["1%".to_owned(), "5%".to_owned()]);
        assert_eq!(
            text,
            "trace          1%           5%\n\
             good.csv       breached 9s  inconclusive\n\
             bad.csv (bad)  breached 3s  breached 34s\n\n\
             setting  good rolled back  bad rolled back  median delay  unknown\n\
             1%       1 of 1            1 of 1           3s            0\n\
             5%       0 of 1            1 of 1           34s           1\n"
        );
    }
}
