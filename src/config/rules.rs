//! What two keys have to agree on. A rule is silent about keys whose own value was refused: one mistake, one problem.
//!
//! | file | holds |
//! | --- | --- |
//! | `control` | over the network a monitor is reached with a secret that cannot be guessed, and never in the clear |
//! | `coordination` | several hosts agree by an engine that is named in full |
//! | `credentials` | where credentials go |
//! | `endpoints` | where instances show their metrics, and how they are asked |
//! | `probe` | what `router.probe_*` have to agree on |

mod control;
mod coordination;
pub mod credentials;
mod endpoints;
pub mod probe;

pub(crate) use self::control::wrong_secrets;
use super::dial::same_listener;
use super::draft::{Draft, RouterWord};
use super::instances::twin;
use super::keys::keys;
use super::load::{Setting, Settled};
use super::model::{Config, NotifyConfig};
use super::problem::{Origin, Problem};
use super::query::Source;
use crate::model::number::duration_exact;
use crate::model::{SigningKey, webhook};

/// The longest path of a Unix socket, in bytes: `sun_path` of unix(7) holds 108 with the NUL at its end.
const MAX_SOCKET_PATH: usize = 107;

pub fn check(draft: &Draft, settled: &Settled, problems: &mut Vec<Problem>, warnings: &mut Vec<String>) {
    problems.extend(interval_fits_window(draft, settled));
    problems.extend(colors_are_apart(draft, settled));
    problems.extend(something_is_required(draft, settled));
    router_has_its_keys(settled, problems, warnings);
    problems.extend(router_tells_colors_apart(draft, settled));
    problems.extend(probe::check(draft, settled, warnings));
    problems.extend(socket_has_room(draft, settled));
    latency_has_a_threshold(settled, warnings);
    prometheus_is_known(draft, settled, problems, warnings);
    notifications_arrive(draft, settled, problems);
    endpoints::check(draft, settled, problems, warnings);
    coordination::check(draft, settled, problems, warnings);
    control::check(draft, settled, problems, warnings);
    credentials::check(draft, settled, warnings);
}

fn interval_fits_window(draft: &Draft, settled: &Settled) -> Option<Problem> {
    let most = draft.config.soak.window / 4;
    if draft.config.soak.interval <= most {
        return None;
    }
    let window = settled.sound("soak.window")?;
    let (window, origin) = (duration_exact(draft.config.soak.window), &window.origin);
    let what = format!("must be at most a quarter of soak.window = {window} ({origin})");
    let problem = settled.problem("soak.interval", what)?;
    Some(Problem { allowed: Some(format!("100ms..{}", duration_exact(most))), ..problem })
}

/// With nothing required every soak would end `retained`, unseen.
fn something_is_required(draft: &Draft, settled: &Settled) -> Option<Problem> {
    let latency = &draft.config.latency;
    let latency = latency.required && latency.threshold.is_some();
    let query = draft.config.queries.iter().any(|query| query.required);
    if draft.config.error_rate.required || draft.config.readiness.required || latency || query {
        return None;
    }
    settled.problem("checks.readiness.required", "no check is required, so nothing could stop a bad release")
}

/// Without a threshold latency is not judged, whatever else is said of it.
fn latency_has_a_threshold(settled: &Settled, warnings: &mut Vec<String>) {
    let given = |setting: &&Setting| setting.key.starts_with("checks.latency.") && setting.origin != Origin::Default;
    let without = settled.sound("checks.latency.threshold").is_some_and(|setting| setting.value.is_none());
    if without && let Some(Setting { key, origin, .. }) = settled.settings.iter().find(given) {
        warnings
            .push(format!("{key} ({origin}) has no effect: latency is judged once checks.latency.threshold is set"));
    }
}

