//! Signed webhooks for what a monitor decides (<https://github.com/standard-webhooks/standard-webhooks>), with a `text`
//! that Slack shows. They go out in order, from a task of their own: a decision never waits for one.
//!
//! | file | holds |
//! | --- | --- |
//! | `message` | what is told, and in which words |
//! | `notifier` | delivery |

mod message;
mod notifier;

pub(crate) use message::Message;
pub(crate) use notifier::Notifier;
