//! What kind of router there is, and what each kind needs.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::values::{AdminUrl, InstanceUrl, SocketAddress};
use crate::model::Color;

#[derive(Clone, Debug, Default)]
pub struct RouterConfig {
    pub kind: RouterKind,
    pub timeout: Duration,
    /// How a move is confirmed by its effect, where that is asked for.
    pub probe: Option<TrafficProbeConfig>,
    /// The folder of the deployment: commands run in it. Where it is empty, in the working directory.
    pub folder: PathBuf,
}

impl RouterConfig {
    /// The paths that this program itself asks through the proxy: requests for them are nobody's but its own.
    pub fn own_paths(&self) -> Vec<String> {
        self.probe.iter().map(|probe| probe.url.exact().path().to_owned()).collect()
    }
}

/// A page that is asked through the proxy, and how it says which color answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrafficProbeConfig {
    /// The page, at the address where users come.
    pub url: InstanceUrl,
    /// The `Host` that is asked for, where it is not the URL's.
    pub host: Option<String>,
    pub sign: ProbeSign,
    /// What stands there when blue answers.
    pub blue: String,
    /// What stands there when green answers, something else than for blue.
    pub green: String,
}

impl TrafficProbeConfig {
    pub fn value(&self, color: Color) -> &str {
        match color {
            Color::Blue => &self.blue,
            Color::Green => &self.green,
        }
    }
}

/// Where in an answer the color stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeSign {
    Header(String),
    /// In JSON, at this pointer (`/release/color`) or at these names (`release.color`).
    Json(String),
    Metric {
        name: String,
        /// The label whose text it is; without one it is the value.
        label: Option<String>,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RouterKind {
    /// The state file is the truth; something else reads it.
    #[default]
    StateFile,
    /// Commands move traffic. `{color}` and `{service}` are filled in each word; no shell is involved.
    Command {
        /// Moves traffic to `{color}`.
        switch: Vec<String>,
        /// Moves traffic back to `{color}`; `switch` is used where it is empty.
        rollback: Vec<String>,
        /// Prints the active color, as a word or in JSON under `activeColor`; the state file is read where it is empty.
        read: Vec<String>,
    },
    Haproxy(HaproxyConfig),
    Nginx(NginxConfig),
    Caddy(CaddyConfig),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HaproxyConfig {
    pub socket: SocketAddress,
    /// The backend that has the servers of both colors.
    pub backend: String,
    /// Names of blue's servers, at least one.
    pub blue: Vec<String>,
    /// Names of green's servers, at least one; none of them is blue's.
    pub green: Vec<String>,
    /// What becomes of the servers of the color that traffic leaves; none: what the other color's were.
    pub away: Option<Away>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Away {
    /// No new sessions, but for those that are bound to the server by a cookie or a stick table; checked on.
    Drain,
    /// No new sessions at all; not checked.
    Maint,
    /// Weight 0: no new sessions, as with `Drain`.
    Weight,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NginxConfig {
    pub include_file: PathBuf,
    /// What is written into it, with `{upstream}`, `{color}` and `{service}` filled in.
    pub template: String,
    /// `{upstream}` for blue.
    pub blue: String,
    /// `{upstream}` for green, another one than blue's.
    pub green: String,
    pub test: Vec<String>,
    pub reload: Vec<String>,
    pub pid_file: PathBuf,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaddyConfig {
    pub admin: AdminUrl,
    /// The path of a `reverse_proxy`, or of its `upstreams`, in Caddy's configuration; none: it is found by its upstreams.
    pub upstream_path: Option<String>,
    /// Blue's upstreams as `host:port`, at least one.
    pub blue: Vec<String>,
    /// Green's upstreams; none of them is blue's.
    pub green: Vec<String>,
}
