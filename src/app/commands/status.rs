//! `status`: what is active, the state of the last soak, and an exit code for scripts.

mod wait;

use std::io::{IsTerminal as _, stdout};
use std::path::Path;
use std::time::Duration;

use jiff::ZonedDateTime;
use tokio::time::{sleep, timeout};

use crate::app::called::as_called;
use crate::app::cli::{Common, Status};
use crate::app::deploy::{Alarm, Came, Deployment, NoInactive};
use crate::app::headless::{Conclusion, Output};
use crate::app::monitor;
use crate::config::{Config, Loaded, Location};
use crate::io::control::Client;
use crate::io::state::{ConfigurationStatus, StatusReport};
use crate::model::Color;

use super::support::detach::Leave;
use super::support::failure::Failure;
use super::support::{conclude, context, known, others, output, place, standby};

/// How long a monitor may take to answer before the files are asked instead.
const MONITOR_TIMEOUT: Duration = Duration::from_secs(2);
/// Time between two looks with `--watch`.
const EVERY: Duration = Duration::from_secs(1);

pub async fn run(common: &Common, status: &Status) -> Result<u8, Failure> {
    let loaded = context::loaded_anywhere(common, place::exists)?;
    let output = if status.json { Output::Json } else { status.output };
    if status.watch {
        return go_on(&loaded, output == Output::Json).await;
    }
    let (report, came) = if status.wait {
        wait::until_it_is_over(&loaded).await?
    } else {
        let report = report(&loaded).await?;
        let came = report.came();
        (report, came)
    };
    if status.wait {
        known::by_report(&report);
    }
    let judged = status.wait || status.exit_code;
    match output {
        Output::Json => {
            let json = to_json(&report, came)?;
            let pretty = if status.json { serde_json::to_string_pretty(&json) } else { serde_json::to_string(&json) };
            output::data(&format!("{}\n", pretty.map_err(Failure::internal)?));
        }
        Output::Human | Output::Github => output::out(&as_called(&report.to_text(&ZonedDateTime::now()))),
    }
    if !judged && output != Output::Json {
        output::out(&last_line(&report, came));
    }
    if judged && let Some(hint) = came.hint() {
        let next = came.next(&report.service).map(|next| format!("\nnext: {next}")).unwrap_or_default();
        output::error(&format!("{hint} (exit code {}){next}", came.exit_code()));
    }
    if output == Output::Github {
        conclude::tell_job(&conclusion(&report, came));
    }
    Ok(if judged { came.exit_code() } else { 0 })
}

/// Warns, without `--exit-code`, that the outcome is not about what is active now, or that the release is unwatched.
fn last_line(report: &StatusReport, came: Came) -> String {
    let (label, text) = match came {
        Came::MovedSince => ("moved", came.hint().map(str::to_owned)),
        Came::Unwatched if report.alarm().is_none() => ("next", came.next(&report.service)),
        _ => return String::new(),
    };
    text.map(|text| format!("{label:<9} {}\n", as_called(&text))).unwrap_or_default()
}

fn conclusion(report: &StatusReport, came: Came) -> Conclusion {
    let block = report.soak.block.as_ref();
    let reason = block.and_then(|block| block.reason.clone()).or_else(|| came.hint().map(str::to_owned));
    let alarm = report.alarm();
    Conclusion {
        outcome: came.name().to_owned(),
        lead: alarm.as_ref().map(|alarm| alarm.text.clone()),
        reason: reason.unwrap_or_default(),
        active: Some(report.router.active_color.unwrap_or(report.active_color)),
        exit_code: came.exit_code(),
        next: alarm.map(|alarm| alarm.next).or_else(|| came.next(&report.service)),
        service: Some(report.service.clone()),
        soak: block.map(|block| block.id.clone()),
        recording: None,
        release: block.and_then(|block| block.known_release().map(str::to_owned)),
    }
}

/// `status --inactive`: prints the color to deploy to, and nothing else on stdout.
pub async fn inactive(common: &Common) -> Result<u8, Failure> {
    let loaded = context::loaded_anywhere(common, place::require)?;
    let (report, color) = inactive_of(&loaded.config).await?;
    if report.soak.running {
        output::warn(&format!("a running soak may still roll back to {color}: deploy to it after the soak"));
    }
    output::line(color.name());
    Ok(0)
}

