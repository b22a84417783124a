//! Whether a CI runs this, and what it says of the commit.

struct Ci {
    marker: Marker,
    commit: &'static str,
}

/// A variable by which a job of a CI is known.
enum Marker {
    /// It is `true`, in whatever case.
    True(&'static str),
    Set(&'static str),
    Begins(&'static str, &'static str),
}

/// Where GitHub Actions names the commit of a run. It counts without a marker, as it always did.
pub const GITHUB_COMMIT: &str = "GITHUB_SHA";

/// In this order the first counts whose job this is. Each by the list of predefined variables in that CI's documentation.
const KNOWN: [Ci; 15] = [
    // Gitea and Forgejo name them alike.
    Ci { marker: Marker::True("GITHUB_ACTIONS"), commit: GITHUB_COMMIT },
    Ci { marker: Marker::True("GITLAB_CI"), commit: "CI_COMMIT_SHA" },
    Ci { marker: Marker::True("CIRCLECI"), commit: "CIRCLE_SHA1" },
    Ci { marker: Marker::True("BUILDKITE"), commit: "BUILDKITE_COMMIT" },
    Ci { marker: Marker::Set("BITBUCKET_BUILD_NUMBER"), commit: "BITBUCKET_COMMIT" },
    Ci { marker: Marker::True("TF_BUILD"), commit: "BUILD_SOURCEVERSION" },
    Ci { marker: Marker::True("TRAVIS"), commit: "TRAVIS_COMMIT" },
    Ci { marker: Marker::Set("CODEBUILD_BUILD_ID"), commit: "CODEBUILD_RESOLVED_SOURCE_VERSION" },
    Ci { marker: Marker::True("CIRRUS_CI"), commit: "CIRRUS_CHANGE_IN_REPO" },
    Ci { marker: Marker::True("DRONE"), commit: "DRONE_COMMIT_SHA" },
    Ci { marker: Marker::True("SEMAPHORE"), commit: "SEMAPHORE_GIT_SHA" },
    Ci { marker: Marker::True("APPVEYOR"), commit: "APPVEYOR_REPO_COMMIT" },
    Ci { marker: Marker::Set("TEAMCITY_VERSION"), commit: "BUILD_VCS_NUMBER" },
    // Jenkins last: an agent of another CI may run in the environment of a Jenkins that somebody left behind. `JENKINS_URL` is
    // missing where nobody configured it, `BUILD_TAG` never.
    Ci { marker: Marker::Set("JENKINS_URL"), commit: "GIT_COMMIT" },
    Ci { marker: Marker::Begins("BUILD_TAG", "jenkins-"), commit: "GIT_COMMIT" },
];

impl Marker {
    const fn variable(&self) -> &'static str {
        match self {
            Self::True(name) | Self::Set(name) | Self::Begins(name, _) => name,
        }
    }

    fn is_there(&self, variable: &impl Fn(&str) -> Option<String>) -> bool {
        let value = variable(self.variable()).filter(|value| !value.is_empty());
        value.is_some_and(|value| match self {
            Self::True(_) => value.eq_ignore_ascii_case("true"),
            Self::Set(_) => true,
            Self::Begins(_, beginning) => value.starts_with(beginning),
        })
    }
}

/// Whether a job of a CI runs this: `CI` says so, or the marker of one that does not set it. `CI=false` says that none does.
pub fn is_job(variable: impl Fn(&str) -> Option<String>) -> bool {
    match variable("CI").as_deref() {
        Some("false") => false,
        None | Some("") => KNOWN.iter().any(|ci| ci.marker.is_there(&variable)),
        Some(_) => true,
    }
}

/// Whether a variable says something of the CI or of its commit.
pub fn is_about(name: &str) -> bool {
    KNOWN.iter().any(|ci| ci.commit == name || ci.marker.variable() == name)
}

/// The commit that the CI names whose job this is, and the variable it is in. What is no hash (`HEAD`, a number) names none.
pub fn commit(variable: impl Fn(&str) -> Option<String>) -> Option<(&'static str, String)> {
    let of_github = variable(GITHUB_COMMIT).filter(|commit| !commit.is_empty());
    if let Some(commit) = of_github {
        return Some((GITHUB_COMMIT, commit));
    }
    let mut known = KNOWN.iter().filter(|ci| ci.marker.is_there(&variable));
    known.find_map(|ci| Some((ci.commit, variable(ci.commit).filter(|value| is_hash(value))?)))
}

/// A hash of Git or Mercurial, perhaps a short one.
fn is_hash(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "9fceb02d0ae598e95dc970b74767f19372d61af8";

    fn of<'a>(set: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn each_ci_is_known_by_its_own_marker_and_names_the_commit_only_with_it() {
        for (marker, value, name) in [
            ("GITLAB_CI", "true", "CI_COMMIT_SHA"),
            ("CIRCLECI", "true", "CIRCLE_SHA1"),
            ("BUILDKITE", "true", "BUILDKITE_COMMIT"),
            ("BITBUCKET_BUILD_NUMBER", "17", "BITBUCKET_COMMIT"),
            ("TF_BUILD", "True", "BUILD_SOURCEVERSION"),
            ("TRAVIS", "true", "TRAVIS_COMMIT"),
            ("CODEBUILD_BUILD_ID", "shop:1", "CODEBUILD_RESOLVED_SOURCE_VERSION"),
            ("CIRRUS_CI", "true", "CIRRUS_CHANGE_IN_REPO"),
            ("DRONE", "true", "DRONE_COMMIT_SHA"),
            ("SEMAPHORE", "true", "SEMAPHORE_GIT_SHA"),
            ("APPVEYOR", "True", "APPVEYOR_REPO_COMMIT"),
            ("TEAMCITY_VERSION", "2025.07", "BUILD_VCS_NUMBER"),
            ("JENKINS_URL", "https://ci.example.com/", "GIT_COMMIT"),
            ("BUILD_TAG", "jenkins-shop-17", "GIT_COMMIT"),
        ] {
            assert_eq!(commit(of(&[(marker, value), (name, HASH)])), Some((name, HASH.to_owned())), "{marker}");
            assert_eq!(commit(of(&[(name, HASH)])), None, "{name} without {marker}");
            assert!(is_job(of(&[(marker, value)])) && is_about(marker) && is_about(name), "{marker}");
            assert!(!is_job(of(&[(marker, value), ("CI", "false")])), "{marker} with CI=false");
            assert!(!is_job(of(&[(marker, "")])) && !is_job(of(&[(name, HASH)])), "{marker}");
        }
        for none in [&[("TRAVIS", "false")][..], &[("BUILD_TAG", "v1.4.2")], &[("CI", "")], &[]] {
            assert!(!is_job(of(none)), "{none:?}");
        }
    }

    #[test]
    fn the_first_whose_marker_is_there_names_it_and_github_needs_none() {
        let two = [("JENKINS_URL", "http://ci"), ("GIT_COMMIT", "aaaaaaa"), ("GITLAB_CI", "true")];
        assert_eq!(commit(of(&two)), Some(("GIT_COMMIT", "aaaaaaa".to_owned())), "the other one names none");
        let both = [&two[..], &[("CI_COMMIT_SHA", "bbbbbbb")]].concat();
        assert_eq!(commit(of(&both)), Some(("CI_COMMIT_SHA", "bbbbbbb".to_owned())));
        let three = [&both[..], &[("GITHUB_SHA", "4f2a")]].concat();
        assert_eq!(commit(of(&three)), Some(("GITHUB_SHA", "4f2a".to_owned())));
    }

    #[test]
    fn what_is_not_the_hash_of_a_commit_names_no_release() {
        for odd in ["HEAD", "", "C123", "a b", "4f2a", "refs/heads/main", &HASH.repeat(2)] {
            assert_eq!(commit(of(&[("BUILDKITE", "true"), ("BUILDKITE_COMMIT", odd)])), None, "{odd}");
        }
    }
}
