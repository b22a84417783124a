//! Scripts that stop the previous color after the switch: there is nothing left to roll back to.

use super::files::Place;
use super::instances::only_color;
use super::shell::{Command, HOLE, Script};

/// A line that stops the previous color.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    pub place: Place,
    pub line: String,
    /// What it waits for in front of it.
    pub after: Option<String>,
}

/// The lines of the scripts that stop the previous color.
pub fn find(scripts: &[Script]) -> Vec<Stop> {
    scripts.iter().flat_map(of_script).collect()
}

fn of_script(script: &Script) -> Vec<Stop> {
    let moves = script.commands.iter().position(|command| is_move(script, command));
    let target = moves.map(|at| variables(script, &script.commands[at]));
    let mut stops: Vec<Stop> = Vec::new();
    for (at, command) in script.commands.iter().enumerate() {
        let Some(objects) = stopped(command) else { continue };
        let names =
            objects.iter().flat_map(|word| holes(&script.fill(word))).chain(objects.iter().flat_map(|word| raw(word)));
        let names: Vec<String> = names.collect();
        let previous = names.iter().any(|name| is_previous(name)) || objects.iter().any(|word| is_previous(word));
        let new = names.iter().any(|name| is_new(name) || target.as_ref().is_some_and(|target| target.contains(name)));
        let literal = objects.iter().any(|word| only_color(word).is_some());
        let behind = moves.is_some_and(|moved| at > moved);
        if !(previous && !new && (behind || moves.is_none()) || behind && !new && (literal || !names.is_empty())) {
            continue;
        }
        let slept = script.commands[moves.unwrap_or(0)..at].iter().rfind(|command| command.program() == "sleep");
        let after = slept.and_then(|command| command.words.get(1)).map(|time| script.fill(time).replace(HOLE, ""));
        if stops.iter().all(|known| known.place != command.place) {
            stops.push(Stop { place: command.place.clone(), line: command.line.clone(), after });
        }
    }
    stops
}

/// The words that name what a command stops.
fn stopped(command: &Command) -> Option<Vec<String>> {
    let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
    let has = |word: &str| words.contains(&word);
    let objects = || {
        let known = |word: &&&str| {
            !word.starts_with('-')
                && !["docker", "podman", "compose", "container", "stop", "rm", "kill", "down", "systemctl", "kubectl"]
                    .contains(*word)
        };
        Some(words[1..].iter().filter(known).map(|word| (*word).to_owned()).collect())
    };
    match command.program() {
        "docker" | "podman" | "docker-compose" | "nerdctl"
            if has("stop") || has("rm") || has("kill") || has("down") =>
        {
            if has("rmi") || has("image") || has("--rm") || has("run") { None } else { objects() }
        }
        "systemctl" if has("stop") || has("disable") || has("kill") => objects(),
        "service" if has("stop") => objects(),
        "pm2" | "supervisorctl" | "forever" | "nomad" if has("stop") || has("delete") => objects(),
        "kill" | "pkill" | "killall" | "fuser" => objects(),
        "kubectl" | "helm"
            if has("delete") || has("uninstall") || words.iter().any(|word| word.contains("replicas=0")) =>
        {
            objects()
        }
        _ => None,
    }
}

/// Whether traffic is moved by this command: a router's file is written, or a router is reloaded.
pub fn is_move(script: &Script, command: &Command) -> bool {
    let words = &command.words;
    let has = |word: &str| words.iter().any(|known| known == word);
    match command.program() {
        "nginx" | "caddy" => has("reload"),
        "systemctl" | "service" => (has("reload") || has("restart")) && words.iter().any(|word| is_router(word)),
        "docker" | "docker-compose" | "podman" => {
            (has("exec") || has("kill"))
                && (has("reload") || has("HUP"))
                && words.iter().any(|word| is_router(&script.fill(word)) || word == "nginx")
        }
        "kill" => words.iter().any(|word| word.contains("haproxy") || word == "-USR2" || word == "-HUP"),
        "socat" | "ln" => true,
        "kubectl" => has("patch") || words.iter().any(|word| word.contains("service")),
        "echo" | "printf" | "cat" | "tee" => command.output.as_ref().is_some_and(|file| is_note(&script.fill(file))),
        "npm" | "yarn" | "pnpm" => words.iter().any(|word| word.contains("switch")),
        _ => false,
    }
}

