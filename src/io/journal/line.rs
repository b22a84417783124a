//! One line of the decision journal: how it is written, sealed and read back.

use jiff::Timestamp;
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use crate::model::{Actor, CheckId, Color, Decision, DecisionKind};

const EVENT: &str = "deploy_decision";

/// Length of `,"hash":"` + 64 hex digits + `"}`, which ends a sealed line and is not part of its hash.
const SEAL: usize = 9 + 64 + 2;

/// RFC 3339 in UTC with milliseconds, such as `2026-11-23T14:02:25.183Z`.
pub fn rfc3339_ms(at: Timestamp) -> String {
    format!("{at:.3}")
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    pub v: u32,
    pub journal: String,
    pub service: String,
}

impl Header {
    pub fn new(service: &str) -> Self {
        Self { v: 1, journal: "decisions".to_owned(), service: service.to_owned() }
    }

    pub fn parse(line: &[u8]) -> Result<Self, String> {
        let header: Self =
            serde_json::from_slice(line).map_err(|error| format!("it has no journal header ({error})"))?;
        match header {
            Self { v: 1, .. } if header.journal == "decisions" => Ok(header),
            Self { v: 1, journal, .. } => Err(format!("it is a journal of `{journal}`, not of decisions")),
            Self { v, .. } => Err(format!("it has format version {v}; this program knows version 1")),
        }
    }
}

/// One line of the decision journal.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Entry {
    /// Line number from 1, without gaps.
    pub seq: u64,
    /// When it was written.
    #[serde(deserialize_with = "timestamp")]
    pub ts: Timestamp,
    /// What was decided.
    #[serde(flatten)]
    pub decision: Decision,
    /// Hash of the line before it; of the header for the first.
    pub prev: String,
    /// Hash of this line.
    pub hash: String,
}

fn timestamp<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

impl Serialize for Entry {
    /// Same fields and order as in the journal.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let body = Body::new(self.seq, self.ts, &self.decision, &self.prev);
        Body { hash: Some(&self.hash), ..body }.serialize(serializer)
    }
}

/// In the order of the file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    seq: u64,
    ts: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    soak: Option<&'a str>,
    event: &'static str,
    decision: DecisionKind,
    actor: &'a Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_color: Option<Color>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_color: Option<Color>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<i64>,
    prev: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<&'a str>,
}

impl<'a> Body<'a> {
    fn new(seq: u64, ts: Timestamp, decision: &'a Decision, prev: &'a str) -> Self {
        Self {
            seq,
            ts: rfc3339_ms(ts),
            soak: decision.soak.as_deref(),
            event: EVENT,
            decision: decision.decision,
            actor: &decision.actor,
            reason: decision.why(),
            message: &decision.message,
            release: decision.release.as_deref(),
            check: decision.check.as_ref().map(CheckId::as_str),
            value: decision.value,
            threshold: decision.threshold,
            requests: decision.requests,
            errors: decision.errors,
            evidence: decision.evidence,
            active_color: decision.active_color,
            previous_color: decision.previous_color,
            host: decision.host.as_deref(),
            token: decision.token,
            prev,
            hash: None,
        }
    }
}

/// Writes one sealed line with its newline, and returns its hash.
pub(super) fn seal(
    out: &mut Vec<u8>,
    seq: u64,
    ts: Timestamp,
    decision: &Decision,
    prev: &str,
) -> serde_json::Result<String> {
    let body = serde_json::to_vec(&Body::new(seq, ts, decision, prev))?;
    let hash = sha256_hex(&[&body]);
    out.extend_from_slice(&body[..body.len() - 1]);
    out.extend_from_slice(format!(",\"hash\":\"{hash}\"}}\n").as_bytes());
    Ok(hash)
}

