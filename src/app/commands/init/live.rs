//! What answers on this machine: readiness and metrics of the instances, and listeners that no file names.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::proposal::{Proposal, url};
use crate::app::commands::doctor::elsewhere;
use crate::app::project::instances::{host, port};
use crate::app::project::listeners::{self, Listener};
use crate::app::project::routers::Setting;
use crate::config::{Config, Inputs, InstanceUrl, load};
use crate::core::detect::Latency;
use crate::io::source::Scraper;
use crate::io::tasks::boxed;
use crate::model::Color;
use crate::model::number::latency_exact;

/// For all questions to one instance.
const LIMIT: Duration = Duration::from_secs(10);
/// Listeners that are asked. A machine has few services, and many ports of short-lived programs.
const MAX_LISTENERS: usize = 256;
/// The latency that is suggested where a histogram can judge it.
const SUGGESTED: Duration = Duration::from_millis(500);

/// What the instances answered.
#[derive(Default)]
pub struct Answers {
    pub settings: Vec<Setting>,
    pub notes: Vec<String>,
    pub latency: Option<(String, String)>,
}

/// One instance.
struct Answer {
    color: Color,
    address: String,
    health: Option<elsewhere::ReadyPath>,
    metrics: Option<Page>,
}

/// A metrics page, and what it counts.
struct Page {
    path: String,
    /// The port, if it is not the instance's.
    port: Option<u16>,
    counter: Option<(String, String)>,
    note: Option<String>,
    /// The histogram that can judge the suggested latency, and its bound.
    latency: Option<(String, f64)>,
}

/// Asks every instance of the configuration.
pub async fn look(config: &Config, proposal: &Proposal) -> Answers {
    let Some(instances) = &proposal.instances else { return Answers::default() };
    let listeners = listeners::list();
    let paths: Vec<String> = proposal.health.iter().map(|path| path.path.clone()).collect();
    let mut asked = JoinSet::new();
    for color in Color::ALL {
        for (at, address) in instances.of(color).iter().enumerate() {
            let Ok(url) = InstanceUrl::parse(&url(address)) else { continue };
            let (config, paths, address) = (config.clone(), paths.clone(), address.clone());
            let ports = beside(&listeners, &address);
            asked.spawn(boxed(async move {
                // What hangs takes nothing from the other.
                let health = timeout(LIMIT, elsewhere::ready_path(&config, &url, &paths));
                let metrics = timeout(LIMIT, page(&config, color, &url, &ports));
                let (health, metrics) = tokio::join!(health, metrics);
                let (health, metrics) = (health.ok().flatten(), metrics.ok().flatten());
                ((color, at), Answer { color, address, health, metrics })
            }));
        }
    }
    let mut answers = asked.join_all().await;
    answers.sort_unstable_by_key(|((color, at), _)| (color.name(), *at));
    let answers: Vec<Answer> = answers.into_iter().map(|(_, answer)| answer).collect();
    let mut told = Answers::default();
    health(&answers, proposal, &mut told);
    metrics(&answers, &mut told);
    told
}

/// Other ports of the process behind an instance.
fn beside(listeners: &[Listener], address: &str) -> Vec<u16> {
    let Some(own) = port(address).and_then(|port| port.parse::<u16>().ok()) else { return Vec::new() };
    let Some(process) = listeners.iter().find(|listener| listener.port == own).and_then(|listener| listener.process)
    else {
        return Vec::new();
    };
    let others = listeners.iter().filter(|listener| listener.process == Some(process) && listener.port != own);
    others.map(|listener| listener.port).collect()
}

async fn page(config: &Config, color: Color, url: &InstanceUrl, ports: &[u16]) -> Option<Page> {
    let found = elsewhere::metrics_page(config, color, url, ports).await?;
    read(config, color, url, found).await
}

