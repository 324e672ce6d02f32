//! Lines of the file, and what keeps one from becoming an account.

use std::io::Read;

use anyhow::{Result, anyhow};
use csv::{ReaderBuilder, StringRecord, Trim};
use domain::{
    Account, AccountState, Institution, LoginName, NewAccount, PasswordHash, Phone, Role,
};
use jiff::Timestamp;

use crate::language::Language;

/// Columns by their Chinese and English headings.
const COLUMNS: [(&str, &str); 7] = [
    ("登录名", "login_name"),
    ("手机号码", "phone"),
    ("医疗机构代码", "institution_code"),
    ("医疗机构名称", "institution_name"),
    ("数据管理员", "manager"),
    ("邮箱", "email"),
    ("密码散列", "password_hash"),
];
/// Those that may be left out altogether.
const OPTIONAL: [&str; 2] = ["email", "password_hash"];

/// A line that can become an account.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) login_name: LoginName,
    pub(super) phone: Option<Phone>,
    pub(super) institution: Institution,
    pub(super) manager: String,
    pub(super) email: Option<String>,
    pub(super) password_hash: Option<PasswordHash>,
}

/// Why a line can't.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Defect {
    Unreadable,
    LoginName,
    Phone,
    InstitutionCode,
    InstitutionName,
    Manager,
    Email,
    PasswordHash,
    /// Neither a phone for a code by SMS nor a password.
    NoWayIn,
    LoginTaken,
    PhoneTaken,
    CodeTaken,
    NameTaken,
    /// Stands in the file already, in this line.
    Repeated(u64),
}

impl Defect {
    /// Of the part of a transaction that stood in the way.
    pub(super) fn of_part(part: &str) -> Option<Self> {
        match part {
            "login_name" => Some(Self::LoginTaken),
            "phone" => Some(Self::PhoneTaken),
            "institution_code" => Some(Self::CodeTaken),
            "institution_name" => Some(Self::NameTaken),
            _ => None,
        }
    }

    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::LoginName => "login_name",
            Self::Phone => "phone",
            Self::InstitutionCode => "institution_code",
            Self::InstitutionName => "institution_name",
            Self::Manager => "manager",
            Self::Email => "email",
            Self::PasswordHash => "password_hash",
            Self::NoWayIn => "no_way_in",
            Self::LoginTaken => "login_name_taken",
            Self::PhoneTaken => "phone_taken",
            Self::CodeTaken => "institution_code_taken",
            Self::NameTaken => "institution_name_taken",
            Self::Repeated(_) => "repeated",
        }
    }

    pub(super) fn text(&self, lang: Language) -> String {
        let (zh, en) = match self {
            Self::Unreadable => (
                "列数不对，或不是UTF-8编码",
                "wrong number of columns, or not UTF-8",
            ),
            Self::LoginName => (
                "登录名应为2至64个不含空格的字符",
                "a login name has 2 to 64 characters without spaces",
            ),
            Self::Phone => ("手机号码应为11位数字", "a mobile phone has 11 digits"),
            Self::InstitutionCode => (
                "医疗机构代码应为22位数字或字母",
                "an institution code has 22 digits or letters",
            ),
            Self::InstitutionName => ("缺少医疗机构名称", "the institution's name is missing"),
            Self::Manager => ("缺少数据管理员姓名", "the data manager's name is missing"),
            Self::Email => ("邮箱格式不正确", "that is no mail address"),
            Self::PasswordHash => (
                "密码散列不是argon2的PHC格式",
                "the password hash is no PHC string of argon2",
            ),
            Self::NoWayIn => (
                "没有手机号码，也没有密码散列，无法设置密码",
                "neither phone nor password hash: there would be no way to set a password",
            ),
            Self::LoginTaken => (
                "登录名已用于其他医疗机构的账号",
                "another institution's account has this login name",
            ),
            Self::PhoneTaken => ("手机号码已用于其他账号", "another account has this phone"),
            Self::CodeTaken => (
                "该医疗机构代码已有账号",
                "there is an account for this institution code",
            ),
            Self::NameTaken => (
                "该医疗机构名称已有账号",
                "there is an account for this institution's name",
            ),
            Self::Repeated(line) => {
                return lang.say(
                    format!("登录名、手机号码或医疗机构代码与第 {line} 行重复"),
                    format!("login name, phone or institution code as in line {line}"),
                );
            }
        };
        lang.say(zh, en).to_owned()
    }
}

impl Line {
    /// The account it makes: with the password that was brought along, or with none that opens anything until one is set by SMS.
    pub(super) fn account(&self, now: Timestamp) -> Account {
        let (password_hash, state) = match &self.password_hash {
            Some(hash) => (hash.clone(), AccountState::Active),
            None => (PasswordHash::unusable(), AccountState::MustChangePassword),
        };
        let new = NewAccount {
            login_name: self.login_name.clone(),
            phone: self.phone.clone(),
            role: Role::DataManager,
            institution: Some(self.institution.clone()),
            province: None,
            password_hash,
            state,
        };
        let mut account = Account::new(new, now);
        account.email.clone_from(&self.email);
        account.holder = Some(self.manager.clone());
        account
    }
}

/// A line's number, and what it can become or why not.
pub(super) type Numbered = (u64, Result<Line, Vec<Defect>>);

