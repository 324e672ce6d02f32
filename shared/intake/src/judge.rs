use std::io::Cursor;
use std::ops::ControlFlow;

use domain::{Account, IcdFileId, Sha256, Upload, UploadProgress, beijing};
use standard::Standard;
use tokio::sync::mpsc::Sender;
use validation::links::{Segment, SegmentBuilder};
use validation::report::pages::{Page, PageHead, PageWriter};
use validation::{
    CheckError, Filler, FillerTally, Finding, Institution, JudgedRecord, Limits, Links, Progress,
    Settings, Sink, Summary,
};

use crate::UploadCodes;
use crate::findings_digest::FindingsDigest;

/// What a running check tells.
pub(crate) enum Message {
    /// A page of findings is full.
    Page(Page),
    /// How far it is.
    Progress(UploadProgress),
}

/// What a check came to.
pub(crate) struct Judged {
    pub(crate) summary: Summary,
    pub(crate) segments: Vec<Segment>,
    pub(crate) heads: Vec<PageHead>,
    /// ICD code files that records were held against.
    pub(crate) code_files: Vec<IcdFileId>,
    /// Digest of all findings.
    pub(crate) findings_sha256: Sha256,
    /// Fillers and sameness that stand out.
    pub(crate) fillers: Vec<Filler>,
}

/// The settings an upload is judged by: now, and again when its report is made.
pub fn settings<'a>(
    standard: &'a Standard,
    upload: &Upload,
    institution: Option<&'a Institution>,
    codes: &'a UploadCodes,
) -> Settings<'a> {
    Settings {
        standard,
        // By the store's clock at arrival, not by today's: a check repeated later must find the same.
        received_at: beijing(upload.received_at.unwrap_or(upload.registered_at)),
        institution,
        codes: Some(codes.look_up()),
        links: Links::Deferred,
        limits: Limits::default(),
    }
}

/// The institution of an account as the check wants it.
pub(crate) fn institution(account: &Account) -> Option<Institution> {
    account.institution.as_ref().map(|institution| Institution {
        code: institution.code.clone(),
        name: institution.name.clone(),
    })
}

/// Checks an archive. Blocks; stops early when nobody listens any more.
pub(crate) fn judge(
    standard: &'static Standard,
    upload: &Upload,
    institution: Option<&Institution>,
    codes: &UploadCodes,
    archive: Vec<u8>,
    messages: Sender<Message>,
) -> Result<Judged, CheckError> {
    let mut recorder = Recorder {
        pages: PageWriter::new(),
        heads: Vec::new(),
        segments: SegmentBuilder::new(standard),
        digest: FindingsDigest::default(),
        fillers: FillerTally::new(standard),
        messages,
        is_alone: false,
    };
    let summary = validation::check(
        upload.file_name.as_str(),
        Cursor::new(archive),
        &settings(standard, upload, institution, codes),
        &mut recorder,
    )?;
    recorder.finish(summary, codes.consulted())
}

struct Recorder {
    pages: PageWriter,
    heads: Vec<PageHead>,
    segments: SegmentBuilder<'static>,
    digest: FindingsDigest,
    fillers: FillerTally<'static>,
    messages: Sender<Message>,
    /// The worker has gone; go on to the next chance to stop.
    is_alone: bool,
}

impl Recorder {
    /// Waits while the worker is behind, so that pages do not pile up in memory.
    fn send(&mut self, message: Message) {
        self.is_alone |= self.messages.blocking_send(message).is_err();
    }

    fn page(&mut self, page: Option<Page>) {
        if let Some(page) = page {
            self.heads.push(page.head.clone());
            self.send(Message::Page(page));
        }
    }

    fn finish(
        mut self,
        summary: Summary,
        code_files: Vec<IcdFileId>,
    ) -> Result<Judged, CheckError> {
        let pages = std::mem::take(&mut self.pages);
        self.page(pages.finish());
        if self.is_alone {
            return Err(CheckError::Cancelled);
        }
        // Records are handed over before the end of their file is seen to be damaged.
        self.segments.fail_files(|file| {
            let file = summary.files.get(usize::from(file));
            file.is_none_or(|file| file.unreadable)
        });
        Ok(Judged {
            summary,
            segments: self.segments.finish(),
            heads: self.heads,
            code_files,
            findings_sha256: self.digest.finish(),
            fillers: self.fillers.finish(),
        })
    }
}

impl Sink for Recorder {
    fn finding(&mut self, finding: &Finding<'_>) {
        if !self.is_alone {
            self.digest.add(finding);
            let page = self.pages.push(finding);
            self.page(page);
        }
    }

    fn record(&mut self, record: &JudgedRecord<'_>) {
        self.segments.record(record);
        self.fillers.record(record);
    }

    fn progress(&mut self, progress: Progress) -> ControlFlow<()> {
        self.send(Message::Progress(UploadProgress {
            bytes: progress.bytes,
            bytes_total: progress.bytes_total,
            records: progress.records,
        }));
        if self.is_alone {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}
