//! Secrets that are read again from their files while a monitor runs.

use secrecy::SecretString;

use super::layers::ReadText;
use super::load::secret_in;
use super::model::ControlConfig;
use super::parse;
use super::rules::wrong_secrets;
use super::secrets::keep_one_secret;

/// Rereads the control API's secrets from their files by the rules of the start, and masks new ones. Others stay.
/// `notify` signs notifications, `read_text` reads files. The error names key and fault, and nothing of the secret.
pub fn reread_secrets(
    control: &ControlConfig,
    notify: Option<&SecretString>,
    read_text: ReadText,
) -> Result<ControlConfig, String> {
    let mut renewed = control.clone();
    for (key, file) in &control.secret_files {
        let wrong = |what: String| format!("`{key}`: `{}` {what}", file.display());
        let text = secret_in(file, Some(read_text)).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let secret = parse::token(&text).map_err(|what| wrong(format!("is not a valid secret: {what}")))?;
        if let Some(place) = renewed.secret_mut(key) {
            *place = Some(secret.into());
        }
    }
    if let Some((key, what)) = wrong_secrets(&renewed, notify).first() {
        return Err(format!("`{key}`: {what}"));
    }
    renewed.secrets().into_iter().filter_map(|(_, secret)| secret).for_each(keep_one_secret);
    Ok(renewed)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::config::{Inputs, load, scrub};
    use crate::io::texts::read_text;

    const OLD: &str = "0f5b2c9d8e7a61430f5b2c9d8e7a6143";
    const NEW: &str = "7a1e94c05db3f8267a1e94c05db3f826";
    const VIEWER: &str = "d41d8cd98f00b204e9800998ecf8427e";
    const SIGNING: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    /// The operator's token and the key of signed orders stand in files, the viewer's token does not.
    fn control(folder: &std::path::Path) -> ControlConfig {
        let file = |name: &str, secret: &str| {
            std::fs::write(folder.join(name), secret).unwrap();
            folder.join(name).display().to_string()
        };
        let env = [
            ("LISTEN", "127.0.0.1:9710".to_owned()),
            ("OPERATOR_TOKEN_FILE", file("operator", OLD)),
            ("VIEWER_TOKEN", VIEWER.to_owned()),
            ("ORDER_SECRET_FILE", file("order", SIGNING)),
        ];
        let env = env.map(|(name, value)| (format!("SWITCHBACK_CONTROL_{name}"), value)).to_vec();
        load(Inputs { env, folder: "/srv".into(), read_text: Some(read_text), ..Inputs::default() })
            .unwrap()
            .config
            .control
    }

    #[test]
    fn what_stands_in_a_file_is_read_again_and_masked_and_what_was_given_directly_stays() {
        let folder = tempfile::tempdir().unwrap();
        let control = control(folder.path());
        assert_eq!(control.secret_files.len(), 2, "{control:?}");
        std::fs::write(folder.path().join("operator"), format!("{NEW}\r\n")).unwrap();
        let renewed = reread_secrets(&control, None, read_text).unwrap();
        let exposed = renewed.secrets().map(|(_, secret)| secret.unwrap().expose_secret());
        assert_eq!(exposed, [NEW, VIEWER, SIGNING]);
        assert_eq!(scrub(&format!("it says {NEW}")), "it says ***");
    }

    #[test]
    fn the_rules_of_the_start_hold_and_nothing_of_a_secret_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let control = control(folder.path());
        let example = crate::config::keys().find(|key| key.name == "control.operator_token").unwrap().example;
        for (file, text, told) in [
            ("operator", "hunter2-canary", "`control.operator_token`: too short: its length allows"),
            ("operator", "two words canary", "is not a valid secret: the token contains a space"),
            ("operator", "", "is not a valid secret: the token is empty"),
            ("operator", VIEWER, "`control.viewer_token`: the same as control.operator_token"),
            ("operator", example, "this is the published example from the documentation"),
            ("order", "canary", "`control.order_secret`: it has to begin with whsec_"),
            ("order", "whsec_a2FuYXJpZW52b2dlbC1rYW5hcmllbnZvZ2Vs", "the same as notify.secret"),
        ] {
            std::fs::write(folder.path().join("operator"), OLD).unwrap();
            std::fs::write(folder.path().join("order"), SIGNING).unwrap();
            std::fs::write(folder.path().join(file), text).unwrap();
            let notify = "whsec_a2FuYXJpZW52b2dlbC1rYW5hcmllbnZvZ2Vs".into();
            let error = reread_secrets(&control, Some(&notify), read_text).unwrap_err();
            assert!(error.contains(told) && !error.contains("canary"), "{text}: {error}");
        }
        std::fs::remove_file(folder.path().join("order")).unwrap();
        let error = reread_secrets(&control, None, read_text).unwrap_err();
        assert!(error.starts_with("`control.order_secret`: `") && error.contains("cannot be read: No such"), "{error}");
    }
}
