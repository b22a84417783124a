//! What is proposed: settings with their reasons, and what the operator has to know.

use std::path::Path;

use super::live::Answers;
use crate::app::cli::{Common, Init};
use crate::app::commands::support::failure::Failure;
use crate::app::project::files::Project;
use crate::app::project::health;
use crate::app::project::instances::{self, Instances};
use crate::app::project::listeners::Listener;
use crate::app::project::routers::{self, Look, Setting, Value};
use crate::app::project::shell::{HOLE, Script};
use crate::app::project::{scripts, service, standby};
use crate::config::{InstanceUrl, keys};
use crate::model::Color;

/// The state file of `deploy.ts`.
pub const STATE_FILE: &str = ".deployment-state.json";

pub struct Proposal {
    /// In any order; the file has the order of the table of keys.
    pub settings: Vec<Setting>,
    pub notes: Vec<String>,
    pub instances: Option<Instances>,
    /// What answers on this machine, if no file names the instances.
    pub listeners: Vec<Listener>,
    /// Paths that scripts ask for readiness, the best first.
    pub health: Vec<health::Asked>,
    /// A commented suggestion for `checks.latency.threshold`, with its reason.
    pub latency: Option<(String, String)>,
    /// The package manager, and the name of the script to add, in a project with `deploy:switch-green`.
    pub deploy_script: Option<(&'static str, &'static str)>,
    project: Project,
    scripts: Vec<Script>,
    given: Vec<String>,
}

impl Proposal {
    pub fn of(root: &Path, common: &Common, init: &Init) -> Result<Self, Failure> {
        let mut project = Project::read(root);
        let of_project = scripts(&project);
        for path in named_files(&project, &of_project) {
            project.add_beside(&path);
        }
        let (name, reason) = service::name_of(&project);
        let mut proposal = Self {
            settings: vec![Setting::text("service", name, reason)],
            notes: Vec::new(),
            instances: None,
            listeners: Vec::new(),
            health: health::find(&project, &of_project),
            latency: None,
            deploy_script: None,
            scripts: of_project,
            given: Vec::new(),
            project,
        };
        proposal.given(common)?;
        let instances = given_instances(init)?.or_else(|| proposal.found_instances());
        proposal.project.add_routers();
        let instances = instances.or_else(|| instances::find(&proposal.project, &[]).into_iter().next());
        let instances = instances.or_else(|| proposal.assumed());
        if let Some(instances) = instances {
            proposal.take(instances);
        }
        proposal.warn();
        Ok(proposal)
    }

    /// Settings that were given as flags.
    fn given(&mut self, common: &Common) -> Result<(), Failure> {
        for (key, text) in &common.settings.0 {
            let Some(key) = keys().find(|known| known.name == key) else { continue };
            if key.is_secret() {
                return Err(Failure::usage(format!(
                    "`{}` is a secret: it belongs into .env or a file of its own",
                    key.name
                )));
            }
            self.set(Setting::text(key.name, text.clone(), "given on the command line"));
            self.given.push(key.name.to_owned());
        }
        Ok(())
    }

    /// Adds a setting, or replaces it; what was given as a flag stays.
    pub fn set(&mut self, setting: Setting) {
        let is_odd = |text: &String| text.chars().any(|c| c.is_control() && c != '\n');
        let odd = match &setting.value {
            Value::Text(text) => is_odd(text),
            Value::List(words) => words.iter().any(is_odd),
        };
        if odd {
            return;
        }
        let is_given = self.given.iter().any(|key| key == setting.key);
        if is_given && self.settings.iter().any(|known| known.key == setting.key) {
            return;
        }
        self.settings.retain(|known| known.key != setting.key);
        self.settings.push(setting);
    }

    /// The instances that the project's files give; of several, the one that runs here.
    fn found_instances(&mut self) -> Option<Instances> {
        let found = instances::find(&self.project, &self.scripts);
        let ports: Vec<u16> =
            crate::app::project::listeners::list().into_iter().map(|listener| listener.port).collect();
        let runs = |pair: &Instances| {
            let port = |address: &String| instances::port(address).and_then(|port| port.parse().ok());
            let all = pair.blue.iter().chain(&pair.green);
            all.filter_map(port).filter(|port: &u16| ports.contains(port)).count()
        };
        // The first of those with the most instances that listen.
        let best = found.iter().map(&runs).max()?;
        let outside =
            |pair: &&Instances| !pair.blue.iter().chain(&pair.green).any(|address| instances::is_inside(address));
        let mut running = found.iter().filter(|pair| runs(pair) == best);
        let chosen = running.clone().find(outside).or_else(|| running.next())?.clone();
        // A pair that shares an address with it is the same one, read from another place.
        let known = |address: &String| chosen.blue.contains(address) || chosen.green.contains(address);
        let is_other = |pair: &&Instances| !pair.blue.iter().chain(&pair.green).any(known);
        let others = found.iter().filter(is_other).filter(outside);
        let others: Vec<_> = others
            .map(|pair| format!("{} and {} ({})", pair.blue.join(", "), pair.green.join(", "), pair.reasons[0]))
            .collect();
        if !others.is_empty() {
            self.notes.push(format!("other files name other instances: {}", others.join("; ")));
        }
        Some(chosen)
    }

    /// The ports that Switchback assumes beside a state file.
    fn assumed(&self) -> Option<Instances> {
        let has_state = self.project.root.join(STATE_FILE).exists();
        let reason = if has_state { STATE_FILE } else { "deploy:switch-green in package.json" };
        (has_state || service::script(&self.project, "deploy:switch-green").is_some()).then(|| {
            let why = format!("the default beside {reason}: no file names another port");
            Instances {
                blue: vec!["127.0.0.1:3001".to_owned()],
                green: vec!["127.0.0.1:3002".to_owned()],
                reasons: [why.clone(), why],
            }
        })
    }

