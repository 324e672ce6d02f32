use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;
use domain::material::PACKAGE_NAME;
use material::MadeFile;
use material::package::{Program, build};

/// Builds 流感医疗服务监测系统相关资料包.zip and its manifest.
#[derive(Args)]
pub(crate) struct Material {
    /// Folder to write to.
    #[arg(long, default_value = "target/material")]
    out: PathBuf,
    /// A built front-end machine program; may be given several times, for several systems. Without it those that
    /// `infra/front-end-machine/build` has built are taken; where there are none, the program is built for this system.
    #[arg(long, value_name = "FILE")]
    front_end_machine: Vec<PathBuf>,
    /// Where `infra/front-end-machine/build` puts them.
    #[arg(long, value_name = "DIR", default_value = "target/front-end-machine")]
    built: PathBuf,
    /// Leave the program out: its item then says where to get it.
    #[arg(long, conflicts_with = "front_end_machine")]
    without_program: bool,
}

impl Material {
    pub(crate) fn run(&self) -> Result<()> {
        let program = if self.without_program {
            Program::Elsewhere
        } else if self.front_end_machine.is_empty() {
            let built = built_before(&self.built)?;
            if built.is_empty() {
                Program::Files(vec![program(&build_here()?)?])
            } else {
                Program::Files(built)
            }
        } else {
            let files = self.front_end_machine.iter().map(|path| program(path));
            Program::Files(files.collect::<Result<_>>()?)
        };
        let package = build(standard::latest(), program)?;
        let write = |name: &str, bytes: &[u8]| {
            let path = self.out.join(name);
            std::fs::create_dir_all(&self.out)
                .and_then(|()| std::fs::write(&path, bytes))
                .with_context(|| format!("`{}` could not be written", path.display()))
        };
        write(PACKAGE_NAME, &package.bytes)?;
        let mut manifest = serde_json::to_vec_pretty(&package.manifest)?;
        manifest.push(b'\n');
        write(MANIFEST, &manifest)?;
        let mut out = std::io::stdout();
        writeln!(out, "{}", self.out.join(PACKAGE_NAME).display())?;
        writeln!(
            out,
            "version {}, {} bytes, SHA-256 {}",
            package.manifest.version, package.manifest.size, package.manifest.sha256
        )?;
        for item in &package.manifest.items {
            writeln!(out, "  {:>9}  {}  {}", item.size, item.sha256, item.name)?;
        }
        Ok(())
    }
}

/// Name of the manifest beside the package.
const MANIFEST: &str = "manifest.json";

/// A program under its own name.
fn program(path: &Path) -> Result<MadeFile> {
    let name = path.file_name().and_then(|name| name.to_str());
    let bytes =
        std::fs::read(path).with_context(|| format!("`{}` could not be read", path.display()))?;
    Ok(MadeFile {
        path: name
            .context("the program needs a name in UTF-8")?
            .to_owned(),
        bytes,
    })
}

/// The folders of the systems it was built for, with all they hold; none where it was not.
fn built_before(folder: &Path) -> Result<Vec<MadeFile>> {
    let mut files = Vec::new();
    for system in folders(folder)? {
        let name = |path: &Path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.map(str::to_owned).context("a name that is no UTF-8")
        };
        for path in listed(&system)? {
            let mut file = program(&path)?;
            file.path = format!("{}/{}", name(&system)?, file.path);
            files.push(file);
        }
    }
    Ok(files)
}

fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut folders = listed(folder)?;
    folders.retain(|path| path.is_dir());
    Ok(folders)
}

/// By name, so that the same files make the same package.
fn listed(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("`{}` could not be read", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}

/// Builds the program in the target folder this one was built in.
fn build_here() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let target = own
        .parent()
        .and_then(Path::parent)
        .context("the target folder is not known")?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--release", "--locked", "--package", "front-end-machine", "--target-dir"])
        .arg(target)
        .status()
        .context("cargo could not be started; give a built program with --front-end-machine, or --without-program")?;
    if !status.success() {
        bail!(
            "the front-end machine program could not be built; give a built one with --front-end-machine, or --without-program"
        );
    }
    let name = format!("front-end-machine{}", std::env::consts::EXE_SUFFIX);
    Ok(target.join("release").join(name))
}
