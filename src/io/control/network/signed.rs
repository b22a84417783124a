//! Orders that are signed instead of carrying a token, as the Standard Webhooks specification says.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;

use super::renewal::Current;
use crate::io::journal::files::{open_log, sync_folder_of};
use crate::model::SigningKey;

const ID: &str = "webhook-id";
/// Unix seconds.
const TIMESTAMP: &str = "webhook-timestamp";
pub const SIGNATURE: &str = "webhook-signature";

/// Seconds before and after signing, as in the specification's libraries.
const TOLERANCE_S: i64 = 300;
/// Seconds: far longer than the tolerance, for clocks that are set back.
const REMEMBERED_S: i64 = 24 * 3600;
/// Ids remembered. Signing more orders in a day means a program that runs wild.
const MAX_IDS: usize = 4_096;
const MAX_ID: usize = 128;
/// In bytes; 4,096 ids take at most 600 kB.
const MAX_FILE: u64 = 16 << 20;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    #[error("a signed order needs the headers {ID}, {TIMESTAMP} and {SIGNATURE}: {0}")]
    Header(String),
    #[error("no signature of the order is valid")]
    Forged,
    #[error("the order was signed {0}s ago; {TOLERANCE_S}s before and after are allowed")]
    Late(i64),
}

/// A message that was taken before, or cannot be told from one that was.
#[derive(Debug, thiserror::Error)]
pub enum NotNew {
    #[error("order `{0}` was already received (replay rejected)")]
    Again(String),
    #[error("{MAX_IDS} signed orders arrived within a day, the limit")]
    TooMany,
    #[error("the order cannot be recorded, so a replay could not be rejected: {0}")]
    Forgetful(#[from] io::Error),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub id: String,
    at: i64,
}

pub struct SignedOrders {
    key: Current<SigningKey>,
    seen: Mutex<Seen>,
}

/// Ids of messages taken, in memory and in a file, so that another monitor does not take them again.
struct Seen {
    file: File,
    /// Id to the time of its signature.
    ids: HashMap<String, i64>,
}

impl SignedOrders {
    /// `file` keeps the ids of the messages taken.
    pub fn new(key: SigningKey, file: &Path, now: i64) -> io::Result<Self> {
        Ok(Self { key: Current::new(key), seen: Mutex::new(Seen::open(file, now)?) })
    }

    /// Replaces the key. The known ids stay.
    pub fn renew(&self, key: SigningKey) {
        self.key.set(key);
    }

    /// Checks signature and time; `now` is in Unix seconds.
    pub fn check(&self, headers: &HeaderMap, body: &[u8], now: i64) -> Result<Signed, NotSigned> {
        let id = header(headers, ID)?;
        if id.is_empty() || id.len() > MAX_ID || !id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'.') {
            let what = format!("{ID} must have 1 to {MAX_ID} visible ASCII characters and no full stop");
            return Err(NotSigned::Header(what));
        }
        let timestamp = header(headers, TIMESTAMP)?;
        let at: i64 = timestamp
            .parse()
            .ok()
            .filter(|at: &i64| at.to_string() == timestamp)
            .ok_or_else(|| NotSigned::Header(format!("{TIMESTAMP} must be a number of seconds since 1970")))?;
        if !self.key.get().verify(id, at, body, header(headers, SIGNATURE)?) {
            return Err(NotSigned::Forged);
        }
        let ago = now.saturating_sub(at);
        if ago.saturating_abs() > TOLERANCE_S {
            return Err(NotSigned::Late(ago));
        }
        Ok(Signed { id: id.to_owned(), at })
    }

    /// Takes a message once. Blocks on the disk.
    pub fn take(&self, signed: &Signed, now: i64) -> Result<(), NotNew> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).take(signed, now)
    }
}

impl Seen {
    fn open(path: &Path, now: i64) -> io::Result<Self> {
        let file = open_log(path)?;
        sync_folder_of(path)?;
        let mut text = String::new();
        (&file).take(MAX_FILE).read_to_string(&mut text)?;
        // A cut line belongs to an order that was never carried out.
        let lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')?.split_once(' '));
        let mut ids: HashMap<String, i64> =
            lines.filter_map(|(at, id)| Some((id.to_owned(), at.parse().ok()?))).collect();
        ids.retain(|_, at| is_remembered(*at, now));
        if ids.is_empty() {
            file.set_len(0)?;
        } else if !text.ends_with('\n') {
            (&file).write_all(b"\n")?;
        }
        Ok(Self { file, ids })
    }

    fn take(&mut self, signed: &Signed, now: i64) -> Result<(), NotNew> {
        self.ids.retain(|_, at| is_remembered(*at, now));
        if self.ids.contains_key(&signed.id) {
            return Err(NotNew::Again(signed.id.clone()));
        }
        if self.ids.len() >= MAX_IDS {
            return Err(NotNew::TooMany);
        }
        // A single write, so that appends of several processes do not mix.
        self.file.write_all(format!("{} {}\n", signed.at, signed.id).as_bytes())?;
        self.file.sync_data()?;
        self.ids.insert(signed.id.clone(), signed.at);
        Ok(())
    }
}

fn is_remembered(at: i64, now: i64) -> bool {
    now.saturating_sub(at) <= REMEMBERED_S
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, NotSigned> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(NotSigned::Header(format!("{name} must be there exactly once")));
    };
    value.to_str().map_err(|_| NotSigned::Header(format!("{name} is not ASCII")))
}

#[cfg(test)]
mod tests;
