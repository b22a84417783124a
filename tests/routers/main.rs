//! The real HAProxy, nginx and Caddy, and commands through npm: switch, soak, rollback and everything that goes wrong, with
//! users asking all the while. The configurations are the examples of the documentation.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

mod apps;
mod caddy;
mod caddy_places;
mod commands;
mod conventions;
mod haproxy;
mod haproxy_servers;
mod nginx;
mod pages;
mod proxy;
mod recipe;
mod recipes;
mod scenes;
mod users;
