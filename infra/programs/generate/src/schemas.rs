use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use material::schemas::schemas;

use crate::made;

/// Writes the standard for programs: JSON Schema and Frictionless Table Schema of every kind and version.
#[derive(Args)]
pub(crate) struct Schemas {
    /// Write nothing; fail when a schema does not fit the data.
    #[arg(long)]
    check: bool,
    /// Folder of the schemas.
    #[arg(long, default_value = "docs/generated/schemas")]
    folder: PathBuf,
}

impl Schemas {
    pub(crate) fn run(&self) -> Result<()> {
        let mut files = Vec::new();
        for standard in standard::versions() {
            files.extend(schemas(standard)?);
        }
        if self.check {
            made::check(&self.folder, &files, "schemas")
        } else {
            made::write(&self.folder, &files)
        }
    }
}