async fn read(config: &Config, color: Color, url: &InstanceUrl, found: elsewhere::Found) -> Option<Page> {
    let elsewhere::Found { path, port } = found;
    let mut there = elsewhere::at(config, &path, port);
    there.latency.threshold = Some(SUGGESTED);
    let mut scraper = Scraper::of(&there, color, url).ok()?;
    let reading = scraper.scrape().await.ok()?;
    let counter = scraper.counter().map(|(metric, label)| (metric.to_owned(), label.to_owned()));
    let bound = match &reading.latency {
        Some(Latency::Buckets(buckets)) => buckets.bound_near(SUGGESTED.as_secs_f64() * 1000.0),
        _ => None,
    };
    let latency = bound.zip(scraper.histogram()).map(|(bound, name)| (name.to_owned(), bound));
    Some(Page { path, port, counter, note: reading.note.clone(), latency })
}

fn health(answers: &[Answer], proposal: &Proposal, told: &mut Answers) {
    let script = proposal.health.first();
    let found = answers.iter().find_map(|answer| Some((answer.health.clone()?, &answer.address)));
    let reason = match (&found, script) {
        (Some((ready, address)), _) => {
            let asked = proposal.health.iter().find(|known| known.path == ready.path);
            let asked =
                asked.map(|known| format!("{} asks it (`{}`), and ", known.place, known.line)).unwrap_or_default();
            let any = if ready.is_any { ", as on every path: it may say nothing about readiness" } else { "" };
            format!("{asked}{address} is ready there{any}")
        }
        (None, Some(path)) => format!("{} asks it (`{}`); no instance was ready to check it", path.place, path.line),
        (None, None) => {
            told.notes.push(
                "no instance is ready at a usual path: set health.path once they run (default: /health/ready)"
                    .to_owned(),
            );
            return;
        }
    };
    let path = found.map(|(ready, _)| ready.path).or_else(|| script.map(|path| path.path.clone()));
    told.settings.extend(path.map(|path| Setting::text("health.path", path, reason)));
}

fn metrics(answers: &[Answer], told: &mut Answers) {
    let with_page: Vec<(&Answer, &Page)> =
        answers.iter().filter_map(|answer| Some((answer, answer.metrics.as_ref()?))).collect();
    let Some((first, page)) = with_page.first() else {
        told.notes.push(
            "no instance shows metrics: without a counter of requests by status on /metrics the error rate cannot be measured".to_owned(),
        );
        return;
    };
    let counts = match (&page.counter, &page.note) {
        (Some((metric, label)), _) => format!("counts requests in `{metric}` by `{label}`"),
        (None, Some(note)) => {
            told.notes.push(format!("the metrics of {}: {note}", first.address));
            "requests cannot be counted there yet".to_owned()
        }
        (None, None) => "no request is counted there yet".to_owned(),
    };
    told.settings.push(Setting::text(
        "metrics.path",
        page.path.clone(),
        format!("{} answers there and {counts}", first.address),
    ));
    let ports: Vec<Option<u16>> = with_page.iter().map(|(_, page)| page.port).collect();
    match ports.as_slice() {
        ports if ports.iter().all(Option::is_none) => {}
        [Some(port), rest @ ..] if rest.iter().all(|other| *other == Some(*port)) && has_own_hosts(answers) => {
            told.settings.push(Setting::text("metrics.port", port.to_string(), "their metrics are on another port"));
        }
        _ => on_other_ports(answers, told),
    }
    if let Some((name, bound)) = &page.latency {
        told.latency = Some((latency_exact(*bound), format!("`{name}` has a bucket of {}", latency_exact(*bound))));
    }
}

/// Whether each instance has a host of its own, so that one port can be that of all.
fn has_own_hosts(answers: &[Answer]) -> bool {
    let host = |answer: &Answer| host(&answer.address).to_owned();
    answers.iter().enumerate().all(|(at, one)| answers[at + 1..].iter().all(|other| host(one) != host(other)))
}