    /// Takes the instances, and with them the router.
    pub fn take(&mut self, instances: Instances) {
        for (color, key) in [(Color::Blue, "colors.blue.instances"), (Color::Green, "colors.green.instances")] {
            let urls = instances.of(color).iter().map(|address| url(address)).collect();
            let reason = color.pick(&instances.reasons[0], &instances.reasons[1]).clone();
            self.set(Setting::list(key, urls, reason));
        }
        if instances.blue.iter().chain(&instances.green).any(|address| instances::is_inside(address)) {
            self.notes.push(
                "the instances have names of a container network: publish their ports on loopback, or run Switchback in that network".to_owned(),
            );
        }
        let look = Look { project: &self.project, scripts: &self.scripts, instances: &instances };
        match routers::find(&look) {
            Some(choice) => {
                choice.settings.into_iter().for_each(|setting| self.set(setting));
                self.notes.extend(choice.notes);
            }
            None => self.unknown_router(),
        }
        self.instances = Some(instances);
    }

    fn unknown_router(&mut self) {
        let reason =
            "nothing here tells what moves traffic; with this, your proxy has to follow .deployment-state.json";
        self.set(Setting::text("router.kind", "state-file", reason));
        if !self.project.root.join(STATE_FILE).exists() {
            self.notes.push(
                "what moves traffic was not recognized: unless your proxy follows .deployment-state.json, set router.kind (docs/backend/routers.md)"
                    .to_owned(),
            );
        }
    }

    /// What listens here, if no file names the instances: taken if each color is known.
    pub fn listening(&mut self, listeners: Vec<Listener>) {
        let of = |color: Color| {
            let of_color = listeners.iter().filter(|listener| listener.color == Some(color));
            of_color.map(|listener| format!("127.0.0.1:{}", listener.port)).collect::<Vec<_>>()
        };
        let (blue, green) = (of(Color::Blue), of(Color::Green));
        if !blue.is_empty() && !green.is_empty() {
            let reason = |color: &str| {
                format!("a process that was started as {color} listens there and shows metrics or readiness")
            };
            self.take(Instances { blue, green, reasons: [reason("blue"), reason("green")] });
        }
        self.listeners = listeners;
    }

    /// What the instances answer.
    pub fn answered(&mut self, answers: Answers) {
        answers.settings.into_iter().for_each(|setting| self.set(setting));
        self.notes.extend(answers.notes);
        self.latency = answers.latency;
    }

    fn warn(&mut self) {
        for stop in standby::find(&self.scripts) {
            self.notes.push(format!("{stop}; {}", standby::NEXT));
        }
        if service::is_tracked(&self.project, STATE_FILE) {
            self.notes.push(format!("{STATE_FILE} is committed to git, and a checkout would bring back an old color: git rm --cached {STATE_FILE}"));
        }
        if service::script(&self.project, "deploy:switch-green").is_some() {
            let is_free = |name: &&&str| service::script(&self.project, name).is_none();
            let name = ["deploy:green", "deploy:green:watched", "release:green"].iter().find(is_free);
            self.deploy_script = name.map(|name| (service::package_manager(&self.project), *name));
        }
    }
}

/// Files that scripts link, copy or write.
fn named_files(project: &Project, scripts: &[Script]) -> Vec<std::path::PathBuf> {
    let mut paths = Vec::new();
    for script in scripts {
        for command in &script.commands {
            let words = command.words.iter().skip(1).chain(&command.output);
            let filled = words.map(|word| script.fill(word)).filter(|word| word.contains('/') && !word.contains(HOLE));
            paths.extend(filled.filter(|word| word.starts_with(['/', '.'])).map(|word| project.path(&word)));
        }
    }
    paths.retain(|path| path.is_file() || path.is_symlink());
    paths
}

fn given_instances(init: &Init) -> Result<Option<Instances>, Failure> {
    if init.blue.is_empty() && init.green.is_empty() {
        return Ok(None);
    }
    if init.blue.is_empty() || init.green.is_empty() {
        return Err(Failure::usage("--blue and --green belong together: name the instances of both colors"));
    }
    let parsed = |flag: &str, given: &[String]| {
        let one = |text: &String| {
            // It may have a password, which is shown nowhere.
            let is_whole = text.contains("://") || instances::address(text).is_some();
            let known = InstanceUrl::parse(&url(text)).ok().filter(|_| is_whole).ok_or_else(|| {
                Failure::usage(format!("{flag} has no URL of an instance; example: {flag} http://127.0.0.1:3001"))
            })?;
            if known.credentials().is_some() {
                let why = "has a password, and the file could be read by others";
                let variable = format!("SWITCHBACK_COLORS_{}_INSTANCES", flag.trim_start_matches('-').to_uppercase());
                return Err(Failure::usage(format!(
                    "{flag} {why}: give it without, and put the URL into {variable} in .env"
                )));
            }
            // Without a path, an address is written as scripts and routers write it.
            let has_path = known.exact().path() != "/";
            Ok(instances::address(text).filter(|_| !has_path).unwrap_or_else(|| text.clone()))
        };
        given.iter().map(one).collect::<Result<Vec<_>, _>>()
    };
    let reason = "given on the command line".to_owned();
    let reasons = [reason.clone(), reason];
    Ok(Some(Instances { blue: parsed("--blue", &init.blue)?, green: parsed("--green", &init.green)?, reasons }))
}

/// The base URL of an address.
pub fn url(address: &str) -> String {
    if address.contains("://") { address.to_owned() } else { format!("http://{address}") }
}
