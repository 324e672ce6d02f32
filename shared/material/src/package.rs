//! 流感医疗服务监测系统相关资料包: the manual's eight items (3.3) in one archive, and its manifest.

use std::io::{Cursor, Write};

use domain::Sha256;
use domain::material::{PackageItem, PackageManifest};
use standard::Standard;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::guides::guides;
use crate::schemas::schemas;
use crate::templates::{icd_templates, upload_templates};
use crate::{MadeFile, MaterialError};

/// 前置机程序.
pub const PROGRAM: &str = "前置机程序.zip";
/// Upload templates of the interface standard.
pub const UPLOAD_TEMPLATES: &str = "流感医疗服务监测系统接口标准上传文件模板.zip";
/// ICD templates.
pub const ICD_TEMPLATES: &str = "流感医疗服务监测系统ICD编码上传文件模板.zip";

const ELSEWHERE: &str = "\u{FEFF}本资料包由未附带前置机程序的环境生成。\r\n\r\n获取前置机程序：请在流感医疗服务监测系统（https://flu.hqms.org.cn）登录后，从“资料下载—下载相关资料”下载正式发布的资料包，或联系技术支持。\r\n\r\n服务电话：400-0030-686　服务邮箱：service@hqms.org.cn　服务时间：周一至周五 8:30-17:30（节假日除外）\r\n";

/// The front-end machine program as it goes into the package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// Its files, e.g. one for each operating system.
    Files(Vec<MadeFile>),
    /// Not at hand: the item says where to get it, and the manifest that it is not there.
    Elsewhere,
}

/// A finished package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// What it is.
    pub manifest: PackageManifest,
    /// The archive.
    pub bytes: Vec<u8>,
}

/// Builds the package. The same standard, guides and program give the same bytes.
///
/// # Errors
/// A part that cannot be made, which is a defect of its source.
pub fn build(standard: &Standard, program: Program) -> Result<Package, MaterialError> {
    let has_program = matches!(&program, Program::Files(files) if !files.is_empty());
    let program = match program {
        Program::Files(files) if !files.is_empty() => files,
        _ => vec![MadeFile::new("获取说明.txt", ELSEWHERE)],
    };
    let mut templates = upload_templates(standard)?;
    templates.extend(
        schemas(standard)?
            .into_iter()
            .map(|file| MadeFile::new(format!("机器可读接口标准/{}", file.path), file.bytes)),
    );
    let mut items = guides(standard)?;
    items.push(MadeFile::new(PROGRAM, archive(&program)?));
    items.push(MadeFile::new(UPLOAD_TEMPLATES, archive(&templates)?));
    items.push(MadeFile::new(
        ICD_TEMPLATES,
        archive(&icd_templates(standard)?)?,
    ));

    let bytes = archive(&items)?;
    let listed: Vec<PackageItem> = items
        .iter()
        .map(|item| PackageItem {
            name: item.path.clone(),
            size: item.bytes.len() as u64,
            sha256: Sha256::of(&item.bytes),
        })
        .collect();
    let sha256 = Sha256::of(&bytes);
    let digest = sha256.to_string();
    Ok(Package {
        manifest: PackageManifest {
            version: format!(
                "{}.{}",
                standard.version,
                digest.get(..8).unwrap_or(&digest)
            ),
            size: bytes.len() as u64,
            sha256,
            items: listed,
            has_program,
        },
        bytes,
    })
}

/// An archive with fixed times, so that the same files give the same bytes.
fn archive(files: &[MadeFile]) -> Result<Vec<u8>, MaterialError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let time = zip::DateTime::from_date_and_time(2019, 11, 1, 0, 0, 0).unwrap_or_default();
    for file in files {
        // What is compressed already only grows by it.
        let packed = [".zip", ".xlsx"]
            .iter()
            .any(|ending| file.path.ends_with(ending));
        let method = if packed {
            CompressionMethod::Stored
        } else {
            CompressionMethod::Deflated
        };
        // A program unpacked on Linux can be run at once.
        let is_program = file
            .path
            .rsplit('/')
            .next()
            .is_some_and(|name| !name.contains('.'));
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .last_modified_time(time)
            .unix_permissions(if is_program { 0o755 } else { 0o644 });
        zip.start_file(file.path.as_str(), options)?;
        zip.write_all(&file.bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}
