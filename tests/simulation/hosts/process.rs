//! One process of a host, driven step by step at the pace of its host.

use std::sync::Arc;
use std::time::Duration;

use switchback::app::monitor;
use switchback::app::monitor::{Begin, Finished, OnSignal, Opening};
use switchback::config::Loaded;
use switchback::model::{Actor, Ending};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::time::{Instant, advance, sleep_until};

use super::land::Land;
use super::node::Node;
use crate::mistakes::Mistake;
use crate::run;

/// How a process came to its end.
#[derive(Debug)]
pub enum Gone {
    Ended(Ending),
    /// Saved for another process, or stood down for another host.
    Saved,
    /// It could not begin.
    Refused(String),
}

pub struct Process {
    land: Land,
    host: usize,
    began: Instant,
    main: JoinHandle<Gone>,
    /// With everything that the process does; it ends with it.
    runtime: Runtime,
}

impl Process {
    pub fn begin(land: &Land, host: usize, mistake: Option<Mistake>, loaded: &Arc<Loaded>, begin: Begin) -> Self {
        let runtime = run::runtime();
        let node = Node::new(land, host, mistake);
        let (start, main) = runtime.block_on(async {
            let start = Instant::now();
            {
                let state = &mut *land.state();
                let began_local_ms = state.local_ms(host, state.now_ms);
                state.say(host, &format!("a process begins: {begin:?}"));
                let known = &mut state.hosts[host];
                (known.began, known.began_local_ms) = (Some(start), began_local_ms);
                (known.suspended_ms, known.paused_ms, known.asked_to_stop, known.struck) = (0, 0, false, None);
            }
            (start, tokio::spawn(monitor(node, Arc::clone(loaded), begin)))
        });
        Self { land: land.clone(), host, began: start, main, runtime }
    }

    /// What its monotonic clock has to show now.
    fn due(&self) -> Instant {
        let state = self.land.state();
        let known = &state.hosts[self.host];
        let local_ms = state.local_ms(self.host, state.now_ms);
        self.began + Duration::from_millis(local_ms - known.began_local_ms - known.suspended_ms)
    }

    /// Does all that it does until now, and tells how it ended if it did.
    pub fn drive(&mut self) -> Option<Gone> {
        let due = self.due();
        self.runtime.block_on(async { sleep_until(due).await });
        if !self.main.is_finished() {
            return None;
        }
        Some(match self.runtime.block_on(&mut self.main) {
            Ok(gone) => gone,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        })
    }

    /// Goes on after a pause: all at once it is later, but for the monotonic clock where the machine was suspended.
    pub fn go_on(&self, suspended: bool) {
        let due = self.due();
        let missed = self.runtime.block_on(async { due.saturating_duration_since(Instant::now()) });
        {
            let state = &mut *self.land.state();
            state.say(self.host, "goes on");
            let now_ms = state.now_ms;
            let known = &mut state.hosts[self.host];
            let missed_ms = u64::try_from(missed.as_millis()).unwrap();
            known.paused_ms += missed_ms;
            known.suspended_ms += if suspended { missed_ms } else { 0 };
            (known.resumed_ms, known.struck) = (now_ms, None);
        }
        if !suspended {
            self.runtime.block_on(async { advance(missed).await });
        }
    }
}

async fn monitor(node: Node, loaded: Arc<Loaded>, begin: Begin) -> Gone {
    let (land, host) = (node.land.clone(), node.host);
    let tell = |what: &str| land.state().say(host, what);
    let actor = Actor::Operator(format!("ann@host{host}"));
    let opened = match monitor::open(&node.ports(), &loaded, begin, actor, &tell).await {
        Ok(Opening::Ready(opened)) => opened,
        Ok(Opening::Ended { ending, .. }) => return Gone::Ended(ending),
        Err(error) => return Gone::Refused(error.to_string()),
    };
    match monitor::run(*opened, OnSignal::Save, None).await {
        Finished::Ended(ending) => Gone::Ended(ending),
        Finished::Saved | Finished::StoodDown | Finished::CutOff => Gone::Saved,
    }
}
