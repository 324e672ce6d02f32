//! Charts as SVG, made for paper as well as for the screen: series differ in pattern and in words, not in colour alone; every bar
//! has its number; title and description say the same to who does not see it. Nothing in them is a style or a script, so that the
//! pages' policy lets them through.

mod bars;
mod stacks;

use std::fmt::Write;

pub(crate) use bars::{Bar, bars};
pub(crate) use stacks::{Stack, stacks, stacks_across};

/// Names of a chart.
pub(crate) struct Names {
    /// What it shows.
    pub(crate) title: String,
    /// What can be read off it, in a sentence.
    pub(crate) description: String,
}

/// How a part of a bar is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fill {
    /// Plain and dark.
    Solid,
    /// Slanting lines.
    Slanted,
    /// Dots.
    Dotted,
    /// Blank, with a dashed edge.
    Blank,
}

impl Fill {
    fn attributes(self) -> &'static str {
        match self {
            Self::Solid => "fill=\"#0f5f8a\" stroke=\"#0b3f5e\"",
            Self::Slanted => "fill=\"url(#slanted)\" stroke=\"#7a4a00\"",
            Self::Dotted => "fill=\"url(#dotted)\" stroke=\"#146c3c\"",
            Self::Blank => "fill=\"#fff\" stroke=\"#54626f\" stroke-dasharray=\"3 2\"",
        }
    }
}

const PATTERNS: &str = "<defs>\
<pattern id=\"slanted\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
<rect width=\"6\" height=\"6\" fill=\"#fff2d9\"/><rect width=\"3\" height=\"6\" fill=\"#b06d00\"/></pattern>\
<pattern id=\"dotted\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">\
<rect width=\"6\" height=\"6\" fill=\"#e3f4ea\"/><circle cx=\"3\" cy=\"3\" r=\"1.5\" fill=\"#146c3c\"/></pattern>\
</defs>";

/// Width of every chart; a page scales it.
const WIDTH: f64 = 760.0;

/// A drawing that grows.
struct Canvas {
    body: String,
}

/// How a text stands to its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchor {
    Start,
    Middle,
    End,
}

impl Canvas {
    fn new() -> Self {
        Self {
            body: String::new(),
        }
    }

    fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), fill: Fill, tip: &str) {
        if width <= 0.0 || height <= 0.0 {
            return;
        }
        // Writing to a string cannot fail.
        let _ = write!(
            self.body,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" {}><title>{}</title></rect>",
            fill.attributes(),
            escaped(tip)
        );
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        let _ = write!(
            self.body,
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"#8494a2\"/>",
            from.0, from.1, to.0, to.1
        );
    }

    fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let _ = write!(
            self.body,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
            escaped(text)
        );
    }

    /// A row of what each fill means, from the left; returns the height it takes.
    fn legend(&mut self, y: f64, entries: &[(Fill, &str)]) -> f64 {
        let mut x = 8.0;
        for (fill, word) in entries {
            self.rect((x, y), (18.0, 12.0), *fill, word);
            self.text((x + 24.0, y + 11.0), Anchor::Start, word);
            x += 24.0 + width_of(word) + 24.0;
        }
        26.0
    }

    fn finish(self, height: f64, names: &Names) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" width=\"{WIDTH}\" \
             height=\"{height:.0}\" role=\"img\" aria-label=\"{}\" font-size=\"12\" font-family=\"sans-serif\" fill=\"#18242f\">\
             <title>{}</title><desc>{}</desc>{PATTERNS}{}</svg>",
            escaped(&names.title),
            escaped(&names.title),
            escaped(&names.description),
            self.body
        )
    }
}

/// Some width of a text at the size of charts: wide characters take twice as much.
fn width_of(text: &str) -> f64 {
    text.chars()
        .map(|letter| if letter.is_ascii() { 6.6 } else { 12.0 })
        .sum()
}

/// A text cut to a width, with `…` where something is left out.
fn cut(text: &str, width: f64) -> String {
    if width_of(text) <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    for letter in text.chars() {
        short.push(letter);
        if width_of(&short) > width - 12.0 {
            short.pop();
            break;
        }
    }
    short.push('…');
    short
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            letter if letter.is_control() => safe.push(' '),
            letter => safe.push(letter),
        }
    }
    safe
}

/// A share in whole percent; blank where there is none.
pub(crate) fn percent(share: Option<f64>) -> String {
    share.map_or_else(String::new, |share| {
        // All but everything is not everything.
        let percent = (share * 100.0).round();
        if percent >= 100.0 && share < 1.0 {
            ">99%".to_owned()
        } else if percent <= 0.0 && share > 0.0 {
            "<1%".to_owned()
        } else {
            format!("{percent:.0}%")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names {
            title: "上报情况 <script>".to_owned(),
            description: "a & b".to_owned(),
        }
    }

    #[test]
    fn words_cannot_become_markup() {
        let mut canvas = Canvas::new();
        canvas.text(
            (1.0, 2.0),
            Anchor::Middle,
            "\"><script>alert(1)</script>\u{0}",
        );
        let svg = canvas.finish(20.0, &names());
        assert!(!svg.contains("<script"));
        assert!(svg.contains("上报情况 &lt;script&gt;") && svg.contains("a &amp; b"));
    }

    #[test]
    fn nothing_is_called_everything_that_is_not() {
        let shares = [
            None,
            Some(0.0),
            Some(0.001),
            Some(0.5),
            Some(0.999),
            Some(1.0),
        ];
        let texts: Vec<String> = shares.map(percent).into();
        assert_eq!(texts, ["", "0%", "<1%", "50%", ">99%", "100%"]);
    }

    #[test]
    fn every_chart_has_its_numbers_in_words_and_its_patterns() {
        let fills = [
            (Fill::Solid, "按时"),
            (Fill::Slanted, "迟报"),
            (Fill::Dotted, "无病例"),
            (Fill::Blank, "未上报"),
        ];
        let entries: Vec<Stack> = (1..40)
            .map(|n| Stack {
                name: format!("{n}日"),
                parts: [n, 2, 1, 3].into(),
            })
            .collect();
        for svg in [
            stacks(&names(), &fills, &entries),
            stacks_across(&names(), &fills, &entries),
            stacks(&names(), &fills, &[]),
        ] {
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
            assert!(svg.contains("role=\"img\"") && svg.contains("<desc>"));
            assert!(!svg.contains("style=") && !svg.contains("NaN"));
            assert!(svg.contains("未上报"));
        }
        let all: Vec<Bar> = (1..4)
            .map(|n| Bar {
                name: "很长的名称".repeat(n * 4),
                share: n as f64 / 3.0,
                label: n.to_string(),
            })
            .collect();
        let svg = bars(&names(), &all);
        assert!(svg.contains('…') && !svg.contains("NaN"));
    }
}
