use serde::{Deserialize, Serialize};

/// Category of an ICD code file (manual 3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IcdCategory {
    /// 疾病诊断编码.
    Disease,
    /// 手术操作编码.
    Procedure,
    /// 肿瘤形态学编码.
    Morphology,
}

impl IcdCategory {
    /// All of them, in the order of the manual.
    pub const ALL: [Self; 3] = [Self::Disease, Self::Procedure, Self::Morphology];

    /// The word in requests, answers and the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disease => "disease",
            Self::Procedure => "procedure",
            Self::Morphology => "morphology",
        }
    }

    /// 编码类别 as a hospital chooses it.
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Disease => "疾病诊断编码",
            Self::Procedure => "手术操作编码",
            Self::Morphology => "肿瘤形态学编码",
        }
    }

    /// The same in English.
    pub fn name_en(self) -> &'static str {
        match self {
            Self::Disease => "Disease codes",
            Self::Procedure => "Procedure codes",
            Self::Morphology => "Morphology codes",
        }
    }
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
