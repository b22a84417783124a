//! `backtest`: judges recorded soaks again by the same code.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::time::Duration;

use crate::app::cli::{Backtest, Common};
use crate::app::inputs;
use crate::config::{load, parse_duration};
use crate::core::backtest::{Judged, Row, Setting, Sweep, Trace, Truth, ending_of, judge, product, table, trace_of};
use crate::core::soak::{Envelope, RecordingHeader};
use crate::io::journal::RecordingReader;
use crate::model::number::duration_exact;

use super::support::failure::Failure;
use super::support::output;

/// Settings that the trace gives unless a flag does; a trace may exceed a soak's limits.
const OF_THE_TRACE: [&str; 2] = ["soak.window", "soak.interval"];

/// Judges every trace by every setting and prints the results. Files that cannot be used are named and skipped.
pub fn run(common: &Common, backtest: &Backtest) -> Result<u8, Failure> {
    let combinations = product(&backtest.sweep);
    let settings = combinations.iter().map(|swept| setting(common, swept)).collect::<Result<Vec<_>, _>>()?;
    let traces = named(backtest);
    // A mistyped name is an error, not a file to skip.
    if let Some((path, _)) = traces.iter().find(|(path, _)| is_missing(path)) {
        return Err(Failure::usage(format!("the trace `{}` does not exist", path.display())));
    }
    let mut rows = Vec::new();
    for (path, said) in &traces {
        match row(path, *said, &settings) {
            Ok(row) => {
                print(&row, backtest.json)?;
                rows.push(row);
            }
            Err(why) => output::error(&format!("skipped `{}`: {why}", path.display())),
        }
    }
    if rows.is_empty() {
        return Err(Failure::usage("no trace can be judged"));
    }
    if !backtest.json {
        let names: Vec<String> = combinations.iter().map(|swept| name(swept, &backtest.sweep)).collect();
        output::out(&table(&rows, &names));
    }
    Ok(0)
}

/// Every trace with the truth given for its release, unlabeled ones first.
fn named(backtest: &Backtest) -> Vec<(&Path, Option<Truth>)> {
    let said = [(&backtest.traces, None), (&backtest.good, Some(Truth::Good)), (&backtest.bad, Some(Truth::Bad))];
    said.into_iter().flat_map(|(paths, said)| paths.iter().map(move |path| (path.as_path(), said))).collect()
}

fn is_missing(path: &Path) -> bool {
    fs::metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

fn row(path: &Path, said: Option<Truth>, settings: &[Setting]) -> Result<Row, String> {
    let file = path.display().to_string();
    let recorded = read(path)?;
    let truth = said.unwrap_or(recorded.truth);
    let judged = settings.iter().map(|setting| judged(&file, &recorded, setting)).collect::<Result<Vec<_>, _>>()?;
    Ok(Row { file, truth, judged })
}

/// With `--json` one object a line: the judgement, and the truth of the release.
fn print(row: &Row, json: bool) -> Result<(), Failure> {
    for judged in row.judged.iter().filter(|_| json) {
        let mut line = serde_json::to_value(judged).map_err(Failure::internal)?;
        line["truth"] = row.truth.to_string().into();
        output::line(&line.to_string());
    }
    Ok(())
}

fn judged(file: &str, recorded: &Recorded, setting: &Setting) -> Result<Judged, String> {
    let setting = Setting {
        window_ms: setting.window_ms.or(recorded.window_ms),
        interval_ms: setting.interval_ms.or(recorded.interval_ms),
        ..*setting
    };
    judge(file, &recorded.trace, &setting).map_err(|error| error.to_string())
}

/// One setting. Precedence: swept values, flags, environment, file, defaults.
fn setting(common: &Common, swept: &[(&'static str, String)]) -> Result<Setting, Failure> {
    let mut pairs = common.settings.0.clone();
    pairs.retain(|(key, _)| !swept.iter().any(|(other, _)| other == key));
    pairs.extend(swept.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    let own = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| millis(name, value)).transpose();
    let (window_ms, interval_ms) = (own("soak.window")?, own("soak.interval")?);
    let rest = pairs.iter().filter(|(key, _)| !OF_THE_TRACE.contains(&key.as_str())).cloned().collect();
    let check = load(inputs::from_process(rest, common.config.clone()))?.config.error_rate;
    Ok(Setting {
        method: check.method,
        threshold: check.threshold.0,
        false_alarm: check.false_alarm.0,
        min_requests: check.min_requests,
        window_ms,
        interval_ms,
    })
}

fn millis(name: &str, text: &str) -> Result<u64, Failure> {
    let duration = parse_duration(text).map_err(|what| Failure::usage(format!("{name}: {what}: `{text}`")))?;
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if millis == 0 {
        let least = duration_exact(Duration::from_millis(1));
        return Err(Failure::usage(format!("{name}: `{text}` is too short: at least {least}")));
    }
    Ok(millis)
}

/// The name of a setting: its swept values, if any.
fn name(swept: &[(&'static str, String)], sweeps: &[Sweep]) -> String {
    if sweeps.is_empty() {
        return "as given".to_owned();
    }
    swept
        .iter()
        .map(|(key, value)| format!("{} {value}", key.rsplit('.').next().unwrap_or(key)))
        .collect::<Vec<_>>()
        .join(", ")
}

struct Recorded {
    trace: Trace,
    window_ms: Option<u64>,
    interval_ms: Option<u64>,
    truth: Truth,
}

/// A recording begins with a JSON object, a CSV file with its header.
fn read(path: &Path) -> Result<Recorded, String> {
    let mut file = File::open(path).map_err(|error| format!("cannot read it: {error}"))?;
    let mut bytes = vec![0; 1];
    let begins = file.read(&mut bytes).map_err(|error| format!("cannot read it: {error}"))?;
    bytes.truncate(begins);
    if bytes == b"{" {
        return read_recording(path);
    }
    file.read_to_end(&mut bytes).map_err(|error| format!("cannot read it: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| "it is not a recording, and not CSV in UTF-8".to_owned())?;
    let trace = Trace::from_csv(&text).map_err(|error| error.to_string())?;
    // CSV has no outcome: its release counts as good.
    Ok(Recorded { trace, window_ms: None, interval_ms: None, truth: Truth::Good })
}

fn read_recording(path: &Path) -> Result<Recorded, String> {
    let read = RecordingReader::<Envelope>::open::<RecordingHeader>(path).map_err(|error| error.to_string())?;
    let (RecordingHeader { settings, .. }, reader) = read;
    let envelopes = reader.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    let (window_ms, interval_ms) = (Some(settings.window_ms), Some(settings.interval_ms));
    let ending = ending_of(settings.clone(), &envelopes);
    let truth = Truth::of(ending.as_ref());
    let trace = trace_of(settings, envelopes);
    if trace.ticks.is_empty() {
        let ended =
            ending.map_or_else(|| "it has not ended".to_owned(), |ending| format!("it ended {}", ending.outcome));
        return Err(format!("the recording has no tick within the soak window; {ended}"));
    }
    Ok(Recorded { trace, window_ms, interval_ms, truth })
}
