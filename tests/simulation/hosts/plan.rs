//! What happens to several hosts, all of it drawn from a seed.

use std::fmt;

use crate::plan::{Dice, Plan, Weather};

/// How long a leader that is silent keeps the lead (`coordination.ttl`).
pub const TTL_MS: u64 = 3_000;

/// When something comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// To one host.
    At { host: usize, ms: u64 },
    /// To whoever leads.
    Leading { ms: u64 },
    /// Right after a host has sent its request of that number.
    Request { host: usize, number: u32 },
    /// Right after the request of that number, among all, that tells of a decision.
    Decision { number: u32 },
    /// At the router's move of that number, before or after traffic follows.
    Move { number: u32, after: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A process does not run for a while. Where its machine is `suspended`, its monotonic clock stands still as well.
    Pause { when: When, for_ms: u64, suspended: bool },
    /// A process is killed, and another one begins.
    Kill { when: When, away_ms: u64 },
    /// A host's requests are lost: before they reach the store, or what it answers. It notices at once, or not.
    Cut { host: usize, from_ms: u64, until_ms: u64, answers: bool, at_once: bool },
    /// The same for one request.
    Lost { host: usize, number: u32, answer: bool, at_once: bool },
    /// Requests of a host take longer, up to so long each way.
    Slow { host: usize, from_ms: u64, until_ms: u64, most_ms: u64 },
    /// A host's wall clock is set.
    WallJump { host: usize, at_ms: u64, by_ms: i64 },
    /// The store takes no writes. Leases go on.
    Full { from_ms: u64, until_ms: u64 },
    /// Nobody reaches the store. It is another process afterwards, which gives every lease its whole time again.
    Away { from_ms: u64, until_ms: u64 },
    /// A move takes up to so long.
    SlowRouter { from_ms: u64, until_ms: u64, most_ms: u64 },
    /// The router fails in a move, after traffic has followed or before.
    Router { number: u32, moves: bool },
    /// A host is asked to stop, and started again.
    Stop { host: usize, at_ms: u64 },
    /// `deploy.ts` moves traffic on one host.
    Deploy { host: usize, at_ms: u64 },
}

#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// How fast its clocks go, in millionths.
    pub pace: u64,
    /// Its wall clock against the others'.
    pub wall_ms: i64,
    pub begins_ms: u64,
}

#[derive(Clone, Debug)]
pub struct HostsPlan {
    pub plan: Plan,
    pub hosts: Vec<Host>,
    /// Whether the first host begins with a switch; otherwise all watch one that was made before.
    pub switches: bool,
    /// So much later than it has to the store ends a lease.
    pub late_ms: u64,
    /// Members of the store that a host asks, one after the other.
    pub endpoints: u32,
    pub faults: Vec<Fault>,
}

impl HostsPlan {
    pub fn draw(seed: u64) -> Self {
        let dice = &mut Dice::new(seed ^ 0xE7CD);
        let window_s = dice.between(12, 24);
        let weather = match dice.between(0, 9) {
            0..=2 => Weather::Healthy,
            _ => Weather::Failing { from_ms: dice.between(0, 6_000) },
        };
        let mut plan = Plan { background: true, ..Plan::calm(seed, window_s, weather, dice) };
        plan.grace_s = plan.grace_s.min(3);
        let switches = dice.one_in(3);
        let hosts = (0..dice.between(2, 3)).map(|at| Host {
            pace: dice.between(970_000, 1_030_000),
            wall_ms: i64::try_from(dice.between(0, 800)).unwrap() - 400,
            begins_ms: if at == 0 { 0 } else { dice.between(if switches { 1_500 } else { 0 }, 6_000) },
        });
        let hosts: Vec<Host> = hosts.collect();
        let late_ms = if dice.one_in(2) { 0 } else { dice.between(0, 800) };
        let endpoints = u32::try_from(dice.between(1, 2)).unwrap();
        let mut drawn = Self { plan, hosts, switches, late_ms, endpoints, faults: Vec::new() };
        for _ in 0..dice.between(0, 5) {
            let fault = drawn.draw_fault(dice);
            drawn.faults.push(fault);
        }
        drawn
    }

