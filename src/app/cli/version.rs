//! Which program this is.

/// The commit that it was built from, where that was known then; see `src/build.rs`.
const COMMIT: Option<&str> = option_env!("SWITCHBACK_COMMIT");

/// `0.1.0 (commit 4f2a81c09b3d)`.
pub fn text() -> String {
    of(env!("CARGO_PKG_VERSION"), COMMIT)
}

fn of(version: &str, commit: Option<&str>) -> String {
    match commit.filter(|commit| !commit.is_empty()) {
        Some(commit) => format!("{version} (commit {commit})"),
        None => format!("{version} (commit unknown)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_was_built_outside_a_repository_says_so() {
        assert_eq!(of("0.1.0", Some("4f2a81c09b3d")), "0.1.0 (commit 4f2a81c09b3d)");
        assert_eq!(of("0.1.0", None), "0.1.0 (commit unknown)");
        assert_eq!(of("0.1.0", Some("")), "0.1.0 (commit unknown)");
    }
}
