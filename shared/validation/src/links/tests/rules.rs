use super::*;

#[test]
fn fires_x_001() {
    let records = [
        visit(FLU, "01", "MZ1"),
        visit(PDR, "01", "MZ2"),
        visit(PDR, "01", "MZ2"),
        visit(LIS, "02", "MZ1"),
    ];
    let expected = [
        at("X-001", 3, "P7502", 2, "MZ2"),
        at("X-001", 4, "P7502", 2, "MZ2"),
        at("X-001", 5, "P7502", 2, "MZ1"),
    ];
    assert_eq!(in_archive(&records), expected);
    assert_eq!(after(&[], &records), expected);
    let other_moment = visit(LIS, "01", "MZ1").with("P7506", "2019-12-03 08:15:01");
    assert_eq!(
        after(&[&[visit(FLU, "01", "MZ1")]], &[other_moment]),
        [at("X-001", 2, "P7502", 2, "MZ1")]
    );
    // One that failed was never received.
    let failed = [visit(FLU, "01", "MZ1").failed(), visit(FLU, "01", "MZ7")];
    assert_eq!(
        ids(&after(&[&failed], &[visit(LIS, "01", "MZ1")])),
        ["X-001"]
    );
}

#[test]
fn silent_x_001() {
    let records = [
        visit(FLU, "01", "MZ1"),
        stay(HQMS, "BA1").with("P741", ""),
        visit(PDR, "01", "MZ1"),
        visit(LIS, "03", "BA1"),
        visit(LIS, "03", ""),
    ];
    assert_eq!(in_archive(&records), []);
    assert_eq!(after(&[], &records), []);
    assert_eq!(after(&[&records[..2]], &records[2..]), []);
    // Sent with the case, though the case has errors to be mended.
    assert_eq!(
        in_archive(&[visit(FLU, "01", "MZ1").failed(), visit(PDR, "01", "MZ1")]),
        []
    );
    // No case of any kind was ever sent: they may come in the next archive.
    assert_eq!(in_archive(&[visit(PDR, "01", "MZ1")]), []);
    assert_eq!(
        after(&[&[visit(LIS, "01", "MZ9")]], &[visit(PDR, "01", "MZ1")]),
        []
    );
}

#[test]
fn fires_x_002() {
    let records = [stay(HQMS, "BA1").with("P741", ""), stay(HDA, "BA2")];
    assert_eq!(in_archive(&records), [at("X-002", 3, "P3", 1, "BA2")]);
    assert_eq!(
        after(&[&records[..1]], &records[1..]),
        [at("X-002", 2, "P3", 1, "BA2")]
    );
}

#[test]
fn silent_x_002() {
    let records = [stay(HQMS, "BA1"), stay(HDA, "BA1")];
    assert_eq!(in_archive(&records), []);
    assert_eq!(after(&[&records[..1]], &records[1..]), []);
    assert_eq!(in_archive(&records[1..]), []);
}

#[test]
fn fires_x_003() {
    let records = [stay(HQMS, "BA1"), stay(HDR, "BA1")];
    assert_eq!(in_archive(&records), [at("X-003", 3, "P3", 1, "BA1")]);
    assert_eq!(
        after(&[&records[..1]], &records[1..]),
        [at("X-003", 2, "P3", 1, "BA1")]
    );
    // The death was corrected away since.
    let died = [stay(HQMS, "BA1").with("P741", "5")];
    assert_eq!(
        ids(&after(&[&died, &records[..1]], &records[1..])),
        ["X-003"]
    );
}

#[test]
fn silent_x_003() {
    let records = [stay(HQMS, "BA1").with("P741", "5"), stay(HDR, "BA1")];
    assert_eq!(in_archive(&records), []);
    assert_eq!(after(&[&records[..1]], &records[1..]), []);
    assert_eq!(in_archive(&records[1..]), []);
}

#[test]
fn fires_x_004() {
    let died = stay(HQMS, "BA2").with("P741", "5").with("P4", "测试乙");
    let records = [stay(HQMS, "BA1").with("P741", "5"), died, stay(HDR, "BA1")];
    assert_eq!(in_archive(&records), [at("X-004", 3, "P3", 7, "BA2")]);
    assert_eq!(
        after(&[&records[2..]], &records[1..2]),
        [at("X-004", 2, "P3", 7, "BA2")]
    );
}

#[test]
fn silent_x_004() {
    // The same P3 is enough, as the rule has it.
    let records = [
        stay(HQMS, "BA1").with("P741", "5").with("P25", ""),
        stay(HDR, "BA1").with("P22", "2019-12-04 00:00:00"),
    ];
    assert_eq!(ids(&in_archive(&records)), ["X-003"]);
    assert_eq!(after(&[&records[1..]], &records[..1]), []);
    assert_eq!(in_archive(&records[..1]), []);
}

#[test]
fn fires_x_005() {
    let records = [stay(HQMS, "BA1"), stay(HQMS, "BA2"), stay(HDA, "BA1")];
    assert_eq!(in_archive(&records), [at("X-005", 3, "P3", 7, "BA2")]);
    assert_eq!(
        after(&[&records[2..]], &records[1..2]),
        [at("X-005", 2, "P3", 7, "BA2")]
    );
}

