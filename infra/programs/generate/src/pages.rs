use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::dictionary;

/// Writes the data dictionary: pages of columns, codes and rules.
#[derive(Args)]
pub(crate) struct Pages {
    /// Write nothing; fail when a page does not fit the data.
    #[arg(long)]
    check: bool,
    /// Folder of the pages.
    #[arg(long, default_value = dictionary::FOLDER)]
    folder: PathBuf,
}

impl Pages {
    pub(crate) fn run(&self) -> Result<()> {
        let pages = dictionary::pages(standard::latest());
        let folder = self.folder.display();
        if self.check {
            let stale = dictionary::stale(&self.folder, &pages)
                .with_context(|| format!("`{folder}` could not be read"))?;
            if stale.is_empty() {
                return Ok(());
            }
            let names: Vec<String> = stale
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            bail!(
                "missing or stale: {}; make them again with `cargo run -p generate -- pages`",
                names.join(", ")
            );
        }
        let changed = dictionary::write(&self.folder, &pages)
            .with_context(|| format!("`{folder}` could not be written"))?;
        for path in changed {
            writeln!(std::io::stdout(), "{}", path.display())?;
        }
        Ok(())
    }
}
