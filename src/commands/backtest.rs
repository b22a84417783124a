//! `backtest`: recorded soaks through the very same judgement.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::backtest::{Judged, Row, Setting, Sweep, Trace, judge, product, table, trace_of};
use crate::cli::{Backtest, Common};
use crate::config::{Inputs, format_duration, load, parse_duration};
use crate::journal::RecordingReader;
use crate::soak::{Envelope, RecordingHeader};

use super::failure::Failure;
use super::say;

/// Settings that the trace itself gives unless a flag does, and that a trace may have beyond a soak's limits.
const OF_THE_TRACE: [&str; 2] = ["soak.window", "soak.interval"];

/// Judges every trace by every setting and prints what came of it.
pub fn run(common: &Common, backtest: &Backtest) -> Result<u8, Failure> {
    let combinations = product(&backtest.sweep);
    let settings = combinations.iter().map(|swept| setting(common, swept)).collect::<Result<Vec<_>, _>>()?;
    let mut rows = Vec::new();
    let good = backtest.traces.iter().map(|path| (path, false));
    for (path, bad) in good.chain(backtest.bad.iter().map(|path| (path, true))) {
        let file = path.display().to_string();
        let trace = read(path)?;
        let judged = settings.iter().map(|setting| judged(&file, &trace, setting)).collect::<Result<Vec<_>, _>>()?;
        if backtest.json {
            for judged in &judged {
                say::line(&serde_json::to_string(judged).map_err(Failure::internal)?);
            }
        }
        rows.push(Row { file, bad, judged });
    }
    if !backtest.json {
        let names: Vec<String> = combinations.iter().map(|swept| name(swept, &backtest.sweep)).collect();
        say::out(&table(&rows, &names));
    }
    Ok(0)
}

fn judged(file: &str, trace: &Recorded, setting: &Setting) -> Result<Judged, Failure> {
    let setting = Setting {
        window_ms: setting.window_ms.or(trace.window_ms),
        interval_ms: setting.interval_ms.or(trace.interval_ms),
        ..*setting
    };
    judge(file, &trace.trace, &setting).map_err(|error| Failure::usage(format!("{file}: {error}")))
}

/// One setting: flags, overruled by swept values, over environment, file and defaults.
fn setting(common: &Common, swept: &[(&'static str, String)]) -> Result<Setting, Failure> {
    let mut pairs = common.settings.0.clone();
    pairs.retain(|(key, _)| !swept.iter().any(|(other, _)| other == key));
    pairs.extend(swept.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    let own = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| millis(name, value)).transpose();
    let (window_ms, interval_ms) = (own("soak.window")?, own("soak.interval")?);
    let rest = pairs.iter().filter(|(key, _)| !OF_THE_TRACE.contains(&key.as_str())).cloned().collect();
    let check = load(Inputs::from_process(rest, common.config.clone()))?.config.error_rate;
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
        let least = format_duration(Duration::from_millis(1));
        return Err(Failure::usage(format!("{name}: `{text}` is too short: at least {least}")));
    }
    Ok(millis)
}

/// The swept values, or what is judged by when nothing is swept.
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

/// A trace, with window and interval where its recording names them.
struct Recorded {
    trace: Trace,
    window_ms: Option<u64>,
    interval_ms: Option<u64>,
}

/// A recording begins with a JSON object, a CSV file with its header.
fn read(path: &Path) -> Result<Recorded, Failure> {
    let unreadable =
        |error: &dyn std::fmt::Display| Failure::usage(format!("cannot read the trace `{}`: {error}", path.display()));
    let bytes = fs::read(path).map_err(|error| unreadable(&error))?;
    if bytes.first() == Some(&b'{') {
        drop(bytes);
        return read_recording(path);
    }
    let text = String::from_utf8(bytes).map_err(|_| unreadable(&"it is neither a recording nor CSV in UTF-8"))?;
    let trace = Trace::from_csv(&text).map_err(|error| unreadable(&error))?;
    Ok(Recorded { trace, window_ms: None, interval_ms: None })
}

fn read_recording(path: &Path) -> Result<Recorded, Failure> {
    let (header, reader) = RecordingReader::<Envelope>::open::<RecordingHeader>(path).map_err(Failure::usage)?;
    let envelopes = reader.collect::<Result<Vec<_>, _>>().map_err(Failure::usage)?;
    let (window_ms, interval_ms) = (Some(header.settings.window_ms), Some(header.settings.interval_ms));
    let trace = trace_of(header.settings, envelopes);
    if trace.ticks.is_empty() {
        return Err(Failure::usage(format!("the recording `{}` has no tick of a soak's window", path.display())));
    }
    Ok(Recorded { trace, window_ms, interval_ms })
}
