//! The router: can it be read, does it agree with the state file, could it be moved, and would a move be confirmed?

use std::path::{Path, PathBuf};

use super::finding::{Finding, Level};
use crate::app::deploy::Deployment;
use crate::config::{RouterConfig, RouterKind};
use crate::io::router::{Remark, Replace, Router, RouterError, Script, TrafficProbe, script_of};
use crate::io::state::State;
use crate::model::Color;

const AREA: &str = "router";

/// Reads the router, checks a move to the inactive color as far as possible, and looks for other routes.
pub async fn look(deployment: &Deployment, config: &RouterConfig, state: Option<&State>) -> Vec<Finding> {
    let router = deployment.router();
    let active = state.map(State::active);
    let mut findings = match router.read().await {
        Ok(shown) => {
            let mut findings = vec![shows(router.as_ref(), shown, active), tried(router.as_ref(), shown.other()).await];
            match deployment.probe() {
                Some(probe) => findings.push(users(probe, shown).await),
                None => findings.extend(unconfirmed(&config.kind)),
            }
            findings
        }
        Err(error) => vec![unread(router.kind(), &error, active)],
    };
    findings.extend(scripts(deployment, config));
    match router.remarks().await {
        Ok(remarks) => findings.extend(remarks.into_iter().map(remarked)),
        // An unreachable router is reported above.
        Err(_) if findings.iter().any(|finding| finding.level == Level::Failure) => {}
        Err(error) => {
            let text = format!("cannot inspect all of {}: {error}", router.kind());
            let next = "give Switchback access to it, to find other routes to a color";
            findings.push(Finding::warning(AREA, text, next));
        }
    }
    findings
}

fn shows(router: &dyn Router, shown: Color, active: Option<Color>) -> Finding {
    let kind = router.kind();
    match active {
        Some(active) if active != shown => {
            let text = format!("{kind} sends traffic to {shown}, the state file says {active}");
            let next = format!(
                "switchback switch {shown} --no-soak, if {shown} is right; switchback rollback, if {active} is"
            );
            Finding::failure(AREA, text, next)
        }
        _ if router.reads_state_file() => {
            Finding::ok(AREA, format!("{kind}: traffic is on the color of the state file, {shown}"))
        }
        _ => Finding::ok(AREA, format!("{kind} sends traffic to {shown}, as the state file says")),
    }
}

async fn tried(router: &dyn Router, to: Color) -> Finding {
    match router.try_out(to, Replace::Ours).await {
        Ok(lines) => Finding::ok(AREA, format!("a move to {to} would {}", lines.join("; "))),
        Err(error) => {
            Finding::failure(AREA, format!("a move to {to} would fail: {error}"), "fix it before traffic has to move")
        }
    }
}

fn remarked(remark: Remark) -> Finding {
    match remark.next {
        Some(next) => Finding::warning(AREA, remark.text, next),
        None => Finding::ok(AREA, remark.text),
    }
}

fn unread(kind: &str, error: &RouterError, active: Option<Color>) -> Finding {
    match (error.foreign(), active) {
        (Some(foreign), Some(active)) => Finding::failure(
            AREA,
            format!("{kind}: {foreign}; a switch is refused and a rollback held while it is there"),
            format!("{}, so that users reach {active} again", foreign.by_hand(active)),
        ),
        _ => Finding::failure(AREA, format!("{kind} cannot be read: {error}"), "fix it: no move can be confirmed"),
    }
}

async fn users(probe: &TrafficProbe, shown: Color) -> Finding {
    match Box::pin(probe.look()).await {
        Ok(color) if color == shown => Finding::ok(AREA, format!("users reach {color}, according to {}", probe.url())),
        Ok(color) => Finding::failure(
            AREA,
            format!("users reach {color} and not {shown}, according to {}", probe.url()),
            "correct router.probe_*, or what sends traffic there: no move can be confirmed",
        ),
        Err(error) => Finding::failure(AREA, error.to_string(), "correct router.probe_*: no move can be confirmed"),
    }
}

/// The scripts of a `package.json` that the router's commands run, for both colors.
fn scripts(deployment: &Deployment, config: &RouterConfig) -> Vec<Finding> {
    let RouterKind::Command { switch, rollback, read } = &config.kind else { return Vec::new() };
    // The folder of the commands; empty for the working directory.
    let folder = std::path::absolute(Path::new(".").join(&config.folder)).unwrap_or_else(|_| PathBuf::from("."));
    let filled = |words: &[String], color: Color| -> Vec<String> {
        let fill = |word: &String| word.replace("{color}", color.name()).replace("{service}", deployment.service());
        words.iter().map(fill).collect()
    };
    let commands = [("router.switch", switch), ("router.rollback", rollback), ("router.read", read)];
    let calls = commands.into_iter().flat_map(|(key, words)| Color::ALL.map(|color| (key, filled(words, color))));
    let mut seen: Vec<(&str, Vec<String>)> = calls.filter(|(_, words)| !words.is_empty()).collect();
    seen.dedup();
    seen.into_iter().filter_map(|(key, words)| script(key, &words, &folder)).collect()
}

fn script(key: &str, words: &[String], folder: &Path) -> Option<Finding> {
    let command = words.join(" ");
    Some(match script_of(words, folder)? {
        Script::Found { script, package } => {
            Finding::ok(AREA, format!("{key} `{command}`: `{script}` is a script of `{}`", package.display()))
        }
        Script::Missing(missing) => {
            let what = match key {
                "router.switch" => "a switch to that color would fail",
                "router.rollback" => "a rollback would fail",
                _ => "no move could be confirmed",
            };
            let next = format!("add the script `{}`, or correct {key}: {what}", missing.script);
            Finding::failure(AREA, format!("{key} `{command}` cannot work: {missing}"), next)
        }
    })
}

/// A switch command that nothing confirms.
fn unconfirmed(kind: &RouterKind) -> Option<Finding> {
    let blind = matches!(kind, RouterKind::Command { read, .. } if read.is_empty());
    blind.then(|| {
        Finding::warning(
            AREA,
            "only the exit code of router.switch confirms a move, and a move replaces what others put there",
            "set router.read to a command that reads the router, or set router.probe_url",
        )
    })
}
