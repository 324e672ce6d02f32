//! 申请账号 on the pages alone, from the phone to the first sign-in; the review of it; a rejection and what follows.

use domain::Role;

use crate::browser::Browser;
use crate::people::{account, between, messages, number, phone};
use crate::world::{PASSWORD, World};

const OWN_PASSWORD: &str = "Winter-Snow-2026";

/// 身份验证: the phone and the code it gets.
pub fn identify(browser: &Browser<'_>, phone: &str) {
    browser.fill("手机号码", phone);
    browser.click("获取验证码");
    browser.see("秒后可重新获取");
    let code = between(
        &messages(browser.world, phone).pop().unwrap(),
        "验证码",
        "，",
    );
    browser.fill("验证码", &code);
    browser.click("下一步");
    browser.see("数据管理员信息");
}

/// 填写资料, every field of it.
pub fn fill_in(browser: &Browser<'_>, name: &str, mail: &str) {
    browser.fill("医疗机构名称", name);
    browser.fill("医疗机构代码", &format!("12345678x5101021{:06}", number()));
    browser.fill("开业日期 年", "1958");
    browser.choose("开业日期 月", "9 月");
    browser.choose("医院等级", "三级甲等");
    browser.choose("省(自治区/直辖市)", "天津市");
    browser.choose("市", "市辖区");
    browser.choose("区(县)", "和平区");
    browser.fill("详细地址", "示例路1号");
    browser.fill("法定代表人", "李示例");
    browser.fill("诊疗科目", "内科、儿科");
    browser.fill("数据管理员姓名", "王测试");
    browser.fill("身份证号", "11010519491231002X");
    browser.fill("邮箱", mail);
    browser.fill("办公电话", "022-12345678");
    browser.fill("所在科室", "信息科");
}

/// A form as a scanner makes a picture of it.
const SCAN: &[u8] = include_bytes!("../../docs/images/information-form.png");

/// 上传文件: downloads the forms, and uploads scans of them: pictures, and a form as it is.
pub fn upload_scans(browser: &Browser<'_>) {
    browser.click("系统使用须知及同意书.pdf");
    let form = browser.downloaded("系统使用须知及同意书");
    assert!(std::fs::read(&form).unwrap().starts_with(b"%PDF"));
    let scan = browser.file("盖章扫描件.png", SCAN);
    for (slot, file) in [
        ("information_form", &scan),
        ("consent", &form),
        ("licence", &scan),
    ] {
        browser.attach(&format!("input[data-slot={slot}]"), file);
    }
    browser.see("3 份文件均已上传，可以提交审核。");
}

/// Everything up to 请等待审核.
pub fn apply(browser: &Browser<'_>, phone: &str, name: &str, mail: &str) {
    browser.open("/");
    browser.click("用户注册");
    identify(browser, phone);
    fill_in(browser, name, mail);
    browser.click("下一步");
    browser.see("资料下载并打印盖章");
    upload_scans(browser);
    browser.click("下一步：提交审核");
    browser.see("请等待审核");
}