/// The status and the inactive color; fails if that is unknown.
pub async fn inactive_of(config: &Config) -> Result<(StatusReport, Color), Failure> {
    let report = if let Some(report) = of_the_monitor(config).await? {
        report
    } else {
        let deployment = Deployment::open(config)?;
        others::state_for(config, &deployment, "status --inactive")?;
        // The inactive color may be down, and is not probed.
        of_the_files(&deployment, config, None).await?
    };
    let color = report.inactive().map_err(|why| {
        let next = match why {
            NoInactive::OutOfSync { active, routed } => {
                format!(
                    "switchback switch {routed} --no-soak, if {routed} is right; switchback rollback, if {active} is"
                )
            }
            NoInactive::Unread(_) => "switchback doctor".to_owned(),
        };
        Failure::usage(format!("cannot tell which color is inactive: {why}\nnext: {next}"))
    })?;
    Ok((report, color))
}

/// Redraws in place on a terminal; elsewhere prints again on each change.
async fn go_on(loaded: &Loaded, json: bool) -> Result<u8, Failure> {
    let mut leave = Leave::listen().map_err(Failure::internal)?;
    let in_place = stdout().is_terminal() && !json;
    let mut last = None;
    loop {
        let now = report(loaded).await.map_err(|failure| failure.message);
        let text = match &now {
            Ok(report) if json => to_json(report, report.came())?.to_string() + "\n",
            Ok(report) => report.to_text(&ZonedDateTime::now()),
            Err(why) => format!("{why}\n"),
        };
        if in_place {
            // Clear the screen, cursor to the top: the ANSI sequences ED and CUP.
            output::out(&format!("\x1b[2J\x1b[H{text}"));
        } else if last.as_ref() != Some(&now) {
            output::out(&text);
        }
        last = Some(now);
        tokio::select! {
            () = sleep(EVERY) => {}
            () = leave.asked() => return Ok(0),
        }
    }
}

/// The report, with the exit code of `--exit-code` and the alarm where there is one.
fn to_json(report: &StatusReport, came: Came) -> Result<serde_json::Value, Failure> {
    let mut json = serde_json::to_value(report).map_err(Failure::internal)?;
    json["exitCode"] = came.exit_code().into();
    if let Some(Alarm { text, next }) = report.alarm() {
        (json["alarm"], json["next"]) = (text.into(), as_called(&next).into());
    } else if let Some(next) = came.next(&report.service) {
        json["next"] = as_called(&next).into();
    }
    Ok(json)
}

/// From the monitor if one runs or `--url` names one, else from files, router and standby.
pub async fn report(loaded: &Loaded) -> Result<StatusReport, Failure> {
    let config = &loaded.config;
    let report = if let Some(report) = of_the_monitor(config).await? {
        report
    } else {
        let deployment = Deployment::open(config)?;
        let standby = others::state_for(config, &deployment, "status")?.active().other();
        let ready = match place::missing_instances(loaded)[..] {
            [] => Some(standby::probe(config, standby).await.is_ok()),
            // Who listens at the usual ports here is not known.
            _ => None,
        };
        of_the_files(&deployment, config, ready).await?
    };
    // The configuration of a monitor on another machine is unknown here.
    let configuration = config.control.url.is_none().then(|| configuration(loaded));
    Ok(StatusReport { configuration, ..report })
}

pub fn configuration(loaded: &Loaded) -> ConfigurationStatus {
    let text = |path: &Path| path.display().to_string();
    let Location { folder, config_file, .. } = &loaded.place;
    let missing = place::missing_instances(loaded);
    let assumed = if missing.is_empty() { place::assumption(loaded) } else { Some(missing.join("; ")) };
    ConfigurationStatus { folder: text(folder), file: config_file.as_deref().map(text), assumed }
}

async fn of_the_files(
    deployment: &Deployment,
    config: &Config,
    standby_ready: Option<bool>,
) -> Result<StatusReport, Failure> {
    let report = deployment.status(standby_ready).await.map_err(Failure::usage)?;
    Ok(match monitor::newest_run(deployment, config) {
        Some(block) => report.with_newer_run(block),
        None => report,
    })
}

/// The status from the monitor on this machine or at `--url`; `None` if no monitor answers on this machine.
async fn of_the_monitor(config: &Config) -> Result<Option<StatusReport>, Failure> {
    let client = Client::of(config);
    if config.control.url.is_some() {
        // This machine has no files to read instead.
        let report = client.status_as().await.map_err(|error| Failure::new(13, error))?;
        known::by_report(&report);
        return Ok(Some(report));
    }
    // Of several hosts each shows its own files, and who leads.
    let client = if client.follows_the_leader() { Client::new(&config.control.socket) } else { client };
    let Ok(Ok(report)) = timeout(MONITOR_TIMEOUT, client.status_as()).await else { return Ok(None) };
    known::by_report(&report);
    Ok(Some(report))
}
