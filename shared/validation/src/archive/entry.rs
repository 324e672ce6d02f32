use crate::{Note, texts};

/// What an entry is to the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A CSV.
    Data,
    /// An Excel workbook: taken where it is a report of ours.
    Workbook,
    /// A folder.
    Folder,
    /// Left behind by an operating system; ignored.
    System,
    /// An archive in the archive; refused.
    Nested,
    /// Any other file: the archive may hold none.
    Foreign,
}

/// One entry of the directory.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Name with folders.
    pub(super) name: String,
    /// Name as the directory has it.
    pub(super) raw_name: Vec<u8>,
    /// What that name is refused for.
    pub(super) raw_trick: Option<&'static str>,
    /// Whether the name was GB18030 without saying so.
    pub(super) gbk: bool,
    pub(super) role: Role,
    pub(super) size: u64,
    pub(super) packed: u64,
    /// Whether its data is deflated; otherwise it is stored as it is.
    pub(super) deflated: bool,
    /// CRC-32 of its expanded bytes.
    pub(super) checksum: u32,
    /// Why it cannot be taken, as far as its own headers tell.
    pub(super) defect: Option<&'static str>,
    /// First byte of its header, byte after its data.
    pub(super) range: (u64, u64),
}

impl Entry {
    /// Name without folders.
    pub(super) fn base_name(&self) -> &str {
        base_name(&self.name)
    }

    /// What was put up with in its name.
    pub(super) fn notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        if self.gbk {
            notes.push(texts::note("entry_name_gbk"));
        }
        if self.name.contains('/') {
            notes.push(texts::note("in_folder"));
        }
        notes
    }
}

fn base_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Tells the role by the name.
pub(super) fn role(name: &str) -> Role {
    let base = base_name(name);
    let lower = base.to_ascii_lowercase();
    let extension = lower
        .rsplit_once('.')
        .map_or("", |(_, extension)| extension);
    if name.starts_with("__MACOSX/")
        || base.starts_with("._")
        || matches!(lower.as_str(), ".ds_store" | "thumbs.db" | "desktop.ini")
    {
        Role::System
    } else if name.ends_with('/') {
        Role::Folder
    } else if extension == "csv" {
        Role::Data
    } else if extension == "xlsx" {
        Role::Workbook
    } else if matches!(
        extension,
        "zip" | "rar" | "7z" | "gz" | "tgz" | "tar" | "bz2" | "xz" | "jar"
    ) {
        Role::Nested
    } else {
        Role::Foreign
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_data_from_what_systems_leave_behind() {
        for (name, wanted) in [
            ("flu_1.csv", Role::Data),
            ("数据/FLU_1.CSV", Role::Data),
            ("数据/", Role::Folder),
            ("__MACOSX/._flu_1.csv", Role::System),
            ("__MACOSX/", Role::System),
            (".DS_Store", Role::System),
            ("a/Thumbs.db", Role::System),
            ("a/inner.zip", Role::Nested),
            ("说明.txt", Role::Foreign),
            ("csv", Role::Foreign),
        ] {
            assert_eq!(role(name), wanted, "{name}");
        }
    }
}
