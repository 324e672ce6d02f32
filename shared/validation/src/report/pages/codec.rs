//! What a page holds, in both directions.

use std::borrow::Cow;

use hashbrown::HashMap;

use super::coder::{Coder, Context, Symbols, context};
use crate::Finding;

/// Longest text kept in a page, in characters; what is longer ends in `…`.
pub(super) const TEXT_CHARACTERS: usize = 60;
/// Most shapes in a page.
pub(super) const SHAPES: usize = 1000;
/// Texts of one slot that can be named again.
const KNOWN_TEXTS: usize = 256;

/// What findings of one place and rule have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    pub(super) file: Option<u16>,
    pub(super) rule: u16,
    pub(super) field: Option<u16>,
    column: Option<u16>,
    in_row: bool,
    has_detail: bool,
    has_suggestion: bool,
}

impl Shape {
    pub(super) fn of(finding: &Finding<'_>) -> Self {
        Self {
            file: finding.file,
            rule: finding.rule,
            field: finding.field,
            column: finding.column,
            in_row: finding.row.is_some(),
            has_detail: finding.detail.is_some(),
            has_suggestion: finding.suggestion.is_some(),
        }
    }
}

/// How a text is told.
const EMPTY: u32 = 0;
const AS_BEFORE: u32 = 1;
const KNOWN: u32 = 2;
const SPELT: u32 = 3;

/// Texts of one slot (value, detail or suggestion of one shape) seen so far, the oldest replaced first.
#[derive(Debug, Default)]
struct KnownTexts {
    texts: Vec<String>,
    places: HashMap<String, usize>,
    next: usize,
}

impl KnownTexts {
    fn add(&mut self, text: &str) {
        if self.texts.len() < KNOWN_TEXTS {
            self.places.insert(text.to_owned(), self.texts.len());
            self.texts.push(text.to_owned());
            return;
        }
        let oldest = std::mem::replace(&mut self.texts[self.next], text.to_owned());
        self.places.remove(&oldest);
        self.places.insert(text.to_owned(), self.next);
        self.next = (self.next + 1) % KNOWN_TEXTS;
    }
}

/// State of a page while it is written or read.
#[derive(Debug)]
pub(super) struct Codec<C> {
    pub(super) symbols: Symbols<C>,
    pub(super) shapes: Vec<Shape>,
    places: HashMap<Shape, usize>,
    known: HashMap<(usize, u8), KnownTexts>,
    /// How far the last column stood behind its field.
    offset: u16,
    shape: usize,
    shape_before: usize,
    row: u32,
    file: Option<u16>,
    value: String,
    /// Bytes of all texts so far, each counted where it is repeated too: what decoding the page takes.
    pub(super) text_bytes: usize,
}

/// The bytes are no page.
#[derive(Debug)]
pub(super) struct Broken;

impl<C: Coder> Codec<C> {
    pub(super) fn new(coder: C) -> Self {
        Self {
            symbols: Symbols::new(coder),
            shapes: Vec::new(),
            places: HashMap::new(),
            known: HashMap::new(),
            offset: 0,
            shape: 0,
            shape_before: 0,
            row: 1,
            file: None,
            value: String::new(),
            text_bytes: 0,
        }
    }

