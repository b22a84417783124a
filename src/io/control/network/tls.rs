//! The certificate that is shown, its key, and whose clients may connect.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use super::ListenError;
use crate::config::ControlConfig;

const CERTIFICATE: &str = "control.tls_certificate";
const KEY: &str = "control.tls_key";
const CLIENT_CA: &str = "control.client_ca_file";

#[derive(Clone, Debug)]
pub struct TlsFiles {
    certificate: PathBuf,
    key: PathBuf,
    /// `None` if clients need no certificate.
    client_ca: Option<PathBuf>,
}

impl TlsFiles {
    pub fn of(config: &ControlConfig) -> Option<Self> {
        let (certificate, key) = config.certificate.clone().zip(config.key.clone())?;
        Some(Self { certificate, key, client_ca: config.client_ca_file.clone() })
    }

    pub fn by_key(&self) -> Vec<(&'static str, PathBuf)> {
        let own = [(CERTIFICATE, &self.certificate), (KEY, &self.key)];
        let all = own.into_iter().chain(self.client_ca.iter().map(|path| (CLIENT_CA, path)));
        all.map(|(key, path)| (key, path.clone())).collect()
    }

    /// TLS 1.2 and 1.3 with the current files.
    pub fn acceptor(&self) -> Result<TlsAcceptor, ListenError> {
        let chain = certificates(CERTIFICATE, &self.certificate)?;
        let private = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| wrong(KEY, &self.key, told(&error)))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let clients = self.client_ca.as_ref().map(|path| clients_of(path, &provider)).transpose()?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map(|config| match clients {
                Some(clients) => config.with_client_cert_verifier(clients),
                None => config.with_no_client_auth(),
            })
            .and_then(|config| config.with_single_cert(chain, private))
            .map_err(|error| wrong(KEY, &self.key, format!("cannot be used with the certificate: {error}")))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// Requires a client certificate from an authority in this file.
fn clients_of(path: &Path, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ClientCertVerifier>, ListenError> {
    let of_no_use = |error: &dyn std::fmt::Display| wrong(CLIENT_CA, path, format!("cannot be used: {error}"));
    let mut roots = RootCertStore::empty();
    for certificate in certificates(CLIENT_CA, path)? {
        roots.add(certificate).map_err(|error| of_no_use(&error))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    verifier.build().map_err(|error| of_no_use(&error))
}

fn certificates(key: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, ListenError> {
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| wrong(key, path, told(&error)))?;
    if found.is_empty() { Err(wrong(key, path, "holds no certificate".to_owned())) } else { Ok(found) }
}

fn wrong(key: &'static str, path: &Path, why: String) -> ListenError {
    ListenError::Tls { key, path: path.to_owned(), why }
}

fn told(error: &pem::Error) -> String {
    match error {
        pem::Error::Io(error) => format!("cannot be read: {error}"),
        pem::Error::NoItemsFound => "holds no private key".to_owned(),
        other => format!("is not PEM: {other}"),
    }
}