fn is_router(word: &str) -> bool {
    ["nginx", "haproxy", "caddy", "traefik", "envoy", "proxy", "gateway"].iter().any(|name| word.contains(name))
}

/// A file that records the active color.
fn is_note(file: &str) -> bool {
    let file = file.to_ascii_lowercase();
    ["active", "current", "live", "service-url", "upstream"].iter().any(|word| file.contains(word))
}

/// The variables in the command that moves traffic, and in what it writes.
fn variables(script: &Script, command: &Command) -> Vec<String> {
    let at = script.commands.iter().position(|known| known == command).unwrap_or(0);
    // The file was written in the lines before the reload.
    let near = &script.commands[at.saturating_sub(6)..=at];
    let texts = near
        .iter()
        .filter(|command| stopped(command).is_none())
        .flat_map(|command| command.words.iter().chain(&command.input));
    texts.flat_map(|text| raw(text)).filter(|name| !is_previous(name)).collect()
}

fn holes(text: &str) -> Vec<String> {
    text.split(HOLE).skip(1).step_by(2).map(str::to_owned).collect()
}

/// Names behind a `$`.
fn raw(text: &str) -> Vec<String> {
    let parts = text.split('$').skip(1);
    let name = |part: &str| {
        part.trim_start_matches('{').split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().map(str::to_owned)
    };
    parts.filter_map(name).filter(|name| !name.is_empty()).collect()
}

fn is_previous(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["old", "prev", "current", "active", "live", "existing", "other", "last", "running"]
        .iter()
        .any(|word| name.contains(word))
        && !name.contains("inactive")
}

fn is_new(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["new", "next", "target", "idle", "inactive", "standby", "deploy", "candidate", "staging"]
        .iter()
        .any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::project::testing::{project, scripts};

    fn lines(text: &str) -> Vec<String> {
        let project = project(&[("deploy.sh", text)]);
        find(&scripts(&project)).into_iter().map(|stop| stop.place.to_string()).collect()
    }

    #[test]
    fn a_stop_behind_the_switch_is_found() {
        for stop in [
            "docker stop app-$OLD",
            "docker compose stop \"$ACTIVE_COLOR\"",
            "docker rm -f app_$CURRENT",
            "systemctl stop app@${PREVIOUS}.service",
            "pm2 delete app-$LIVE",
            "kill $OLD_PID",
            "kubectl scale deployment app-$OLD --replicas=0",
            "docker-compose -p app-$OLD_COLOR down",
        ] {
            let text = format!(
                "docker run -d app-$NEW\nln -sfn upstream-$NEW.conf /etc/nginx/active.conf\nnginx -s reload\n{stop}\n"
            );
            assert_eq!(lines(&text), ["deploy.sh:4"], "{stop}");
        }
    }

    #[test]
    fn a_stop_of_the_new_color_is_none() {
        for stop in ["docker stop app-$NEW || true", "docker rm -f app-$TARGET_COLOR"] {
            let text = format!("{stop}\ndocker run -d app-$NEW\nnginx -s reload\n");
            assert!(lines(&text).is_empty(), "{stop}");
            let failed =
                format!("echo \"$NEW\" > active\nnginx -s reload\nif ! curl -f localhost/x; then {stop}; fi\n");
            assert!(lines(&failed).is_empty(), "{stop}");
        }
    }

    #[test]
    fn what_it_waits_for_is_told() {
        let project = project(&[("deploy.sh", "nginx -s reload\nsleep 60\ndocker stop app-$OLD\n")]);
        assert_eq!(find(&scripts(&project))[0].after.as_deref(), Some("60"));
    }

    #[test]
    fn javascript_stops_it_too() {
        let text = "const next = process.argv[2];\nexecSync(`ln -sfn ${next}.conf active.conf`);\nexecSync('nginx -s reload');\nexecSync(`docker stop app-${previousColor}`);\n";
        let project = project(&[("deploy.ts", text)]);
        assert_eq!(find(&scripts(&project)).len(), 1);
    }
}
