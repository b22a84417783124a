//! The control API: HTTP/1.1 over a Unix socket or TCP. The monitor's loop publishes events into a [`Hub`] and takes
//! [`Order`]s from it; a [`Server`] on a [`ControlSocket`] serves the [`Client`]s. The loop never waits for a client.
//!
//! | file | part |
//! | --- | --- |
//! | `socket` | the socket's file: who may own it, stale and live ones |
//! | `hub` | where the loop and its clients meet |
//! | `ring` | the last events, kept in memory |
//! | `archive`, `subscription` | one client's events without gap or repetition: from the recording, from memory, live |
//! | `network/` | over TCP: TLS, tokens, signed orders, what is refused, and what is read again when it changes |
//! | `caller` | who asks, and what they are called |
//! | `shared` | one reading of the status for all who ask for it within a second |
//! | `server`, `routes`, `stream` | connections, endpoints, the event stream of one of them |
//! | `agent/` | the same for all services of an agent, and a run that it is to begin |
//! | `metrics/` | the monitor's own metrics page |
//! | `client`, `events`, `services` | the other end: orders and status, one run, all runs of an agent |
//! | `leading` | the monitor of another host that leads |
//! | `wire`, `sse` | what both ends spell alike |

mod agent;
mod archive;
mod caller;
mod client;
mod events;
mod hub;
mod leading;
mod metrics;
mod network;
mod ring;
mod routes;
mod server;
mod services;
mod shared;
mod socket;
mod sse;
mod stream;
mod subscription;
mod wire;

#[cfg(test)]
mod tests;

pub use agent::Board;
pub(crate) use agent::{BeginRequest, Begun, Gauges, NotBegun, Ordered, Row, Run, What};
pub(crate) use client::ClientError;
pub(crate) use client::{Client, check_client_files};
pub(crate) use events::{Events, StreamItem};
pub(crate) use hub::{Hub, Order, Refused};
pub(crate) use leading::Leading;
pub(crate) use network::{ListenError, NetworkListener, check_tls};
pub(crate) use server::{Server, StatusOf};
pub(crate) use services::ServiceItem;
pub(crate) use socket::{ControlSocket, SocketError, check_group, no_such_group};
pub(crate) use subscription::{Delivery, Subscription};
pub(crate) use wire::StreamEnd;
