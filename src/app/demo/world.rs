//! Everything together: blue, green, the proxy and the load.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::controls::Controls;
use super::faults::Faults;
use super::load::Load;
use super::proxy::{Proxy, STATUS_PATH};
use super::scenario::Scenario;
use super::script::Script;
use super::service::{Service, version};
use super::tally::Totals;
use super::timeline::{Step, timeline};
use super::timing::Timing;
use crate::config::{Method, RouterKind};
use crate::io::tasks::boxed;
use crate::model::Color;
use crate::model::number::duration_exact;

const INSTANCES: usize = 2;
/// Keeps the failures of the two colors independent.
const GREEN_SEED: u64 = 0x9e37_79b9_7f4a_7c15;

#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("failed to start {what} on 127.0.0.1")]
    Listen {
        /// What was to listen: a color or the proxy.
        what: &'static str,
        source: io::Error,
    },
    #[error("failed to write the router's script into {folder}")]
    Script { folder: PathBuf, source: io::Error },
    #[error("etcd cannot be started: {0}. Two hosts need etcd 3.4 or newer: apt-get install etcd-server")]
    Etcd(io::Error),
    #[error("etcd was started, and does not answer: {0}")]
    Silent(String),
}

/// A running demo, with blue active at first; dropping it ends everything. The scenario begins when the proxy first
/// sends traffic to green, whoever made it do so, and ends when traffic goes back to blue.
#[derive(Debug)]
pub struct World {
    scenario: Scenario,
    timing: Timing,
    folder: PathBuf,
    router: RouterKind,
    controls: Controls,
    blue: Service,
    green: Service,
    proxy: Proxy,
    load: Load,
    play: JoinSet<()>,
    /// The router's, if it is a command.
    pub script: Option<Script>,
}

impl World {
    /// Starts everything on free ports of 127.0.0.1 with its files in `folder`: an absolute path to an empty folder.
    /// There is no state file at first. What fails by chance follows from `seed`. The router is a command, which can
    /// be broken, if `breakable` or if the scenario breaks it.
    pub fn start(
        scenario: Scenario,
        timing: Timing,
        folder: &Path,
        seed: u64,
        breakable: bool,
    ) -> Result<Self, DemoError> {
        let (blue_faults, green_faults) = (Faults::none(INSTANCES), Faults::none(INSTANCES));
        let listen = |what| move |source| DemoError::Listen { what, source };
        let blue = Service::start(Color::Blue, &blue_faults, seed).map_err(listen("blue"))?;
        let green = Service::start(Color::Green, &green_faults, seed ^ GREEN_SEED).map_err(listen("green"))?;
        let script = (breakable || scenario == Scenario::RouterFailure)
            .then(|| Script::write(folder))
            .transpose()
            .map_err(|source| DemoError::Script { folder: folder.to_path_buf(), source })?;
        let followed = script.as_ref().map_or_else(|| state_file(folder), Script::route);
        let proxy = Proxy::start(followed, blue.instances(), green.instances()).map_err(listen("the proxy"))?;
        let load = Load::start(proxy.addr(), timing.rate).map_err(listen("the load"))?;
        let controls = Controls {
            blue: blue_faults,
            green: green_faults,
            rate: load.rate(),
            router_broken: script.as_ref().map(Script::broken),
            by_hand: Arc::default(),
        };
        let mut play = JoinSet::new();
        play.spawn(boxed(play_on_switch(timeline(scenario), timing.window, proxy.active(), controls.clone())));
        let router = script.as_ref().map_or(RouterKind::StateFile, Script::router_kind);
        let folder = folder.to_path_buf();
        Ok(Self { scenario, timing, folder, router, controls, blue, green, proxy, load, play, script })
    }

    /// A handle to change the faults by hand.
    pub fn controls(&self) -> Controls {
        self.controls.clone()
    }

    /// What the users saw so far.
    pub fn totals(&self) -> Totals {
        self.load.totals()
    }

    /// The proxy's base URL, where users come.
    pub fn proxy_url(&self) -> String {
        format!("http://{}", self.proxy.addr())
    }

    /// The base URLs of one color's instances.
    pub fn instance_urls(&self, color: Color) -> Vec<String> {
        let service = color.pick(&self.blue, &self.green);
        service.instances().iter().map(|addr| format!("http://{addr}")).collect()
    }

