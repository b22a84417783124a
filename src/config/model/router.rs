//! What kind of router there is, and what each kind needs.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::values::{AdminUrl, SocketAddress};

/// How traffic is moved.
#[derive(Clone, Debug)]
pub struct RouterConfig {
    /// What kind of router, with what it needs.
    pub kind: RouterKind,
    /// Limit for one try.
    pub timeout: Duration,
}

/// What kind of router, with what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouterKind {
    /// The state file is the truth; something else reads it.
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
    /// Servers of a backend of HAProxy.
    Haproxy(HaproxyConfig),
    /// A file that nginx includes.
    Nginx(NginxConfig),
    /// The upstreams of a `reverse_proxy` of Caddy.
    Caddy(CaddyConfig),
}

/// What router `haproxy` needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HaproxyConfig {
    /// The Runtime API.
    pub socket: SocketAddress,
    /// The backend that has the servers of both colors.
    pub backend: String,
    /// Names of blue's servers, at least one.
    pub blue: Vec<String>,
    /// Names of green's servers, at least one; none of them is blue's.
    pub green: Vec<String>,
    /// What becomes of the servers of the color that traffic leaves.
    pub away: Away,
}

/// What becomes of the servers of the color that traffic leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Away {
    /// No new sessions, but for those that are bound to the server by a cookie or a stick table; checked on.
    Drain,
    /// No new sessions at all; not checked.
    Maint,
}

/// What router `nginx` needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NginxConfig {
    /// The file that nginx includes.
    pub include_file: PathBuf,
    /// What is written into it, with `{upstream}`, `{color}` and `{service}` filled in.
    pub template: String,
    /// `{upstream}` for blue.
    pub blue: String,
    /// `{upstream}` for green, another one than blue's.
    pub green: String,
    /// Tests the configuration; exit code 0 says that it is good.
    pub test: Vec<String>,
    /// Reloads nginx.
    pub reload: Vec<String>,
    /// nginx's pid file.
    pub pid_file: PathBuf,
}

/// What router `caddy` needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaddyConfig {
    /// The admin API.
    pub admin: AdminUrl,
    /// The path of a `reverse_proxy`, or of its `upstreams`, in Caddy's configuration.
    pub upstream_path: String,
    /// Blue's upstreams as `host:port`, at least one.
    pub blue: Vec<String>,
    /// Green's upstreams; none of them is blue's.
    pub green: Vec<String>,
}
