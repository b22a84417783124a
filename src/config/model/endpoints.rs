//! Where the instances are, where each shows its metrics and says that it is ready, and how they are asked.

use std::path::Path;

use super::{Colors, Config, HealthConfig, MetricsConfig};
use crate::config::values::InstanceUrl;
use crate::model::Color;

impl Colors {
    pub fn of(&self, color: Color) -> &[InstanceUrl] {
        match color {
            Color::Blue => &self.blue,
            Color::Green => &self.green,
        }
    }

    pub fn file_of(&self, color: Color) -> Option<&Path> {
        match color {
            Color::Blue => self.blue_file.as_deref(),
            Color::Green => self.green_file.as_deref(),
        }
    }

    /// Where the listed instances of one color show their metrics, in their order; empty for where they are.
    pub fn metrics_of(&self, color: Color) -> &[InstanceUrl] {
        match color {
            Color::Blue => &self.blue_metrics,
            Color::Green => &self.green_metrics,
        }
    }

    /// The same with these instances of one color, as they were found.
    #[must_use]
    pub fn with(self, color: Color, found: Vec<InstanceUrl>) -> Self {
        match color {
            Color::Blue => Self { blue: found, ..self },
            Color::Green => Self { green: found, ..self },
        }
    }
}

/// Whether something of an instance speaks TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// As the instance's URL says.
    #[default]
    Same,
    Http,
    Https,
}

/// Where something stands on an instance's host, if not at the instance's URL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The port; none for that of the instance's URL.
    pub port: Option<u16>,
    pub scheme: Scheme,
}

impl Place {
    pub fn on(self, instance: &InstanceUrl) -> InstanceUrl {
        let scheme = match self.scheme {
            Scheme::Same => None,
            Scheme::Http => Some("http"),
            Scheme::Https => Some("https"),
        };
        instance.moved(self.port, scheme)
    }
}

impl MetricsConfig {
    pub const fn place(&self) -> Place {
        Place { port: self.port, scheme: self.scheme }
    }
}

impl HealthConfig {
    pub const fn place(&self) -> Place {
        Place { port: self.port, scheme: self.scheme }
    }
}

impl Config {
    /// The base URL below which an instance of a color shows its metrics.
    pub fn metrics_url(&self, color: Color, instance: &InstanceUrl) -> InstanceUrl {
        let place = self.colors.of(color).iter().position(|known| known == instance);
        match place.and_then(|place| self.colors.metrics_of(color).get(place)) {
            // Whoever gives the whole URL of the page means that.
            Some(url) => url.above(&self.metrics.path),
            None => self.metrics.place().on(instance),
        }
    }

    /// The base URL below which an instance says that it is ready.
    pub fn health_url(&self, instance: &InstanceUrl) -> InstanceUrl {
        self.health.place().on(instance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Inputs, load};

    fn config(text: &str) -> Config {
        let file = Some(("switchback.toml".into(), text.to_owned()));
        load(Inputs { file, folder: "/srv".into(), ..Inputs::default() }).unwrap().config
    }

    #[track_caller]
    fn asked(text: &str, expected: [&str; 2]) {
        let config = config(&format!("{text}\n"));
        let instance = &config.colors.green[0];
        let metrics = config.metrics_url(Color::Green, instance).join(&config.metrics.path);
        let health = config.health_url(instance).join(&config.health.path);
        assert_eq!([metrics.as_str(), health.as_str()], expected, "{text}");
    }

    #[test]
    fn metrics_and_readiness_stand_where_the_instance_is_or_elsewhere() {
        const AT: &str = "colors.green.instances = [\"http://10.0.0.8:3002\"]\n";
        const BELOW: &str = "colors.green.instances = [\"https://u:p@host/app\"]\n";
        let [same, ready] = ["http://10.0.0.8:3002/metrics", "http://10.0.0.8:3002/health/ready"];
        asked(AT, [same, ready]);
        asked(&format!("{AT}metrics.port = 9464"), ["http://10.0.0.8:9464/metrics", ready]);
        asked(&format!("{AT}health.port = 8081"), [same, "http://10.0.0.8:8081/health/ready"]);
        asked(BELOW, ["https://host/app/metrics", "https://host/app/health/ready"]);
        // Another port is another server, which knows nothing of the application's prefix.
        asked(&format!("{BELOW}metrics.port = 9464"), ["https://host:9464/metrics", "https://host/app/health/ready"]);
        asked(
            &format!("{BELOW}metrics.port = 9464\nmetrics.scheme = \"http\""),
            ["http://host:9464/metrics", "https://host/app/health/ready"],
        );
        asked(&format!("{AT}health.scheme = \"https\""), [same, "https://10.0.0.8:3002/health/ready"]);
        for (url, metrics) in [
            ("http://stats:9464", "http://stats:9464/metrics"),
            ("http://stats:9464/metrics", "http://stats:9464/metrics"),
            ("http://stats:9464/green/", "http://stats:9464/green/metrics"),
        ] {
            asked(&format!("{AT}colors.green.metrics = [\"{url}\"]\nmetrics.port = 1"), [metrics, ready]);
        }
    }

    #[test]
    fn each_listed_instance_has_its_own_page_and_a_found_one_that_of_its_host() {
        let config = config(
            "[colors.green]\ninstances = [\"http://a:1\", \"http://b:1\"]\nmetrics = [\"http://x:9\", \"http://y:9\"]\n\
             instances_file = \"/none\"\n[metrics]\nport = 9464\n",
        );
        let shown = |url: &str| {
            let url = InstanceUrl::parse(url).unwrap();
            config.metrics_url(Color::Green, &url).to_string()
        };
        assert_eq!(
            [shown("http://a:1"), shown("http://b:1"), shown("http://c:1")],
            ["http://x:9", "http://y:9", "http://c:9464"]
        );
        let named = InstanceUrl::parse("http://green:1").unwrap().at("10.0.0.3".parse().unwrap());
        let metrics = config.metrics_url(Color::Green, &named);
        assert_eq!(metrics.to_string(), "http://10.0.0.3:9464");
        assert_eq!(metrics.address(), Some(("green", "10.0.0.3".parse().unwrap())));
    }
}
