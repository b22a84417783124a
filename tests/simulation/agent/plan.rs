//! What happens to one agent and its deployments, all of it drawn from a seed.

use std::fmt;

use switchback::model::Action;

use crate::plan::{Dice, Fails, Fault, Plan, Weather, When};

/// A deployment, what goes wrong with it, and what people and scripts do to it, in the order of time.
#[derive(Clone, Debug)]
pub struct Service {
    pub plan: Plan,
    pub happenings: Vec<Happening>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happening {
    pub at_ms: u64,
    pub what: What,
}

/// What is done from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A script that does not know Switchback moves traffic to a new release.
    Deploy(Deploy),
    /// The same script moves it back. `deploy.ts` says so: it leaves both colors of the state file equal.
    BackByScript {
        forgets: bool,
        says_back: bool,
    },
    /// `switchback rollback`.
    BackByCommand,
    Order(Action),
    /// The configuration file is written, broken, or removed.
    File(File),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deploy {
    pub weather: Weather,
    /// Whether the new release takes the place of the one that has the traffic.
    pub in_place: bool,
    /// Whether the script writes only its own keys into the state file.
    pub forgets: bool,
    /// From its move of the router to its state file.
    pub gap_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    Good { window_s: u64 },
    Broken,
    Gone,
}

/// One agent from its first process to the last.
#[derive(Clone, Debug)]
pub struct AgentPlan {
    pub seed: u64,
    pub services: Vec<Service>,
    /// What goes wrong with the machine and the process.
    pub faults: Vec<Fault>,
}

impl AgentPlan {
    pub fn draw(seed: u64) -> Self {
        let dice = &mut Dice::new(seed ^ 0xA6E7);
        let services = (0..dice.between(2, 5)).map(|_| Service::draw(seed, dice)).collect();
        let mut faults = Vec::new();
        for _ in 0..dice.between(0, 3) {
            faults.push(draw_crash(dice));
        }
        if dice.one_in(8) {
            faults.push(Fault::Signal { at_ms: dice.between(2_000, 60_000), save: true });
        }
        if dice.one_in(10) {
            let from_ms = dice.between(0, 60_000);
            faults.push(Fault::DiskFull { from_ms, until_ms: from_ms + dice.between(500, 40_000) });
        }
        Self { seed, services, faults }
    }

    /// An abort that is answered while neither recording nor state file can take it.
    pub fn aborted_on_a_full_disk(seed: u64) -> Self {
        let mut plan = Self::draw(seed);
        let deploy = Deploy { weather: Weather::Failing { from_ms: 0 }, in_place: false, forgets: false, gap_ms: 0 };
        let happenings = [(5_000, What::Deploy(deploy)), (11_000, What::Order(Action::Abort))];
        let first = &mut plan.services[0];
        first.happenings = happenings.map(|(at_ms, what)| Happening { at_ms, what }).to_vec();
        first.plan = Plan { grace_s: 8, router_speaks: true, faults: Vec::new(), ..first.plan.clone() };
        plan.faults = vec![Fault::DiskFull { from_ms: 8_000, until_ms: 60_000 }];
        plan
    }

