//! The symmetric signature `v1` of the Standard Webhooks specification.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use secrecy::{ExposeSecret as _, SecretString};

/// What a secret begins with where it is written down.
const PREFIX: &str = "whsec_";

/// Least and most bytes of a key, as the specification has them: 192 to 512 bits.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// So many signatures of a message are looked at: two while a key is being replaced, and some more.
const MAX_SIGNATURES: usize = 8;

/// The key that messages are signed with. It is not shown.
pub struct SigningKey(hmac::Key);

impl SigningKey {
    /// Reads `whsec_` and the base64 of 24 to 64 bytes; the error repeats nothing of it.
    pub fn parse(text: &SecretString) -> Result<Self, String> {
        let encoded =
            text.expose_secret().strip_prefix(PREFIX).ok_or_else(|| format!("it has to begin with {PREFIX}"))?;
        let bytes = STANDARD.decode(encoded).map_err(|_| format!("what follows {PREFIX} is not base64"))?;
        if !BYTES.contains(&bytes.len()) {
            let (least, most) = (BYTES.start(), BYTES.end());
            return Err(format!("the key has {} bytes, {least} to {most} are allowed", bytes.len()));
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The header `webhook-signature`: HMAC-SHA256 of `ID.TIMESTAMP.BODY`. `timestamp` is in Unix seconds.
    pub fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let tag = hmac::sign(&self.0, &signed(id, timestamp, body.as_bytes()));
        format!("v1,{}", STANDARD.encode(tag))
    }

    /// Whether one of the space-separated signatures in the header `webhook-signature` is right, in constant time.
    pub fn verify(&self, id: &str, timestamp: i64, body: &[u8], signatures: &str) -> bool {
        let content = signed(id, timestamp, body);
        let tags = signatures.split(' ').filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok());
        tags.take(MAX_SIGNATURES).any(|tag| hmac::verify(&self.0, &content, &tag).is_ok())
    }
}

fn signed(id: &str, timestamp: i64, body: &[u8]) -> Vec<u8> {
    [format!("{id}.{timestamp}.").as_bytes(), body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the specification's libraries are tested with.
    #[test]
    fn the_signature_is_that_of_the_specification() {
        let key = SigningKey::parse(&"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into()).unwrap();
        let signature = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_key_that_is_none_is_refused_without_being_repeated() {
        for (text, why) in [
            ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "it has to begin with whsec_"),
            ("whsec_not base64", "what follows whsec_ is not base64"),
            ("whsec_c2hvcnQ=", "the key has 5 bytes, 24 to 64 are allowed"),
        ] {
            assert_eq!(SigningKey::parse(&text.into()).err().unwrap(), why);
        }
    }
}
