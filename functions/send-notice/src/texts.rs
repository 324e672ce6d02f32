//! The texts of notices, compiled in, and the filling in of their placeholders.

use domain::notice::{Channel, LANGUAGE, Notice, NoticeKind};
use thiserror::Error;

/// A notice as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Subject of a mail.
    pub subject: Option<String>,
    /// The text.
    pub text: String,
}

/// Why a notice says nothing a person could be sent. Never with a value: it may be a password.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RenderError {
    /// There are no texts for this way of sending it.
    #[error("`{kind}` has no texts for this channel")]
    NoText {
        /// Which notice.
        kind: &'static str,
    },
    /// A placeholder stands for nothing.
    #[error("`{name}` is not given for `{kind}`")]
    Missing {
        /// Which notice.
        kind: &'static str,
        /// Which placeholder.
        name: String,
    },
    /// A value with a line end or another control character, where it could begin a mail header or a second message.
    #[error("`{name}` of `{kind}` holds a control character")]
    Control {
        /// Which notice.
        kind: &'static str,
        /// Which placeholder.
        name: String,
    },
    /// A text message that is longer than phones and providers take.
    #[error("the text message of `{kind}` has {length} letters")]
    Long {
        /// Which notice.
        kind: &'static str,
        /// Letters.
        length: usize,
    },
}

/// Longest text message: ten parts of a Chinese one. An institution's name may have 100 letters.
const LONGEST_SMS: usize = 500;

