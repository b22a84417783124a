//! The services: what their metrics say, whether they are ready, and whether their traffic is enough to judge a release.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::elsewhere;
use super::finding::{Finding, Level};
use super::readiness::{self, Readiness};
use crate::config::{Config, InstanceUrl, Method, Source};
use crate::core::detect::{Counters, Latency, Processes, RECENT_MS, Reading, TickCounts, failed, requests_to_clear};
use crate::core::soak::{ADD_UP, left_out};
use crate::io::source::Scraper;
use crate::io::state::State;
use crate::io::tasks::boxed;
use crate::model::Color;
use crate::model::number::{duration_exact, latency_exact, percent_limit, rounded, whole};

/// Time between the two pages for a request rate.
const GAP: Duration = Duration::from_secs(3);
/// Pages to fetch, each over its own connection, to see whether the same process answers.
const STRANGERS: usize = 7;

/// The longest soak window, in minutes.
const MAX_MINUTES: u32 = 24 * 60;

struct Instance {
    color: Color,
    name: String,
    ready: Readiness,
    /// `None` if no check uses its page.
    metrics: Option<Result<Metrics, Unread>>,
}

struct Unread {
    why: String,
    /// The path that answers with metrics instead, and the key to set.
    found: Option<String>,
}

impl Unread {
    fn of(error: &impl ToString) -> Self {
        Self { why: error.to_string(), found: None }
    }
}

struct Metrics {
    counter: Option<(String, String)>,
    /// The share of its requests that is left out, if any.
    left_out: Option<String>,
    note: Option<String>,
    /// The latency histogram, if latency is judged: its name and bound, or why there is none.
    latency: Option<Result<String, String>>,
    release: Option<String>,
    counts: TickCounts,
    /// Requests a second.
    rate: f64,
    processes: Processes,
}

pub async fn look(config: &Config, state: Option<&State>) -> Vec<Finding> {
    let active = state.map_or(Color::Blue, State::active);
    let mut asked = JoinSet::new();
    let colors = [active, active.other()];
    let instances =
        colors.iter().flat_map(|color| config.colors.of(*color).iter().map(move |url| (*color, url.clone())));
    for (at, (color, url)) in instances.enumerate() {
        let config = config.clone();
        asked.spawn(boxed(async move { (at, Box::pin(ask(&config, color, &url)).await) }));
    }
    let mut answers = asked.join_all().await;
    answers.sort_unstable_by_key(|(at, _)| *at);
    let answers: Vec<_> = answers.into_iter().map(|(_, answer)| answer).collect();
    let alarm = readiness::standby_alarm(state);
    let mut findings = Vec::new();
    for instance in &answers {
        let Instance { color, name, ready, .. } = instance;
        findings.extend(readiness::findings(config, *color, name, ready, (*color == active, alarm)));
    }
    for instance in &answers {
        findings.extend(metrics(config, instance, instance.color == active));
    }
    if config.error_rate.source == Source::Instances {
        findings.push(traffic(config, active, counted(active, &answers)));
    }
    findings
}

fn counted(color: Color, answers: &[Instance]) -> Option<f64> {
    let of_color = answers.iter().filter(|answer| answer.color == color);
    let seen: Vec<_> = of_color.filter_map(|answer| answer.metrics.as_ref()?.as_ref().ok()).collect();
    seen.iter().any(|metrics| metrics.counter.is_some()).then(|| seen.iter().map(|metrics| metrics.rate).sum())
}

async fn ask(config: &Config, color: Color, url: &InstanceUrl) -> Instance {
    let metrics = async { if config.reads_pages() { Some(measure(config, color, url).await) } else { None } };
    let (ready, metrics) = tokio::join!(readiness::ask(config, url), metrics);
    Instance { color, name: url.to_string(), ready, metrics }
}

