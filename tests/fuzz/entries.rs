//! What is fed with anything: every reader of somebody else's bytes. Shared by the fuzz targets of this folder and by
//! `tests/fuzz/main.rs`, which runs them on every test run.

use std::fs;

use switchback::config::{DotEnv, Inputs, load, parse_duration};
use switchback::core::backtest::Trace;
use switchback::core::soak::{Envelope, RecordingHeader};
use switchback::core::view::Dashboard;
use switchback::io::journal::{Entry, RecordingReader, verify};
use switchback::io::source::{Format, PageReader, read_answer};
use switchback::io::state::State;
use switchback::model::{Action, Actor};

/// Takes any bytes, and may not panic.
pub type Read = fn(&[u8]);

/// Every entry by the name of its corpus.
pub const ALL: [(&str, Read); 9] = [
    ("exposition", exposition),
    ("state_file", state_file),
    ("journal", journal),
    ("recording", recording),
    ("config", config),
    ("action", action),
    ("prometheus", prometheus),
    ("haproxy", haproxy),
    ("trace", trace),
];

/// A metrics page, in both formats, read in one piece and in pieces, and once more as the next page.
pub fn exposition(bytes: &[u8]) {
    let defaults = load(Inputs { folder: "/srv".into(), ..Inputs::default() }).map(|loaded| loaded.config);
    let Ok(config) = defaults else { return };
    for format in [Format::Text, Format::OpenMetrics] {
        let reader = || {
            PageReader::new(&config.error_rate, config.requests.ignore_routes.clone().and_own(["/metrics"]))
                .with_latency(&config.latency)
        };
        let read = |reader: &mut PageReader, piece: usize| {
            reader.begin(format);
            let pushed = bytes.chunks(piece.max(1)).try_for_each(|chunk| reader.push(chunk));
            pushed.and_then(|()| reader.finish(true)).ok().map(|reading| (reading.total, reading.errors))
        };
        let (mut whole, mut pieces) = (reader(), reader());
        let first = read(&mut whole, bytes.len());
        assert_eq!(first, read(&mut pieces, 7), "a page means the same however it arrives");
        let again = read(&mut whole, bytes.len());
        assert_eq!(first.is_some(), again.is_some(), "what could be read can be read again");
    }
}

/// A state file: what it says survives being written.
pub fn state_file(bytes: &[u8]) {
    let Ok(state) = State::parse(&String::from_utf8_lossy(bytes)) else { return };
    let Ok(text) = state.to_text() else { return };
    let again = State::parse(&text).ok();
    let kept = again.map(|again| (again.active(), again.last_switch(), again.previous(), again.transition().cloned()));
    assert_eq!(kept, Some((state.active(), state.last_switch(), state.previous(), state.transition().cloned())));
}

/// A decision journal, as a file and as lines.
pub fn journal(bytes: &[u8]) {
    for line in bytes.split(|byte| *byte == b'\n') {
        let _ = serde_json::from_slice::<Entry>(line);
    }
    with_file(bytes, |path| drop(verify(path, None)));
}

/// A recording, fed to everything that a screen shows.
pub fn recording(bytes: &[u8]) {
    with_file(bytes, |path| {
        let Ok((header, envelopes)) = RecordingReader::<Envelope>::open::<RecordingHeader>(path) else { return };
        let mut dashboard = Dashboard::new(header.settings);
        for envelope in envelopes.map_while(Result::ok) {
            dashboard.apply(&envelope);
        }
        let now_ms = dashboard.view().at_ms();
        let _ = (
            dashboard.headline(now_ms),
            dashboard.checks().len(),
            dashboard.attribution(),
            dashboard.requests_per_second(),
        );
    });
}

/// A configuration file, and the same text as `.env` and as the value of every key.
pub fn config(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let folder = || "/srv".into();
    let _ =
        load(Inputs { file: Some(("switchback.toml".into(), text.clone())), folder: folder(), ..Inputs::default() });
    let dotenv = DotEnv { path: ".env".into(), bytes: Ok(bytes.to_vec()), is_cut: false };
    let _ = load(Inputs { dotenv: Some(dotenv), folder: folder(), ..Inputs::default() });
    if text.len() < 4_096 {
        let all = switchback::config::keys().map(|key| (key.env(), text.clone()));
        let _ = load(Inputs { env: all.collect(), folder: folder(), ..Inputs::default() });
    }
    let _ = parse_duration(&text);
}

/// What an operator types, and who they are.
pub fn action(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(action) = text.parse::<Action>() {
        assert_eq!(action.to_string().parse(), Ok(action), "an order that is written down is the same order");
    }
    let _ = text.parse::<Actor>();
}

/// An answer of the API of Prometheus.
pub fn prometheus(bytes: &[u8]) {
    let _ = read_answer(bytes);
}

/// An answer of HAProxy to `show servers state`.
pub fn haproxy(bytes: &[u8]) {
    let _ = switchback::io::router::read_servers(&String::from_utf8_lossy(bytes));
}

/// A trace in CSV.
pub fn trace(bytes: &[u8]) {
    if let Ok(trace) = Trace::from_csv(&String::from_utf8_lossy(bytes)) {
        let _ = (trace.length_ms(), trace.interval_ms());
    }
}

fn with_file(bytes: &[u8], read: impl FnOnce(&std::path::Path)) {
    let Ok(folder) = tempfile::tempdir() else { return };
    let path = folder.path().join("file");
    if fs::write(&path, bytes).is_ok() {
        read(&path);
    }
}
