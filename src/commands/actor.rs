//! Who is at the keyboard.

use crate::soak::Actor;

/// `operator:<user>@<host>`: the user by `SUDO_USER`, `USER` or number, the host by the kernel.
pub fn operator() -> Actor {
    let named = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| {
        let value = std::env::var(name).ok()?;
        (!value.is_empty() && value.chars().all(|c| !c.is_control() && c != '@')).then_some(value)
    });
    let user = named.unwrap_or_else(|| format!("uid-{}", rustix::process::getuid().as_raw()));
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Actor::Operator(format!("{user}@{host}"))
}
