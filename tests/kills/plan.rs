//! What happens in a round, drawn from its seed.

use std::time::Duration;

use fastrand::Rng;

/// A round.
#[derive(Debug)]
pub struct Plan {
    /// Whether the release fails.
    pub bad: bool,
    /// Whether the run begins with a switch.
    pub switches: bool,
    /// Whether commands move traffic, with pauses before and after, in hundredths of a second.
    pub commands: Option<[u32; 4]>,
    /// Length of the window in milliseconds.
    pub window_ms: u64,
    /// When monitors die, one after the other.
    pub kills: Vec<Moment>,
    /// How long after the first start an attached client is killed, if one is.
    pub client: Option<Duration>,
}

/// When a monitor dies.
#[derive(Clone, Copy, Debug)]
pub enum Moment {
    /// So long after its start.
    After(Duration),
    /// Once the journal has this decision, and so long after that.
    Decided(&'static str, Duration),
    /// Once the router shows another color than at the start.
    Routed,
}

impl Plan {
    /// The plan of a seed.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let bad = rng.bool();
        let switches = rng.bool();
        let commands = rng.bool().then(|| [rng.u32(0..15), rng.u32(0..15), rng.u32(0..15), rng.u32(0..15)]);
        let kills = (0..rng.usize(1..=4)).map(|_| Moment::draw(&mut rng, bad, switches)).collect();
        let client = rng.bool().then(|| Duration::from_millis(rng.u64(0..3_000)));
        Self { bad, switches, commands, window_ms: rng.u64(3_000..5_000), kills, client }
    }
}

impl Moment {
    fn draw(rng: &mut Rng, bad: bool, switches: bool) -> Self {
        let soon = Duration::from_millis(rng.u64(0..150));
        match rng.u8(0..8) {
            0 if bad => Self::Decided("breach", soon),
            1 if bad => Self::Decided("rollback", soon),
            2 if bad => Self::Decided("rolled_back", soon),
            3 if switches => Self::Decided("switching", soon),
            4 if switches => Self::Decided("switch", soon),
            5 if switches || bad => Self::Routed,
            6 => Self::After(soon),
            _ => Self::After(Duration::from_millis(rng.u64(0..4_500))),
        }
    }
}
