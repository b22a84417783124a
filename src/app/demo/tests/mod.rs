//! The parts of the demo, run for real on loopback.

mod http;
mod load;
mod proxy;
mod service;
mod support;
mod world;
