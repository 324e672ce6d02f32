use crate::Options;
use crate::case::Stay;
use crate::random::Random;
use crate::row::{Moment, Row, Yuan, after, days_after};
use crate::words::{INTENSIVE_CARE, PROCEDURES, SURNAMES};

/// Code, description, condition on admission and outcome of the other diagnoses, in the order they are filled.
const OTHER_DIAGNOSES: &[[&str; 4]] = &[
    ["P324", "P325", "P806", "P326"],
    ["P327", "P328", "P807", "P329"],
    ["P3291", "P3292", "P808", "P3293"],
    ["P3294", "P3295", "P809", "P3296"],
    ["P3297", "P3298", "P810", "P3299"],
    ["P3281", "P3282", "P811", "P3283"],
    ["P3284", "P3285", "P812", "P3286"],
];

/// Top-level items of the bill (HQMS-052) with the most they come to, in yuan.
const ITEMS: &[(&str, u64)] = &[
    ("P752", 900),
    ("P754", 600),
    ("P755", 700),
    ("P756", 120),
    ("P757", 0),
    ("P758", 2200),
    ("P759", 900),
    ("P760", 400),
    ("P761", 800),
    ("P763", 0),
    ("P767", 0),
    ("P768", 80),
    ("P769", 4200),
    ("P771", 300),
    ("P772", 60),
    ("P773", 0),
    ("P774", 0),
    ("P775", 0),
    ("P776", 0),
    ("P777", 0),
    ("P778", 150),
    ("P779", 400),
    ("P780", 0),
    ("P781", 50),
];

pub(crate) fn fill(row: &mut Row<'_>, stay: &mut Stay, options: &Options) {
    row.set("P900", &options.institution_code);
    row.set("P6891", &options.institution_name);
    patient(row, stay);
    course(row, stay);
    diagnoses(row, stay);
    staff(row, stay, options);
    let operated = procedure(row, stay);
    bill(row, &mut stay.random, operated);
}

fn patient(row: &mut Row<'_>, stay: &mut Stay) {
    let (person, random) = (&stay.person, &mut stay.random);
    row.set("P686", "-");
    row.set("P800", "-");
    row.set("P1", random.pick(&["1.1", "1.2", "2.1", "2.2", "3", "7"]));
    row.set("P2", random.between(1, 3));
    row.set("P3", &stay.record_number);
    row.set("P4", &person.name);
    row.set("P5", person.sex());
    row.set("P6", person.birth);
    row.set("P7", person.age);
    let (married, occupation) = match person.age {
        0..=5 => ("1", "70"),
        6..=17 => ("1", "31"),
        18..=24 => ("1", "51"),
        25..=59 => ("2", *random.pick(&["17", "24", "27", "13", "54"])),
        _ => (*random.pick(&["2", "2", "3"]), "80"),
    };
    row.set("P8", married);
    row.set("P9", occupation);
    if person.age == 0 {
        row.set("P66", person.age_days);
    }
    let (province, city, county) = (
        "示例省",
        "示例市",
        random.pick(&["东城区", "西城区", "新城县"]),
    );
    row.set("P101", province);
    row.set("P102", city);
    row.set("P103", county);
    row.set("P11", person.ethnic_group);
    row.set("P12", "中国");
    row.set("P13", person.identity.as_deref().unwrap_or("-"));
    let (road, house) = (
        random.pick(&["人民路", "建设街", "解放大道", "学府路"]),
        random.between(1, 320),
    );
    row.set(
        "P801",
        format_args!("{province}{city}{county}{road}{house}号"),
    );
    row.set("P802", phone(random));
    row.set("P803", "610098");
    row.set(
        "P14",
        if occupation == "31" {
            "示例市第三中学"
        } else {
            "-"
        },
    );
    row.set("P15", "-");
    row.set("P16", "-");
    row.set("P17", format_args!("{province}{city}{county}"));
    row.set("P171", "610098");
    let contact = format!(
        "{}{}",
        random.pick(SURNAMES),
        random.pick(&["建国", "秀英", "志强", "海燕"])
    );
    row.set("P18", contact);
    row.set(
        "P19",
        if person.age < 18 {
            "5"
        } else {
            *random.pick(&["1", "2", "3", "7"])
        },
    );
    row.set("P20", "-");
    row.set("P21", phone(random));
}

