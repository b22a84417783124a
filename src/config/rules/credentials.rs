//! Where credentials go: over the network unencrypted, or to hosts that only a file names.

use super::Settled;
use crate::config::draft::Draft;
use crate::config::model::Config;
use crate::config::values::InstanceUrl;
use crate::model::{Color, webhook};

/// The credentials of a key, and where they are sent.
pub type Sent = (&'static str, Vec<InstanceUrl>);

/// Warns of credentials that others could read on the way, or have sent to a host of theirs.
pub fn check(draft: &Draft, settled: &Settled, warnings: &mut Vec<String>) {
    let config = &draft.config;
    let router = [
        (
            "router.admin_url",
            draft.router.admin.as_ref().filter(|admin| admin.socket.is_none()).map(|admin| &admin.base),
        ),
        ("router.probe_url", draft.router.probe_url.as_ref()),
    ];
    let router = router.map(|(key, url)| (key, with_login(url)));
    for (key, urls) in to_instances(config).into_iter().chain(to_others(config)).chain(router) {
        let Some(setting) = settled.sound(key) else { continue };
        if let Some(places) = in_the_clear(&urls) {
            warnings
                .push(format!("{key} ({}) crosses the network unencrypted, to {places}: use https", setting.origin));
        }
    }
    for (color, key) in [(Color::Blue, "colors.blue.instances_file"), (Color::Green, "colors.green.instances_file")] {
        let Some((file, setting)) = config.colors.file_of(color).zip(settled.sound(key)) else { continue };
        for token in tokens(config) {
            let (file, origin) = (file.display(), &setting.origin);
            warnings.push(format!(
                "{token} is sent to every host in `{file}` ({key}, {origin}): anyone who can write that file can get it"
            ));
        }
    }
}

fn tokens(config: &Config) -> Vec<&'static str> {
    let metrics = config.reads_pages() && config.metrics.bearer_token.is_some();
    let tokens = [("metrics.bearer_token", metrics), ("health.bearer_token", config.health.bearer_token.is_some())];
    tokens.into_iter().filter_map(|(key, given)| given.then_some(key)).collect()
}

pub fn to_instances(config: &Config) -> Vec<Sent> {
    let mut sent = vec![("metrics.bearer_token", Vec::new()), ("health.bearer_token", Vec::new())];
    for (color, instances_key, pages_key) in [
        (Color::Blue, "colors.blue.instances", "colors.blue.metrics"),
        (Color::Green, "colors.green.instances", "colors.green.metrics"),
    ] {
        let instances = config.colors.of(color);
        let health: Vec<_> = instances.iter().map(|instance| config.health_url(instance)).collect();
        let metrics = instances.iter().map(|instance| config.metrics_url(color, instance));
        let metrics: Vec<_> = metrics.filter(|_| config.reads_pages()).collect();
        // A page that is not given has the login of its instance.
        let pages_key = if config.colors.metrics_of(color).is_empty() { instances_key } else { pages_key };
        for (key, urls) in [(pages_key, &metrics), (instances_key, &health)] {
            let with_login = urls.iter().filter(|url| has_login(url)).cloned();
            match sent.iter_mut().find(|(known, _)| *known == key) {
                Some((_, known)) => known.extend(with_login),
                None => sent.push((key, with_login.collect())),
            }
        }
        sent[0].1.extend(metrics);
        sent[1].1.extend(health);
    }
    let given = tokens(config);
    sent.retain(|(key, _)| !key.ends_with(".bearer_token") || given.contains(key));
    sent
}

fn to_others(config: &Config) -> Vec<Sent> {
    let prometheus = &config.prometheus;
    let url: Vec<InstanceUrl> = prometheus.url.iter().cloned().collect();
    let webhook = config.notify.url.as_ref().and_then(|url| webhook(url).ok());
    vec![
        ("prometheus.bearer_token", url.clone().into_iter().filter(|_| prometheus.bearer_token.is_some()).collect()),
        ("prometheus.password", url.clone().into_iter().filter(|_| prometheus.password.is_some()).collect()),
        ("prometheus.url", with_login(prometheus.url.as_ref())),
        (
            "coordination.password",
            config.coordination.endpoints.iter().filter(|_| config.coordination.password.is_some()).cloned().collect(),
        ),
        ("notify.url", webhook.map(InstanceUrl::new).into_iter().collect()),
    ]
}

