//! How a host asks the store: as the program asks etcd, over a network that loses requests.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use switchback::config::Config;
use switchback::io::coordination::{
    Engine, EngineError, Engines, Guard, Health, LEADER, Lease, NOW, Record, Write, Written,
};
use switchback::io::ports::Later;
use tokio::time::{Instant, sleep, timeout};

use super::land::Land;
use super::plan::{Fault, TTL_MS};
use super::store::{Answer, Question};
use crate::mistakes::Mistake;

/// A request is given up after so long.
const PATIENCE: Duration = Duration::from_millis(TTL_MS / 3);

#[derive(Clone, Debug)]
pub struct Network {
    pub land: Land,
    pub host: usize,
    pub mistake: Option<Mistake>,
    stale: Arc<Mutex<Stale>>,
}

/// What was read before the lead was taken.
#[derive(Debug, Default)]
struct Stale {
    now: Vec<Record>,
    /// So many readings are not made again.
    left: u32,
}

impl Network {
    pub fn new(land: &Land, host: usize, mistake: Option<Mistake>) -> Self {
        Self { land: land.clone(), host, mistake, stale: Arc::default() }
    }

    /// One endpoint after the other, whatever became of the request at the one before.
    async fn ask(&self, question: Question) -> Result<Answer, EngineError> {
        let endpoints = self.land.state().plan.endpoints;
        let mut last = EngineError::OutOfReach("nobody was asked".to_owned());
        for _ in 0..endpoints {
            let answered = self.land.state().send(self.host, question.clone());
            let asked = async {
                match answered.await {
                    Ok((back_ms, answer)) => {
                        sleep(Duration::from_millis(back_ms)).await;
                        answer
                    }
                    Err(_) => std::future::pending().await,
                }
            };
            match timeout(PATIENCE, asked).await {
                Ok(Err(error @ EngineError::OutOfReach(_))) => last = error,
                Ok(settled) => return settled,
                Err(_) => last = EngineError::OutOfReach(format!("takes longer than {PATIENCE:?}")),
            }
        }
        Err(last)
    }

    fn is_cut(&self) -> bool {
        let state = self.land.state();
        let now_ms = state.now_ms;
        state.plan.has(|fault| match fault {
            Fault::Cut { host, from_ms, until_ms, .. } => *host == self.host && (*from_ms..*until_ms).contains(&now_ms),
            Fault::Away { from_ms, until_ms } => (*from_ms..*until_ms).contains(&now_ms),
            _ => false,
        })
    }

    /// The guard of a faulty engine.
    fn guard(&self, guard: Guard, writes: &[Write]) -> Guard {
        let recording = |write: &Write| matches!(write, Write::Put { name, .. } if name.contains("/recording/"));
        match (self.mistake, &guard) {
            (Some(Mistake::TokenNotChecked), Guard::Leads(_)) => Guard::None,
            (Some(Mistake::CheckpointUnguarded), Guard::Leads(_)) if writes.iter().any(recording) => Guard::None,
            _ => guard,
        }
    }
}

impl Engines for Network {
    fn of(&self, _: &Config) -> Result<Option<Arc<dyn Engine>>, EngineError> {
        Ok(Some(Arc::new(self.clone())))
    }
}

impl Engine for Network {
    fn health(&self) -> Later<'_, Result<Health, EngineError>> {
        Box::pin(async { Err(EngineError::Unexpected("the doctor is not simulated".to_owned())) })
    }

    fn grant(&self, ttl: Duration) -> Later<'_, Result<Lease, EngineError>> {
        Box::pin(async move {
            match self.ask(Question::Grant(ttl)).await? {
                Answer::Granted(lease) => Ok(lease),
                other => panic!("{other:?}"),
            }
        })
    }

    fn keep_alive(&self, lease: i64) -> Later<'_, Result<Option<Duration>, EngineError>> {
        Box::pin(async move {
            match self.ask(Question::KeepAlive(lease)).await? {
                Answer::Left(left) => Ok(left),
                other => panic!("{other:?}"),
            }
        })
    }

    fn renewed(&self, lease: i64) -> Later<'_, Result<Option<Duration>, EngineError>> {
        Box::pin(async move {
            match self.ask(Question::Renewed(lease)).await? {
                Answer::Left(ago) => Ok(ago),
                other => panic!("{other:?}"),
            }
        })
    }

    fn revoke(&self, lease: i64) -> Later<'_, Result<(), EngineError>> {
        Box::pin(async move { self.ask(Question::Revoke(lease)).await.map(drop) })
    }

    fn read(&self, prefix: &str) -> Later<'_, Result<Vec<Record>, EngineError>> {
        let prefix = prefix.to_owned();
        Box::pin(async move {
            {
                let stale = &mut *self.stale.lock().unwrap();
                if stale.left > 0 {
                    stale.left -= 1;
                    return Ok(if prefix == NOW { stale.now.clone() } else { Vec::new() });
                }
            }
            let Answer::Records(records) = self.ask(Question::Read(prefix.clone())).await? else { unreachable!() };
            if prefix == NOW {
                self.stale.lock().unwrap().now.clone_from(&records);
            }
            Ok(records)
        })
    }

    fn write(&self, guard: Guard, writes: Vec<Write>) -> Later<'_, Result<Written, EngineError>> {
        let guard = self.guard(guard, &writes);
        Box::pin(async move {
            let leads = writes.iter().any(|write| matches!(write, Write::Put { name, .. } if name == LEADER));
            let Answer::Written(written) = self.ask(Question::Write(guard, writes)).await? else { unreachable!() };
            if leads && matches!(written, Written::At(_)) && self.mistake == Some(Mistake::NotReadAgain) {
                self.stale.lock().unwrap().left = 2;
            }
            Ok(written)
        })
    }

    fn change(&self, after: i64, most: Duration) -> Later<'_, ()> {
        Box::pin(async move {
            let until = Instant::now() + most;
            if self.is_cut() {
                return sleep(most).await;
            }
            loop {
                let wait = self.land.state().dice.between(1, 40);
                sleep(Duration::from_millis(wait)).await;
                if Instant::now() >= until || (self.land.state().store.changed > after && !self.is_cut()) {
                    return;
                }
            }
        })
    }
}
