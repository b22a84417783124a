//! A configuration in the making.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::dial::bare_dial;
use super::matchers::LabelFilter;
use super::model::{
    Access, Away, Baseline, CaddyConfig, Colors, Config, ControlConfig, ErrorRateConfig, Excuse, HaproxyConfig,
    HealthConfig, LatencyConfig, Method, MetricsConfig, Named, NginxConfig, NotifyConfig, OnBreach, OnFailingStandby,
    OnInconclusive, OnSharedCause, ReadinessConfig, RequestsConfig, RollbackConfig, RouterConfig, RouterKind,
    SoakConfig, StandbyPolicy, TrafficProbeConfig,
};
use super::problem::Origin;
use super::query::{PrometheusConfig, Source};
use super::routes::Routes;
use super::rules;
use super::statuses::StatusSet;
use super::unit::LatencyUnit;
use super::values::{AdminUrl, InstanceUrl, Ratio, SocketAddress};
use crate::model::Limits;

/// What the rows of the key table write into.
pub struct Draft {
    folder: PathBuf,
    called_from: PathBuf,
    /// Where relative paths of the value lie that is read next.
    base: PathBuf,
    /// Everything whose type is the same before and after validation.
    pub config: Config,
    /// The parts of `config.router.kind`.
    pub router: RouterDraft,
    /// The files that secrets were read from, by the key of the secret.
    pub secret_files: Vec<(&'static str, PathBuf)>,
}

/// The router's settings while it is still open which of them its kind takes.
#[derive(Default)]
pub struct RouterDraft {
    pub kind: RouterWord,
    pub switch: Vec<String>,
    pub rollback: Vec<String>,
    pub read: Vec<String>,
    pub socket: Option<SocketAddress>,
    pub backend: String,
    pub blue: Vec<String>,
    pub green: Vec<String>,
    pub away: Option<Away>,
    pub include_file: PathBuf,
    pub template: String,
    pub test: Vec<String>,
    pub reload: Vec<String>,
    pub pid_file: PathBuf,
    pub admin: Option<AdminUrl>,
    pub upstream_path: Option<String>,
    pub probe_url: Option<InstanceUrl>,
    pub probe_host: Option<String>,
    pub probe_header: Option<String>,
    pub probe_json: Option<String>,
    pub probe_metric: Option<String>,
    pub probe_blue: String,
    pub probe_green: String,
}

/// The words of `router.kind`.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum RouterWord {
    #[default]
    StateFile,
    Command,
    Haproxy,
    Nginx,
    Caddy,
}

impl Draft {
    /// A draft without values. Every row of the table overwrites its field, if only with its default.
    pub fn blank(folder: PathBuf, called_from: PathBuf) -> Self {
        let base = folder.clone();
        Self {
            folder,
            called_from,
            base,
            config: blank_config(),
            router: RouterDraft::default(),
            secret_files: Vec::new(),
        }
    }

    /// The next value comes from there: what is typed on the command line or put into the environment is relative to the
    /// working directory, everything else to the folder of the deployment.
    pub fn reads_from(&mut self, origin: &Origin) {
        let typed = matches!(origin, Origin::CommandLine { .. } | Origin::Environment { .. });
        self.base.clone_from(if typed { &self.called_from } else { &self.folder });
    }

    /// The folder in which relative paths of the value lie that is read next.
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// The configuration, once every row and every rule is content.
    pub fn finish(self) -> Config {
        let mut config = self.config;
        config.router.probe = self.router.probe();
        config.router.kind = self.router.finish();
        config.router.folder = self.folder;
        let of_control = self.secret_files.into_iter().filter(|(key, _)| key.starts_with("control."));
        config.control.secret_files = of_control.collect();
        config
    }
}

impl RouterDraft {
    /// Whether keys that belong to one kind of router are of use to this one.
    pub fn is(&self, kinds: &[RouterWord]) -> bool {
        kinds.contains(&self.kind)
    }

    fn probe(&self) -> Option<TrafficProbeConfig> {
        Some(TrafficProbeConfig {
            url: self.probe_url.clone()?,
            host: self.probe_host.clone(),
            sign: rules::probe::sign(self).ok().flatten()?,
            blue: self.probe_blue.trim().to_owned(),
            green: self.probe_green.trim().to_owned(),
        })
    }

