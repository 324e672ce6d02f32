//! Starts the program that sends a hospital's data, unattended.

use std::process::ExitCode;

use clap::Parser;
use front_end_machine::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}
