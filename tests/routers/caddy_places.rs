//! Caddy as its operators change it: sites come and go, routes lead elsewhere, instances are added.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use switchback::model::Color;

use crate::caddy::{Caddy, UPSTREAMS, start, start_with};
use crate::proxy::free_port;
use crate::scenes::{Proxy as _, Scene};

const ROUTES: &str = "/config/apps/http/servers/srv0/routes";
const HANDLE: &str = "/config/apps/http/servers/srv0/routes/0/handle";
const PROXY: &str = "/config/apps/http/servers/srv0/routes/0/handle/0";

/// A site of a name of its own, before all others.
fn site(host: &str, dial: &str) -> String {
    let proxy = json!({ "handler": "reverse_proxy", "upstreams": [{ "dial": dial }] });
    json!({ "match": [{ "host": [host] }], "handle": [proxy], "terminal": true }).to_string()
}

fn dials(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|entry| entry["dial"].as_str().unwrap().to_owned()).collect()
}

/// What `switch` says that could not move anything.
#[track_caller]
fn refused(scene: &Scene<Caddy>, parts: &[&str]) {
    let before = scene.proxy.get("/config/");
    let done = scene.deployment.run(&["switch", "green", "--no-tui"]).expect(12);
    for part in parts.iter().chain(&["nothing was moved"]) {
        assert!(done.stdout.contains(part), "`{part}`: {done:#?}");
    }
    assert_eq!(scene.proxy.get("/config/"), before);
}

#[test]
fn a_site_that_comes_during_the_soak_keeps_its_upstreams_and_the_service_is_found_again() {
    let scene = start().with("soak.grace", "1s");
    scene.apps.fail(Color::Green, 40);
    let _users = scene.users();
    let mut running = scene.deployment.start(&["switch", "green", "--no-tui"]);
    running.hear("breach");
    // It leads to one of blue's own instances, as a page for testers may.
    let other = scene.apps.addresses()[0].clone();
    scene.proxy.change("PUT", &format!("{ROUTES}/0"), &site("blue.test", &other));
    let done = running.wait().expect(3);
    assert!(done.stdout.contains("the service was found by its upstreams at"), "{done:#?}");
    assert_eq!(dials(&scene.proxy.get(UPSTREAMS)), [other]);
    let ours = scene.proxy.get(&format!("{ROUTES}/1/handle/0/upstreams"));
    assert_eq!(ours.to_string(), scene.proxy.upstreams(Color::Blue));
}

#[test]
fn a_maintenance_page_during_the_soak_holds_the_rollback() {
    let scene = start().with("soak.window", "6s").with("soak.grace", "1s");
    scene.apps.fail(Color::Green, 40);
    let _users = scene.users();
    let mut running = scene.deployment.start(&["switch", "green", "--no-tui"]);
    running.hear("breach");
    let page = json!([{ "handler": "static_response", "status_code": 503, "body": "back soon" }]);
    scene.proxy.patch(HANDLE, &page.to_string());
    running.wait().expect(11).says(&["`a handler static_response`, which is neither blue's nor green's"]);
    assert_eq!(scene.proxy.get(HANDLE), page);
    assert_eq!(scene.deployment.count("rolled_back"), 0);
    let dry = scene.deployment.run(&["rollback", "--dry-run"]).expect(7);
    assert!(dry.stderr.contains("the rollback would fail: the router caddy cannot be moved: `Caddy "), "{dry:#?}");
    scene.deployment.run(&["rollback"]).expect(7);
    // There is nothing that even --force could replace.
    scene.deployment.run(&["rollback", "--force", "--dry-run"]).expect(7);
    scene.deployment.run(&["rollback", "--force"]).expect(7);
    assert_eq!(scene.proxy.get(HANDLE), page);
}

