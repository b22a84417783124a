use super::*;
use crate::app::project::instances;
use crate::app::project::testing::{project, scripts};

/// The proposal as lines `key = value`.
#[track_caller]
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let project = project(files);
    let scripts = scripts(&project);
    let instances = instances::find(&project, &scripts).into_iter().next().expect("instances");
    let choice = find(&Look { project: &project, scripts: &scripts, instances: &instances }).unwrap_or_default();
    let line = |setting: &Setting| match &setting.value {
        Value::Text(text) => format!("{} = {text}", setting.key),
        Value::List(words) => format!("{} = {}", setting.key, words.join(" ")),
    };
    choice.settings.iter().map(line).collect()
}

const PORTS: (&str, &str) = (".env", "BLUE_PORT=3001\nGREEN_PORT=3002\n");
const BLUE: &str = "upstream app { server 127.0.0.1:3001; }\n";
const GREEN: &str = "upstream app { server 127.0.0.1:3002; }\n";

#[track_caller]
fn assert_has(lines: &[String], expected: &[&str]) {
    for line in expected {
        assert!(lines.iter().any(|known| known == line), "no `{line}` in {lines:#?}");
    }
}

#[test]
fn a_link_to_the_file_of_a_color_is_moved_by_nginx() {
    let files = [("n/upstream-blue.conf", BLUE), ("n/upstream-green.conf", GREEN)];
    for script in [
        "ln -sfn upstream-$NEW.conf n/active.conf\nsudo nginx -t && sudo systemctl reload nginx\n",
        "cd n\nln -sfn \"upstream-${NEW}.conf\" active.conf\n",
        "DIR=n\nln -s upstream-$NEW.conf $DIR/active.tmp && mv -T $DIR/active.tmp $DIR/active.conf\n",
        "if x; then ln -sf /srv/shop/n/upstream-green.conf n/active.conf; fi\n",
    ] {
        let lines = found(&[files[0], files[1], ("deploy.sh", script)]);
        assert_has(&lines, &["router.kind = nginx", "router.include_file = n/active.conf"]);
        assert!(!lines.iter().any(|line| line.contains("template")), "{script}: {lines:?}");
    }
    let lines = found(&[
        files[0],
        files[1],
        ("deploy.sh", "ln -sfn upstream-$NEW.conf n/active.conf\nsudo systemctl reload nginx\n"),
    ]);
    assert_has(&lines, &["router.reload = sudo -n systemctl reload nginx"]);
}

#[test]
fn a_copy_of_the_file_of_a_color_becomes_a_template() {
    let files = [("n/blue.conf", BLUE), ("n/green.conf", GREEN)];
    let expected = [
        "router.kind = nginx",
        "router.include_file = n/active.conf",
        "router.template = upstream app { server {upstream}; }",
        "router.blue = 127.0.0.1:3001",
        "router.green = 127.0.0.1:3002",
    ];
    assert_has(&found(&[files[0], files[1], ("d.sh", "cp n/$NEW.conf n/active.conf\nnginx -s reload\n")]), &expected);
    // No script tells of it: the copy has the text of one of them.
    assert_has(&found(&[files[0], files[1], ("n/active.conf", BLUE)]), &expected);
}

#[test]
fn files_that_differ_in_more_are_copied_by_a_command() {
    let green = "upstream app { server 127.0.0.1:3002; keepalive 8; }\n";
    let script = "cp n/$NEW.conf n/active.conf\nnginx -t\nnginx -s reload\n";
    let lines = found(&[("n/blue.conf", BLUE), ("n/green.conf", green), ("d.sh", script)]);
    assert_has(
        &lines,
        &[
            "router.kind = command",
            "router.switch = sh -c cp /srv/shop/n/{color}.conf /srv/shop/n/active.conf && nginx -t && nginx -s reload",
        ],
    );
}

