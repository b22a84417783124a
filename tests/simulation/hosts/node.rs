//! What a simulated host is to the program: clock, disk, signals, router and instances.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use switchback::config::{Config, InstanceUrl};
use switchback::core::detect::Reading;
use switchback::core::soak::{Readiness, Sample};
use switchback::io::ports::{
    Asked, Asking, Chore, Clock, Coordination, Disk, Helper, Later, Metrics, Next, Ports, ReadinessProbe, Routers,
    Signals, Source, SystemDisk, Work,
};
use switchback::io::router::{Moved, Replace, Router, RouterError, RouterFuture, StateFileRouter};
use switchback::io::source::{Agreement, ClientError};
use switchback::io::state::StateFile;
use switchback::model::Color;
use tokio::time::sleep;

use super::engine::Network;
use super::land::Land;
use super::plan::{Fault, When};
use crate::mistakes::Mistake;
use crate::plan::Weather;
use crate::router::broken;
use crate::world::EPOCH_MS;

/// A host, through which its processes see the world.
#[derive(Clone, Debug)]
pub struct Node {
    pub land: Land,
    pub host: usize,
    mistake: Option<Mistake>,
}

impl Node {
    pub fn new(land: &Land, host: usize, mistake: Option<Mistake>) -> Self {
        Self { land: land.clone(), host, mistake }
    }

    pub fn ports(&self) -> Ports {
        let this = || Arc::new(self.clone());
        let engines = Network::new(&self.land, self.host, self.mistake);
        let coordination = Coordination::by(Arc::new(engines));
        let (clock, disk, source, routers, signals) = (this(), this(), this(), this(), this());
        Ports { clock, disk, source, routers, coordination, signals, listens: false, shared: false }
    }

    async fn wait(&self, low: u64, high: u64) {
        let ms = self.land.state().dice.between(low, high);
        sleep(Duration::from_millis(ms)).await;
    }

