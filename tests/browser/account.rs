//! Signing in and out, 账号设置, and who may see which page; both languages.

use std::time::Duration;

use domain::Role;
use jiff::Timestamp;

use crate::authenticator::shown;
use crate::browser::Browser;
use crate::people::{account, account_with_phone, between, messages, phone};
use crate::world::{PASSWORD, World};

#[test]
fn a_wrong_password_an_ended_session_and_another_password() {
    let world = World::shared();
    let hospital = world.hospital();
    let browser = Browser::start(world);
    // A page that needs a session asks for it and then goes on where it was.
    browser.open("/icd");
    browser.fill("登录名或手机号码", &hospital.login);
    browser.fill("密码", "Wrong-2026!");
    browser.click("登录");
    browser.see("登录名或密码错误");
    browser.fill("密码", PASSWORD);
    browser.click("登录");
    browser.see("编码类别");
    assert_eq!(browser.path(), "/icd");

    browser.click("账号设置");
    browser.see(&hospital.login);
    browser.fill("原密码", PASSWORD);
    browser.fill("新密码", "Another-Winter-2026");
    browser.fill("再次填写新密码", "Another-Winter-2027");
    browser.click("修改密码");
    browser.see("两次填写的新密码不一致");
    browser.fill("再次填写新密码", "Another-Winter-2026");
    browser.click("修改密码");
    browser.see("密码已修改，其他登录均已退出。");
    browser.click("退出登录");
    browser.see("用户注册");
    browser.open("/uploads");
    browser.see("用户注册");
}

#[test]
fn a_forgotten_password_is_set_anew_with_a_code_by_sms() {
    let world = World::shared();
    let phone = phone();
    let login = account_with_phone(world, Role::DataManager, Some(&phone));
    let browser = Browser::start(world);
    browser.open("/");
    browser.click("忘记密码");
    browser.fill("登录名或手机号码", &login);
    browser.click("获取验证码");
    browser.see("秒后可重新获取");
    let message = messages(world, &phone).pop().unwrap();
    browser.fill("验证码", &between(&message, "验证码", "，"));
    browser.fill("新密码", "short");
    browser.fill("再次填写新密码", "short");
    browser.click("设置新密码");
    browser.see("密码至少12个字符");
    browser.fill("新密码", "Spring-Rain-2026");
    browser.fill("再次填写新密码", "Spring-Rain-2026");
    browser.click("设置新密码");
    browser.see("新密码已设置，请用新密码登录。");
    browser.sign_in(&phone, "Spring-Rain-2026");
    browser.see("对接数据文件上传记录");
}

#[test]
fn each_role_has_its_own_pages() {
    let world = World::shared();
    let browser = Browser::start(world);
    browser.sign_in(&account(world, Role::Reviewer), PASSWORD);
    browser.see("审核列表");
    assert_eq!(browser.path(), "/review");
    browser.open("/uploads");
    browser.see("当前账号没有此项权限");
    browser.open("/no/such/page");
    browser.see("没有这个页面");
}

#[test]
fn english_is_one_click_away_and_stays() {
    let world = World::shared();
    let hospital = world.hospital();
    let browser = Browser::start(world);
    browser.open("/");
    browser.see("用户注册");
    browser.click("English");
    browser.see("Forgotten password");
    browser.fill("Login name or mobile phone", &hospital.login);
    browser.fill("Password", "Wrong-2026!");
    browser.click("Sign in");
    browser.see("The login name or the password is wrong");
    browser.fill("Password", PASSWORD);
    browser.click("Sign in");
    browser.see("Nothing uploaded yet");
    for (menu, seen) in [
        ("Upload ICD codes", "In use from"),
        ("Death records", "There are no cases yet."),
        ("Account settings", "New password again"),
    ] {
        browser.click(menu);
        browser.see(seen);
        // Names of people and hospitals stay as they are; everything else is English.
        let chinese = browser.script("const name = document.getElementById('who').textContent; return document.body.innerText.replaceAll(name, '').replace('中文', '').match(/[\\u4e00-\\u9fff]+/g)");
        assert!(chinese.is_null(), "{menu}: {chinese}");
    }
    browser.click("中文");
    browser.see("账号信息");
}

#[test]
fn a_second_factor_is_set_up_asked_for_and_turned_off() {
    let world = World::shared();
    let login = account(world, Role::Reviewer);
    let browser = Browser::start(world);
    browser.sign_in(&login, PASSWORD);
    browser.click("账号设置");
    browser.see("未启用");
    let section = "document.getElementById('second-factor')";
    let in_section = |label: &str| {
        let focus = format!(
            "const label = [...{section}.querySelectorAll('label')].find((one) => one.textContent.startsWith(arguments[0])); document.getElementById(label.htmlFor).focus()"
        );
        browser.script_with(&focus, &[serde_json::json!(label)]);
    };
    in_section("密码");
    browser.press_focused("Wrong-2026!");
    browser.click("启用");
    browser.see("密码错误");
    in_section("密码");
    browser.press_focused(PASSWORD);
    browser.click("启用");
    browser.see("手动输入密钥");
    let secret = browser.script(&format!(
        "return {section}.querySelector('code').textContent.replaceAll(' ', '')"
    ));
    let secret = secret.as_str().unwrap().to_owned();
    browser.fill("应用显示的6位数字", "000000");
    browser.click("确认启用");
    browser.until("the wrong code is told", || {
        browser.count("#second-factor .notice.bad, #second-factor [aria-invalid=true]") > 0
    });
    assert!(
        browser.text().contains("未启用"),
        "a wrong code turns nothing on"
    );
    browser.fill("应用显示的6位数字", &shown(&secret, Timestamp::now()));
    browser.click("确认启用");
    browser.see("请妥善保存以下备用码");
    let recovery = browser.script(&format!(
        "return [...{section}.querySelectorAll('li code')].map((one) => one.textContent)"
    ));
    let recovery: Vec<String> = serde_json::from_value(recovery).unwrap();
    assert_eq!(recovery.len(), 10);

    // From now on the password alone is not enough; the code of the step after counts, the one that was used does not.
    browser.click("退出登录");
    browser.see("用户注册");
    browser.fill("登录名或手机号码", &login);
    browser.fill("密码", PASSWORD);
    browser.click("登录");
    browser.see("身份验证器应用中显示的6位数字");
    browser.fill("动态验证码", "000000");
    browser.click("登录");
    browser.see("动态验证码错误或已使用");
    let next = Timestamp::now() + Duration::from_secs(30);
    browser.fill("动态验证码", &shown(&secret, next));
    browser.click("登录");
    browser.see("审核列表");

    // A recovery code helps who lost the phone, once.
    browser.click("退出登录");
    browser.see("用户注册");
    browser.fill("登录名或手机号码", &login);
    browser.fill("密码", PASSWORD);
    browser.click("登录");
    browser.see("身份验证器应用中显示的6位数字");
    browser.fill("动态验证码", &recovery[0]);
    browser.click("登录");
    browser.see("审核列表");
    browser.click("账号设置");
    browser.see("剩余 9 个备用码");
    browser.click("停用");
    browser.fill("动态验证码或备用码", &recovery[1]);
    browser.click("停用");
    browser.see("动态验证码已停用。");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
