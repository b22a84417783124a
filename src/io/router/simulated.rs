//! The router that a simulation hands in. Without the cargo feature `simulation` there is none.

use std::sync::Arc;

use super::Router;
use crate::io::state::StateFile;

#[cfg(feature = "simulation")]
mod handed_in {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::{Arc, Router, StateFile};

    type Make = Rc<dyn Fn(&StateFile) -> Arc<dyn Router>>;

    thread_local! {
        static MAKE: RefCell<Option<Make>> = const { RefCell::new(None) };
    }

    /// A thread has simulated routers for as long as this lives.
    #[derive(Debug)]
    pub struct Simulated(());

    /// From now on what moves traffic is made by this on this thread, whatever is configured.
    pub fn simulate(make: impl Fn(&StateFile) -> Arc<dyn Router> + 'static) -> Simulated {
        MAKE.set(Some(Rc::new(make)));
        Simulated(())
    }

    impl Drop for Simulated {
        fn drop(&mut self) {
            MAKE.set(None);
        }
    }

    pub(in crate::io::router) fn simulated(state_file: &StateFile) -> Option<Arc<dyn Router>> {
        let make = MAKE.with_borrow(Clone::clone)?;
        Some(make(state_file))
    }
}

#[cfg(feature = "simulation")]
pub(super) use handed_in::simulated;
#[cfg(feature = "simulation")]
pub use handed_in::{Simulated, simulate};

#[cfg(not(feature = "simulation"))]
pub(super) fn simulated(_: &StateFile) -> Option<Arc<dyn Router>> {
    None
}
