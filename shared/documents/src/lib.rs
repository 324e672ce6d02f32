#![doc = include_str!("../README.md")]

mod engine;
mod form;
mod version_code;

pub use engine::DocumentError;
pub use form::{Form, Row, Section, consent, information_form};