fn course(row: &mut Row<'_>, stay: &mut Stay) {
    let random = &mut stay.random;
    row.set("P804", random.pick(&["1", "2"]));
    row.set("P22", Moment(stay.admitted));
    row.set("P23", stay.department.0);
    row.set("P231", format_args!("{}病区", random.between(1, 20)));
    if stay.intensive {
        row.set("P24", INTENSIVE_CARE.0);
        let entry = after(stay.admitted, random.between(60, 600));
        row.set("P6911", "07");
        row.set("P6912", Moment(entry));
        row.set("P6913", Moment(after(entry, random.between(6, 20) * 60)));
        row.set("P72", random.between(2, 6));
    } else {
        row.set("P72", 0);
    }
    row.set("P25", Moment(stay.discharged));
    row.set(
        "P26",
        if stay.died.is_some() {
            INTENSIVE_CARE.0
        } else {
            stay.department.0
        },
    );
    row.set("P261", format_args!("{}病区", random.between(1, 20)));
    row.set("P27", stay.days);
    row.set("P561", 0);
    row.set("P562", if stay.intensive { 1 } else { 0 });
    row.set("P563", stay.days - 1);
    row.set("P564", 0);
    for code in ["P731", "P732", "P733", "P734", "P689"] {
        row.set(code, 0);
    }
    let died = stay.died.is_some();
    row.set("P421", u8::from(died));
    row.set("P422", 0);
    if died {
        row.set("P741", "5");
        row.set("P57", "2");
    } else {
        match random.below(20) {
            0 => {
                row.set("P741", "2");
                row.set("P742", "示例省人民医院");
            }
            1 => {
                row.set("P741", "3");
                row.set("P743", "示例市东城区社区卫生服务中心");
            }
            2 => row.set("P741", "4"),
            _ => row.set("P741", "1"),
        }
    }
    if !died && random.chance(0.05) {
        row.set("P830", "2");
        row.set("P831", "复查胸部CT");
    } else {
        row.set("P830", "1");
    }
    row.set("P62", random.pick(&["1", "2", "3", "4", "6"]));
    row.set("P63", random.pick(&["2", "2", "4"]));
    row.set("P64", "0");
    for (code, value) in [("P58", "2"), ("P581", "1"), ("P60", "2"), ("P59", "2")] {
        row.set(code, value);
    }
}

fn diagnoses(row: &mut Row<'_>, stay: &mut Stay) {
    let (random, died) = (&mut stay.random, stay.died.is_some());
    row.set("P28", "J11.101");
    row.set("P281", "流行性感冒");
    row.set("P29", if stay.intensive { "1" } else { "3" });
    row.set("P30", "J11.101");
    row.set("P301", "流行性感冒");
    row.set("P31", Moment(after(stay.admitted, 24 * 60)));
    if let Some((principal, others)) = stay.diagnoses.split_first() {
        row.set("P321", principal.0);
        row.set("P322", principal.1);
        row.set("P805", "1");
        row.set(
            "P323",
            if died {
                "4"
            } else {
                *random.pick(&["1", "2", "2"])
            },
        );
        for ([code, name, condition, outcome], other) in OTHER_DIAGNOSES.iter().zip(others) {
            row.set(code, other.0);
            row.set(name, other.1);
            row.set(condition, random.pick(&["1", "1", "2", "4"]));
            row.set(outcome, if died { "3" } else { "2" });
        }
    }
    if random.chance(0.1) {
        row.set("P372", "青霉素");
    }
    for code in ["P38", "P39", "P40"] {
        row.set(code, random.pick(&["0", "1"]));
    }
    for (code, value) in [
        ("P411", "1"),
        ("P412", "1"),
        ("P413", "0"),
        ("P414", "0"),
        ("P415", "0"),
    ] {
        row.set(code, value);
    }
}

fn staff(row: &mut Row<'_>, stay: &mut Stay, options: &Options) {
    let random = &mut stay.random;
    for code in ["P431", "P432", "P433", "P434", "P819", "P438", "P45", "P46"] {
        row.set(code, format_args!("{}医生", random.pick(SURNAMES)));
    }
    row.set("P44", "1");
    let last_day = days_after(options.exported_at().date(), -1);
    row.set("P47", days_after(stay.discharged.date(), 2).min(last_day));
}

/// A tracheotomy for some of those in intensive care, with everything that is due for an operation.
fn procedure(row: &mut Row<'_>, stay: &mut Stay) -> bool {
    let random = &mut stay.random;
    if !stay.intensive || random.chance(0.5) {
        return false;
    }
    let (code, name, _) = PROCEDURES[0];
    row.set("P490", code);
    row.set(
        "P491",
        Moment(after(stay.admitted, random.between(700, 1400))),
    );
    row.set("P820", "2");
    row.set("P492", name);
    row.set("P494", "1.50");
    for code in ["P495", "P496", "P497", "P4910"] {
        row.set(code, format_args!("{}医生", random.pick(SURNAMES)));
    }
    row.set("P498", "0302");
    row.set("P4981", "3");
    row.set("P499", "4");
    true
}

fn bill(row: &mut Row<'_>, random: &mut Random, operated: bool) {
    let mut total = 0;
    for (code, most) in ITEMS {
        let amount = match *code {
            "P763" if operated => 120_000,
            "P780" if operated => 31_050,
            _ => random.below(most * 100 + 1),
        };
        total += amount;
        row.set(code, Yuan(amount));
        match *code {
            "P761" => row.set("P762", Yuan(amount / 4)),
            "P763" => {
                row.set("P764", Yuan(if operated { 30_000 } else { 0 }));
                row.set("P765", Yuan(if operated { 90_000 } else { 0 }));
            }
            "P769" => row.set("P770", Yuan(amount / 3)),
            _ => {}
        }
    }
    row.set("P782", Yuan(total));
    row.set("P751", Yuan(total * random.between(15, 60) as u64 / 100));
}

/// A number in a block that no provider has given out.
fn phone(random: &mut Random) -> String {
    format!("1000000{:04}", random.below(10_000))
}
