use domain::notice::{Channel, Notice, NoticeKind};
use domain::{Account, beijing};
use jiff::Timestamp;

/// Tells an account's owner that the password was changed, on every way that is known: whoever did not do it should hear of it.
pub(crate) fn password_changed(account: &Account, now: Timestamp) -> Vec<Notice> {
    let kind = NoticeKind::PasswordChanged;
    let at = beijing(now).strftime("%Y-%m-%d %H:%M").to_string();
    let holder = account.holder.as_deref();
    let holder = holder.unwrap_or(account.login_name.as_str());
    let ways = [
        (Channel::Mail, "mail", account.email.as_deref()),
        (
            Channel::Sms,
            "sms",
            account.phone.as_ref().map(|phone| phone.as_str()),
        ),
    ];
    ways.into_iter()
        .filter_map(|(channel, way, to)| {
            // The version makes the event: each change of the account has its own.
            let key = format!("password/{}/{}/{way}", account.id, account.version);
            let notice = Notice::new(&key, kind, channel, to?, now);
            Some(notice.with("at", &at).with("manager", holder))
        })
        .collect()
}
