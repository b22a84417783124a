//! Scripts that stop the previous color after the switch: there is nothing left to roll back to.

use std::fmt;

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

/// What to do about it.
pub const NEXT: &str = "stop it only after `switchback soak` has ended with 0";

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} stops the previous color", self.place)?;
        if let Some(time) = &self.after {
            let unit = if time.chars().all(|c| c.is_ascii_digit()) { "s" } else { "" };
            write!(f, " {time}{unit}")?;
        }
        write!(f, " after the switch (`{}`): a rollback would be held", self.line)
    }
}

/// The lines of the scripts that stop the previous color.
pub fn find(scripts: &[Script]) -> Vec<Stop> {
    scripts.iter().flat_map(of_script).collect()
}

/// A command, with the arguments of the function that it is in.
#[derive(Clone, Copy)]
struct Step<'a> {
    command: &'a Command,
    arguments: &'a [String],
}

/// Commands in the order in which they run: those of a function where it is called, those of a target by themselves.
fn sequences(script: &Script) -> Vec<Vec<Step<'_>>> {
    let of_part = |part: usize| script.commands.iter().filter(move |command| command.part == part);
    let main: Vec<&Command> = of_part(0).collect();
    if main.is_empty() || script.name.to_ascii_lowercase().contains("makefile") {
        let alone = |command| Step { command, arguments: &[] };
        return (0..=script.functions.len()).map(|part| of_part(part).map(alone).collect()).collect();
    }
    let called = |command: &Command| script.functions.get(command.program()).copied();
    let mut sequence = Vec::new();
    for command in main {
        for inner in called(command).into_iter().flat_map(of_part) {
            // Functions call functions, one level deep.
            let deeper = called(inner).into_iter().flat_map(of_part);
            sequence.extend(deeper.map(|command| Step { command, arguments: &inner.words[1..] }));
            sequence.push(Step { command: inner, arguments: &command.words[1..] });
        }
        sequence.push(Step { command, arguments: &[] });
    }
    vec![sequence]
}

impl Step<'_> {
    /// A word with the arguments of the function in place of their names: `$c` after `c=$1`.
    fn filled(&self, script: &Script, word: &str) -> String {
        let mut filled = word.to_owned();
        for name in raw(word) {
            let positional = match script.variables.get(&name).map(Vec::as_slice) {
                Some([value]) => value.clone(),
                _ => format!("${name}"),
            };
            let number =
                positional.strip_prefix('$').and_then(|number| number.trim_matches(['{', '}']).parse::<usize>().ok());
            let Some(argument) = number.and_then(|number| self.arguments.get(number.checked_sub(1)?)) else { continue };
            filled = filled.replace(&format!("${{{name}}}"), argument).replace(&format!("${name}"), argument);
        }
        filled
    }
}

fn of_script(script: &Script) -> Vec<Stop> {
    let mut stops: Vec<Stop> = Vec::new();
    for steps in sequences(script) {
        let moves: Vec<usize> = (0..steps.len()).filter(|at| is_move(script, steps[*at].command)).collect();
        let target = moves.first().map(|at| variables(script, &steps, *at)).unwrap_or_default();
        for (at, step) in steps.iter().enumerate() {
            let command = step.command;
            let Some(objects) = stopped(command) else { continue };
            let objects: Vec<String> = objects.iter().map(|word| step.filled(script, word)).collect();
            let last = moves.iter().rfind(|known| **known < at);
            let order = Order { is_behind: last.is_some(), has_move: !moves.is_empty() };
            if !is_of_previous(script, command, &objects, &target, order) {
                continue;
            }
            let mut before = steps[last.copied().unwrap_or(0)..at].iter().map(|step| step.command);
            let slept = before.rfind(|command| command.program() == "sleep");
            let after = slept.and_then(|command| command.words.get(1)).map(|time| script.fill(time));
            let after = after.filter(|time| !time.contains(HOLE));
            let place = &command.place;
            // `docker stop` and `docker rm` of one container are told once.
            let is_told =
                stops.iter().any(|known| known.place.line == place.line || known.place.line + 1 == place.line);
            if !is_told {
                stops.push(Stop { place: place.clone(), line: command.shown(), after });
            }
        }
    }
    stops
}

/// Whether a command stands behind a move of traffic, and whether there is one at all.
#[derive(Clone, Copy)]
struct Order {
    is_behind: bool,
    has_move: bool,
}

