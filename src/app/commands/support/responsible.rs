//! The agent that is responsible for a deployment, where one runs: it begins the run, and the command follows it.

use crate::app::cli::{Common, Watch};
use crate::app::headless::Output;
use crate::app::monitor;
use crate::app::monitor::Begin;
use crate::app::tui;
use crate::app::tui::Live;
use crate::config::{Config, Loaded, Origin};
use crate::io::control::{BeginRequest, Begun, Client, ClientError, Leading, What};
use crate::io::coordination::Member;
use crate::io::journal::rfc3339_ms;
use crate::io::state::{Responsible, StateFile, responsible_agent};
use crate::model::Ending;

use super::failure::Failure;
use super::{actor, follow, output, screen};

/// Keys that say which deployment this is and how it is reached: those of the agent's file count.
const NOT_PASSED: [&str; 6] = ["service", "state_file", "data_dir", "control.", "terminal.", "release"];

/// A run that an agent began.
#[derive(Debug)]
pub struct Run {
    who: Who,
    soak: Option<String>,
    config: Config,
}

#[derive(Debug)]
enum Who {
    Here(Responsible),
    /// On the host that leads.
    There(Member),
}

pub enum Through {
    Run(Box<Run>),
    /// There was nothing to run: the earlier outcome, or why.
    Ended {
        soak: Option<String>,
        ending: Ending,
    },
}

/// The agent that is responsible for this deployment now.
fn of(config: &Config) -> Option<Responsible> {
    let file = StateFile::open(&config.state_file).ok()?;
    responsible_agent(&file).ok()?.filter(|who| who.holder.service == config.service)
}

/// Has the agent begin this; `None` where none is responsible, or it does not answer: then this process does it.
pub async fn begin(loaded: &Loaded, to_begin: Begin) -> Result<Option<Through>, Failure> {
    let who = of(&loaded.config);
    if let Some(through) = begin_there(loaded, to_begin, who.as_ref().map(|who| who.holder.pid)).await? {
        return Ok(Some(through));
    }
    let Some(who) = who else { return Ok(None) };
    let wish = BeginRequest {
        settings: passed(loaded),
        folder: Some(loaded.place.called_from.clone()),
        ..wish(loaded, to_begin)
    };
    let begun = match Client::new(&who.socket).begin(&who.holder.service, &wish).await {
        Ok(begun) => begun,
        Err(error @ ClientError::Forbidden(_)) => return Err(Failure::new(13, error)),
        // Nothing was moved, or the lock of the monitor says that there is one.
        Err(error) => {
            let (pid, service) = (who.holder.pid, &who.holder.service);
            output::warn(&format!("the agent (process {pid}) that watches `{service}` does not answer: {error}"));
            return Ok(None);
        }
    };
    let told = begun.as_ref().map_or_else(|not| &not.told, |begun| &begun.told);
    for told in told {
        output::warn(told);
    }
    let Begun { soak, socket, ending, .. } = begun.map_err(|not| Failure::new(not.exit_code, not.error))?;
    Ok(Some(match (socket, ending) {
        (Some(socket), _) => {
            let mut config = loaded.config.clone();
            config.control.socket = socket;
            Through::Run(Box::new(Run { who: Who::Here(who), soak, config }))
        }
        (None, Some(ending)) => Through::Ended { soak, ending },
        (None, None) => return Err(Failure::internal("the agent began nothing, and does not say why")),
    }))
}

/// The same by the agent of the host that leads; `here` is the agent of this one. `None` where it leads, or no agent does.
async fn begin_there(loaded: &Loaded, to_begin: Begin, here: Option<u32>) -> Result<Option<Through>, Failure> {
    let Some(leading) = Leading::of(&loaded.config) else { return Ok(None) };
    let found = match leading.agent(here).await {
        Ok(found) => found,
        // Whoever begins here stands by, or is told the same.
        Err(_) if !matches!(to_begin, Begin::Switch { .. }) => return Ok(None),
        Err(error) => return Err(Failure::new(10, error)),
    };
    let Some((leader, client)) = found else { return Ok(None) };
    let ignored: Vec<String> = passed(loaded).into_iter().map(|(key, _)| key).collect();
    if !ignored.is_empty() {
        output::warn(&format!(
            "on {} the settings of its agent count, not those given here: {}",
            leader.host,
            ignored.join(", ")
        ));
    }
    let begun =
        client.begin(&loaded.config.service, &wish(loaded, to_begin)).await.map_err(|error| Failure::new(13, error))?;
    begun.as_ref().map_or_else(|not| &not.told, |begun| &begun.told).iter().for_each(|told| output::warn(told));
    let Begun { soak, socket, ending, .. } = begun.map_err(|not| Failure::new(not.exit_code, not.error))?;
    Ok(Some(match ending.filter(|_| socket.is_none()) {
        Some(ending) => Through::Ended { soak, ending },
        None => Through::Run(Box::new(Run { who: Who::There(leader), soak, config: loaded.config.clone() })),
    }))
}

