//! Both ends over real sockets in folders of their own.

mod bench;
mod following;
mod requests;
mod stopping;
