//! The parts of the demo, run for real on loopback.

mod front;
mod http;
mod load;
mod service;
mod support;
mod world;