#[test]
fn a_hospital_applies_is_approved_and_signs_in() {
    let world = World::shared();
    let browser = Browser::start(world);
    let (phone, name, mail) = (
        phone(),
        format!("示例市第{}人民医院", number()),
        "wang@example.org",
    );

    browser.open("/");
    browser.click("用户注册");
    // 下一步 without anything: both fields say what is missing, and the summary leads to them.
    browser.click("下一步");
    browser.see("请修改以下 2 项后再提交");
    browser.fill("手机号码", "123");
    browser.click("获取验证码");
    browser.see("请填写11位手机号码");
    identify(&browser, &phone);

    // A blank form is not taken; what is wrong stands at its field.
    browser.fill("医疗机构代码", "12345678885555555");
    browser.click("下一步");
    browser.see("医疗机构代码由22位数字或英文字母组成");
    assert!(browser.count("[aria-invalid=true]") > 5);
    fill_in(&browser, &name, mail);
    browser.click("下一步");
    browser.see("资料下载并打印盖章");

    // Coming back another day: the same step, and 修改 keeps what was filled in.
    browser.reload();
    browser.click("修改");
    browser.see("数据管理员信息");
    let street = "return [...document.querySelectorAll('input')].map((one) => one.value)";
    assert!(browser.script(street).to_string().contains("示例路1号"));
    browser.until("the divisions are restored", || {
        let places = "return [...document.querySelectorAll('select')].map((one) => one.selectedOptions[0].textContent)";
        browser.script(places).to_string().contains("和平区")
    });
    browser.click("下一步");

    // What only looks like a scan is refused with the reason, deleted, and uploaded again.
    let fake = browser.file("许可证.jpg", b"MZ this is a program");
    browser.attach("input[data-slot=licence]", &fake);
    browser.see("未通过");
    browser.click("删除");
    browser.see("删除该文件？");
    browser.click("删除");
    browser.see_not("许可证.jpg");
    upload_scans(&browser);
    browser.click("下一步：提交审核");
    browser.see("请等待审核");

    let reviewer = account(world, Role::Reviewer);
    let desk = Browser::start(world);
    desk.sign_in(&reviewer, PASSWORD);
    desk.click(&name);
    desk.see("盖章扫描件");
    desk.see("天津市 市辖区 和平区");
    desk.press("a");
    desk.see("的资料与扫描件一致并通过审核");
    desk.click("审核通过");
    desk.see("已通过审核，登录名");

    browser.reload();
    browser.see("审核通过");
    let message = messages(world, &phone).pop().unwrap();
    let login = between(&message, "登录名", "，")
        .trim_start_matches(['：', ' '])
        .to_owned();
    let initial = between(&message, "初始密码", "，")
        .trim_start_matches(['：', ' '])
        .to_owned();
    browser.sign_in(&login, &initial);
    browser.see("首次登录请先修改初始密码");
    browser.fill("原密码", &initial);
    browser.fill("新密码", "short");
    browser.fill("再次填写新密码", "short");
    browser.click("设置新密码并进入系统");
    browser.see("密码至少12个字符");
    browser.fill("原密码", &initial);
    browser.fill("新密码", OWN_PASSWORD);
    browser.fill("再次填写新密码", OWN_PASSWORD);
    browser.click("设置新密码并进入系统");
    browser.see("对接数据文件上传记录");
    browser.click("退出登录");
    // With the phone, which serves as login name.
    browser.sign_in(&phone, OWN_PASSWORD);
    browser.see("对接数据文件上传记录");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_rejection_says_why_and_the_hospital_applies_again() {
    let world = World::shared();
    let (browser, desk) = (Browser::start(world), Browser::start(world));
    let (phone, name) = (phone(), format!("示例市第{}人民医院", number()));
    let mail = format!("mail{}@example.org", number());
    apply(&browser, &phone, &name, &mail);

    desk.sign_in(&account(world, Role::Reviewer), PASSWORD);
    desk.click(&name);
    desk.see("盖章扫描件");
    desk.press("r");
    desk.click("审核不通过");
    desk.see("请填写此项");
    desk.choose("常用原因", "公章不清晰");
    desk.click("审核不通过");
    desk.see("已退回");
    assert!(messages(world, &mail).pop().unwrap().contains("公章不清晰"));

    browser.reload();
    browser.see("审核不通过");
    browser.see("公章不清晰");
    browser.click("修改");
    browser.fill("详细地址", "新路2号");
    browser.click("下一步");
    // Another profile needs its forms stamped anew.
    browser.see("未上传");
    upload_scans(&browser);
    browser.click("下一步：提交审核");
    browser.see("请等待审核");

    // Another reviewer was first: this one is told, and nothing is decided twice.
    desk.open("/review");
    desk.click(&name);
    desk.see("盖章扫描件");
    let other = Browser::start(world);
    other.sign_in(&account(world, Role::Reviewer), PASSWORD);
    other.click(&name);
    other.see("盖章扫描件");
    other.click("审核通过");
    other.see("的资料与扫描件一致");
    other.click("审核通过");
    other.see("已通过审核，登录名");
    desk.press("a");
    desk.see("的资料与扫描件一致");
    desk.click("审核通过");
    desk.see("处理：审核通过");
}