/// The hash computed from a sealed line's bytes; `None` if it has no seal.
pub(super) fn computed_hash(line: &[u8]) -> Option<String> {
    let (body, seal) = line.split_at_checked(line.len().checked_sub(SEAL)?)?;
    (seal.starts_with(b",\"hash\":\"") && seal.ends_with(b"\"}")).then(|| sha256_hex(&[body, b"}"]))
}

pub(super) fn sha256_hex(parts: &[&[u8]]) -> String {
    let mut hasher = Context::new(&SHA256);
    for part in parts {
        hasher.update(part);
    }
    hasher.finish().as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        for nibble in [byte >> 4, byte & 0xf] {
            hex.push(char::from_digit(u32::from(nibble), 16).unwrap_or_default());
        }
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision() -> Decision {
        Decision {
            soak: Some("20261123T140211Z-3f2a".to_owned()),
            reason: Some("breach".into()),
            release: Some("v7".to_owned()),
            check: Some(CheckId::ErrorRate),
            value: Some(0.132),
            threshold: Some(0.05),
            requests: Some(3120),
            errors: Some(412),
            evidence: Some(7.5),
            active_color: Some(Color::Green),
            previous_color: Some(Color::Blue),
            host: Some("deploy-1".to_owned()),
            token: Some(9),
            ..Decision::new(DecisionKind::Rollback, Actor::Auto, "412 of 3,120 requests failed")
        }
    }

    #[test]
    fn a_line_has_its_fields_in_the_documented_order() {
        let mut line = Vec::new();
        let at: Timestamp = "2026-11-23T14:02:25.183999Z".parse().unwrap();
        let hash = seal(&mut line, 7, at, &decision(), "00").unwrap();
        let expected = format!(
            concat!(
                r#"{{"seq":7,"ts":"2026-11-23T14:02:25.183Z","soak":"20261123T140211Z-3f2a","event":"deploy_decision","#,
                r#""decision":"rollback","actor":"auto","reason":"breach","message":"412 of 3,120 requests failed","release":"v7","#,
                r#""check":"error-rate","value":0.132,"threshold":0.05,"requests":3120,"errors":412,"evidence":7.5,"#,
                r#""activeColor":"green","previousColor":"blue","host":"deploy-1","token":9,"prev":"00","hash":"{}"}}"#,
                "\n"
            ),
            hash
        );
        assert_eq!(String::from_utf8(line).unwrap(), expected);
    }

    #[test]
    fn an_entry_reads_back_and_prints_as_the_line_it_came_from() {
        let mut line = Vec::new();
        seal(&mut line, 1, "2026-11-23T14:02:25.183Z".parse().unwrap(), &decision(), "ab").unwrap();
        let entry: Entry = serde_json::from_slice(&line).unwrap();
        assert_eq!((entry.seq, &entry.decision, entry.prev.as_str()), (1, &decision(), "ab"));
        assert_eq!(serde_json::to_vec(&entry).unwrap(), line.trim_ascii_end());
        assert_eq!(computed_hash(line.trim_ascii_end()), Some(entry.hash));
    }

    #[test]
    fn the_hash_is_plain_sha_256() {
        assert_eq!(sha256_hex(&[b"a", b"bc"]), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn lines_without_a_seal_have_no_hash() {
        assert_eq!(computed_hash(b"{}"), None);
        assert_eq!(computed_hash(&[b'x'; 200]), None);
    }

    #[test]
    fn headers_of_other_files_are_refused_by_what_they_are() {
        assert_eq!(Header::parse(br#"{"v":1,"journal":"decisions","service":"a"}"#), Ok(Header::new("a")));
        for (line, complaint) in [
            (r#"{"v":2,"journal":"decisions","service":"a"}"#, "format version 2"),
            (r#"{"v":1,"journal":"soak","service":"a"}"#, "a journal of `soak`"),
            ("hello", "no journal header"),
        ] {
            let refused = Header::parse(line.as_bytes()).unwrap_err();
            assert!(refused.contains(complaint), "{refused}");
        }
    }
}
