//! Two hosts, a process each, that agree by an etcd. The leader is killed in the middle of its rollback, with all that it has
//! started, as if its machine had died; the other one finishes the rollback.

use std::fs;
use std::fs::File;
use std::io::{BufRead as _, BufReader, PipeReader};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use super::configure;
use crate::app::cli::{Common, Demo};
use crate::app::commands::support::failure::Failure;
use crate::app::commands::support::{actor, logging, output, screen};
use crate::app::demo::{Etcd, Timing, World, free_url};
use crate::app::headless::Output;
use crate::app::tui;
use crate::app::tui::Live;
use crate::config::Loaded;
use crate::io::children;
use crate::io::children::Own;
use crate::io::control::Client;
use crate::io::coordination::Finder;
use crate::model::number::duration_exact;
use crate::model::{Color, Outcome};

const TTL: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(50);
/// How long the first host may take to lead.
const LEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Exit code 0 if the other host has brought the rollback to its end.
pub async fn run(common: &Common, demo: &Demo, timing: Timing, folder: &Path) -> Result<u8, Failure> {
    let scenario = demo.scenario;
    if scenario.expected(crate::config::Method::Evidence).outcome != Outcome::RolledBack.name() {
        let told =
            format!("{scenario} ends without a rollback: with --hosts 2 it needs one, such as --scenario breach");
        return Err(Failure::usage(told));
    }
    let etcd = Etcd::start(folder).map_err(Failure::internal)?;
    let world = World::start(scenario, timing, folder, demo.seed, true).map_err(Failure::internal)?;
    let script = world.script.clone().ok_or_else(|| Failure::internal("the router is no command"))?;
    fs::write(script.slow(), "").map_err(Failure::internal)?;
    let hosts = Hosts::configure(common, &world, &etcd, folder)?;
    let finder = Etcd::answers(&hosts.b.config).await.map_err(Failure::internal)?;
    let _log = logging::start(&hosts.b.config, common.log_level);
    let on_screen = !demo.no_tui && demo.output == Output::Human && screen::is_possible();
    let people = !on_screen && demo.output != Output::Json;
    if people {
        for line in world.describe(hosts.b.config.error_rate.method) {
            output::line(&line);
        }
        output::line(&format!(
            "hosts    a leads and dies in the middle of its rollback; b stands by. etcd: {}",
            etcd.endpoint()
        ));
        output::line("");
    }
    let play = Play { hosts: &hosts, finder, form: demo.output, moving: script.moving(), on_screen, people };
    let mut playing = Box::pin(play.run());
    let mut ended = None;
    if on_screen {
        let setup = screen::setup(&hosts.b.config, common, true);
        let mut screen = Box::pin(tui::run(setup, Live::new(Client::of(&hosts.b.config), actor::starter())));
        loop {
            tokio::select! {
                left = &mut screen => {
                    left.map_err(Failure::internal)?;
                    break;
                }
                played = &mut playing, if ended.is_none() => ended = Some(played),
            }
        }
    } else {
        ended = Some(playing.as_mut().await);
    }
    // Whoever leaves the screen early has seen enough: the hosts end with what plays them.
    drop(playing);
    let totals = world.stop().await;
    let ended = ended.transpose()?;
    if people || on_screen {
        output::line(&format!("\nusers           {totals}"));
        output::line(&format!(
            "look around     cd {} && switchback history; switchback verify",
            hosts.b.place.folder.display()
        ));
    }
    if let Err(error) = etcd.stop().await {
        tracing::warn!(%error, "files of etcd stay behind");
    }
    match ended.filter(|ended| ended.code() != Some(3)) {
        None => Ok(0),
        Some(ended) => Err(Failure::new(1, format!("host b ended with {ended}, expected exit code 3"))),
    }
}

struct Hosts {
    a: Loaded,
    b: Loaded,
}