/// What asks Prometheus needs to know where it is and which series are meant; and one way to authenticate is enough.
fn prometheus_is_known(draft: &Draft, settled: &Settled, problems: &mut Vec<Problem>, warnings: &mut Vec<String>) {
    let Config { prometheus, error_rate, latency, queries, .. } = &draft.config;
    let mut asking = Vec::new();
    for (check, source, selector) in
        [("error-rate", error_rate.source, &error_rate.selector), ("latency", latency.source, &latency.selector)]
    {
        let (source_key, selector_key) = (format!("checks.{check}.source"), format!("checks.{check}.selector"));
        let Some((chosen, given)) = settled.sound(&source_key).zip(settled.sound(&selector_key)) else { continue };
        match (source, selector) {
            (Source::Prometheus, None) => {
                let what = format!("{source_key} = prometheus ({}) needs it", chosen.origin);
                problems.extend(settled.problem(&selector_key, what));
            }
            (Source::Instances, Some(_)) => {
                warnings
                    .push(format!("{selector_key} ({}) has no effect: set {source_key} = prometheus", given.origin));
            }
            _ => {}
        }
        if source == Source::Prometheus {
            asking.push(chosen);
        }
        let series =
            settled.sound("checks.error-rate.match").filter(|_| check == "error-rate" && !error_rate.series.is_empty());
        if let (Source::Prometheus, Some(series)) = (source, series) {
            let origin = &series.origin;
            let what =
                format!("checks.error-rate.match ({origin}) has no effect on {source_key} = prometheus: put it into");
            warnings.push(format!("{what} {selector_key}"));
        }
    }
    asking.extend(settled.sound("checks.queries").filter(|_| !queries.is_empty()));
    if prometheus.url.is_none()
        && let Some(asking) = asking.first()
    {
        problems.extend(settled.problem("prometheus.url", format!("{} ({}) needs it", asking.key, asking.origin)));
    }
    if prometheus.bearer_token.is_some()
        && let Some(user) = settled.sound("prometheus.username").filter(|user| user.value.is_some())
    {
        warnings.push(format!("prometheus.username ({}) is not used: prometheus.bearer_token is given", user.origin));
    }
    if prometheus.username.is_some() != prometheus.password.is_some() {
        let what = "user name and password are needed together";
        problems.extend(settled.problem("prometheus.username", what));
    }
}

/// A webhook that is none, or a key that signs nothing, would be noticed when somebody should have been told.
fn notifications_arrive(draft: &Draft, settled: &Settled, problems: &mut Vec<Problem>) {
    let NotifyConfig { url, secret, .. } = &draft.config.notify;
    if let Some(Err(what)) = url.as_ref().map(webhook) {
        problems.extend(settled.problem("notify.url", what));
    }
    if let Some(Err(what)) = secret.as_ref().map(SigningKey::parse) {
        problems.extend(settled.problem("notify.secret", what));
    } else if secret.is_some() && url.is_none() {
        problems.extend(settled.problem("notify.secret", "there is no notify.url to send anything to"));
    }
}

fn colors_are_apart(draft: &Draft, settled: &Settled) -> Option<Problem> {
    let colors = &draft.config.colors;
    let twin = twin(&colors.green, &colors.blue)?;
    let blue = settled.sound("colors.blue.instances")?;
    let what = format!("{twin} is also an instance of blue ({})", blue.origin);
    settled.problem("colors.green.instances", what)
}

/// The keys of the router with the kinds that use them. Those marked with `!` have no default there and are needed.
const ROUTER_KEYS: [(&str, &str); 15] = [
    ("router.switch", "command!"),
    ("router.rollback", "command"),
    ("router.read", "command"),
    ("router.socket", "haproxy!"),
    ("router.backend", "haproxy!"),
    ("router.blue", "haproxy! nginx caddy"),
    ("router.green", "haproxy! nginx caddy"),
    ("router.away", "haproxy"),
    ("router.include_file", "nginx!"),
    ("router.template", "nginx"),
    ("router.test", "nginx"),
    ("router.reload", "nginx"),
    ("router.pid_file", "nginx"),
    ("router.admin_url", "caddy"),
    ("router.upstream_path", "caddy"),
];

