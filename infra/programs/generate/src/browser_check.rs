use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

const TARGET: &str = "wasm32-unknown-unknown";

/// Builds the check for the browser and puts it among the portal's pages, where the next build of the portal takes it in.
/// It is not kept in the repository: nobody could tell from its bytes what it does.
#[derive(Args)]
pub(crate) struct BrowserCheck {
    /// Where the module goes.
    #[arg(long, default_value = "functions/serve-portal/pages/assets/check.wasm")]
    module: PathBuf,
    /// Where it is built.
    #[arg(long, default_value = "target/wasm")]
    target_dir: PathBuf,
}

impl BrowserCheck {
    pub(crate) fn run(&self) -> Result<()> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .args([
                "build",
                "--locked",
                "--profile",
                "module",
                "--target",
                TARGET,
            ])
            .args(["-p", "browser-check", "--target-dir"])
            .arg(&self.target_dir)
            .status()
            .context("cargo could not be started")?;
        if !status.success() {
            bail!(
                "the module was not built; if its target is missing: `rustup target add {TARGET}`"
            );
        }
        let built = self
            .target_dir
            .join(TARGET)
            .join("module")
            .join("browser_check.wasm");
        let bytes = std::fs::read(&built)
            .with_context(|| format!("`{}` could not be read", built.display()))?;
        self.place(&bytes)?;
        let module = self.module.display();
        writeln!(std::io::stdout(), "{module}: {} bytes", bytes.len())?;
        Ok(())
    }

    /// An unchanged module is left alone, so that the portal is not built anew for nothing.
    fn place(&self, bytes: &[u8]) -> Result<()> {
        if std::fs::read(&self.module).is_ok_and(|there| there == bytes) {
            return Ok(());
        }
        let written = |path: &Path| format!("`{}` could not be written", path.display());
        let part = self.module.with_extension("part");
        std::fs::write(&part, bytes).with_context(|| written(&part))?;
        std::fs::rename(&part, &self.module).with_context(|| written(&self.module))
    }
}
