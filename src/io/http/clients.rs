//! Clients that many runs and instances share: a pool and the settings of TLS for each of them add up.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Client;
use ring::digest::{Context, SHA256, SHA256_OUTPUT_LEN};

/// For how long a client is given to newcomers: the authorities of the system may be renewed.
const FRESH: Duration = Duration::from_mins(10);

/// By digest: when a client was made, and the client.
type Made = HashMap<Digest, (Instant, Client)>;
type Digest = [u8; SHA256_OUTPUT_LEN];

static CLIENTS: Mutex<Option<Made>> = Mutex::new(None);

/// A digest of what a client is made of, which may be secret.
pub struct ClientKey(Context);

impl ClientKey {
    /// `kept`: connections to a server that stay open.
    pub fn new(what: &str, kept: usize) -> Self {
        let mut key = Self(Context::new(&SHA256));
        key.add(Some(what.as_bytes()));
        key.add(Some(&kept.to_le_bytes()));
        key
    }

    pub fn add(&mut self, part: Option<&[u8]>) {
        // With its length, so that two parts are not another two.
        let length = part.map_or(u64::MAX, |part| part.len() as u64);
        self.0.update(&length.to_le_bytes());
        self.0.update(part.unwrap_or_default());
    }

    fn digest(self) -> Digest {
        let mut digest = [0; SHA256_OUTPUT_LEN];
        digest.copy_from_slice(self.0.finish().as_ref());
        digest
    }
}

/// The client with this key, made where there is none, or none that is fresh.
pub fn shared<E>(key: ClientKey, make: impl FnOnce() -> Result<Client, E>) -> Result<Client, E> {
    let mut clients = CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
    let clients = clients.get_or_insert_default();
    let (key, now) = (key.digest(), Instant::now());
    clients.retain(|_, (since, _)| now.duration_since(*since) < FRESH);
    if let Some((_, client)) = clients.get(&key) {
        return Ok(client.clone());
    }
    let client = make()?;
    clients.insert(key, (now, client.clone()));
    Ok(client)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::http;

    fn made(key: ClientKey) -> bool {
        let mut made = false;
        let client: Result<Client, reqwest::Error> = shared(key, || {
            made = true;
            http::client().tls_certs_only([]).build()
        });
        client.unwrap();
        made
    }

    #[test]
    fn a_client_is_made_once_for_all_that_need_the_same() {
        let key = |part: &[u8]| {
            let mut key = ClientKey::new("only in this test", 1);
            key.add(Some(part));
            key
        };
        assert!(made(key(b"one")));
        assert!(!made(key(b"one")));
        assert!(made(key(b"other")));
        assert!(made(ClientKey::new("only in this test", 1)));
        assert!(made(ClientKey::new("only in this test", 0)));
    }
}
