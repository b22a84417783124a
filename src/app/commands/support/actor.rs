//! Who gives an order.

use super::ci_job::in_ci;
use crate::io::users;
use crate::model::Actor;

/// Variables that name a user. They can be forged.
const CLAIMS: [&str; 3] = ["SUDO_USER", "USER", "LOGNAME"];

/// For whom a CI says that a job runs: GitHub Actions, GitLab, `CircleCI`, Buildkite, Azure Pipelines, Jenkins' build user vars.
const RUN_FOR: [&str; 6] = [
    "GITHUB_ACTOR",
    "GITLAB_USER_LOGIN",
    "CIRCLE_USERNAME",
    "BUILDKITE_BUILD_CREATOR",
    "BUILD_REQUESTEDFOR",
    "BUILD_USER_ID",
];
/// Longest name that is used, in characters.
const MAX: usize = 64;

/// Who acts here: `operator:<user>@<host>`, or in a CI job `ci:<user>@<host>` with the user that the CI names.
pub fn starter() -> Actor {
    if in_ci() { Actor::Ci(whoever()) } else { Actor::Operator(whoever()) }
}

fn whoever() -> String {
    let somebody = somebody();
    if !in_ci() {
        return somebody;
    }
    of_a_job(somebody, RUN_FOR.into_iter().filter_map(|name| std::env::var(name).ok()))
}

fn of_a_job(somebody: String, mut claims: impl Iterator<Item = String>) -> String {
    let is_name = |text: &String| {
        !text.is_empty() && text.chars().count() <= MAX && !text.chars().any(|c| c.is_control() || c == '@')
    };
    match claims.find(is_name) {
        Some(claimed) => format!("{somebody}, for {claimed}"),
        None => somebody,
    }
}

/// `<user>@<host>` from the kernel, behind the name of a variable if that differs: `ana@deploy-1 (user root)`.
fn somebody() -> String {
    let uid = rustix::process::getuid().as_raw();
    let claim = CLAIMS.into_iter().find_map(|name| std::env::var(name).ok().filter(|value| users::is_name(value)));
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    named(claim.as_deref(), users::name_of(uid).as_deref(), uid, &host)
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

    #[test]
    fn whom_a_job_runs_for_stands_behind_who_runs_it() {
        for (claims, actor) in
            [(&["ana"][..], "runner@vm, for ana"), (&["", "a\u{1b}[2J", "bo"], "runner@vm, for bo"), (&[], "runner@vm")]
        {
            let claims = claims.iter().map(|claim| (*claim).to_owned());
            assert_eq!(of_a_job("runner@vm".to_owned(), claims), actor);
        }
    }
}
