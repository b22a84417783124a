//! The router of a simulated deployment.

use std::time::Duration;

use switchback::io::router::{CommandError, Moved, ProcessError, Replace, Router, RouterError, RouterFuture};
use switchback::model::Color;
use tokio::time::sleep;

use super::plan::{Fails, Fault, When};
use super::world::Sim;

/// A router in memory.
#[derive(Debug)]
pub struct SimRouter {
    pub sim: Sim,
    pub site: usize,
    /// Called by somebody else, not by the monitor.
    pub others: bool,
}

/// The program waits so long for a router (`router.timeout`).
pub const PATIENCE: Duration = Duration::from_secs(30);

impl SimRouter {
    /// A router that does not answer is given up.
    async fn hang(&self) -> Result<(), RouterError> {
        let hangs = {
            let state = self.sim.state();
            state.during(&state.sites[self.site].plan.faults, |fault| match fault {
                Fault::RouterHangs { from_ms, until_ms } => Some((*from_ms, *until_ms)),
                _ => None,
            })
        };
        if hangs {
            sleep(PATIENCE).await;
            return Err(broken());
        }
        Ok(())
    }

    async fn go(&self, back: bool, to: Color) -> Result<Moved, RouterError> {
        let _under_way = UnderWay::begin(&self.sim, self.site);
        self.hang().await?;
        let (number, before, after, fails) = {
            let mut state = self.sim.state();
            state.moves += 1;
            let site = &mut state.sites[self.site];
            site.moves += 1;
            let own = site.moves;
            let fails = site.plan.faults.iter().find_map(|fault| match fault {
                Fault::Router { from, until, fails } if (*from..=*until).contains(&own) => Some(*fails),
                _ => None,
            });
            let fails = if state.is_router_down(self.site) { Some(Fails::WithoutMoving) } else { fails };
            (state.moves, state.dice.between(1, 300), state.dice.between(1, 300), fails)
        };
        let due =
            |when: When, then: bool| matches!(when, When::Move { number: at, after } if at == number && after == then);
        if self.sim.crash_due(|_, when| due(when, false)) {
            std::future::pending::<()>().await;
        }
        sleep(Duration::from_millis(before)).await;
        if self.sim.state().crashed.is_some() {
            std::future::pending::<()>().await;
        }
        {
            let mut state = self.sim.state();
            if back && !self.others {
                state.judge_rollback(self.site);
            }
            let site = &mut state.sites[self.site];
            if !matches!(fails, Some(Fails::WithoutMoving | Fails::Lies)) {
                site.router = to;
                if back && !self.others {
                    // A rollback that was not confirmed yet is tried again, whoever moved traffic meanwhile.
                    (site.undone_ms, site.undone_seen) = (None, 0);
                }
            }
        }
        if self.sim.crash_due(|_, when| due(when, true)) {
            std::future::pending::<()>().await;
        }
        sleep(Duration::from_millis(after)).await;
        if matches!(fails, Some(Fails::WithoutMoving | Fails::AfterMoving)) {
            Err(broken())
        } else {
            Ok(Moved::default())
        }
    }
}

/// A move, for as long as it takes.
struct UnderWay {
    sim: Sim,
    site: usize,
}

impl UnderWay {
    fn begin(sim: &Sim, site: usize) -> Self {
        let mut state = sim.state();
        state.sites[site].under_way += 1;
        if state.sites[site].under_way > 1 {
            state.violated("two processes move traffic at the same time".to_owned());
        }
        drop(state);
        Self { sim: sim.clone(), site }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let under_way = &mut self.sim.state().sites[self.site].under_way;
        *under_way = under_way.saturating_sub(1);
    }
}

/// What a router says that cannot move traffic.
pub fn broken() -> RouterError {
    let source = ProcessError::Exit { code: 1, output: "no route".into() };
    CommandError::Failed { command: "move".into(), source }.into()
}

impl Router for SimRouter {
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
            self.hang().await?;
            let wait = self.sim.state().dice.between(0, 30);
            sleep(Duration::from_millis(wait)).await;
            let mut state = self.sim.state();
            let unread = state.during(&state.sites[self.site].plan.faults, |fault| match fault {
                Fault::RouterUnread { from_ms, until_ms } => Some((*from_ms, *until_ms)),
                _ => None,
            });
            if unread || state.is_router_down(self.site) {
                return Err(broken());
            }
            let site = &mut state.sites[self.site];
            if !self.others && site.undone_ms.is_some() && site.router == Color::Green {
                site.undone_seen += 1;
            }
            Ok(site.router)
        })
    }

    fn try_out(&self, _: Color, _: Replace) -> RouterFuture<'_, Vec<String>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}
