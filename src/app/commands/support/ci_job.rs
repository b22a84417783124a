//! A monitor in the background of a CI job: what would end it together with the job.

use std::collections::BTreeMap;
use std::env;
use std::path::Path;

use crate::config::ci;

/// A variable by which a CI runner finds the processes of a job, to end them with it.
struct Mark {
    variable: &'static str,
    runner: &'static str,
    /// Variables of which that runner sets one; empty if the mark alone identifies it.
    signs: &'static [&'static str],
}

/// GitHub: `RUNNER_TRACKING_ID`, and the same program at Azure: `VSTS_PROCESS_LOOKUP_ID`. Jenkins ends the processes that carry
/// all of a build's variables, of which these are some: <https://wiki.jenkins.io/display/JENKINS/ProcessTreeKiller>.
const MARKS: [Mark; 6] = [
    Mark { variable: "RUNNER_TRACKING_ID", runner: "GitHub Actions", signs: &[] },
    Mark { variable: "VSTS_PROCESS_LOOKUP_ID", runner: "Azure Pipelines", signs: &[] },
    Mark { variable: "JENKINS_NODE_COOKIE", runner: "Jenkins", signs: &[] },
    Mark { variable: "JENKINS_SERVER_COOKIE", runner: "Jenkins", signs: &[] },
    Mark { variable: "HUDSON_SERVER_COOKIE", runner: "Jenkins", signs: &[] },
    Mark {
        variable: "BUILD_ID",
        runner: "Jenkins",
        signs: &["CI", "JENKINS_URL", "JENKINS_HOME", "HUDSON_URL", "BUILD_TAG"],
    },
];

/// The value of a mark that hides a process from Jenkins.
const UNMARKED: &str = "dontKillMe";

/// Variables whose value shows that the machine of the job is discarded after it.
const DISPOSABLE: [(&str, Option<&str>, &str); 7] = [
    ("RUNNER_ENVIRONMENT", Some("github-hosted"), "GitHub discards the machine of a hosted runner"),
    ("CI_DISPOSABLE_ENVIRONMENT", Some("true"), "GitLab discards the environment of this executor"),
    ("CIRCLECI", Some("true"), "CircleCI discards the machine"),
    ("TRAVIS", Some("true"), "Travis CI discards the machine"),
    ("BITBUCKET_BUILD_NUMBER", None, "Bitbucket Pipelines discards the container"),
    ("CODEBUILD_BUILD_ID", None, "CodeBuild discards the container"),
    ("CIRRUS_CI", Some("true"), "Cirrus CI discards the machine"),
];

/// Files that only a container has.
const CONTAINERS: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];

pub const REMEDY: &str =
    "let the job wait for the end of the soak (no --detach), or watch from a machine that outlives the job";

pub fn in_ci() -> bool {
    ci::is_job(|name| env::var(name).ok())
}

#[derive(Debug)]
pub struct CiJob {
    variables: BTreeMap<String, String>,
    container: bool,
}

