use proptest::prelude::*;

use super::super::facts::Cases;
use super::*;

#[test]
fn a_window_sent_again_is_unchanged() {
    let day = |day: u32| -> Vec<Sent> {
        (0..5)
            .map(|number| visit(FLU, "01", &format!("MZ{day}-{number}")))
            .collect()
    };
    let window = |last: u32| -> Vec<Sent> { (last - 6..=last).flat_map(day).collect() };
    let first = window(7);
    let second = window(8);
    let settled = settled(&[&first], &second);
    assert_eq!(
        settled.kinds[0].counts,
        Counts {
            new: 5,
            updated: 0,
            unchanged: 30,
            failed: 0
        }
    );
    let again = settled_again(&first, &second);
    assert_eq!(
        again,
        Counts {
            unchanged: 35,
            ..Counts::default()
        }
    );
}

fn settled_again(first: &[Sent], second: &[Sent]) -> Counts {
    settled(&[first, second], second).kinds[0].counts
}

#[test]
fn of_one_key_twice_in_an_upload_the_later_counts() {
    let first = visit(FLU, "01", "MZ1").with("P4", "测试乙");
    let second = visit(FLU, "01", "MZ1").with("P4", "测试甲");
    let upload = [
        first.clone(),
        second.clone(),
        second.clone().with("P4", "x").failed(),
    ];
    let settled = settled(&[], &upload);
    let dispositions: Vec<_> = settled.kinds[0]
        .records
        .iter()
        .map(|r| r.disposition)
        .collect();
    assert_eq!(
        dispositions,
        [Disposition::New, Disposition::Updated, Disposition::Failed]
    );
    assert_eq!(settled_again(&upload, &[second]).unchanged, 1);
    assert_eq!(settled_again(&upload, &[first]).unchanged, 1);
}

#[test]
fn records_that_link_with_nothing_are_not_kept_one_by_one() {
    let undated = |number| visit(PDR, "01", number).with("P7506", "");
    let upload = [
        undated("MZ1"),
        undated("MZ1"),
        undated("MZ2"),
        undated("MZ1"),
    ];
    let own = &segments(&upload)[0];
    let Cases::Visits(cases) = &own.facts.cases else {
        panic!("drugs belong to visits");
    };
    assert_eq!(cases.len(), 2);
    assert!(cases.iter().all(|case| case.visit.is_none()));
    let numbers = own.facts.places.iter().map(|place| {
        let case = own.facts.visit(place).unwrap();
        (place.row, own.facts.text(case.number))
    });
    let numbers: std::collections::BTreeMap<u32, &str> = numbers.collect();
    assert_eq!(
        numbers.into_values().collect::<Vec<_>>(),
        ["MZ1", "MZ1", "MZ2", "MZ1"]
    );
}

#[test]
fn a_rule_switched_off_finds_nothing() {
    let standard = standard::Overrides::parse("severity FLU-002 off\nseverity X-001 off")
        .unwrap()
        .apply(standard::latest())
        .unwrap();
    let first = [visit(FLU, "01", "MZ1").with("P4", "测试乙")];
    let own = segments(&[visit(FLU, "01", "MZ1"), visit(PDR, "01", "MZ2")]);
    let mut earlier = EarlierSegments::new(&standard, &own);
    earlier.add(1, &segments(&first)[0]);
    let settled = settle(&standard, &own, &[], &earlier);
    assert_eq!(settled.findings, []);
    assert_eq!(settled.kinds[0].counts.updated, 1);
}

/// Uploads of few keys and versions, so that they meet often.
fn uploads() -> impl Strategy<Value = Vec<Vec<Sent>>> {
    let record = (0..2_usize, 0..4_u8, 0..3_u8, prop::bool::weighted(0.8)).prop_map(
        |(kind, number, version, passed)| {
            let number = format!("N{number}");
            let record = match kind {
                0 => visit(FLU, "03", &number),
                _ => stay(HQMS, &number),
            };
            let record = record.with("P4", &format!("版本{version}"));
            if passed { record } else { record.failed() }
        },
    );
    prop::collection::vec(prop::collection::vec(record, 1..6), 1..6)
}

