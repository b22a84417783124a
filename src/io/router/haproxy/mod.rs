//! Router `haproxy`: moves servers by the Runtime API (<https://docs.haproxy.org/2.6/management.html#9.3>). The new
//! color's are up before the other's go. State is read as HAProxy runs (`show servers state`), not as it is configured.
//!
//! | file | holds |
//! | --- | --- |
//! | `error` | what can go wrong with HAProxy |
//! | `parked` | a record of the servers that a move put away, and of those that somebody else had taken out before |
//! | `plan` | what a move does with the servers of both colors, decided from what HAProxy shows and what earlier moves recorded |
//! | `runtime` | HAProxy's Runtime API: one command a connection, one answer |
//! | `servers` | the answer to `show servers state`, version 1 (HAProxy 1.6 and later) |
//! | `told` | what is said about servers |

mod error;
mod parked;
mod plan;
mod runtime;
mod servers;
mod told;

use std::fmt;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::{Foreign, Moved, Remark, Replace, Router, RouterError, RouterFuture, Written};
use crate::config::HaproxyConfig;
use crate::model::Color;
use crate::model::number::duration_exact;

pub(crate) use error::HaproxyError;
use parked::{Parked, ParkedFile};
use plan::{Raise, plan};
use runtime::RuntimeApi;
pub(crate) use runtime::RuntimeError;
pub use servers::parse as read_servers;
use servers::{Server, backups, parse};
use told::{Decided, names, states};

const POLL: Duration = Duration::from_millis(50);

/// Share of the limit left for taking servers out, or in again, after the others came up or did not.
const RESERVE: f32 = 0.25;

/// For the record of a move, which then continues without it: a disk may hang without ever failing.
const RECORD_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub struct HaproxyRouter {
    api: RuntimeApi,
    config: HaproxyConfig,
    limit: Duration,
    parked: ParkedFile,
    written: Written,
}

impl fmt::Debug for HaproxyRouter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HaproxyRouter").field("config", &self.config).finish_non_exhaustive()
    }
}

impl HaproxyRouter {
    pub fn new(config: HaproxyConfig, limit: Duration, service_dir: &std::path::Path) -> Self {
        let parked = ParkedFile::new(service_dir, &config.backend);
        Self { api: RuntimeApi::new(config.socket.clone()), config, limit, parked, written: Written::new(service_dir) }
    }

    fn names(&self, color: Color) -> &[String] {
        color.pick(&self.config.blue, &self.config.green)
    }

    async fn servers(&self, deadline: Instant) -> Result<Vec<Server>, HaproxyError> {
        let command = format!("show servers state {}", self.config.backend);
        let answer = self.api.ask(&command, self.limit, deadline).await?;
        parse(&answer).map_err(|reason| HaproxyError::Answer { command, reason })
    }