#[test]
fn a_line_that_a_script_writes_becomes_a_template() {
    for (script, template, blue) in [
        (
            "echo \"set \\$service_url http://127.0.0.1:${PORT};\" | sudo tee /etc/nginx/service-url.inc",
            "set $service_url {upstream};",
            "http://127.0.0.1:3001",
        ),
        ("echo \"server 127.0.0.1:$NEW_PORT;\" > /etc/nginx/service-url.inc", "server {upstream};", "127.0.0.1:3001"),
        (
            "cat > /etc/nginx/service-url.inc <<EOF\nupstream shop {\n  # active\n  server localhost:$PORT;\n}\nEOF",
            "upstream shop { server {upstream}; }",
            "localhost:3001",
        ),
        (
            "printf 'upstream shop { server 127.0.0.1:%s; }\\n' \"$PORT\" > /tmp/x\nmv /tmp/x /etc/nginx/service-url.inc",
            "upstream shop { server {upstream}; }",
            "127.0.0.1:3001",
        ),
    ] {
        let lines = found(&[PORTS, ("d.sh", script)]);
        assert_has(&lines, &["router.kind = nginx", "router.include_file = /etc/nginx/service-url.inc"]);
        assert_has(&lines, &[&format!("router.template = {template}"), &format!("router.blue = {blue}")]);
    }
    let lines = found(&[PORTS, ("d.sh", "echo \"proxy_pass http://app_$COLOR;\" > /etc/nginx/active.inc")]);
    assert_has(&lines, &["router.template = proxy_pass http://app_{upstream};"]);
    let js = "fs.writeFileSync('/etc/nginx/a.inc', `set $url http://127.0.0.1:${port};`);";
    assert_has(
        &found(&[PORTS, ("d.ts", js)]),
        &["router.template = set $url {upstream};", "router.green = http://127.0.0.1:3002"],
    );
}

#[test]
fn a_file_with_nothing_but_an_address_is_a_snippet() {
    let lines =
        found(&[PORTS, ("nginx/service-url.inc", "# written by deploy.sh\nset $service_url http://127.0.0.1:3002;\n")]);
    assert_has(
        &lines,
        &[
            "router.kind = nginx",
            "router.include_file = nginx/service-url.inc",
            "router.template = set $service_url {upstream};",
        ],
    );
    assert_has(&lines, &["router.blue = http://127.0.0.1:3001", "router.green = http://127.0.0.1:3002"]);
}

#[test]
fn haproxy_moves_the_servers_of_one_backend() {
    let text = "global\n  stats socket /run/h.sock level admin\nbackend shop\n  server b1 127.0.0.1:3001\n  server g1 127.0.0.1:3002 weight 0\n";
    let expected = [
        "router.kind = haproxy",
        "router.socket = /run/h.sock",
        "router.backend = shop",
        "router.blue = b1",
        "router.green = g1",
    ];
    assert_has(&found(&[PORTS, ("haproxy.cfg", text)]), &expected);
    let script = "echo \"set server shop/app-$NEW state ready\" | socat stdio UNIX-CONNECT:/run/h.sock\n";
    let expected =
        ["router.socket = /run/h.sock", "router.backend = shop", "router.blue = app-blue", "router.green = app-green"];
    assert_has(&found(&[PORTS, ("d.sh", script)]), &expected);
    let tcp = "global\n  stats socket ipv4@127.0.0.1:9999 level admin\nbackend shop\n  server blue 10.0.0.1:1\n  server green 10.0.0.2:1\n";
    assert_has(&found(&[PORTS, ("haproxy.cfg", tcp)]), &["router.socket = tcp://127.0.0.1:9999"]);
}

#[test]
fn caddy_is_moved_over_its_admin_api() {
    let lines = found(&[
        PORTS,
        ("Caddyfile", "{\n\tadmin localhost:2020\n}\nshop.example.com {\n\treverse_proxy localhost:3001\n}\n"),
    ]);
    assert_has(&lines, &["router.kind = caddy", "router.admin_url = http://127.0.0.1:2020"]);
    let lines = found(&[PORTS, ("Caddyfile", ":80 {\n\treverse_proxy app-blue:3000\n}\n")]);
    assert_has(&lines, &["router.blue = app-blue:3000", "router.green = app-green:3000"]);
    let off = ("Caddyfile.blue", "{\n\tadmin off\n}\n:80 {\n\treverse_proxy localhost:3001\n}\n");
    let lines = found(&[PORTS, off, ("d.sh", "cp Caddyfile.$NEW Caddyfile\nsystemctl reload caddy\n")]);
    assert_has(
        &lines,
        &["router.switch = sh -c cp /srv/shop/Caddyfile.{color} /srv/shop/Caddyfile && systemctl reload caddy"],
    );
}

