use typst::foundations::{Array, Dict, IntoValue, Str, Value};

use crate::DocumentError;
use crate::engine::{set, unprintable};
use crate::version_code::matrix;

/// What both stamped forms are made from (manual 3.1, step 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// 表格版本号: printed and in the QR code, so that the scan of an older form is noticed.
    pub code: String,
    /// 医疗机构名称.
    pub institution: String,
    /// 医疗机构代码.
    pub institution_code: String,
    /// 数据管理员.
    pub manager: String,
    /// Mobile phone of the data manager.
    pub phone: String,
    /// The rows of the information form.
    pub sections: Vec<Section>,
}

/// A part of the information form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// One line of the information form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Name of the field, as on the page.
    pub name: String,
    /// What was filled in.
    pub value: String,
}

/// 《医疗机构信息收集表.pdf》.
///
/// # Errors
/// Only when the template itself is broken.
pub fn information_form(form: &Form) -> Result<Vec<u8>, DocumentError> {
    set(
        include_str!("../templates/information-form.typ"),
        form.inputs()?,
    )
}

/// 《系统使用须知及同意书.pdf》.
///
/// # Errors
/// Only when the template itself is broken.
pub fn consent(form: &Form) -> Result<Vec<u8>, DocumentError> {
    set(include_str!("../templates/consent.typ"), form.inputs()?)
}

impl Form {
    fn inputs(&self) -> Result<Dict, DocumentError> {
        let rows = self.sections.iter().flat_map(|section| &section.rows);
        let missing = unprintable(
            rows.flat_map(|row| [row.name.as_str(), row.value.as_str()])
                .chain([self.institution.as_str(), self.manager.as_str()]),
        );
        let sections: Array = self
            .sections
            .iter()
            .map(|section| {
                let rows: Array = section
                    .rows
                    .iter()
                    .map(|row| dict([("name", text(&row.name)), ("value", text(&row.value))]))
                    .collect();
                dict([("title", text(&section.title)), ("rows", rows.into_value())])
            })
            .collect();
        let matrix: Array = matrix(&self.code)?.iter().map(|line| text(line)).collect();
        let missing: Array = missing.iter().map(|letter| text(letter)).collect();
        Ok([
            ("code", text(&self.code)),
            ("institution", text(&self.institution)),
            ("institution-code", text(&self.institution_code)),
            ("manager", text(&self.manager)),
            ("phone", text(&self.phone)),
            ("sections", sections.into_value()),
            ("matrix", matrix.into_value()),
            ("unprintable", missing.into_value()),
        ]
        .into_iter()
        .map(|(key, value)| (Str::from(key), value))
        .collect())
    }
}

pub(crate) fn text(text: &str) -> Value {
    Str::from(text).into_value()
}

pub(crate) fn dict<const N: usize>(entries: [(&str, Value); N]) -> Value {
    let dict: Dict = entries
        .into_iter()
        .map(|(key, value)| (Str::from(key), value))
        .collect();
    dict.into_value()
}
