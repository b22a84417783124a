//! HAProxy's Runtime API: one command a connection.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, timeout_at};

use crate::config::{SocketAddress, scrub};
use crate::model::number::duration_exact;

/// In bytes: many thousand servers.
const MAX: u64 = 4 << 20;

#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    #[error("HAProxy's Runtime API `{address}` cannot be reached: {}", reason(source))]
    Reach { address: String, source: io::Error },
    #[error("HAProxy answered `{command}` with: {answer}{}", hint(answer))]
    Refused { command: String, answer: String },
    #[error("HAProxy did not answer `{command}` within {}", duration_exact(*limit))]
    Timeout { command: String, limit: Duration },
    #[error("HAProxy's answer to `{command}` is longer than {MAX} bytes")]
    TooLong { command: String },
}

fn reason(source: &io::Error) -> String {
    let hint = match source.kind() {
        io::ErrorKind::NotFound => "; is HAProxy running, and is this the path of its `stats socket`?",
        io::ErrorKind::ConnectionRefused => "; HAProxy is not running, or has another `stats socket`",
        io::ErrorKind::PermissionDenied => {
            "; this user may not write to the socket: see `mode` and `group` of `stats socket`"
        }
        _ => "",
    };
    format!("{source}{hint}")
}

fn hint(answer: &str) -> &'static str {
    if answer.starts_with("Permission denied") { "; the `stats socket` needs `level admin`" } else { "" }
}

#[derive(Clone, Debug)]
pub struct RuntimeApi {
    address: SocketAddress,
}

impl RuntimeApi {
    pub const fn new(address: SocketAddress) -> Self {
        Self { address }
    }

    /// `limit` is only for the error if `deadline` passes.
    pub async fn ask(&self, command: &str, limit: Duration, deadline: Instant) -> Result<String, RuntimeError> {
        let asked = timeout_at(deadline, self.converse(command)).await;
        let bytes = asked.map_err(|_| RuntimeError::Timeout { command: command.to_owned(), limit })?;
        let bytes = bytes.map_err(|source| RuntimeError::Reach { address: self.address.to_string(), source })?;
        if bytes.len() as u64 > MAX {
            return Err(RuntimeError::TooLong { command: command.to_owned() });
        }
        let answer = String::from_utf8_lossy(&bytes).into_owned();
        // An error is a line of its own, such as `Can't find backend.`, and starts no other answer.
        let refused = ["Permission denied", "Unknown command", "Can't find", "No such"];
        if refused.iter().any(|refusal| answer.starts_with(refusal)) {
            let answer = scrub(answer.lines().next().unwrap_or_default().trim()).into_owned();
            return Err(RuntimeError::Refused { command: command.to_owned(), answer });
        }
        Ok(answer)
    }

    async fn converse(&self, command: &str) -> io::Result<Vec<u8>> {
        match &self.address {
            SocketAddress::Unix(path) => exchange(UnixStream::connect(path).await?, command).await,
            SocketAddress::Tcp(host_port) => exchange(TcpStream::connect(host_port.as_str()).await?, command).await,
        }
    }
}

/// Without a prompt HAProxy closes the connection after its answer.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, command: &str) -> io::Result<Vec<u8>> {
    stream.write_all(format!("{command}\n").as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MAX + 1).read_to_end(&mut answer).await?;
    Ok(answer)
}
