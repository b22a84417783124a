//! What happens in one simulated deployment, all of it drawn from a seed.

use std::fmt;

use switchback::model::{Action, Color};

/// A stream of numbers that depends on nothing but its seed (`SplitMix64`, Steele, Lea and Flood 2014).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    /// A place in a list of that length.
    pub fn place(&mut self, length: u64) -> usize {
        usize::try_from(self.between(0, length - 1)).unwrap()
    }

    pub fn one_in(&mut self, many: u64) -> bool {
        self.next().is_multiple_of(many)
    }
}

/// How the new release does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    Healthy,
    /// A third of its requests fails from here on.
    Failing {
        from_ms: u64,
    },
    /// The same until then: without traffic nobody sees that it is bad.
    Passing {
        from_ms: u64,
        until_ms: u64,
    },
    /// Nothing is heard of its metrics from here on.
    Blind {
        from_ms: u64,
    },
}

/// When a crash comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At this time, after every task had so many turns in that same instant: between any two points where one waits.
    At { ms: u64, turns: u64 },
    /// Before so many steps on the way to the disk, counted anew in every process.
    DiskStep(u32),
    /// At the router's move of that number in the whole run, before or after traffic follows.
    Move { number: u32, after: bool },
}

/// When somebody else moves traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meddle {
    At {
        ms: u64,
    },
    /// As soon as the router's move of that number is under way.
    DuringMove(u32),
}

/// What a router does with a move, or says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fails {
    WithoutMoving,
    AfterMoving,
    /// It says that it moved, and did not.
    Lies,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Crash {
        when: When,
        power: bool,
        away_ms: u64,
    },
    /// The router fails in its moves from one number to another, counted in the whole run.
    Router {
        from: u32,
        until: u32,
        fails: Fails,
    },
    /// The router takes no move and no question for minutes.
    RouterDown {
        from_ms: u64,
        until_ms: u64,
    },
    /// The router answers neither a move nor a question.
    RouterHangs {
        from_ms: u64,
        until_ms: u64,
    },
    RouterUnread {
        from_ms: u64,
        until_ms: u64,
    },
    DiskFull {
        from_ms: u64,
        until_ms: u64,
    },
    StandbyDown {
        from_ms: u64,
        until_ms: u64,
    },
    ScrapesLost {
        from_ms: u64,
        until_ms: u64,
    },
    WallJump {
        at_ms: u64,
        by_ms: i64,
    },
    Order {
        at_ms: u64,
        action: Action,
    },
    /// Somebody else moves traffic, in a process of their own.
    Others {
        when: Meddle,
        to: Color,
    },
    Signal {
        at_ms: u64,
        save: bool,
    },
    /// So long after traffic is back a controller moves it to the new color again, and writes nothing down.
    Undone {
        after_ms: u64,
    },
}

impl Fault {
    /// Whether it is one of the machine or the process, which all deployments on it share.
    pub const fn is_of_machine(&self) -> bool {
        matches!(self, Self::Crash { .. } | Self::DiskFull { .. } | Self::WallJump { .. } | Self::Signal { .. })
    }
}

/// The configuration of the run, and everything that goes wrong.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub router_speaks: bool,
    pub window_s: u64,
    pub grace_s: u64,
    pub on_inconclusive: &'static str,
    pub weather: Weather,
    /// Whether the monitor runs in the background: a rollback that fails has no end there.
    pub background: bool,
    /// Of the new release; of many the rounds are packed in the recording.
    pub instances: usize,
    pub faults: Vec<Fault>,
}

impl Plan {
    /// Nothing happens in it but the weather.
    pub fn calm(seed: u64, window_s: u64, weather: Weather, dice: &mut Dice) -> Self {
        Self {
            seed,
            router_speaks: !dice.one_in(4),
            window_s,
            grace_s: if dice.one_in(2) { 0 } else { dice.between(1, 8) },
            on_inconclusive: ["hold", "keep", "rollback"][dice.place(3)],
            weather,
            background: false,
            instances: 1,
            faults: Vec::new(),
        }
    }

