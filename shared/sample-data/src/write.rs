//! A table as text, in the encoding and manner of a hospital's exporter.

use std::borrow::Cow;
use std::io::{self, Write};

use standard::{FieldType, FileKind};

use crate::row::Row;
use crate::{Dates, Encoding, ExtraColumn, Form, LineEnd, Quoting};

pub(crate) struct Table<'a, W> {
    out: W,
    form: Form,
    kind: &'a FileKind,
    /// One line before it is encoded.
    line: String,
    pub(crate) bytes: u64,
}

impl<'a, W: Write> Table<'a, W> {
    pub(crate) fn begin(out: W, form: Form, kind: &'a FileKind) -> io::Result<Self> {
        let mut table = Self {
            out,
            form,
            kind,
            line: String::new(),
            bytes: 0,
        };
        if matches!(form.encoding, Encoding::Utf8Mark | Encoding::Utf16) {
            table.line.push('\u{FEFF}');
        }
        let mut first = true;
        match form.extra_column {
            ExtraColumn::None => {}
            ExtraColumn::Unnamed => table.cell(&mut first, ""),
            ExtraColumn::Named => table.cell(&mut first, "zyid"),
        }
        for place in table.order() {
            let code = &kind.fields[place].code;
            if form.lower_header {
                table.cell(&mut first, &code.to_ascii_lowercase());
            } else {
                table.cell(&mut first, code);
            }
        }
        table.end_line()?;
        Ok(table)
    }

    /// Writes a record; `number` counts from 1.
    pub(crate) fn record(&mut self, row: &Row<'_>, number: u32) -> io::Result<()> {
        let mut first = true;
        match self.form.extra_column {
            ExtraColumn::None => {}
            ExtraColumn::Unnamed => self.cell(&mut first, &(number - 1).to_string()),
            ExtraColumn::Named => self.cell(&mut first, &(800_000 + number).to_string()),
        }
        for place in self.order() {
            let dated = matches!(
                self.kind.fields[place].field_type,
                FieldType::Date | FieldType::DateTime
            );
            match self.form.dates {
                Dates::Slashes if dated => self.cell(&mut first, &slashes(&row.cells[place])),
                _ => self.cell(&mut first, &row.cells[place]),
            }
        }
        for _ in 0..row.surplus {
            self.cell(&mut first, "0");
        }
        self.end_line()
    }

    /// Ends the file and returns its length in bytes.
    pub(crate) fn end(mut self) -> io::Result<u64> {
        for _ in 0..self.form.blank_rows {
            self.line
                .extend(std::iter::repeat_n(',', self.kind.fields.len() - 1));
            self.end_line()?;
        }
        self.out.flush()?;
        Ok(self.bytes)
    }

    fn order(&self) -> impl Iterator<Item = usize> + use<W> {
        let (count, reversed) = (self.kind.fields.len(), self.form.reversed_columns);
        (0..count).map(move |place| if reversed { count - 1 - place } else { place })
    }

    fn cell(&mut self, first: &mut bool, value: &str) {
        if !*first {
            self.line.push(',');
            if self.form.leading_tab {
                self.line.push('\t');
            }
        }
        *first = false;
        let special = value.contains([',', '"', '\n', '\r']);
        match self.form.quoting {
            Quoting::Never if special => {
                self.line
                    .extend(
                        value
                            .chars()
                            .filter(|sign| *sign != '"')
                            .map(|sign| match sign {
                                ',' => '，',
                                '\n' | '\r' => ' ',
                                other => other,
                            }),
                    );
            }
            Quoting::Always => self.quoted(value),
            Quoting::WhenNeeded if special => self.quoted(value),
            Quoting::Never | Quoting::WhenNeeded => self.line.push_str(value),
        }
    }

    fn quoted(&mut self, value: &str) {
        self.line.push('"');
        for sign in value.chars() {
            if sign == '"' {
                self.line.push('"');
            }
            self.line.push(sign);
        }
        self.line.push('"');
    }

    fn end_line(&mut self) -> io::Result<()> {
        self.line.push_str(match self.form.line_end {
            LineEnd::CrLf => "\r\n",
            LineEnd::Lf => "\n",
            LineEnd::Cr => "\r",
        });
        let bytes: Cow<'_, [u8]> = match self.form.encoding {
            Encoding::Utf8 | Encoding::Utf8Mark => Cow::Borrowed(self.line.as_bytes()),
            Encoding::Gb18030 => encoding_rs::GB18030.encode(&self.line).0,
            Encoding::Utf16 => Cow::Owned(
                self.line
                    .encode_utf16()
                    .flat_map(u16::to_le_bytes)
                    .collect(),
            ),
        };
        self.out.write_all(&bytes)?;
        self.bytes += bytes.len() as u64;
        self.line.clear();
        Ok(())
    }
}

/// `2019-12-03 08:15:00` as `2019/12/3 8:15:00`; anything else stays.
fn slashes(value: &str) -> Cow<'_, str> {
    let bare = |digits: &str| digits.trim_start_matches('0').to_owned();
    let (day, time) = value
        .split_once(' ')
        .map_or((value, None), |(day, time)| (day, Some(time)));
    let parts: Vec<&str> = day.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return Cow::Borrowed(value);
    };
    let mut text = format!("{year}/{}/{}", bare(month), bare(day));
    if let Some(time) = time {
        text.push(' ');
        text.push_str(time.strip_prefix('0').unwrap_or(time));
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_are_what_dot_net_writes() {
        assert_eq!(slashes("2019-12-03 08:15:00"), "2019/12/3 8:15:00");
        assert_eq!(slashes("2019-10-20"), "2019/10/20");
        assert_eq!(slashes(""), "");
        assert_eq!(slashes("-"), "-");
    }
}
