#![doc = include_str!("../README.md")]

mod fault;
mod form;
mod mail;
mod outbox;
mod page;
mod server;
mod sms;

use std::net::SocketAddr;
use std::path::PathBuf;

pub use fault::Fault;
pub use outbox::{Channel, Message, Outbox};
pub use page::pages;
pub use server::{NoticeServer, Running};

/// What a running server needs to know.
#[derive(Debug, Clone)]
pub struct Options {
    /// File of the outbox; made when missing. One process at a time: the caller locks it.
    pub file: PathBuf,
    /// Address to listen on; port 0 takes a free one.
    pub address: SocketAddr,
    /// How many messages are kept, the newest.
    pub keep: usize,
}

impl Options {
    /// An outbox of 2,000 messages in `file`, on a free port of 127.0.0.1.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            keep: 2_000,
        }
    }
}

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file can't be made, read or written.
    #[error("outbox `{path}`: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A line of the file is none that this program writes.
    #[error("outbox `{path}`, line `{line}`, cannot be read: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The address can't be listened on.
    #[error("address `{address}`: {source}")]
    Address {
        /// The address asked for.
        address: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
}
