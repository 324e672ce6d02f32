#![doc = include_str!("../README.md")]

mod clients;
mod config;
mod logging;
mod standards;

pub use clients::{Clients, Options};
pub use config::{Config, ConfigError};
pub use logging::{init_lambda, init_terminal};
pub use standards::{StandardsError, standards};
