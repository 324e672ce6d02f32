use super::hda::{admission, head, listed};
use crate::case::Stay;
use crate::row::{Moment, Row};

pub(crate) fn fill(row: &mut Row<'_>, stay: &mut Stay) {
    head(row, stay);
    let died = stay.died.unwrap_or(stay.discharged);
    let course = admission(stay);
    row.set(
        "P8604",
        format_args!(
            "{course}\n病情进行性加重，出现呼吸衰竭、意识障碍，转入重症医学科，予气管插管、呼吸机辅助通气、血管活性药物维持血压。\n{}突发心率下降，血压测不出，立即予胸外心脏按压、肾上腺素静脉推注，经抢救无效，宣布临床死亡。",
            Moment(died)
        ),
    );
    row.set("P8605", listed(&stay.diagnoses));
    row.set(
        "P8606",
        stay.random
            .pick(&["呼吸衰竭", "呼吸循环衰竭", "感染性休克，多器官功能衰竭"]),
    );
    row.set("P8509", Moment(died));
}
