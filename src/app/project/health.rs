//! The readiness path that the scripts themselves ask.

use std::sync::LazyLock;

use regex_lite::Regex;
use yaml_rust2::Yaml;

use super::files::{File, Place, Project, has_extension, name};
use super::instances::yaml;
use super::pattern;
use super::shell::{Command, HOLE, Script};

/// A path, and where it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub path: String,
    pub place: Place,
    /// The line, or the setting.
    pub line: String,
}

/// The paths that the files ask for readiness, the best first.
pub fn find(project: &Project, scripts: &[Script]) -> Vec<Asked> {
    let mut found: Vec<(usize, Asked)> = Vec::new();
    for script in scripts {
        for command in &script.commands {
            // A helper is handed a whole URL.
            let is_client = is_client(command);
            for word in &command.words[1..] {
                let word = script.fill(word);
                if !is_client && !word.contains("://") {
                    continue;
                }
                if let Some(path) = path_of(&word) {
                    found.push((worth(&path), Asked { path, place: command.place.clone(), line: command.shown() }));
                }
            }
        }
        for (variable, value) in named(script) {
            if let Some(path) = path_of(&value) {
                let place = Place { file: script.name.clone(), line: 0 };
                found.push((worth(&path), Asked { path, place, line: variable }));
            }
        }
    }
    found.extend(project.files.iter().flat_map(settings));
    found.sort_by_key(|(worth, _)| *worth);
    let mut paths: Vec<Asked> = Vec::new();
    for (_, path) in found {
        if paths.iter().all(|known| known.path != path.path) {
            paths.push(path);
        }
    }
    paths
}

fn is_client(command: &Command) -> bool {
    ["curl", "wget", "http", "httpie", "xh"].contains(&command.program())
        || command.words.iter().any(|word| word == "curl" || word == "wget")
}

/// `HEALTH_PATH`, `HEALTHCHECK_URL`.
fn named(script: &Script) -> Vec<(String, String)> {
    let about = |name: &String| {
        let name = name.to_ascii_lowercase();
        (name.contains("health") || name.contains("ready") || name.contains("readiness"))
            && ["path", "url", "endpoint", "uri", "route", "check"].iter().any(|word| name.contains(word))
    };
    let variables = script.variables.keys().filter(|name| about(name));
    variables.flat_map(|name| script.values(name).into_iter().map(move |value| (name.clone(), value))).collect()
}

