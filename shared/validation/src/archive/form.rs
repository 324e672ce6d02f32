use std::io::{self, Read, Seek, SeekFrom};

/// What an upload is, told by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A ZIP, or what begins as one.
    Zip,
    /// A CSV report of ours: its first column is ours, marked with `#`.
    Report,
    /// Something else; the code of the text that says what.
    Other(&'static str),
}

const SIGNATURES: &[(&[u8], Form)] = &[
    (b"PK\x03\x04", Form::Zip),
    (b"PK\x05\x06", Form::Zip),
    (b"PK\x07\x08", Form::Other("split_zip")),
    (b"Rar!", Form::Other("rar")),
    (b"7z\xbc\xaf\x27\x1c", Form::Other("seven_zip")),
    (b"\x1f\x8b", Form::Other("gzip")),
    (b"\xd0\xcf\x11\xe0", Form::Other("old_office")),
    (b"%PDF", Form::Other("pdf")),
    (b"MZ", Form::Other("program")),
];

/// Tells the form; the reader is left anywhere.
pub(super) fn of(reader: &mut (impl Read + Seek)) -> io::Result<Form> {
    reader.seek(SeekFrom::Start(0))?;
    let mut start = Vec::new();
    reader.take(512).read_to_end(&mut start)?;
    Ok(of_start(&start))
}

fn of_start(start: &[u8]) -> Form {
    if start.is_empty() {
        return Form::Other("empty");
    }
    for (signature, form) in SIGNATURES {
        if start.starts_with(signature) {
            return *form;
        }
    }
    if start.iter().all(|byte| *byte == 0) {
        return Form::Other("zeros");
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let first = text.trim_ascii_start();
    if first.starts_with(b"#") || first.starts_with(b"\"#") {
        Form::Report
    } else if first.starts_with(b"<") {
        Form::Other("html")
    } else if start.starts_with(b"\xff\xfe")
        || start.starts_with(b"\xfe\xff")
        || (text.contains(&b',') && !text.contains(&0))
    {
        Form::Other("plain_csv")
    } else {
        Form::Other("unknown")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_was_sent_in_place_of_a_zip() {
        for (start, form) in [
            (&b""[..], Form::Other("empty")),
            (b"PK\x03\x04\x14\x00", Form::Zip),
            (b"PK\x05\x06\x00", Form::Zip),
            (b"Rar!\x1a\x07\x01\x00", Form::Other("rar")),
            (b"7z\xbc\xaf\x27\x1c\x00\x04", Form::Other("seven_zip")),
            (b"\x1f\x8b\x08\x00", Form::Other("gzip")),
            (b"\xd0\xcf\x11\xe0\xa1\xb1", Form::Other("old_office")),
            (b"<!DOCTYPE html>", Form::Other("html")),
            (b"P900,P6891\r\n", Form::Other("plain_csv")),
            (b"\xef\xbb\xbf#file,#row,P900\r\n", Form::Report),
            (b"\"#row\",P900\r\n", Form::Report),
            (b"\0\0\0\0", Form::Other("zeros")),
            (b"hello", Form::Other("unknown")),
        ] {
            assert_eq!(
                of_start(start),
                form,
                "{:?}",
                String::from_utf8_lossy(start)
            );
        }
    }
}
