use serde::{Deserialize, Serialize};
use standard::id_number::check_character;

/// What the form 填写资料 holds while it is being filled in: anything may be missing or wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProfileDraft {
    /// 医疗机构名称, as on the licence.
    pub institution_name: String,
    /// 医疗机构代码: 9 characters of organisation and 13 of attribute code.
    pub institution_code: String,
    /// 开业日期, year.
    pub opening_year: String,
    /// 开业日期, month.
    pub opening_month: String,
    /// 区(县): six digits of GB/T 2260; province and city follow from it.
    pub division: String,
    /// Street and number.
    pub street: String,
    /// 法定代表人.
    pub legal_representative: String,
    /// 医院等级, e.g. `三级甲等`.
    pub grade: String,
    /// 诊疗科目 as on the licence.
    pub departments: Vec<String>,
    /// 数据管理员.
    pub manager: DataManager,
}

/// 医疗机构数据管理员: receives the account and everything that concerns it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataManager {
    /// 姓名.
    pub name: String,
    /// 身份证号.
    pub id_number: String,
    /// 手机号码: can be used to sign in.
    pub phone: String,
    /// 邮箱: notices of the account go there.
    pub email: String,
    /// 办公电话.
    pub office_phone: String,
    /// 所在科室.
    pub department: String,
}

/// A profile without a defect: only [`ProfileDraft::complete`] makes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Profile(ProfileDraft);

/// One thing that keeps a draft from being complete; pages show it at its field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileDefect {
    /// Field, e.g. `manager.phone`.
    pub field: &'static str,
    /// Stable code, e.g. `blank`, `not_22_characters`.
    pub code: &'static str,
}

/// 医院等级 of institutions that report: level two and above.
pub const GRADES: &[&str] = &[
    "三级特等",
    "三级甲等",
    "三级乙等",
    "三级丙等",
    "三级未定等",
    "二级甲等",
    "二级乙等",
    "二级丙等",
    "二级未定等",
];

const LONGEST: usize = 200;

impl ProfileDraft {
    /// The profile, or everything that is missing or wrong with it.
    ///
    /// `division_exists` says whether six digits name a county of GB/T 2260; `this_month` is today's year and month.
    ///
    /// # Errors
    /// All defects, in the order of the form.
    pub fn complete(
        &self,
        division_exists: impl Fn(&str) -> bool,
        this_month: (i16, i8),
    ) -> Result<Profile, Vec<ProfileDefect>> {
        let mut defects = Vec::new();
        let mut wrong = |field, code| defects.push(ProfileDefect { field, code });
        let texts = [
            ("institution_name", &self.institution_name),
            ("street", &self.street),
            ("legal_representative", &self.legal_representative),
            ("manager.name", &self.manager.name),
            ("manager.department", &self.manager.department),
        ];
        for (field, text) in texts {
            if text.trim().is_empty() {
                wrong(field, "blank");
            } else if text.chars().count() > LONGEST {
                wrong(field, "too_long");
            } else if text.chars().any(char::is_control) {
                wrong(field, "control_character");
            }
        }
        if !is_institution_code(&self.institution_code) {
            wrong("institution_code", "not_22_characters");
        }
        if !self.opens_in_the_past(this_month) {
            wrong("opening_date", "not_a_past_month");
        }
        if !division_exists(&self.division) {
            wrong("division", "unknown");
        }
        if !GRADES.contains(&self.grade.as_str()) {
            wrong("grade", "unknown");
        }
        let listed = |department: &String| {
            !department.trim().is_empty() && department.chars().count() <= LONGEST
        };
        if self.departments.is_empty() || !self.departments.iter().all(listed) {
            wrong("departments", "blank");
        }
        if !is_id_number(&self.manager.id_number) {
            wrong("manager.id_number", "check_digit");
        }
        if !is_mobile(&self.manager.phone) {
            wrong("manager.phone", "not_a_mobile_phone");
        }
        if !is_email(&self.manager.email) {
            wrong("manager.email", "not_an_address");
        }
        if !is_office_phone(&self.manager.office_phone) {
            wrong("manager.office_phone", "not_a_phone");
        }
        if defects.is_empty() {
            Ok(Profile(self.clone()))
        } else {
            Err(defects)
        }
    }

    fn opens_in_the_past(&self, (year_now, month_now): (i16, i8)) -> bool {
        let year = self.opening_year.parse::<i16>();
        let month = self.opening_month.parse::<i8>();
        match (year, month) {
            (Ok(year), Ok(month)) => {
                year >= 1800 && (1..=12).contains(&month) && (year, month) <= (year_now, month_now)
            }
            _ => false,
        }
    }
}

impl Profile {
    /// What it holds.
    pub fn fields(&self) -> &ProfileDraft {
        &self.0
    }

    /// First two digits of the division code; reviewers of a province see its applications.
    pub fn province(&self) -> &str {
        self.0.division.get(..2).unwrap_or_default()
    }

