use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::column::{Column, Rows};
use super::thrift::Struct;

const MAGIC: &[u8] = b"PAR1";
const OPTIONAL: i32 = 1;
const PLAIN: i32 = 0;
const RLE: i32 = 3;
const GZIP: i32 = 2;
const DATA_PAGE: i32 = 0;

/// A file while its groups of rows are written.
pub(crate) struct FileWriter<W> {
    writer: W,
    position: i64,
    groups: Vec<Group>,
}

struct Group {
    rows: i64,
    chunks: Vec<Chunk>,
}

struct Chunk {
    offset: i64,
    plain: i64,
    packed: i64,
}

impl<W: Write> FileWriter<W> {
    pub(crate) fn new(writer: W) -> io::Result<Self> {
        let mut file = Self {
            writer,
            position: 0,
            groups: Vec::new(),
        };
        file.put(MAGIC)?;
        Ok(file)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes)?;
        self.position += bytes.len() as i64;
        Ok(())
    }

    /// Writes rows as one group.
    pub(crate) fn group(&mut self, columns: &[Column], rows: &Rows) -> io::Result<()> {
        let mut group = Group {
            rows: rows.count as i64,
            chunks: Vec::with_capacity(columns.len()),
        };
        for column in 0..columns.len() {
            let page = rows.page(column);
            let mut packer = GzEncoder::new(Vec::new(), Compression::default());
            packer.write_all(&page)?;
            let packed = packer.finish()?;
            let data = Struct::new()
                .i32(1, size(rows.count)?)
                .i32(2, PLAIN)
                .i32(3, RLE)
                .i32(4, RLE);
            let header = Struct::new()
                .i32(1, DATA_PAGE)
                .i32(2, size(page.len())?)
                .i32(3, size(packed.len())?)
                .nested(5, data)
                .finish();
            group.chunks.push(Chunk {
                offset: self.position,
                plain: (header.len() + page.len()) as i64,
                packed: (header.len() + packed.len()) as i64,
            });
            self.put(&header)?;
            self.put(&packed)?;
        }
        self.groups.push(group);
        Ok(())
    }

    /// Writes the footer; `metadata` says what the file is.
    pub(crate) fn finish(
        mut self,
        columns: &[Column],
        metadata: &[(&'static str, String)],
    ) -> io::Result<W> {
        let root = Struct::new().text(4, "schema").i32(5, size(columns.len())?);
        let elements: Vec<Struct> = std::iter::once(root)
            .chain(columns.iter().map(|column| {
                let element = Struct::new()
                    .i32(1, column.column_type.physical())
                    .i32(3, OPTIONAL)
                    .text(4, &column.name);
                column.column_type.describe(element)
            }))
            .collect();
        let rows = self.groups.iter().map(|group| group.rows).sum();
        let groups: Vec<Struct> = self
            .groups
            .iter()
            .map(|group| group_footer(columns, group))
            .collect();
        let footer = Struct::new()
            .i32(1, 2)
            .structs(2, elements.into_iter())
            .i64(3, rows)
            .structs(4, groups.into_iter())
            .structs(5, pairs(metadata).into_iter())
            .text(6, concat!("accepted-data ", env!("CARGO_PKG_VERSION")))
            .finish();
        self.put(&footer)?;
        let length = size(footer.len())?;
        self.put(&length.to_le_bytes())?;
        self.put(MAGIC)?;
        self.writer.flush()?;
        Ok(self.writer)
    }
}

fn group_footer(columns: &[Column], group: &Group) -> Struct {
    let chunks: Vec<Struct> = columns
        .iter()
        .zip(&group.chunks)
        .map(|(column, chunk)| {
            let metadata = Struct::new()
                .i32(1, column.column_type.physical())
                .i32s(2, &[PLAIN, RLE])
                .texts(3, &[&column.name])
                .i32(4, GZIP)
                .i64(5, group.rows)
                .i64(6, chunk.plain)
                .i64(7, chunk.packed)
                .structs(8, pairs(&column.metadata).into_iter())
                .i64(9, chunk.offset);
            Struct::new().i64(2, chunk.offset).nested(3, metadata)
        })
        .collect();
    let total = |of: fn(&Chunk) -> i64| group.chunks.iter().map(of).sum();
    Struct::new()
        .structs(1, chunks.into_iter())
        .i64(2, total(|chunk| chunk.plain))
        .i64(3, group.rows)
        .i64(5, group.chunks.first().map_or(0, |chunk| chunk.offset))
        .i64(6, total(|chunk| chunk.packed))
}

fn pairs(metadata: &[(&'static str, String)]) -> Vec<Struct> {
    let pair = |(key, value): &(&str, String)| Struct::new().text(1, key).text(2, value);
    metadata.iter().map(pair).collect()
}

/// The format counts in 32 bits; groups are bounded far below.
fn size(length: usize) -> io::Result<i32> {
    i32::try_from(length).map_err(|_| io::Error::other("a group of rows is too large"))
}
