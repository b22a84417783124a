//! Prometheus: whether it answers, also each query of a soak, and whether samples are new enough for the interval.

use super::finding::{Finding, Level};
use super::services;
use crate::config::{Asked, Blanks, Bound, Config, PromQl, QueryConfig, Source};
use crate::core::soak::{Answer, Metered};
use crate::io::source::{Api, Meter, Querier};
use crate::io::state::State;
use crate::model::number::{duration_exact, latency, number, span};
use crate::model::{CheckId, Color};

const AREA: &str = "prometheus";

/// How far back the doctor looks for samples, in seconds.
const LOOK_BACK: f64 = 120.0;

/// Sends each query of a soak of the active color once.
pub async fn look(config: &Config, state: Option<&State>) -> Vec<Finding> {
    let Some(url) = &config.prometheus.url else { return Vec::new() };
    let api = match Api::new(url, &config.prometheus) {
        Ok(api) => api,
        Err(error) => return vec![Finding::failure(AREA, error.to_string(), "fix it")],
    };
    if let Err(error) = api.query("1", None).await {
        let next = "fix it: no query can be answered";
        return vec![Finding::failure(AREA, error.to_string(), next)];
    }
    let mut findings = vec![Finding::ok(AREA, format!("{url} answers"))];
    let active = state.map_or(Color::Blue, State::active);
    let blanks = Blanks {
        color: active.name(),
        previous: active.other().name(),
        service: &config.service,
        seconds: seconds_since_switch(state),
    };
    for (check, mut meter) in Meter::of(config, &api) {
        findings.push(counters(&check, active, meter.read(blanks).await));
    }
    let selectors =
        [(config.error_rate.source, &config.error_rate.selector), (config.latency.source, &config.latency.selector)];
    for selector in
        selectors.iter().filter(|(source, _)| *source == Source::Prometheus).filter_map(|(_, of)| of.as_ref())
    {
        findings.extend(age(&api, config, &selector.fill(blanks)).await);
    }
    if let (Source::Prometheus, Some(selector)) = (config.error_rate.source, &config.error_rate.selector) {
        findings.push(services::traffic(config, active, rate(&api, &selector.fill(blanks)).await));
    }
    for query in &config.queries {
        let answer = Querier::new(api.clone(), query.asked.clone()).ask(blanks, None).await;
        findings.push(answered(query, answer));
    }
    findings
}

fn seconds_since_switch(state: Option<&State>) -> u64 {
    let at_ms = state.and_then(State::last_switch).unwrap_or_default();
    u64::try_from(jiff::Timestamp::now().as_millisecond().saturating_sub(at_ms) / 1000).unwrap_or(1)
}

fn counters(check: &CheckId, active: Color, outcome: Metered) -> Finding {
    match outcome {
        Metered::New(reading) => match reading.note {
            Some(note) => {
                Finding::warning(AREA, format!("{check} of {active}: {note}"), "check whether that is intended")
            }
            None => Finding::ok(AREA, format!("the series of {check} are there for {active}")),
        },
        Metered::Same { age_ms } => Finding::ok(AREA, format!("the series of {check} are {} old", span(age_ms))),
        Metered::Failed(why) => {
            Finding::failure(AREA, format!("{check} of {active}: {why}"), format!("correct checks.{check}.selector"))
        }
    }
}

/// Whether new samples come as often as the soak reads them.
async fn age(api: &Api, config: &Config, selector: &str) -> Option<Finding> {
    let samples = value(api, &format!("max(count_over_time({selector}[{LOOK_BACK}s]))")).await?;
    // A target scraped for a shorter time would seem to be scraped rarely.
    value(api, &format!("count({selector} offset {LOOK_BACK}s)")).await?;
    let every = LOOK_BACK / samples;
    let interval = config.soak.interval;
    (every > interval.as_secs_f64() * 1.5).then(|| {
        let text = format!(
            "`{selector}` has a new sample every {}, but the soak reads every {}",
            latency(every.round() * 1000.0),
            duration_exact(interval)
        );
        Finding::warning(AREA, text, "set soak.interval to the scrape interval")
    })
}

async fn rate(api: &Api, selector: &str) -> Option<f64> {
    value(api, &format!("sum(rate({selector}[{LOOK_BACK}s]))")).await
}

async fn value(api: &Api, query: &str) -> Option<f64> {
    let asked = Asked::Value(PromQl::new(query).ok()?);
    let blanks = Blanks { color: "", previous: "", service: "", seconds: 1 };
    match Querier::new(api.clone(), asked).ask(blanks, None).await {
        Answer::Value { value, .. } => Some(value),
        _ => None,
    }
}

fn answered(query: &QueryConfig, answer: Answer) -> Finding {
    let name = &query.name;
    let told = |text: String, note: Option<String>| match note {
        Some(note) => Finding::warning(AREA, format!("{text}; it warns: {note}"), "check whether that is intended"),
        None => Finding::ok(AREA, text),
    };
    match answer {
        Answer::Value { value, note } => {
            let side = if query.breach == Bound::Above { "above" } else { "below" };
            let held = duration_exact(query.hold);
            told(format!("{name}: {}, a breach {side} {} for {held}", number(value), number(query.threshold)), note)
        }
        Answer::Firing { alerts, note } if alerts.is_empty() => told(format!("{name}: no alert fires"), note),
        Answer::Firing { alerts, note } => {
            let text = format!("{name}: firing, and not judged until resolved: {}", alerts.join(", "));
            told(text, note)
        }
        Answer::Failed(why) => {
            let level = if query.required { Level::Failure } else { Level::Warning };
            let next = format!("correct [checks.{name}]: a soak would end `inconclusive`");
            Finding { level, ..Finding::warning(AREA, format!("{name}: {why}"), next) }
        }
    }
}
