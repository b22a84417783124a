//! `[colors]`, `[instances]`, `[metrics]` and `[health]`: where instances show what, and how they are asked.

use super::*;

#[test]
fn each_listed_instance_has_a_page_of_its_own() {
    let green = "colors.green.instances = [\"http://a:1\", \"http://b:1\"]\n";
    let one = format!("{green}colors.green.metrics = [\"http://a:9\", \"http://b:9\"]\n");
    assert_eq!(load(file(&one)).unwrap().config.colors.green_metrics.len(), 2);
    for (text, expected) in [
        (
            format!("{green}colors.green.metrics = [\"http://a:9\"]\n"),
            "colors.green.metrics: 1 URL for 2 instances of colors.green.instances (switchback.toml:1): one for each, in \
             their order",
        ),
        (
            "colors.green.metrics = [\"http://a:9\", \"http://b:9\"]\n".to_owned(),
            "colors.green.metrics: 2 URLs for 1 instance of colors.green.instances (default): one for each, in their order",
        ),
        (
            "colors.green.instances = [\"dns+http://a:1\"]\ncolors.green.metrics = [\"http://a:9\"]\n".to_owned(),
            "colors.green.metrics: dns+http://a:1 (switchback.toml:1) stands for any number of instances: use metrics.port \
             instead",
        ),
        (
            "colors.green.metrics = [\"dns+http://a:9\"]\n".to_owned(),
            "colors.green.metrics: dns+http://a:9 stands for any number of pages: name them one by one",
        ),
        (
            "colors.green.metrics = [\"http://a:9\"]\ncolors.blue.metrics = [\"http://u:p@a:9\"]\n".to_owned(),
            "colors.green.metrics: http://a:9 also has the metrics of blue (switchback.toml:2)",
        ),
        (
            "colors.green.metrics = [\"http://u:hunter2@:99999\"]\n".to_owned(),
            "colors.green.metrics: URL 1: empty host",
        ),
    ] {
        assert_eq!(headlines(file(&text)), [expected], "{text}");
    }
    let away = format!(
        "{one}checks.error-rate.source = \"prometheus\"\nchecks.error-rate.selector = \"x\"\n\
         prometheus.url = \"http://p\"\n"
    );
    let warned = load(file(&away)).unwrap().warnings;
    assert_eq!(
        warned,
        ["colors.green.metrics (switchback.toml:2) has no effect: no check reads the pages of instances"]
    );
}

#[test]
fn ports_schemes_names_and_certificates_are_checked() {
    let ok = "metrics.port = 9464\nhealth.port = 65535\nhealth.scheme = \"https\"\n\
              [instances]\nhost = \"shop.example.com:443\"\ntls_certificate = \"c.pem\"\ntls_key = \"k.pem\"\n";
    let config = load(file(ok)).unwrap().config;
    assert_eq!((config.metrics.port, config.health.port), (Some(9464), Some(65535)));
    assert_eq!(config.access.host.as_deref(), Some("shop.example.com:443"));
    assert_eq!(config.access.certificate.as_deref(), Some(Path::new("/srv/c.pem")));
    for (text, expected) in [
        ("metrics.port = 0", "metrics.port: must be at least 1"),
        ("health.port = 65536", "health.port: must be at most 65535"),
        ("metrics.scheme = \"ftp\"", "metrics.scheme: not one of the allowed words"),
        ("instances.tls_key = \"k.pem\"", "instances.tls_key: it is of no use without instances.tls_certificate"),
        (
            "instances.tls_certificate = \"c.pem\"",
            "instances.tls_certificate: it is of no use without instances.tls_key",
        ),
    ] {
        assert_eq!(headlines(file(&format!("{text}\n"))), [expected], "{text}");
    }
    for host in ["", "a b", "http://a", "u@a", "a/b", "a:99999", "a?b", "[::1"] {
        let text = format!("instances.host = \"{host}\"\n");
        assert!(headlines(file(&text))[0].starts_with("instances.host: not a host name"), "{host}");
    }
    for host in ["shop.example.com", "localhost:3001", "10.0.0.7", "[::1]:8443", "under_score.local"] {
        assert!(load(file(&format!("instances.host = \"{host}\"\n"))).is_ok(), "{host}");
    }
}