    /// The color that takes user traffic, as it changes.
    pub fn active(&self) -> watch::Receiver<Color> {
        self.proxy.active()
    }

    /// How traffic is moved.
    pub const fn router_kind(&self) -> &RouterKind {
        &self.router
    }

    /// The settings that `switch` needs here: configuration keys, with values spelled as in an environment variable.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        self.settings_in(&self.folder)
    }

    /// The same for a host with its files in a folder of its own.
    pub fn settings_in(&self, folder: &Path) -> Vec<(&'static str, String)> {
        let Timing { window, baseline_window, interval, max_extension, verify_window, .. } = self.timing;
        let mut settings = vec![
            ("service", "demo".to_owned()),
            ("state_file", state_file(folder).display().to_string()),
            ("data_dir", folder.join(".switchback").display().to_string()),
            ("colors.blue.instances", self.instance_urls(Color::Blue).join(",")),
            ("colors.green.instances", self.instance_urls(Color::Green).join(",")),
            ("soak.window", duration_exact(window)),
            ("soak.baseline_window", duration_exact(baseline_window)),
            ("soak.interval", duration_exact(interval)),
            ("soak.max_extension", duration_exact(max_extension)),
            ("soak.verify_window", duration_exact(verify_window)),
            ("rollback.give_up", "3s".to_owned()),
            ("checks.latency.threshold", "500ms".to_owned()),
            // In the shortest window there are not requests enough to clear a p99.
            ("checks.latency.quantile", "0.95".to_owned()),
            ("health.timeout", "1s".to_owned()),
            ("health.switch_timeout", "10s".to_owned()),
        ];
        if let RouterKind::Command { switch, rollback, read } = &self.router {
            settings.extend([
                ("router.kind", "command".to_owned()),
                ("router.switch", json(switch)),
                ("router.rollback", json(rollback)),
                ("router.read", json(read)),
            ]);
        } else {
            settings.push(("router.kind", "state-file".to_owned()));
        }
        settings
    }

    /// What was started where and what to look at, in lines for a person.
    pub fn describe(&self, method: Method) -> Vec<String> {
        let Self { scenario, timing, .. } = self;
        let proxy = self.proxy_url();
        let color = |color, role| {
            format!("{color:<9}{}   version {}, {role}", self.instance_urls(color).join(" "), version(color))
        };
        let green = self.instance_urls(Color::Green).into_iter().next().unwrap_or_default();
        let (window, interval) = (duration_exact(timing.window), duration_exact(timing.interval));
        vec![
            format!("scenario {scenario}: {}", scenario.happens()),
            format!("front    {proxy}   users come here, {} requests a second", timing.rate),
            color(Color::Blue, "active"),
            color(Color::Green, "the new release"),
            format!("files    {}", self.folder.display()),
            format!("soak     {window}, a sample every {interval}"),
            format!("look at  {}", scenario.look_at()),
            format!("expect   {}", scenario.expected(method)),
            format!("try      curl -si {proxy}/products | grep x-color"),
            format!("         curl -s {proxy}{STATUS_PATH}"),
            format!("         curl -s {green}/metrics | grep http_requests_total"),
            format!("         curl -si {green}/health/ready"),
        ]
    }

    /// Ends everything within seconds: the load first, so that none of them meets a closed door.
    pub async fn stop(mut self) -> Totals {
        self.play.shutdown().await;
        let totals = self.load.stop().await;
        self.proxy.stop().await;
        tokio::join!(self.blue.stop(), self.green.stop());
        totals
    }
}

fn state_file(folder: &Path) -> PathBuf {
    folder.join(".deployment-state.json")
}

fn json(words: &[String]) -> String {
    serde_json::json!(words).to_string()
}

/// Plays the timeline each time traffic moves to green, and breaks off when it moves back.
async fn play_on_switch(steps: Vec<Step>, window: Duration, mut active: watch::Receiver<Color>, controls: Controls) {
    while active.wait_for(|color| *color == Color::Green).await.is_ok() {
        let switched = Instant::now();
        let play = async {
            for step in &steps {
                sleep_until(switched + step.due(window)).await;
                controls.apply_by_script(step.change);
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = play => {}
            _ = active.wait_for(|color| *color == Color::Blue) => {}
        }
    }
}
