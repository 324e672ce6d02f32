use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use material::MadeFile;
use material::templates::{icd_templates, upload_templates};

use crate::made;

/// Writes the upload templates of the six kinds of data file and of the three kinds of ICD code file.
#[derive(Args)]
pub(crate) struct Templates {
    /// Write nothing; fail when a template does not fit the data.
    #[arg(long)]
    check: bool,
    /// Folder of the templates.
    #[arg(long, default_value = "docs/templates")]
    folder: PathBuf,
}

impl Templates {
    pub(crate) fn run(&self) -> Result<()> {
        let standard = standard::latest();
        let below = |folder: &'static str| {
            move |file: MadeFile| MadeFile {
                path: format!("{folder}/{}", file.path),
                ..file
            }
        };
        let mut files: Vec<MadeFile> = Vec::new();
        files.extend(upload_templates(standard)?.into_iter().map(below("data")));
        files.extend(icd_templates(standard)?.into_iter().map(below("icd")));
        if self.check {
            made::check(&self.folder, &files, "templates")
        } else {
            made::write(&self.folder, &files)
        }
    }
}
