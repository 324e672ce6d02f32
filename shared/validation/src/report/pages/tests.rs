use proptest::prelude::*;
use standard::Severity;
use standard::latest;

use super::codec::{TEXT_CHARACTERS, shortened};
use super::*;

/// A small generator of its own, so that the figures below are the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'0' + self.roll(10) as u8))
            .collect()
    }

    fn day(&mut self, years: u64) -> String {
        let year = 2020 - self.roll(years);
        format!("{year}-{:02}-{:02}", 1 + self.roll(12), 1 + self.roll(28))
    }

    fn id_card(&mut self) -> String {
        const DIVISIONS: [&str; 8] = [
            "110101", "310104", "440305", "510107", "320582", "510104", "510121", "510181",
        ];
        let division = DIVISIONS[self.roll(8) as usize];
        let birth = self.day(90).replace('-', "");
        format!("{division}{birth}{}", self.digits(4))
    }
}

fn finding(row: u32, rule: u16, field: u16, value: String) -> Finding<'static> {
    Finding {
        file: Some(0),
        row: Some(row),
        column: Some(field + 1),
        field: Some(field),
        rule,
        value: value.into(),
        detail: None,
        suggestion: None,
    }
}

/// Findings of a bad record: what the error rates of real uploads suggest, and every value written by another hand.
fn bad_record(dice: &mut Dice, row: u32, findings: &mut Vec<Finding<'static>>) {
    match dice.roll(100) {
        // Blank where a value is required.
        0..30 => findings.push(finding(row, 13, dice.roll(6) as u16, String::new())),
        // A code of no table.
        30..45 => {
            let code = dice.roll(30).to_string();
            findings.push(finding(row, 21, 10 + dice.roll(4) as u16, code));
        }
        // The label in place of the code.
        45..55 => {
            let (label, code) =
                [("男", "1"), ("女", "2"), ("未知", "0"), ("内科", "03")][dice.roll(4) as usize];
            let mut finding = finding(row, 22, 14, label.to_owned());
            finding.detail = Some(label.into());
            finding.suggestion = Some(code.into());
            findings.push(finding);
        }
        // A date that is none, or lies in the future.
        55..70 => {
            let day = dice.day(2);
            let moment = format!(
                "{day} {:02}:{:02}:{:02}",
                24 + dice.roll(9),
                dice.roll(60),
                dice.roll(60)
            );
            findings.push(finding(row, 18, 20 + dice.roll(2) as u16, moment));
        }
        // An identity card number with a wrong check digit, which contradicts the date of birth as well.
        70..80 => {
            let card = dice.id_card();
            findings.push(finding(row, 40, 30, card.clone()));
            findings.push(finding(row, 41, 30, card));
        }
        // The same after a spreadsheet has had it.
        80..90 => {
            let damaged = format!("{}.{}E+17", 1 + dice.roll(6), dice.digits(5));
            findings.push(finding(row, 25, 31, damaged));
        }
        // Discharged before admission: two moments.
        _ => {
            let mut finding = finding(
                row,
                60,
                20,
                format!(
                    "{} {:02}:{:02}:00",
                    dice.day(1),
                    dice.roll(24),
                    dice.roll(60)
                ),
            );
            finding.detail = Some(
                format!(
                    "{} {:02}:{:02}:00",
                    dice.day(1),
                    dice.roll(24),
                    dice.roll(60)
                )
                .into(),
            );
            findings.push(finding);
        }
    }
}

