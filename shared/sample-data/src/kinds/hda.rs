use crate::case::{Diagnosis, Stay};
use crate::row::{Moment, Row};
use crate::words::{INTENSIVE_CARE, SURNAMES};

pub(crate) fn fill(row: &mut Row<'_>, stay: &mut Stay) {
    head(row, stay);
    row.set("P8601", listed(&stay.diagnoses));
    row.set("P8602", admission(stay));
    let temperature = 360 + stay.random.below(9);
    row.set(
        "P8603",
        format_args!(
            "患者精神可，无发热，偶有咳嗽，无胸闷、气促。查体：T {}.{}℃，双肺呼吸音清，未闻及明显干湿性啰音，心律齐，腹软，无压痛。\n治疗结果：{}。",
            temperature / 10,
            temperature % 10,
            stay.random.pick(&["治愈", "好转"])
        ),
    );
    let doctor = *stay.random.pick(SURNAMES);
    row.set(
        "P8604",
        format_args!(
            "1. 注意休息，多饮水，清淡饮食，避免受凉；\n2. 出院带药：磷酸奥司他韦胶囊 75mg，每日两次，口服，疗程共5天；\n3. 如再次出现发热、气促等不适，请及时就诊；\n4. 一周后呼吸内科门诊随诊。\n医师签名：{doctor}医生"
        ),
    );
}

/// Columns that discharge summary and death record have in common; they agree with the front page.
pub(super) fn head(row: &mut Row<'_>, stay: &Stay) {
    row.set("P3", &stay.record_number);
    row.set("P4", &stay.person.name);
    row.set("P5", stay.person.sex());
    row.set("P7", stay.person.age);
    row.set("P22", Moment(stay.admitted));
    row.set("P23", stay.department.0);
    if stay.intensive {
        row.set("P24", INTENSIVE_CARE.0);
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
    row.set("P27", stay.days);
    row.set("P8600", "流行性感冒");
}

/// How the patient came and what was done, as such texts run: several paragraphs, commas, quotes.
pub(super) fn admission(stay: &mut Stay) -> String {
    let sex = if stay.person.female { "女" } else { "男" };
    let age = match stay.person.age {
        0 => format!("{}天", stay.person.age_days),
        years => format!("{years}岁"),
    };
    let random = &mut stay.random;
    let (temperature, pulse) = (380 + random.below(20), random.between(88, 130));
    let (white, protein) = (random.between(28, 110), random.between(3, 90));
    format!(
        "患者{sex}，{age}，因“{complaint}”由{department}收入院。\n查体：T {}.{}℃，P {pulse}次/分，神志清，精神差，咽部充血，双侧扁桃体Ⅰ度肿大，双肺呼吸音粗，可闻及少许湿性啰音，心律齐，未闻及杂音，腹平软，肝脾肋下未及。\n辅助检查：血常规 WBC {}.{}×10^9/L, CRP {protein} mg/L；流感病毒抗原检测{type_}；胸部CT示双肺散在斑片影。\n入院后予磷酸奥司他韦抗病毒、氨溴索化痰、补液及对症支持治疗，并监测体温、血氧饱和度变化。",
        temperature / 10,
        temperature % 10,
        white / 10,
        white % 10,
        complaint = stay.complaint,
        department = stay.department.1,
        type_ = random.pick(&["甲型阳性", "乙型阳性"]),
    )
}

pub(super) fn listed(diagnoses: &[Diagnosis]) -> String {
    let lines: Vec<String> = diagnoses
        .iter()
        .enumerate()
        .map(|(index, (_, name))| format!("{}. {name}", index + 1))
        .collect();
    lines.join("\n")
}
