//! Tokens, and what they allow.

use ring::digest::{self, SHA256};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::{Choice, ConstantTimeEq as _};

use crate::config::ControlConfig;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Viewer,
    Operator,
}

/// Kept as SHA-256: neither comparison time nor a memory dump reveals a token.
pub struct Tokens {
    operator: Option<[u8; 32]>,
    viewer: Option<[u8; 32]>,
}

impl Tokens {
    pub fn of(config: &ControlConfig) -> Self {
        Self::new(config.operator_token.as_ref(), config.viewer_token.as_ref())
    }

    pub fn new(operator: Option<&SecretString>, viewer: Option<&SecretString>) -> Self {
        let digest = |token: &SecretString| digest(token.expose_secret().as_bytes());
        Self { operator: operator.map(digest), viewer: viewer.map(digest) }
    }

    /// Constant time, whichever token matches, if any.
    pub fn role(&self, presented: &[u8]) -> Option<Role> {
        let presented = digest(presented);
        let is = |known: &Option<[u8; 32]>| {
            known.as_ref().map_or(Choice::from(0), |known| known.as_slice().ct_eq(presented.as_slice()))
        };
        let (operator, viewer) = (bool::from(is(&self.operator)), bool::from(is(&self.viewer)));
        match (operator, viewer) {
            (true, _) => Some(Role::Operator),
            (false, true) => Some(Role::Viewer),
            (false, false) => None,
        }
    }
}

fn digest(token: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&SHA256, token).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_has_its_role_and_everything_else_has_none() {
        let tokens = Tokens::new(Some(&"operator-token".into()), Some(&"viewer-token".into()));
        assert_eq!(tokens.role(b"operator-token"), Some(Role::Operator));
        assert_eq!(tokens.role(b"viewer-token"), Some(Role::Viewer));
        for other in ["", "operator-toke", "operator-token ", "OPERATOR-TOKEN", "viewer-tokenx"] {
            assert_eq!(tokens.role(other.as_bytes()), None, "{other}");
        }
        let none = Tokens::new(None, None);
        assert_eq!((none.role(b""), none.role(b"operator-token")), (None, None));
    }
}
