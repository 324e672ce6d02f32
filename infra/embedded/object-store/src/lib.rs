#![doc = include_str!("../README.md")]

mod body;
mod cors;
mod event;
mod folder;
mod index;
mod listing;
mod operations;
mod receive;
mod server;
mod store;
mod version;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use event::ObjectCreated;
pub use server::{ObjectStore, Running};

/// What a running object store needs to know.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder that holds everything; made when missing. One process at a time: the caller locks it.
    pub folder: PathBuf,
    /// Address to listen on; port 0 takes a free one.
    pub address: SocketAddr,
    /// The one access key the store accepts.
    pub access_key: String,
    /// Its secret, from which signatures are computed.
    pub secret_key: String,
    /// Web origins (`http://localhost:8420`) whose pages may send and fetch objects by presigned URL.
    pub allowed_origins: Vec<String>,
    /// Largest object taken, in bytes.
    pub max_object_bytes: u64,
    /// A sender that is silent for this long is refused.
    pub idle: Duration,
}

impl Options {
    /// Options for a store in `folder` with limits that suit one machine: objects up to 1 GiB, half a minute of silence.
    pub fn new(folder: impl Into<PathBuf>, access_key: &str, secret_key: &str) -> Self {
        Self {
            folder: folder.into(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            access_key: access_key.to_owned(),
            secret_key: secret_key.to_owned(),
            allowed_origins: Vec::new(),
            max_object_bytes: 1 << 30,
            idle: Duration::from_secs(30),
        }
    }
}

/// Why a store could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder can't be made, read or written.
    #[error("object folder `{path}`: {source}")]
    Folder {
        /// The file or folder concerned.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The folder was written by a version that arranges it differently.
    #[error("object folder `{path}` has format `{found}`, this program reads format `{expected}`")]
    Format {
        /// The file that states the format.
        path: PathBuf,
        /// The format found there.
        found: String,
        /// The format this version reads.
        expected: &'static str,
    },
    /// A description of a stored object can't be understood.
    #[error("object description `{path}` is damaged: {reason}")]
    Damaged {
        /// The file concerned.
        path: PathBuf,
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
