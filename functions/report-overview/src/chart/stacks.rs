use super::{Anchor, Canvas, Fill, Names, WIDTH, cut, percent, width_of};
use crate::cells::share;

/// A bar of several parts that together are a whole.
pub(crate) struct Stack {
    /// What it is about.
    pub(crate) name: String,
    /// Its parts, in the order of the fills.
    pub(crate) parts: Vec<i64>,
}

impl Stack {
    fn whole(&self) -> i64 {
        self.parts.iter().sum()
    }

    /// Each part with its fill, its share and what is said of it.
    fn each<'s>(
        &'s self,
        fills: &'s [(Fill, &'s str)],
    ) -> impl Iterator<Item = (Fill, f64, String)> + 's {
        let whole = self.whole();
        self.parts
            .iter()
            .zip(fills)
            .map(move |(part, (fill, word))| {
                let of = share(*part, whole);
                let tip = format!("{} {word} {part} ({})", self.name, percent(of));
                (*fill, of.unwrap_or(0.0), tip)
            })
    }
}

const TOP: f64 = 34.0;
const PLOT: f64 = 180.0;
const LEFT: f64 = 46.0;

/// Upright bars side by side, each as high as the others, for days or months in their order.
pub(crate) fn stacks(names: &Names, fills: &[(Fill, &str)], all: &[Stack]) -> String {
    let mut canvas = Canvas::new();
    canvas.legend(6.0, fills);
    let bottom = TOP + PLOT;
    for quarter in 0..=4 {
        let y = bottom - PLOT * f64::from(quarter) / 4.0;
        canvas.line((LEFT - 4.0, y), (WIDTH - 8.0, y));
        canvas.text(
            (LEFT - 8.0, y + 4.0),
            Anchor::End,
            &format!("{}%", quarter * 25),
        );
    }
    let room = (WIDTH - LEFT - 8.0) / all.len().max(1) as f64;
    let widest = all
        .iter()
        .map(|stack| width_of(&stack.name))
        .fold(0.0, f64::max);
    // So many bars share one name under them that names do not run into each other.
    let every = ((widest + 8.0) / room).ceil().max(1.0) as usize;
    for (index, stack) in all.iter().enumerate() {
        let x = LEFT + index as f64 * room;
        let mut y = bottom;
        for (fill, of, tip) in stack.each(fills) {
            let height = PLOT * of;
            y -= height;
            canvas.rect((x + room * 0.12, y), (room * 0.76, height), fill, &tip);
        }
        if index % every == 0 {
            canvas.text((x + room / 2.0, bottom + 18.0), Anchor::Middle, &stack.name);
        }
    }
    canvas.line((LEFT, TOP), (LEFT, bottom));
    canvas.finish(bottom + 30.0, names)
}

const ROW: f64 = 24.0;
const NAME: f64 = 150.0;
const LABEL: f64 = 64.0;

/// Lying bars one below the other, each as long as the others, with the share of the last part as its number.
pub(crate) fn stacks_across(names: &Names, fills: &[(Fill, &str)], all: &[Stack]) -> String {
    let mut canvas = Canvas::new();
    canvas.legend(6.0, fills);
    if let Some((_, word)) = fills.last() {
        canvas.text((WIDTH - LABEL + 8.0, TOP - 17.0), Anchor::Start, word);
    }
    let room = WIDTH - NAME - LABEL;
    for (index, stack) in all.iter().enumerate() {
        let y = TOP + index as f64 * ROW;
        canvas.text(
            (NAME - 8.0, y + 13.0),
            Anchor::End,
            &cut(&stack.name, NAME - 14.0),
        );
        let mut x = NAME;
        for (fill, of, tip) in stack.each(fills) {
            let width = room * of;
            canvas.rect((x, y), (width, ROW - 8.0), fill, &tip);
            x += width;
        }
        let last = stack.parts.last().copied().unwrap_or(0);
        let label = percent(share(last, stack.whole()));
        canvas.text((WIDTH - LABEL + 8.0, y + 13.0), Anchor::Start, &label);
    }
    let height = TOP + ROW * all.len().max(1) as f64 + 6.0;
    canvas.line((NAME, TOP - 4.0), (NAME, height - 6.0));
    canvas.finish(height, names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_shares_beside_the_bars_are_of_stands_above_them() {
        let names = Names {
            title: "t".to_owned(),
            description: "d".to_owned(),
        };
        let fills = [(Fill::Solid, "按时上报"), (Fill::Blank, "未上报")];
        let stack = Stack {
            name: "南宁市".to_owned(),
            parts: vec![3, 1],
        };
        let svg = stacks_across(&names, &fills, &[stack]);
        let texts: Vec<&str> = svg.split("<text ").skip(1).collect();
        let place = |text: &str| text.split(" y=").next().unwrap().to_owned();
        let share = texts.iter().find(|text| text.contains(">25%<")).unwrap();
        let above = texts.iter().filter(|text| place(text) == place(share));
        let above: Vec<bool> = above.map(|text| text.contains(">未上报<")).collect();
        assert_eq!(above, [true, false], "{svg}");
    }
}
