//! A connection of any kind, so that what is spoken over it is compiled once.

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// As a server or a client takes it.
pub fn any(stream: impl Stream + 'static) -> TokioIo<Box<dyn Stream>> {
    TokioIo::new(Box::new(stream))
}