/// The file's lines by their numbers, as a text editor counts them.
pub(super) fn read(file: impl Read, lang: Language) -> Result<Vec<Numbered>> {
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(file);
    let headings = reader.headers()?.clone();
    let find = |(zh, en): (&str, &str)| {
        headings.iter().position(|heading| {
            // Spreadsheets put a byte order mark in front.
            let heading = heading.trim_start_matches('\u{feff}');
            heading == zh || heading.eq_ignore_ascii_case(en)
        })
    };
    let places = COLUMNS.map(find);
    for ((zh, en), place) in COLUMNS.iter().zip(places) {
        if place.is_none() && !OPTIONAL.contains(en) {
            return Err(anyhow!(lang.say(
                format!("缺少列“{zh}”（{en}）"),
                format!("there is no column {en} ({zh})"),
            )));
        }
    }
    let mut lines = Vec::new();
    let mut record = StringRecord::new();
    loop {
        let number = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(false) => return Ok(lines),
            Ok(true) => {
                let number = record.position().map_or(number, csv::Position::line);
                lines.push((number, line(&record, places)));
            }
            Err(error) if error.is_io_error() => return Err(error.into()),
            Err(_) => lines.push((number, Err(vec![Defect::Unreadable]))),
        }
    }
}

fn line(record: &StringRecord, places: [Option<usize>; 7]) -> Result<Line, Vec<Defect>> {
    let [login, phone, code, name, manager, email, hash] = places.map(|place| {
        place
            .and_then(|place| record.get(place))
            .unwrap_or_default()
    });
    let mut defects = Vec::new();
    let mut not = |wrong: bool, defect| {
        if wrong {
            defects.push(defect);
        }
    };
    let login_name = login.parse::<LoginName>().ok();
    not(login_name.is_none(), Defect::LoginName);
    let given = |text: &str| !text.is_empty();
    let parsed = phone.parse::<Phone>().ok();
    not(given(phone) && parsed.is_none(), Defect::Phone);
    let institution = Institution::new(&code.to_uppercase(), name).ok();
    not(institution.is_none(), Defect::InstitutionCode);
    not(!given(name), Defect::InstitutionName);
    not(!given(manager), Defect::Manager);
    let is_mail = |text: &str| {
        let (to, host) = text.split_once('@').unwrap_or_default();
        !to.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
    };
    not(given(email) && !is_mail(email), Defect::Email);
    let password_hash = PasswordHash::from_phc(hash).ok();
    let password_hash = password_hash.filter(|_| hash.starts_with("$argon2"));
    not(given(hash) && password_hash.is_none(), Defect::PasswordHash);
    not(!given(phone) && !given(hash), Defect::NoWayIn);
    match (login_name, institution) {
        (Some(login_name), Some(institution)) if defects.is_empty() => Ok(Line {
            login_name,
            phone: parsed,
            institution,
            manager: manager.to_owned(),
            email: Some(email.to_owned()).filter(|email| !email.is_empty()),
            password_hash,
        }),
        _ => Err(defects),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADINGS: &str = "登录名,手机号码,医疗机构代码,医疗机构名称,数据管理员,邮箱,密码散列\n";
    const CODE: &str = "12345678X51010212A1001";

    fn only(line: &str) -> Result<Line, Vec<Defect>> {
        let text = format!("{HEADINGS}{line}\n");
        let mut lines = read(text.as_bytes(), Language::Zh).unwrap();
        assert_eq!((lines.len(), lines[0].0), (1, 2));
        lines.remove(0).1
    }

    #[test]
    fn a_line_needs_a_way_to_set_a_password() {
        let line = only(&format!("hqms1,13900000001,{CODE},甲医院,王,a@b.cn,")).unwrap();
        let account = line.account(Timestamp::UNIX_EPOCH);
        assert_eq!(account.state, AccountState::MustChangePassword);
        assert!(!account.password_hash.matches(""));
        let none = only(&format!("hqms1,,{CODE},甲医院,王,,"));
        assert_eq!(none.unwrap_err(), [Defect::NoWayIn]);
        let hash = PasswordHash::of("Winter-Snow-9").unwrap();
        let hash = serde_json::to_value(&hash).unwrap();
        let hash = hash.as_str().unwrap();
        let line = only(&format!("hqms1,,{CODE},甲医院,王,,\"{hash}\"")).unwrap();
        let account = line.account(Timestamp::UNIX_EPOCH);
        assert_eq!(account.state, AccountState::Active);
        assert!(account.password_hash.matches("Winter-Snow-9"));
    }

    #[test]
    fn everything_wrong_with_a_line_is_told_at_once() {
        let defects = only("x,139,12,,,nobody,plain").unwrap_err();
        let codes: Vec<&str> = defects.iter().map(Defect::code).collect();
        assert_eq!(
            codes,
            [
                "login_name",
                "phone",
                "institution_code",
                "institution_name",
                "manager",
                "email",
                "password_hash"
            ]
        );
        assert_eq!(only("too,few").unwrap_err(), [Defect::Unreadable]);
    }

    #[test]
    fn english_headings_and_any_order_will_do() {
        let text = format!(
            "\u{feff}phone,login_name,manager,institution_name,institution_code\n13900000001,hqms1,Wang,A,{CODE}\n"
        );
        let lines = read(text.as_bytes(), Language::En).unwrap();
        assert!(lines[0].1.is_ok());
        assert!(read(&b"phone,manager\n"[..], Language::En).is_err());
    }
}
