#![doc = include_str!("../README.md")]

mod backoff;
mod check;
mod cli;
mod client;
mod config;
mod credential;
mod durable;
mod entry;
mod folder;
mod init;
mod language;
mod log;
mod machine;
mod private;
mod problem;
mod receipt;
mod sample;
#[cfg(test)]
mod scripted;
mod self_test;
mod send;
mod service;
mod spool;
mod status;

pub use cli::Cli;
