//! Guides: text, lists, tables and pictures, with cover, table of contents and page numbers.

use typst::foundations::{Array, Bytes, IntoValue, Value};

use crate::DocumentError;
use crate::engine::set;
use crate::form::{dict, text};

/// A document of several pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guide {
    /// Its title, on the cover and in every page's head.
    pub title: String,
    /// Lines below the title: version, what it applies to.
    pub subtitle: Vec<String>,
    /// Depth of the table of contents.
    pub contents_depth: u8,
    /// What it says.
    pub parts: Vec<Part>,
}

/// Pages of one orientation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Wide pages, for tables of many columns.
    pub landscape: bool,
    /// What stands on them.
    pub blocks: Vec<Block>,
}

/// A piece of text, list, table or picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading; level 1 begins a chapter. The numbers are set, not written.
    Heading(u8, Vec<Inline>),
    /// A paragraph.
    Paragraph(Vec<Inline>),
    /// A list, numbered from `start` or with dots.
    List {
        /// First number; `None`: dots.
        start: Option<u64>,
        /// What each item says.
        items: Vec<Vec<Block>>,
    },
    /// A table whose head is repeated on every page.
    Table(Table),
    /// Text as it is typed, e.g. a configuration file.
    Code(String),
    /// Something to take note of.
    Note(Vec<Block>),
    /// A picture over the width of the page, with what stands below it.
    Picture {
        /// A PNG.
        png: &'static [u8],
        /// What it shows.
        caption: String,
    },
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Widths of the columns, in shares of the page.
    pub widths: Vec<u16>,
    /// The head.
    pub head: Vec<Vec<Inline>>,
    /// The rows, each with as many cells as the head.
    pub rows: Vec<Vec<Vec<Inline>>>,
    /// In small print.
    pub small: bool,
}

/// A run of text within a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inline {
    /// Plain.
    Text(String),
    /// What matters.
    Strong(String),
    /// As it is typed.
    Code(String),
    /// An address to go to.
    Link(String, String),
    /// The end of a line.
    Break,
}

/// The guide as PDF. The same guide gives the same bytes.
///
/// # Errors
/// Only when the template itself is broken, or a picture is none.
pub fn guide(guide: &Guide) -> Result<Vec<u8>, DocumentError> {
    let inputs = [
        ("title", text(&guide.title)),
        ("subtitle", array(&guide.subtitle, |line| text(line))),
        (
            "contents-depth",
            i64::from(guide.contents_depth).into_value(),
        ),
        (
            "parts",
            array(&guide.parts, |part| {
                dict([
                    ("landscape", part.landscape.into_value()),
                    ("blocks", array(&part.blocks, block)),
                ])
            }),
        ),
    ];
    set(
        include_str!("../templates/guide.typ"),
        inputs
            .into_iter()
            .map(|(key, value)| (key.into(), value))
            .collect(),
    )
}

fn block(block: &Block) -> Value {
    match block {
        Block::Heading(level, line) => dict([
            ("is", text("heading")),
            ("level", i64::from(*level).into_value()),
            ("body", inlines(line)),
        ]),
        Block::Paragraph(line) => dict([("is", text("paragraph")), ("body", inlines(line))]),
        Block::List { start, items } => dict([
            ("is", text("list")),
            (
                "start",
                start.map_or(Value::None, |start| {
                    i64::try_from(start).unwrap_or(1).into_value()
                }),
            ),
            ("items", array(items, |item| array(item, self::block))),
        ]),
        Block::Table(table) => dict([
            ("is", text("table")),
            (
                "widths",
                array(&table.widths, |share| i64::from(*share).into_value()),
            ),
            ("head", array(&table.head, |cell| inlines(cell))),
            (
                "cells",
                table
                    .rows
                    .iter()
                    .flatten()
                    .map(|cell| inlines(cell))
                    .collect::<Array>()
                    .into_value(),
            ),
            ("small", table.small.into_value()),
        ]),
        Block::Code(code) => dict([("is", text("code")), ("body", text(code))]),
        Block::Note(blocks) => dict([("is", text("note")), ("body", array(blocks, self::block))]),
        Block::Picture { png, caption } => dict([
            ("is", text("picture")),
            ("png", Bytes::new(*png).into_value()),
            ("caption", text(caption)),
        ]),
    }
}

/// A text alone stays a text: tables of thousands of cells are set faster so.
fn inlines(line: &[Inline]) -> Value {
    if let [Inline::Text(only)] = line {
        return text(only);
    }
    array(line, |inline| match inline {
        Inline::Text(body) => text(body),
        Inline::Strong(body) => dict([("is", text("strong")), ("body", text(body))]),
        Inline::Code(body) => dict([("is", text("code")), ("body", text(body))]),
        Inline::Link(address, body) => dict([
            ("is", text("link")),
            ("address", text(address)),
            ("body", text(body)),
        ]),
        Inline::Break => dict([("is", text("break"))]),
    })
}

fn array<T>(list: &[T], value: impl Fn(&T) -> Value) -> Value {
    list.iter().map(value).collect::<Array>().into_value()
}
