//! Provinces as keys have them, by the first two digits of their division code, and which of them somebody may see.

use standard::divisions;

/// The province of accounts that have none: those brought along from HQMS.
pub const NOWHERE: &str = "00";

/// All provinces of the country.
pub(crate) fn of_the_country() -> impl Iterator<Item = &'static str> {
    let provinces = divisions().provinces();
    provinces.filter_map(|province| province.code.get(..2))
}

/// All provinces, and [`NOWHERE`] last.
pub fn all() -> Vec<String> {
    let codes = of_the_country().chain([NOWHERE]);
    codes.map(str::to_owned).collect()
}

/// The provinces to be shown to somebody whose sight ends at `scope` (`None`: nowhere) and who asks for one of them, or, with
/// nothing or a blank, for all. Another province than that of the scope is like one in which there is nothing.
pub fn visible(scope: Option<&str>, asked: Option<&str>) -> Vec<String> {
    match (scope, asked.filter(|asked| !asked.is_empty())) {
        (Some(scope), Some(asked)) if scope != asked => Vec::new(),
        (Some(one), _) | (None, Some(one)) => vec![one.to_owned()],
        (None, None) => all(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_never_left() {
        assert_eq!(visible(Some("11"), None), ["11"]);
        assert_eq!(visible(Some("11"), Some("")), ["11"]);
        assert_eq!(visible(Some("11"), Some("11")), ["11"]);
        assert_eq!(visible(Some("11"), Some("31")), [""; 0]);
        assert_eq!(visible(Some("11"), Some(NOWHERE)), [""; 0]);
    }

    #[test]
    fn without_a_scope_all_are_seen_or_the_one_asked_for() {
        assert_eq!(visible(None, Some("31")), ["31"]);
        let all = visible(None, None);
        assert_eq!(all.len(), 35);
        assert_eq!(all.last().map(String::as_str), Some(NOWHERE));
    }
}
