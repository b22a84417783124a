//! Router `haproxy`: servers of a backend are taken in and out over HAProxy's Runtime API
//! (<https://docs.haproxy.org/2.6/management.html#9.3>).
//!
//! The new color's servers are set `ready` first; once they are up the other color's are set to `drain` or `maint`, so that
//! there is always somebody to answer. What HAProxy does is read from `show servers state`.

mod runtime;
mod servers;

use std::fmt;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Moved, Replace, Router, RouterFuture};
use crate::config::{Away, HaproxyConfig};
use crate::deploy::Color;

use runtime::RuntimeApi;
pub use runtime::RuntimeError;
pub use servers::parse as read_servers;
use servers::{Server, parse};

/// Time between two looks at servers that are coming up.
const POLL: Duration = Duration::from_millis(50);

/// The share of the limit that is left for taking servers out, or in again, once others came up or did not.
const RESERVE: f32 = 0.25;

/// HAProxy could not be moved or read.
#[derive(Debug, thiserror::Error)]
pub enum HaproxyError {
    /// The Runtime API did not do what it was asked.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// What it printed is no list of servers.
    #[error("HAProxy's answer to `{command}` cannot be read: {reason}")]
    Answer {
        /// What was asked.
        command: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// A configured server is not there.
    #[error("HAProxy's backend `{backend}` has no server `{server}`; it has {known}")]
    NoServer {
        /// The backend.
        backend: String,
        /// The server that was looked for.
        server: String,
        /// The servers that are there.
        known: String,
    },
    /// The new servers did not come up in time.
    #[error("HAProxy's {} in time (router.timeout {}): {states}", not_up(*up, *of), humantime::format_duration(*limit))]
    NotUp {
        /// How many are up.
        up: usize,
        /// Of how many.
        of: usize,
        /// The limit.
        limit: Duration,
        /// How each of them stands.
        states: String,
    },
    /// Servers of both colors take traffic.
    #[error("HAProxy's backend `{backend}` sends traffic to both colors: {blue} (blue) and {green} (green) are ready")]
    Both {
        /// The backend.
        backend: String,
        /// Blue's servers that take traffic.
        blue: String,
        /// Green's.
        green: String,
    },
    /// No server of either color takes traffic.
    #[error("HAProxy's backend `{backend}` sends traffic to neither color: {states}")]
    Neither {
        /// The backend.
        backend: String,
        /// How each of them stands.
        states: String,
    },
    /// The socket's level does not allow moves.
    #[error(
        "HAProxy's Runtime API `{address}` gives level `{level}` here, moving needs `level admin` on its `stats socket`"
    )]
    Level {
        /// The socket.
        address: String,
        /// What it allows.
        level: String,
    },
}

fn not_up(up: usize, of: usize) -> String {
    if of == 1 { "server did not come up".to_owned() } else { format!("servers did not all come up ({up} of {of})") }
}

/// A backend of HAProxy whose servers belong to blue and green.
#[derive(Clone)]
pub struct HaproxyRouter {
    api: RuntimeApi,
    config: HaproxyConfig,
    limit: Duration,
}

impl fmt::Debug for HaproxyRouter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HaproxyRouter").field("config", &self.config).finish_non_exhaustive()
    }
}

impl HaproxyRouter {
    /// A router over this Runtime API; each move and each reading gets `limit`.
    pub fn new(config: HaproxyConfig, limit: Duration) -> Self {
        Self { api: RuntimeApi::new(config.socket.clone()), config, limit }
    }

    fn names(&self, color: Color) -> &[String] {
        match color {
            Color::Blue => &self.config.blue,
            Color::Green => &self.config.green,
        }
    }

    async fn servers(&self, deadline: Instant) -> Result<Vec<Server>, HaproxyError> {
        let command = format!("show servers state {}", self.config.backend);
        let answer = self.api.ask(&command, self.limit, deadline).await?;
        parse(&answer).map_err(|reason| HaproxyError::Answer { command, reason })
    }