proptest! {
    /// Whatever order uploads arrive in, settling all of them once everything is there gives the same, and what is new is
    /// what a plain map of versions holds, of which some were withdrawn.
    #[test]
    fn settling_does_not_depend_on_order(
        uploads in uploads(),
        order in Just((0..6_usize).collect::<Vec<_>>()).prop_shuffle(),
        withdrawn in prop::collection::hash_set((0..6_usize, 0..4_u8), 0..4),
    ) {
        let standard = standard::latest();
        let stored: Vec<Vec<Segment>> = uploads.iter().map(|upload| segments(upload)).collect();
        let is_withdrawn = |upload: usize, record: &Sent| {
            let number = (0..4).find(|number| record.key(standard).contains(&format!("N{number}")));
            withdrawn.contains(&(upload, number.unwrap()))
        };
        let withdrawn_keys = |upload: usize| -> Vec<u128> {
            let records = uploads[upload].iter().filter(|record| is_withdrawn(upload, record));
            records.map(|record| key_fingerprint(&record.key(standard))).collect()
        };
        let mut model = std::collections::HashMap::new();
        for (sequence, upload) in uploads.iter().enumerate() {
            let mut expected = std::collections::BTreeMap::<usize, Vec<(u32, Disposition)>>::new();
            for (index, record) in upload.iter().enumerate() {
                let disposition = if record.passed {
                    let key = (record.kind, record.key(standard));
                    match model.insert(key, record.digest(standard)) {
                        None => Disposition::New,
                        Some(digest) if digest == record.digest(standard) => Disposition::Unchanged,
                        Some(_) => Disposition::Updated,
                    }
                } else {
                    Disposition::Failed
                };
                expected.entry(record.kind).or_default().push((index as u32 + 2, disposition));
            }
            let mut earlier = EarlierSegments::new(standard, &stored[sequence]);
            for lower in order.iter().filter(|lower| **lower < sequence) {
                let gone = withdrawn_keys(*lower);
                for segment in &stored[*lower] {
                    earlier.add_without(*lower as u64, segment, |key| gone.contains(&key));
                }
            }
            let settled = settle(standard, &stored[sequence], &files(standard), &earlier);
            for kind in &settled.kinds {
                let kind_index = standard.kind_index(&kind.kind).unwrap();
                let records: Vec<_> = kind.records.iter().map(|r| (r.row, r.disposition)).collect();
                prop_assert_eq!(&records, &expected[&kind_index]);
                prop_assert_eq!(kind.counts.total(), records.len() as u64);
            }
            let in_order = {
                let mut earlier = EarlierSegments::new(standard, &stored[sequence]);
                for (lower, segments) in stored[..sequence].iter().enumerate() {
                    let gone = withdrawn_keys(lower);
                    for segment in segments {
                        earlier.add_without(lower as u64, segment, |key| gone.contains(&key));
                    }
                }
                settle(standard, &stored[sequence], &files(standard), &earlier)
            };
            prop_assert_eq!(in_order, settled);
            // Whoever asks later finds none of them.
            for record in upload.iter().filter(|record| record.passed && is_withdrawn(sequence, record)) {
                model.remove(&(record.kind, record.key(standard)));
            }
        }
    }

    #[test]
    fn any_bytes_are_a_segment_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        position in any::<prop::sample::Index>(),
        length in any::<prop::sample::Index>(),
    ) {
        let _ = Segment::decode(bytes.clone());
        for segment in segments(&[visit(PDR, "01", "MZ1"), stay(HQMS, "BA1"), stay(HDA, "BA1")]) {
            let stored = segment.encode();
            let cut = &stored[..length.index(stored.len())];
            prop_assert!(Segment::decode(cut.to_vec()).is_err());
            // Damage that the checksum does not see: whatever still reads must be safe to judge.
            let mut whole = stored[..stored.len() - 4].to_vec();
            let at = position.index(whole.len());
            let cut = whole[..at].to_vec();
            for (byte, patch) in whole[at..].iter_mut().zip(bytes.iter().take(9)) {
                *byte = *patch;
            }
            for mut damaged in [whole, cut] {
                let sum = crc32fast::hash(&damaged);
                damaged.extend_from_slice(&sum.to_le_bytes());
                if let Ok(read) = Segment::decode(damaged) {
                    let own = [read];
                    let mut earlier = EarlierSegments::new(standard::latest(), &own);
                    earlier.add(1, &own[0]);
                    let _ = settle(standard::latest(), &own, &[], &earlier);
                }
            }
        }
    }
}

#[test]
fn a_season_is_settled_in_well_under_a_second() {
    let standard = standard::latest();
    let day = |day: u32| -> Segment {
        let mut builder = SegmentBuilder::new(standard);
        for number in 0..3000_u32 {
            let number = format!("MZ{:06}", day * 500 + number);
            let record = visit(FLU, "01", &number);
            builder.add(
                FLU,
                Some(day as i32),
                (0, number.len() as u32, true),
                (&record.key(standard), 1),
                |field| record.value(standard, field),
            );
        }
        builder.finish().remove(0)
    };
    let stored: Vec<Vec<u8>> = (0..8).map(|number| day(number).encode()).collect();
    let own = [day(8)];
    let start = std::time::Instant::now();
    let mut earlier = EarlierSegments::new(standard, &own);
    for sequence in 0..365_u64 {
        let segment = Segment::decode(stored[sequence as usize % 8].clone()).unwrap();
        earlier.add(sequence, &segment);
    }
    let settled = settle(standard, &own, &[], &earlier);
    let took = start.elapsed();
    assert_eq!(settled.kinds[0].counts.unchanged, 2500);
    assert_eq!(settled.kinds[0].counts.new, 500);
    // Some 0.06 s on a quiet machine; a quadratic merge would take minutes.
    assert!(took.as_secs() < 5, "{took:?}");
}
