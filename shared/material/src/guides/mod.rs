//! The documents of the package: four guides written in `docs/guides`, and the interface standard from its data.

mod interface_standard;
mod markdown;

use documents::{Block, Guide, Part};
use standard::Standard;

use crate::{MadeFile, MaterialError};

/// A guide's source and what it is called in the package (manual 3.3).
struct Source {
    name: &'static str,
    title: &'static str,
    file: &'static str,
    text: &'static str,
}

macro_rules! source {
    ($name:literal, $title:literal, $file:literal) => {
        Source {
            name: $name,
            title: $title,
            file: $file,
            text: include_str!(concat!("../../../../docs/guides/", $file)),
        }
    };
}

/// In the order of the manual.
const SOURCES: [Source; 4] = [
    source!(
        "流感医疗服务监测工作账号申请流程说明.pdf",
        "账号申请流程说明",
        "account-application.md"
    ),
    source!(
        "流感医疗服务监测系统用户操作说明.pdf",
        "用户操作说明",
        "user-manual.md"
    ),
    source!(
        "流感医疗服务监测工作说明.pdf",
        "流感医疗服务监测工作说明",
        "work-description.md"
    ),
    source!(
        "前置机使用说明.pdf",
        "前置机使用说明",
        "front-end-machine.md"
    ),
];

macro_rules! picture {
    ($name:literal) => {
        (
            $name,
            include_bytes!(concat!("../../../../docs/images/", $name)),
        )
    };
}

/// Pictures the guides show, by their name in `docs/images`.
const PICTURES: [(&str, &[u8]); 8] = [
    picture!("apply-identity.png"),
    picture!("apply-profile.png"),
    picture!("apply-documents.png"),
    picture!("apply-status.png"),
    picture!("uploads.png"),
    picture!("upload-result.png"),
    picture!("icd.png"),
    picture!("death-case-new.png"),
];

/// The four guides and the interface standard as PDFs, in the order of the manual.
///
/// # Errors
/// A source with markup that has no form here, or a template that does not compile.
pub fn guides(standard: &Standard) -> Result<Vec<MadeFile>, MaterialError> {
    let mut files = Vec::new();
    for source in &SOURCES {
        files.push(set(source.name, &guide(source, standard)?)?);
    }
    files.push(set(
        "流感医疗服务监测系统接口标准.pdf",
        &interface_standard::guide(standard),
    )?);
    Ok(files)
}

fn guide(source: &Source, standard: &Standard) -> Result<Guide, MaterialError> {
    let blocks: Vec<Block> =
        markdown::blocks(source.text).map_err(|what| MaterialError::Guide {
            guide: source.file.to_owned(),
            what,
        })?;
    Ok(Guide {
        title: source.title.to_owned(),
        subtitle: vec![
            "流感医疗服务监测系统".to_owned(),
            format!("适用接口标准版本 {}", standard.version),
        ],
        contents_depth: 2,
        parts: vec![Part {
            landscape: false,
            blocks,
        }],
    })
}

fn set(name: &str, guide: &Guide) -> Result<MadeFile, MaterialError> {
    let pdf = documents::guide(guide).map_err(|source| MaterialError::Document {
        document: name.to_owned(),
        source,
    })?;
    Ok(MadeFile::new(name, pdf))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_guide_can_be_read_and_says_something() {
        for source in &SOURCES {
            let guide = guide(source, standard::latest()).unwrap();
            let blocks = &guide.parts[0].blocks;
            assert!(matches!(blocks[0], Block::Heading(1, _)), "{}", source.file);
            assert!(blocks.len() > 20, "{}", source.file);
        }
    }
}