    /// The same without one thing that happens in it, or without a whole deployment; `None` past the last.
    pub fn without(&self, mut at: usize) -> Option<Self> {
        let mut less = self.clone();
        let busy = |service: &&mut Service| service.happenings.len() + service.plan.faults.len() > 1;
        if let Some(service) = less.services.iter_mut().filter(busy).nth(at) {
            service.happenings.clear();
            service.plan.faults.clear();
            return Some(less);
        }
        at -= less.services.iter_mut().filter(busy).count();
        if at < less.faults.len() {
            less.faults.remove(at);
            return Some(less);
        }
        at -= less.faults.len();
        for service in &mut less.services {
            if at < service.happenings.len() {
                service.happenings.remove(at);
                return Some(less);
            }
            at -= service.happenings.len();
            if at < service.plan.faults.len() {
                service.plan.faults.remove(at);
                return Some(less);
            }
            at -= service.plan.faults.len();
        }
        None
    }
}

impl Service {
    fn draw(seed: u64, dice: &mut Dice) -> Self {
        let window_s = dice.between(12, 30);
        let mut plan = Plan { background: true, ..Plan::calm(seed, window_s, Weather::Healthy, dice) };
        let first_ms = dice.between(3_000, 20_000);
        let mut happenings = vec![Happening { at_ms: first_ms, what: What::Deploy(Deploy::draw(window_s, dice)) }];
        let mut then = |at_ms, what| happenings.push(Happening { at_ms, what });
        let mut next_ms = first_ms;
        // Moves in the middle of a soak, and those after it.
        for _ in 0..dice.between(0, 2) {
            next_ms += if dice.one_in(3) { dice.between(1_000, 20_000) } else { dice.between(35_000, 80_000) };
            let forgets = dice.one_in(3);
            then(
                next_ms,
                match dice.between(0, 5) {
                    0 => What::BackByScript { forgets, says_back: dice.one_in(2) },
                    1 => What::BackByCommand,
                    2 => What::Deploy(Deploy { in_place: true, ..Deploy::draw(window_s, dice) }),
                    _ => What::Deploy(Deploy::draw(window_s, dice)),
                },
            );
        }
        if dice.one_in(6) {
            let (forgets, says_back) = (dice.one_in(3), dice.one_in(2));
            let what = if dice.one_in(2) { What::BackByCommand } else { What::BackByScript { forgets, says_back } };
            then(first_ms + dice.between(1_000, 11_000), what);
        }
        if dice.one_in(5) {
            let actions = [
                Action::Abort,
                Action::Keep,
                Action::Pause,
                Action::Resume,
                Action::Extend { by_ms: 10_000 },
                Action::Rollback { force: false },
            ];
            then(first_ms + dice.between(0, 15_000), What::Order(actions[dice.place(6)]));
        }
        if dice.one_in(6) {
            let at_ms = dice.between(0, first_ms + 30_000);
            match dice.between(0, 2) {
                0 => then(at_ms, What::File(File::Good { window_s: dice.between(12, 30) })),
                1 => then(at_ms, What::File(File::Broken)),
                _ => then(at_ms, What::File(File::Gone)),
            }
            if dice.one_in(2) {
                then(at_ms + dice.between(500, 30_000), What::File(File::Good { window_s }));
            }
        }
        happenings.sort_by_key(|happening| happening.at_ms);
        if dice.one_in(2) {
            for _ in 0..dice.between(1, 2) {
                plan.faults.push(draw_fault(first_ms, plan.router_speaks, dice));
            }
        }
        Self { plan, happenings }
    }
}

impl Deploy {
    fn draw(window_s: u64, dice: &mut Dice) -> Self {
        let weather = match dice.between(0, 9) {
            0..=3 => Weather::Healthy,
            4..=8 => match dice.between(0, 6_000) {
                from_ms if from_ms % 2 == 0 => Weather::Passing { from_ms, until_ms: from_ms + 20_000 },
                from_ms => Weather::Failing { from_ms },
            },
            _ => Weather::Blind { from_ms: dice.between(0, window_s * 1000) },
        };
        Self { weather, in_place: false, forgets: dice.one_in(3), gap_ms: dice.between(0, 300) }
    }
}

fn draw_crash(dice: &mut Dice) -> Fault {
    let when = match dice.between(0, 5) {
        0..=2 => When::At { ms: dice.between(0, 60_000), turns: dice.between(0, 40) },
        3..=4 => When::DiskStep(u32::try_from(dice.between(1, 400)).unwrap()),
        _ => When::Move { number: u32::try_from(dice.between(1, 8)).unwrap(), after: dice.one_in(2) },
    };
    let away_ms = if dice.one_in(2) { dice.between(0, 2_000) } else { dice.between(0, 20_000) };
    Fault::Crash { when, power: dice.one_in(2), away_ms }
}

fn draw_fault(first_ms: u64, router_speaks: bool, dice: &mut Dice) -> Fault {
    let from_ms = first_ms.saturating_sub(3_000) + dice.between(0, 25_000);
    let until_ms = from_ms + dice.between(500, 15_000);
    match dice.between(0, 7) {
        0..=2 if router_speaks => Fault::RouterHangs {
            from_ms: from_ms.saturating_sub(15_000),
            until_ms: from_ms + dice.between(5_000, 90_000),
        },
        3..=4 => {
            let fails = [Fails::WithoutMoving, Fails::AfterMoving, Fails::Lies][dice.place(3)];
            let from = u32::try_from(dice.between(1, 3)).unwrap();
            Fault::Router { from, until: if dice.one_in(4) { from + 9 } else { from }, fails }
        }
        5 => Fault::RouterDown { from_ms, until_ms },
        6 => Fault::StandbyDown { from_ms, until_ms },
        _ => Fault::ScrapesLost { from_ms, until_ms },
    }
}

impl fmt::Display for AgentPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}: an agent over {} deployments", self.seed, self.services.len())?;
        self.faults.iter().try_for_each(|fault| writeln!(f, "  {fault:?}"))?;
        for (at, Service { plan, happenings }) in self.services.iter().enumerate() {
            let router = if plan.router_speaks { "with a say of its own" } else { "that follows the state file" };
            let Plan { window_s, grace_s, on_inconclusive, .. } = plan;
            writeln!(f, "  {}: window {window_s} s, grace {grace_s} s, {on_inconclusive}, router {router}", name(at))?;
            plan.faults.iter().try_for_each(|fault| writeln!(f, "    {fault:?}"))?;
            happenings.iter().try_for_each(|Happening { at_ms, what }| writeln!(f, "    {at_ms} ms: {what:?}"))?;
        }
        Ok(())
    }
}

/// What a deployment is called.
pub fn name(at: usize) -> String {
    format!("shop{at}")
}
