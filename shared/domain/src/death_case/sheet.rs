//! The data sheet (manual 3.7, step 2). Its fields are those of the standard's death records, so that labels, code tables and
//! checks are the same as in hdr files; here stands only how the page groups them.

/// Kind of file whose fields the sheet has.
pub const KIND: &str = "hdr";

/// 归档日期: the one field that no file has. The week runs from it.
pub const ARCHIVED_ON: &str = "archived_on";

/// 参数分类: fields that stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// Chinese heading.
    pub name_zh: &'static str,
    /// English heading.
    pub name_en: &'static str,
    /// Codes of its fields, in order.
    pub fields: &'static [&'static str],
}

/// 参数分类导航. Fields that a later standard adds stand in the last group.
pub const GROUPS: &[Group] = &[
    Group {
        name_zh: "病历信息表",
        name_en: "Record",
        fields: &[
            "P3",
            "P4",
            "P5",
            "P7",
            "P22",
            "P23",
            "P24",
            "P25",
            "P26",
            "P27",
            ARCHIVED_ON,
        ],
    },
    Group {
        name_zh: "死亡记录",
        name_en: "Death record",
        fields: &["P8600", "P8604", "P8605", "P8606", "P8509"],
    },
];

/// A field that the case is made with and known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderField {
    /// 病案号.
    MedicalRecordNumber,
    /// 姓名.
    Name,
    /// 入院日期.
    AdmittedOn,
    /// 出院日期.
    DischargedOn,
    /// 死亡时间.
    DiedAt,
}

/// Their codes in the sheet.
pub const fn header_fields() -> [(HeaderField, &'static str); 5] {
    [
        (HeaderField::MedicalRecordNumber, "P3"),
        (HeaderField::Name, "P4"),
        (HeaderField::AdmittedOn, "P22"),
        (HeaderField::DischargedOn, "P25"),
        (HeaderField::DiedAt, "P8509"),
    ]
}