#[test]
fn traefik_is_moved_by_the_word_in_its_file() {
    let text = "http:\n  routers:\n    app:\n      service: \"shop-green\"\n  services:\n    shop-blue: {}\n    shop-green: {}\n";
    let lines = found(&[PORTS, ("traefik/app.yml", text)]);
    assert!(lines[1].contains("service: shop-{color}") && lines[2].contains("traefik/app.yml"), "{lines:?}");
    assert!(found(&[PORTS, ("traefik/app.yml", "http:\n  routers:\n    app:\n      service: shop\n")]).is_empty());
}

#[test]
fn sed_does_for_either_color_what_the_script_does() {
    for (line, switch, read) in [
        (
            "sed -i \"s/default .*;/default $NEW;/\" /etc/nginx/shop.conf",
            "sed -i \"s/default .*;/default {color};/\" /etc/nginx/shop.conf",
            "s/.*default \\(blue\\|green\\);.*/\\1/p",
        ),
        (
            "sudo sed -i 's/server x-blue:80/server x-green:80/' /etc/nginx/shop.conf",
            "case {color} in blue) other=green ;; *) other=blue ;; esac && sudo -n sed -i \"s/server x-$other:80/server x-{color}:80/\" /etc/nginx/shop.conf",
            "s/.*server x-\\(blue\\|green\\):80.*/\\1/p",
        ),
        (
            "sed -i \"s|127.0.0.1:$OLD_PORT|127.0.0.1:$NEW_PORT|\" /etc/nginx/shop.conf",
            "case {color} in blue) to=3001 other=3002 ;; *) to=3002 other=3001 ;; esac && sed -i \"s|127.0.0.1:$other|127.0.0.1:$to|\" /etc/nginx/shop.conf",
            "s|.*127.0.0.1:3001.*|blue|p; s|.*127.0.0.1:3002.*|green|p",
        ),
    ] {
        let lines = found(&[PORTS, ("d.sh", &format!("{line}\nnginx -t && nginx -s reload\n"))]);
        assert_has(&lines, &["router.kind = command"]);
        assert_has(&lines, &[&format!("router.switch = sh -c {switch} && nginx -t && nginx -s reload")]);
        assert!(lines[2].contains(read), "{lines:?}");
    }
    assert!(found(&[PORTS, ("d.sh", "sed -i \"s/VERSION=.*/VERSION=$NEW/\" app.env")]).is_empty());
}

#[test]
fn a_script_that_takes_a_color_and_only_moves_is_the_command() {
    let text = "#!/bin/sh\ncase $1 in blue|green) ;; *) exit 2 ;; esac\n./reload-my-lb --to \"$1\"\necho \"$1\" > .active_color\n";
    let lines = found(&[PORTS, ("ops/switch-traffic.sh", text)]);
    assert_has(&lines, &["router.switch = ./ops/switch-traffic.sh {color}", "router.read = cat .active_color"]);
    let deploys = format!("{text}docker compose up -d app-$1\n");
    assert!(found(&[PORTS, ("switch.sh", &deploys)]).is_empty());
}

#[test]
fn npm_scripts_move_where_they_do_more_than_write_the_state() {
    let package = r#"{"scripts": {"deploy:switch-green": "ts-node deploy.ts switch-green", "deploy:rollback": "ts-node deploy.ts rollback", "deploy:status": "x"}}"#;
    let state = "const PORTS = { blue: 3001, green: 3002 };\nfs.writeFileSync('.deployment-state.json', JSON.stringify(state));\n";
    assert_eq!(found(&[("package.json", package), ("deploy.ts", state)]), ["router.kind = state-file"]);
    let moves = format!("{state}execSync('nginx -s reload');\n");
    let lines = found(&[("package.json", package), ("deploy.ts", &moves)]);
    assert_has(
        &lines,
        &[
            "router.kind = command",
            "router.switch = npm run --silent deploy:switch-{color}",
            "router.rollback = npm run --silent deploy:rollback",
            "router.read = npm run --silent deploy:status",
        ],
    );
}

#[test]
fn what_a_script_records_for_itself_is_told() {
    let told = |script: &str| {
        let project = project(&[PORTS, ("nginx/a.inc", "server 127.0.0.1:3001;"), ("d.sh", script)]);
        let scripts = scripts(&project);
        let instances = instances::find(&project, &scripts).remove(0);
        find(&Look { project: &project, scripts: &scripts, instances: &instances }).unwrap().notes.join("\n")
    };
    assert!(told("echo $NEW_PORT > .active-port").contains("d.sh:1 keeps what is active in `.active-port`"));
    assert!(told("echo \"ACTIVE_COLOR=$NEW\" > .active").contains("`.active`"));
    assert!(!told("echo \"$VERSION\" > .version").contains("keeps"));
}

