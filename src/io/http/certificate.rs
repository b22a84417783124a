//! Validity periods of certificates.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, IpAddr, Ipv4Addr, ServerName, UnixTime};
use rustls::{CertificateError, Error, RootCertStore};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    pub from: Timestamp,
    pub until: Timestamp,
}

/// Of each certificate (PEM) in this file, the owner's first, then the authorities'; or why it cannot be read.
pub fn validities(path: &Path) -> Result<Vec<Validity>, String> {
    let text = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    let chain: Vec<CertificateDer<'_>> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("is not PEM: {error}"))?;
    chain.iter().map(|one| of(one).map_err(|error| format!("is not a usable certificate: {error}"))).collect()
}

/// The verifier checks the dates first and reports them; nothing else is asked, so the certificate may trust itself.
fn of(certificate: &CertificateDer<'_>) -> Result<Validity, Error> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone().into_owned())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    let verifier = verifier.map_err(|error| Error::General(error.to_string()))?;
    let nobody = ServerName::IpAddress(IpAddr::V4(Ipv4Addr::from([0; 4])));
    let refused = |at: Duration| {
        verifier.verify_server_cert(certificate, &[], &nobody, &[], UnixTime::since_unix_epoch(at)).err()
    };
    let from = match refused(Duration::ZERO) {
        Some(Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. })) => not_before,
        // Already valid at the epoch.
        _ => UnixTime::since_unix_epoch(Duration::ZERO),
    };
    match refused(Duration::from_secs(u64::MAX)) {
        Some(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            Ok(Validity { from: timestamp(from), until: timestamp(not_after) })
        }
        other => Err(other.unwrap_or(Error::InvalidCertificate(CertificateError::BadEncoding))),
    }
}

/// Clamps to the last representable time: RFC 5280 uses the end of 9999 for what never expires.
fn timestamp(time: UnixTime) -> Timestamp {
    let seconds = i64::try_from(time.as_secs()).ok();
    seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};

    use super::*;

    fn pem(params: &CertificateParams) -> String {
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
    }

    fn params(from: i32, until: i32) -> CertificateParams {
        let mut params = CertificateParams::new(["shop.example.com".to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 2), date_time_ymd(until, 3, 4));
        params
    }

    fn read(text: &str) -> Result<Vec<Validity>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        validities(file.path())
    }

    fn dates(text: &str) -> Vec<String> {
        let date = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
        read(text).unwrap().iter().map(|one| format!("{} {}", date(one.from), date(one.until))).collect()
    }

    #[test]
    fn the_dates_of_a_whole_chain_are_read_whatever_the_certificates_are_for() {
        let mut authority = params(1985, 2070);
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let mut never = params(2000, 9999);
        never.not_after = date_time_ymd(9999, 12, 31);
        let chain = [pem(&params(2020, 2021)), pem(&authority), pem(&never), pem(&params(2049, 2050))].concat();
        let wanted =
            ["2020-01-02 2021-03-04", "1985-01-02 2070-03-04", "2000-01-02 9999-12-30", "2049-01-02 2050-03-04"];
        assert_eq!(dates(&chain), wanted);
        assert_eq!(dates("no certificate is in here"), [""; 0]);
    }

    #[test]
    fn what_has_no_dates_is_told() {
        assert!(validities(Path::new("/nowhere")).unwrap_err().starts_with("cannot be read: No such file"));
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(read(broken).unwrap_err().starts_with("is not a usable certificate: "));
        assert!(
            read("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n").unwrap_err().starts_with("is not PEM")
        );
        let backwards = read(&pem(&params(2030, 2029))).unwrap_err();
        assert!(backwards.starts_with("is not a usable certificate: "), "{backwards}");
    }
}
