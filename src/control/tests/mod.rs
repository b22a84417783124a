//! Both ends over real sockets in folders of their own.

mod bench;
mod flood;
mod following;
mod network;
mod requests;
mod stopping;