    /// Codes a finding; a decoder is given any finding and answers the one it reads.
    pub(super) fn finding(&mut self, finding: &Finding<'_>) -> Result<Finding<'static>, Broken> {
        let index = self.shape(Shape::of(finding))?;
        let shape = self.shapes[index];
        let row = shape
            .in_row
            .then(|| self.row_number(shape.file, finding.row.unwrap_or_default()));
        let before = std::mem::take(&mut self.value);
        let value = self.text(index, 0, context(&[1]), &finding.value, &before)?;
        let told = hash(&value);
        // What was meant is often what was written, and what a message names is one of both.
        let detail = match shape.has_detail {
            true => Some(self.text(index, 1, told, or_empty(&finding.detail), &value)?),
            false => None,
        };
        let named = detail.as_deref().unwrap_or(&value);
        let suggestion = match shape.has_suggestion {
            true => Some(self.text(index, 2, told, or_empty(&finding.suggestion), named)?),
            false => None,
        };
        self.value.clone_from(&value);
        Ok(Finding {
            file: shape.file,
            row,
            column: shape.column,
            field: shape.field,
            rule: shape.rule,
            value: Cow::Owned(value),
            detail: detail.map(Cow::Owned),
            suggestion: suggestion.map(Cow::Owned),
        })
    }

    fn shape(&mut self, shape: Shape) -> Result<usize, Broken> {
        let at = Context {
            fine: context(&[2, self.shape as u32, self.shape_before as u32]),
            coarse: context(&[3, self.shape as u32]),
            common: context(&[3]),
        };
        let index = self.places.get(&shape).copied();
        let index = self
            .symbols
            .symbol(at, 10, index.unwrap_or(self.shapes.len()) as u32) as usize;
        if index > self.shapes.len() {
            return Err(Broken);
        }
        if index == self.shapes.len() {
            let shape = self.new_shape(shape)?;
            self.places.insert(shape, index);
            self.shapes.push(shape);
        }
        self.shape_before = self.shape;
        self.shape = index;
        Ok(index)
    }

    fn new_shape(&mut self, shape: Shape) -> Result<Shape, Broken> {
        if self.shapes.len() >= SHAPES {
            return Err(Broken);
        }
        let flags = u32::from(shape.in_row)
            | u32::from(shape.has_detail) << 1
            | u32::from(shape.has_suggestion) << 2;
        let flags = self.symbols.symbol(plain(4), 3, flags);
        let file = self.index(5, shape.file)?;
        let rule = self.index(6, Some(shape.rule))?.ok_or(Broken)?;
        let field = self.index(7, shape.field)?;
        // Most files have their columns in the standard's order, so most columns stand as far from their field as the one before.
        let usual = field.map(|field| field.wrapping_add(self.offset));
        let is_usual = self
            .symbols
            .symbol(plain(19), 1, u32::from(shape.column == usual))
            == 1;
        let column = match is_usual {
            true => usual,
            false => self.index(8, shape.column)?,
        };
        if let (Some(column), Some(field)) = (column, field) {
            self.offset = column.wrapping_sub(field);
        }
        Ok(Shape {
            file,
            rule,
            field,
            column,
            in_row: flags & 1 != 0,
            has_detail: flags & 2 != 0,
            has_suggestion: flags & 4 != 0,
        })
    }

    fn index(&mut self, slot: u32, index: Option<u16>) -> Result<Option<u16>, Broken> {
        let number = index.map_or(0, |index| u32::from(index) + 1);
        match self.symbols.number(plain(slot), number) {
            0 => Ok(None),
            number => u16::try_from(number - 1).map(Some).map_err(|_| Broken),
        }
    }

    // Rows rise within a file; what is found late (links between files) goes back, hence the sign.
    fn row_number(&mut self, file: Option<u16>, row: u32) -> u32 {
        if file != self.file {
            self.file = file;
            self.row = 1;
        }
        let at = Context {
            fine: context(&[9, self.shape as u32, self.shape_before as u32]),
            coarse: context(&[10]),
            common: context(&[10]),
        };
        let delta = row.wrapping_sub(self.row).cast_signed();
        let folded = (delta << 1 ^ delta >> 31).cast_unsigned();
        let folded = self.symbols.number(at, folded);
        let delta = (folded >> 1).cast_signed() ^ -(folded & 1).cast_signed();
        self.row = self.row.wrapping_add(delta.cast_unsigned());
        self.row
    }

    fn text(
        &mut self,
        shape: usize,
        slot: u8,
        told: u32,
        text: &str,
        before: &str,
    ) -> Result<String, Broken> {
        let text = shortened(text);
        let text = text.as_ref();
        let place = context(&[11, shape as u32, u32::from(slot)]);
        let at = Context {
            fine: context(&[place, told]),
            coarse: place,
            common: context(&[11, u32::from(slot)]),
        };
        let known = self.known.entry((shape, slot)).or_default();
        let known_at = known.places.get(text).copied();
        let form = match (text, known_at) {
            ("", _) => EMPTY,
            (text, _) if text == before => AS_BEFORE,
            (_, Some(_)) => KNOWN,
            (_, None) => SPELT,
        };
        let text = match self.symbols.symbol(at, 2, form) {
            EMPTY => String::new(),
            AS_BEFORE => before.to_owned(),
            KNOWN => {
                let at = Context {
                    fine: context(&[12, at.fine]),
                    coarse: context(&[12, place]),
                    common: context(&[12]),
                };
                let index = self.symbols.symbol(at, 8, known_at.unwrap_or(0) as u32);
                known.texts.get(index as usize).ok_or(Broken)?.clone()
            }
            _ => {
                let text = spelt(&mut self.symbols, place, text)?;
                known.add(&text);
                text
            }
        };
        self.text_bytes += text.len();
        Ok(text)
    }
}

// Digits of numbers, codes and dates depend on their place, letters of words on the bytes before them.
fn spelt<C: Coder>(symbols: &mut Symbols<C>, place: u32, text: &str) -> Result<String, Broken> {
    let at = Context {
        fine: context(&[13, place]),
        coarse: context(&[13]),
        common: context(&[13]),
    };
    let length = symbols.number(at, text.len() as u32) as usize;
    if length > TEXT_CHARACTERS * 4 + 4 {
        return Err(Broken);
    }
    let given = text.as_bytes();
    let mut bytes: Vec<u8> = Vec::with_capacity(length);
    for index in 0..length {
        let before = |back: usize| {
            index
                .checked_sub(back)
                .map_or(0, |index| u32::from(bytes[index]))
        };
        let at = if before(1) < 0x80 {
            Context {
                fine: context(&[14, place, index as u32, before(1)]),
                coarse: context(&[15, place, index as u32]),
                common: context(&[18, before(1)]),
            }
        } else {
            Context {
                fine: context(&[16, before(1), before(2), before(3)]),
                coarse: context(&[17, before(1)]),
                common: context(&[17]),
            }
        };
        let byte = given.get(index).copied().unwrap_or(0);
        bytes.push(symbols.symbol(at, 8, u32::from(byte)) as u8);
    }
    String::from_utf8(bytes).map_err(|_| Broken)
}

fn plain(slot: u32) -> Context {
    let context = context(&[slot]);
    Context {
        fine: context,
        coarse: context,
        common: context,
    }
}

fn or_empty<'a>(text: &'a Option<Cow<'_, str>>) -> &'a str {
    text.as_deref().unwrap_or("")
}

fn hash(text: &str) -> u32 {
    text.bytes().fold(18, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// The text as a page keeps it.
pub(super) fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(TEXT_CHARACTERS) {
        None => Cow::Borrowed(text),
        // A text that a page gave back already stays as it is.
        Some((end, '…')) if end + '…'.len_utf8() == text.len() => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}