async fn measure(config: &Config, color: Color, url: &InstanceUrl) -> Result<Metrics, Unread> {
    let mut scraper = Scraper::of(config, color, url).map_err(|error| Unread::of(&error))?;
    let first = match scraper.scrape().await {
        Ok(first) => first,
        Err(error) => {
            return Err(Unread { found: elsewhere::metrics(config, color, url, &error).await, ..Unread::of(&error) });
        }
    };
    let (asked, mut counters, mut counts) = (Instant::now(), Counters::new(0), TickCounts::default());
    let mut take = |page: &Reading| {
        let delta = counters.read(page, u64::try_from(asked.elapsed().as_millis()).unwrap_or(u64::MAX));
        counts = counts.plus(TickCounts { requests: delta.requests, errors: delta.errors });
        counters.processes()
    };
    take(&first);
    let release = first.release.clone();
    for _ in 0..STRANGERS {
        take(&scraper.scrape().await.map_err(|error| Unread::of(&error))?);
    }
    sleep(GAP).await;
    let after = scraper.scrape().await.map_err(|error| Unread::of(&error))?;
    let processes = take(&after);
    #[expect(clippy::cast_precision_loss, reason = "requests of a few seconds")]
    let rate = counts.requests as f64 / asked.elapsed().as_secs_f64();
    let counter = scraper.counter().map(|(metric, label)| (metric.to_owned(), label.to_owned()));
    let latency = histogram(config, &scraper, after.latency.as_ref());
    let left_out = left_out(after.total, after.ignored);
    Ok(Metrics { counter, left_out, note: after.note, latency, release, counts, rate, processes })
}

/// `http_request_duration_seconds` with the bound that is judged; or why latency cannot be judged.
fn histogram(config: &Config, scraper: &Scraper, seen: Option<&Latency>) -> Option<Result<String, String>> {
    let threshold = config.latency.threshold?;
    let buckets = match seen? {
        Latency::Buckets(buckets) => buckets,
        Latency::Unknown(why) | Latency::Missing(why) | Latency::Unfit(why) => return Some(Err(why.clone())),
    };
    let name = scraper.histogram().unwrap_or_default();
    let quantile = config.latency.quantile.0;
    let threshold_ms = threshold.as_secs_f64() * 1000.0;
    Some(match buckets.bound_near(threshold_ms) {
        Some(bound) => Ok(format!(
            "latency by `{name}`, judged at its bound {}; {} since it started",
            latency_exact(bound),
            buckets.quantile(quantile).map_or_else(
                || "no request".to_owned(),
                |ms| format!("{} {}", config.latency.quantile.percentile(), latency_exact(ms))
            ),
        )),
        None => Err(format!("`{name}` has {}: latency cannot be judged by it", buckets.no_bound_near(threshold_ms))),
    })
}

