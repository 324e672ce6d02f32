//! PDFs: opened, counted, and searched for anything that does more than show a page.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use lopdf::{Dictionary, Document, LoadOptions, Object};
use memchr::memmem;

use crate::{Limits, Refusal};

/// Stack for the parser, which goes down as deep as brackets are nested.
const STACK: usize = 16 << 20;
/// How far from the end readers look for its mark.
const END_WITHIN: usize = 1024;
/// How deep values are searched; real ones have a handful of levels.
const DEPTH: usize = 64;

/// Where the file ends.
pub(crate) fn end(bytes: &[u8]) -> Result<usize, Refusal> {
    let from = bytes.len().saturating_sub(END_WITHIN);
    let tail = bytes.get(from..).unwrap_or_default();
    let mark = memmem::rfind(tail, b"%%EOF").ok_or(Refusal::Truncated)?;
    Ok(from + mark + 5)
}

/// Opens it, on a thread that is left behind when it does not come to an end.
pub(crate) fn open(bytes: &[u8], limits: &Limits) -> Result<(), Refusal> {
    let (answer, answered) = mpsc::channel();
    let content: Arc<[u8]> = Arc::from(bytes);
    let bounds = limits.clone();
    let parser = thread::Builder::new()
        .name("pdf".to_owned())
        .stack_size(STACK)
        .spawn(move || {
            let _ = answer.send(look(&content, &bounds));
        });
    if parser.is_err() {
        return Err(Refusal::TooComplex);
    }
    match answered.recv_timeout(limits.time) {
        Ok(outcome) => outcome,
        Err(mpsc::RecvTimeoutError::Timeout) => Err(Refusal::TooComplex),
        // The parser panicked.
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(Refusal::Damaged),
    }
}

fn look(bytes: &[u8], limits: &Limits) -> Result<(), Refusal> {
    let options = LoadOptions {
        max_decompressed_size: Some(limits.unpacked),
        ..LoadOptions::default()
    };
    let document = match Document::load_mem_with_options(bytes, options) {
        Ok(document) => document,
        Err(_) if memmem::find(bytes, b"/Encrypt").is_some() => return Err(Refusal::Encrypted),
        Err(lopdf::Error::Decompress(_)) => return Err(Refusal::TooComplex),
        Err(_) => return Err(Refusal::Damaged),
    };
    if document.is_encrypted() || document.was_encrypted() || document.trailer.has(b"Encrypt") {
        return Err(Refusal::Encrypted);
    }
    let values = document.objects.values();
    if dictionary_is_active(&document.trailer, 0) || values.into_iter().any(|o| is_active(o, 0)) {
        return Err(Refusal::Active);
    }
    match document.page_iter().take(limits.pages + 1).count() {
        0 => Err(Refusal::NoPages),
        pages if pages > limits.pages => Err(Refusal::TooComplex),
        _ => Ok(()),
    }
}

fn is_active(object: &Object, depth: usize) -> bool {
    if depth > DEPTH {
        return true;
    }
    match object {
        Object::Dictionary(dictionary) => dictionary_is_active(dictionary, depth),
        Object::Stream(stream) => dictionary_is_active(&stream.dict, depth),
        Object::Array(values) => values.iter().any(|value| is_active(value, depth + 1)),
        _ => false,
    }
}

/// Links and jumps within the document are harmless. Whatever is found counts, whether a page refers to it or not: readers
/// differ in what they find.
fn dictionary_is_active(dictionary: &Dictionary, depth: usize) -> bool {
    const KEYS: [&[u8]; 6] = [
        b"JS",
        b"JavaScript",
        b"EmbeddedFiles",
        b"EF",
        b"XFA",
        b"RichMediaContent",
    ];
    const ACTIONS: [&[u8]; 8] = [
        b"JavaScript",
        b"Launch",
        b"SubmitForm",
        b"ImportData",
        b"GoToE",
        b"GoToR",
        b"Rendition",
        b"RichMediaExecute",
    ];
    const TYPES: [&[u8]; 7] = [
        b"EmbeddedFile",
        b"FileAttachment",
        b"RichMedia",
        b"Movie",
        b"Screen",
        b"Sound",
        b"3D",
    ];
    dictionary.iter().any(|(key, value)| {
        let name = match value {
            Object::Name(name) => name.as_slice(),
            _ => b"",
        };
        match key.as_slice() {
            b"S" if ACTIONS.contains(&name) => true,
            b"Type" | b"Subtype" if TYPES.contains(&name) => true,
            key if KEYS.contains(&key) => true,
            _ => is_active(value, depth + 1),
        }
    })
}
