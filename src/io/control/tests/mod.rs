//! Both ends over real sockets in folders of their own.

mod certificates;
mod flood;
mod following;
mod harness;
mod network;
mod renewal;
mod requests;
mod stopping;
