//! `doctor`: checks everything that a switch, a soak and a rollback need. Changes nothing.
//!
//! | file | looks at |
//! | --- | --- |
//! | `records` | folders, state file, locks, monitor, journal, freeze |
//! | `hosts` | the engine that several hosts agree by, and who leads |
//! | `router` | whether the router can be read and moved, and agrees with the state file |
//! | `scripts` | scripts that stop the previous color after a switch |
//! | `services` | metrics of every instance, and whether its traffic could be judged |
//! | `readiness` | readiness of every instance, and whether it may be asked as often as a soak does |
//! | `elsewhere` | where metrics and readiness answer, if not where they are configured |
//! | `prometheus` | the answers of Prometheus to the queries of a soak |
//! | `certificates` | the expiry of the certificates that this deployment presents |
//! | `credentials` | who can read and write the files with secrets, and where secrets are sent |
//! | `terminal` | what the terminal can show, and whether a monitor outlives it |
//! | `finding` | one finding, with the next step |
//! | `outside` | the control API on the network, and the webhook |

mod certificates;
mod credentials;
pub(super) mod elsewhere;
mod finding;
mod hosts;
mod outside;
mod prometheus;
mod readiness;
mod records;
mod router;
mod scripts;
mod services;
mod terminal;

use std::path::Path;

use serde::Serialize;

use self::finding::{Finding, Level, summary};
use super::support::failure::Failure;
use super::support::{context, output, place};
use crate::app::cli::Common;
use crate::app::deploy::Deployment;
use crate::config::{Config, Loaded};
use crate::io::source::discover;

const FAILED: u8 = 2;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    service: &'a str,
    state_file: &'a Path,
    config_file: Option<&'a Path>,
    ok: bool,
    findings: &'a [Finding],
}

/// Checks everything and prints the findings; exit code 0, or 2 if anything would fail.
pub async fn run(common: &Common, json: bool) -> Result<u8, Failure> {
    let loaded = context::read(common)?;
    let findings = examine(&loaded, common).await?;
    let ok = findings.iter().all(|finding| finding.level != Level::Failure);
    if json {
        let (service, state_file) = (&loaded.config.service, &loaded.config.state_file);
        let config_file = loaded.place.config_file.as_deref();
        let report = Report { service, state_file, config_file, ok, findings: &findings };
        output::line(&serde_json::to_string_pretty(&report).map_err(Failure::internal)?);
    } else {
        output::out(&findings.iter().map(Finding::to_text).collect::<String>());
        output::line(&format!("service {}: {}", loaded.config.service, summary(&findings)));
    }
    Ok(if ok { 0 } else { FAILED })
}

async fn examine(loaded: &Loaded, common: &Common) -> Result<Vec<Finding>, Failure> {
    let config = &loaded.config;
    let deployment = Deployment::open(config)?;
    let state = deployment.state_file().read();
    let mut findings = configuration(loaded);
    if let Err(failure) = place::exists(loaded) {
        let (text, next) = told(&failure.message);
        findings.push(Finding::failure("deployment", text, next));
        return Ok(findings);
    }
    findings.extend(records::folders(config));
    findings.extend(credentials::files(loaded));
    findings.extend(records::group(config));
    findings.push(records::state(&deployment, state.as_ref()));
    findings.push(records::moves(&deployment));
    findings.push(records::monitor(&deployment, config).await);
    findings.push(records::journal(&deployment, state.as_ref()));
    findings.extend(records::freeze(&deployment));
    findings.extend(records::no_rollback(state.as_ref()));
    findings.extend(hosts::look(&deployment, config).await);
    findings.extend(router::look(&deployment, &config.router, state.as_ref().ok()).await);
    findings.extend(scripts::look(&loaded.place.folder));
    let missing = place::missing_instances(loaded);
    match discover(&config.colors).await {
        _ if !missing.is_empty() => {
            let next = "set colors.blue.instances and colors.green.instances";
            findings.extend(missing.iter().map(|missing| Finding::failure("instances", missing, next)));
        }
        Ok(colors) => {
            findings.push(records::descriptors(colors.blue.len() + colors.green.len()));
            findings.extend(credentials::hosts(config, &colors));
            let found = Box::new(Config { colors, ..config.clone() });
            findings.extend(services::look(&found, state.as_ref().ok()).await);
        }
        Err(error) => {
            let next = "correct colors.COLOR.instances or colors.COLOR.instances_file";
            findings.push(Finding::failure("instances", error.to_string(), next));
        }
    }
    findings.extend(prometheus::look(config, state.as_ref().ok()).await);
    findings.extend(outside::network(&deployment, config).await);
    findings.extend(outside::asking(config));
    findings.extend(certificates::look(config));
    findings.extend(outside::webhook(config).await);
    findings.extend(terminal::look(common));
    Ok(findings)
}

fn configuration(loaded: &Loaded) -> Vec<Finding> {
    const AREA: &str = "configuration";
    let mistyped = loaded.misspelled.iter().map(|problem| {
        let text = format!("{}; `switch` and `soak` refuse to start", problem.to_line());
        Finding::failure(AREA, text, "correct the name of the variable, or remove it")
    });
    let remarks = place::remarks(loaded);
    let warnings = loaded.warnings.iter().chain(&remarks);
    let warned = warnings.map(|warning| Finding::warning(AREA, warning, "switchback config show"));
    let mut findings: Vec<_> = mistyped.chain(warned).collect();
    if let Err(failure) = place::unambiguous(&loaded.place) {
        findings.retain(|finding| !failure.message.starts_with(&finding.text));
        let (text, next) = told(&failure.message);
        findings.push(Finding::failure("deployment", text, next));
    }
    if findings.is_empty() && loaded.is_configured() {
        let file = loaded.place.config_file.as_ref().map(|file| format!("`{}` is ", file.display()));
        findings.push(Finding::ok(AREA, format!("{}valid", file.unwrap_or_default())));
    }
    findings
}

/// A message split into its sentence and its next step.
fn told(message: &str) -> (String, String) {
    let (text, next) = message.split_once("\nnext: ").unwrap_or((message, ""));
    (text.replace('\n', "; "), next.to_owned())
}
