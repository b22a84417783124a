//! Both ends over real sockets in folders of their own.

mod bench;
mod following;
mod network;
mod requests;
mod stopping;
