/// Category of an ICD code file (manual 3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IcdCategory {
    /// 疾病诊断编码.
    Disease,
    /// 手术操作编码.
    Procedure,
    /// 肿瘤形态学编码.
    Morphology,
}

/// One column of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IcdColumn {
    /// Header text, compared after trimming.
    pub name_zh: String,
    /// English label.
    pub name_en: String,
    /// Most characters.
    pub max_length: u16,
    /// Whether every row must fill it.
    pub required: bool,
    /// A valid value.
    pub example: String,
}

/// The upload template of one category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IcdTemplate {
    /// Which category.
    pub category: IcdCategory,
    /// Columns in order.
    pub columns: Vec<IcdColumn>,
}
