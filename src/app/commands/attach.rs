//! `attach`: what a run in the background shows, and its keys.

use crate::app::cli::{Attach, Common};
use crate::app::headless::Output;
use crate::app::tui;
use crate::app::tui::Live;
use crate::io::control::{Client, ClientError};

use super::support::failure::Failure;
use super::support::{actor, context, follow, logging, place, screen};

pub async fn run(common: &Common, attach: &Attach) -> Result<u8, Failure> {
    let loaded = context::loaded_anywhere(common, place::has_monitor)?;
    let _log = logging::start(&loaded.config, common.log_level);
    let config = &loaded.config;
    if attach.no_tui || attach.output != Output::Human || !screen::is_possible() {
        return follow::run(config, attach.output, None).await;
    }
    let client = Client::of(config).meant_for(context::named_service(&loaded));
    match client.status().await {
        Ok(_) => {}
        Err(error @ ClientError::Forbidden(_)) => return Err(Failure::new(13, error)),
        Err(error) => return Err(follow::not_running(config, &error.to_string())),
    }
    let setup = screen::setup(config, common, attach.read_only);
    screen::left(tui::run(setup, Live::new(client, actor::starter())).await, &config.service)
}