#[test]
fn a_route_that_leads_elsewhere_is_left_alone_unless_forced() {
    let scene = start();
    scene.proxy.patch(UPSTREAMS, r#"[{"dial":"127.0.0.1:1"}]"#);
    let foreign = "holds `127.0.0.1:1`, which is neither blue's nor green's and was not written by Switchback";
    scene.deployment.run(&["status"]).expect(0).says(&[foreign]);
    scene.deployment.run(&["doctor"]).expect(2).says(&[
        foreign,
        "leads to 127.0.0.1:1\n",
        "next: let Caddy send the service's users to",
        "so that users reach blue again",
    ]);
    refused(&scene, &[foreign, "By hand: let Caddy send the service's users to"]);
    let done = scene.deployment.run(&["switch", "green", "--no-soak", "--force"]).expect(0);
    scene.is_on("green");
    let kept = std::fs::read_dir(scene.deployment.path(".switchback/default/replaced")).unwrap().next().unwrap();
    let kept = std::fs::read_to_string(kept.unwrap().path()).unwrap();
    assert_eq!(kept, r#"[{"dial":"127.0.0.1:1"}]"#, "{done:#?}");
}

#[test]
fn an_instance_that_somebody_added_is_not_thrown_out() {
    let scene = start();
    let added: Vec<Value> = serde_json::from_str(scene.proxy.upstreams(Color::Blue)).unwrap();
    let added = json!([added[0], added[1], { "dial": "127.0.0.1:3" }]).to_string();
    scene.proxy.patch(UPSTREAMS, &added);
    refused(&scene, &["or name 127.0.0.1:3 in router.blue or router.green, if it is one of theirs"]);
}

#[test]
fn what_was_written_last_is_ours_although_the_configuration_has_other_addresses_now() {
    let scene = start();
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    let scene = scene.with("router.green", "127.0.0.1:7,127.0.0.1:8");
    scene.is_on("green");
    scene.deployment.run(&["rollback"]).expect(0);
    scene.is_on("blue");
    // The one before that as well; what another hand wrote is not.
    scene.proxy.patch(UPSTREAMS, scene.proxy.upstreams(Color::Green));
    let status = scene.deployment.run(&["status"]).expect(0);
    status.says(&["it sends traffic to green"]);
    scene.proxy.patch(UPSTREAMS, r#"[{"dial":"127.0.0.1:9"}]"#);
    scene.deployment.run(&["status"]).expect(0).says(&["was not written by Switchback"]);
}

#[test]
fn without_a_path_the_service_is_found_by_its_upstreams() {
    // The example's path is taken away.
    let scene = start_with(|example, _| {
        example.with("upstream_path = \"/config/apps/http/servers/srv0/routes/0/handle/0\"", "")
    });
    scene.proxy.change("PUT", &format!("{ROUTES}/0"), &site("billing.test", "127.0.0.1:1"));
    crate::scenes::a_healthy_release_is_kept_and_taken_back_by_hand(&scene);
    assert_eq!(dials(&scene.proxy.get(UPSTREAMS)), ["127.0.0.1:1"]);
}

#[test]
fn of_several_places_none_is_moved_until_one_is_named() {
    let scene = start_with(|example, _| {
        example.with("upstream_path = \"/config/apps/http/servers/srv0/routes/0/handle/0\"", "")
    });
    let green = scene.apps.addresses()[2].clone();
    scene.proxy.change("PUT", &format!("{ROUTES}/0"), &site("preview.test", &green));
    refused(
        &scene,
        &["(preview.test) leads to", "it is unclear which one belongs to the service", "in router.upstream_path"],
    );
    let ours = format!("{ROUTES}/1/handle/0");
    let scene = scene.with("router.upstream_path", &ours);
    let warned =
        format!("caddy reverse_proxy {PROXY} (preview.test) leads to {green} (green); a move leaves it as it is");
    let moved = format!("ok       router        caddy reverse_proxy {ours} leads to {}", scene.apps.addresses()[0]);
    scene.deployment.run(&["doctor"]).expect(0).says(&[&warned, &moved, "(blue), moved by Switchback"]);
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    let done = scene.deployment.run(&["rollback"]).expect(0);
    assert!(done.stdout.contains(&format!("not moved, still on green: {PROXY} (preview.test)")), "{done:#?}");
    assert_eq!(dials(&scene.proxy.get(UPSTREAMS)), [green]);
}

#[test]
fn an_id_is_kept_to_and_a_lost_one_is_found_by_its_upstreams() {
    let scene = start();
    let mut proxy = scene.proxy.get(PROXY);
    proxy["@id"] = json!("shop");
    scene.proxy.patch(PROXY, &proxy.to_string());
    scene.proxy.change("PUT", &format!("{ROUTES}/0"), &site("preview.test", &scene.apps.addresses()[2]));
    let scene = scene.with("router.upstream_path", "/id/shop");
    scene.deployment.run(&["doctor"]).expect(0).says(&["caddy reverse_proxy /id/shop leads to"]);
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    scene.deployment.run(&["rollback"]).expect(0);
    scene.is_on("blue");
    // What has the name is the service's, even where only a page for testers leads to a color now.
    scene.proxy.patch("/id/shop/upstreams", r#"[{"dial":"127.0.0.1:1"}]"#);
    refused(&scene, &["/id/shop` holds `127.0.0.1:1`"]);
    // A configuration that is loaded anew may lack the name.
    scene.proxy.change("DELETE", &format!("{ROUTES}/0"), "");
    proxy.as_object_mut().unwrap().remove("@id");
    scene.proxy.patch(PROXY, &proxy.to_string());
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    let scene = scene.with("router.upstream_path", PROXY);
    scene.is_on("green");
}

#[test]
fn a_path_that_leads_to_no_upstreams_is_told_with_the_place_that_was_found() {
    let scene = start().with("router.upstream_path", "/config/apps/http/servers/srv0");
    let told = "router.upstream_path leads to an object that is not a reverse_proxy; the service was found by its upstreams at";
    scene.deployment.run(&["doctor"]).expect(0).says(&[told, &format!("next: router.upstream_path = \"{PROXY}\"")]);
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    scene.is_on("green");
    for path in ["/id/nobody", "/config/apps/http/servers/srv9/routes/0", "/config/apps/http/nowhere"] {
        let scene = start().with("router.upstream_path", path);
        scene.deployment.run(&["doctor"]).expect(0).says(&["router.upstream_path leads to nothing; "]);
    }
}

#[test]
fn upstreams_that_are_empty_or_missing_are_filled() {
    let scene = start();
    scene.proxy.patch(UPSTREAMS, "[]");
    scene.deployment.run(&["status"]).expect(0).says(&["holds `no upstreams`"]);
    scene.deployment.run(&["rollback", "--dry-run"]).expect(0);
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    scene.is_on("green");
    scene.proxy.change("DELETE", UPSTREAMS, "");
    scene.deployment.run(&["rollback"]).expect(0);
    scene.is_on("blue");
    // Upstreams that come from elsewhere are somebody's.
    let dynamic =
        json!({ "handler": "reverse_proxy", "dynamic_upstreams": { "source": "a", "name": "app.test", "port": "80" } });
    scene.proxy.patch(PROXY, &dynamic.to_string());
    refused(&scene, &["holds `dynamic upstreams`"]);
}

#[test]
fn other_names_of_the_same_address_are_the_same_upstream() {
    let scene = start();
    let names: Vec<Value> =
        serde_json::from_str(&scene.proxy.upstreams(Color::Blue).replace("127.0.0.1", "localhost")).unwrap();
    scene.proxy.patch(UPSTREAMS, &json!(names).to_string());
    scene.is_on("blue");
    let urls: Vec<String> = scene.apps.addresses()[2..].iter().map(|address| format!("http://{address}")).collect();
    let scene = scene.with("router.green", &urls.join(","));
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    assert_eq!(scene.proxy.get(UPSTREAMS).to_string(), scene.proxy.upstreams(Color::Green));
    scene.is_on("green");
}

#[test]
fn both_colors_at_once_are_neither_and_a_move_brings_all_to_one() {
    let scene = start();
    let addresses = scene.apps.addresses();
    scene.proxy.patch(UPSTREAMS, &json!([{ "dial": addresses[0] }, { "dial": addresses[2] }]).to_string());
    scene.deployment.run(&["status"]).expect(0).says(&["Caddy sends traffic to both colors: "]);
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    scene.is_on("green");
}

/// Stands between Switchback and the admin API, and appends a site the first time that the upstreams were read before a change.
fn meddler(scene: &Scene<Caddy>, times: usize) -> (u16, Arc<AtomicBool>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let (port, admin) = (listener.local_addr().unwrap().port(), scene.proxy.admin);
    let armed = Arc::new(AtomicBool::new(false));
    let (seen, mut left) = (Arc::clone(&armed), times);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let request = read_request(&mut client, admin);
            if request.starts_with("PATCH") && seen.load(Ordering::SeqCst) && left > 0 {
                left -= 1;
                let body = format!(r#"[{{"dial":"127.0.0.1:{left}"}}]"#);
                exchange(
                    admin,
                    &format!(
                        "PATCH {UPSTREAMS} HTTP/1.1\r\nHost: 127.0.0.1:{admin}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                        body.len()
                    ),
                );
            }
            let _ = client.write_all(&exchange(admin, &request));
        }
    });
    (port, armed)
}

/// One request with its body; it is to be the last of its connection.
fn read_request(client: &mut TcpStream, admin: u16) -> String {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let count = client.read(&mut chunk).unwrap();
        bytes.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            // Caddy takes only hosts that it knows.
            let lines: Vec<&str> = head.lines().filter(|line| !line.to_lowercase().starts_with("host: ")).collect();
            return format!("{}\r\nHost: 127.0.0.1:{admin}\r\nConnection: close\r\n\r\n{body}", lines.join("\r\n"));
        }
    }
}