    /// Waits while something strikes this host: what happens next happens after it.
    async fn once_struck(&self, due: impl Fn(When) -> bool) {
        let host = self.host;
        self.land.state().strike(|when| due(when).then_some(host));
        while self.land.state().hosts[host].struck.is_some() {
            sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Clock for Node {
    fn wall_ms(&self) -> i64 {
        let local_ms = boot_ms(&self.land, self.host);
        let state = self.land.state();
        let now_ms = state.now_ms;
        let jumps = state.plan.faults.iter().map(|fault| match fault {
            Fault::WallJump { host, at_ms, by_ms } if *host == self.host && *at_ms <= now_ms => *by_ms,
            _ => 0,
        });
        EPOCH_MS + i64::try_from(local_ms).unwrap() + state.plan.hosts[self.host].wall_ms + jumps.sum::<i64>()
    }

    fn boot_ms(&self) -> i64 {
        let stood_ms = match self.mistake {
            Some(Mistake::ClockStopsInPause) => self.land.state().hosts[self.host].paused_ms,
            _ => 0,
        };
        i64::try_from(boot_ms(&self.land, self.host)).unwrap() - i64::try_from(stood_ms).unwrap()
    }

    fn boot_id(&self) -> String {
        format!("boot of host{}", self.host)
    }

    fn random(&self) -> io::Result<[u8; 2]> {
        let drawn = self.land.state().dice.next().to_le_bytes();
        Ok([drawn[0], drawn[1]])
    }
}

/// What the clock of a host's process shows, or that of the host where there is none.
fn boot_ms(land: &Land, host: usize) -> u64 {
    let state = land.state();
    let known = &state.hosts[host];
    match known.began {
        Some(began) if tokio::runtime::Handle::try_current().is_ok() => {
            known.began_local_ms + u64::try_from(began.elapsed().as_millis()).unwrap() + known.suspended_ms
        }
        _ => state.local_ms(host, state.now_ms),
    }
}

impl Disk for Node {
    fn write(&self, path: &Path, file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
        SystemDisk.write(path, file, at, bytes)
    }

    fn sync_data(&self, _: &Path, _: &File) -> io::Result<()> {
        Ok(())
    }

    fn sync_all(&self, _: &Path, _: &File) -> io::Result<()> {
        Ok(())
    }

    fn replace(&self, path: &Path, new: &Path) -> io::Result<()> {
        SystemDisk.replace(path, new)
    }

    fn exchange(&self, path: &Path, other: &Path) -> io::Result<()> {
        SystemDisk.exchange(path, other)
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn take_room(&self, _: &Path, _: &File, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn give_room(&self, path: &Path, file: &File, left: u64) -> io::Result<()> {
        SystemDisk.give_room(path, file, left)
    }

    fn spawn(&self, work: Work) {
        let delay = Duration::from_millis(self.land.state().dice.between(0, 20));
        tokio::spawn(async move {
            sleep(delay).await;
            work();
        });
    }

    fn spawn_chore(&self, chore: Chore) -> Box<dyn Helper> {
        Box::new(Unhurried { land: self.land.clone(), chore: Mutex::new(chore) })
    }
}

/// A thread that does not always get its turn.
struct Unhurried {
    land: Land,
    chore: Mutex<Chore>,
}

impl Helper for Unhurried {
    fn call(&mut self, urgent: bool) {
        if urgent || self.land.state().dice.one_in(3) {
            (self.chore.get_mut().unwrap())();
        }
    }

    fn finish(self: Box<Self>) -> bool {
        (self.chore.into_inner().unwrap())();
        true
    }
}

impl Signals for Node {
    fn listen(&self) -> io::Result<Box<dyn Asking>> {
        Ok(Box::new(self.clone()))
    }
}

impl Asking for Node {
    fn next(&mut self) -> Next<'_> {
        Box::pin(async {
            while !std::mem::take(&mut self.land.state().hosts[self.host].asked_to_stop) {
                sleep(Duration::from_millis(200)).await;
            }
            "SIGTERM"
        })
    }
}

impl Routers for Node {
    fn router(&self, _: &Config, state_file: &StateFile) -> Arc<dyn Router> {
        if self.land.state().plan.plan.router_speaks {
            Arc::new(SharedRouter(self.clone()))
        } else {
            Arc::new(StateFileRouter::new(state_file.clone()))
        }
    }
}

/// The router of all hosts. It cannot tell one from another.
#[derive(Debug)]
struct SharedRouter(Node);

impl SharedRouter {
    async fn go(&self, back: bool, to: Color) -> Result<Moved, RouterError> {
        let Self(node) = self;
        let what = if back { "moves traffic back" } else { "moves traffic" };
        let (token, number, takes_ms, fails) = {
            let state = &mut *node.land.state();
            let token = state.judge_mover(node.host, &format!("begins and {what}"));
            state.moves += 1;
            let (now_ms, number) = (state.now_ms, state.moves);
            let most_ms = state.plan.faults.iter().find_map(|fault| match fault {
                Fault::SlowRouter { from_ms, until_ms, most_ms } if (*from_ms..*until_ms).contains(&now_ms) => {
                    Some(*most_ms)
                }
                _ => None,
            });
            let fails = state.plan.faults.iter().find_map(|fault| match fault {
                Fault::Router { number: of, moves } if *of == number => Some(*moves),
                _ => None,
            });
            (token, number, state.dice.between(1, most_ms.unwrap_or(300)), fails)
        };
        let _under_way = Making::begin(node, number);
        node.once_struck(|when| when == When::Move { number, after: false }).await;
        sleep(Duration::from_millis(takes_ms)).await;
        if fails != Some(false) {
            let state = &mut *node.land.state();
            let with = state.judge_mover(node.host, what);
            if with != token {
                let host = node.host;
                state.violated(format!("host{host} {what} with the token {with:?}, and began with {token:?}"));
            }
            // A switch that fails is undone: that is no rollback.
            let switched = state.store.state().is_some_and(|known| known.active() == Color::Green);
            if back && switched && state.router == Color::Green && to == Color::Blue {
                let now_ms = state.now_ms;
                state.rollbacks.push((now_ms, node.host));
            }
            state.router = to;
            state.alone |= with.is_none_or(|token| !state.store.knows_of_intent(token));
            state.say(node.host, &format!("the router is on {to}"));
        }
        node.once_struck(|when| when == When::Move { number, after: true }).await;
        node.wait(1, 300).await;
        if fails.is_some() { Err(broken()) } else { Ok(Moved::default()) }
    }
}

/// A move, for as long as it is made.
struct Making(Node);

impl Making {
    fn begin(node: &Node, number: u32) -> Self {
        let state = &mut *node.land.state();
        state.say(node.host, &format!("move {number} begins"));
        state.hosts[node.host].moves = true;
        Self(node.clone())
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        self.0.land.state().hosts[self.0.host].moves = false;
    }
}

impl Router for SharedRouter {
    fn kind(&self) -> &'static str {
        "simulated"
    }

    fn reads_state_file(&self) -> bool {
        false
    }

    fn switch(&self, to: Color, _: Replace) -> RouterFuture<'_, Moved> {
        Box::pin(self.go(false, to))
    }

    fn rollback(&self, to: Color, _: Replace) -> RouterFuture<'_, Moved> {
        Box::pin(self.go(true, to))
    }

    fn read(&self) -> RouterFuture<'_, Color> {
        Box::pin(async {
            self.0.wait(0, 30).await;
            Ok(self.0.land.state().router)
        })
    }

    fn try_out(&self, _: Color, _: Replace) -> RouterFuture<'_, Vec<String>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

impl Source for Node {
    fn instance(&self, _: &Config, color: Color, _: &InstanceUrl, _: &Agreement) -> Result<Asked, ClientError> {
        let instance = || Instance { node: self.clone(), color };
        Ok(Asked { metrics: Some(Box::new(instance())), readiness: Box::new(instance()) })
    }
}

struct Instance {
    node: Node,
    color: Color,
}

impl Metrics for Instance {
    fn sample(&mut self) -> Later<'_, Sample> {
        Box::pin(async {
            self.node.wait(1, 80).await;
            let state = self.node.land.state();
            let total = 1_000 + state.now_ms / 20;
            let bad_from = match state.plan.plan.weather {
                Weather::Failing { from_ms } if self.color == Color::Green => from_ms,
                _ => u64::MAX,
            };
            let errors = state.now_ms.saturating_sub(bad_from) / 60;
            Sample::Good(Reading { total, errors, ..Reading::default() })
        })
    }
}

impl ReadinessProbe for Instance {
    fn probe(&mut self, _: u64) -> Later<'_, Readiness> {
        Box::pin(async {
            self.node.wait(1, 50).await;
            Readiness::Ready
        })
    }
}
