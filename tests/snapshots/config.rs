//! `config show`, of a deployment of today and of files from before.

use std::fs;

use support::{Deployment, Snapshots};

const FOLDER: &str = "tests/snapshots/config";

/// The configuration of version 0.1.0, and the `.env` beside which there was none.
const FILE: &str = include_str!("../fixtures/before/switchback.toml");
const DOTENV: &str = include_str!("../fixtures/before/dotenv");

/// `config show` as lines without the spaces that only align them, and as JSON.
fn shown(deployment: &Deployment) -> String {
    let lines = deployment.run(&["config", "show"]).expect(0);
    let json = deployment.run(&["config", "show", "--json"]).expect(0).json();
    let aligned = lines.stdout.lines().map(|line| line.split("  ").filter(|part| !part.is_empty()));
    let lines: Vec<String> = aligned.map(|parts| parts.map(str::trim).collect::<Vec<_>>().join("  ")).collect();
    let json = serde_json::to_string_pretty(&json).unwrap();
    deployment.redacted(&format!("{}\n{}\n\n{json}\n", lines.join("\n"), deployment.run(&["config", "check"]).stderr))
}

#[test]
fn the_configuration_that_is_in_force() {
    let snapshots = Snapshots::of(FOLDER);
    snapshots.assert("defaults", &shown(&Deployment::fresh().unconfigured()));

    let every_key = Deployment::fresh().unconfigured();
    fs::write(every_key.path("switchback.toml"), FILE).unwrap();
    for name in ["metrics.token", "health.token", "prometheus.password"] {
        fs::write(every_key.path(name), "kanarienvogel-0123456789\n").unwrap();
    }
    fs::write(every_key.path("notify.url"), "https://hooks.example.com/kanarienvogel\n").unwrap();
    let told = shown(&every_key);
    assert!(!told.contains("kanarienvogel"), "{told}");
    snapshots.assert("every-key-of-0.1.0", &told);

    let variables = Deployment::fresh().unconfigured();
    fs::write(variables.path(".env"), DOTENV).unwrap();
    snapshots.assert("variables-of-0.1.0", &shown(&variables));
    snapshots.assert_no_other();
}

/// A key that the configuration from before does not set is set by no file, or beside none of the others.
#[test]
fn every_key_that_can_be_set_beside_the_others_is() {
    let deployment = Deployment::fresh().unconfigured();
    fs::write(deployment.path("switchback.toml"), FILE).unwrap();
    for name in ["metrics.token", "health.token", "prometheus.password", "notify.url"] {
        fs::write(deployment.path(name), "http://kanarienvogel-0123456789\n").unwrap();
    }
    let shown = deployment.run(&["config", "show", "--json"]).expect(0).json();
    let set = shown
        .as_object()
        .unwrap()
        .values()
        .filter(|key| key["origin"].as_str().is_some_and(|origin| origin.contains("switchback.toml")));
    assert!(set.count() >= 70, "{shown:#}");
}
