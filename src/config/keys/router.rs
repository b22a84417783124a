//! `[router]`: how traffic is moved.

use std::time::Duration;

use super::key::{Fallback, Key};
use crate::config::draft::{Draft, RouterDraft, RouterWord};
use crate::config::instances;
use crate::config::kind::{Kind, Word};
use crate::config::model::Away;
use crate::config::values::InstanceUrl;
use crate::model::Color;

pub const KEYS: &[Key] = &[
    Key {
        name: "router.kind",
        env: Some("SWITCHBACK_ROUTER"),
        flag: None,
        help: "What moves traffic: whatever reads the state file, commands, HAProxy, nginx or Caddy.",
        default: Fallback::Text("state-file"),
        kind: Kind::Choice(&[
            Word { text: "state-file", set: |draft| draft.router.kind = RouterWord::StateFile },
            Word { text: "command", set: |draft| draft.router.kind = RouterWord::Command },
            Word { text: "haproxy", set: |draft| draft.router.kind = RouterWord::Haproxy },
            Word { text: "nginx", set: |draft| draft.router.kind = RouterWord::Nginx },
            Word { text: "caddy", set: |draft| draft.router.kind = RouterWord::Caddy },
        ]),
        also: None,
        example: "haproxy",
    },
    Key {
        name: "router.timeout",
        env: Some("SWITCHBACK_ROUTER_TIMEOUT"),
        flag: None,
        help: "Limit for one try to move traffic or to read where it goes.",
        default: Fallback::Text("30s"),
        kind: Kind::Duration {
            min: Duration::from_millis(100),
            max: Duration::from_mins(10),
            set: |draft, timeout| draft.config.router.timeout = timeout,
        },
        also: None,
        example: "10s",
    },
    Key {
        name: "router.switch",
        env: Some("SWITCHBACK_ROUTER_SWITCH"),
        flag: None,
        help: "Moves traffic to {color}; run without a shell, with {color} and {service} filled in.",
        default: Fallback::Unset,
        kind: Kind::Command(|draft, words| draft.router.switch = words),
        also: Some("needed for router.kind command, and only there"),
        example: r#"["npm", "run", "deploy:switch-{color}"]"#,
    },
    Key {
        name: "router.rollback",
        env: Some("SWITCHBACK_ROUTER_ROLLBACK"),
        flag: None,
        help: "Moves traffic back to {color}; without it, router.switch does.",
        default: Fallback::Unset,
        kind: Kind::Command(|draft, words| draft.router.rollback = words),
        also: Some("only for router.kind command"),
        example: r#"["npm", "run", "deploy:switch-{color}"]"#,
    },
    Key {
        name: "router.read",
        env: Some("SWITCHBACK_ROUTER_READ"),
        flag: None,
        help: "Prints the active color, as a word or in JSON under activeColor; without it, the state file is read.",
        default: Fallback::Unset,
        kind: Kind::Command(|draft, words| draft.router.read = words),
        also: Some("only for router.kind command"),
        example: r#"["npm", "run", "deploy:status"]"#,
    },
    Key {
        name: "router.socket",
        env: Some("SWITCHBACK_ROUTER_SOCKET"),
        flag: None,
        help: "HAProxy's `stats socket` with `level admin`.",
        default: Fallback::Unset,
        kind: Kind::Socket(|draft, socket| draft.router.socket = Some(socket)),
        also: Some("needed for router.kind haproxy, and only there"),
        example: "/run/haproxy/admin.sock",
    },
    Key {
        name: "router.backend",
        env: Some("SWITCHBACK_ROUTER_BACKEND"),
        flag: None,
        help: "HAProxy's backend that has the servers of both colors.",
        default: Fallback::Unset,
        kind: Kind::Word(|draft, backend| draft.router.backend = backend),
        also: Some("needed for router.kind haproxy, and only there"),
        example: "app",
    },
    Key {
        name: "router.blue",
        env: Some("SWITCHBACK_ROUTER_BLUE"),
        flag: None,
        help: "What blue is called in the router: HAProxy's servers, nginx's upstream, Caddy's dial addresses.",
        default: Fallback::Derived { text: NAMES, fill: |draft| called(draft, Color::Blue) },
        kind: Kind::Words(|draft, names| draft.router.blue = names),
        also: Some(NAMED_FOR),
        example: "b1,b2",
    },
    Key {
        name: "router.green",
        env: Some("SWITCHBACK_ROUTER_GREEN"),
        flag: None,
        help: "What green is called in the router.",
        default: Fallback::Derived { text: NAMES, fill: |draft| called(draft, Color::Green) },
        kind: Kind::Words(|draft, names| draft.router.green = names),
        also: Some(NAMED_FOR),
        example: "g1,g2",
    },
    Key {
        name: "router.away",
        env: Some("SWITCHBACK_ROUTER_AWAY"),
        flag: None,
        help: "What HAProxy does with the servers that traffic leaves: drain and weight (0) keep sessions that a cookie binds to them, maint does not; auto: weight where the other color waits with weight 0, else drain.",
        default: Fallback::Derived {
            text: "auto",
            fill: |draft| default_for(draft, RouterWord::Haproxy, "auto", |draft| draft.away = None),
        },
        kind: Kind::Choice(&[
            Word { text: "auto", set: |draft| draft.router.away = None },
            Word { text: "drain", set: |draft| draft.router.away = Some(Away::Drain) },
            Word { text: "maint", set: |draft| draft.router.away = Some(Away::Maint) },
            Word { text: "weight", set: |draft| draft.router.away = Some(Away::Weight) },
        ]),
        also: Some("only for router.kind haproxy"),
        example: "maint",
    },
    Key {
        name: "router.include_file",
        env: Some("SWITCHBACK_ROUTER_INCLUDE_FILE"),
        flag: None,
        help: "The file that nginx includes where it is to send requests to a color.",
        default: Fallback::Unset,
        kind: Kind::Path(|draft, path| draft.router.include_file = path),
        also: Some("needed for router.kind nginx, and only there"),
        example: "/etc/nginx/switchback/checkout-api.conf",
    },
    Key {
        name: "router.template",
        env: Some("SWITCHBACK_ROUTER_TEMPLATE"),
        flag: None,
        help: "What is written into it, with {upstream}, {color} and {service} filled in.",
        default: Fallback::Derived {
            text: TEMPLATE,
            fill: |draft| {
                default_for(draft, RouterWord::Nginx, TEMPLATE, |draft| TEMPLATE.clone_into(&mut draft.template))
            },
        },
        kind: Kind::Text(|draft, template| draft.router.template = template),
        also: Some("with {upstream} or {color}; only for router.kind nginx"),
        example: "set $upstream {upstream};",
    },
    Key {
        name: "router.test",
        env: Some("SWITCHBACK_ROUTER_TEST"),
        flag: None,
        help: "Tests nginx's configuration before it is reloaded.",
        default: Fallback::Derived {
            text: r#"["nginx","-t"]"#,
            fill: |draft| default_command(draft, &["nginx", "-t"], |draft, words| draft.test = words),
        },
        kind: Kind::Command(|draft, words| draft.router.test = words),
        also: Some("only for router.kind nginx"),
        example: r#"["sudo", "nginx", "-t"]"#,
    },
    Key {
        name: "router.reload",
        env: Some("SWITCHBACK_ROUTER_RELOAD"),
        flag: None,
        help: "Reloads nginx.",
        default: Fallback::Derived {
            text: r#"["nginx","-s","reload"]"#,
            fill: |draft| default_command(draft, &["nginx", "-s", "reload"], |draft, words| draft.reload = words),
        },
        kind: Kind::Command(|draft, words| draft.router.reload = words),
        also: Some("only for router.kind nginx"),
        example: r#"["sudo", "nginx", "-s", "reload"]"#,
    },
    Key {
        name: "router.pid_file",
        env: Some("SWITCHBACK_ROUTER_PID_FILE"),
        flag: None,
        help: "nginx's pid file: its workers tell whether a reload took effect.",
        default: Fallback::Derived {
            text: PID_FILE,
            fill: |draft| default_for(draft, RouterWord::Nginx, PID_FILE, |draft| draft.pid_file = PID_FILE.into()),
        },
        kind: Kind::Path(|draft, path| draft.router.pid_file = path),
        also: Some("only for router.kind nginx"),
        example: PID_FILE,
    },
    Key {
        name: "router.admin_url",
        env: Some("SWITCHBACK_ROUTER_ADMIN_URL"),
        flag: None,
        help: "Caddy's admin API.",
        default: Fallback::Derived { text: ADMIN_URL, fill: default_admin },
        kind: Kind::Admin(|draft, admin| draft.router.admin = Some(admin)),
        also: Some("only for router.kind caddy"),
        example: "unix:///run/caddy/admin.sock",
    },
    Key {
        name: "router.upstream_path",
        env: Some("SWITCHBACK_ROUTER_UPSTREAM_PATH"),
        flag: None,
        help: "Where the service's reverse_proxy is in Caddy's configuration; without it, or where that leads elsewhere, it is found by its upstreams.",
        default: Fallback::Unset,
        kind: Kind::UrlPath(|draft, path| draft.router.upstream_path = Some(path)),
        also: Some("only for router.kind caddy"),
        example: "/id/checkout-api",
    },
];

