//! Writes what is derived from the standard's data and the guides: samples, data dictionary, templates, schemas, the
//! material package, the tutorial videos. One module for each subcommand.

mod committed;
mod dictionary;
mod made;
mod package;
mod pages;
mod samples;
mod schemas;
mod templates;
mod videos;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Writes files that are derived from the interface standard.
#[derive(Parser)]
#[command(name = "generate", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Samples(samples::Samples),
    Pages(pages::Pages),
    Templates(templates::Templates),
    Schemas(schemas::Schemas),
    Material(package::Material),
    Videos(videos::Videos),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Samples(samples) => samples.run(),
        Command::Pages(pages) => pages.run(),
        Command::Templates(templates) => templates.run(),
        Command::Schemas(schemas) => schemas.run(),
        Command::Material(material) => material.run(),
        Command::Videos(videos) => videos.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write;
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(std::io::stderr(), "generate: {error:#}");
            ExitCode::FAILURE
        }
    }
}
