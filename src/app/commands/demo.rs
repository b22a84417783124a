//! `demo`: the real switch and soak over embedded services.
//!
//! | file | holds |
//! | --- | --- |
//! | `hosts` | `demo --hosts 2`: the leader dies in the middle of its rollback |

mod hosts;

use std::fs;
use std::path::Path;

use crate::app::cli::{Common, Demo};
use crate::app::demo::{Timing, World, fault_names};
use crate::app::deploy::Deployment;
use crate::app::headless::Output;
use crate::app::monitor;
use crate::app::monitor::{Begin, Finished, OnSignal, Opening};
use crate::app::tui;
use crate::app::tui::{FaultMenu, Faults, Live};
use crate::config::{DotEnv, Inputs, Loaded, keys, load};
use crate::io::control::Client;
use crate::io::ports::Ports;
use crate::io::tasks::boxed;
use crate::model::{Color, Outcome};

use super::soak::{self, Watched};
use super::support::failure::Failure;
use super::support::{actor, logging, output, screen};

/// Starts the world, switches to green and soaks. Exit code 0 when the scenario ended as it must.
pub async fn run(common: &Common, demo: Demo) -> Result<u8, Failure> {
    let folder = tempfile::Builder::new().prefix("switchback-demo-").tempdir().map_err(Failure::internal)?.keep();
    let timing = Timing::new(demo.scenario, demo.speed);
    if demo.hosts > 1 {
        return Box::pin(hosts::run(common, &demo, timing, &folder)).await;
    }
    if !demo.no_tui && demo.output == Output::Human && screen::is_possible() {
        return Box::pin(play(common, &demo, timing, &folder)).await;
    }
    let world = World::start(demo.scenario, timing, &folder, demo.seed, false).map_err(Failure::internal)?;
    let loaded = configure(common, &world.settings(), &folder)?;
    let _log = logging::start(&loaded.config, common.log_level);
    let method = loaded.config.error_rate.method;
    let people = demo.output != Output::Json;
    if people {
        for line in world.describe(method) {
            output::line(&line);
        }
        output::line("");
    }
    let begin = Begin::Switch { to: Color::Green, soak: true, no_rollback: false, force: false };
    let finished = match soak::watch(&loaded, begin, demo.output, OnSignal::Abort).await? {
        Watched::Ran(finished) => Some(finished),
        Watched::Nothing(_) => None,
    };
    let status = Deployment::open(&loaded.config)?.status(None).await.map_err(Failure::internal)?;
    let totals = world.stop().await;
    let expected = demo.scenario.expected(method);
    let came = match &finished {
        Some(Finished::Ended(ending)) => (ending.outcome.name(), ending.exit_code()),
        Some(Finished::CutOff | Finished::Saved | Finished::StoodDown) | None => ("cut off", 7),
    };
    if people {
        output::line(&format!("\nusers           {totals}"));
        output::line(&format!("state file      active {}, exit code of `switch` {}", status.active_color, came.1));
        output::line(&format!(
            "look around     cd {} && switchback status --json; switchback history",
            folder.display()
        ));
    }
    if came.0 == Outcome::Aborted.name() {
        return Ok(came.1);
    }
    if came == (expected.outcome, expected.exit_code) {
        Ok(0)
    } else {
        let scenario = demo.scenario;
        Err(Failure::new(1, format!("{scenario} ended {} with {}, expected {expected}", came.0, came.1)))
    }
}

async fn play(common: &Common, demo: &Demo, timing: Timing, folder: &Path) -> Result<u8, Failure> {
    let world = World::start(demo.scenario, timing, folder, demo.seed, true).map_err(Failure::internal)?;
    let loaded = configure(common, &world.settings(), folder)?;
    let _log = logging::start(&loaded.config, common.log_level);
    let begin = Begin::Switch { to: Color::Green, soak: true, no_rollback: false, force: false };
    let ports = Ports::real();
    let opening = monitor::open(&ports, &loaded, begin, actor::starter(), &output::warn).await?;
    let Opening::Ready(opened) = opening else {
        return Err(Failure::internal("a new world has nothing to resume"));
    };
    let monitor = tokio::spawn(boxed(monitor::run(*opened, OnSignal::Abort, None)));
    let mut setup = screen::setup(&loaded.config, common, false);
    let controls = world.controls();
    let menu = FaultMenu { items: fault_names(), current: None };
    setup.faults = Some(Faults { menu, change: Box::new(move |place| controls.choose(place)) });
    (setup.places.attach, setup.after) = (None, None);
    let left = tui::run(setup, Live::new(Client::new(&loaded.config.control.socket), actor::starter())).await;
    monitor.abort();
    let totals = world.stop().await;
    left.map_err(Failure::internal)?;
    output::line(&format!("users           {totals}"));
    output::line(&format!("look around     cd {} && switchback history; switchback replay", folder.display()));
    Ok(0)
}

/// Only the world's settings and flags count. They are written as a file, so that other commands work there.
fn configure(common: &Common, settings: &[(&'static str, String)], folder: &Path) -> Result<Loaded, Failure> {
    let flags = common.settings.0.clone();
    let settings = settings.iter().filter(|(key, _)| !flags.iter().any(|(flag, _)| flag == key));
    let given = flags.iter().map(|(key, value)| (key.as_str(), value));
    let dotenv: String = settings
        .map(|(key, value)| (*key, value))
        .chain(given)
        .filter_map(|(key, value)| dotenv_line(key, value))
        .collect();
    fs::write(folder.join(".env"), &dotenv).map_err(Failure::internal)?;
    let dotenv = Some(DotEnv::from(dotenv.as_str()));
    Ok(load(Inputs { flags, dotenv, folder: folder.to_owned(), ..Inputs::default() })?)
}

fn dotenv_line(key: &str, value: &str) -> Option<String> {
    let variable = keys().find(|known| known.name == key)?.env();
    Some(format!("{variable}='{value}'\n"))
}
