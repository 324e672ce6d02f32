//! 上报概览 in the browser: a reviewer finds who did not report, and goes down to one upload; a hospital declares a day without a case.

use domain::overview::Contribution;
use domain::{Account, AccountId, AccountState, Institution, NewAccount, PasswordHash, Role};
use jiff::{SignedDuration, Timestamp, ToSpan};
use sample_data::{Bad, Damage, Options, sample_contributions, sample_hospital};
use store::{Transaction, accounts, overview};

use crate::browser::Browser;
use crate::every_page::examine;
use crate::people::number;
use crate::samples::generated;
use crate::world::{Hospital, PASSWORD, World};

fn person(
    world: &World,
    role: Role,
    province: Option<&str>,
    hospital: Option<&str>,
) -> (String, String) {
    let login = format!("oversight-{}", number());
    let institution =
        hospital.map(|name| Institution::new(sample_data::DEMO_INSTITUTION_CODE, name).unwrap());
    let new = NewAccount {
        login_name: login.parse().unwrap(),
        phone: None,
        role,
        institution,
        province: province.map(str::to_owned),
        password_hash: PasswordHash::of(PASSWORD).unwrap(),
        state: AccountState::Active,
    };
    let mut account = Account::new(new, Timestamp::now() - SignedDuration::from_hours(24 * 40));
    account.division = province.map(|province| format!("{province}0101"));
    let id = account.id.to_string();
    world.runtime.block_on(async {
        let store = world.service.store();
        let mut transaction = Transaction::new();
        accounts::add_new(store, &mut transaction, &account).unwrap();
        transaction.settle(store).await.unwrap();
    });
    (login, id)
}

fn hospital<'w>(world: &'w World, province: &str, name: &str) -> (Hospital<'w>, AccountId) {
    let (login, id) = person(world, Role::DataManager, Some(province), Some(name));
    let mut hospital = Hospital {
        world,
        login,
        token: String::new(),
    };
    hospital.token = hospital.sign_in();
    (hospital, id.parse().unwrap())
}

/// Days before today of which the hospitals here report.
const DAYS: i64 = 40;

/// What a hospital reported in the days before yesterday.
fn reported(number: u64, account: &AccountId, province: &str) -> Vec<Contribution> {
    let today = domain::beijing(Timestamp::now()).date();
    let window = (
        today.saturating_sub(DAYS.days()),
        today.saturating_sub(2.days()),
    );
    sample_contributions(number, account, province, window)
}

fn add_reports(world: &World, contributions: &[Contribution]) {
    let written = overview::add_ledger(world.service.store(), contributions, true);
    assert!(world.runtime.block_on(written).unwrap() > 0);
}

/// Hospitals of a province that never were, with what they reported.
fn neighbours(world: &World, province: &str, hospitals: usize) {
    let own = (0..).map(|number| (number, sample_hospital(number)));
    let own = own.filter(|(_, hospital)| hospital.division.starts_with(province));
    let mut contributions = Vec::new();
    for (number, hospital) in own.take(hospitals) {
        let new = NewAccount {
            login_name: format!("neighbour-{number:05}").parse().unwrap(),
            phone: None,
            role: Role::DataManager,
            institution: Some(Institution::new(&hospital.code, &hospital.name).unwrap()),
            province: Some(province.to_owned()),
            password_hash: PasswordHash::unusable(),
            state: AccountState::Active,
        };
        let since = Timestamp::now() - SignedDuration::from_hours(24 * DAYS);
        let mut account = Account::new(new, since);
        account.division = Some(hospital.division);
        contributions.extend(reported(number, &account.id, province));
        let mut transaction = Transaction::new();
        let store = world.service.store();
        accounts::add_new(store, &mut transaction, &account).unwrap();
        world.runtime.block_on(transaction.settle(store)).unwrap();
    }
    add_reports(world, &contributions);
}

#[test]
fn a_reviewer_goes_from_the_province_to_one_upload() {
    let world = World::shared();
    let name = format!("北海市第{}人民医院", number());
    let (own, id) = hospital(world, "45", &name);
    add_reports(world, &reported(2, &id, "45"));
    neighbours(world, "45", 14);
    for province in ["13", "31", "44", "51", "61"] {
        neighbours(world, province, 3);
    }
    let yesterday = domain::beijing(Timestamp::now())
        .date()
        .yesterday()
        .unwrap();
    let options = Options {
        first_day: yesterday,
        days: 1,
        bad: Bad::Exactly(vec![(Damage::BlankRequired, 2)]),
        ..Options::new("flu", 11)
    };
    own.upload("flu.zip", &generated(&options));
    let desk = Browser::start(world);
    let (login, _) = person(world, Role::Reviewer, Some("45"), None);
    desk.sign_in(&login, PASSWORD);
    desk.click("上报概览");
    desk.see(&name);
    desk.until("the charts are drawn", || {
        desk.count(".chart svg[role=img]") == 5
    });
    desk.see("按时上报");
    examine(&desk, "overview");
    desk.open("/overview");
    desk.see(&name);
    desk.click(&name);
    desk.see("各日上报情况");
    examine(&desk, "overview-hospital");
    desk.open("/overview");
    desk.see(&name);
    desk.click(&name);
    desk.see("上传记录");
    let address = desk.script(
        "return document.querySelector('main a[href*=\"/uploads/\"]').getAttribute('href')",
    );
    desk.open(address.as_str().unwrap());
    desk.see("接口达标数");
    examine(&desk, "overview-upload");
    // The whole country, by province.
    let nation = Browser::start(world);
    let (login, _) = person(world, Role::Reviewer, None, None);
    nation.sign_in(&login, PASSWORD);
    nation.click("上报概览");
    nation.until("the charts are drawn", || {
        nation.count(".chart svg[role=img]") == 5
    });
    nation.see("广西壮族自治区");
    examine(&nation, "overview-country");
    // What belongs to another province is not found.
    let other = person(world, Role::DataManager, Some("46"), Some("海口市示例医院")).1;
    desk.open(&format!("/overview/hospitals/{other}"));
    desk.see("未找到该医疗机构");
}

#[test]
fn a_hospital_declares_a_day_without_a_case_and_takes_it_back() {
    let world = World::shared();
    let (own, _) = hospital(world, "46", &format!("三亚市第{}人民医院", number()));
    let browser = Browser::start(world);
    browser.sign_in(&own.login, PASSWORD);
    browser.see("本期无病例");
    browser.until("the days are listed", || {
        browser.count("#zero-cases tbody tr") == 14
    });
    browser.click("填报本期无病例");
    browser.see("请至少选择一类数据");
    browser.script("document.getElementById('zero-flu').click()");
    browser.click("填报本期无病例");
    browser.see("已填报");
    browser.until("the day is marked", || {
        browser.script(
            "return document.querySelector('#zero-cases tbody').innerText.includes('无病例')",
        ) == true
    });
    browser.click("撤回");
    browser.see("已撤回");
    browser.until("the mark is gone", || {
        browser.script(
            "return document.querySelector('#zero-cases tbody').innerText.includes('无病例')",
        ) == false
    });
}
