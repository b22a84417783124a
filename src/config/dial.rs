//! Addresses as a proxy dials them, and when two of them reach the same listener.

use std::net::Ipv6Addr;

/// The address without a scheme, Caddy's network prefix `tcp/` and a slash at the end. A scheme without a port names its own.
pub fn bare_dial(text: &str) -> String {
    let text = text.trim().trim_end_matches('/');
    let text = text.strip_prefix("tcp/").unwrap_or(text);
    let (port, rest) = match text.split_once("://") {
        Some(("http" | "h2c", rest)) => (Some(80), rest),
        Some(("https", rest)) => (Some(443), rest),
        _ => (None, text),
    };
    let has_port = rest.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    match port.filter(|_| !has_port) {
        Some(port) => format!("{rest}:{port}"),
        None => rest.to_owned(),
    }
}

/// Whether two addresses reach the same listener: `localhost` stands for both loopback addresses, and so does no host.
pub fn same_listener(one: &str, other: &str) -> bool {
    let (one, other) = (bare_dial(one), bare_dial(other));
    match (host_and_port(&one), host_and_port(&other)) {
        (Some((host, port)), Some((known, known_port))) => port == known_port && same_host(host, known),
        _ => one == other,
    }
}

fn host_and_port(dial: &str) -> Option<(&str, u16)> {
    let (host, port) = dial.rsplit_once(':')?;
    Some((host, port.parse().ok()?))
}

fn same_host(one: &str, other: &str) -> bool {
    let (one, other) = (Host::of(one), Host::of(other));
    let local = |host: &Host| matches!(host, Host::V4Loopback | Host::V6Loopback | Host::Localhost);
    match (&one, &other) {
        (Host::Localhost, host) | (host, Host::Localhost) => local(host),
        _ => one == other,
    }
}

#[derive(PartialEq, Eq)]
enum Host {
    /// `localhost`, or no host at all: the system picks a loopback address.
    Localhost,
    V4Loopback,
    V6Loopback,
    V6(Ipv6Addr),
    Other(String),
}

impl Host {
    fn of(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&text);
        match inner {
            "" | "localhost" => return Self::Localhost,
            // Whoever connects to the address of all interfaces reaches this machine.
            "127.0.0.1" | "0.0.0.0" => return Self::V4Loopback,
            _ => {}
        }
        match inner.parse::<Ipv6Addr>() {
            Ok(address) if address.is_loopback() || address.is_unspecified() => Self::V6Loopback,
            Ok(address) => match address.to_ipv4_mapped() {
                Some(v4) => Self::of(&v4.to_string()),
                None => Self::V6(address),
            },
            Err(_) => Self::Other(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_a_prefix_and_a_slash_are_not_part_of_an_address() {
        for (text, bare) in [
            ("127.0.0.1:3001", "127.0.0.1:3001"),
            (" http://127.0.0.1:3001/ ", "127.0.0.1:3001"),
            ("http://app", "app:80"),
            ("https://app", "app:443"),
            ("h2c://[::1]:3001", "[::1]:3001"),
            ("http://[::1]", "[::1]:80"),
            ("tcp/app:3001", "app:3001"),
            ("unix//run/app.sock", "unix//run/app.sock"),
            (":3001", ":3001"),
            ("app", "app"),
        ] {
            assert_eq!(bare_dial(text), bare);
        }
    }

    #[test]
    fn addresses_are_the_same_where_the_same_process_answers() {
        for (one, other) in [
            ("127.0.0.1:3001", "localhost:3001"),
            ("127.0.0.1:3001", "http://LOCALHOST:3001/"),
            ("127.0.0.1:3001", ":3001"),
            ("127.0.0.1:3001", "0.0.0.0:3001"),
            ("[::1]:3001", "localhost:3001"),
            ("[::1]:3001", "[0:0:0:0:0:0:0:1]:3001"),
            ("[::ffff:127.0.0.1]:3001", "127.0.0.1:3001"),
            ("[2001:db8::1]:80", "[2001:DB8:0::1]:80"),
            ("app.internal:80", "http://App.internal"),
            ("unix//run/app.sock", "unix//run/app.sock"),
        ] {
            assert!(same_listener(one, other) && same_listener(other, one), "{one} and {other}");
        }
        for (one, other) in [
            ("127.0.0.1:3001", "127.0.0.1:3002"),
            ("127.0.0.1:3001", "[::1]:3001"),
            ("127.0.0.1:3001", "127.0.0.2:3001"),
            ("127.0.0.1:3001", "app:3001"),
            ("localhost:3001", "app:3001"),
            ("127.0.0.1:3001", "127.0.0.1"),
            ("unix//run/app.sock", "unix//run/other.sock"),
            ("{env.APP}:3001", "127.0.0.1:3001"),
        ] {
            assert!(!same_listener(one, other) && !same_listener(other, one), "{one} and {other}");
        }
    }
}