impl CiJob {
    pub fn here() -> Self {
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        let mut variables = BTreeMap::new();
        for (name, value) in env::vars_os() {
            variables.insert(text(name), text(value));
        }
        let container = CONTAINERS.iter().any(|file| Path::new(file).exists());
        let container = container || variables.contains_key("KUBERNETES_SERVICE_HOST");
        Self { variables, container }
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    fn is_set(&self, name: &str) -> bool {
        self.variable(name).is_some_and(|value| !value.is_empty())
    }

    /// The variables by which a runner would find and end the monitor, with the runner's name.
    pub fn marks(&self) -> Vec<(&'static str, &'static str)> {
        let marked = MARKS.iter().filter(|mark| {
            let value = self.variable(mark.variable).filter(|value| !value.is_empty() && *value != UNMARKED);
            value.is_some() && (mark.signs.is_empty() || mark.signs.iter().any(|sign| self.is_set(sign)))
        });
        marked.map(|mark| (mark.variable, mark.runner)).collect()
    }

    /// The message about variables removed from a monitor's environment.
    pub fn unmarked(&self) -> Option<String> {
        let marks = self.marks();
        let (_, runner) = marks.first()?;
        let names: Vec<&str> = marks.iter().map(|(variable, _)| *variable).collect();
        Some(format!(
            "{} is removed from the environment of the monitor: the runner of {runner} ends the processes \
             of a job by it",
            names.join(", ")
        ))
    }

    /// Why a background monitor does not survive the end of the job; `None` if unknown.
    pub fn ends_with_job(&self) -> Option<String> {
        let discarded = DISPOSABLE.iter().find(|(variable, value, _)| match value {
            Some(value) => self.variable(variable) == Some(*value),
            None => self.is_set(variable),
        });
        let in_ci = ci::is_job(|name| self.variable(name).map(str::to_owned));
        let why = match discarded {
            Some((_, _, why)) => format!("{why} at the end of the job"),
            None if in_ci && self.container => "the job runs in a container, which ends with it".to_owned(),
            None => return None,
        };
        Some(format!("a monitor in the background does not survive the end of the job: {why}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(set: &[(&str, &str)], container: bool) -> CiJob {
        let variables = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        CiJob { variables, container }
    }

    #[test]
    fn the_marks_of_the_runners_are_known_and_only_there() {
        for (set, marks) in [
            (&[("RUNNER_TRACKING_ID", "github_1")][..], &["RUNNER_TRACKING_ID"][..]),
            (&[("VSTS_PROCESS_LOOKUP_ID", "vsts_1")], &["VSTS_PROCESS_LOOKUP_ID"]),
            (
                &[("JENKINS_NODE_COOKIE", "c"), ("JENKINS_SERVER_COOKIE", "d")],
                &["JENKINS_NODE_COOKIE", "JENKINS_SERVER_COOKIE"],
            ),
            (&[("BUILD_ID", "17"), ("JENKINS_URL", "http://ci")], &["BUILD_ID"]),
            (&[("BUILD_ID", "17")], &[]),
            (&[("JENKINS_NODE_COOKIE", "dontKillMe"), ("RUNNER_TRACKING_ID", "")], &[]),
            (&[("CI", "true")], &[]),
        ] {
            let found: Vec<&str> = of(set, false).marks().into_iter().map(|(variable, _)| variable).collect();
            assert_eq!(found, marks, "{set:?}");
        }
        let told = of(&[("JENKINS_NODE_COOKIE", "c")], false).unmarked().unwrap();
        assert!(
            told.starts_with("JENKINS_NODE_COOKIE is removed from") && told.contains("the runner of Jenkins"),
            "{told}"
        );
        assert_eq!(of(&[], false).unmarked(), None);
    }

    #[test]
    fn a_machine_that_goes_with_the_job_is_told() {
        let ends = |set: &[(&str, &str)], container| of(set, container).ends_with_job().is_some();
        assert!(ends(&[("GITHUB_ACTIONS", "true"), ("RUNNER_ENVIRONMENT", "github-hosted")], false));
        assert!(!ends(&[("GITHUB_ACTIONS", "true"), ("RUNNER_ENVIRONMENT", "self-hosted"), ("CI", "true")], false));
        assert!(ends(&[("CI_DISPOSABLE_ENVIRONMENT", "true")], false));
        assert!(!ends(&[("GITLAB_CI", "true"), ("CI", "true")], false), "its shell executor stays");
        assert!(ends(&[("BITBUCKET_BUILD_NUMBER", "5")], false));
        assert!(ends(&[("CI", "true")], true));
        assert!(ends(&[("TF_BUILD", "True")], true), "it sets no CI");
        assert!(!ends(&[], true) && !ends(&[("CI", "false")], true), "a container that is no job");
        let told = of(&[("CI", "true")], true).ends_with_job().unwrap();
        assert!(
            told.ends_with("does not survive the end of the job: the job runs in a container, which ends with it"),
            "{told}"
        );
    }
}
