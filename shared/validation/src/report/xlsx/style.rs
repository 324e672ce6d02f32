use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder};

const FONT: &str = "微软雅黑";

/// How cells look. The colours of good, bad and doubtful are those of the spreadsheet programs themselves.
pub(super) struct Style {
    pub(super) header: Format,
    pub(super) our_header: Format,
    pub(super) row_number: Format,
    pub(super) our_errors: Format,
    pub(super) our_warnings: Format,
    pub(super) text: Format,
    pub(super) error: Format,
    pub(super) warning: Format,
    pub(super) title: Format,
    pub(super) heading: Format,
    pub(super) line: Format,
    pub(super) plain: Format,
    pub(super) table_header: Format,
    pub(super) table: Format,
    pub(super) table_number: Format,
    pub(super) table_error: Format,
    pub(super) table_warning: Format,
}

impl Style {
    pub(super) fn new() -> Self {
        let base = Format::new()
            .set_font_name(FONT)
            .set_font_size(10)
            .set_align(FormatAlign::VerticalCenter);
        let bordered = base
            .clone()
            .set_border(FormatBorder::Thin)
            .set_border_color(Color::RGB(0x00D9_D9D9));
        let header = bordered
            .clone()
            .set_bold()
            .set_text_wrap()
            .set_align(FormatAlign::Center);
        // Text, so that no spreadsheet takes a number or a day for anything else, not even after it was mended.
        let text = bordered.clone().set_num_format("@");
        let ours = bordered
            .clone()
            .set_text_wrap()
            .set_background_color(Color::RGB(0x00F5_F5F5));
        let bad = |format: &Format| {
            format
                .clone()
                .set_background_color(Color::RGB(0x00FF_C7CE))
                .set_font_color(Color::RGB(0x009C_0006))
        };
        let doubtful = |format: &Format| {
            format
                .clone()
                .set_background_color(Color::RGB(0x00FF_EB9C))
                .set_font_color(Color::RGB(0x009C_5700))
        };
        let table = bordered.clone().set_text_wrap();
        Self {
            header: header
                .clone()
                .set_num_format("@")
                .set_background_color(Color::RGB(0x0030_5496))
                .set_font_color(Color::White),
            our_header: header
                .clone()
                .set_background_color(Color::RGB(0x0080_8080))
                .set_font_color(Color::White),
            row_number: ours.clone().set_align(FormatAlign::Center),
            our_errors: ours.clone().set_font_color(Color::RGB(0x009C_0006)),
            our_warnings: ours.clone().set_font_color(Color::RGB(0x009C_5700)),
            error: bad(&text),
            warning: doubtful(&text),
            text,
            title: base.clone().set_bold().set_font_size(16),
            heading: base
                .clone()
                .set_bold()
                .set_font_size(12)
                .set_font_color(Color::RGB(0x0030_5496)),
            line: base.clone(),
            plain: base.clone().set_text_wrap(),
            table_header: header.set_background_color(Color::RGB(0x00D9_E1F2)),
            table_number: table.clone().set_align(FormatAlign::Center),
            table_error: bad(&table).set_align(FormatAlign::Center),
            table_warning: doubtful(&table).set_align(FormatAlign::Center),
            table,
        }
    }
}
