//! What the real HAProxy and the real Caddy show of the requests that they pass on, judged in place of the service's own pages.

use std::collections::HashSet;
use std::fs;

use support::{Authority, Deployment};
use switchback::model::Color;
use tempfile::TempDir;

use crate::apps::Apps;
use crate::proxy::{Process, free_port};
use crate::users::Users;

/// A proxy in front of one instance of green, which shows its metrics on the port of the users.
fn proxy(apps: &Apps, program: &'static str, config: &str) -> (Process, TempDir, u16) {
    let (folder, port) = (TempDir::new().unwrap(), free_port());
    let green = &apps.addresses()[2];
    let config = config.replace("PORT", &port.to_string()).replace("GREEN", green);
    fs::write(folder.path().join("config"), config).unwrap();
    let args: &[&str] = match program {
        "haproxy" => &["-db", "-f", "config"],
        _ => &["run", "--config", "config", "--adapter", "caddyfile"],
    };
    (Process::start(program, args, folder.path(), port), folder, port)
}

/// A healthy soak, and one in which more than half fail.
fn soaks(program: &'static str, config: &str, settings: &[(&'static str, &str)]) {
    let apps = Apps::start();
    let (_process, _folder, port) = proxy(&apps, program, config);
    let _users = Users::start(&format!("http://127.0.0.1:{port}"));
    let mut deployment =
        Deployment::switched().by_evidence().with("colors.green.instances", format!("http://127.0.0.1:{port}"));
    for (key, value) in settings {
        deployment = deployment.with(key, *value);
    }
    deployment.run(&["soak", "--no-tui"]).expect(0).says(&["RETAINED: green stays active"]);
    apps.fail(Color::Green, 60);
    deployment.run(&["soak", "--no-tui"]).expect(3).says(&["error-rate breached: "]);
}

#[test]
fn the_exporter_of_haproxy_is_judged_by_its_classes_of_status() {
    let config = "defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend users
  bind 127.0.0.1:PORT
  http-request use-service prometheus-exporter if { path /metrics }
  default_backend green
backend green
  server g1 GREEN
";
    soaks("haproxy", config, &[]);
}

#[test]
fn caddy_is_judged_by_the_histogram_that_has_its_statuses() {
    let config = "{
	admin off
	servers {
		metrics
	}
}
http://127.0.0.1:PORT {
	metrics /metrics
	reverse_proxy GREEN
}
";
    let settings = [("checks.latency.threshold", "1s"), ("checks.latency.quantile", "0.9")];
    soaks("caddy", config, &settings);
}

#[test]
fn a_server_that_offers_http_2_is_scraped_over_new_connections_of_http_1() {
    let apps = Apps::start();
    let (folder, port) = (TempDir::new().unwrap(), free_port());
    let at = |name: &str| folder.path().join(name).display().to_string();
    Authority::new().write(folder.path(), "localhost");
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {};\n", at(kind)))
        .concat();
    let config = format!(
        "pid {pid}; daemon off; error_log stderr; events {{}}\nhttp {{\n{temporary}\
         log_format seen '$server_protocol $uri $connection'; access_log {log} seen;\n\
         server {{ listen 127.0.0.1:{port} ssl http2; ssl_certificate {certificate}; ssl_certificate_key {key};\n\
         location / {{ proxy_pass http://{green}; }} }} }}",
        pid = at("pid"),
        log = at("seen"),
        certificate = at("client.pem"),
        key = at("client.key"),
        green = apps.addresses()[2],
    );
    fs::write(folder.path().join("nginx.conf"), config).unwrap();
    let _nginx = Process::start("nginx", &["-c", &at("nginx.conf")], folder.path(), port);
    let deployment = Deployment::switched()
        .with("colors.green.instances", format!("https://localhost:{port}"))
        .with("instances.ca_file", at("ca.pem"));
    deployment.run(&["soak", "--no-tui"]);
    let seen = fs::read_to_string(folder.path().join("seen")).unwrap();
    let scrapes: Vec<_> = seen.lines().filter_map(|line| line.strip_prefix("HTTP/1.1 /metrics ")).collect();
    let connections: HashSet<_> = scrapes.iter().collect();
    assert!(scrapes.len() >= 10 && connections.len() >= scrapes.len().min(16) - 1, "{seen}");
}