fn packed(findings: &[Finding<'_>]) -> Vec<Page> {
    let mut writer = PageWriter::new();
    let mut pages: Vec<_> = findings
        .iter()
        .filter_map(|finding| writer.push(finding))
        .collect();
    pages.extend(writer.finish());
    pages
}

/// Bytes and whole write units (1 KB) for each bad record.
fn cost(records: u32, gap: u64, bad: fn(&mut Dice, u32, &mut Vec<Finding<'static>>)) -> (f64, f64) {
    let mut dice = Dice(7);
    let mut findings = Vec::new();
    let mut row = 1;
    for _ in 0..records {
        row += 1 + dice.roll(gap * 2 - 1) as u32;
        bad(&mut dice, row, &mut findings);
    }
    let pages = packed(&findings);
    let read: Vec<_> = pages
        .iter()
        .flat_map(|page| decode(&page.bytes).unwrap())
        .collect();
    assert!(read == findings);
    let item = |page: &Page| page.bytes.len() + serde_json::to_vec(&page.head).unwrap().len();
    let bytes: usize = pages.iter().map(item).sum();
    let units: usize = pages.iter().map(|page| item(page).div_ceil(1024)).sum();
    (
        bytes as f64 / f64::from(records),
        units as f64 / f64::from(records),
    )
}

#[test]
fn a_bad_record_costs_less_than_a_150th_of_a_write_unit() {
    for (records, gap) in [(100_000, 1), (20_000, 5), (20_000, 20), (5_000, 100)] {
        let (bytes, units) = cost(records, gap, bad_record);
        println!(
            "{records} bad records, one in {gap}: {bytes:.2} bytes, 1/{:.0} units",
            1.0 / units
        );
        assert!(bytes <= 6.8 && units <= 1.0 / 150.0, "{bytes} {units}");
    }
}

#[test]
fn identity_cards_alone_cost_what_is_random_in_them() {
    let (bytes, _) = cost(50_000, 20, |dice, row, findings| {
        findings.push(finding(row, 40, 30, dice.id_card()));
    });
    println!("identity card numbers only: {bytes:.2} bytes");
    // Eight divisions, ninety years of days and four digits are 31.2 bits, the gap of twenty rows another 5.3: 4.6 bytes.
    assert!(bytes <= 5.7, "{bytes}");
}

#[test]
fn heads_number_the_findings() {
    let mut dice = Dice(3);
    let mut findings = Vec::new();
    for row in 2..9_000 {
        bad_record(&mut dice, row, &mut findings);
    }
    let pages = packed(&findings);
    assert!(pages.len() >= 2);
    let mut next = 0;
    for (number, page) in pages.iter().enumerate() {
        assert_eq!(page.head.number as usize, number);
        assert_eq!(page.head.first, next);
        let counted: u32 = page.head.counts.iter().map(|count| count.findings).sum();
        assert_eq!(counted, page.head.findings);
        next = page.head.last() + 1;
    }
    assert_eq!(next, findings.len() as u64);
}

#[test]
fn a_row_stays_in_one_page() {
    let findings: Vec<_> = (0..4_000_u32)
        .flat_map(|row| (0..3).map(move |rule| finding(row + 2, rule, 1, String::new())))
        .collect();
    let mut last = None;
    for page in packed(&findings) {
        let rows: Vec<_> = decode(&page.bytes)
            .unwrap()
            .iter()
            .map(|finding| finding.row)
            .collect();
        assert_ne!(rows.first().copied(), last);
        last = rows.last().copied();
    }
}

#[test]
fn no_page_outgrows_an_item_of_the_table() {
    // One record with a hundred thousand findings, all of other text.
    let mut dice = Dice(5);
    let findings: Vec<_> = (0..100_000_u32)
        .map(|index| {
            finding(
                2,
                (index % 200) as u16,
                (index % 61) as u16,
                dice.digits(60),
            )
        })
        .collect();
    let pages = packed(&findings);
    for page in &pages {
        assert!(page.bytes.len() <= 300 * 1024);
    }
    let read: Vec<_> = pages
        .iter()
        .flat_map(|page| decode(&page.bytes).unwrap())
        .collect();
    assert!(read == findings);
}

#[test]
fn long_text_is_cut_and_says_so() {
    let long = "咳".repeat(200);
    let pages = packed(&[finding(2, 1, 1, long)]);
    let value = decode(&pages[0].bytes).unwrap()[0].value.to_string();
    assert_eq!(value.chars().count(), TEXT_CHARACTERS + 1);
    assert!(value.ends_with('…'));
}

#[test]
fn damage_is_told() {
    let page = packed(&[finding(2, 1, 1, "x".to_owned())]).remove(0);
    for index in 0..page.bytes.len() {
        let mut bytes = page.bytes.clone();
        bytes[index] ^= 0x10;
        assert!(decode(&bytes).is_err(), "byte {index}");
    }
    assert_eq!(decode(&[]), Err(PageError::Damaged));
    assert_eq!(decode(&[9; 20]), Err(PageError::Version(9)));
}

fn with_sum(findings: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&findings.to_le_bytes());
    let mut sum = crc32fast::Hasher::new();
    sum.update(&bytes);
    sum.update(body);
    let sum = sum.finalize();
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes.extend_from_slice(body);
    bytes
}

fn any_finding() -> impl Strategy<Value = Finding<'static>> {
    (
        proptest::option::of(0_u16..3),
        proptest::option::of(any::<u32>()),
        proptest::option::of(any::<u16>()),
        proptest::option::of(0_u16..400),
        0_u16..160,
        ".{0,70}",
        proptest::option::of("[a-c一-三]{0,4}"),
        proptest::option::of(".{0,8}"),
    )
        .prop_map(
            |(file, row, column, field, rule, value, detail, suggestion)| Finding {
                file,
                row,
                column: column.filter(|column| *column < u16::MAX),
                field,
                rule,
                value: value.into(),
                detail: detail.map(Cow::Owned),
                suggestion: suggestion.map(Cow::Owned),
            },
        )
}