/// Checks of HAProxy, Dockerfiles, Caddy and Traefik.
fn settings(file: &File) -> Vec<(usize, Asked)> {
    static HAPROXY: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^\s*(?:option\s+httpchk|http-check\s+send)\b.*?\s(/[^\s]*)"));
    static KEY: LazyLock<Regex> =
        LazyLock::new(|| pattern(r#"(?i)["']?health[\w-]*(?:path|url|endpoint|uri)["']?\s*[:=]\s*["'](/[\w./-]+)"#));
    static TRAEFIK: LazyLock<Regex> =
        LazyLock::new(|| pattern(r#"(?s)healthCheck:\s*\{?[^}]*?\bpath:\s*["']?(/[\w./-]+)"#));
    static IMAGE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"^\s*(?:HEALTHCHECK\b|CMD\b)?.*(?:curl|wget)\b[^#]*?(?:localhost|127\.0\.0\.1)(?::\S+?)?(/[\w./-]+)")
    });
    static CADDY: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\s*(?:health_uri|health_path)\s+(/\S+)"));
    if has_extension(&file.name, &["yml", "yaml"]) {
        return of_yaml(file, &TRAEFIK);
    }
    let rule = match name(&file.path) {
        name if has_extension(name, &["json", "ts", "js", "mjs", "py", "toml"]) => &KEY,
        name if has_extension(name, &["cfg"]) => &HAPROXY,
        name if name.starts_with("Dockerfile") => &IMAGE,
        name if name.starts_with("Caddyfile") => &CADDY,
        _ => return Vec::new(),
    };
    let lines = file.text.lines().enumerate();
    let found = lines.filter_map(|(at, line)| {
        let found = rule.captures(line)?.get(1)?.as_str();
        // What a router checks is readiness, whatever it is called.
        let path = path_of(found).or_else(|| found.starts_with('/').then(|| found.to_owned()))?;
        let place = Place { file: file.name.clone(), line: at + 1 };
        Some((worth(&path).min(15) + 1, Asked { line: path.clone(), path, place }))
    });
    found.collect()
}

/// The health checks of Traefik's services, and of compose services.
fn of_yaml(file: &File, traefik: &Regex) -> Vec<(usize, Asked)> {
    let place = |text: &str| {
        let at = file.text.lines().position(|line| line.contains(text));
        Place { file: file.name.clone(), line: at.map_or(0, |at| at + 1) }
    };
    let of_traefik = traefik.captures_iter(&file.text).map(|found| found[1].to_owned());
    let mut found: Vec<(usize, Asked)> = of_traefik
        .map(|path| (worth(&path).min(15) + 1, Asked { place: place(&path), line: "healthCheck".to_owned(), path }))
        .collect();
    let document = yaml(&file.text);
    let services = document.as_ref().and_then(|document| document["services"].as_hash()).into_iter().flatten();
    for (_, service) in services {
        let test = match &service["healthcheck"]["test"] {
            Yaml::String(line) => line.clone(),
            Yaml::Array(words) => words.iter().filter_map(Yaml::as_str).collect::<Vec<_>>().join(" "),
            _ => continue,
        };
        let asked = test.split_whitespace().filter(|word| word.contains('/')).find_map(path_of);
        found.extend(
            asked.map(|path| (worth(&path) + 1, Asked { place: place(&path), line: "healthcheck".to_owned(), path })),
        );
    }
    found
}

/// The path of a URL of the service, if readiness may be what it says.
fn path_of(word: &str) -> Option<String> {
    let word = word.trim().trim_matches(['"', '\'', '`', ')', ';']);
    let path = match word.split_once("://") {
        Some((_, rest)) => {
            let (host, path) = rest.split_once('/')?;
            // What lies at others is no readiness of the service's.
            if host.contains('.') && !host.contains(HOLE) && !host.starts_with(|c: char| c.is_ascii_digit()) {
                return None;
            }
            format!("/{path}")
        }
        None if word.starts_with('/') => word.to_owned(),
        None => {
            let (host, path) = word.split_once('/')?;
            let is_host = host.contains(':') || host.contains(HOLE) || host == "localhost";
            if !is_host {
                return None;
            }
            format!("/{path}")
        }
    };
    let path = path.split(['?', '#']).next()?.trim_end_matches('/').to_owned();
    let is_plain = !path.is_empty() && path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-~".contains(c));
    (is_plain && worth(&path) < usize::MAX).then_some(path)
}

/// The smaller the better: readiness before health before anything that answers.
fn worth(path: &str) -> usize {
    let path = path.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| path.contains(word));
    if has(&["metrics", "prometheus", "hook", ".sock", "/dev/", "/etc/", "/tmp/", "/var/"]) {
        usize::MAX
    } else if has(&["ready", "readiness"]) {
        0
    } else if has(&["health"]) {
        10
    } else if has(&["status", "alive", "liveness", "livez", "heartbeat"]) {
        20
    } else if has(&["ping"]) || path.ends_with("/up") {
        30
    } else {
        usize::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::project::testing::{project, scripts};

    fn found(files: &[(&str, &str)]) -> Vec<(String, String)> {
        let project = project(files);
        find(&project, &scripts(&project)).into_iter().map(|path| (path.path, path.place.to_string())).collect()
    }

    #[test]
    fn the_path_is_that_of_the_line_that_asks() {
        for (line, path) in [
            ("curl -fsS http://localhost:$PORT/actuator/health", "/actuator/health"),
            (
                "until curl -sf \"http://127.0.0.1:${NEW_PORT}/healthz/ready\" > /dev/null; do sleep 1; done",
                "/healthz/ready",
            ),
            ("STATUS=$(curl -s -o /dev/null -w '%{http_code}' http://localhost:3002/api/health)", "/api/health"),
            ("wget -qO- localhost:8081/api/ping", "/api/ping"),
            ("if ! curl --silent --fail http://$HOST:$PORT/api/status?full=1; then exit 1; fi", "/api/status"),
            ("HEALTH_ENDPOINT=/ready", "/ready"),
        ] {
            assert_eq!(found(&[("deploy.sh", line)])[0].0, path, "{line}");
        }
    }

    #[test]
    fn readiness_is_better_than_health_and_others_are_not_asked() {
        let text = "curl -X POST https://hooks.slack.com/services/health\n\
                    curl http://localhost:1/health\ncurl http://localhost:1/readyz\ncurl http://localhost:1/metrics\n";
        assert_eq!(
            found(&[("deploy.sh", text)]),
            [("/readyz".to_owned(), "deploy.sh:3".to_owned()), ("/health".to_owned(), "deploy.sh:2".to_owned())]
        );
    }

    #[test]
    fn checks_of_routers_images_and_javascript_count_too() {
        let js = "await fetch(`http://localhost:${port}/health/ready`);";
        assert_eq!(found(&[("deploy.ts", js)])[0].0, "/health/ready");
        assert_eq!(found(&[("haproxy.cfg", "  option httpchk GET /up\n")])[0].0, "/up");
        let image = "HEALTHCHECK CMD curl -f http://localhost:3000/api/health || exit 1\n";
        assert_eq!(found(&[("Dockerfile", image)])[0].0, "/api/health");
        let compose = "services:\n  blue:\n    healthcheck:\n      test: [\"CMD\", \"curl\", \"-f\", \"http://localhost:3000/healthz\"]\n";
        assert_eq!(found(&[("compose.yml", compose)])[0].0, "/healthz");
    }

    #[test]
    fn what_stands_beside_a_path_is_not_shown() {
        let files = [
            ("app.json", "{\"healthPath\": \"/health\", \"dbPassword\": \"hidden\"}"),
            (
                "compose.yml",
                "services:\n  a:\n    healthcheck:\n      test: curl -H \"X-Key: hidden\" http://localhost/ready\n",
            ),
            (".env", "READY_CHECK=curl -fs -H X-Key:hidden http://ana:hidden@localhost:3001/readyz\n"),
            ("d.sh", "curl --header=X-Key:hidden -Hhidden http://localhost:3001/ping?token=hidden\n"),
        ];
        let project = project(&files);
        let found = find(&project, &scripts(&project));
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found.iter().all(|asked| !asked.line.contains("hidden")), "{found:?}");
    }
}