    pub fn draw(seed: u64) -> Self {
        let dice = &mut Dice::new(seed);
        let window_s = dice.between(12, 30);
        let weather = match dice.between(0, 9) {
            0..=1 => Weather::Healthy,
            2..=7 => Weather::Failing { from_ms: dice.between(0, 6_000) },
            _ => Weather::Blind { from_ms: dice.between(0, window_s * 1000) },
        };
        let mut plan = Self::calm(seed, window_s, weather, dice);
        for _ in 0..dice.between(0, 5) {
            plan.faults.push(draw_fault(dice));
        }
        // Drawn last: the seeds that are kept mean what they meant.
        if plan.router_speaks && dice.one_in(6) {
            plan.faults.push(Fault::Undone { after_ms: dice.between(0, 4_000) });
        }
        plan.background = dice.one_in(3);
        let from_ms = dice.between(0, 10_000);
        let until_ms = from_ms + dice.between(30_000, 600_000);
        match dice.between(0, 9) {
            0 if plan.router_speaks => {
                plan.faults.push(Fault::RouterDown { from_ms, until_ms });
                if dice.one_in(2) {
                    let when = When::At { ms: from_ms + dice.between(15_000, 55_000), turns: dice.between(0, 40) };
                    let away_ms = dice.between(0, 20_000);
                    plan.faults.push(Fault::Crash { when, power: dice.one_in(2), away_ms });
                }
            }
            1 => plan.faults.push(Fault::DiskFull { from_ms, until_ms }),
            _ => {}
        }
        if dice.one_in(8) {
            plan.instances = 20;
        }
        plan
    }
}

fn draw_fault(dice: &mut Dice) -> Fault {
    let at_ms = dice.between(0, 25_000);
    let until_ms = at_ms + dice.between(500, 15_000);
    match dice.between(0, 19) {
        0..=6 => {
            let when = match dice.between(0, 5) {
                0..=1 => When::At { ms: at_ms, turns: dice.between(0, 40) },
                2..=3 => When::DiskStep(u32::try_from(dice.between(1, 120)).unwrap()),
                _ => When::Move { number: u32::try_from(dice.between(1, 6)).unwrap(), after: dice.one_in(2) },
            };
            Fault::Crash { when, power: dice.one_in(2), away_ms: dice.between(0, 20_000) }
        }
        7..=10 => {
            let fails = [Fails::WithoutMoving, Fails::AfterMoving, Fails::Lies];
            let fails = fails[dice.place(3)];
            let from = u32::try_from(dice.between(1, 5)).unwrap();
            // Once in four times it is broken for good, as far as one monitor tries.
            let until = if dice.one_in(4) { from + 9 } else { from };
            Fault::Router { from, until, fails }
        }
        11 => Fault::RouterUnread { from_ms: at_ms, until_ms },
        12 => Fault::DiskFull { from_ms: at_ms, until_ms },
        13 => Fault::StandbyDown { from_ms: at_ms, until_ms },
        14 => Fault::ScrapesLost { from_ms: at_ms, until_ms },
        15 => Fault::WallJump { at_ms, by_ms: i64::try_from(dice.between(0, 7_200_000)).unwrap() - 3_600_000 },
        16..=17 => {
            let actions = [
                Action::Abort,
                Action::Abort,
                Action::Keep,
                Action::Pause,
                Action::Resume,
                Action::Extend { by_ms: 10_000 },
                Action::Rollback { force: false },
            ];
            Fault::Order { at_ms, action: actions[dice.place(7)] }
        }
        18 => {
            let during = Meddle::DuringMove(u32::try_from(dice.between(1, 2)).unwrap());
            let when = if dice.one_in(2) { Meddle::At { ms: at_ms } } else { during };
            Fault::Others { when, to: if dice.one_in(2) { Color::Blue } else { Color::Green } }
        }
        _ => Fault::Signal { at_ms, save: dice.one_in(2) },
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, router_speaks, window_s, grace_s, on_inconclusive, weather, background, instances, faults } =
            self;
        writeln!(
            f,
            "seed {seed}: {weather:?}, window {window_s} s, grace {grace_s} s, on_inconclusive {on_inconclusive},"
        )?;
        writeln!(
            f,
            "  router {}",
            if *router_speaks { "with a say of its own" } else { "that follows the state file" }
        )?;
        writeln!(f, "  monitor in the {}", if *background { "background" } else { "foreground" })?;
        writeln!(f, "  {instances} instances")?;
        faults.iter().try_for_each(|fault| writeln!(f, "  {fault:?}"))
    }
}
