//! The control API over TCP: who is let in, and how it is kept from others. Off unless `control.listen` is set.
//!
//! | file | holds |
//! | --- | --- |
//! | `guard` | who is let in |
//! | `limit` | how many failed attempts an address has |
//! | `refusals` | refusals in the log |
//! | `renewal` | certificates and secrets are read again when their files change, so that renewing them needs no new monitor |
//! | `seats` | who keeps a connection when there are too many |
//! | `signed` | orders that are signed instead of carrying a token, as the Standard Webhooks specification says |
//! | `tls` | the certificate that is shown, its key, and whose clients may connect |
//! | `tokens` | tokens, and what they allow |

mod guard;
mod limit;
mod refusals;
mod renewal;
mod seats;
mod signed;
mod tls;
mod tokens;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::config::ControlConfig;
use crate::model::SigningKey;

pub(super) use guard::{Guard, guarded};
pub(super) use renewal::{Current, Renewal};
pub(super) use seats::Seats;
use signed::SignedOrders;
use tls::TlsFiles;
pub(super) use tokens::Role;
use tokens::Tokens;

#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("cannot listen on `control.listen` = {address}: {source}")]
    Address { address: SocketAddr, source: io::Error },
    #[error("`{key}`: `{}` {why}", path.display())]
    Tls { key: &'static str, path: PathBuf, why: String },
    #[error("signed orders need the file `{}`: {source}", path.display())]
    Seen { path: PathBuf, source: io::Error },
}

pub struct NetworkListener {
    pub(super) listener: TcpListener,
    pub(super) tls: Option<Arc<Current<TlsAcceptor>>>,
    pub(super) guard: Guard,
    pub(super) renewal: Renewal,
}

impl NetworkListener {
    /// Binds if configured. `signed_orders` keeps their ids; `now`: Unix seconds; `notify`: a key not to sign orders.
    pub async fn bind(
        config: &ControlConfig,
        notify: Option<&SecretString>,
        signed_orders: &Path,
        now: i64,
    ) -> Result<Option<Self>, ListenError> {
        let Some(address) = config.listen else { return Ok(None) };
        let mut renewal = Renewal::new(config, notify);
        let tls = TlsFiles::of(config).map(|files| renewal.of_tls(files)).transpose()?;
        let listener = TcpListener::bind(address).await.map_err(|source| ListenError::Address { address, source })?;
        let failed = |source| ListenError::Seen { path: signed_orders.to_owned(), source };
        // The configuration's rules reject an invalid key.
        let key = config.order_secret.as_ref().and_then(|secret| SigningKey::parse(secret).ok());
        let signed = key.map(|key| SignedOrders::new(key, signed_orders, now)).transpose().map_err(failed)?;
        let tokens = Tokens::of(config);
        let guard = Guard::new(tokens, signed);
        tracing::info!(%address, tls = tls.is_some(), "the control API listens on the network");
        Ok(Some(Self { listener, tls, guard, renewal }))
    }
}

pub fn check_tls(config: &ControlConfig) -> Result<(), ListenError> {
    TlsFiles::of(config).map_or(Ok(()), |files| files.acceptor().map(drop))
}

/// An IPv4 address, also on a dual-stack listener.
pub(super) fn plain(from: SocketAddr) -> SocketAddr {
    SocketAddr::new(from.ip().to_canonical(), from.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv4_address_is_told_as_one() {
        for (from, told) in [
            ("[::ffff:10.0.0.7]:4711", "10.0.0.7:4711"),
            ("10.0.0.7:4711", "10.0.0.7:4711"),
            ("[2001:db8::1]:4711", "[2001:db8::1]:4711"),
        ] {
            assert_eq!(plain(from.parse().unwrap()).to_string(), told);
        }
    }
}