fn metrics(config: &Config, instance: &Instance, is_active: bool) -> Vec<Finding> {
    const AREA: &str = "metrics";
    let Instance { color, name, ready, metrics } = instance;
    let who = format!("{color} {name}");
    // Without traffic nothing may be counted yet, and an instance that is down has no page.
    let matters = if is_active { config.error_rate.required } else { ready.answers() };
    let grave = |matters: bool| if matters { Level::Failure } else { Level::Warning };
    let metrics = match metrics {
        None => return Vec::new(),
        Some(Ok(metrics)) => metrics,
        Some(Err(Unread { why, found })) => {
            let next = found
                .as_deref()
                .unwrap_or("make the metrics page reachable: without it the error rate cannot be measured");
            return vec![Finding { level: grave(matters), ..Finding::warning(AREA, format!("{color}: {why}"), next) }];
        }
    };
    let Metrics { counter, left_out, note, latency, release, counts, rate, processes } = metrics;
    let mut findings = vec![match (counter, note) {
        (Some((metric, label)), _) => {
            let share = left_out.as_ref().map(|share| format!("; {share}")).unwrap_or_default();
            let release = release.as_ref().map(|release| format!("; release {release}")).unwrap_or_default();
            let seen = failed(*counts);
            let text = format!("{who}: `{metric}` by `{label}`; {seen}, {} requests/s{share}{release}", rounded(*rate));
            Finding::ok(AREA, text)
        }
        (None, None) => {
            Finding::ok(AREA, format!("{who}: the request counter is declared but has counted nothing yet"))
        }
        (None, Some(note)) => {
            let next =
                "name the counter with checks.error-rate.requests, its label with checks.error-rate.status_label";
            let level = grave(is_active && matters);
            Finding { level, ..Finding::warning(AREA, format!("{who}: requests cannot be counted: {note}"), next) }
        }
    }];
    if let (Some(_), Some(note)) = (counter, note) {
        findings.push(Finding::warning(AREA, format!("{who}: {note}"), "check whether this is the right page"));
    }
    match latency {
        Some(Ok(judged)) => findings.push(Finding::ok(AREA, format!("{who}: {judged}"))),
        Some(Err(why)) => {
            let level = grave(is_active && config.latency.required);
            let next = if why.contains("checks.latency.unit") {
                "set checks.latency.unit to the unit of its bounds"
            } else if why.contains("is a summary") {
                "have the service export a histogram, or name another metric with checks.latency.histogram"
            } else {
                "name the histogram with checks.latency.histogram, or give it a bucket at the threshold"
            };
            findings.push(Finding { level, ..Finding::warning(AREA, format!("{who}: {why}"), next) });
        }
        None => {}
    }
    findings.extend(several(&who, *processes));
    findings
}

/// Whether several processes answer at one URL, and whether their counters can be told apart.
fn several(who: &str, processes: Processes) -> Option<Finding> {
    const AREA: &str = "metrics";
    match processes {
        Processes::One => None,
        Processes::Apart(seen) => {
            let text = format!("{who}: several processes answer at this URL, {seen} of them just now");
            Some(Finding::ok(AREA, format!("{text}; they are told apart by their start times, and added up")))
        }
        Processes::Unclear | Processes::Mixed => {
            let text = format!(
                "{who}: several processes answer at this URL, and their counters cannot be told apart without a start time: \
                 a soak would end inconclusive"
            );
            Some(Finding::failure(AREA, text, ADD_UP))
        }
    }
}

/// Whether the active color's traffic, which a new color would get, can be judged. `rate`: requests a second, if known.
pub fn traffic(config: &Config, active: Color, rate: Option<f64>) -> Finding {
    const AREA: &str = "traffic";
    let Some(rate) = rate else {
        return Finding::warning(AREA, format!("no requests of {active} can be counted"), "see above");
    };
    let window = config.soak.window;
    let min_requests = config.error_rate.min_requests;
    let threshold = config.error_rate.threshold.0;
    let expected = rate * window.as_secs_f64();
    let rates = requests_to_clear(threshold, min_requests);
    // The threshold of the latency check is a share of slow requests.
    let latency = config.latency.threshold.filter(|_| config.latency.required).map(|_| config.latency.quantile);
    let (needed, at) = match latency.map(|quantile| (requests_to_clear(1.0 - quantile.0, min_requests), quantile)) {
        Some((needed, quantile)) if needed > rates => (needed, quantile.percentile()),
        _ => (rates, percent_limit(threshold)),
    };
    let text = format!(
        "{} requests/s on {active} make about {} in the window of {}; {} are needed to clear a release at {}",
        rounded(rate),
        whole(expected),
        duration_exact(window),
        whole(needed),
        at
    );
    if expected < needed {
        let otherwise = "with this little traffic a soak ends `inconclusive`, and soak.on_inconclusive decides";
        let next = match long_enough(needed / rate) {
            Some(window) => format!("a window of {window} is enough; {otherwise}"),
            None => otherwise.to_owned(),
        };
        return Finding::warning(AREA, text, next);
    }
    #[expect(clippy::cast_precision_loss, reason = "ten seconds, and a setting of at most a few millions")]
    let (recent, least) = (rate * RECENT_MS as f64 / 1000.0, min_requests as f64);
    if config.error_rate.method == Method::Window && recent < least {
        let next = "lower checks.error-rate.min_requests, or judge by checks.error-rate.method = \"evidence\"";
        let text = format!("{text}; but 10s never hold the {min_requests} requests that the method `window` needs");
        return Finding::warning(AREA, text, next);
    }
    Finding::ok(AREA, text)
}

