//! The worst files one can think of within what an upload may be: 20 MB, made at any size.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// A file to be uploaded.
pub struct Worst {
    /// What is bad about it.
    pub what: &'static str,
    /// Its name.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// What is written until it is as large as an upload may be.
struct Writer {
    zip: ZipWriter<Cursor<Vec<u8>>>,
    random: u64,
    written: u64,
}

impl Writer {
    fn new(entry: &str, method: CompressionMethod) -> Self {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(entry, options(method)).unwrap();
        Self {
            zip,
            random: 88_172_645_463_325_252,
            written: 0,
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.zip.write_all(bytes).unwrap();
        self.written += bytes.len() as u64;
    }

    fn random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    /// Letters that compress to five bits each.
    fn letters(&mut self, count: usize) -> Vec<u8> {
        const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
        let mut letters = Vec::with_capacity(count);
        let mut left = 0;
        for number in 0..count {
            if number % 12 == 0 {
                left = self.random();
            }
            letters.push(LETTERS[(left % 32) as usize]);
            left /= 32;
        }
        letters
    }

    fn done(self, what: &'static str) -> Worst {
        Worst {
            what,
            name: "worst.zip".to_owned(),
            bytes: self.zip.finish().unwrap().into_inner(),
        }
    }
}

fn options(method: CompressionMethod) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(method)
        .last_modified_time(zip::DateTime::default())
}

/// The header and a good record of a flu file.
fn good() -> (Vec<u8>, Vec<u8>) {
    let options = sample_data::Options::new("flu", 1);
    let mut archive = Cursor::new(Vec::new());
    let files = [(options.file_name(), options)];
    sample_data::archive(standard::latest(), &files, &mut archive).unwrap();
    let mut text = Vec::new();
    let mut archive = ZipArchive::new(archive).unwrap();
    archive.by_index(0).unwrap().read_to_end(&mut text).unwrap();
    let header = text.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let record = text.split_off(header);
    (text, record)
}

const FLU: &str = "flu_worst.csv";

/// Records until there are as many, or as many bytes.
fn records(
    what: &'static str,
    (most_records, most_bytes): (u32, u64),
    mut record: impl FnMut(&mut Writer, &[u8], u32) -> Vec<u8>,
) -> Worst {
    let (header, good) = good();
    let mut writer = Writer::new(FLU, CompressionMethod::Deflated);
    writer.put(&header);
    for number in 0..most_records {
        if writer.written >= most_bytes {
            break;
        }
        let line = record(&mut writer, &good, number);
        writer.put(&line);
    }
    writer.done(what)
}

/// The cells of a good record.
fn cells(good: &[u8]) -> Vec<Vec<u8>> {
    let good = good.strip_suffix(b"\r\n").or(good.strip_suffix(b"\n"));
    let cells = good.unwrap().split(|byte| *byte == b',');
    cells.map(<[u8]>::to_vec).collect()
}

/// A row of cells.
fn line(cells: &[Vec<u8>]) -> Vec<u8> {
    let mut line = cells.join(&b','.to_owned());
    line.push(b'\n');
    line
}

/// Makes a file of at most so many records and so many bytes once expanded.
pub type Maker = fn((u32, u64)) -> Worst;

/// Each of the kinds. They are made one by one: together they would not fit into memory.
pub const ALL: &[Maker] = &[
    tiny,
    all_wrong,
    all_different,
    repeated,
    nearly_right,
    good_records,
    short_records,
    large_cells,
    quotes,
    formulas,
    ends_of_lines,
    header_only,
    |most| noise(most.1),
    bomb,
    many_files,
    |most| workbook("a workbook of shared texts", most.1, true),
    |most| workbook("a workbook of cells", most.1, false),
];

fn columns() -> usize {
    cells(&good().1).len()
}

fn tiny(most: (u32, u64)) -> Worst {
    let mut row = vec![Vec::new(); columns()];
    records(
        "tiny records without anything that is needed",
        most,
        |writer, _, _| {
            // Something that does not compress: a file that is nothing but commas is refused for that.
            row[0] = writer.letters(3);
            line(&row)
        },
    )
}

/// Every cell wrong, and all alike but one.
pub fn all_wrong(most: (u32, u64)) -> Worst {
    let mut row = vec![b"x".to_vec(); columns()];
    records("every cell wrong, all alike", most, |writer, _, _| {
        row[0] = writer.letters(3);
        line(&row)
    })
}

fn all_different(most: (u32, u64)) -> Worst {
    let (count, most) = (columns(), (most.0, most.1.min(28_000_000)));
    records("every cell wrong, no two alike", most, |writer, _, _| {
        let row: Vec<_> = (0..count).map(|_| writer.letters(6)).collect();
        line(&row)
    })
}

fn repeated(most: (u32, u64)) -> Worst {
    records(
        "the same record again and again",
        most,
        |writer, good, number| {
            let mut row = cells(good);
            if number % 8 == 0 {
                // So that it does not compress too well.
                let last = row.len() - 1;
                row[last] = writer.letters(40);
            }
            line(&row)
        },
    )
}

fn nearly_right(most: (u32, u64)) -> Worst {
    let most = (most.0, most.1.min(60_000_000));
    records("every code nearly right", most, |writer, good, _| {
        let mut row = cells(good);
        for cell in &mut row {
            if !cell.is_empty() {
                let at = writer.random() as usize % cell.len();
                cell[at] = writer.letters(1)[0];
            }
        }
        line(&row)
    })
}

fn good_records(most: (u32, u64)) -> Worst {
    let most = (most.0, most.1.min(160_000_000));
    records(
        "records as good as any, all different",
        most,
        |writer, good, _| {
            let mut row = cells(good);
            // Numbers of visits and patients are long; changing those makes another record.
            for cell in &mut row {
                if cell.len() >= 6 && cell.iter().all(u8::is_ascii_digit) {
                    let digits = writer.random() % 1_000_000;
                    let end = cell.len();
                    cell[end - 6..].copy_from_slice(format!("{digits:06}").as_bytes());
                }
            }
            line(&row)
        },
    )
}

/// As many as fit into an upload: what is kept of each record weighs most where records are short.
fn short_records(most: (u32, u64)) -> Worst {
    let rows = u64::from(most.0).min(most.1 / 80).min(1_290_000);
    let options = sample_data::Options::new("pdr", rows as u32);
    let mut archive = Cursor::new(Vec::new());
    let files = [(options.file_name(), options)];
    sample_data::archive(standard::latest(), &files, &mut archive).unwrap();
    Worst {
        what: "short records, all of which pass",
        name: "worst.zip".to_owned(),
        bytes: archive.into_inner(),
    }
}

fn large_cells(most: (u32, u64)) -> Worst {
    let mut row = vec![Vec::new(); columns()];
    records("cells of a megabyte", most, |writer, _, _| {
        row[1] = writer.letters(20_000).repeat(48);
        line(&row)
    })
}

fn quotes(most: (u32, u64)) -> Worst {
    records(
        "quotes that open and never close",
        most,
        |writer, _, number| {
            let mut line = b"\"".repeat(37 + number as usize % 2);
            line.extend(writer.letters(3));
            line.push(b'\n');
            line
        },
    )
}

fn formulas(most: (u32, u64)) -> Worst {
    let count = columns();
    records(
        "every cell a formula in quotes over lines",
        most,
        |writer, _, _| {
            let value = [b"\"=1+\n\"\"".as_slice(), &writer.letters(2), b"\""].concat();
            line(&vec![value; count])
        },
    )
}

fn ends_of_lines(most: (u32, u64)) -> Worst {
    let mut lines = Writer::new(FLU, CompressionMethod::Deflated);
    let ends = b"\n\r".repeat(500);
    while lines.written < most.1 {
        let letters = lines.letters(8);
        lines.put(&[ends.as_slice(), &letters, b"\n"].concat());
    }
    lines.done("nothing but ends of lines")
}

fn header_only(most: (u32, u64)) -> Worst {
    let mut header = Writer::new(FLU, CompressionMethod::Deflated);
    while header.written < most.1.min(30_000_000) {
        let name = header.letters(7);
        header.put(&[name.as_slice(), b","].concat());
    }
    header.put(b"\n1,2,3\n");
    header.done("a header of millions of columns")
}

/// Bytes that are nothing, of some length.
pub fn noise(bytes: u64) -> Worst {
    let mut noise = Writer::new(FLU, CompressionMethod::Stored);
    while noise.written < bytes.min(20_000_000) {
        let bytes: Vec<u8> = (0..4096)
            .flat_map(|_| noise.random().to_le_bytes())
            .collect();
        noise.put(&bytes);
    }
    noise.done("20 MB of noise")
}

fn bomb(most: (u32, u64)) -> Worst {
    let mut bomb = Writer::new(FLU, CompressionMethod::Deflated);
    bomb.put(&good().0);
    let zeros = vec![b'0'; 1 << 20];
    while bomb.written < most.1 {
        bomb.put(&zeros);
    }
    bomb.done("a bomb")
}

fn many_files(most: (u32, u64)) -> Worst {
    let mut many = Writer::new("flu_0.csv", CompressionMethod::Deflated);
    let (head, record) = good();
    let records = usize::try_from(most.1).unwrap() / 1000 / record.len();
    let text = [head, record.repeat(records.min(2000))].concat();
    for number in 1..1000 {
        many.put(&text);
        let name = format!("flu_{number}.csv");
        many.zip
            .start_file(name, options(CompressionMethod::Deflated))
            .unwrap();
    }
    many.done("a thousand files with the same records")
}

/// A report that comes back mended, as large as it can be.
fn workbook(what: &'static str, most_bytes: u64, shared: bool) -> Worst {
    let mut writer = Writer::new("[Content_Types].xml", CompressionMethod::Deflated);
    writer.put(
        br#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>"#,
    );
    let part = |writer: &mut Writer, name: &str, text: &[u8]| {
        let options = options(CompressionMethod::Deflated);
        writer.zip.start_file(name, options).unwrap();
        writer.put(text);
    };
    part(
        &mut writer,
        "_rels/.rels",
        br#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    );
    part(
        &mut writer,
        "xl/_rels/workbook.xml.rels",
        br#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#,
    );
    part(
        &mut writer,
        "xl/workbook.xml",
        br#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="flu" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
    );
    part(
        &mut writer,
        "xl/sharedStrings.xml",
        br#"<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">"#,
    );
    while shared && writer.written < most_bytes {
        let letters = writer.letters(2);
        writer.put(&[b"<si><t>".as_slice(), &letters, b"</t></si>"].concat());
    }
    writer.put(b"</sst>");
    part(
        &mut writer,
        "xl/worksheets/sheet1.xml",
        br#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#,
    );
    let mut row = 0;
    while (!shared && writer.written < most_bytes) || row == 0 {
        row += 1;
        let mut text = format!("<row r=\"{row}\">").into_bytes();
        for _ in 0..20 {
            text.extend(b"<c t=\"inlineStr\"><is><t>");
            text.extend(writer.letters(2));
            text.extend(b"</t></is></c>");
        }
        text.extend(b"</row>");
        writer.put(&text);
    }
    writer.put(b"</sheetData></worksheet>");
    Worst {
        name: "worst.xlsx".to_owned(),
        ..writer.done(what)
    }
}