#[test]
fn nothing_is_recognized_where_nothing_tells() {
    assert!(found(&[PORTS, ("deploy.sh", "docker compose up -d\ncp a b\n")]).is_empty());
}

#[test]
fn nothing_but_the_color_is_replaced() {
    let switch = |line: &str| {
        let lines = found(&[PORTS, ("d.sh", &format!("{line}\nnginx -s reload\n"))]);
        lines.into_iter().find(|line| line.starts_with("router.switch")).unwrap_or_default()
    };
    assert!(switch("sed -i s/blue/green/g /etc/nginx/shop.conf").contains("\"s/$other/{color}/g\""));
    assert!(
        switch("sed -i \"s/default $CUR;/default $NEW;/\" /etc/nginx/a.conf")
            .contains("s/default $other;/default {color};/")
    );
    assert!(switch("sed -i \"s/a/b$NEW/\" \"/etc/nginx/my sites/a.conf\"").contains("'/etc/nginx/my sites/a.conf'"));
    assert!(switch("perl -pi -e \"s/:\\d+/:$NEW_PORT/\" /etc/nginx/shop.conf").is_empty());
}

#[test]
fn what_a_template_has_of_its_own_stays() {
    let template = ("nginx/url.tmpl", "set $service_url http://127.0.0.1:${PORT};\n");
    let lines = found(&[PORTS, template, ("d.sh", "envsubst '$PORT' < nginx/url.tmpl > /etc/nginx/url.inc\n")]);
    assert_has(&lines, &["router.template = set $service_url {upstream};", "router.blue = http://127.0.0.1:3001"]);
    let urls = "BLUE_URL=http://127.0.0.1:3001\nGREEN_URL=http://127.0.0.1:3002\nif x; then T=$BLUE_URL; else T=$GREEN_URL; fi\n";
    let lines = found(&[("d.sh", &format!("{urls}echo \"set \\$target $T;\" > /etc/nginx/target.inc\n"))]);
    assert_has(&lines, &["router.template = set $target {upstream};", "router.green = http://127.0.0.1:3002"]);
    // Weights of both servers are no template.
    let weights = "echo \"server 127.0.0.1:3001 weight=$W1; server 127.0.0.1:3002 weight=$W2;\" > /etc/nginx/up.inc\n";
    assert!(found(&[PORTS, ("d.sh", weights)]).is_empty());
}

#[test]
fn links_and_copies_of_others_are_none_of_a_router() {
    for line in [
        "ln -s /etc/nginx/sites-available/app-$C.conf /etc/nginx/sites-enabled/",
        "ln -sf /etc/default/app-$C.conf /etc/default/app.conf",
        "cp config/$C.conf /etc/app/app.conf\nsystemctl restart app",
    ] {
        assert!(found(&[PORTS, ("d.sh", line)]).is_empty(), "{line}");
    }
}

#[test]
fn an_instance_with_a_path_and_one_that_was_given_are_written_once() {
    let project = project(&[("d.sh", "echo \"set \\$url http://127.0.0.1:3001;\" > /etc/nginx/url.inc\n")]);
    let scripts = scripts(&project);
    let [blue, green] = [3001, 3002].map(|port| vec![format!("http://127.0.0.1:{port}/app")]);
    let instances = Instances { blue, green, reasons: Default::default() };
    let choice = find(&Look { project: &project, scripts: &scripts, instances: &instances }).unwrap();
    let value = |key| choice.settings.iter().find(|setting| setting.key == key).map(|setting| setting.value.clone());
    assert_eq!(value("router.template"), Some(Value::Text("set $url {upstream};".to_owned())));
    assert_eq!(value("router.green"), Some(Value::Text("http://127.0.0.1:3002".to_owned())));
}

#[test]
fn sed_that_looks_for_another_kind_of_thing_is_left_alone() {
    for line in [
        "sed -i \"s/localhost:$OLD_PORT/app-$NEW/\" /etc/nginx/a.conf",
        "sed -i \"s/$HOST:$OLD_PORT/x:$NEW_PORT/\" /etc/nginx/a.conf",
    ] {
        assert!(found(&[PORTS, ("d.sh", line)]).is_empty(), "{line}");
    }
}
