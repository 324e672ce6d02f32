#![doc = include_str!("../README.md")]

mod announced;
mod deliver;
mod event;
mod stream;

pub use announced::{Announced, read};
pub use deliver::{Handle, Malformed, deliver};
pub use event::{Event, Message, parse};
pub use stream::{Changed, Following, failures, follow};

/// An object that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The bucket it arrived in.
    pub bucket: String,
    /// Its key, decoded.
    pub key: String,
    /// Its version, where the store told one.
    pub version: Option<String>,
}