/// How the defaults of `router.blue` and `router.green` come about.
const NAMES: &str = "nginx: the color; caddy: host:port of the instances";
const NAMED_FOR: &str = "needed for router.kind haproxy; one name for nginx; also for caddy";
const TEMPLATE: &str = "proxy_pass http://{upstream};";
const PID_FILE: &str = "/run/nginx.pid";
const ADMIN_URL: &str = "http://127.0.0.1:2019";

/// What a color is called in a router where nobody says it.
fn called(draft: &mut Draft, color: Color) -> Option<String> {
    let names: Vec<String> = match draft.router.kind {
        RouterWord::Nginx => vec![color.name().to_owned()],
        RouterWord::Caddy => draft.config.colors.of(color).iter().map(InstanceUrl::host_port).collect(),
        RouterWord::StateFile | RouterWord::Command | RouterWord::Haproxy => return None,
    };
    let shown = names.join(",");
    match color {
        Color::Blue => draft.router.blue = names,
        Color::Green => draft.router.green = names,
    }
    Some(shown)
}

/// A default of one kind of router; the others have none.
fn default_for(draft: &mut Draft, kind: RouterWord, text: &str, set: fn(&mut RouterDraft)) -> Option<String> {
    (draft.router.kind == kind).then(|| {
        set(&mut draft.router);
        text.to_owned()
    })
}

fn default_command(draft: &mut Draft, words: &[&str], set: fn(&mut RouterDraft, Vec<String>)) -> Option<String> {
    (draft.router.kind == RouterWord::Nginx).then(|| {
        set(&mut draft.router, words.iter().map(|word| (*word).to_owned()).collect());
        serde_json::json!(words).to_string()
    })
}

fn default_admin(draft: &mut Draft) -> Option<String> {
    if draft.router.kind != RouterWord::Caddy {
        return None;
    }
    draft.router.admin = instances::admin(ADMIN_URL).ok();
    Some(ADMIN_URL.to_owned())
}
