//! A configuration in the making.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::dial::bare_dial;
use super::keys::{Config, RouterDraft};
use super::model::{CaddyConfig, HaproxyConfig, NginxConfig, RouterConfig, RouterKind, TrafficProbeConfig};
use super::problem::Origin;
use super::rules;

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
    pub secret_files: BTreeMap<&'static str, PathBuf>,
}

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
            config: Config::default(),
            router: RouterDraft::default(),
            secret_files: BTreeMap::new(),
        }
    }

    /// The base of the next value: the working directory for flags and environment, else the deployment's folder.
    pub fn reads_from(&mut self, origin: &Origin) {
        let typed = matches!(origin, Origin::CommandLine { .. } | Origin::Environment { .. });
        self.base.clone_from(if typed { &self.called_from } else { &self.folder });
    }

    pub fn base(&self) -> &Path {
        &self.base
    }

    /// The configuration, once every row and every rule is content.
    pub fn finish(self) -> Config {
        let mut config = self.config;
        let (probe, timeout) = (self.router.probe(), self.router.timeout);
        config.router = RouterConfig { kind: self.router.finish(), timeout, probe, folder: self.folder };
        config.control.secret_files = self.secret_files;
        config.control.secret_files.retain(|key, _| key.starts_with("control."));
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
