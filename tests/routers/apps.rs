//! Blue and green as real services, which count the requests that really reach them.

use std::time::Duration;

use switchback::app::demo::{Change, Controls, Scenario, Timing, World};
use switchback::model::Color;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Two instances of each color. Dropped, they are gone.
pub struct Apps {
    runtime: Runtime,
    world: Option<World>,
    controls: Controls,
    folder: TempDir,
}

impl Apps {
    /// Healthy, and without users.
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let folder = TempDir::new().unwrap();
        let timing = Timing::new(Scenario::Healthy, 1);
        let world =
            runtime.block_on(async { World::start(Scenario::Healthy, timing, folder.path(), 1, false) }).unwrap();
        let controls = world.controls();
        controls.apply(Change::Traffic(0));
        // Fair weather by hand: the scenario has no say.
        controls.choose(0);
        controls.apply(Change::Mend(Color::Green));
        Self { runtime, world: Some(world), controls, folder }
    }

    fn world(&self) -> &World {
        self.world.as_ref().unwrap()
    }

    /// The base URLs of a color's instances.
    pub fn urls(&self, color: Color) -> Vec<String> {
        self.world().instance_urls(color)
    }

    /// `host:port` of all instances: blue's, then green's.
    pub fn addresses(&self) -> Vec<String> {
        let all = [Color::Blue, Color::Green].into_iter().flat_map(|color| self.urls(color));
        all.map(|url| url.trim_start_matches("http://").to_owned()).collect()
    }

    /// The state file that a proxy of theirs follows, and its URL: a router that does nothing but read that file.
    pub fn front(&self) -> (std::path::PathBuf, String) {
        (self.folder.path().join(".deployment-state.json"), self.world().proxy_url())
    }

    /// From now on so many percent of a color's requests fail.
    pub fn fail(&self, color: Color, percent: u32) {
        self.controls.apply(Change::Errors(color, f64::from(percent) / 100.0));
    }
}

impl Drop for Apps {
    fn drop(&mut self) {
        if let Some(world) = self.world.take() {
            let stopping = async { tokio::time::timeout(Duration::from_secs(10), world.stop()).await };
            let _ = self.runtime.block_on(stopping);
        }
    }
}
