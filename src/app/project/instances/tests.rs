use super::*;
use crate::app::project::testing::{project, scripts};

fn found(files: &[(&str, &str)]) -> Option<(Vec<String>, Vec<String>)> {
    let project = project(files);
    let found = find(&project, &scripts(&project)).into_iter().next()?;
    Some((found.blue, found.green))
}

#[track_caller]
fn assert_ports(file: &str, text: &str) {
    let expected = |port: &str| vec![format!("127.0.0.1:{port}")];
    assert_eq!(found(&[(file, text)]), Some((expected("4001"), expected("4002"))), "{file}: {text}");
}

#[test]
fn variables_of_every_spelling_name_the_ports() {
    for (file, text) in [
        ("deploy.sh", "BLUE_PORT=4001\nGREEN_PORT=4002\n"),
        ("deploy.sh", "export PORT_BLUE=\"4001\"; export PORT_GREEN=\"4002\""),
        (
            "deploy.sh",
            "readonly APP_BLUE_PORT=${APP_BLUE_PORT:-4001}\nreadonly APP_GREEN_PORT=${APP_GREEN_PORT:-4002}\n",
        ),
        (".env", "BLUE_URL=http://localhost:4001\nGREEN_URL=http://localhost:4002\n"),
        ("deploy.ts", "const BLUE_PORT = 4001;\nconst GREEN_PORT = Number(process.env.GREEN_PORT || 4002);\n"),
        ("deploy.ts", "const bluePort = 4001, x = 1;\nconst greenPort = 4002;\n"),
        ("deploy.py", "BLUE_PORT = 4001\nGREEN_PORT = 4002\n"),
        ("ci.yml", "env:\n  BLUE_PORT: 4001\n  GREEN_PORT: 4002\n"),
        ("deploy.sh", "BLUE_BACKEND=127.0.0.1:4001\nGREEN_BACKEND=127.0.0.1:4002\n"),
        ("Makefile", "BLUE_PORT := 4001\nGREEN_PORT := 4002\n"),
    ] {
        assert_ports(file, text);
    }
}

#[test]
fn a_port_near_the_name_of_a_color_is_its_port() {
    for (file, text) in [
        ("deploy.ts", "const PORTS = { blue: 4001, green: 4002 };"),
        (
            "deploy.ts",
            "const slots = {\n  blue: {\n    name: 'x',\n    port: 4001,\n  },\n  green: {\n    port: 4002,\n  },\n};",
        ),
        ("deploy.ts", "const targets = { blue: 'http://localhost:4001', green: 'http://localhost:4002' };"),
        ("deploy.py", "PORTS = {\"blue\": 4001, \"green\": 4002}"),
        ("deploy.sh", "declare -A PORTS=([blue]=4001 [green]=4002)"),
        (
            "ecosystem.config.js",
            "apps: [{ name: 'app-blue', env: { PORT: 4001 } },\n { name: 'app-green', env: { PORT: 4002 } }]",
        ),
        ("run.sh", "docker run -d --name app-blue -p 4001:3000 app\ndocker run -d --name app-green -p 4002:3000 app\n"),
    ] {
        assert_ports(file, text);
    }
}

#[test]
fn branches_say_which_port_belongs_to_which_color() {
    for text in [
        "case $COLOR in\n  blue) PORT=4001 ;;\n  green) PORT=4002 ;;\nesac",
        "if [ \"$COLOR\" = \"blue\" ]; then PORT=4001; else PORT=4002; COLOR=green; fi",
        "if [ \"$ACTIVE\" = \"blue\" ]; then\n  NEW_PORT=4002\n  NEW=green\nelse\n  NEW_PORT=4001\n  NEW=blue\nfi",
        "if [ \"$CURRENT\" == \"blue\" ]; then NEW=green; NEW_PORT=4002; OLD_PORT=4001; OLD=blue; fi",
        "if [[ $CURRENT_COLOR == blue ]]; then\n  IDLE_PORT=4002\nelif [[ $CURRENT_COLOR == green ]]; then\n  IDLE_PORT=4001\nfi",
    ] {
        assert_ports("deploy.sh", text);
    }
    assert_ports("deploy.ts", "const port = color === 'blue' ? 4001 : 4002;");
    assert_ports("deploy.ts", "const nextPort = active === 'blue' ? 4002 : 4001;");
}

#[test]
fn routers_name_every_server_of_a_color() {
    let nginx = "upstream app_blue {\n  server 10.0.0.1:80;\n  server 10.0.0.2:80;\n}\nupstream app_green {\n  server 10.0.0.3:80;\n}\n";
    let (blue, green) = found(&[("nginx.conf", nginx)]).unwrap();
    assert_eq!((blue.len(), green), (2, vec!["10.0.0.3:80".to_owned()]));
    assert_eq!(
        found(&[
            ("nginx/blue.conf", "upstream a { server localhost:4001; }"),
            ("nginx/green.conf", "upstream a { server localhost:4002; }")
        ]),
        Some((vec!["127.0.0.1:4001".to_owned()], vec!["127.0.0.1:4002".to_owned()]))
    );
    assert_ports(
        "haproxy.cfg",
        "backend app\n  server blue 127.0.0.1:4001 check\n  server green 127.0.0.1:4002 check\n",
    );
    assert_ports(
        "haproxy.cfg",
        "backend app-blue\n  server s1 127.0.0.1:4001\nbackend app-green\n  server s1 127.0.0.1:4002\n",
    );
}

#[test]
fn compose_services_are_at_the_ports_they_publish() {
    for (blue, green) in [
        ("ports: [\"4001:3000\"]", "ports: [\"4002:3000\"]"),
        ("ports:\n      - 127.0.0.1:4001:3000/tcp", "ports:\n      - \"${GREEN_PORT:-4002}:3000\""),
        (
            "ports:\n      - target: 3000\n        published: 4001",
            "ports:\n      - target: 3000\n        published: \"4002\"",
        ),
    ] {
        let text = format!("services:\n  web-blue:\n    {blue}\n  web-green:\n    {green}\n");
        assert_ports("compose.yaml", &text);
    }
}

#[test]
fn a_pair_needs_both_colors_and_no_port_in_common() {
    for text in [
        "BLUE_PORT=4001\n",
        "BLUE_PORT=4001\nGREEN_PORT=4001\n",
        "BLUE_METRICS_PORT=1\nGREEN_METRICS_PORT=2\n",
        "timeout: 3000\n",
        "blue: 5\ngreen: 6\n",
    ] {
        assert_eq!(found(&[("deploy.sh", text)]), None, "{text}");
    }
}

#[test]
fn yaml_that_would_grow_without_end_is_left_alone() {
    let bomb = "a: &a [*a, *a]\n".repeat(40);
    assert_eq!(yaml(&bomb), None);
}

#[test]
fn addresses_are_compared_by_what_they_reach() {
    let instances = Instances {
        blue: vec!["127.0.0.1:4001".into()],
        green: vec!["127.0.0.1:4002".into()],
        reasons: Default::default(),
    };
    assert_eq!(instances.color_of("http://localhost:4001/"), Some(Color::Blue));
    assert_eq!(instances.color_of_port("4002"), Some(Color::Green));
    assert_eq!(instances.color_of("10.0.0.1:4001"), None);
    assert_eq!(address("https://shop.example.com:8443/x").as_deref(), Some("https://shop.example.com:8443"));
    assert_eq!(address("30"), None);
    assert!(is_inside("app-blue:3000") && !is_inside("10.0.0.1:80"));
}