    fn of<'a>(&self, color: Color, servers: &'a [Server]) -> Result<Vec<&'a Server>, HaproxyError> {
        let find = |name: &String| {
            servers.iter().find(|server| server.name == *name).ok_or_else(|| HaproxyError::NoServer {
                backend: self.config.backend.clone(),
                server: name.clone(),
                known: names(servers),
            })
        };
        self.names(color).iter().map(find).collect()
    }

    fn others(&self, servers: &[Server]) -> Vec<Server> {
        let ours =
            |server: &&Server| self.config.blue.contains(&server.name) || self.config.green.contains(&server.name);
        servers.iter().filter(|server| server.is_ready() && !ours(server)).cloned().collect()
    }

    async fn set(&self, server: &str, what: &str, deadline: Instant) -> Result<(), HaproxyError> {
        let command = format!("set server {}/{server} {what}", self.config.backend);
        let answer = self.api.ask(&command, self.limit, deadline).await?;
        // Success is an empty line.
        let refused = answer.trim();
        if refused.is_empty() {
            return Ok(());
        }
        Err(RuntimeError::Refused { command, answer: refused.to_owned() }.into())
    }

    /// A backend in which only servers of neither color serve is in other hands.
    async fn decide(&self, to: Color, deadline: Instant) -> Result<(Decided, Option<Foreign>), HaproxyError> {
        let servers = self.servers(deadline).await?;
        let (coming, going) = (self.of(to, &servers)?, self.of(to.other(), &servers)?);
        let known = self.parked.read();
        let plan = plan(to, plan::Servers { coming: &coming, going: &going }, self.config.away, &known);
        let others = self.others(&servers);
        let (blue, green) = if to == Color::Blue { (&coming, &going) } else { (&going, &coming) };
        let foreign = self.foreign(blue, green, &others);
        if foreign.is_none() && plan.counted.is_empty() {
            let (backend, states) = (self.config.backend.clone(), states(coming.iter().copied()));
            return Err(HaproxyError::NoServers { backend, color: to, states });
        }
        let owned = |servers: &[&Server]| servers.iter().map(|server| (*server).clone()).collect();
        let (coming, going) = (owned(&coming), owned(&going));
        Ok((Decided { plan, coming, going, others, known }, foreign))
    }

    async fn go(&self, to: Color, least: Least, replace: Replace) -> Result<Moved, RouterError> {
        let deadline = Instant::now() + self.limit;
        let (decided, foreign) = self.decide(to, deadline).await.map_err(|error| RouterError::from(error).unread())?;
        let kept = match foreign {
            Some(foreign) if replace == Replace::Ours => return Err(foreign.into()),
            Some(foreign) => {
                let kept = self.written.keep("haproxy.txt", foreign.to_string().as_bytes());
                let backend = self.config.backend.clone();
                Some(kept.map_err(|source| RouterError::from(HaproxyError::Keep { backend, source }).unread())?)
            }
            None => None,
        };
        let unrecorded = self.carry_out(to, least, &decided, deadline).await?;
        let mut notes = decided.notes(&self.config.backend);
        if kept.is_some() {
            notes.push(decided.beside(&self.config.backend));
        }
        notes.extend(unrecorded.map(|why| format!("could not record which servers were taken out: {why}")));
        Ok(Moved { kept, output: Some(decided.told()), notes })
    }

    /// Brings `to` in, waits for enough of it, puts the other away, or else reverts. Returns why recording failed.
    async fn carry_out(
        &self,
        to: Color,
        least: Least,
        decided: &Decided,
        deadline: Instant,
    ) -> Result<Option<String>, RouterError> {
        let Decided { plan, known, .. } = decided;
        let unrecorded = self.record(&plan.begun).await.err();
        for (at, raise) in plan.raise.iter().enumerate() {
            if let Err(error) = self.bring_in(raise, deadline).await {
                let back = self.take_back(&plan.raise[..=at], known, deadline).await;
                let error = RouterError::from(error);
                return Err(if back || at == 0 { error.put_back() } else { error });
            }
        }
        if let Err(error) = self.come_up(to, &plan.counted, least, deadline - self.limit.mul_f32(RESERVE)).await {
            let back = self.take_back(&plan.raise, known, deadline).await;
            let error = RouterError::from(error);
            return Err(if back { error.put_back() } else { error });
        }
        for (at, server) in plan.away.iter().enumerate() {
            if let Err(error) = self.set(&server.name, plan.way.command(), deadline).await {
                let untouched = at == 0 && plan.raise.is_empty();
                let error = RouterError::from(error);
                return Err(if untouched { error.unread() } else { error });
            }
        }
        let recorded = self.record(&plan.done).await;
        Ok(unrecorded.or(recorded.err()))
    }

    async fn bring_in(&self, raise: &Raise, deadline: Instant) -> Result<(), HaproxyError> {
        let Raise { server, ready, weight } = raise;
        if let Some(weight) = weight {
            // Fixed balancing takes no weight but the configured one, and none at all.
            let weight = if *weight == server.initial_weight { "100%".to_owned() } else { weight.to_string() };
            self.set(&server.name, &format!("weight {weight}"), deadline).await?;
        }
        if *ready { self.set(&server.name, "state ready", deadline).await } else { Ok(()) }
    }

    /// Reverts the servers. Returns whether all are back; the caller's own error tells why a move failed.
    async fn take_back(&self, raised: &[Raise], known: &Parked, deadline: Instant) -> bool {
        let mut all = true;
        for Raise { server, ready, weight } in raised {
            let state = if server.is_in_maintenance() { "state maint" } else { "state drain" };
            if *ready && let Err(error) = self.set(&server.name, state, deadline).await {
                tracing::warn!(%error, "a server is not put back");
                all = false;
            }
            if weight.is_some()
                && let Err(error) = self.set(&server.name, "weight 0", deadline).await
            {
                tracing::warn!(%error, "a server is not put back");
                all = false;
            }
        }
        let _ = self.record(known).await;
        all
    }

    /// Durably, on another thread, and not for long: users come before records.
    async fn record(&self, parked: &Parked) -> Result<(), String> {
        let (file, parked) = (self.parked.clone(), parked.clone());
        let written = tokio::task::spawn_blocking(move || file.write(&parked));
        let written = match timeout(RECORD_TIMEOUT, written).await {
            Ok(Ok(written)) => written.map_err(|error| error.to_string()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("the disk takes longer than {}", duration_exact(RECORD_TIMEOUT))),
        };
        written.inspect_err(|error| tracing::warn!(error, "HAProxy's servers are not recorded"))
    }

    async fn come_up(
        &self,
        color: Color,
        counted: &[String],
        least: Least,
        deadline: Instant,
    ) -> Result<(), HaproxyError> {
        loop {
            let servers = self.servers(deadline).await?;
            let mut coming = self.of(color, &servers)?;
            coming.retain(|server| counted.contains(&server.name));
            let (up, of) = (coming.iter().filter(|server| server.is_up()).count(), coming.len());
            if least.is_met(up, of) {
                return Ok(());
            }
            if Instant::now() + POLL * 2 >= deadline {
                let coming: Vec<Server> = coming.into_iter().cloned().collect();
                return Err(HaproxyError::NotUp { up, of, limit: self.limit, states: states(&coming) });
            }
            sleep(POLL).await;
        }
    }

    async fn look(&self) -> Result<Color, RouterError> {
        let deadline = Instant::now() + self.limit;
        let servers = self.servers(deadline).await?;
        let [blue, green] = [self.of(Color::Blue, &servers)?, self.of(Color::Green, &servers)?];
        let ready = |servers: &[&Server]| names(servers.iter().copied().filter(|server| server.is_ready()));
        let backend = self.config.backend.clone();
        match (ready(&blue), ready(&green)) {
            (ready_blue, ready_green) if !ready_blue.is_empty() && !ready_green.is_empty() => {
                let serving = self.beside_backups([&blue, &green], deadline).await?;
                serving.ok_or_else(|| HaproxyError::Both { backend, blue: ready_blue, green: ready_green }.into())
            }
            (blue, _) if !blue.is_empty() => Ok(Color::Blue),
            (_, green) if !green.is_empty() => Ok(Color::Green),
            _ => Err(self.foreign(&blue, &green, &self.others(&servers)).map_or_else(
                || {
                    let all: Vec<Server> = blue.iter().chain(&green).map(|server| (*server).clone()).collect();
                    HaproxyError::Neither { backend, states: states(&all) }.into()
                },
                RouterError::from,
            )),
        }
    }

    /// The color that serves if the other's ready servers are `backup`s; `None` if both serve.
    async fn beside_backups(
        &self,
        [blue, green]: [&[&Server]; 2],
        deadline: Instant,
    ) -> Result<Option<Color>, HaproxyError> {
        let command = format!("show stat {} 4 -1", self.config.backend);
        let answer = self.api.ask(&command, self.limit, deadline).await?;
        let backups = backups(&answer).map_err(|reason| HaproxyError::Answer { command, reason })?;
        let waits = |servers: &[&Server]| {
            servers.iter().filter(|server| server.is_ready()).all(|server| backups.contains(&server.name))
        };
        // A backup serves only if nobody else is up.
        let (serving, first, second) = match (waits(blue), waits(green)) {
            (false, true) => (Color::Blue, blue, green),
            (true, false) => (Color::Green, green, blue),
            (true, true) | (false, false) => return Ok(None),
        };
        let up =
            |servers: &[&Server]| servers.iter().any(|server| !backups.contains(&server.name) && server.is_serving());
        let all_down = !up(first) && second.iter().any(|server| server.is_serving());
        Ok(Some(if all_down { serving.other() } else { serving }))
    }

    async fn try_out(&self, to: Color, replace: Replace) -> Result<Vec<String>, RouterError> {
        let deadline = Instant::now() + self.limit;
        let (decided, foreign) = self.decide(to, deadline).await.map_err(|error| RouterError::from(error).unread())?;
        if let Some(foreign) = foreign.as_ref().filter(|_| replace == Replace::Ours) {
            return Err(foreign.clone().into());
        }
        let level = self.api.ask("show cli level", self.limit, deadline).await.map_err(HaproxyError::from)?;
        if level.trim() != "admin" {
            let level = level.trim().to_owned();
            return Err(HaproxyError::Level { address: self.config.socket.to_string(), level }.into());
        }
        let counted = || decided.coming.iter().filter(|server| decided.plan.counted.contains(&server.name));
        let perhaps = counted().filter(|server| !server.is_known_down()).count();
        if !Least::Half.is_met(perhaps, counted().count()) {
            return Err(HaproxyError::Down { color: to, states: states(counted()) }.into());
        }
        Ok(decided.foreseen(&self.config.backend))
    }
}

/// Servers that must be up before the other color is put away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Least {
    /// Nobody waits for a switch.
    All,
    /// As for a standby that counts as alive: users wait for a rollback.
    Half,
}

impl Least {
    const fn is_met(self, up: usize, of: usize) -> bool {
        match self {
            Self::All => up == of,
            Self::Half => up * 2 >= of && up > 0,
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

    fn switch(&self, to: Color, replace: Replace) -> RouterFuture<'_, Moved> {
        Box::pin(self.go(to, Least::All, replace))
    }

    fn rollback(&self, to: Color, replace: Replace) -> RouterFuture<'_, Moved> {
        Box::pin(self.go(to, Least::Half, replace))
    }

    fn read(&self) -> RouterFuture<'_, Color> {
        Box::pin(self.look())
    }

    fn try_out(&self, to: Color, replace: Replace) -> RouterFuture<'_, Vec<String>> {
        Box::pin(self.try_out(to, replace))
    }

    fn remarks(&self) -> RouterFuture<'_, Vec<Remark>> {
        Box::pin(self.look_closer())
    }
}