    /// The servers of a color, in the order of the configuration.
    fn of<'a>(&self, color: Color, servers: &'a [Server]) -> Result<Vec<&'a Server>, HaproxyError> {
        let find = |name: &String| {
            servers.iter().find(|server| server.name == *name).ok_or_else(|| HaproxyError::NoServer {
                backend: self.config.backend.clone(),
                server: name.clone(),
                known: names(servers.iter()),
            })
        };
        self.names(color).iter().map(find).collect()
    }

    async fn set(&self, server: &str, state: &str, deadline: Instant) -> Result<(), HaproxyError> {
        let command = format!("set server {}/{server} state {state}", self.config.backend);
        let answer = self.api.ask(&command, self.limit, deadline).await?;
        // Whatever was done is answered with an empty line.
        let refused = answer.trim();
        if refused.is_empty() {
            return Ok(());
        }
        Err(RuntimeError::Refused { command, answer: refused.to_owned() }.into())
    }

    /// Takes `to` in, waits until enough of it is up, and takes the other color out. Where it does not come up, what was
    /// taken in is taken out again.
    async fn go(&self, to: Color, least: Least) -> Result<Moved, HaproxyError> {
        let deadline = Instant::now() + self.limit;
        let before = self.servers(deadline).await?;
        // Both colors are looked up before anything is touched.
        self.of(to.other(), &before)?;
        let coming: Vec<_> = self.of(to, &before)?.into_iter().filter(|server| !server.is_ready()).collect();
        for server in &coming {
            self.set(&server.name, "ready", deadline).await?;
        }
        if let Err(error) = self.come_up(to, least, deadline - self.limit.mul_f32(RESERVE)).await {
            for server in &coming {
                self.set(&server.name, self.config.away.word(), deadline).await?;
            }
            return Err(error);
        }
        for name in self.names(to.other()) {
            self.set(name, self.config.away.word(), deadline).await?;
        }
        let (ready, away) = (self.names(to).join(", "), self.names(to.other()).join(", "));
        Ok(Moved { output: Some(format!("{ready} ready, {away} to {}", self.config.away.word())), ..Moved::default() })
    }

    async fn come_up(&self, color: Color, least: Least, deadline: Instant) -> Result<(), HaproxyError> {
        loop {
            let servers = self.servers(deadline).await?;
            let coming = self.of(color, &servers)?;
            let (up, of) = (coming.iter().filter(|server| server.is_up()).count(), coming.len());
            let enough = match least {
                Least::All => up == of,
                Least::Half => up * 2 >= of && up > 0,
            };
            if enough {
                return Ok(());
            }
            if Instant::now() + POLL * 2 >= deadline {
                return Err(HaproxyError::NotUp { up, of, limit: self.limit, states: states(&coming) });
            }
            sleep(POLL).await;
        }
    }

    async fn look(&self) -> Result<Color, HaproxyError> {
        let servers = self.servers(Instant::now() + self.limit).await?;
        let [blue, green] = [self.of(Color::Blue, &servers)?, self.of(Color::Green, &servers)?];
        let ready = |servers: &[&Server]| names(servers.iter().copied().filter(|server| server.is_ready()));
        let backend = self.config.backend.clone();
        match (ready(&blue), ready(&green)) {
            (blue, green) if !blue.is_empty() && !green.is_empty() => Err(HaproxyError::Both { backend, blue, green }),
            (blue, _) if !blue.is_empty() => Ok(Color::Blue),
            (_, green) if !green.is_empty() => Ok(Color::Green),
            _ => Err(HaproxyError::Neither { backend, states: states(&[blue, green].concat()) }),
        }
    }

    async fn try_out(&self, to: Color) -> Result<Vec<String>, HaproxyError> {
        let deadline = Instant::now() + self.limit;
        let servers = self.servers(deadline).await?;
        let (coming, going) = (self.of(to, &servers)?, self.of(to.other(), &servers)?);
        let level = self.api.ask("show cli level", self.limit, deadline).await?;
        if level.trim() != "admin" {
            let level = level.trim().to_owned();
            return Err(HaproxyError::Level { address: self.config.socket.to_string(), level });
        }
        let mut lines = vec![format!(
            "set {} ready ({}), then {} to {}",
            names(coming.iter().copied()),
            states(&coming),
            names(going.iter().copied()),
            self.config.away.word()
        )];
        let ours = [&self.config.blue[..], &self.config.green[..]].concat();
        let others = names(servers.iter().filter(|server| server.is_ready() && !ours.contains(&server.name)));
        if !others.is_empty() {
            lines.push(format!("servers that belong to neither color stay as they are: {others}"));
        }
        Ok(lines)
    }
}

/// How many servers of a color have to be up before the other color is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Least {
    /// All of them: nobody waits for a switch.
    All,
    /// Half, as for a standby that counts as alive: users wait for a rollback.
    Half,
}

fn names<'a>(servers: impl Iterator<Item = &'a Server>) -> String {
    servers.map(|server| server.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn states(servers: &[&Server]) -> String {
    servers.iter().map(|server| format!("{} {}", server.name, server.state())).collect::<Vec<_>>().join(", ")
}

impl Away {
    const fn word(self) -> &'static str {
        match self {
            Self::Drain => "drain",
            Self::Maint => "maint",
        }
    }
}

impl Router for HaproxyRouter {
    fn kind(&self) -> &'static str {
        "haproxy"
    }

    fn reads_state_file(&self) -> bool {
        false
    }

    fn switch(&self, to: Color, _: Replace) -> RouterFuture<'_, Moved> {
        Box::pin(async move { Ok(self.go(to, Least::All).await?) })
    }

    fn rollback(&self, to: Color, _: Replace) -> RouterFuture<'_, Moved> {
        Box::pin(async move { Ok(self.go(to, Least::Half).await?) })
    }

    fn read(&self) -> RouterFuture<'_, Color> {
        Box::pin(async move { Ok(self.look().await?) })
    }

    fn try_out(&self, to: Color, _: Replace) -> RouterFuture<'_, Vec<String>> {
        Box::pin(async move { Ok(self.try_out(to).await?) })
    }
}
