//! The part of Markdown that the guides are written in. Anything else is refused by name, so that nothing is dropped silently.

use std::iter::Peekable;

use documents::{Block, Inline, Table};
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::PICTURES;

type Events<'a> = Peekable<Parser<'a>>;

/// The blocks of a text, or what in it has no form.
pub(super) fn blocks(text: &str) -> Result<Vec<Block>, String> {
    let mut events = Parser::new_ext(text, Options::ENABLE_TABLES).peekable();
    until(&mut events, None)
}

/// Blocks up to an end, or to the end of all.
fn until(events: &mut Events<'_>, end: Option<TagEnd>) -> Result<Vec<Block>, String> {
    let mut blocks = Vec::new();
    loop {
        match events.peek() {
            None => return Ok(blocks),
            Some(Event::End(found)) if Some(*found) == end => {
                events.next();
                return Ok(blocks);
            }
            // Items of a dense list hold text without a paragraph around it.
            Some(
                Event::Text(_) | Event::Code(_) | Event::Start(Tag::Strong | Tag::Link { .. }),
            ) => {
                blocks.push(Block::Paragraph(inlines(events, None)?));
            }
            Some(Event::Start(_)) => blocks.push(block(events)?),
            Some(other) => return Err(format!("no form for {other:?}")),
        }
    }
}

fn block(events: &mut Events<'_>) -> Result<Block, String> {
    match events.next() {
        Some(Event::Start(Tag::Heading { level, .. })) => Ok(Block::Heading(
            depth(level),
            inlines(events, Some(TagEnd::Heading(level)))?,
        )),
        Some(Event::Start(Tag::Paragraph)) => {
            if let Some(Event::Start(Tag::Image { .. })) = events.peek() {
                let picture = picture(events)?;
                return match events.next() {
                    Some(Event::End(TagEnd::Paragraph)) => Ok(picture),
                    _ => Err("a picture stands in a paragraph of its own".to_owned()),
                };
            }
            Ok(Block::Paragraph(inlines(events, Some(TagEnd::Paragraph))?))
        }
        Some(Event::Start(Tag::BlockQuote(kind))) => {
            Ok(Block::Note(until(events, Some(TagEnd::BlockQuote(kind)))?))
        }
        Some(Event::Start(Tag::CodeBlock(_))) => code(events),
        Some(Event::Start(Tag::List(start))) => list(events, start),
        Some(Event::Start(Tag::Table(_))) => table(events),
        other => Err(format!("no form for {other:?}")),
    }
}

fn depth(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        _ => 3,
    }
}

/// Text up to an end; without one, up to the next block or end.
fn inlines(events: &mut Events<'_>, end: Option<TagEnd>) -> Result<Vec<Inline>, String> {
    let mut line = Vec::new();
    loop {
        if end.is_none()
            && !matches!(
                events.peek(),
                Some(
                    Event::Text(_)
                        | Event::Code(_)
                        | Event::SoftBreak
                        | Event::HardBreak
                        | Event::Start(Tag::Strong | Tag::Link { .. })
                )
            )
        {
            return Ok(line);
        }
        match events.next() {
            Some(Event::End(found)) if Some(found) == end => return Ok(line),
            Some(Event::Text(text)) => add_text(&mut line, &text),
            Some(Event::Code(text)) => line.push(Inline::Code(text.into_string())),
            // Lines of Chinese join without a blank.
            Some(Event::SoftBreak) => {}
            Some(Event::HardBreak) => line.push(Inline::Break),
            Some(Event::Start(Tag::Strong)) => {
                line.push(Inline::Strong(plain(events, TagEnd::Strong)?));
            }
            Some(Event::Start(Tag::Link { dest_url, .. })) => {
                let text = plain(events, TagEnd::Link)?;
                line.push(Inline::Link(dest_url.into_string(), text));
            }
            other => return Err(format!("no form for {other:?}")),
        }
    }
}

/// Escaped characters come as texts of their own.
fn add_text(line: &mut Vec<Inline>, text: &str) {
    match line.last_mut() {
        Some(Inline::Text(last)) => last.push_str(text),
        _ => line.push(Inline::Text(text.to_owned())),
    }
}

fn plain(events: &mut Events<'_>, end: TagEnd) -> Result<String, String> {
    let mut text = String::new();
    loop {
        match events.next() {
            Some(Event::End(found)) if found == end => return Ok(text),
            Some(Event::Text(part) | Event::Code(part)) => text.push_str(&part),
            other => return Err(format!("no form for {other:?}")),
        }
    }
}

fn picture(events: &mut Events<'_>) -> Result<Block, String> {
    let Some(Event::Start(Tag::Image { dest_url, .. })) = events.next() else {
        return Err("a picture was expected".to_owned());
    };
    let caption = plain(events, TagEnd::Image)?;
    let known = PICTURES.iter().find(|(name, _)| **name == *dest_url);
    let (_, png) = known.ok_or_else(|| format!("there is no picture `{dest_url}`"))?;
    Ok(Block::Picture { png, caption })
}

