//! The last report of a monitor on another machine, whose files cannot be read here.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::timeout;

use crate::app::called;
use crate::core::view::{View, active_so_far};
use crate::io::control::Client;
use crate::io::state::{SoakBlock, StatusReport};
use crate::model::Color;

const STATUS_TIMEOUT: Duration = Duration::from_secs(2);

/// The last known state of a deployment on another machine; empty if its monitor never answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    pub service: Option<String>,
    pub active: Option<Color>,
    pub soak: Option<String>,
    pub release: Option<String>,
}

static KNOWN: Mutex<Option<Known>> = Mutex::new(None);

pub fn last() -> Known {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default()
}

fn keep(known: Known) {
    *KNOWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
}

pub fn by_report(report: &StatusReport) {
    keep(of_report(report));
    if !report.soak.running {
        called::nobody_is_there();
    }
}

fn of_report(report: &StatusReport) -> Known {
    let block = report.soak.block.as_ref();
    Known {
        service: Some(report.service.clone()),
        active: Some(report.router.active_color.unwrap_or(report.active_color)),
        soak: block.map(|block| block.id.clone()),
        release: block.and_then(SoakBlock::known_release).or(report.release.as_deref()).map(str::to_owned),
    }
}

pub fn by_view(view: &View) {
    let settings = view.machine().settings();
    keep(Known {
        service: Some(settings.service.clone()),
        active: active_so_far(view.machine()),
        soak: Some(settings.soak.clone()),
        release: settings.known_release().map(str::to_owned),
    });
    if view.machine().ending().is_some() {
        called::nobody_is_there();
    }
}

pub async fn ask(client: &Client) {
    if let Ok(Ok(report)) = timeout(STATUS_TIMEOUT, client.status_as()).await {
        by_report(&report);
    }
}
