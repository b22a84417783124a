//! How the scripts test and reload a router.

use super::{HOLE, Look, Setting};
use crate::app::project::files::{Place, name};
use crate::app::project::shell::{Command, Script};

/// The default of `router.pid_file`, also by its other name.
const PID: &str = "/run/nginx.pid";
const TEST: [&str; 2] = ["nginx", "-t"];
const RELOAD: [&str; 3] = ["nginx", "-s", "reload"];

/// `router.test` and `router.reload` of nginx, where the scripts' commands are not the defaults.
pub fn of_nginx(look: &Look) -> Vec<Setting> {
    let find = |is: fn(&Command) -> bool| {
        look.commands()
            .filter(|(_, command)| is(command))
            .find_map(|(script, command)| Some((words(script, command)?, command.place.clone())))
    };
    let mut settings = Vec::new();
    let (test, reload) = (find(is_nginx_test), find(is_nginx_reload));
    if let Some((words, place)) = &test
        && *words != TEST
    {
        settings.push(Setting::list("router.test", words.clone(), format!("as in {place}")));
    }
    if let Some((words, place)) = &reload
        && *words != RELOAD
    {
        settings.push(Setting::list("router.reload", words.clone(), format!("as in {place}")));
        // The test runs where the reload does.
        if test.is_none() && words.iter().any(|word| word == "exec") {
            let last = words.iter().rposition(|word| word == "nginx").unwrap_or(words.len());
            let words = words[..last].iter().cloned().chain(TEST.map(str::to_owned)).collect();
            settings.push(Setting::list("router.test", words, format!("beside the reload in {place}")));
        }
    }
    settings.extend(pid_file(look));
    settings
}

/// Whether a script reloads nginx.
pub fn has_nginx(look: &Look) -> bool {
    look.commands().any(|(_, command)| is_nginx_reload(command))
}

/// `pid FILE;` of the configuration, where it is not the default.
fn pid_file(look: &Look) -> Option<Setting> {
    look.project.files.iter().filter(|file| name(&file.path) == "nginx.conf").find_map(|file| {
        let (at, line) = file.text.lines().enumerate().find(|(_, line)| line.trim_start().starts_with("pid "))?;
        let path = line.trim().strip_prefix("pid ")?.trim().trim_end_matches(';');
        let place = Place { file: file.name.clone(), line: at + 1 };
        (path.starts_with('/') && path != PID).then(|| Setting::text("router.pid_file", path, place.to_string()))
    })
}

/// The commands of the script, from `command` on, that test and reload a router, as one line of shell.
pub fn behind(script: &Script, command: &Command) -> String {
    let at = command.index;
    let mut lines = Vec::new();
    for next in script.commands[at..].iter().filter(|next| is_any(next)) {
        if let Some(words) = words(script, next) {
            let line = words.iter().map(|word| crate::config::shell_word(word)).collect::<Vec<_>>().join(" ");
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        if is_reload(next) {
            break;
        }
    }
    lines.iter().flat_map(|line| [" && ", line]).collect()
}

/// The words of a command that are all known; `sudo` never asks.
fn words(script: &Script, command: &Command) -> Option<Vec<String>> {
    let sudo = if command.sudo { vec!["sudo".to_owned(), "-n".to_owned()] } else { Vec::new() };
    let words: Vec<String> = sudo.into_iter().chain(command.words.iter().map(|word| script.fill(word))).collect();
    words.iter().all(|word| !word.contains(HOLE) && !word.contains('$')).then_some(words)
}

fn is_any(command: &Command) -> bool {
    is_nginx_test(command) || is_reload(command) || {
        let has = |word: &str| command.words.iter().any(|known| known == word);
        (command.program() == "haproxy" && has("-c")) || (command.program() == "caddy" && has("validate"))
    }
}

fn is_nginx_test(command: &Command) -> bool {
    let words = &command.words;
    let at = words.iter().position(|word| word == "nginx" || word.ends_with("/nginx"));
    at.is_some_and(|at| words[at..].iter().any(|word| word == "-t" || word == "-tq" || word == "configtest"))
}

fn is_nginx_reload(command: &Command) -> bool {
    let has = |word: &str| command.words.iter().any(|known| known == word);
    let names = command.words.iter().any(|word| word.contains("nginx"));
    let openrc =
        ["systemctl", "service", "rc-service"].contains(&command.program()) && (has("reload") || has("restart"));
    names && (openrc || (has("-s") && has("reload")) || (has("kill") && has("HUP")))
}

fn is_reload(command: &Command) -> bool {
    let has = |word: &str| command.words.iter().any(|known| known == word);
    is_nginx_reload(command)
        || (command.program() == "caddy" && has("reload"))
        || (has("caddy") && has("reload"))
        || (["systemctl", "service"].contains(&command.program()) && (has("reload") || has("restart")))
        || (command.program() == "kill" && has("-USR2"))
}