impl Hosts {
    fn configure(common: &Common, world: &World, etcd: &Etcd, folder: &Path) -> Result<Self, Failure> {
        let token = token().map_err(Failure::internal)?;
        let host = |name: &str| -> Result<Loaded, Failure> {
            let folder = folder.join(name);
            fs::create_dir(&folder).map_err(Failure::internal)?;
            let listen = free_url().map_err(Failure::internal)?.trim_start_matches("http://").to_owned();
            let mut settings = world.settings_in(&folder);
            settings.extend([
                ("coordination.kind", "etcd".to_owned()),
                ("coordination.endpoints", etcd.endpoint().to_owned()),
                ("coordination.member", name.to_owned()),
                ("coordination.ttl", duration_exact(TTL)),
                ("control.listen", listen),
                ("control.operator_token", token.clone()),
            ]);
            // What the world has for one host is too short for the lease of a dead one.
            settings.retain(|(key, _)| *key != "rollback.give_up");
            configure(common, &settings, &folder)
        };
        Ok(Self { a: host("a")?, b: host("b")? })
    }
}

/// Of 128 random bits.
fn token() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

struct Play<'a> {
    hosts: &'a Hosts,
    finder: Finder,
    form: Output,
    moving: PathBuf,
    on_screen: bool,
    people: bool,
}

impl Play<'_> {
    /// How the second host has ended.
    async fn run(self) -> Result<ExitStatus, Failure> {
        let mut a = self.start(&self.hosts.a, "a", &["switch", Color::Green.name()])?;
        let deadline = Instant::now() + LEAD_TIMEOUT;
        while !matches!(self.finder.leader().await, Ok(Some(_))) {
            if Instant::now() >= deadline {
                return Err(Failure::new(1, "host a does not take the lead"));
            }
            self.alive(&mut a)?;
            sleep(POLL).await;
        }
        let mut b = self.start(&self.hosts.b, "b", &["soak"])?;
        let moving = loop {
            match fs::read_to_string(&self.moving) {
                Ok(text) => break text.trim().parse().ok().and_then(Pid::from_raw),
                Err(_) => self.alive(&mut a)?,
            }
            sleep(POLL).await;
        };
        a.child.start_kill().map_err(Failure::internal)?;
        if let Some(script) = moving {
            // It may be over by now.
            let _ = kill_process_group(script, Signal::KILL);
        }
        if self.people {
            output::line("--       host a is dead, in the middle of its rollback");
        }
        let ended = b.child.wait().await.map_err(Failure::internal)?;
        while b.relaying.as_ref().is_some_and(|relaying| !relaying.is_finished()) {
            sleep(POLL).await;
        }
        Ok(ended)
    }

    fn alive(&self, host: &mut Host) -> Result<(), Failure> {
        match host.child.try_wait().map_err(Failure::internal)? {
            None => Ok(()),
            Some(status) => {
                let folder = self.hosts.a.place.folder.display();
                Err(Failure::new(1, format!("host a ended before its rollback, with {status}; see `{folder}`")))
            }
        }
    }

    /// Its lines are printed as they come, with its name before each, or lie in its folder where there is a screen.
    fn start(&self, host: &Loaded, name: &'static str, words: &[&str]) -> Result<Host, Failure> {
        let folder = &host.place.folder;
        let mut command = Command::new(std::env::current_exe().map_err(Failure::internal)?);
        for (variable, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"SWITCHBACK_"))
        {
            command.env_remove(variable);
        }
        command.arg("-C").arg(folder).args(words).args(["--no-tui", "--output", &self.form.to_string()]);
        command.stdin(Stdio::null()).kill_on_drop(true);
        let mut relaying = None;
        if self.on_screen {
            let lines = File::create(folder.join("lines")).map_err(Failure::internal)?;
            command.stdout(lines.try_clone().map_err(Failure::internal)?).stderr(lines);
        } else {
            let (lines, to) = std::io::pipe().map_err(Failure::internal)?;
            command.stdout(to.try_clone().map_err(Failure::internal)?).stderr(to);
            let before = if self.people { name } else { "" };
            relaying = Some(std::thread::spawn(move || relay(lines, before)));
        }
        let (child, own) = children::spawn(&mut command).map_err(Failure::internal)?;
        Ok(Host { child, relaying, _own: own })
    }
}

struct Host {
    child: Child,
    relaying: Option<JoinHandle<()>>,
    _own: Own,
}

/// Until the host has closed it.
fn relay(from: PipeReader, before: &str) {
    for line in BufReader::new(from).lines().map_while(Result::ok) {
        output::line(&if before.is_empty() { line } else { format!("{before}        {line}") });
    }
}
