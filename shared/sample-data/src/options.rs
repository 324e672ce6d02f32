use jiff::civil::{Date, DateTime, date};

use crate::{DEMO_INSTITUTION_CODE, DEMO_INSTITUTION_NAME, Damage};

/// What a file is to hold and how it is to be written. The same options give the same bytes, for ever.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Code of the kind, e.g. `flu`.
    pub kind: String,
    /// Data records at most; fewer only where [`Options::cases`] has fewer.
    pub rows: u32,
    /// Decides every value that is not given here.
    pub seed: u64,
    /// First day of the visits and discharges.
    pub first_day: Date,
    /// Days they spread over.
    pub days: u16,
    /// 医疗机构代码.
    pub institution_code: String,
    /// 机构名称.
    pub institution_name: String,
    /// Cases that drug and laboratory records belong to; `None`: as many visits as are needed.
    pub cases: Option<Cases>,
    /// What is spoilt.
    pub bad: Bad,
    /// How the text is written.
    pub form: Form,
}

/// A number of visits (flu records) and stays (hqms records), the same in every file made with the same seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cases {
    /// Visits, numbered from 0.
    pub visits: u32,
    /// Stays, numbered from 0.
    pub stays: u32,
}

/// Which records are spoilt.
#[derive(Debug, Clone, PartialEq)]
pub enum Bad {
    /// None.
    None,
    /// This share of the records (0 to 1), each by one of these damages (all that fit the kind where the list is empty).
    Share(f64, Vec<Damage>),
    /// Each damage this often, spread over the file. A damage that fits no further record is left out.
    Exactly(Vec<(Damage, u32)>),
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Form {
    /// Encoding.
    pub encoding: Encoding,
    /// Line ends.
    pub line_end: LineEnd,
    /// Quoting.
    pub quoting: Quoting,
    /// Date form.
    pub dates: Dates,
    /// A tab before every value but the first, as one hospital's exporter writes.
    pub leading_tab: bool,
    /// Header codes in lower case.
    pub lower_header: bool,
    /// Columns from last to first: files may order them as they like.
    pub reversed_columns: bool,
    /// A column of the hospital's own in front.
    pub extra_column: ExtraColumn,
    /// Records of nothing but commas at the end, as spreadsheets leave them.
    pub blank_rows: u16,
}

/// Encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-8 without mark.
    #[default]
    Utf8,
    /// UTF-8 with byte order mark.
    Utf8Mark,
    /// GB18030, as Windows programs write (their names may hold characters that GBK lacks).
    Gb18030,
    /// UTF-16, little end first, with mark: the spreadsheet's "Unicode text".
    Utf16,
}

/// Line ends of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LineEnd {
    /// Carriage return and line feed.
    #[default]
    CrLf,
    /// Line feed.
    Lf,
    /// Carriage return.
    Cr,
}

/// Quoting of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Quoting {
    /// Where a value needs it.
    #[default]
    WhenNeeded,
    /// Every value.
    Always,
    /// No value: commas, quotes and line breaks of the text are replaced, as hospitals' exporters do.
    Never,
}

/// Form of dates and moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dates {
    /// `2019-12-03 08:15:00`, as the standard has it.
    #[default]
    Standard,
    /// `2019/12/3 8:15:00`, as .NET writes on Chinese Windows.
    Slashes,
}

/// A first column that is not in the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExtraColumn {
    /// None.
    #[default]
    None,
    /// A row index without a name.
    Unnamed,
    /// The hospital's internal key, `zyid`.
    Named,
}

impl Options {
    /// Clean records of the demo institution, written as the standard has it.
    pub fn new(kind: &str, rows: u32) -> Self {
        Self {
            kind: kind.to_owned(),
            rows,
            seed: 1,
            first_day: date(2019, 11, 26),
            days: 7,
            institution_code: DEMO_INSTITUTION_CODE.to_owned(),
            institution_name: DEMO_INSTITUTION_NAME.to_owned(),
            cases: None,
            bad: Bad::None,
            form: Form::default(),
        }
    }

    /// The morning after the last day: when the hospital's export runs, and after every date in the file.
    pub fn exported_at(&self) -> DateTime {
        let morning = self.first_day.at(8, 15, 0, 0);
        morning
            .checked_add(jiff::Span::new().days(i64::from(self.days.max(1))))
            .unwrap_or(morning)
    }

    /// Name of the file as hospitals write it: prefix and time stamp, e.g. `flu_20191203081500.csv`.
    pub fn file_name(&self) -> String {
        let at = self.exported_at();
        format!(
            "{}_{:04}{:02}{:02}{:02}{:02}{:02}.csv",
            self.kind,
            at.year(),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        )
    }
}