    /// Whether another person would hold the account: then approval resets it (manual 3.1).
    pub fn changes_manager(&self, approved: &Self) -> bool {
        let (new, old) = (&self.0.manager, &approved.0.manager);
        (&new.name, &new.id_number, &new.phone, &new.email)
            != (&old.name, &old.id_number, &old.phone, &old.email)
    }
}

fn is_institution_code(code: &str) -> bool {
    code.len() == 22 && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_mobile(phone: &str) -> bool {
    let bytes = phone.as_bytes();
    bytes.len() == 11
        && bytes.iter().all(u8::is_ascii_digit)
        && bytes[0] == b'1'
        && (b'3'..=b'9').contains(&bytes[1])
}

fn is_office_phone(phone: &str) -> bool {
    let digits = phone.bytes().filter(u8::is_ascii_digit).count();
    (7..=18).contains(&digits)
        && phone
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"-+() ".contains(&byte))
}

/// An address mail can be sent to and that cannot carry a second header line.
fn is_email(address: &str) -> bool {
    let Some((name, host)) = address.rsplit_once('@') else {
        return false;
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._%+-".contains(&byte);
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    address.len() <= 254
        && !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(plain)
        && host.contains('.')
        && host.split('.').all(label)
}

/// Eighteen characters with the check digit of GB 11643.
fn is_id_number(number: &str) -> bool {
    let Some((digits, [check])) = number.as_bytes().split_first_chunk() else {
        return false;
    };
    digits.iter().all(u8::is_ascii_digit) && check_character(digits) == check.to_ascii_uppercase()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A draft without a defect.
    pub(crate) fn draft() -> ProfileDraft {
        ProfileDraft {
            institution_name: "示例市第一人民医院".into(),
            institution_code: "12345678X51010212A1001".into(),
            opening_year: "1958".into(),
            opening_month: "9".into(),
            division: "120101".into(),
            street: "示例路1号".into(),
            legal_representative: "李示例".into(),
            grade: "三级甲等".into(),
            departments: vec!["内科".into(), "儿科".into()],
            manager: DataManager {
                name: "王测试".into(),
                id_number: "11010519491231002X".into(),
                phone: "13800000000".into(),
                email: "wang@example.org".into(),
                office_phone: "022-12345678".into(),
                department: "信息科".into(),
            },
        }
    }

    pub(crate) fn complete(draft: &ProfileDraft) -> Result<Profile, Vec<ProfileDefect>> {
        draft.complete(|code| code == "120101" || code == "310101", (2019, 11))
    }

    fn defects(change: impl FnOnce(&mut ProfileDraft)) -> Vec<(&'static str, &'static str)> {
        let mut draft = draft();
        change(&mut draft);
        let defects = complete(&draft).unwrap_err();
        defects
            .iter()
            .map(|defect| (defect.field, defect.code))
            .collect()
    }

    #[test]
    fn a_blank_form_names_every_field() {
        let fields: Vec<_> = complete(&ProfileDraft::default())
            .unwrap_err()
            .iter()
            .map(|defect| defect.field)
            .collect();
        assert_eq!(fields.len(), 14);
        assert!(complete(&draft()).is_ok());
    }

    #[test]
    fn each_field_has_its_own_defect() {
        assert_eq!(
            defects(|draft| draft.institution_code = "12345678885555555".into()),
            [("institution_code", "not_22_characters")]
        );
        assert_eq!(
            defects(|draft| draft.opening_month = "13".into()),
            [("opening_date", "not_a_past_month")]
        );
        assert_eq!(
            defects(
                |draft| (draft.opening_year, draft.opening_month) = ("2019".into(), "12".into())
            ),
            [("opening_date", "not_a_past_month")]
        );
        assert_eq!(
            defects(|draft| draft.division = "999999".into()),
            [("division", "unknown")]
        );
        assert_eq!(
            defects(|draft| draft.grade = "一级甲等".into()),
            [("grade", "unknown")]
        );
        assert_eq!(
            defects(|draft| draft.manager.id_number = "110105194912310021".into()),
            [("manager.id_number", "check_digit")]
        );
        assert_eq!(
            defects(|draft| draft.manager.phone = "12800000000".into()),
            [("manager.phone", "not_a_mobile_phone")]
        );
        assert_eq!(
            defects(|draft| draft.street = "一号\n二号".into()),
            [("street", "control_character")]
        );
    }

    #[test]
    fn an_address_cannot_carry_a_header() {
        for wrong in [
            "a@b",
            "a@b.",
            "@b.org",
            "a b@c.org",
            "a@c.org\nBcc: x@y.org",
            "a@-c.org",
        ] {
            assert_eq!(
                defects(|draft| draft.manager.email = wrong.into()),
                [("manager.email", "not_an_address")],
                "{wrong}"
            );
        }
    }

    #[test]
    fn another_phone_is_another_manager_and_another_street_is_not() {
        let approved = complete(&draft()).unwrap();
        let mut moved = draft();
        moved.street = "新路2号".into();
        assert!(!complete(&moved).unwrap().changes_manager(&approved));
        moved.manager.phone = "13900000000".into();
        assert!(complete(&moved).unwrap().changes_manager(&approved));
        assert_eq!(approved.province(), "12");
    }
}
