//! The real HAProxy, nginx and Caddy, and commands through npm: switch, soak, rollback and everything that goes wrong, with
//! users asking all the while. The configurations are the examples of the documentation.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

#[path = "routers/apps.rs"]
mod apps;
#[path = "routers/caddy.rs"]
mod caddy;
#[path = "routers/caddy_places.rs"]
mod caddy_places;
#[path = "routers/commands.rs"]
mod commands;
#[path = "routers/conventions.rs"]
mod conventions;
#[path = "routers/haproxy.rs"]
mod haproxy;
#[path = "routers/haproxy_servers.rs"]
mod haproxy_servers;
#[path = "routers/nginx.rs"]
mod nginx;
#[path = "routers/pages.rs"]
mod pages;
#[path = "routers/proxy.rs"]
mod proxy;
#[path = "routers/recipe.rs"]
mod recipe;
#[path = "routers/recipes.rs"]
mod recipes;
#[path = "routers/scenes.rs"]
mod scenes;
mod support;
#[path = "routers/users.rs"]
mod users;
