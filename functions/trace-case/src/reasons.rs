//! Why a record was refused: the errors of its row, as the upload's result has them.

use standard::Severity;
use store::findings::{read_document, read_pages};
use store::keys::{self, Key};
use validation::Finding;
use validation::report::pages::{PageHead, decode};
use web::{ApiError, Language, Service};

use crate::versions::Version;

/// Refused versions whose reasons are looked up, the newest first.
const VERSIONS: usize = 6;
/// Reasons of one version.
const REASONS: usize = 20;

/// Adds the reasons to the newest refused version of each record that no later upload mended.
pub(crate) async fn add(
    service: &Service,
    versions: &mut [Version],
    language: Language,
) -> Result<(), ApiError> {
    let mut seen: Vec<(String, u128)> = Vec::new();
    for version in versions {
        let key = (version.kind.clone(), version.entry.key);
        if version.entry.passed || version.replaced || seen.contains(&key) {
            continue;
        }
        seen.push(key);
        if seen.len() > VERSIONS {
            break;
        }
        let found = of_row(service, version).await?;
        let standard = service.standard(version.upload.standard.as_deref());
        let words = match language {
            Language::Zh => validation::Language::Chinese,
            Language::En => validation::Language::English,
        };
        version.reasons = found
            .iter()
            .filter(|finding| finding.severity(standard) == Severity::Error)
            .take(REASONS)
            .map(|finding| finding.view(standard, &version.files, words))
            .collect();
    }
    Ok(())
}

/// The findings of a row; none where they are no longer kept. Findings come by file and row, so a page before it, or after, is told by
/// its own first and last one: half of the rest is passed over with each page read.
async fn of_row(service: &Service, version: &Version) -> Result<Vec<Finding<'static>>, ApiError> {
    let upload = &version.upload;
    let generation = upload.generation.unwrap_or_default();
    let partition = keys::result_partition(&upload.id, generation);
    let heads: Option<Vec<PageHead>> =
        read_document(&service.store, &partition, keys::DIRECTORY_PREFIX).await?;
    let heads = heads.unwrap_or_default();
    let wanted = (Some(version.entry.file), Some(version.entry.row));
    let (mut low, mut high) = (0, heads.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let head = &heads[middle];
        let key = Key {
            pk: keys::findings_partition(&upload.id, generation, head.number),
            sk: keys::page_sort(head.number),
        };
        let pages = read_pages(&service.store, &[key]).await?;
        let Some(bytes) = pages.into_iter().flatten().next() else {
            return Ok(Vec::new());
        };
        let findings = decode(&bytes).map_err(ApiError::internal)?;
        let of_row: Vec<Finding<'static>> = findings
            .iter()
            .filter(|finding| (finding.file, finding.row) == wanted)
            .cloned()
            .collect();
        if !of_row.is_empty() {
            return Ok(of_row);
        }
        // What is said of a file as a whole has no row and stands anywhere.
        let rows = || findings.iter().filter(|finding| finding.row.is_some());
        match rows().next() {
            Some(first) if (first.file, first.row) > wanted => high = middle,
            Some(_) => low = middle + 1,
            None => high = middle,
        }
    }
    Ok(Vec::new())
}
