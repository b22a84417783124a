//! Rules between keys.

use super::*;
use crate::config::{Away, HaproxyConfig, NginxConfig, SocketAddress};

#[test]
fn the_interval_is_at_most_a_quarter_of_the_window() {
    let loaded = load(env(&[("SWITCHBACK_SOAK_WINDOW", "4m"), ("SWITCHBACK_SOAK_INTERVAL", "1m")])).unwrap();
    assert_eq!(loaded.config.metrics.timeout, Duration::from_secs(5));
    assert_eq!(
        problems(env(&[("SWITCHBACK_SOAK_WINDOW", "10s"), ("SWITCHBACK_SOAK_INTERVAL", "3s")])),
        ["soak.interval: must be at most a quarter of soak.window = 10s (environment SWITCHBACK_SOAK_WINDOW)\n    \
          from     environment SWITCHBACK_SOAK_INTERVAL\n    given    3s\n    allowed  100ms..2s500ms\n    example  \
          SWITCHBACK_SOAK_INTERVAL=500ms"]
    );
}

#[test]
fn the_default_interval_gives_way_to_a_short_window() {
    let config = load(env(&[("SWITCHBACK_SOAK_WINDOW", "3s")])).unwrap().config;
    assert_eq!(config.soak.interval, Duration::from_millis(750));
    assert_eq!(config.metrics.timeout, Duration::from_millis(750));
}

#[test]
fn one_mistake_is_one_problem() {
    let inputs = env(&[("SWITCHBACK_SOAK_WINDOW", "30"), ("SWITCHBACK_SOAK_INTERVAL", "5m")]);
    assert_eq!(headlines(inputs).len(), 1);
    let inputs = env(&[("SWITCHBACK_ROUTER_KIND", "command"), ("SWITCHBACK_ROUTER_SWITCH", "npm run")]);
    assert_eq!(headlines(inputs), ["router.switch: not a JSON array of strings"]);
    let broken = Inputs { env: owned(&[("SWITCHBACK_ROUTER_KIND", "command")]), ..file("[router\n") };
    assert_eq!(headlines(broken).len(), 1);
}

#[test]
fn an_instance_belongs_to_one_color() {
    assert_eq!(
        problems(env(&[("SWITCHBACK_COLORS_BLUE_INSTANCES", "http://u:hunter2@127.0.0.1:3002/")])),
        ["colors.green.instances: http://127.0.0.1:3002 is also an instance of blue (environment \
          SWITCHBACK_COLORS_BLUE_INSTANCES)\n    from     default\n    given    http://127.0.0.1:3002\n    allowed  base URLs \
          (http, https, dns+http, dns+https), comma-separated or an array; none in both colors\n    example  colors.green.instances = \
          [\"http://10.0.0.1:3002\",\"http://10.0.0.2:3002\"]"]
    );
}

#[test]
fn a_command_router_needs_a_command() {
    let found = problems(env(&[("SWITCHBACK_ROUTER_KIND", "command")]));
    assert_eq!(
        found,
        ["router.switch: router.kind = command (environment SWITCHBACK_ROUTER_KIND) needs it\n    from     \
          default\n    allowed  command line as an array of strings (JSON in a variable); needed for router.kind command, \
          and only there\n    example  router.switch = [\"npm\", \"run\", \"deploy:switch-{color}\"]"]
    );
}

#[test]
fn a_command_without_a_kind_is_a_problem_and_with_another_kind_a_warning() {
    let read = ("SWITCHBACK_ROUTER_READ", r#"["cat", "color"]"#);
    let found = headlines(env(&[read]));
    assert_eq!(
        found,
        ["router.read: router.kind is not given, so this would never be used: set router.kind = command"]
    );
    let loaded = load(env(&[read, ("SWITCHBACK_ROUTER_KIND", "state-file")])).unwrap();
    assert_eq!(loaded.config.router.kind, RouterKind::StateFile);
    assert_eq!(
        loaded.warnings,
        ["router.read (environment SWITCHBACK_ROUTER_READ) is not used with router.kind = state-file (environment \
          SWITCHBACK_ROUTER_KIND)"]
    );
}

const HAPROXY: [(&str, &str); 5] = [
    ("SWITCHBACK_ROUTER_KIND", "haproxy"),
    ("SWITCHBACK_ROUTER_SOCKET", "run/admin.sock"),
    ("SWITCHBACK_ROUTER_BACKEND", "app"),
    ("SWITCHBACK_ROUTER_BLUE", "b1, b2"),
    ("SWITCHBACK_ROUTER_GREEN", "g1"),
];

#[test]
fn each_kind_of_router_gets_what_it_needs() {
    let router = |variables: &[_]| load(env(variables)).unwrap().config.router.kind;
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        router(&HAPROXY),
        RouterKind::Haproxy(HaproxyConfig {
            socket: SocketAddress::Unix("/srv/run/admin.sock".into()),
            backend: "app".to_owned(),
            blue: words(&["b1", "b2"]),
            green: words(&["g1"]),
            away: None,
        })
    );
    for (word, away) in
        [("auto", None), ("drain", Some(Away::Drain)), ("maint", Some(Away::Maint)), ("weight", Some(Away::Weight))]
    {
        let variables = [&HAPROXY[..], &[("SWITCHBACK_ROUTER_AWAY", word)]].concat();
        let RouterKind::Haproxy(config) = router(&variables) else { panic!() };
        assert_eq!(config.away, away);
    }
    let nginx = [("SWITCHBACK_ROUTER_KIND", "nginx"), ("SWITCHBACK_ROUTER_INCLUDE_FILE", "active.conf")];
    assert_eq!(
        router(&nginx),
        RouterKind::Nginx(NginxConfig {
            include_file: "/srv/active.conf".into(),
            template: "proxy_pass http://{upstream};".to_owned(),
            blue: "blue".to_owned(),
            green: "green".to_owned(),
            test: words(&["nginx", "-t"]),
            reload: words(&["nginx", "-s", "reload"]),
            pid_file: "/run/nginx.pid".into(),
        })
    );
    let caddy = [("SWITCHBACK_ROUTER_KIND", "caddy"), ("SWITCHBACK_ROUTER_UPSTREAM_PATH", "/id/app")];
    let RouterKind::Caddy(config) = router(&caddy) else { panic!() };
    assert_eq!(
        (config.admin.to_string().as_str(), config.upstream_path.as_deref()),
        ("http://127.0.0.1:2019", Some("/id/app"))
    );
    assert_eq!((config.blue, config.green), (words(&["127.0.0.1:3001"]), words(&["127.0.0.1:3002"])));
    let named =
        [caddy[0], ("SWITCHBACK_ROUTER_BLUE", "http://app-blue:3001"), ("SWITCHBACK_ROUTER_GREEN", "app-green:3001")];
    let RouterKind::Caddy(config) = router(&named) else { panic!() };
    assert_eq!((config.blue, config.green), (words(&["app-blue:3001"]), words(&["app-green:3001"])));
    assert_eq!(config.upstream_path, None, "it is found by its upstreams");
}

