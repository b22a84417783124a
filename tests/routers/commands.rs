//! Commands through npm, as beside a `deploy.ts`: the script writes the state file, and a front follows it.

use std::fs;
use std::path::Path;

use serde_json::json;
use switchback::model::Color;

use crate::apps::Apps;
use crate::recipe::Recipe;
use crate::scenes::{Proxy, Scene};
use crate::users::Connection;

pub struct Script {
    url: String,
    state_file: std::path::PathBuf,
}

impl Proxy for Script {
    const CLOSES: &[Connection] = &[];

    fn url(&self) -> String {
        self.url.clone()
    }

    /// There is no process that could die.
    fn kill(&mut self) {}

    fn start_again(&mut self) {}

    fn move_by_hand(&self, to: Color) {
        fs::write(
            &self.state_file,
            json!({ "activeColor": to.name(), "lastSwitch": 5, "previousColor": to.name() }).to_string(),
        )
        .unwrap();
    }
}

pub fn start() -> Scene<Script> {
    let apps = Apps::start();
    let (state_file, url) = apps.front();
    let node = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node");
    let folder = state_file.parent().unwrap();
    for name in ["deploy.js", "package.json"] {
        fs::copy(node.join(name), folder.join(name)).unwrap();
    }
    let urls = |color| json!(apps.urls(color)).to_string();
    let (blue, green) = (urls(Color::Blue), urls(Color::Green));
    let here = format!("\"npm\", \"run\", \"--prefix\", {}", json!(folder));
    let recipe = Recipe::of("deploy.ts", &apps).with("\"npm\", \"run\"", here).block("toml");
    let toml = format!(
        "state_file = \"{}\"\n[colors]\nblue.instances = {blue}\ngreen.instances = {green}\n{recipe}",
        state_file.display(),
    );
    let config = tempfile::TempDir::new().unwrap();
    fs::write(config.path().join("switchback.toml"), toml).unwrap();
    Scene::new(apps, Script { url, state_file }, config.path())
}

#[test]
fn a_healthy_release_is_kept_and_taken_back_by_hand() {
    crate::scenes::a_healthy_release_is_kept_and_taken_back_by_hand(&start());
}

#[test]
fn a_bad_release_is_rolled_back() {
    crate::scenes::a_bad_release_is_rolled_back(&start());
}

#[test]
fn a_move_by_hand_ends_the_soak() {
    let (scene, running) = start().endless();
    scene.proxy.move_by_hand(Color::Blue);
    running.wait().expect(8).says(&["another process moved traffic"]);
}
