//! `[notify]`: who is told of what a monitor decides.

use std::time::Duration;

use secrecy::SecretString;

use super::key::Text;
use crate::config::kind;

section! {
    #[derive(Clone, Debug, Default)]
    pub struct NotifyConfig, rows KEYS: "notify." at |draft| draft.config.notify;

    /// Webhook (http, https) notified of switch, breach, rollback, lost metrics and outcome; treated as a secret.
    url: Option<SecretString> { kind: kind::Secret, example: "https://hooks.example.com/deploys" }

    /// Secret for signing notifications, by the Standard Webhooks specification.
    secret: Option<SecretString> {
        kind: kind::Secret,
        also: "whsec_ and the base64 of 24 to 64 random bytes; needs notify.url",
        // The key of the specification's own example, known to everybody.
        example: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    }

    /// Time limit of one attempt to deliver a notification.
    timeout: Duration {
        default: Text("10s"),
        kind: kind::Span { min: Duration::from_millis(100), max: Duration::from_mins(1) },
        example: "5s",
    }
}