/// A router has what its kind needs. Unused keys are a problem if the kind was forgotten, as traffic would not move,
/// and a warning if another kind was chosen, perhaps to overrule the file for one run.
fn router_has_its_keys(settled: &Settled, problems: &mut Vec<Problem>, warnings: &mut Vec<String>) {
    let Some(kind) = settled.sound("router.kind") else { return };
    let chosen = kind.value.as_deref().unwrap_or_default();
    for (name, kinds) in ROUTER_KEYS {
        let used_by = |word: &str| kinds.split(' ').any(|known| known.trim_end_matches('!') == word);
        let needed_by = |word: &str| kinds.split(' ').any(|known| known.strip_suffix('!') == Some(word));
        let Some(setting) = settled.sound(name) else { continue };
        if needed_by(chosen) && setting.value.is_none() {
            let what = format!("router.kind = {chosen} ({}) needs it", kind.origin);
            problems.extend(settled.problem(name, what));
        } else if !used_by(chosen) && setting.origin != Origin::Default {
            if kind.origin == Origin::Default {
                let kinds = kinds.replace('!', "").replace(' ', " or ");
                let what = format!("router.kind is not given, so this would never be used: set router.kind = {kinds}");
                problems.extend(settled.problem(name, what));
            } else {
                let (origin, kind_origin) = (&setting.origin, &kind.origin);
                warnings.push(format!("{name} ({origin}) is not used with router.kind = {chosen} ({kind_origin})"));
            }
        }
    }
}

/// A router that cannot tell the colors apart would move nothing and say that it did.
fn router_tells_colors_apart(draft: &Draft, settled: &Settled) -> Vec<Problem> {
    let router = &draft.router;
    let named = router.is(&[RouterWord::Haproxy, RouterWord::Nginx, RouterWord::Caddy]);
    let same = |one: &String, other: &String| {
        if router.is(&[RouterWord::Caddy]) { same_listener(one, other) } else { one == other }
    };
    let twin = router.green.iter().find(|name| named && router.blue.iter().any(|blue| same(blue, name)));
    let twin = twin.and_then(|name| settled.problem("router.green", format!("`{name}` is also called blue")));
    if !router.is(&[RouterWord::Nginx]) {
        return twin.into_iter().collect();
    }
    let several = [("router.blue", &router.blue), ("router.green", &router.green)]
        .into_iter()
        .filter(|(_, names)| names.len() > 1)
        .filter_map(|(key, _)| settled.problem(key, "router.kind = nginx takes one name: that of an upstream"));
    let same = !router.template.contains("{upstream}") && !router.template.contains("{color}");
    let same = same.then(|| settled.problem("router.template", "this is the same text for both colors")).flatten();
    twin.into_iter().chain(several).chain(same).collect()
}

/// The path may be long although nobody gave it: by default it lies in the data folder, that beside the configuration.
fn socket_has_room(draft: &Draft, settled: &Settled) -> Option<Problem> {
    let length = draft.config.control.socket.as_os_str().len();
    if length <= MAX_SOCKET_PATH {
        return None;
    }
    let what = format!(
        "this path is {length} bytes long, and a Unix socket takes {MAX_SOCKET_PATH} at most: set control.socket to a \
         shorter one"
    );
    settled.problem("control.socket", what)
}

impl Settled {
    /// The setting of a key, unless what was given for it was refused.
    fn sound(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.key == name && !self.refused.contains(&setting.key))
    }

    /// A problem with a key whose value is valid by itself.
    fn problem(&self, name: &str, what: impl Into<String>) -> Option<Problem> {
        let setting = self.sound(name)?;
        let key = keys().find(|key| key.name == name)?;
        let problem = Problem::of(key, setting.origin.clone(), setting.value.as_deref().unwrap_or_default(), what);
        Some(if setting.value.is_some() { problem } else { Problem { given: None, ..problem } })
    }
}