/// Whether what is stopped is the previous color.
fn is_of_previous(script: &Script, command: &Command, objects: &[String], target: &[String], order: Order) -> bool {
    let variables = objects.iter().flat_map(|word| raw(word).into_iter().chain(holes(&script.fill(word))));
    let names: Vec<String> = variables.collect();
    let previous = names.iter().any(|name| is_previous(name));
    if previous {
        return (order.is_behind || !order.has_move) && !names.iter().any(|name| is_new(name) && !is_previous(name));
    }
    let new = names.iter().any(|name| is_new(name) || target.contains(name));
    let literal = objects.iter().any(|word| only_color(word).is_some());
    // A process of any other name may be anybody's.
    let speaks = |name: &String| {
        let name = name.to_ascii_lowercase();
        ["color", "port", "slot", "env", "container", "service", "upstream"].iter().any(|word| name.contains(word))
    };
    let known = literal || (command.program() != "kill" && names.iter().any(speaks));
    order.is_behind && !new && known
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
        "docker" | "podman" | "docker-compose" if has("exec") => None,
        "docker" | "podman" | "docker-compose" | "nerdctl"
            if has("stop") || has("rm") || has("kill") || has("down") =>
        {
            if has("rmi") || has("image") || has("--rm") || has("run") { None } else { objects() }
        }
        "systemctl" if has("stop") || has("disable") || has("kill") => objects(),
        "service" if has("stop") => objects(),
        "pm2" | "supervisorctl" | "forever" | "nomad" if has("stop") || has("delete") => objects(),
        "kill" | "pkill" | "killall" | "fuser" => objects(),
        "aws" if words.windows(2).any(|pair| pair == ["--desired-count", "0"]) => objects(),
        "docker" | "docker-compose" if words.iter().any(|word| word.ends_with("=0")) => objects(),
        "kubectl" if has("job") || has("jobs") || has("pod") || has("pods") => None,
        "kubectl" | "helm"
            if has("delete")
                || has("uninstall")
                || words.iter().any(|word| word.contains("replicas=0"))
                || words.windows(2).any(|pair| pair == ["--replicas", "0"]) =>
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

/// The variables in the command that moves traffic, and in what was written right before it.
fn variables(script: &Script, steps: &[Step], moved: usize) -> Vec<String> {
    let near = steps[moved.saturating_sub(6)..=moved].iter().enumerate();
    let writes = near.filter(|(_, step)| stopped(step.command).is_none()).filter(|(at, step)| {
        let program = step.command.program();
        let is_last = moved.saturating_sub(6) + at == moved;
        step.command.output.is_some() || is_last || ["ln", "cp", "sed", "socat", "kubectl"].contains(&program)
    });
    let texts = writes.flat_map(|(_, step)| {
        step.command.words.iter().chain(&step.command.input).map(|word| step.filled(script, word))
    });
    texts.flat_map(|text| raw(&text)).filter(|name| !is_previous(name)).collect()
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
    let says = ["old", "prev", "current", "active", "live", "existing", "other", "last", "running", "before"];
    let is_word = |word: &str| name.split('_').any(|part| part == word);
    (says.iter().any(|word| name.contains(word)) || ["cur", "now", "from"].iter().any(|word| is_word(word)))
        && !name.contains("inactive")
}

fn is_new(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["new", "next", "target", "idle", "inactive", "standby", "deploy", "candidate", "staging", "after"]
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
    fn what_runs_beside_the_colors_is_none() {
        for stop in [
            "docker exec app-$ACTIVE rm -rf /app/cache",
            "docker compose -f x.live.yml exec app rm -f /tmp/x",
            "kill $TAIL_PID",
            "docker stop old-redis",
            "kubectl delete job migrate-$OLD",
        ] {
            let text = format!("ln -sfn upstream-$NEW.conf /etc/nginx/active.conf\nnginx -s reload\n{stop}\n");
            assert!(lines(&text).is_empty(), "{stop}");
        }
    }

    #[test]
    fn functions_are_read_where_they_are_called() {
        let text = "stop_color() {\n  local c=$1\n  docker stop \"app-$c\"\n}\n\
                    move() {\n  ln -sfn $1.conf active.conf\n  nginx -s reload\n}\nmove $next\nstop_color \"$current\"\n";
        assert_eq!(lines(text), ["deploy.sh:3"]);
        assert!(lines(&text.replace("$current", "$next")).is_empty());
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