fn code(events: &mut Events<'_>) -> Result<Block, String> {
    let text = plain(events, TagEnd::CodeBlock)?;
    Ok(Block::Code(text.trim_end().to_owned()))
}

fn list(events: &mut Events<'_>, start: Option<u64>) -> Result<Block, String> {
    let mut items = Vec::new();
    loop {
        match events.next() {
            Some(Event::Start(Tag::Item)) => items.push(until(events, Some(TagEnd::Item))?),
            Some(Event::End(TagEnd::List(_))) => return Ok(Block::List { start, items }),
            other => return Err(format!("no form for {other:?}")),
        }
    }
}

fn table(events: &mut Events<'_>) -> Result<Block, String> {
    let mut lines = Vec::new();
    loop {
        match events.next() {
            Some(Event::Start(Tag::TableHead | Tag::TableRow)) => lines.push(Vec::new()),
            Some(Event::Start(Tag::TableCell)) => {
                let cell = inlines(events, Some(TagEnd::TableCell))?;
                lines.last_mut().ok_or("a cell without a row")?.push(cell);
            }
            Some(Event::End(TagEnd::TableHead | TagEnd::TableRow)) => {}
            Some(Event::End(TagEnd::Table)) => break,
            other => return Err(format!("no form for {other:?}")),
        }
    }
    let mut lines = lines.into_iter();
    let head = lines.next().ok_or("a table without a head")?;
    let rows: Vec<_> = lines.collect();
    Ok(Block::Table(Table {
        widths: widths(&head, &rows),
        head,
        rows,
        small: false,
    }))
}

/// Columns as wide as their longest cells need, within bounds: a column of single words stays narrow.
fn widths(head: &[Vec<Inline>], rows: &[Vec<Vec<Inline>>]) -> Vec<u16> {
    (0..head.len())
        .map(|column| {
            let cells = rows
                .iter()
                .filter_map(|row| row.get(column))
                .chain([&head[column]]);
            let longest = cells.map(|cell| letters(cell)).max().unwrap_or_default();
            u16::try_from(longest.clamp(6, 34)).unwrap_or(34)
        })
        .collect()
}

/// Width of a cell in Chinese letters; two Latin ones take the room of one.
fn letters(cell: &[Inline]) -> usize {
    let wide = |text: &str| {
        text.chars()
            .map(|letter| if letter.is_ascii() { 1 } else { 2 })
            .sum::<usize>()
    };
    let all: usize = cell
        .iter()
        .map(|inline| match inline {
            Inline::Text(text)
            | Inline::Strong(text)
            | Inline::Code(text)
            | Inline::Link(_, text) => wide(text),
            Inline::Break => 0,
        })
        .sum();
    all.div_ceil(2) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Inline {
        Inline::Text(text.to_owned())
    }

    #[test]
    fn what_the_guides_use_is_read() {
        let blocks = blocks(
            "# 一章\n\n先**要紧**，再`flu_1.csv`，\n后[网址](https://flu.hqms.org.cn)。\n\n- 甲\n- 乙\n\n3. 丙\n\n> 注意\n\n```\na = 1\n  b\n```\n\n|列|\n|--|\n|值\\*|\n",
        )
        .unwrap();
        let paragraph = vec![
            text("先"),
            Inline::Strong("要紧".to_owned()),
            text("，再"),
            Inline::Code("flu_1.csv".to_owned()),
            text("，后"),
            Inline::Link("https://flu.hqms.org.cn".to_owned(), "网址".to_owned()),
            text("。"),
        ];
        let item = |word: &str| vec![Block::Paragraph(vec![text(word)])];
        assert_eq!(
            blocks,
            [
                Block::Heading(1, vec![text("一章")]),
                Block::Paragraph(paragraph),
                Block::List {
                    start: None,
                    items: vec![item("甲"), item("乙")]
                },
                Block::List {
                    start: Some(3),
                    items: vec![item("丙")]
                },
                Block::Note(item("注意")),
                Block::Code("a = 1\n  b".to_owned()),
                Block::Table(Table {
                    widths: vec![6],
                    head: vec![vec![text("列")]],
                    rows: vec![vec![vec![text("值*")]]],
                    small: false,
                }),
            ]
        );
    }

    #[test]
    fn what_has_no_form_is_refused_and_not_dropped() {
        for foreign in [
            "<b>x</b>",
            "*斜体*",
            "***",
            "![没有](nowhere.png)",
            "文字![图](uploads.png)",
        ] {
            assert!(blocks(foreign).is_err(), "{foreign}");
        }
    }
}
