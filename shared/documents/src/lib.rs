#![doc = include_str!("../README.md")]

mod engine;
mod form;
mod guide;
mod version_code;

pub use engine::DocumentError;
pub use form::{Form, Row, Section, consent, information_form};
pub use guide::{Block, Guide, Inline, Part, Table, guide};
