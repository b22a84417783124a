//! Both ends over real sockets in folders of their own.

mod bench;
mod certificates;
mod flood;
mod following;
mod network;
mod renewal;
mod requests;
mod stopping;
