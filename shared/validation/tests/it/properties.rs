//! What holds whatever the bytes are.

use std::io::{Cursor, Read, Seek, SeekFrom};

use proptest::prelude::*;
use validation::{Sink, check};

use crate::support::{check_bytes, check_csv, csv, header, lis, settings, zip};

struct Nothing;
impl Sink for Nothing {}

/// Gives a few bytes at a time.
struct Trickle(Cursor<Vec<u8>>, usize);

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = buffer.len().min(self.1);
        self.0.read(&mut buffer[..most])
    }
}

impl Seek for Trickle {
    fn seek(&mut self, position: SeekFrom) -> std::io::Result<u64> {
        self.0.seek(position)
    }
}

/// Bytes that look like CSV more often than chance would have it.
fn csv_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => Just(b",".to_vec()),
        2 => Just(b"\"".to_vec()),
        2 => Just(b"\r\n".to_vec()),
        1 => Just(b"\n".to_vec()),
        1 => Just(b"\r".to_vec()),
        1 => Just(b"\t".to_vec()),
        3 => Just("流感".as_bytes().to_vec()),
        2 => Just(b"P8003".to_vec()),
        1 => Just(vec![0xc1, 0xf7]),
        2 => any::<u8>().prop_map(|byte| vec![byte]),
    ];
    proptest::collection::vec(piece, 0..300).prop_map(|pieces| pieces.concat())
}

/// What a cell of the test files may hold; none of it is blank or a finding.
fn text() -> impl Strategy<Value = String> {
    "[a-z流感阴性，。\" ,\r\n]{0,12}".prop_map(|text| format!("阳{text}性"))
}

fn quoted(cell: &str, always: bool) -> String {
    if always || cell.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

fn written(rows: &[Vec<String>], always: bool, end: &str) -> String {
    rows.iter()
        .map(|row| {
            let cells: Vec<String> = row.iter().map(|cell| quoted(cell, always)).collect();
            cells.join(",") + end
        })
        .collect()
}

/// Rows with breaks at known places, and those places: row as a spreadsheet shows it, column.
fn broken() -> impl Strategy<Value = (Vec<Vec<String>>, Vec<(usize, usize)>)> {
    (1_usize..12, proptest::collection::vec(text(), 12)).prop_flat_map(|(records, texts)| {
        let places = proptest::collection::btree_set((0..records, 0_usize..9), 0..6);
        places.prop_map(move |places| {
            let mut rows = vec![header("lis")];
            for (record, text) in texts.iter().enumerate().take(records) {
                let mut row = lis(record as u32);
                row[6] = text.clone();
                rows.push(row);
            }
            let mut broken = Vec::new();
            for (record, column) in places {
                // The description may hold anything, and is never wrong.
                if column != 6 {
                    // A card or specimen number may be any text, but not blank.
                    let wrong = if matches!(column, 1 | 3) { "" } else { "错" };
                    rows[record + 1][column] = wrong.into();
                    broken.push((record + 2, column));
                }
            }
            (rows, broken)
        })
    })
}

/// Places of findings of the format rules.
fn places(lines: &[String]) -> Vec<(usize, usize)> {
    lines
        .iter()
        .filter(|line| line.contains(" GEN-"))
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            (
                words[1].parse().unwrap(),
                usize::from(words[2].as_bytes()[0] - b'A'),
            )
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        check_bytes(&bytes);
        check_csv("lis_1.csv", &bytes);
    }

    #[test]
    fn no_csv_panics_and_every_record_is_counted(bytes in csv_like()) {
        let header = csv(&[header("lis")]).into_bytes();
        let checked = check_csv("lis_1.csv", [header, bytes].concat());
        prop_assert_eq!(checked.summary.total, checked.records.len() as u64);
        let passed = checked.records.iter().filter(|record| record.passed).count();
        prop_assert_eq!(checked.summary.passed, passed as u64);
        prop_assert!(checked.records.is_sorted_by_key(|record| record.row));
    }

    #[test]
    fn no_damage_to_a_zip_panics(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let rows: Vec<Vec<String>> = [header("lis")].into_iter().chain((0..9).map(lis)).collect();
        let mut bytes = zip(&[("lis_1.csv", csv(&rows).as_bytes()), ("lis_2.csv", b"x")]);
        let place = at.index(bytes.len());
        bytes[place] = byte;
        check_bytes(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        check_bytes(&bytes);
    }

    #[test]
    fn exactly_the_broken_cells_are_found((rows, mut broken) in broken(), always in any::<bool>()) {
        broken.sort_unstable();
        let checked = check_csv("lis_1.csv", written(&rows, always, "\r\n"));
        let mut found = places(&checked.lines());
        found.sort_unstable();
        prop_assert_eq!(found, broken);
    }

    #[test]
    fn the_way_a_file_is_written_changes_nothing(
        (rows, _) in broken(),
        end in prop::sample::select(vec!["\r\n", "\n", "\r"]),
        gb in any::<bool>(),
        swap in 0_usize..8,
    ) {
        let plain = check_csv("lis_1.csv", written(&rows, false, "\n"));
        let mut other = rows.clone();
        for row in &mut other {
            row.swap(swap, 8);
        }
        let text = written(&other, true, end);
        let bytes = if gb { encoding_rs::GB18030.encode(&text).0.into_owned() } else { text.into_bytes() };
        let other = check_csv("lis_1.csv", bytes);
        let told = |checked: &crate::support::Checked| {
            let mut told: Vec<String> = checked
                .findings
                .iter()
                .map(|finding| format!("{:?} {:?} {} {}", finding.row, finding.code, finding.rule, finding.value))
                .collect();
            told.sort_unstable();
            told
        };
        prop_assert_eq!(told(&plain), told(&other));
        for (plain, other) in plain.records.iter().zip(&other.records) {
            prop_assert_eq!((plain.row, plain.digest, &plain.key), (other.row, other.digest, &other.key));
        }
    }

    #[test]
    fn the_pieces_a_file_comes_in_change_nothing(bytes in csv_like(), piece in 1_usize..40) {
        // Long enough that the buffer is filled several times over.
        let rows: Vec<Vec<String>> = [header("lis")].into_iter().chain((0..4000).map(lis)).collect();
        let mut file = csv(&rows).into_bytes();
        let middle = file.len() / 2;
        file.splice(middle..middle, bytes);
        let archive = zip(&[("lis_1.csv", &file)]);
        let settings = settings();
        let whole = check("a.zip", Cursor::new(archive.clone()), &settings, &mut Nothing).unwrap();
        let pieces = Trickle(Cursor::new(archive), piece);
        let pieces = check("a.zip", pieces, &settings, &mut Nothing).unwrap();
        prop_assert_eq!(whole, pieces);
    }
}
