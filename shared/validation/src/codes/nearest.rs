use super::CodeFile;

/// Length of the category in an ICD-10 code, e.g. `J10` of `J10.101`.
const CATEGORY: usize = 3;
/// Outside the category only slips of the pen are suggested: this many wrong characters at most.
const SLIPS: usize = 2;
/// Codes looked at outside the category. The largest letter of the national edition has about 6,000.
const LOOKED_AT: usize = 8_000;

/// The codes most like one that is not there: those of its category first, then those of its chapter that differ by a
/// slip. Its cost is bounded by `LOOKED_AT`, whatever the files hold.
pub(super) fn nearest<'a>(
    files: impl Iterator<Item = &'a CodeFile>,
    code: &str,
    most: usize,
) -> Vec<String> {
    let wanted = code.to_ascii_uppercase();
    let mut found: Vec<(usize, &str)> = Vec::new();
    for file in files {
        let before = found.len();
        if let Some(category) = wanted.get(..CATEGORY) {
            let of_category = file.beginning_with(category).take(LOOKED_AT);
            found.extend(of_category.map(|known| (distance(&wanted, known), known)));
        }
        let Some(chapter) = wanted.get(..1).filter(|_| found.len() == before) else {
            continue;
        };
        found.extend(
            file.beginning_with(chapter)
                .take(LOOKED_AT)
                .filter(|known| known.len().abs_diff(wanted.len()) <= SLIPS)
                .map(|known| (distance(&wanted, known), known))
                .filter(|(distance, _)| *distance <= SLIPS),
        );
    }
    found.sort_unstable();
    found.dedup();
    found
        .into_iter()
        .take(most)
        .map(|(_, known)| known.to_owned())
        .collect()
}

fn distance(wanted: &str, known: &str) -> usize {
    strsim::osa_distance(wanted, &known.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use standard::IcdCategory;

    use super::*;

    fn nearest_to(code: &str) -> Vec<String> {
        let codes = [
            "J09.x01", "J10.000", "J10.101", "J10.801", "J11.101", "J45.900", "M10.101",
        ]
        .map(|code| (code.to_owned(), String::new()));
        let days = (date(2019, 11, 1), date(2019, 11, 30));
        let files = [CodeFile::new(IcdCategory::Disease, days, codes)];
        nearest(files.iter(), code, 3)
    }

    #[test]
    fn those_of_the_category_come_first() {
        assert_eq!(nearest_to("J10.102"), ["J10.101", "J10.000", "J10.801"]);
    }

    #[test]
    fn a_slip_in_the_category_is_seen() {
        assert_eq!(nearest_to("J01.101"), ["J10.101", "J11.101", "J09.x01"]);
        assert_eq!(nearest_to("J01.999"), Vec::<String>::new());
    }

    #[test]
    fn nothing_is_made_up() {
        for code in ["Z99.999", "", "流", "流行性感冒"] {
            assert_eq!(nearest_to(code), Vec::<String>::new());
        }
    }
}
