//! The control API on the network, and the webhook.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::finding::Finding;
use crate::app::deploy::Deployment;
use crate::config::{Config, ControlConfig};
use crate::io::control::{check_client_files, check_tls};
use crate::io::http;
use crate::io::http::NoAnswer;
use crate::io::state::{MonitorState, monitor_state};
use crate::model;

pub fn asking(config: &Config) -> Option<Finding> {
    const AREA: &str = "network";
    let control = &config.control;
    // The doctor checks this machine, and does not use the URL.
    control.ca_file.as_ref().or(control.client_certificate.as_ref())?;
    Some(match check_client_files(control) {
        Ok(()) => Finding::ok(AREA, "the certificates for control.url can be read"),
        Err(error) => {
            let next = "fix it: attach, ctl, status and rollback cannot reach a monitor at control.url";
            Finding::failure(AREA, error.to_string(), next)
        }
    })
}

/// Whether a monitor could listen on `control.listen`, if that is set.
pub async fn network(deployment: &Deployment, config: &Config) -> Option<Finding> {
    const AREA: &str = "network";
    let control = &config.control;
    let address = control.listen?;
    if let Err(error) = check_tls(control) {
        return Some(Finding::failure(AREA, error.to_string(), "fix it: no monitor can start"));
    }
    let free = monitor_state(deployment.state_file()).is_ok_and(|state| state == MonitorState::NotRunning);
    // A running monitor has the address already.
    if free && let Err(error) = TcpListener::bind(address).await {
        let next = "set control.listen to an address of this machine and a free port";
        return Some(Finding::failure(AREA, format!("cannot listen on {address}: {error}"), next));
    }
    Some(Finding::ok(AREA, listening(control, address)))
}

fn listening(control: &ControlConfig, address: SocketAddr) -> String {
    let clear = match (&control.certificate, &control.client_ca_file) {
        (Some(_), Some(_)) => "TLS with client certificates",
        (Some(_), None) => "TLS",
        (None, _) => "this machine only, unencrypted",
    };
    let known = [
        (control.operator_token.is_some(), "operator's token"),
        (control.viewer_token.is_some(), "viewer's token"),
        (control.order_secret.is_some(), "signed orders"),
    ];
    let known: Vec<_> = known.into_iter().filter_map(|(given, name)| given.then_some(name)).collect();
    format!("a monitor listens on {address} ({clear}): {}", known.join(", "))
}

/// Whether the webhook answers. `HEAD` sends it nothing.
pub async fn webhook(config: &Config) -> Option<Finding> {
    const AREA: &str = "webhook";
    let url = model::webhook(config.notify.url.as_ref()?).ok()?;
    // The rest of the URL is a secret.
    let host = url.host_str().unwrap_or_default().to_owned();
    let client = match http::client().timeout(config.notify.timeout).build() {
        Ok(client) => client,
        Err(error) => return Some(Finding::failure(AREA, error.to_string(), "fix it")),
    };
    Some(match client.head(url.clone()).send().await {
        Ok(answer) if answer.status().is_server_error() => {
            let next = "breach notifications would be lost: check the receiver";
            Finding::warning(AREA, format!("{host} answers {}", answer.status()), next)
        }
        Ok(_) => Finding::ok(AREA, format!("{host} answers; nothing was sent to it")),
        Err(error) => {
            let why = NoAnswer::because(&url, error);
            let next = "breach notifications would be lost: correct notify.url, or check the receiver";
            Finding::warning(AREA, format!("{host} {why}"), next)
        }
    })
}