fn has_login(url: &InstanceUrl) -> bool {
    url.credentials().is_some()
}

fn with_login(url: Option<&InstanceUrl>) -> Vec<InstanceUrl> {
    url.filter(|url| has_login(url)).cloned().into_iter().collect()
}

/// The places that are told what others can read on the way: `10.0.0.8:3002 and 2 more`. Paths are left out: one may be a secret.
pub fn in_the_clear(urls: &[InstanceUrl]) -> Option<String> {
    let mut places: Vec<String> = urls.iter().filter(|url| url.is_in_the_clear()).map(InstanceUrl::host_port).collect();
    places.dedup();
    let first = places.first()?;
    Some(match places.len() - 1 {
        0 => first.clone(),
        more => format!("{first} and {more} more"),
    })
}

#[cfg(test)]
mod tests {
    use crate::config::{Inputs, load};

    fn warnings(text: &str) -> Vec<String> {
        let file = Some(("switchback.toml".into(), text.to_owned()));
        load(Inputs { file, folder: "/srv".into(), ..Inputs::default() }).unwrap().warnings
    }

    const TOKEN: &str = "[metrics]\nbearer_token = \"an-example-and-no-real-token\"\n";

    #[test]
    fn credentials_that_cross_the_network_unencrypted_are_told_once_a_key() {
        let green = "[colors.green]\ninstances = [\"http://10.0.0.8:3002\", \"http://10.0.0.9:3002\"]\n";
        for (text, told) in [
            (
                format!("{green}{TOKEN}"),
                "metrics.bearer_token (switchback.toml:4) crosses the network unencrypted, \
              to 10.0.0.8:3002 and 1 more: use https",
            ),
            (
                format!("{green}[health]\nbearer_token = \"an-example-and-no-real-token\"\n"),
                "health.bearer_token (switchback.toml:4) crosses the network unencrypted, to 10.0.0.8:3002 and 1 \
                 more: use https",
            ),
            (
                "[colors.green]\ninstances = [\"http://ana:secret@green:3002\"]\n".to_owned(),
                "colors.green.instances (switchback.toml:2) crosses the network unencrypted, to green:3002: use \
                 https",
            ),
            (
                "[prometheus]\nurl = \"http://prometheus:9090\"\nbearer_token = \"an-example\"\n".to_owned(),
                "prometheus.bearer_token (switchback.toml:3) crosses the network unencrypted, to prometheus:9090: \
                 use https",
            ),
            (
                "[notify]\nurl = \"http://hooks.example.com/a-secret-path\"\n".to_owned(),
                "notify.url (switchback.toml:2) crosses the network unencrypted, to hooks.example.com:80: use \
                 https",
            ),
        ] {
            assert_eq!(warnings(&text), [told], "{text}");
        }
    }

    #[test]
    fn what_stays_on_this_machine_is_encrypted_or_is_no_credential_is_not_told() {
        for text in [
            TOKEN.to_owned(),
            format!("[colors.green]\ninstances = [\"https://10.0.0.8:3002\", \"http://[::1]:3002\"]\n{TOKEN}"),
            "[colors.green]\ninstances = [\"http://10.0.0.8:3002\"]\n".to_owned(),
            format!("[colors.green]\ninstances = [\"http://10.0.0.8:3002\"]\n{TOKEN}scheme = \"https\"\n"),
            "[prometheus]\nurl = \"http://127.0.0.1:9090\"\nbearer_token = \"an-example\"\n".to_owned(),
        ] {
            assert_eq!(warnings(&text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_file_that_names_instances_decides_who_is_sent_a_token() {
        let file = "[colors.green]\ninstances_file = \"green.json\"\n";
        let told = "metrics.bearer_token is sent to every host in `/srv/green.json` (colors.green.instances_file, \
                    switchback.toml:2): anyone who can write that file can get it";
        assert_eq!(warnings(&format!("{file}{TOKEN}")), [told]);
        assert_eq!(warnings(file), [""; 0]);
    }
}