fn as_kept(finding: &Finding<'static>) -> Finding<'static> {
    let cut = |text: &Cow<'static, str>| Cow::Owned(shortened(text).into_owned());
    Finding {
        value: cut(&finding.value),
        detail: finding.detail.as_ref().map(cut),
        suggestion: finding.suggestion.as_ref().map(cut),
        ..finding.clone()
    }
}

proptest! {
    #[test]
    fn what_is_packed_is_read_back(findings in proptest::collection::vec(any_finding(), 0..300)) {
        let read: Vec<_> = packed(&findings).iter().flat_map(|page| decode(&page.bytes).unwrap()).collect();
        let kept: Vec<_> = findings.iter().map(as_kept).collect();
        prop_assert_eq!(read, kept);
    }

    #[test]
    fn no_bytes_panic(findings in 0_u32..9000, body in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = decode(&body);
        let _ = decode(&with_sum(findings, &body));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_filtered_list_is_read_from_the_right_pages(
        seed in any::<u64>(), rule in proptest::option::of(0_usize..70), error in any::<Option<bool>>(),
        page in 0_u64..4, size in 1_u64..3000,
    ) {
        let standard = latest();
        let mut dice = Dice(seed);
        let mut findings = Vec::new();
        for row in 2..6_000 {
            bad_record(&mut dice, row, &mut findings);
        }
        let pages = packed(&findings);
        let heads: Vec<_> = pages.iter().map(|page| page.head.clone()).collect();
        let severity = error.map(|error| if error { Severity::Error } else { Severity::Warning });
        let id = rule.map(|rule| standard.rules[rule].id.as_str());
        let filter = Filter::new(standard, &[], id, None, severity, None);
        let wanted: Vec<_> = findings.iter().filter(|finding| filter.matches(standard, finding)).collect();
        let selection = select(&heads, standard, &filter, page, size);
        prop_assert_eq!(selection.total, wanted.len() as u64);
        let mut shown = Vec::new();
        for read in selection.reads {
            let stored = decode(&pages[read.number as usize].bytes).unwrap();
            shown.extend(stored.into_iter().filter(|finding| filter.matches(standard, finding)).skip(read.skip).take(read.take));
        }
        let wanted: Vec<_> = wanted.into_iter().skip((page * size) as usize).take(size as usize).cloned().collect();
        prop_assert!(shown == wanted);
    }
}
