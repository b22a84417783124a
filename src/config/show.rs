//! What `config show` prints: where the deployment lies, and every key with its effective value and where it came from.

use serde_json::{Map, Value, json};

use super::load::Loaded;
use super::place::Location;

/// A table for a person. Secrets and credentials are masked.
pub fn show(loaded: &Loaded) -> String {
    let settings =
        loaded.settings.iter().map(|setting| (setting.key, setting.value.clone(), setting.origin.to_string()));
    let rows: Vec<[String; 3]> = place(loaded)
        .into_iter()
        .chain(settings)
        .map(|(key, value, origin)| [key.to_owned(), value.unwrap_or_else(|| "none".to_owned()), origin])
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (keys, values) = (width(0), width(1));
    let line = |[key, value, origin]: &[String; 3]| format!("{key:<keys$}  {value:<values$}  {origin}\n");
    rows.iter().map(line).collect()
}

/// The same for a script: `{"soak.window": {"value": "10m", "origin": "default"}, …}`; `null` where nothing is set.
pub fn show_json(loaded: &Loaded) -> Value {
    let settings =
        loaded.settings.iter().map(|setting| (setting.key, setting.value.clone(), setting.origin.to_string()));
    let entry = |(key, value, origin): Row| (key.to_owned(), json!({"value": value, "origin": origin}));
    Value::Object(place(loaded).into_iter().chain(settings).map(entry).collect::<Map<_, _>>())
}

/// What is shown of one thing: its name, its value, where that came from.
type Row = (&'static str, Option<String>, String);

/// Where the deployment lies, which is no key.
fn place(loaded: &Loaded) -> [Row; 2] {
    let Location { folder, config_file, named_by, called_from, .. } = &loaded.place;
    let file = config_file.as_ref().map(|file| file.display().to_string());
    let named = match (named_by, config_file) {
        (Some(origin), _) => origin.to_string(),
        (None, Some(_)) => "found".to_owned(),
        (None, None) => "not found".to_owned(),
    };
    let why = match config_file.as_ref().and_then(|file| file.parent()) {
        Some(beside) if beside == folder => "beside the configuration",
        _ if folder == called_from => "working directory",
        _ => "found",
    };
    [("folder", Some(folder.display().to_string()), why.to_owned()), ("config_file", file, named)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Inputs, load};

    fn loaded() -> Loaded {
        let env = [
            ("SWITCHBACK_METRICS_BEARER_TOKEN", "s3cret"),
            ("SWITCHBACK_COLORS_BLUE_INSTANCES", "http://user:s3cret@blue:1"),
            ("SWITCHBACK_SOAK_WINDOW", "90s"),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        load(Inputs { env, folder: "/srv".into(), ..Inputs::default() }).unwrap()
    }

    #[test]
    fn every_key_stands_in_a_line_with_its_value_and_origin() {
        let text = show(&loaded());
        let line = |key: &str| {
            let line = text.lines().find(|line| line.starts_with(key)).unwrap();
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(line("soak.window "), "soak.window 1m30s environment SWITCHBACK_SOAK_WINDOW");
        assert_eq!(line("state_file "), "state_file /srv/.deployment-state.json default");
        assert_eq!(line("router.read "), "router.read none default");
        assert_eq!(line("folder "), "folder /srv working directory");
        assert_eq!(line("config_file "), "config_file none not found");
        assert_eq!(line("soak.max_extension "), "soak.max_extension 1m30s default");
        let origins: Vec<_> = text.lines().filter_map(|line| line.find("  default")).collect();
        assert!(origins.iter().max() == text.lines().filter_map(|line| line.find("  environment")).max().as_ref());
    }

    #[test]
    fn scripts_get_every_key_with_value_and_origin() {
        let value = show_json(&loaded());
        assert_eq!(value["soak.window"], json!({"value": "1m30s", "origin": "environment SWITCHBACK_SOAK_WINDOW"}));
        assert_eq!(value["router.switch"], json!({"value": null, "origin": "default"}));
        assert_eq!(value.as_object().unwrap().len(), 2 + crate::config::keys::keys().count());
    }

    #[test]
    fn secrets_and_credentials_are_masked() {
        let loaded = loaded();
        for text in [show(&loaded), show_json(&loaded).to_string(), format!("{loaded:?}")] {
            assert!(!text.contains("s3cret"), "{text}");
        }
        assert_eq!(show_json(&loaded)["metrics.bearer_token"]["value"], "***");
        assert_eq!(show_json(&loaded)["colors.blue.instances"]["value"], "http://***@blue:1");
    }
}
