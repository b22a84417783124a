//! `fleet`: one screen over many soaks, or the same as lines.

use std::fs;
use std::io::{self, stdout};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use secrecy::SecretString;
use tokio::time::{Instant, sleep_until};

use crate::app::cli::{Common, Fleet as Asked};
use crate::app::fleet::{Form, Lines, Place, follow_all};
use crate::app::tui;
use crate::app::tui::{FleetSetup, UiState};
use crate::config::{Address, Config, ControlConfig, Engine, Host, Hosts, keep_one_secret, mask};
use crate::core::fleet::Fleet;
use crate::io::control::{Client, ClientError};
use crate::io::coordination::Finder;

use super::support::detach::Leave;
use super::support::failure::Failure;
use super::support::{actor, ci_job, context, screen};

/// How long hosts may take to answer where they are asked once.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

pub async fn run(common: &Common, asked: &Asked) -> Result<u8, Failure> {
    // The configuration of a deployment has the token and the theme, if there is one here.
    let loaded = context::read_anywhere(common);
    let config = loaded.as_ref().ok().map(|loaded| &loaded.config);
    let places = places(asked, config).await?;
    if asked.no_tui || asked.once || asked.output != Form::Human || ci_job::in_ci() || !screen::is_possible() {
        return lines(&places, asked).await;
    }
    let (depth, charset) = screen::look(common);
    let mut ui = UiState::new(screen::theme(config, depth), charset, TimeZone::system());
    ui.read_only = asked.read_only;
    let (_following, updates) = follow_all(&places);
    let hosts = places.into_iter().map(|place| (place.name, place.client)).collect();
    let folder = std::env::current_dir().unwrap_or_default();
    let setup = FleetSetup { ui, hosts, actor: actor::starter(), folder };
    tui::run_fleet(setup, updates).await.map_err(Failure::internal)?;
    Ok(0)
}

/// The hosts that were given, else those of the file, else the one of the configuration, else those that etcd knows.
async fn places(asked: &Asked, config: Option<&Config>) -> Result<Vec<Place>, Failure> {
    let file = if asked.hosts.is_empty() { file(asked)? } else { None };
    let mut hosts = match &file {
        Some(path) => {
            let text = fs::read_to_string(path)
                .map_err(|error| Failure::usage(format!("`{}` cannot be read: {error}", path.display())))?;
            Hosts::parse(path, &text).map_err(Failure::usage)?
        }
        None => Hosts { list: given(&asked.hosts)?, ..Hosts::default() },
    };
    let control = config.map(|config| &config.control);
    if file.is_none() && hosts.list.is_empty() {
        let url = control.and_then(|control| control.url.clone());
        hosts.list.extend(url.map(|url| Host { address: Address::Url(url), token_file: None }));
        if hosts.list.is_empty()
            && let Some(config) = config.filter(|config| config.coordination.kind != Engine::Local)
        {
            hosts.list = coordinated(config).await?;
        }
    }
    if hosts.list.is_empty() {
        let told = match file {
            Some(path) => format!("`{}` lists no host", path.display()),
            None => "no host is given, and there is no fleet.toml".to_owned(),
        };
        return Err(Failure::usage(format!(
            "{told}\nnext: switchback fleet https://deploy-1:9710, or the path of a socket; or list them in fleet.toml"
        )));
    }
    hosts.token_file = asked.token_file.clone().or(hosts.token_file);
    hosts.ca_file = asked.ca_file.clone().or(hosts.ca_file);
    hosts.list.iter().map(|host| place(host, &hosts, control)).collect()
}

/// The hosts that lead or stand by for any service, as they are now.
async fn coordinated(config: &Config) -> Result<Vec<Host>, Failure> {
    let urls = Finder::urls(config).await.map_err(|error| Failure::usage(format!("no host is known: etcd {error}")))?;
    if urls.is_empty() {
        let prefix = &config.coordination.prefix;
        return Err(Failure::usage(format!(
            "no host that watches is reached from here: etcd names none below `{prefix}` that has control.listen"
        )));
    }
    given(&urls.into_iter().collect::<Vec<_>>())
}