fn wish(loaded: &Loaded, to_begin: Begin) -> BeginRequest {
    BeginRequest {
        what: what(to_begin),
        actor: Some(actor::starter()),
        settings: Vec::new(),
        release: loaded.config.release.clone(),
        folder: None,
    }
}

const fn what(begin: Begin) -> What {
    match begin {
        Begin::Switch { to, soak, no_rollback, force } => What::Switch { to, soak, no_rollback, force },
        Begin::Soak => What::Soak,
        Begin::Resume => What::Resume,
    }
}

/// What was given here and not by a file: on the command line, and by the environment of a CI job.
fn passed(loaded: &Loaded) -> Vec<(String, String)> {
    let given = |origin: &Origin| matches!(origin, Origin::CommandLine { .. } | Origin::Environment { .. });
    let is_passed = |key: &str| !NOT_PASSED.iter().any(|not| key.starts_with(not));
    let settings = loaded.settings.iter().filter(|set| given(&set.origin) && is_passed(set.key));
    let pairs = settings.filter_map(|set| Some((set.key.to_owned(), set.value.clone()?)));
    // Secrets are those of the agent's file; they are masked here.
    pairs.filter(|(_, value)| !value.contains("***")).collect()
}

impl Run {
    /// Follows it in the form that was asked for; leaving it leaves it running.
    pub async fn follow(&self, common: &Common, watch: &Watch, attended: bool) -> Result<u8, Failure> {
        let config = &self.config;
        if !watch.detach && attended && watch.output == Output::Human && screen::is_possible() {
            let setup = screen::setup(config, common, false);
            let live = Live::new(self.client(), actor::starter());
            return screen::left(tui::run(setup, live).await, &config.service);
        }
        let followed = if watch.detach {
            follow::until_it_watches_elsewhere(config, watch.output, &self.detached(watch.output)).await
        } else {
            output::line(&self.describe());
            follow::run(config, watch.output, None).await
        };
        match followed {
            // It ended before it could be followed.
            Err(failure) if failure.code == 13 => {
                let ending = self.soak.as_ref().and_then(|soak| monitor::ending_of_run(config, soak));
                let Some(ending) = ending else { return Err(failure) };
                follow::tell_all(config, watch.output).await;
                Ok(ending.exit_code())
            }
            followed => followed,
        }
    }

    fn client(&self) -> Client {
        match &self.who {
            Who::Here(_) => Client::new(&self.config.control.socket),
            Who::There(_) => Client::of(&self.config),
        }
    }

    fn describe(&self) -> String {
        let service = &self.config.service;
        let place = match &self.who {
            Who::Here(who) => format!("process {}, folder `{}`", who.holder.pid, who.holder.folder),
            Who::There(leader) => format!("process {} on {}, which leads", leader.pid, leader.host),
        };
        format!(
            "watching in the agent ({place})\n\
             attach: switchback attach --service {service}   abort: switchback ctl abort --service {service}   \
             roll back: switchback ctl rollback --service {service}",
        )
    }

    fn detached(&self, output: Output) -> String {
        if output != Output::Json {
            return format!("{}\n", self.describe());
        }
        let (pid, agent) = match &self.who {
            Who::Here(who) => (who.holder.pid, who.socket.display().to_string()),
            Who::There(leader) => (leader.pid, leader.url.clone().unwrap_or_default()),
        };
        let line = serde_json::json!({
            "ts": rfc3339_ms(jiff::Timestamp::now()),
            "type": "detached",
            "service": self.config.service,
            "pid": pid,
            "agent": agent,
        });
        format!("{line}\n")
    }
}