#[test]
fn what_a_kind_of_router_needs_is_asked_for_key_by_key() {
    for (kind, missing) in [
        ("haproxy", vec!["router.socket", "router.backend", "router.blue", "router.green"]),
        ("nginx", vec!["router.include_file"]),
    ] {
        let found = headlines(env(&[("SWITCHBACK_ROUTER_KIND", kind)]));
        let expected = missing
            .iter()
            .map(|key| format!("{key}: router.kind = {kind} (environment SWITCHBACK_ROUTER_KIND) needs it"));
        assert_eq!(found, expected.collect::<Vec<_>>());
    }
    let forgotten = headlines(env(&[("SWITCHBACK_ROUTER_BLUE", "b1")]));
    assert_eq!(
        forgotten,
        [
            "router.blue: router.kind is not given, so this would never be used: set router.kind = haproxy or nginx or caddy"
        ]
    );
}

#[test]
fn a_router_that_cannot_tell_the_colors_apart_is_refused() {
    let mut twins = HAPROXY;
    twins[4].1 = "g1,b2";
    assert_eq!(headlines(env(&twins)), ["router.green: `b2` is also called blue"]);
    let caddy = [
        ("SWITCHBACK_ROUTER_KIND", "caddy"),
        ("SWITCHBACK_ROUTER_BLUE", "http://localhost:3001"),
        ("SWITCHBACK_ROUTER_GREEN", "127.0.0.1:3001"),
    ];
    assert_eq!(headlines(env(&caddy)), ["router.green: `127.0.0.1:3001` is also called blue"]);
    let nginx = |key, value| {
        headlines(env(&[
            ("SWITCHBACK_ROUTER_KIND", "nginx"),
            ("SWITCHBACK_ROUTER_INCLUDE_FILE", "a.conf"),
            (key, value),
        ]))
    };
    let several = nginx("SWITCHBACK_ROUTER_GREEN", "g1,g2");
    assert_eq!(several, ["router.green: router.kind = nginx takes one name: that of an upstream"]);
    let same = nginx("SWITCHBACK_ROUTER_TEMPLATE", "proxy_pass http://app;");
    assert_eq!(same, ["router.template: this is the same text for both colors"]);
}

#[test]
fn the_control_socket_lies_in_the_folder_of_the_service_unless_it_is_named() {
    let socket = |variables: &[_]| load(env(variables)).unwrap().config.control.socket;
    let variables = [("SWITCHBACK_DATA_DIR", "data"), ("SWITCHBACK_SERVICE", "shop")];
    assert_eq!(socket(&variables), Path::new("/srv/data/shop/control.sock"));
    assert_eq!(socket(&[("SWITCHBACK_CONTROL_SOCKET", "run/shop.sock")]), Path::new("/srv/run/shop.sock"));
}

#[test]
fn the_path_of_a_socket_that_no_system_takes_is_refused_with_its_length() {
    // `/srv/`, the folder, `/default/control.sock`.
    let folder = |length: usize| "d".repeat(length - "/srv/".len() - "/default/control.sock".len());
    let long = |length| load(env(&[("SWITCHBACK_DATA_DIR", &folder(length))]));
    assert_eq!(long(107).unwrap().config.control.socket.as_os_str().len(), 107);
    let found = long(108).unwrap_err().to_string();
    for part in [
        "control.socket: this path is 108 bytes long, and a Unix socket takes 107 at most: set control.socket to a shorter one",
        "from     default",
        "allowed  path; at most 107 bytes",
        "example  control.socket = \"/run/switchback/checkout-api.sock\"",
    ] {
        assert!(found.contains(part), "{found}");
    }
    // Bytes count, not characters.
    let given = headlines(env(&[("SWITCHBACK_CONTROL_SOCKET", &format!("/{}", "ä".repeat(54)))]));
    assert_eq!(given.len(), 1);
    assert!(given[0].contains("109 bytes"), "{given:?}");
}

#[test]
fn rules_between_keys_are_reported_beside_every_other_problem() {
    let inputs =
        Inputs { env: owned(&[("SWITCHBACK_ROUTER_KIND", "command")]), ..file("zzz = 1\nsoak.grace = \"1\"\n") };
    let found = headlines(inputs);
    let subjects: Vec<_> = found.iter().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(subjects, ["zzz", "soak.grace", "router.switch"]);
}