fn given(hosts: &[String]) -> Result<Vec<Host>, Failure> {
    let host = |text: &String| match Address::parse(text) {
        Ok(Address::Socket(path)) if fs::metadata(&path).is_ok_and(|found| !found.file_type().is_socket()) => {
            Err(Failure::usage(format!(
                "`{text}` is not a socket\nnext: switchback fleet --file {text}, if it lists hosts"
            )))
        }
        Ok(address) => Ok(Host { address, token_file: None }),
        Err(why) => Err(Failure::usage(format!(
            "`{}` is not a host ({why}): expected a URL such as `https://deploy-1:9710`, or a socket such as \
             `/run/switchback/agent.sock`",
            mask(text)
        ))),
    };
    hosts.iter().map(host).collect()
}

/// The file that lists hosts, if there is one.
fn file(asked: &Asked) -> Result<Option<PathBuf>, Failure> {
    if let Some(file) = &asked.file {
        return Ok(Some(file.clone()));
    }
    let var = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || var("HOME").map(|home| home.join(".config"));
    let own = var("XDG_CONFIG_HOME").or_else(home).map(|folder| folder.join("switchback/fleet.toml"));
    let candidates = [Some("fleet.toml".into()), own, Some("/etc/switchback/fleet.toml".into())];
    for path in candidates.into_iter().flatten() {
        match path.try_exists() {
            Ok(true) => return Ok(Some(path)),
            Ok(false) => {}
            Err(error) => return Err(Failure::usage(format!("`{}` cannot be read: {error}", path.display()))),
        }
    }
    Ok(None)
}

fn place(host: &Host, all: &Hosts, control: Option<&ControlConfig>) -> Result<Place, Failure> {
    let name = host.address.to_string();
    let client = match &host.address {
        Address::Socket(path) => Client::new(path),
        Address::Url(url) => {
            let file = host.token_file.as_ref().or(all.token_file.as_ref());
            let token = match file {
                Some(file) => Some(read_token(file)?),
                None => {
                    control.and_then(|control| control.operator_token.clone().or_else(|| control.viewer_token.clone()))
                }
            };
            let Some(token) = token else {
                return Err(Failure::usage(format!(
                    "no token for {name}: set `token_file` in fleet.toml, or --token-file, or SWITCHBACK_CONTROL_OPERATOR_TOKEN"
                )));
            };
            let ca_file = all.ca_file.clone().or_else(|| control.and_then(|control| control.ca_file.clone()));
            let identity = all.identity.clone().or_else(|| {
                control.and_then(|control| control.client_certificate.clone().zip(control.client_key.clone()))
            });
            Client::at(url.join(""), token, ca_file, identity)
        }
    };
    Ok(Place { name, client })
}

fn read_token(file: &Path) -> Result<SecretString, Failure> {
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("token file `{}` cannot be read: {error}", file.display())))?;
    let token = text.trim();
    if token.is_empty() || token.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Failure::usage(format!("token file `{}` has to hold one token, and nothing else", file.display())));
    }
    let token = SecretString::from(token);
    keep_one_secret(&token);
    Ok(token)
}

/// Prints what changes until no soak runs any more, or the table once.
async fn lines(places: &[Place], asked: &Asked) -> Result<u8, Failure> {
    let mut leave = Leave::listen().map_err(Failure::internal)?;
    let (_following, mut updates) = follow_all(places);
    let mut fleet = Fleet::new(places.iter().map(|place| place.name.clone()));
    let mut lines = Lines::new(stdout(), asked.output, TimeZone::system());
    let began = Instant::now();
    let now_ms = || u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    while !(if asked.once { fleet.is_known() } else { fleet.is_over() }) {
        let update = tokio::select! {
            Some(update) = updates.recv() => update,
            () = leave.asked() => return Ok(0),
            () = sleep_until(began + ANSWER_TIMEOUT), if asked.once => {
                fleet.give_up(&ClientError::Timeout.to_string(), now_ms());
                break;
            }
        };
        for change in fleet.apply(update, now_ms()) {
            if !asked.once && told(lines.change(&fleet, &change, Timestamp::now()))?.is_none() {
                return Ok(0);
            }
        }
        if told(lines.flush())?.is_none() {
            return Ok(0);
        }
    }
    let at = Timestamp::now();
    let is_table = asked.once || asked.output == Form::Human;
    let table = if is_table { lines.table(&fleet, now_ms(), at) } else { Ok(()) };
    told(table.and_then(|()| lines.end(&fleet, at)))?;
    Ok(fleet.exit_code())
}

/// None where stdout is closed.
fn told(done: io::Result<()>) -> Result<Option<()>, Failure> {
    match done {
        Ok(()) => Ok(Some(())),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(None),
        Err(error) => Err(Failure::internal(format!("cannot print: {error}"))),
    }
}
