//! The machine: its state, each part with its own rules (to `outbox`), what happens in a stage (to `recovery`) or any:
//!
//! | file | holds |
//! | --- | --- |
//! | `stage` | where the run is, with what only that stage needs |
//! | `time` | now, the beginnings and the end, what nobody watched |
//! | `window` | when the window starts and ends, and how far it may run on |
//! | `checks` | the checks of the watched color |
//! | `fleet` | its instances, and the releases that they name |
//! | `standby` | what is known of the previous color |
//! | `router` | what the router was seen doing |
//! | `response` | what there is to act on, and what holds that back |
//! | `told` | what was told already |
//! | `outbox` | what is to be done, in order |
//! | `gate` | gate, look at the previous color, switch, start of the soak |
//! | `leaving` | the previous color before traffic leaves it |
//! | `watch` | ticks, breaches, the end of the window, moves by somebody else |
//! | `telling` | what is told once while the soak goes on |
//! | `latency` | the latency check in a run |
//! | `hold` | hold, grace, the beginning of a rollback |
//! | `shared` | a hold for a cause that both colors share |
//! | `foreign` | a hold for a router that has what Switchback did not write |
//! | `rollback` | attempts to roll back, one after the other |
//! | `verify` | after a rollback: is traffic still back? |
//! | `recovery` | and is the previous color well? |
//! | `dispatch` | who takes which event |
//! | `asked` | pages, counters and answers to queries |
//! | `orders` | the operator's actions and signals |
//! | `resume` | going on with a run whose monitor is gone |
//! | `report` | what others may know of the machine |

mod asked;
mod checks;
mod dispatch;
mod fleet;
mod foreign;
mod gate;
mod hold;
mod latency;
mod leaving;
mod orders;
mod outbox;
mod recovery;
mod report;
mod response;
mod resume;
mod rollback;
mod router;
mod shared;
mod stage;
mod standby;
mod telling;
mod time;
mod told;
mod verify;
mod watch;
mod window;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use tests::{harness as testing, scenes};

pub(crate) use fleet::list_releases;
pub(crate) use report::Summary;
pub(crate) use rollback::Retrying;

use self::checks::Checks;
use self::fleet::Fleet;
use self::response::Response;
use self::router::RouterSeen;
use self::stage::Stage;
use self::standby::Standby;
use self::time::RunTime;
use self::told::Told;
use self::window::Window;
use super::{Check, Settings};
use crate::model::Actor;

/// An instance without a good sample for this long, or for three intervals, is not known any more.
const PATIENCE_MS: u64 = 10_000;

/// The soak machine. See the module's documentation.
#[derive(Clone, Debug)]
pub struct Machine {
    settings: Settings,
    time: RunTime,
    stage: Stage,
    window: Window,
    checks: Checks,
    fleet: Fleet,
    standby: Standby,
    router: RouterSeen,
    response: Response,
    /// Who wants the process to stop once the move under way is over.
    stop: Option<(Actor, String)>,
    told: Told,
    troubles: Vec<String>,
}

impl Machine {
    /// A machine that waits for [`Event::Started`](super::Event::Started).
    pub fn new(settings: Settings) -> Self {
        Self {
            time: RunTime::default(),
            stage: Stage::Gating { deadline_ms: 0 },
            window: Window::default(),
            checks: Checks::new(&settings),
            fleet: Fleet::new(&settings.instances),
            standby: Standby::new(&settings),
            router: RouterSeen::default(),
            response: Response::default(),
            stop: None,
            told: Told::default(),
            troubles: Vec::new(),
            settings,
        }
    }

    /// The same with one more check.
    #[must_use]
    pub fn with_check(mut self, check: Box<dyn Check>) -> Self {
        self.checks.add(check);
        self
    }
}