    #[expect(clippy::expect_used, reason = "the rules refuse a kind without what it needs")]
    fn finish(self) -> RouterKind {
        let Self { blue, green, .. } = self;
        let first = |words: Vec<String>| words.into_iter().next().unwrap_or_default();
        match self.kind {
            RouterWord::StateFile => RouterKind::StateFile,
            RouterWord::Command => {
                RouterKind::Command { switch: self.switch, rollback: self.rollback, read: self.read }
            }
            RouterWord::Haproxy => RouterKind::Haproxy(HaproxyConfig {
                socket: self.socket.expect("router.socket is needed for haproxy"),
                backend: self.backend,
                blue,
                green,
                away: self.away,
            }),
            RouterWord::Nginx => RouterKind::Nginx(NginxConfig {
                include_file: self.include_file,
                template: self.template,
                blue: first(blue),
                green: first(green),
                test: self.test,
                reload: self.reload,
                pid_file: self.pid_file,
            }),
            RouterWord::Caddy => RouterKind::Caddy(CaddyConfig {
                admin: self.admin.expect("router.admin_url has a default for caddy"),
                upstream_path: self.upstream_path,
                blue: blue.iter().map(|dial| bare_dial(dial)).collect(),
                green: green.iter().map(|dial| bare_dial(dial)).collect(),
            }),
        }
    }
}

fn blank_config() -> Config {
    Config {
        service: String::new(),
        release: None,
        state_file: PathBuf::new(),
        data_dir: PathBuf::new(),
        soak: SoakConfig {
            window: Duration::ZERO,
            interval: Duration::ZERO,
            baseline_window: Duration::ZERO,
            warmup: Duration::ZERO,
            auto_rollback: false,
            on_breach: OnBreach::Notify,
            grace: Duration::ZERO,
            on_inconclusive: OnInconclusive::Hold,
            max_extension: Duration::ZERO,
            verify_window: Duration::ZERO,
            standby: StandbyPolicy::Require,
            on_shared_cause: OnSharedCause::Hold,
            on_failing_standby: OnFailingStandby::Tell,
        },
        colors: Colors::default(),
        access: Access::default(),
        metrics: MetricsConfig::default(),
        health: HealthConfig::default(),
        requests: RequestsConfig { ignore_routes: Routes::default() },
        prometheus: PrometheusConfig {
            url: None,
            bearer_token: None,
            username: None,
            password: None,
            tenant: None,
            ca_file: None,
            timeout: Duration::ZERO,
            max_age: Duration::ZERO,
            query_offset: Duration::ZERO,
        },
        queries: Vec::new(),
        error_rate: ErrorRateConfig {
            threshold: Ratio(0.0),
            min_requests: 0,
            method: Method::Evidence,
            false_alarm: Ratio(0.0),
            baseline: Baseline::Off,
            requests: Named::Auto,
            status_label: Named::Auto,
            errors: StatusSet::default(),
            series: LabelFilter::default(),
            source: Source::Instances,
            selector: None,
            required: false,
        },
        latency: LatencyConfig {
            threshold: None,
            quantile: Ratio(0.0),
            histogram: Named::Auto,
            unit: LatencyUnit::Auto,
            excuse: Excuse::None,
            ignore_routes: Routes::default(),
            source: Source::Instances,
            selector: None,
            required: false,
        },
        readiness: ReadinessConfig { failures: 0, required: false },
        rollback: RollbackConfig { give_up: Duration::ZERO },
        router: RouterConfig {
            kind: RouterKind::StateFile,
            timeout: Duration::ZERO,
            probe: None,
            folder: PathBuf::new(),
        },
        control: ControlConfig {
            socket: PathBuf::new(),
            group: None,
            listen: None,
            certificate: None,
            key: None,
            client_ca_file: None,
            operator_token: None,
            viewer_token: None,
            order_secret: None,
            url: None,
            ca_file: None,
            client_certificate: None,
            client_key: None,
            secret_files: BTreeMap::new(),
        },
        notify: NotifyConfig { url: None, secret: None, timeout: Duration::ZERO },
        retention: Limits { soaks: 0, age: Duration::ZERO, bytes: 0 },
    }
}