/// A base URL for the metrics of each instance.
fn on_other_ports(answers: &[Answer], told: &mut Answers) {
    for (color, key) in [(Color::Blue, "colors.blue.metrics"), (Color::Green, "colors.green.metrics")] {
        let of_color = answers.iter().filter(|answer| answer.color == color);
        let urls: Option<Vec<String>> = of_color
            .map(|answer| {
                Some(match answer.metrics.as_ref()?.port {
                    Some(port) => url(&format!("{}:{port}", host(&answer.address))),
                    None => url(&answer.address),
                })
            })
            .collect();
        match urls {
            Some(urls) => {
                told.settings.push(Setting::list(key, urls, "the process of the instance shows its metrics there"));
            }
            None => told.notes.push(format!("the metrics of {color} were not found: set {key} once its instances run")),
        }
    }
}

/// Listeners of this machine that show metrics or readiness.
pub async fn candidates() -> Vec<Listener> {
    let Ok(loaded) = load(Inputs::default()) else { return Vec::new() };
    let mut asked = JoinSet::new();
    for listener in listeners::list().into_iter().filter(|listener| listener.port >= 80).take(MAX_LISTENERS) {
        let config = loaded.config.clone();
        asked.spawn(boxed(async move {
            let Ok(url) = InstanceUrl::parse(&url(&format!("127.0.0.1:{}", listener.port))) else { return None };
            let answers = timeout(Duration::from_secs(3), elsewhere::is_service(&config, &url)).await.unwrap_or(false);
            answers.then_some(listener)
        }));
    }
    let mut found: Vec<Listener> = asked.join_all().await.into_iter().flatten().collect();
    found.sort_unstable_by_key(|listener| listener.port);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::project::routers::Value;

    fn answer(color: Color, address: &str, metrics: Option<Page>) -> Answer {
        Answer { color, address: address.to_owned(), health: None, metrics }
    }

    fn page_at(port: Option<u16>) -> Page {
        Page { path: "/metrics".to_owned(), port, counter: None, note: None, latency: None }
    }

    /// The settings but the path, as lines, and the notes.
    fn proposed(answers: &[Answer]) -> (Vec<String>, String) {
        let mut told = Answers::default();
        metrics(answers, &mut told);
        let line = |setting: &Setting| match &setting.value {
            Value::Text(text) => format!("{} = {text}", setting.key),
            Value::List(words) => format!("{} = {}", setting.key, words.join(",")),
        };
        let lines = told.settings.iter().filter(|setting| setting.key != "metrics.path").map(line).collect();
        (lines, told.notes.join("\n"))
    }

    #[test]
    fn the_port_of_one_color_is_not_taken_for_the_other_one_on_its_host() {
        let blue = answer(Color::Blue, "127.0.0.1:3001", Some(page_at(Some(9464))));
        let (lines, notes) = proposed(&[blue, answer(Color::Green, "127.0.0.1:3002", None)]);
        assert_eq!(lines, ["colors.blue.metrics = http://127.0.0.1:9464"]);
        assert!(notes.contains("the metrics of green were not found: set colors.green.metrics"), "{notes}");
    }

    #[test]
    fn each_process_keeps_its_own_port_and_hosts_of_their_own_share_one() {
        let (lines, _) = proposed(&[
            answer(Color::Blue, "127.0.0.1:3001", Some(page_at(Some(9464)))),
            answer(Color::Green, "127.0.0.1:3002/app", Some(page_at(Some(9465)))),
        ]);
        assert_eq!(
            lines,
            ["colors.blue.metrics = http://127.0.0.1:9464", "colors.green.metrics = http://127.0.0.1:9465"]
        );
        let (lines, _) = proposed(&[
            answer(Color::Blue, "10.0.0.1:80", Some(page_at(Some(9464)))),
            answer(Color::Green, "10.0.0.2:80", Some(page_at(Some(9464)))),
        ]);
        assert_eq!(lines, ["metrics.port = 9464"]);
        let (lines, _) = proposed(&[answer(Color::Blue, "10.0.0.1:80", Some(page_at(None)))]);
        assert!(lines.is_empty(), "{lines:?}");
    }
}