#[test]
fn silent_x_005() {
    let records = [
        stay(HQMS, "BA1"),
        stay(HQMS, "BA2").with("P741", "5"),
        stay(HDA, "BA1"),
    ];
    assert_eq!(in_archive(&records), []);
    assert_eq!(after(&[&records[2..]], &records[..2]), []);
    assert_eq!(in_archive(&records[..1]), []);
}

#[test]
fn fires_x_006() {
    let settled = settled_with_scans(&[], &[stay(HDR, "BA1")], Some(false));
    let lines: Vec<Line> = settled.findings.iter().map(line).collect();
    assert_eq!(lines, [at("X-006", 2, "P3", 1, "BA1")]);
}

#[test]
fn silent_x_006() {
    for scans in [Some(true), None] {
        let settled = settled_with_scans(&[], &[stay(HDR, "BA1")], scans);
        assert_eq!(settled.findings, []);
    }
    assert_eq!(in_archive(&[stay(HDR, "BA1")]), []);
}

#[test]
fn fires_x_007() {
    let page = stay(HQMS, "BA1").with("P741", "");
    let other = stay(HDA, "BA1")
        .with("P4", "测试乙")
        .with("P5", "2")
        .with("P25", "2019-12-12 10:00:00");
    let expected = |row| {
        [
            at("X-007", row, "P4", 2, "测试乙"),
            at("X-007", row, "P5", 3, "2"),
            at("X-007", row, "P25", 8, "2019-12-12 10:00:00"),
        ]
    };
    assert_eq!(in_archive(&[page.clone(), other.clone()]), expected(3));
    assert_eq!(
        after(&[std::slice::from_ref(&page)], std::slice::from_ref(&other)),
        expected(2)
    );
    // The front page comes later: it is what differs from what is there.
    assert_eq!(
        after(&[&[other]], std::slice::from_ref(&page))[0],
        at("X-007", 2, "P4", 8, "测试甲")
    );
    // Same patient, same discharge, another admission.
    let admitted = stay(HDA, "BA1").with("P22", "2019-12-04 08:15:00");
    assert_eq!(
        in_archive(&[page, admitted]),
        [
            at("X-002", 3, "P3", 1, "BA1"),
            at("X-007", 3, "P22", 5, "2019-12-04 08:15:00"),
        ]
    );
}

#[test]
fn silent_x_007() {
    let page = stay(HQMS, "BA1").with("P741", "");
    let summary = stay(HDA, "BA1").with("P5", "");
    assert_eq!(in_archive(&[page.clone(), summary.clone()]), []);
    // The name was corrected since, and the current version counts.
    let wrong = page.clone().with("P4", "测试乙");
    assert_eq!(
        after(&[&[wrong], std::slice::from_ref(&page)], &[summary]),
        []
    );
    // A midnight without a time is the same moment.
    let day = stay(HQMS, "BA1").with("P741", "").with("P22", "2019-12-03");
    let moment = stay(HDA, "BA1").with("P22", "2019-12-03 00:00:00");
    assert_eq!(in_archive(&[day, moment]), []);
    // Another stay of the same patient.
    let later = stay(HQMS, "BA1")
        .with("P741", "")
        .with("P22", "2020-01-03 08:00:00")
        .with("P25", "2020-01-09 08:00:00")
        .with("P2", "2");
    assert_eq!(in_archive(&[page, later, stay(HDA, "BA1")]), []);
}

#[test]
fn fires_x_008() {
    let records = [visit(FLU, "03", "BA1"), stay(HQMS, "BA1").with("P741", "")];
    assert_eq!(in_archive(&records), [at("X-008", 2, "P7502", 6, "BA1")]);
    assert_eq!(
        after(&[&records[1..]], &records[..1]),
        [at("X-008", 2, "P7502", 6, "BA1")]
    );
}

#[test]
fn silent_x_008() {
    let page = stay(HQMS, "BA1").with("P741", "");
    for record in [visit(FLU, "03", "BA2"), visit(FLU, "01", "BA1")] {
        assert_eq!(in_archive(&[record.clone(), page.clone()]), []);
        assert_eq!(after(&[std::slice::from_ref(&page)], &[record]), []);
    }
}

#[test]
fn fires_flu_002() {
    let first = [visit(FLU, "01", "MZ1").with("P4", "测试乙")];
    let again = [visit(FLU, "01", "MZ1").with("P4", "测试甲")];
    assert_eq!(
        after(&[&first], &again),
        [at("FLU-002", 2, "P7502", 6, "MZ1")]
    );
    // Changed back: it replaces the newest version, not the first.
    assert_eq!(ids(&after(&[&first, &again], &first)), ["FLU-002"]);
}

#[test]
fn silent_flu_002() {
    let record = [visit(FLU, "01", "MZ1")];
    assert_eq!(after(&[&record], &record), []);
    assert_eq!(after(&[], &record), []);
    let failed = [visit(FLU, "01", "MZ1").with("P4", "测试乙").failed()];
    assert_eq!(after(&[&failed], &record), []);
    assert_eq!(after(&[&record], &failed), []);
}

#[test]
fn every_rule_between_files_is_judged_here() {
    let standard = standard::latest();
    for rule in &standard.rules {
        let between_files = rule.id.starts_with("X-") || rule.id == "FLU-002";
        let known = check_names().any(|name| name == rule.check);
        assert_eq!(known, between_files, "{}", rule.id);
    }
    for name in check_names() {
        assert!(
            standard.rules.iter().any(|rule| rule.check == name),
            "{name}"
        );
    }
}