/// A window of this many seconds, rounded up to whole minutes; `None` beyond the longest window allowed.
fn long_enough(seconds: f64) -> Option<String> {
    let minutes = (1..=MAX_MINUTES).find(|minutes| f64::from(*minutes) * 60.0 >= seconds)?;
    Some(duration_exact(Duration::from_secs(u64::from(minutes) * 60)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Inputs, load};

    fn instance(counts: TickCounts, rate: f64, processes: Processes) -> Instance {
        let counter = Some(("http_requests_total".to_owned(), "status_code".to_owned()));
        let metrics =
            Metrics { counter, left_out: None, note: None, latency: None, release: None, counts, rate, processes };
        Instance {
            color: Color::Blue,
            name: "http://blue".to_owned(),
            ready: Readiness::ready(),
            metrics: Some(Ok(metrics)),
        }
    }

    fn config() -> Config {
        load(Inputs { folder: "/".into(), ..Inputs::default() }).unwrap().config
    }

    #[test]
    fn several_processes_behind_one_url_are_a_failure_where_nothing_tells_them_apart() {
        let one = instance(TickCounts { requests: 30, errors: 1 }, 10.0, Processes::One);
        let findings = metrics(&config(), &one, true);
        let [found] = &findings[..] else { panic!("{findings:?}") };
        assert!(found.text.ends_with("1 of 30 requests failed (3.3%), 10 requests/s"), "{}", found.text);
        let of = |processes| {
            let findings = metrics(&config(), &instance(TickCounts::default(), 0.0, processes), true);
            findings.last().map(|last| (last.level, last.text.clone(), last.next.clone())).unwrap()
        };
        let (level, text, _) = of(Processes::Apart(4));
        assert_eq!(level, Level::Ok);
        assert!(text.contains("several processes answer at this URL, 4 of them just now"), "{text}");
        for processes in [Processes::Unclear, Processes::Mixed] {
            let (level, text, next) = of(processes);
            assert_eq!(level, Level::Failure);
            assert!(text.contains("several processes answer at this URL, and their counters cannot"), "{text}");
            assert!(next.unwrap().contains("PROMETHEUS_MULTIPROC_DIR"));
        }
    }

    #[test]
    fn a_page_with_a_remark_and_one_that_counted_nothing_yet_are_told() {
        let mut odd = instance(TickCounts::default(), 0.0, Processes::One);
        if let Some(Ok(metrics)) = &mut odd.metrics {
            metrics.note = Some("2 values were not counts and were ignored".to_owned());
        }
        assert_eq!(metrics(&config(), &odd, true)[1].level, Level::Warning);
        if let Some(Ok(metrics)) = &mut odd.metrics {
            (metrics.counter, metrics.note) = (None, None);
        }
        assert!(metrics(&config(), &odd, true)[0].text.ends_with("is declared but has counted nothing yet"));
    }

    #[test]
    fn a_window_that_would_be_long_enough_is_named_in_whole_minutes() {
        let slow = instance(TickCounts::default(), 0.05, Processes::One);
        let found = traffic(&config(), Color::Blue, counted(Color::Blue, &[slow]));
        assert_eq!(found.level, Level::Warning);
        assert!(found.next.unwrap().starts_with("a window of 20m is enough;"), "{}", found.text);
        let none = traffic(&config(), Color::Blue, Some(0.0));
        assert!(!none.next.unwrap().contains("a window of"));
    }
}
