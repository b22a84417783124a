//! What a simulated world is to the program: clock, disk, signals, routers and instances.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use switchback::config::{Config, InstanceUrl};
use switchback::core::detect::Reading;
use switchback::core::soak::{Readiness, Sample};
use switchback::io::ports::{
    Asked, Asking, Chore, Clock, Disk, Helper, Later, Metrics, Next, ReadinessProbe, Routers, Signals, Source,
    SystemDisk, Work,
};
use switchback::io::router::Router;
use switchback::io::source::{Agreement, ClientError};
use switchback::io::state::StateFile;
use switchback::model::Color;
use tokio::time::sleep;

use super::plan::{Fault, Weather, When};
use super::world::{Crash, EPOCH_MS, Running, Sim};

/// A step on its way to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Write,
    Sync,
    Replace,
    SyncFolder,
    /// Room is given to a write that finds none.
    Release,
}

impl Sim {
    /// Whether this step reaches the disk. The process may die before it.
    fn step(&self, step: Step, path: &Path) -> io::Result<()> {
        if self.state().crashed.is_some() {
            std::panic::resume_unwind(Box::new(Crash));
        }
        self.state().disk_steps += 1;
        if self.crash_due(|state, when| when == When::DiskStep(state.disk_steps)) {
            std::panic::resume_unwind(Box::new(Crash));
        }
        let mut state = self.state();
        let full = state.during(&state.faults, |fault| match fault {
            Fault::DiskFull { from_ms, until_ms } => Some((*from_ms, *until_ms)),
            _ => None,
        });
        if step == Step::Release {
            state.released += 1;
        }
        let kept = step == Step::Write && state.released > 0;
        if full && kept {
            state.released -= 1;
        } else if full && step == Step::Write {
            state.disk_failed = true;
            return Err(io::Error::from_raw_os_error(28));
        }
        let length = || fs::metadata(path).map_or(0, |file| file.len());
        match step {
            Step::Write if path.extension().is_some_and(|ending| ending == "jsonl") => {
                state.durable.entry(path.to_owned()).or_insert_with(length);
            }
            Step::Sync if path.extension().is_some_and(|ending| ending == "jsonl") => {
                state.durable.insert(path.to_owned(), length());
            }
            Step::Replace => drop(state.undo.entry(path.to_owned()).or_insert_with(|| fs::read(path).ok())),
            Step::SyncFolder => state.undo.retain(|file, _| file.parent() != Some(path)),
            Step::Write | Step::Sync | Step::Release => {}
        }
        Ok(())
    }
}

impl Clock for Sim {
    fn wall_ms(&self) -> i64 {
        let state = self.state();
        let now = state.now_ms();
        let jumps = state.faults.iter().map(|fault| match fault {
            Fault::WallJump { at_ms, by_ms } if *at_ms <= now => *by_ms,
            _ => 0,
        });
        EPOCH_MS + i64::try_from(now).unwrap() + jumps.sum::<i64>()
    }

    fn boot_ms(&self) -> i64 {
        let state = self.state();
        i64::try_from(state.now_ms() - state.booted_ms.min(state.now_ms())).unwrap()
    }

    fn boot_id(&self) -> String {
        format!("boot {}", self.state().boots)
    }

    fn random(&self) -> io::Result<[u8; 2]> {
        let drawn = self.state().dice.next().to_le_bytes();
        Ok([drawn[0], drawn[1]])
    }
}

impl Disk for Sim {
    /// On a full disk a part of it is written first.
    fn write(&self, path: &Path, file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
        let step = self.step(Step::Write, path);
        let eighths = if step.is_ok() { 8 } else { self.state().disk_steps as usize % 8 };
        SystemDisk.write(path, file, at, &bytes[..bytes.len() * eighths / 8])?;
        step
    }

    fn sync_data(&self, path: &Path, _: &File) -> io::Result<()> {
        self.step(Step::Sync, path)
    }

    fn sync_all(&self, path: &Path, _: &File) -> io::Result<()> {
        self.step(Step::Sync, path)
    }

    fn replace(&self, path: &Path, new: &Path) -> io::Result<()> {
        self.step(Step::Replace, path)?;
        SystemDisk.replace(path, new)
    }

    fn exchange(&self, path: &Path, other: &Path) -> io::Result<()> {
        self.step(Step::Replace, path)?;
        SystemDisk.exchange(path, other)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.step(Step::SyncFolder, folder)
    }

