//! `[router]`: how traffic is moved, and which page says where it arrives.

use std::path::PathBuf;
use std::time::Duration;

use super::key::{Derived, Text};
use crate::config::draft::{Draft, RouterWord};
use crate::config::instances;
use crate::config::kind;
use crate::config::model::Away;
use crate::config::values::{AdminUrl, InstanceUrl, SocketAddress};
use crate::model::Color;

section! {
    /// The router's settings while it is still open which of them its kind takes.
    #[derive(Default)]
    pub struct RouterDraft, rows KEYS: "router." at |draft| draft.router;

    /// What moves traffic: whatever reads the state file, commands, HAProxy, nginx or Caddy.
    kind: RouterWord {
        default: Text("state-file"),
        kind: kind::Choice(&[
            ("state-file", RouterWord::StateFile),
            ("command", RouterWord::Command),
            ("haproxy", RouterWord::Haproxy),
            ("nginx", RouterWord::Nginx),
            ("caddy", RouterWord::Caddy),
        ]),
        old_env: "SWITCHBACK_ROUTER",
        example: "haproxy",
    }

    /// Time limit of one attempt to move traffic or to read where it goes.
    timeout: Duration {
        default: Text("30s"),
        kind: kind::Span { min: Duration::from_millis(100), max: Duration::from_mins(10) },
        example: "10s",
    }

    /// Moves traffic to {color}; run without a shell, with {color} and {service} filled in.
    switch: Vec<String> {
        kind: kind::CommandLine,
        also: "needed for router.kind command, and only there",
        example: r#"["npm", "run", "deploy:switch-{color}"]"#,
    }

    /// Moves traffic back to {color}; without it, router.switch does.
    rollback: Vec<String> {
        kind: kind::CommandLine,
        also: "only for router.kind command",
        example: r#"["npm", "run", "deploy:switch-{color}"]"#,
    }

    /// Prints the active color, as a word or in JSON under activeColor; without it, the state file is read.
    read: Vec<String> {
        kind: kind::CommandLine,
        also: "only for router.kind command",
        example: r#"["npm", "run", "deploy:status"]"#,
    }

    /// HAProxy's `stats socket` with `level admin`.
    socket: Option<SocketAddress> {
        kind: kind::Socket,
        also: "needed for router.kind haproxy, and only there",
        example: "/run/haproxy/admin.sock",
    }

    /// HAProxy's backend with the servers of both colors.
    backend: String { kind: kind::Word, also: "needed for router.kind haproxy, and only there", example: "app" }

    /// Name of blue in the router: HAProxy's servers, nginx's upstream, Caddy's dial addresses.
    blue: Vec<String> {
        default: Derived { text: NAMES, fill: |draft| called(draft, Color::Blue) },
        kind: kind::Words,
        also: NAMED_FOR,
        example: "b1,b2",
    }

    /// Name of green in the router.
    green: Vec<String> {
        default: Derived { text: NAMES, fill: |draft| called(draft, Color::Green) },
        kind: kind::Words,
        also: NAMED_FOR,
        example: "g1,g2",
    }

    /// What HAProxy does with the servers that traffic leaves: drain and weight (0) keep sessions that a cookie binds to them,
    /// maint does not; auto: weight where the other color waits with weight 0, else drain.
    away: Option<Away> {
        default: Derived {
            text: "auto",
            fill: |draft| default_for(draft, RouterWord::Haproxy, "auto", |draft| draft.away = None),
        },
        kind: kind::Choice(&[
            ("auto", None),
            ("drain", Some(Away::Drain)),
            ("maint", Some(Away::Maint)),
            ("weight", Some(Away::Weight)),
        ]),
        also: "only for router.kind haproxy",
        example: "maint",
    }

    /// File that nginx includes to send requests to a color.
    include_file: PathBuf {
        kind: kind::File,
        also: "needed for router.kind nginx, and only there",
        example: "/etc/nginx/switchback/checkout-api.conf",
    }

    /// Content of router.include_file, with {upstream}, {color} and {service} filled in.
    template: String {
        default: Derived {
            text: TEMPLATE,
            fill: |draft| {
                default_for(draft, RouterWord::Nginx, TEMPLATE, |draft| TEMPLATE.clone_into(&mut draft.template))
            },
        },
        kind: kind::Line,
        also: "with {upstream} or {color}; only for router.kind nginx",
        example: "set $upstream {upstream};",
    }

    /// Tests nginx's configuration before it is reloaded.
    test: Vec<String> {
        default: Derived {
            text: r#"["nginx","-t"]"#,
            fill: |draft| default_command(draft, &["nginx", "-t"], |draft, words| draft.test = words),
        },
        kind: kind::CommandLine,
        also: "only for router.kind nginx",
        example: r#"["sudo", "nginx", "-t"]"#,
    }

    /// Reloads nginx.
    reload: Vec<String> {
        default: Derived {
            text: r#"["nginx","-s","reload"]"#,
            fill: |draft| default_command(draft, &["nginx", "-s", "reload"], |draft, words| draft.reload = words),
        },
        kind: kind::CommandLine,
        also: "only for router.kind nginx",
        example: r#"["sudo", "nginx", "-s", "reload"]"#,
    }

    /// nginx's pid file: its workers tell whether a reload took effect.
    pid_file: PathBuf {
        default: Derived {
            text: PID_FILE,
            fill: |draft| default_for(draft, RouterWord::Nginx, PID_FILE, |draft| draft.pid_file = PID_FILE.into()),
        },
        kind: kind::File,
        also: "only for router.kind nginx",
        example: PID_FILE,
    }

    /// Caddy's admin API.
    admin as "admin_url": Option<AdminUrl> {
        default: Derived { text: ADMIN_URL, fill: default_admin },
        kind: kind::Admin,
        also: "only for router.kind caddy",
        example: "unix:///run/caddy/admin.sock",
    }

    /// Where the service's reverse_proxy is in Caddy's configuration; without it, or where that leads elsewhere, it is found by its
    /// upstreams.
    upstream_path: Option<String> {
        kind: kind::UrlPath,
        also: "only for router.kind caddy",
        example: "/id/checkout-api",
    }

    /// Page requested through the proxy after each move; the answer has to come from the color that traffic was moved to.
    probe_url: Option<InstanceUrl> {
        kind: kind::BaseUrl,
        also: "with router.probe_header, probe_json or probe_metric; the first of them counts",
        example: "http://127.0.0.1:8080/version",
    }

    /// Host header of that request, if it is not the host of router.probe_url.
    probe_host: Option<String> { kind: kind::Word, also: "needs router.probe_url", example: "shop.example.com" }

    /// Response header that names the color that answered.
    probe_header: Option<String> { kind: kind::Word, also: "needs router.probe_url", example: "X-Color" }

    /// Member of a JSON answer that names the color that answered.
    probe_json: Option<String> {
        kind: kind::Line,
        also: "a pointer (/release/color) or names (release.color); needs router.probe_url",
        example: "release.color",
    }

    /// Metric on a metrics page whose label or value names the color that answered.
    probe_metric: Option<String> {
        kind: kind::Line,
        also: "NAME{LABEL}, or NAME for its value; needs router.probe_url",
        example: "app_info{color}",
    }

    /// Value when blue answers.
    probe_blue: String { default: Text("blue"), kind: kind::Line, example: "1.4.2" }

    /// Value when green answers.
    probe_green: String { default: Text("green"), kind: kind::Line, also: "not that of blue", example: "1.5.0" }
}

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