struct Texts {
    kind: NoticeKind,
    /// Subject and text in Chinese and in English.
    mail: Option<[(&'static str, &'static str); 2]>,
    sms: Option<[&'static str; 2]>,
}

macro_rules! text {
    ($kind:literal, $file:literal) => {
        include_str!(concat!("../templates/", $kind, "/", $file))
    };
}

macro_rules! mail {
    ($kind:literal) => {
        Some([
            (text!($kind, "subject.zh.txt"), text!($kind, "mail.zh.txt")),
            (text!($kind, "subject.en.txt"), text!($kind, "mail.en.txt")),
        ])
    };
}

macro_rules! sms {
    ($kind:literal) => {
        Some([text!($kind, "sms.zh.txt"), text!($kind, "sms.en.txt")])
    };
}

const TEXTS: [Texts; 9] = [
    Texts {
        kind: NoticeKind::VerificationCode,
        mail: None,
        sms: sms!("verification_code"),
    },
    Texts {
        kind: NoticeKind::ApplicationApproved,
        mail: mail!("application_approved"),
        sms: sms!("application_approved"),
    },
    Texts {
        kind: NoticeKind::ApplicationRejected,
        mail: mail!("application_rejected"),
        sms: None,
    },
    Texts {
        kind: NoticeKind::ChangeApproved,
        mail: mail!("change_approved"),
        sms: None,
    },
    Texts {
        kind: NoticeKind::ManagerChanged,
        mail: mail!("manager_changed"),
        sms: sms!("manager_changed"),
    },
    Texts {
        kind: NoticeKind::ManagerReplaced,
        mail: mail!("manager_replaced"),
        sms: sms!("manager_replaced"),
    },
    Texts {
        kind: NoticeKind::PasswordChanged,
        mail: mail!("password_changed"),
        sms: sms!("password_changed"),
    },
    Texts {
        kind: NoticeKind::AccountImported,
        mail: mail!("account_imported"),
        sms: sms!("account_imported"),
    },
    Texts {
        kind: NoticeKind::DeathCasesDue,
        mail: mail!("death_cases_due"),
        sms: sms!("death_cases_due"),
    },
];

/// Puts the values of a notice into its texts. `address` is where the portal is.
///
/// # Errors
/// When there is no such text, or a value is missing or not fit for it.
pub fn render(notice: &Notice, address: &str) -> Result<Rendered, RenderError> {
    let language = usize::from(notice.values.get(LANGUAGE).is_some_and(|l| l == "en"));
    let kind = notice.kind.name();
    let texts = TEXTS.iter().find(|texts| texts.kind == notice.kind);
    let no_text = || RenderError::NoText { kind };
    let texts = texts.ok_or_else(no_text)?;
    match notice.channel {
        Channel::Mail => {
            let (subject, text) = texts.mail.ok_or_else(no_text)?[language];
            Ok(Rendered {
                subject: Some(fill(subject.trim_end(), notice, address, false)?),
                // A reason for a rejection may have several lines; in a body they are harmless.
                text: fill(text, notice, address, true)?,
            })
        }
        Channel::Sms => {
            let text = texts.sms.ok_or_else(no_text)?[language];
            let text = fill(text.trim_end(), notice, address, false)?;
            match text.chars().count() {
                0..=LONGEST_SMS => Ok(Rendered {
                    subject: None,
                    text,
                }),
                length => Err(RenderError::Long { kind, length }),
            }
        }
    }
}

/// One pass, so that braces inside a value are left as they are.
fn fill(text: &str, notice: &Notice, address: &str, lines: bool) -> Result<String, RenderError> {
    let kind = notice.kind.name();
    let mut filled = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let value = match name {
            "address" => address,
            name => notice.values.get(name).map_or("", String::as_str),
        };
        let name = || name.to_owned();
        if value.trim().is_empty() {
            return Err(RenderError::Missing { kind, name: name() });
        }
        if value.contains(|c: char| c.is_control() && !(lines && c == '\n')) {
            return Err(RenderError::Control { kind, name: name() });
        }
        filled.push_str(before);
        filled.push_str(value);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use std::collections::BTreeSet;

    const ADDRESS: &str = "https://flu.hqms.org.cn";

    fn value(name: &str, language: &str) -> &'static str {
        match (name, language) {
            ("manager", "zh") => "张三",
            ("manager", _) => "Zhang San",
            ("institution", "zh") => "北京市第一人民医院",
            ("institution", _) => "First Hospital of Beijing",
            ("login_name", _) => "yy110101001",
            ("phone", _) => "13800000000",
            ("password", _) => "Kx7-mqwe-29rt",
            ("expires", "zh") => "2026年1月8日 17:00",
            ("expires", _) => "2026-01-08 17:00 (UTC+8)",
            ("at", "zh") => "2026年1月5日 17:00",
            ("at", _) => "2026-01-05 17:00 (UTC+8)",
            ("reason", "zh") => "执业许可证扫描件不清晰，请重新上传。\n法定代表人与许可证不一致。",
            ("reason", _) => {
                "The scan of the licence cannot be read.\nThe legal representative differs from it."
            }
            ("code", _) => "042617",
            ("minutes", _) => "5",
            ("count", _) => "3",
            ("overdue", _) => "1",
            ("purpose", "zh") => "申请账号",
            ("purpose", _) => "an account application",
            (other, _) => panic!("no sample for {other}"),
        }
    }

    fn notice(kind: NoticeKind, channel: Channel, language: &str) -> Notice {
        let to = "13800000000";
        let mut notice = Notice::new("key", kind, channel, to, Timestamp::UNIX_EPOCH);
        for name in kind.values() {
            notice = notice.with(name, value(name, language));
        }
        notice.with(LANGUAGE, language)
    }

    #[test]
    fn every_notice_reads_well() {
        for kind in NoticeKind::ALL {
            let mut all = String::new();
            for language in ["zh", "en"] {
                for channel in kind.channels() {
                    let rendered = render(&notice(kind, *channel, language), ADDRESS).unwrap();
                    all.push_str(&format!("——— {channel:?} {language}\n"));
                    if let Some(subject) = rendered.subject {
                        all.push_str(&format!("{subject}\n\n"));
                    }
                    all.push_str(&rendered.text);
                    all.push('\n');
                }
            }
            insta::assert_snapshot!(kind.name(), all);
        }
    }

