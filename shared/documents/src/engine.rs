use thiserror::Error;
use typst::foundations::Dict;
use typst::text::{Font, FontInfo};
use typst_as_lib::TypstEngine;

/// The font every document is set in, with all characters of GBK and the extensions A to H in part (OFL 1.1).
static FONT: &[u8] = include_bytes!("../fonts/NotoSansSC-Regular.ttf");
static LAYOUT: &str = include_str!("../templates/layout.typ");

/// A document that could not be made: a defect of its template, never of what was typed into a form.
#[derive(Debug, Error)]
pub enum DocumentError {
    /// The template does not compile.
    #[error("the template could not be set: {0}")]
    Typesetting(String),
    /// The pages could not be written as PDF.
    #[error("the PDF could not be written: {0}")]
    Pdf(String),
    /// The version code is too long for its square.
    #[error("the version code could not be drawn")]
    VersionCode,
}

/// Sets a template with these inputs. What people typed goes in as values, never as markup.
pub(crate) fn set(template: &'static str, inputs: Dict) -> Result<Vec<u8>, DocumentError> {
    let engine = TypstEngine::builder()
        .main_file(template)
        .fonts([FONT])
        .with_static_source_file_resolver([("layout.typ", LAYOUT)])
        .build();
    let document = engine
        .compile_with_input(inputs)
        .output
        .map_err(|error| DocumentError::Typesetting(error.to_string()))?;
    typst_pdf::pdf(&document, &typst_pdf::PdfOptions::default())
        .map_err(|errors| DocumentError::Pdf(format!("{errors:?}")))
}

/// Characters of these texts that the font does not hold, as `字 (U+20BB7)`.
pub(crate) fn unprintable<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let info: Option<FontInfo> = Font::iter(typst::foundations::Bytes::new(FONT))
        .next()
        .map(|font| font.info().clone());
    let mut missing: Vec<char> = texts
        .flat_map(str::chars)
        .filter(|letter| !letter.is_control())
        .filter(|letter| {
            info.as_ref()
                .is_some_and(|info| !info.coverage.contains(u32::from(*letter)))
        })
        .collect();
    missing.sort_unstable();
    missing.dedup();
    missing
        .into_iter()
        .map(|letter| format!("{letter}（U+{:04X}）", u32::from(letter)))
        .collect()
}
