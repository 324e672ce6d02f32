use super::{Anchor, Canvas, Fill, Names, WIDTH, cut};

/// One bar.
pub(crate) struct Bar {
    /// What it is about.
    pub(crate) name: String,
    /// How long it is, of the whole width.
    pub(crate) share: f64,
    /// Its number.
    pub(crate) label: String,
}

const ROW: f64 = 24.0;
const NAME: f64 = 250.0;
const LABEL: f64 = 90.0;

/// Bars one below the other, each with its name and number.
pub(crate) fn bars(names: &Names, all: &[Bar]) -> String {
    let mut canvas = Canvas::new();
    let room = WIDTH - NAME - LABEL;
    for (index, bar) in all.iter().enumerate() {
        let y = 6.0 + index as f64 * ROW;
        let tip = format!("{} {}", bar.name, bar.label);
        canvas.text(
            (NAME - 8.0, y + 13.0),
            Anchor::End,
            &cut(&bar.name, NAME - 14.0),
        );
        let length = room * bar.share.clamp(0.0, 1.0);
        canvas.rect((NAME, y), (length, ROW - 8.0), Fill::Solid, &tip);
        canvas.text((NAME + length + 6.0, y + 13.0), Anchor::Start, &bar.label);
    }
    let height = 12.0 + ROW * all.len().max(1) as f64;
    canvas.line((NAME, 2.0), (NAME, height - 6.0));
    canvas.finish(height, names)
}
