//! What applicants are told about single fields: each code with both texts.

use domain::application::{ProfileDefect, ScanSlot};
use web::FieldError;

/// Defects of the profile, in the order of the form.
pub(crate) fn defects(defects: &[ProfileDefect]) -> Vec<FieldError> {
    defects
        .iter()
        .map(|defect| {
            let (zh, en) = text(defect.field, defect.code);
            FieldError::new(defect.field, defect.code, zh, en)
        })
        .collect()
}

fn text(field: &str, code: &str) -> (&'static str, &'static str) {
    match (field, code) {
        ("departments", _) => (
            "请按医疗机构执业许可证填写诊疗科目",
            "Please list the departments as on the licence",
        ),
        (_, "blank") => ("请填写此项", "Please fill this in"),
        (_, "too_long") => ("内容不能超过200个字", "At most 200 characters"),
        (_, "control_character") => (
            "请删除换行等不可见字符",
            "Please remove line ends and other invisible characters",
        ),
        ("institution_code", _) => (
            "医疗机构代码由22位数字或英文字母组成：9位组织机构代码和13位机构属性代码",
            "The institution code has 22 digits or letters: 9 of the organisation and 13 of its attributes",
        ),
        ("opening_date", _) => (
            "请填写正确的开业年份和月份，不能晚于本月",
            "Please give year and month of the opening, not later than this month",
        ),
        ("division", _) => (
            "请选择省、市、区(县)",
            "Please choose province, city and county",
        ),
        ("grade", _) => ("请选择医院等级", "Please choose the grade of the hospital"),
        ("manager.id_number", _) => (
            "身份证号应为18位且校验码正确",
            "The identity number has 18 characters with a right check digit",
        ),
        ("manager.phone", _) => (
            "请填写11位手机号码",
            "Please give an 11-digit mobile phone number",
        ),
        ("manager.email", _) => ("请填写正确的邮箱地址", "Please give a right mail address"),
        ("manager.office_phone", _) => (
            "请填写办公电话，如 010-12345678",
            "Please give an office phone, e.g. 010-12345678",
        ),
        _ => ("内容填写有误", "This is not acceptable"),
    }
}

/// An institution that has an account already. Who has it is not told.
pub(crate) fn registered(field: &str) -> FieldError {
    FieldError::new(
        field,
        "registered",
        "该医疗机构已有账号，无需重新申请：请用已有账号登录；忘记密码请点击“忘记密码”；数据管理员变更请用原手机号码进入申请后点击“变更资料”；如有疑问请联系技术支持",
        "This institution has an account already and need not apply: sign in with it; use \"forgotten password\" if need be; for another data manager, open the application with the former phone and choose \"change\"; or ask support",
    )
}

/// A document that is not there, was refused, or is of an older form.
pub(crate) fn missing_scan(slot: ScanSlot) -> FieldError {
    let (field, zh, en) = match slot {
        ScanSlot::InformationForm => (
            "information_form",
            "请上传当前版本《医疗机构信息收集表》的盖章扫描件",
            "Please upload the stamped information form of the current version",
        ),
        ScanSlot::Consent => (
            "consent",
            "请上传当前版本《系统使用须知及同意书》的盖章扫描件",
            "Please upload the stamped consent of the current version",
        ),
        ScanSlot::Licence => (
            "licence",
            "请上传《医疗机构执业许可证》的盖章扫描件",
            "Please upload the stamped licence",
        ),
    };
    FieldError::new(field, "missing", zh, en)
}

#[cfg(test)]
mod tests {
    use domain::application::ProfileDraft;

    use super::*;

    #[test]
    fn every_field_of_a_blank_form_says_what_to_do() {
        let blank = ProfileDraft::default().complete(|_| false, (2026, 1));
        let fields = defects(&blank.unwrap_err());
        assert_eq!(fields.len(), 14);
        for field in fields {
            assert_ne!(field.detail_zh, "内容填写有误", "{}", field.field);
            assert!(field.detail_en.is_ascii(), "{}", field.field);
        }
    }
}
