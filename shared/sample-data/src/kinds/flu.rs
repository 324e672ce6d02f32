use crate::Options;
use crate::case::Visit;
use crate::row::{Moment, Row, Yuan, after};

/// Columns of the other diagnoses, code and description, in the order they are filled.
const OTHER_DIAGNOSES: &[(&str, &str)] = &[("P324", "P325"), ("P327", "P328"), ("P3291", "P3292")];

pub(crate) fn fill(row: &mut Row<'_>, visit: &mut Visit, options: &Options) {
    let person = &visit.person;
    row.set("P900", &options.institution_code);
    row.set("P6891", &options.institution_name);
    row.set("P7501", visit.visit_type);
    row.set("P7502", &visit.card);
    row.set("P4", &person.name);
    row.set("P5", person.sex());
    row.set("P6", person.birth);
    row.set("P7", person.age);
    row.set(
        "P7503",
        if person.passport.is_some() {
            "03"
        } else {
            "01"
        },
    );
    row.set(
        "P13",
        person
            .identity
            .as_deref()
            .or(person.passport.as_deref())
            .unwrap_or("-"),
    );
    row.set("P7504", visit.department);
    row.set("P7506", Moment(visit.at));
    row.set("P7507", &visit.complaint);
    if let Some((principal, others)) = visit.diagnoses.split_first() {
        row.set("P321", principal.0);
        row.set("P322", principal.1);
        for ((code, name), other) in OTHER_DIAGNOSES.iter().zip(others) {
            row.set(code, other.0);
            row.set(name, other.1);
        }
    }
    let random = &mut visit.random;
    row.set("P7505", random.between(1, 3));
    if random.chance(0.4) {
        row.set("P686", "-");
    }
    if random.chance(0.3) {
        row.set(
            "P800",
            format_args!("5101{:010}", random.below(10_000_000_000)),
        );
    }
    let mut dies = false;
    if visit.visit_type == "03" {
        if random.chance(0.2) {
            row.set("P6911", "07");
            row.set("P6912", Moment(after(visit.at, random.between(30, 120))));
            row.set("P6913", Moment(after(visit.at, random.between(150, 480))));
        }
        dies = random.chance(0.05);
    } else {
        row.set(
            "P1",
            random.pick(&["1.1", "2.1", "1", "2", "7", "7", "5", "2.2"]),
        );
        let registration = random.between(8, 50) as u64 * 100;
        let drugs = random.between(2_000, 32_000) as u64;
        let examination = random.between(0, 28_000) as u64;
        let total = registration + drugs + examination + random.below(6_000);
        row.set("P7508", Yuan(total));
        row.set("P7509", Yuan(registration));
        row.set("P7510", Yuan(drugs));
        row.set("P7511", Yuan(examination));
        let own = if row.get("P1") == "7" {
            total
        } else {
            total * random.between(20, 90) as u64 / 100
        };
        row.set("P7512", Yuan(own));
    }
    row.set("P8508", if dies { "1" } else { "2" });
    if dies {
        row.set("P8509", Moment(after(visit.at, 500)));
    }
}
