//! The trait every kind of router implements.

use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use super::{
    CaddyError, CaddyRouter, CommandError, CommandRouter, Foreign, HaproxyError, HaproxyRouter, NginxError,
    NginxRouter, Replace, StateFileRouter, Written,
};
use crate::config::{Config, RouterConfig, RouterKind};
use crate::io::state::{StateError, StateFile};
use crate::model::Color;

/// A router's answer.
pub type RouterFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, RouterError>> + Send + 'a>>;

/// The result of a move that seems to have worked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// The router's last lines, for the journal; no control characters, at most a few kilobytes.
    pub output: Option<String>,
    /// The copy of what a forced move replaced and Switchback had not written.
    pub kept: Option<PathBuf>,
    /// Further remarks, a sentence each: a server that was left out, a route that was not moved.
    pub notes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    pub text: String,
    /// `None` if all is well.
    pub next: Option<String>,
}

impl Remark {
    pub fn ok(text: impl Into<String>) -> Self {
        Self { text: text.into(), next: None }
    }

    pub fn warning(text: impl Into<String>, next: impl Into<String>) -> Self {
        Self { text: text.into(), next: Some(next.into()) }
    }
}

/// Sends user traffic to a color, within the router's timeout. Moves are idempotent; dropping one leaves traffic on
/// either color. A move reads first: what is neither color's nor written by Switchback ([`RouterError::Foreign`]) stays
/// unless [`Replace::Anything`] is given; what cannot be read ([`RouterError::Unread`]) stays as well.
pub trait Router: Send + Sync + fmt::Debug {
    /// As the configuration spells it, such as `command`.
    fn kind(&self) -> &'static str;

    /// Whether [`Router::read`] reads the state file. Then a move can be read back only after the state write.
    fn reads_state_file(&self) -> bool;

    /// Moves traffic to a new color.
    fn switch(&self, to: Color, replace: Replace) -> RouterFuture<'_, Moved>;

    /// Moves traffic back to a color it was on before.
    fn rollback(&self, to: Color, replace: Replace) -> RouterFuture<'_, Moved>;

    /// The color that takes traffic. What belongs to neither color is [`RouterError::Foreign`].
    fn read(&self) -> RouterFuture<'_, Color>;

    /// What a move to this color would do, in lines, as far as can be told without moving; or why it would fail now.
    fn try_out(&self, to: Color, replace: Replace) -> RouterFuture<'_, Vec<String>>;

    /// The token of whoever moves traffic next, where several hosts could, for a router that checks it.
    fn fence(&self, _token: i64) {}

    /// Further findings for `doctor`.
    fn remarks(&self) -> RouterFuture<'_, Vec<Remark>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// A router could not be moved or read.
#[derive(Debug, thiserror::Error)]
pub enum RouterError {
    /// Router `state-file`, or a read that falls back to it.
    #[error(transparent)]
    StateFile(#[from] StateError),
    /// Router `command`.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// Router `haproxy`.
    #[error(transparent)]
    Haproxy(#[from] HaproxyError),
    /// Router `nginx`.
    #[error(transparent)]
    Nginx(#[from] NginxError),
    /// Router `caddy`.
    #[error(transparent)]
    Caddy(#[from] CaddyError),
    /// What is there belongs to neither color and was not written by Switchback. Nothing was touched.
    #[error("{0}")]
    Foreign(Box<Foreign>),
    /// What is there could not be read before a move, so nothing was touched.
    #[error("{0}")]
    Unread(Box<RouterError>),
    /// The move failed without effect, or was undone.
    #[error("{0}")]
    PutBack(Box<RouterError>),
}

impl RouterError {
    /// The same failure, of the reading before a move.
    #[must_use]
    pub fn unread(self) -> Self {
        match self {
            Self::Foreign(_) | Self::Unread(_) | Self::PutBack(_) => self,
            other => Self::Unread(Box::new(other)),
        }
    }

    /// The same failure, of a move without effect.
    #[must_use]
    pub fn put_back(self) -> Self {
        match self {
            Self::Foreign(_) | Self::Unread(_) | Self::PutBack(_) => self,
            other => Self::PutBack(Box::new(other)),
        }
    }

    /// What was found that Switchback did not write, if that is the reason.
    pub fn foreign(&self) -> Option<&Foreign> {
        match self {
            Self::Foreign(foreign) => Some(foreign),
            _ => None,
        }
    }

    /// Whether a move that failed like this left everything as it was.
    pub const fn is_untouched(&self) -> bool {
        matches!(self, Self::Foreign(_) | Self::Unread(_) | Self::PutBack(_))
    }
}

impl From<Foreign> for RouterError {
    fn from(foreign: Foreign) -> Self {
        Self::Foreign(Box::new(foreign))
    }
}

/// What makes routers.
pub trait Routers: fmt::Debug + Send + Sync {
    /// The router of a deployment with this state file.
    fn router(&self, config: &Config, state_file: &StateFile) -> Arc<dyn Router>;
}

#[derive(Clone, Copy, Debug)]
pub struct Configured;

impl Routers for Configured {
    fn router(&self, config: &Config, state_file: &StateFile) -> Arc<dyn Router> {
        from_config(&config.router, state_file, &config.service, &config.service_dir())
    }
}

/// What it writes is recorded in the service's folder.
pub fn from_config(
    config: &RouterConfig,
    state_file: &StateFile,
    service: &str,
    service_dir: &Path,
) -> Arc<dyn Router> {
    let state_file = state_file.clone();
    match &config.kind {
        RouterKind::StateFile => Arc::new(StateFileRouter::new(state_file)),
        RouterKind::Command { switch, rollback, read } => {
            let mut router = CommandRouter::new(state_file, service, config.timeout);
            router.folder.clone_from(&config.folder);
            router.switch.clone_from(switch);
            router.rollback.clone_from(if rollback.is_empty() { switch } else { rollback });
            router.read.clone_from(read);
            Arc::new(router)
        }
        RouterKind::Haproxy(haproxy) => Arc::new(HaproxyRouter::new(haproxy.clone(), config.timeout, service_dir)),
        RouterKind::Nginx(nginx) => {
            let written = Written::new(service_dir);
            Arc::new(NginxRouter::new(nginx.clone(), service, &config.folder, config.timeout, written))
        }
        RouterKind::Caddy(caddy) => {
            Arc::new(CaddyRouter::new(caddy.clone(), config.timeout, Written::new(service_dir)))
        }
    }
}
