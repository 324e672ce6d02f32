use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use jiff::civil::Date;
use sample_data::{
    Bad, Damage, Dates, Encoding, ExtraColumn, Form, LineEnd, Options, Quoting, archive, linked,
    write_file,
};

use crate::committed;

/// Makes sample data files: realistic, invented, the same for the same options.
#[derive(Args)]
pub(crate) struct Samples {
    /// Kind of file: flu, hqms, hda, hdr, pdr, lis, or `linked` for all six about the same cases.
    #[arg(long, required_unless_present = "all")]
    kind: Option<String>,
    /// Records; with `--kind linked` the visits.
    #[arg(long, default_value_t = 1000)]
    rows: u32,
    /// Stays in hospital, with `--kind linked`.
    #[arg(long, default_value_t = 120)]
    stays: u32,
    /// Share of spoilt records, 0 to 1.
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    bad: f64,
    /// Spoil records in these ways only, e.g. `BadChecksum`; may be given several times.
    #[arg(long, value_parser = damage)]
    damage: Vec<Damage>,
    /// Encoding of the text.
    #[arg(long, value_enum, default_value = "utf8")]
    encoding: EncodingName,
    /// Line ends.
    #[arg(long, value_enum, default_value = "crlf")]
    line_end: LineEndName,
    /// Quoting of values.
    #[arg(long, value_enum, default_value = "when-needed")]
    quoting: QuotingName,
    /// Write dates as `2019/12/3 8:15:00`.
    #[arg(long)]
    slashes: bool,
    /// Write a tab before every value but the first.
    #[arg(long)]
    leading_tab: bool,
    /// Write the header's codes in lower case.
    #[arg(long)]
    lower_header: bool,
    /// Write the columns from last to first.
    #[arg(long)]
    reversed_columns: bool,
    /// Write a column of the hospital's own in front.
    #[arg(long, value_enum, default_value = "none")]
    extra_column: ExtraColumnName,
    /// Blank rows at the end.
    #[arg(long, default_value_t = 0)]
    blank_rows: u16,
    /// Decides every invented value.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// First day of the visits.
    #[arg(long, default_value = "2019-11-26")]
    first_day: Date,
    /// Days the visits spread over.
    #[arg(long, default_value_t = 7)]
    days: u16,
    /// Code of the institution.
    #[arg(long, default_value = sample_data::DEMO_INSTITUTION_CODE)]
    institution: String,
    /// Name of the institution.
    #[arg(long, default_value = sample_data::DEMO_INSTITUTION_NAME)]
    institution_name: String,
    /// File to write: `.zip`, or `.csv` for a single kind.
    #[arg(long, required_unless_present = "all")]
    out: Option<PathBuf>,
    /// Make the set that is committed to the repository instead.
    #[arg(long, conflicts_with_all = ["kind", "out"])]
    all: bool,
    /// Folder of the committed set.
    #[arg(long, default_value = "docs/samples", requires = "all")]
    out_dir: PathBuf,
    /// Write nothing; fail when a committed file is missing or stale.
    #[arg(long, requires = "all")]
    check: bool,
}

impl Samples {
    pub(crate) fn run(self) -> Result<()> {
        if self.all {
            return if self.check {
                committed::check(&self.out_dir)
            } else {
                committed::write(&self.out_dir)
            };
        }
        let (Some(kind), Some(out)) = (&self.kind, &self.out) else {
            bail!("--kind and --out are needed");
        };
        let standard = standard::latest();
        let options = self.options(kind);
        let extension = out
            .extension()
            .and_then(|text| text.to_str())
            .unwrap_or_default();
        let written = match (extension.to_ascii_lowercase().as_str(), kind.as_str()) {
            ("zip", "linked") => {
                let files = linked(self.rows, self.stays, &options);
                safely(out, |file| Ok(archive(standard, &files, file)?))?
            }
            ("zip", _) => {
                let files = [(options.file_name(), options)];
                safely(out, |file| Ok(archive(standard, &files, file)?))?
            }
            ("csv", "linked") => bail!("six files need a ZIP: give --out a name ending in .zip"),
            ("csv", _) => safely(out, |file| Ok(vec![write_file(standard, &options, file)?]))?,
            _ => bail!("`{}` ends neither in .zip nor in .csv", out.display()),
        };
        let rows: u64 = written.iter().map(|file| u64::from(file.rows)).sum();
        let spoilt: usize = written.iter().map(|file| file.damages.len()).sum();
        writeln!(
            std::io::stdout(),
            "{}: {rows} records, {spoilt} of them spoilt",
            out.display()
        )?;
        Ok(())
    }

    fn options(&self, kind: &str) -> Options {
        let mut options = Options::new(kind, self.rows);
        options.seed = self.seed;
        options.first_day = self.first_day;
        options.days = self.days;
        options.institution_code.clone_from(&self.institution);
        options.institution_name.clone_from(&self.institution_name);
        if self.bad > 0.0 {
            options.bad = Bad::Share(self.bad, self.damage.clone());
        }
        options.form = Form {
            encoding: self.encoding.into(),
            line_end: self.line_end.into(),
            quoting: self.quoting.into(),
            dates: if self.slashes {
                Dates::Slashes
            } else {
                Dates::Standard
            },
            leading_tab: self.leading_tab,
            lower_header: self.lower_header,
            reversed_columns: self.reversed_columns,
            extra_column: self.extra_column.into(),
            blank_rows: self.blank_rows,
        };
        options
    }
}

/// Writes beside the file and renames, so that nobody takes half a file for a whole one.
fn safely<T>(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> Result<T>) -> Result<T> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".part");
    let partial = PathBuf::from(partial);
    let place = || format!("`{}` could not be written", path.display());
    let mut file = BufWriter::new(File::create(&partial).with_context(place)?);
    let written = write(&mut file).and_then(|written| {
        file.flush()?;
        std::fs::rename(&partial, path)?;
        Ok(written)
    });
    if written.is_err() {
        // The first error is the one to tell; a leftover part is no harm.
        let _ = std::fs::remove_file(&partial);
    }
    written.with_context(place)
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share lies between 0 and 1, e.g. 0.05".into()),
    }
}

fn damage(text: &str) -> Result<Damage, String> {
    let named = |damage: &&Damage| format!("{damage:?}").eq_ignore_ascii_case(text);
    Damage::ALL.iter().find(named).copied().ok_or_else(|| {
        let names: Vec<String> = Damage::ALL
            .iter()
            .map(|damage| format!("{damage:?}"))
            .collect();
        format!("the damages are {}", names.join(", "))
    })
}

/// The names on the command line of what the library calls otherwise.
macro_rules! names {
    ($name:ident for $target:ident { $($variant:ident = $word:literal),* }) => {
        #[derive(Clone, Copy, ValueEnum)]
        enum $name { $(#[value(name = $word)] $variant),* }

        impl From<$name> for $target {
            fn from(name: $name) -> Self {
                match name { $($name::$variant => Self::$variant),* }
            }
        }
    };
}

names!(LineEndName for LineEnd { CrLf = "crlf", Lf = "lf", Cr = "cr" });
names!(QuotingName for Quoting { WhenNeeded = "when-needed", Always = "always", Never = "never" });
names!(ExtraColumnName for ExtraColumn { None = "none", Unnamed = "unnamed", Named = "named" });
names!(EncodingName for Encoding {
    Utf8 = "utf8", Utf8Mark = "utf8-mark", Gb18030 = "gb18030", Utf16 = "utf16"
});