    /// A text that forgets a value says less in one language than in the other; one with another placeholder is never sent.
    #[test]
    fn texts_use_what_is_given_and_nothing_else_the_same_in_both_languages() {
        for texts in &TEXTS {
            let kind = texts.kind;
            let given: BTreeSet<&str> = kind.values().iter().copied().collect();
            let mut used = BTreeSet::new();
            if let Some([zh, en]) = texts.sms {
                assert_eq!(placeholders(zh), placeholders(en), "{kind:?}");
                used.extend(placeholders(zh));
            }
            if let Some([zh, en]) = texts.mail {
                assert_eq!(placeholders(zh.1), placeholders(en.1), "{kind:?}");
                assert_eq!(placeholders(zh.0), placeholders(en.0), "{kind:?}");
                used.extend(placeholders(zh.1));
            }
            used.remove("address");
            assert_eq!(used, given, "{kind:?}");
            let channels = [
                texts.mail.map(|_| Channel::Mail),
                texts.sms.map(|_| Channel::Sms),
            ];
            let channels: Vec<Channel> = channels.into_iter().flatten().collect();
            assert_eq!(channels, kind.channels(), "{kind:?}");
        }
    }

    fn placeholders(text: &'static str) -> BTreeSet<&'static str> {
        let parts = text.split('{').skip(1);
        parts.map(|part| part.split_once('}').unwrap().0).collect()
    }

    #[test]
    fn no_file_of_texts_is_left_over() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
        for kind in std::fs::read_dir(folder).unwrap() {
            let kind = kind.unwrap();
            let name = kind.file_name().into_string().unwrap();
            let known = NoticeKind::ALL.into_iter().find(|kind| kind.name() == name);
            let files = known
                .unwrap()
                .channels()
                .iter()
                .map(|channel| match channel {
                    Channel::Mail => 4,
                    Channel::Sms => 2,
                });
            let files: usize = files.sum();
            assert_eq!(
                std::fs::read_dir(kind.path()).unwrap().count(),
                files,
                "{name}"
            );
        }
    }

    #[test]
    fn a_line_end_never_gets_where_it_begins_something_new() {
        let attack = "x\r\nBcc: everyone@example.org";
        let kind = NoticeKind::ApplicationApproved;
        for channel in [Channel::Mail, Channel::Sms] {
            let notice = notice(kind, channel, "zh").with("institution", attack);
            let error = render(&notice, ADDRESS).unwrap_err();
            assert!(matches!(error, RenderError::Control { .. }), "{error}");
        }
    }

    #[test]
    fn braces_in_a_value_fetch_no_other_value() {
        let notice = notice(NoticeKind::ApplicationRejected, Channel::Mail, "zh")
            .with("reason", "{manager}")
            .with("manager", "李四");
        assert!(
            render(&notice, ADDRESS)
                .unwrap()
                .text
                .contains("\n{manager}\n")
        );
    }

    #[test]
    fn what_is_missing_is_named_and_an_overlong_text_message_refused() {
        let kind = NoticeKind::ManagerReplaced;
        let missing = notice(kind, Channel::Sms, "zh").with("institution", " ");
        let error = render(&missing, ADDRESS).unwrap_err().to_string();
        assert!(error.contains("`institution`"), "{error}");
        let long = notice(kind, Channel::Sms, "zh").with("institution", &"医".repeat(500));
        let error = render(&long, ADDRESS).unwrap_err();
        assert!(matches!(error, RenderError::Long { .. }), "{error}");
        let channel = render(
            &notice(NoticeKind::ChangeApproved, Channel::Sms, "zh"),
            ADDRESS,
        );
        assert!(matches!(channel, Err(RenderError::NoText { .. })));
    }

    #[test]
    fn usual_text_messages_have_at_most_three_parts() {
        for kind in NoticeKind::ALL {
            for channel in kind.channels().iter().filter(|c| **c == Channel::Sms) {
                let text = render(&notice(kind, *channel, "zh"), ADDRESS).unwrap().text;
                // 67 letters of UCS-2 in each part of a long message.
                assert!(
                    text.chars().count() <= 3 * 67,
                    "{kind:?}: {}",
                    text.chars().count()
                );
            }
        }
    }
}
