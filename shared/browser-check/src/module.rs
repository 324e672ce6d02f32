//! What a browser calls. Two buffers and three numbers: text and bytes go in and out through the module's memory, so that the
//! module needs no glue but the worker's twenty lines.
#![expect(
    unsafe_code,
    reason = "an export and an import are declared with `unsafe`; no pointer is followed here"
)]

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the page put in, and what it takes out. The module runs on one thread; the lock only satisfies the language.
static BUFFERS: Mutex<Buffers> = Mutex::new(Buffers {
    request: Vec::new(),
    archive: Vec::new(),
    answer: Vec::new(),
});

struct Buffers {
    request: Vec<u8>,
    archive: Vec<u8>,
    answer: Vec<u8>,
}

#[link(wasm_import_module = "page")]
unsafe extern "C" {
    /// Tells the page how many bytes of how many have been read.
    safe fn progress(read: f64, size: f64);
}

fn buffers() -> MutexGuard<'static, Buffers> {
    BUFFERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes room for the request; returns where its bytes go.
#[unsafe(no_mangle)]
extern "C" fn request_room(length: usize) -> *mut u8 {
    let request = &mut buffers().request;
    *request = vec![0; length];
    request.as_mut_ptr()
}

/// Makes room for the archive; returns where its bytes go.
#[unsafe(no_mangle)]
extern "C" fn archive_room(length: usize) -> *mut u8 {
    let archive = &mut buffers().archive;
    *archive = vec![0; length];
    archive.as_mut_ptr()
}

/// Judges what was put in; returns the length of the answer.
#[unsafe(no_mangle)]
extern "C" fn judge() -> usize {
    let (request, archive) = {
        let mut buffers = buffers();
        (
            std::mem::take(&mut buffers.request),
            std::mem::take(&mut buffers.archive),
        )
    };
    let request = String::from_utf8_lossy(&request);
    let answer = crate::judge(&request, &archive, |read, size| {
        // Exact to 2^53; an archive has at most 20 MB.
        progress(read as f64, size as f64);
    });
    let mut buffers = buffers();
    buffers.answer = answer.into_bytes();
    buffers.answer.len()
}

/// Where the answer stands, until the next request.
#[unsafe(no_mangle)]
extern "C" fn answer() -> *const u8 {
    buffers().answer.as_ptr()
}
