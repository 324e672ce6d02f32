#![doc = include_str!("../README.md")]

mod admission;
mod announce;
mod bucket;
mod data_folder;
mod disk;
mod functions;
mod health;
mod http;
mod material;
mod notices;
mod nudge;
mod options;
mod problem;
mod queue;
mod ready_file;
mod redelivery;
mod sample;
mod seed;
mod servers;
mod service;
mod triggers;
mod turns;
mod watch;
mod webhook;

pub use announce::announcement;
pub use bucket::make_bucket;
pub use options::Options;
pub use problem::Problem;
pub use service::{Addresses, Demo, Service};
pub use watch::Watch;
