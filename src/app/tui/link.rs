//! All that the screen knows of the monitor: a stream of items, and orders.

use tokio::sync::mpsc;

use crate::core::soak::{Envelope, RecordingHeader};
use crate::model::{Action, Ending};

/// What comes from the monitor.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// What the machine knew before the first event: the run is told from the beginning. Comes first, and again after
    /// [`Item::Lost`].
    Header(Box<RecordingHeader>),
    Event(Box<Envelope>),
    /// The monitor does not answer, and why. It is tried again until something else comes.
    Lost(String),
    /// Nothing follows: the run is over.
    Ended(Ending),
    /// Nothing follows: the monitor was stopped, the soak can be resumed; who or what stopped it.
    Stopped(String),
}

/// The way to a monitor: the control API's client, or whatever stands for it.
pub trait Link: Send + Sync + 'static {
    /// Sends on what comes until the end, connecting again where that helps. Ends early when nobody listens.
    fn follow(&self, items: mpsc::Sender<Item>) -> impl Future<Output = ()> + Send;

    /// Orders an action and waits, for a bounded time, until it is journaled; an error says why it is not.
    fn act(&self, action: Action, reason: Option<String>) -> impl Future<Output = Result<(), String>> + Send;
}