    fn take_room(&self, path: &Path, file: &File, bytes: u64) -> io::Result<()> {
        self.step(Step::Write, path)?;
        SystemDisk.take_room(path, file, bytes)
    }

    fn give_room(&self, path: &Path, file: &File, left: u64) -> io::Result<()> {
        self.step(Step::Release, path)?;
        SystemDisk.give_room(path, file, left)
    }

    /// There are no threads: work begins a little later.
    fn spawn(&self, work: Work) {
        let delay = Duration::from_millis(self.state().dice.between(0, 20));
        tokio::spawn(async move {
            sleep(delay).await;
            work();
        });
    }

    fn spawn_chore(&self, chore: Chore) -> Box<dyn Helper> {
        Box::new(SimHelper { sim: self.clone(), chore: Mutex::new(chore) })
    }
}

/// Does its chore in one of three calls: a thread that does not always get its turn.
struct SimHelper {
    sim: Sim,
    chore: Mutex<Chore>,
}

impl Helper for SimHelper {
    fn call(&mut self, urgent: bool) {
        if urgent || self.sim.state().dice.one_in(3) {
            (self.chore.get_mut().unwrap())();
        }
    }

    fn finish(self: Box<Self>) -> bool {
        (self.chore.into_inner().unwrap())();
        true
    }
}

impl Signals for Sim {
    fn listen(&self) -> io::Result<Box<dyn Asking>> {
        Ok(Box::new(self.clone()))
    }
}

impl Asking for Sim {
    fn next(&mut self) -> Next<'_> {
        Box::pin(async {
            loop {
                if let Some(signal) = self.state().signal_due() {
                    return signal;
                }
                sleep(Duration::from_millis(200)).await;
            }
        })
    }
}

impl Routers for Sim {
    fn router(&self, config: &Config, state_file: &StateFile) -> Arc<dyn Router> {
        self.router_of(self.site(&config.service), state_file, false)
    }
}

impl Source for Sim {
    fn instance(&self, config: &Config, color: Color, _: &InstanceUrl, _: &Agreement) -> Result<Asked, ClientError> {
        let site = self.site(&config.service);
        let instance = || SimInstance { sim: self.clone(), site, color };
        Ok(Asked { metrics: Some(Box::new(instance())), readiness: Box::new(instance()) })
    }
}

struct SimInstance {
    sim: Sim,
    site: usize,
    color: Color,
}

impl Metrics for SimInstance {
    fn sample(&mut self) -> Later<'_, Sample> {
        let (sim, site, color) = (&self.sim, self.site, self.color);
        Box::pin(async move {
            let wait = sim.state().dice.between(1, 80);
            sleep(Duration::from_millis(wait)).await;
            let mut state = sim.state();
            let newer = state.sites[site].newer == color;
            let Running { weather, since_ms } = *state.sites[site].running(color);
            let now = state.now_ms() - since_ms;
            let lost = state.during(&state.sites[site].plan.faults, |fault| match fault {
                Fault::ScrapesLost { from_ms, until_ms } => Some((*from_ms, *until_ms)),
                _ => None,
            });
            let (blind, bad_from) = match weather {
                Weather::Blind { from_ms } => (now >= from_ms, u64::MAX),
                Weather::Failing { from_ms } | Weather::Passing { from_ms, .. } => (false, from_ms),
                Weather::Healthy => (false, u64::MAX),
            };
            if (newer && lost) || blind {
                return Sample::Failed("connection refused".to_owned());
            }
            let total = 1_000 + now / 20;
            let bad_until = if let Weather::Passing { until_ms, .. } = weather { until_ms.min(now) } else { now };
            let errors = bad_until.saturating_sub(bad_from) / 60;
            Sample::Good(Reading { total, errors, ..Reading::default() })
        })
    }
}

impl ReadinessProbe for SimInstance {
    fn probe(&mut self, _: u64) -> Later<'_, Readiness> {
        let (sim, site, color) = (&self.sim, self.site, self.color);
        Box::pin(async move {
            let wait = sim.state().dice.between(1, 50);
            sleep(Duration::from_millis(wait)).await;
            let state = sim.state();
            let down = state.during(&state.sites[site].plan.faults, |fault| match fault {
                Fault::StandbyDown { from_ms, until_ms } => Some((*from_ms, *until_ms)),
                _ => None,
            });
            if down && state.sites[site].newer != color {
                Readiness::NotReady("connection refused".to_owned())
            } else {
                Readiness::Ready
            }
        })
    }
}
