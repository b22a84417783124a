//! What is published: the image runs what the unit runs, and what the package and the workflows name is there.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::app::cli::Command;

/// The value of the line that begins with this, which stands once.
fn line<'a>(text: &'a str, begins: &str) -> &'a str {
    let mut found = text.lines().filter_map(|line| line.strip_prefix(begins));
    let value = found.next().unwrap_or_else(|| panic!("no line begins with `{begins}`"));
    assert!(found.next().is_none(), "`{begins}` stands twice");
    value
}

fn containerfile() -> String {
    read(&root().join("assets/package/container/Containerfile"))
}

fn list(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

#[test]
fn the_image_runs_what_the_unit_runs() {
    let file = containerfile();
    let [entry, command] = ["ENTRYPOINT ", "CMD "].map(|name| list(line(&file, name)));
    let unit = read(&root().join("assets/systemd/switchback@.service"));
    let start = words(line(&unit, "ExecStart="));
    assert_eq!(command, start[1..]);
    let cli = cli::try_parse_from([entry, command].concat()).unwrap();
    assert!(matches!(cli.command, Command::Soak { resume: true, .. }));
}

#[test]
fn the_image_has_a_user_and_one_folder_to_write_to() {
    let file = containerfile();
    let user = line(&file, "USER ");
    let (id, group) = user.split_once(':').unwrap();
    assert!([id, group].iter().all(|id| id.parse::<u32>().unwrap() > 0), "a number, so that it can be checked: {user}");
    assert_eq!(list(line(&file, "VOLUME ")), [line(&file, "WORKDIR ")]);
    assert!(file.contains(&format!("COPY --chown={user} srv/ /srv")), "a new volume would not belong to {user}");
    let page = read(&root().join("docs/install.md"));
    assert!(page.contains(&format!("user {id}")) && page.contains(line(&file, "WORKDIR ")), "docs/install.md");
}

#[test]
fn the_package_finds_in_the_unit_what_it_replaces() {
    let unit = read(&root().join("assets/systemd/switchback@.service"));
    let build = read(&root().join("assets/package/build"));
    let replaced: Vec<&str> = build.split("-e 's,^").skip(1).map(|rest| rest.split(',').next().unwrap()).collect();
    assert_eq!(replaced.len(), 4, "{replaced:?}");
    for pattern in replaced {
        let begins = pattern.trim_end_matches(['.', '*', '$']);
        assert!(unit.lines().any(|line| line.starts_with(begins)), "the unit has no line `{pattern}`");
    }
}

#[test]
fn the_sources_of_the_package_are_there() {
    let manifest: toml::Table = read(&root().join("Cargo.toml")).parse().unwrap();
    let deb = &manifest["package"]["metadata"]["deb"];
    let assets = deb["assets"].as_array().unwrap();
    let sources: Vec<&str> = assets.iter().map(|asset| asset[0].as_str().unwrap()).collect();
    let (built, kept): (Vec<_>, Vec<_>) = sources.into_iter().partition(|source| source.starts_with("target/package/"));
    assert!(built.len() >= 5 && kept.len() >= 3, "{built:?}, {kept:?}");
    for source in kept.into_iter().chain([deb["maintainer-scripts"].as_str().unwrap()]) {
        assert!(root().join(source).exists(), "{source} is not there");
    }
}

#[test]
fn what_runs_for_every_line_is_published_as_fast_as_it_can_be_and_the_rest_is_small() {
    let manifest: toml::Table = read(&root().join("Cargo.toml")).parse().unwrap();
    let profile = &manifest["profile"]["dist"];
    assert_eq!(profile["inherits"].as_str(), Some("release"));
    assert!(profile.get("panic").is_none(), "a thread that panics is reported, and the others still roll back");
    assert_eq!(profile["opt-level"].as_str(), Some("z"));
    for package in ["measure", "packing"] {
        let package: toml::Table = read(&root().join("src").join(package).join("Cargo.toml")).parse().unwrap();
        let name = package["package"]["name"].as_str().unwrap();
        assert_eq!(profile["package"][name]["opt-level"].as_integer(), Some(2), "{name}");
    }
}

/// Our own scripts that a workflow, or a script of the tests, runs.
fn scripts(text: &str) -> BTreeSet<&str> {
    let words = text.lines().filter(|line| !line.trim_start().starts_with('#')).flat_map(str::split_whitespace);
    let ours = ["assets/package/", "tests/run", ".ci/run"];
    let is_list = |word: &str| Path::new(word).extension().is_some_and(|ending| ending == "txt");
    let words = words.map(|word| word.trim_end_matches(';'));
    words.filter(|word| ours.iter().any(|begin| word.starts_with(begin)) && !is_list(word)).collect()
}

#[test]
fn workflows_run_scripts_that_are_there() {
    let mut seen = 0;
    for path in [files(".github/workflows", ".yml"), vec![root().join("tests/run"), root().join(".ci/run")]].concat() {
        let text = read(&path);
        for script in scripts(&text) {
            seen += 1;
            let mode = fs::metadata(root().join(script)).map(|found| found.permissions().mode());
            let runs = mode.is_ok_and(|mode| mode & 0o111 == 0o111);
            assert!(runs, "{}: {script} is not there, or cannot be run", path.display());
        }
    }
    assert!(seen >= 6, "only {seen} scripts were found");
}

#[test]
fn workflows_have_no_more_rights_than_they_say_and_pin_what_they_use() {
    for path in files(".github/workflows", ".yml") {
        let text = read(&path);
        assert!(text.contains("\npermissions:\n  contents: read\n"), "{}: rights of its own", path.display());
        for action in text.lines().filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix("uses: ")) {
            let version = action.split_once("@v").unwrap_or_else(|| panic!("{action} has no version")).1;
            assert!(version.parse::<u32>().is_ok(), "{action} is not pinned by its major version");
        }
        let checkouts = text.matches("uses: actions/checkout@").count();
        assert_eq!(text.matches("persist-credentials: false").count(), checkouts, "{}: a token stays", path.display());
    }
}
