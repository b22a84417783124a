//! Who is at the keyboard.

use crate::soak::Actor;
use crate::users;

/// Variables that say who somebody is. Anybody can set them.
const CLAIMS: [&str; 3] = ["SUDO_USER", "USER", "LOGNAME"];

/// `operator:<user>@<host>`: user and host by the kernel. Where a variable names another user, that name stands first and the
/// kernel's behind it: `operator:ana@deploy-1 (user root)`.
pub fn operator() -> Actor {
    let uid = rustix::process::getuid().as_raw();
    let claim = CLAIMS.into_iter().find_map(|name| std::env::var(name).ok().filter(|value| users::is_name(value)));
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Actor::Operator(named(claim.as_deref(), users::name_of(uid).as_deref(), uid, &host))
}

fn named(claim: Option<&str>, kernel: Option<&str>, uid: u32, host: &str) -> String {
    match (claim, kernel) {
        (Some(claim), Some(kernel)) if claim == kernel => format!("{kernel}@{host}"),
        (Some(claim), Some(kernel)) => format!("{claim}@{host} (user {kernel})"),
        (Some(claim), None) => format!("{claim}@{host} (uid {uid})"),
        (None, Some(kernel)) => format!("{kernel}@{host}"),
        (None, None) => format!("uid-{uid}@{host}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_says_of_themselves_stands_beside_what_the_kernel_says() {
        for (claim, kernel, actor) in [
            (Some("ana"), Some("ana"), "ana@deploy-1"),
            (Some("ana"), Some("root"), "ana@deploy-1 (user root)"),
            (Some("ana"), None, "ana@deploy-1 (uid 1000)"),
            (None, Some("deploy"), "deploy@deploy-1"),
            (None, None, "uid-1000@deploy-1"),
        ] {
            assert_eq!(named(claim, kernel, 1000, "deploy-1"), actor);
        }
    }
}