    fn draw_when(&self, dice: &mut Dice) -> When {
        let host = self.draw_host(dice);
        match dice.between(0, 9) {
            0 => When::At { host, ms: dice.between(0, 30_000) },
            1..=3 => When::Leading { ms: dice.between(0, 20_000) },
            4 => When::Request { host, number: u32::try_from(dice.between(1, 60)).unwrap() },
            5..=6 => When::Decision { number: u32::try_from(dice.between(1, 8)).unwrap() },
            _ => When::Move { number: u32::try_from(dice.between(1, 3)).unwrap(), after: dice.one_in(2) },
        }
    }

    /// The first host leads most of the time.
    fn draw_host(&self, dice: &mut Dice) -> usize {
        if dice.one_in(2) { 0 } else { dice.place(self.hosts.len() as u64) }
    }

    fn draw_fault(&self, dice: &mut Dice) -> Fault {
        let host = self.draw_host(dice);
        let from_ms = dice.between(0, 20_000);
        let until_ms = from_ms + dice.between(300, 15_000);
        match dice.between(0, 21) {
            0..=5 => {
                let for_ms = if dice.one_in(4) { dice.between(200, TTL_MS) } else { dice.between(TTL_MS, 15_000) };
                Fault::Pause { when: self.draw_when(dice), for_ms, suspended: dice.one_in(3) }
            }
            6..=8 => Fault::Kill { when: self.draw_when(dice), away_ms: dice.between(0, 10_000) },
            9..=11 => Fault::Cut { host, from_ms, until_ms, answers: dice.one_in(2), at_once: dice.one_in(2) },
            12..=13 => {
                let number = u32::try_from(dice.between(1, 60)).unwrap();
                Fault::Lost { host, number, answer: !dice.one_in(3), at_once: dice.one_in(2) }
            }
            14..=15 => Fault::Slow { host, from_ms, until_ms, most_ms: dice.between(200, 4_000) },
            16 => Fault::Full { from_ms, until_ms },
            17 => Fault::Away { from_ms, until_ms },
            18..=19 => {
                let most_ms = dice.between(1_000, 2 * TTL_MS);
                Fault::SlowRouter { from_ms: 0, until_ms: until_ms + 10_000, most_ms }
            }
            20 => match dice.between(0, 3) {
                0 => Fault::Router { number: u32::try_from(dice.between(1, 3)).unwrap(), moves: dice.one_in(2) },
                1 => Fault::Deploy { host, at_ms: from_ms },
                _ => Fault::WallJump {
                    host,
                    at_ms: from_ms,
                    by_ms: i64::try_from(dice.between(0, 60_000)).unwrap() - 30_000,
                },
            },
            _ => Fault::Stop { host, at_ms: from_ms },
        }
    }

    /// The same without one thing that happens in it; `None` past the last.
    pub fn without(&self, at: usize) -> Option<Self> {
        let mut less = self.clone();
        (at < less.faults.len()).then(|| less.faults.remove(at))?;
        Some(less)
    }

    pub fn has(&self, is: impl Fn(&Fault) -> bool) -> bool {
        self.faults.iter().any(is)
    }
}

impl fmt::Display for HostsPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { seed, router_speaks, window_s, grace_s, on_inconclusive, weather, .. } = &self.plan;
        writeln!(f, "seed {seed}: {} hosts, {weather:?}, window {window_s} s, grace {grace_s} s", self.hosts.len())?;
        let router = if *router_speaks { "with a say of its own" } else { "that follows the state file" };
        writeln!(f, "  on_inconclusive {on_inconclusive}, router {router}")?;
        let begins = if self.switches { "a switch" } else { "a soak" };
        writeln!(f, "  it begins with {begins}; leases end {} ms late; {} endpoints", self.late_ms, self.endpoints)?;
        self.hosts.iter().try_for_each(|host| writeln!(f, "  {host:?}"))?;
        self.faults.iter().try_for_each(|fault| writeln!(f, "  {fault:?}"))
    }
}
