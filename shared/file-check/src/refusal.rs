use thiserror::Error;

use crate::MediaType;

/// Why a file can't be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No bytes.
    #[error("empty")]
    Empty,
    /// Too many bytes.
    #[error("more than `{limit}` bytes")]
    TooLarge {
        /// How many are taken.
        limit: u64,
    },
    /// None of the types that are known here.
    #[error("not a jpg, png or pdf")]
    OtherType,
    /// A type that is known, but not taken here.
    #[error("`{media_type}` is not taken here")]
    NotAllowed {
        /// What it is.
        media_type: MediaType,
    },
    /// A photograph in Apple's format.
    #[error("a heic photograph")]
    Heic,
    /// Something a computer would run.
    #[error("a program")]
    Program,
    /// A web page, or other markup.
    #[error("a web page")]
    WebPage,
    /// A zip or other archive.
    #[error("an archive")]
    Archive,
    /// It begins as it should and ends too early.
    #[error("cut off")]
    Truncated,
    /// It is not built as it should be.
    #[error("damaged")]
    Damaged,
    /// It is two things at once.
    #[error("holds a second file")]
    SecondFile,
    /// More pixels than anybody can look at.
    #[error("more pixels than are taken")]
    Dimensions,
    /// A PDF that needs a password.
    #[error("protected by a password")]
    Encrypted,
    /// A PDF with scripts, attachments or actions.
    #[error("holds scripts, attachments or actions")]
    Active,
    /// A PDF without a page.
    #[error("no page")]
    NoPages,
    /// It was gone before anybody had looked at it.
    #[error("gone")]
    Gone,
    /// A PDF with more pages, or more work, than is taken.
    #[error("too long or too complicated")]
    TooComplex,
}

impl Refusal {
    /// Stable code of the reason.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "file_empty",
            Self::TooLarge { .. } => "file_too_large",
            Self::OtherType => "file_other_type",
            Self::NotAllowed { .. } => "file_type_not_allowed",
            Self::Heic => "file_heic",
            Self::Program => "file_program",
            Self::WebPage => "file_web_page",
            Self::Archive => "file_archive",
            Self::Truncated => "file_truncated",
            Self::Damaged => "file_damaged",
            Self::SecondFile => "file_second_file",
            Self::Dimensions => "file_dimensions",
            Self::Encrypted => "file_encrypted",
            Self::Active => "file_active",
            Self::NoPages => "file_no_pages",
            Self::Gone => "file_gone",
            Self::TooComplex => "file_too_complex",
        }
    }

    /// The codes with what a person is told, in Chinese and in English: what is wrong, and what to do.
    pub const TEXTS: [(&'static str, &'static str, &'static str); 17] = [
        (
            "file_empty",
            "文件是空的，请重新扫描后上传。",
            "The file is empty. Please scan the document again and upload it.",
        ),
        (
            "file_too_large",
            "文件超过大小限制，请降低扫描分辨率后重新上传。",
            "The file is too large. Please scan with a lower resolution and upload it again.",
        ),
        (
            "file_other_type",
            "文件内容不是 jpg、png 或 pdf 格式（只改文件扩展名无效），请另存为这三种格式之一后上传。",
            "The content is no jpg, png or pdf (renaming the file does not change it). Please save it as one of these and upload it.",
        ),
        (
            "file_type_not_allowed",
            "此处不接受这种格式的文件，请按页面提示的格式上传。",
            "This format is not accepted here. Please use one of the formats named on the page.",
        ),
        (
            "file_heic",
            "这是 HEIC 格式的照片，请在手机“设置-相机-格式”中选择“兼容性最佳”后重新拍照，或另存为 jpg 后上传。",
            "This is a HEIC photograph. Please choose “Most Compatible” under Settings, Camera, Formats and take it again, or save it as jpg.",
        ),
        (
            "file_program",
            "这是可执行文件，不能上传。请上传盖章文件的扫描件。",
            "This is a program. Please upload a scan of the stamped document.",
        ),
        (
            "file_web_page",
            "这是网页文件，不能上传。请上传盖章文件的扫描件。",
            "This is a web page. Please upload a scan of the stamped document.",
        ),
        (
            "file_archive",
            "这是压缩文件或 Office 文档，请解压或另存为 pdf 后上传。",
            "This is an archive or Office document. Please unpack it, or save it as pdf, and upload that.",
        ),
        (
            "file_truncated",
            "文件不完整，可能在传输或保存时中断，请重新扫描后上传。",
            "The file is incomplete; saving or copying it may have been interrupted. Please scan again and upload it.",
        ),
        (
            "file_damaged",
            "文件已损坏，无法打开，请重新扫描后上传。",
            "The file is damaged and cannot be opened. Please scan again and upload it.",
        ),
        (
            "file_second_file",
            "文件中夹带了其他内容，不能上传，请重新扫描后上传。",
            "The file carries something else inside. Please scan again and upload it.",
        ),
        (
            "file_dimensions",
            "图片的像素过大，请降低扫描分辨率后重新上传。",
            "The picture has too many pixels. Please scan with a lower resolution and upload it again.",
        ),
        (
            "file_encrypted",
            "pdf 设有密码，请取消密码后重新上传。",
            "The pdf is protected by a password. Please remove the password and upload it again.",
        ),
        (
            "file_active",
            "pdf 中含有脚本、附件或自动执行的动作，请直接上传扫描生成的 pdf 或图片。",
            "The pdf holds scripts, attachments or actions. Please upload the pdf or picture that your scanner made.",
        ),
        (
            "file_no_pages",
            "pdf 中没有页面，请重新扫描后上传。",
            "The pdf has no page. Please scan again and upload it.",
        ),
        (
            "file_gone",
            "文件已不存在，请重新上传。",
            "The file is no longer there. Please upload it again.",
        ),
        (
            "file_too_complex",
            "pdf 页数过多或结构过于复杂，请直接上传扫描生成的 pdf 或图片。",
            "The pdf has too many pages or is too complicated. Please upload the pdf or picture that your scanner made.",
        ),
    ];

    /// What a person is told for a code, in Chinese and in English.
    pub fn texts(code: &str) -> Option<(&'static str, &'static str)> {
        let mut texts = Self::TEXTS.iter();
        let found = texts.find(|(known, _, _)| *known == code);
        found.map(|(_, zh, en)| (*zh, *en))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_both_texts() {
        let all = [
            Refusal::Empty,
            Refusal::TooLarge { limit: 1 },
            Refusal::OtherType,
            Refusal::NotAllowed {
                media_type: MediaType::Png,
            },
            Refusal::Heic,
            Refusal::Program,
            Refusal::WebPage,
            Refusal::Archive,
            Refusal::Truncated,
            Refusal::Damaged,
            Refusal::SecondFile,
            Refusal::Dimensions,
            Refusal::Encrypted,
            Refusal::Active,
            Refusal::NoPages,
            Refusal::Gone,
            Refusal::TooComplex,
        ];
        assert_eq!(all.len(), Refusal::TEXTS.len());
        for refusal in all {
            let (zh, en) = Refusal::texts(refusal.code()).unwrap();
            assert!(zh.ends_with('。') && en.ends_with('.'), "{refusal}");
        }
    }
}