fn exchange(port: u16, request: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

#[test]
fn a_change_at_the_same_moment_is_not_written_over() {
    let scene = start();
    let (front, armed) = meddler(&scene, 1);
    let scene = scene.with("router.admin_url", &format!("http://127.0.0.1:{front}"));
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    scene.deployment.run(&["rollback"]).expect(0);
    armed.store(true, Ordering::SeqCst);
    let done = scene.deployment.run(&["switch", "green", "--no-tui"]).expect(12);
    assert!(done.stdout.contains("holds `127.0.0.1:0`, which is neither"), "it was read anew: {done:#?}");
    assert_eq!(dials(&scene.proxy.get(UPSTREAMS)), ["127.0.0.1:0"]);
}

#[test]
fn an_admin_api_that_shows_only_a_part_is_enough_while_the_path_is_right() {
    let front = free_port();
    let scene = start_with(|example, admin| {
        let part = format!(
            ":{front} {{\n\tbind 127.0.0.1\n\t@whole path /config/\n\trespond @whole \"not for you\" 403\n\
             \treverse_proxy 127.0.0.1:{admin} {{\n\t\theader_up Host 127.0.0.1:{admin}\n\t}}\n}}\n\n"
        );
        example.with("}\n\n:", format!("}}\n\n{part}:"))
    });
    let servers = scene.proxy.get("/config/apps/http/servers");
    let ours = format!("127.0.0.1:{}", scene.proxy.port);
    let server = servers.as_object().unwrap().iter().find(|(_, server)| server["listen"][0] == ours.as_str()).unwrap();
    let path = format!("/config/apps/http/servers/{}/routes/0/handle/0", server.0);
    let scene =
        scene.with("router.admin_url", &format!("http://127.0.0.1:{front}")).with("router.upstream_path", &path);
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    scene.deployment.run(&["rollback"]).expect(0);
    scene.is_on("blue");
    scene.deployment.run(&["doctor"]).expect(0).says(&["cannot inspect all of caddy", "403 Forbidden: not for you"]);
    scene.proxy.patch(&format!("{path}/upstreams"), r#"[{"dial":"127.0.0.1:1"}]"#);
    refused(&scene, &["holds `127.0.0.1:1`"]);
}

#[test]
fn a_dry_run_without_caddy_ends_as_the_rollback_does() {
    let mut scene = start();
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    scene.proxy.kill();
    let dry = scene.deployment.run(&["rollback", "--dry-run"]).expect(7);
    assert!(
        dry.stderr.contains("the rollback would fail") && dry.stderr.contains("refused the connection"),
        "{dry:#?}"
    );
    scene.deployment.run(&["rollback"]).expect(7);
}
