#![doc = include_str!("../README.md")]

mod clients;
mod config;
mod logging;
mod metrics;
mod notice_config;
mod providers;
mod standards;
mod webhook_config;
mod wire_config;

pub use clients::{Clients, Options};
pub use config::{Config, ConfigError, password_policy};
pub use logging::{init_lambda, init_terminal};
pub use notice_config::NoticeConfig;
pub use providers::Providers;
pub use standards::{StandardsError, standards};
pub use webhook_config::WebhookConfig;
pub use wire_config::{LAMBDA_BODY, WireConfig};
