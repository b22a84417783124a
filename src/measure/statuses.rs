//! What the status of a request says: whether it failed.

#[cfg(test)]
mod tests;

use std::fmt;

/// Which values of the status label count as errors: classes (`5xx`), codes (`429`) and words (`error`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusSet {
    /// Leading digits.
    pub classes: Vec<u8>,
    pub codes: Vec<u16>,
    /// Words, for labels that hold neither. Where there are some, a word that is not among them is no error.
    pub words: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StatusKind {
    /// An HTTP status or its class.
    #[default]
    Http,
    /// The class of an HTTP status, perhaps as a single digit.
    Class,
    /// A code of gRPC, as a name or a number.
    Grpc,
}

/// What one value of a status label says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Good,
    Failed,
    /// `success`: good, but it tells nothing of how the label writes failures.
    Success,
    /// There was no status: the client left, or the label is empty.
    Nothing,
    /// The series is the sum of others (`total`).
    Sum,
    Unclear,
}

impl Status {
    /// Whether the label that holds it is one with statuses.
    pub const fn is_understood(self) -> bool {
        matches!(self, Self::Good | Self::Failed)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Http {
    Code(u16),
    Class(u8),
}

/// gRPC's codes from 0, each with its HTTP status by `google/rpc/code.proto`: 5xx are the faults of the server.
const GRPC: [(&str, u16); 17] = [
    ("ok", 200),
    ("cancelled", 499),
    ("unknown", 500),
    ("invalidargument", 400),
    ("deadlineexceeded", 504),
    ("notfound", 404),
    ("alreadyexists", 409),
    ("permissiondenied", 403),
    ("resourceexhausted", 429),
    ("failedprecondition", 400),
    ("aborted", 409),
    ("outofrange", 400),
    ("unimplemented", 501),
    ("internal", 500),
    ("unavailable", 503),
    ("dataloss", 500),
    ("unauthenticated", 401),
];
/// What a request without a status has in its place.
const NOTHING: [&str; 12] =
    ["", "0", "000", "other", "unknown", "none", "na", "nan", "null", "nil", "undefined", "unset"];
/// What the sum of all others has in the place of a status.
const SUMS: [&str; 7] = ["total", "all", "sum", "any", "overall", "aggregate", "everything"];

impl StatusSet {
    /// What a value of a status label says, as it stands on a page.
    pub fn judge(&self, value: &[u8], kind: StatusKind) -> Status {
        if let Some(http) = plain(value) {
            return self.of(http);
        }
        let value = value.trim_ascii();
        if self.words.iter().any(|word| same(word, value)) {
            return Status::Failed;
        }
        if let Some(code) = grpc(value, kind) {
            return self.of(Http::Code(code));
        }
        if let Some(http) = wordy(value, kind) {
            return self.of(http);
        }
        let is = |words: &[&str]| words.iter().any(|word| same(word, value));
        match value {
            b"*" => Status::Sum,
            _ if is(&SUMS) => Status::Sum,
            _ if is(&NOTHING) => Status::Nothing,
            _ if !self.words.is_empty() => Status::Good,
            _ if is(&["success", "successful"]) => match kind {
                StatusKind::Class => Status::Good,
                _ => Status::Success,
            },
            _ => Status::Unclear,
        }
    }

    /// A class says nothing where only single codes of it are errors.
    fn of(&self, http: Http) -> Status {
        let (class, failed) = match http {
            Http::Code(code) => (code / 100, self.codes.contains(&code)),
            Http::Class(class) => (u16::from(class), false),
        };
        let in_class = u8::try_from(class).is_ok_and(|class| self.classes.contains(&class));
        match http {
            _ if failed || in_class => Status::Failed,
            Http::Class(_) if self.codes.iter().any(|code| code / 100 == class) => Status::Unclear,
            _ => Status::Good,
        }
    }
}

impl fmt::Display for StatusSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let classes = self.classes.iter().map(|class| format!("{class}xx"));
        let codes = self.codes.iter().map(u16::to_string);
        let words = self.words.iter().cloned();
        f.write_str(&classes.chain(codes).chain(words).collect::<Vec<_>>().join(","))
    }
}

/// `503`, `5xx`: nearly every value there is.
fn plain(value: &[u8]) -> Option<Http> {
    match value {
        [class @ b'1'..=b'5', tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            let digit = |byte: &u8| u16::from(byte - b'0');
            Some(Http::Code(digit(class) * 100 + digit(tens) * 10 + digit(ones)))
        }
        [class @ b'1'..=b'5', b'x' | b'X', b'x' | b'X'] => Some(Http::Class(class - b'0')),
        _ => None,
    }
}

/// `200.0`, `HTTP 500`, `500 Internal Server Error`, `HTTP/1.1 404`, `server_error`, and for a class `5`.
fn wordy(value: &[u8], kind: StatusKind) -> Option<Http> {
    if let (StatusKind::Class, [class @ b'1'..=b'5']) = (kind, value) {
        return Some(Http::Class(class - b'0'));
    }
    let classes = [("informational", 1), ("redirection", 3), ("redirect", 3), ("clienterror", 4), ("servererror", 5)];
    if let Some((_, class)) = classes.iter().find(|(word, _)| same(word, value)) {
        return Some(Http::Class(*class));
    }
    let rest = ["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/2", "HTTP/3", "HTTP", "Status", "Code"]
        .iter()
        .find_map(|word| {
            let (start, rest) = value.split_at_checked(word.len())?;
            start.eq_ignore_ascii_case(word.as_bytes()).then_some(rest)
        })
        .unwrap_or(value);
    let rest = rest.trim_ascii_start();
    let rest = rest.strip_prefix(b"_").or_else(|| rest.strip_prefix(b"-")).unwrap_or(rest);
    let (status, rest) = rest.split_at_checked(3)?;
    let is_float = rest.strip_prefix(b".").is_some_and(|zeros| zeros.iter().all(|zero| *zero == b'0'));
    let ends = rest.is_empty() || is_float || rest.starts_with(b" ");
    plain(status).filter(|_| ends)
}

/// `Unavailable`, `UNAVAILABLE`, `StatusCode.UNAVAILABLE`, `14`, as an HTTP status. Only names that say so themselves are
/// taken for a code where the label does not.
fn grpc(value: &[u8], kind: StatusKind) -> Option<u16> {
    let name = ["StatusCode.", "codes.", "grpc.", "GRPC_STATUS_"]
        .iter()
        .find_map(|start| value.strip_prefix(start.as_bytes()));
    if name.is_none() && kind != StatusKind::Grpc {
        return None;
    }
    let name = name.unwrap_or(value);
    let number = std::str::from_utf8(name).ok().and_then(|text| text.parse::<usize>().ok());
    let by_name =
        || GRPC.iter().find(|(known, _)| same(known, name) || (*known == "cancelled" && same("canceled", name)));
    match number {
        Some(number) => GRPC.get(number).map(|(_, status)| *status),
        // grpc-go writes codes that are none of these as `Code(99)`; they count as UNKNOWN.
        None if name.starts_with(b"Code(") => Some(500),
        None => by_name().map(|(_, status)| *status),
    }
}

/// Whether both say the same, whatever the case and the separators: `ServerError`, `SERVER_ERROR`, `server-error`.
fn same(word: &str, value: &[u8]) -> bool {
    let word = word.bytes().filter(u8::is_ascii_alphanumeric);
    let value = value.iter().filter(|byte| byte.is_ascii_alphanumeric());
    word.map(|byte| byte.to_ascii_lowercase()).eq(value.map(u8::to_ascii_lowercase))
}
