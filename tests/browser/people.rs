//! Those who use the pages, and what reaches their phones and mailboxes.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::{AccountState, NewAccount, PasswordHash, Role};
use jiff::Timestamp;
use store::accounts;

use crate::browser::Browser;
use crate::world::{PASSWORD, World};

/// A number that no other test uses.
pub fn number() -> u32 {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// A mobile phone nobody else has.
pub fn phone() -> String {
    format!("139{:08}", number())
}

/// Login name of a new account of this role, with the password of all test accounts.
pub fn account(world: &World, role: Role) -> String {
    account_with_phone(world, role, None)
}

/// The same, with a mobile phone.
pub fn account_with_phone(world: &World, role: Role, phone: Option<&str>) -> String {
    let login = format!("{}-{}", role_name(role), number());
    let account = NewAccount {
        login_name: login.parse().unwrap(),
        phone: phone.map(|phone| phone.parse().unwrap()),
        role,
        institution: None,
        province: None,
        password_hash: PasswordHash::of(PASSWORD).unwrap(),
        state: AccountState::Active,
    };
    let created = accounts::create(world.service.store(), account, Timestamp::now());
    world.runtime.block_on(created).unwrap();
    login
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Reviewer => "reviewer",
        Role::Operator => "operator",
        _ => "person",
    }
}

/// What somebody's phone or mailbox has received, the newest last.
pub fn messages(world: &World, to: &str) -> Vec<String> {
    world.runtime.block_on(world.service.idle());
    let mut received = world.service.outbox().unwrap().to(to);
    received.reverse();
    received.into_iter().map(|message| message.text).collect()
}

/// What stands between two words of a message.
pub fn between(text: &str, before: &str, after: &str) -> String {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).unwrap().0.to_owned()
}

impl Browser<'_> {
    /// Signs in on the first page.
    pub fn sign_in(&self, login: &str, password: &str) {
        self.open("/");
        self.fill("登录名或手机号码", login);
        self.fill("密码", password);
        self.click("登录");
        self.see("退出登录");
    }
}
