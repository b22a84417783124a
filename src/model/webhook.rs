//! Where a webhook is sent.

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::url_error::url_error;

/// Reads the address of a webhook; the error repeats nothing of it.
pub fn webhook(text: &SecretString) -> Result<Url, String> {
    let url = Url::parse(text.expose_secret()).map_err(|error| format!("it is not a URL: {}", url_error(error)))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("it has to begin with http:// or https://, and a host".to_owned());
    }
    Ok(url)
}
