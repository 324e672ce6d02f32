use std::sync::LazyLock;

use crate::reader;

/// A division of the country: one line of `divisions.csv`, a code of GB/T 2260.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Division {
    /// Six digits: two for the province, two for the city, two for the county.
    pub code: String,
    /// Chinese name, e.g. 和平区. English forms of place names are not part of the list.
    pub name: String,
    /// Index of the division it belongs to; `None` for a province.
    pub(crate) parent: Option<usize>,
}

impl Division {
    /// Which level it is, told by the zeros of the code.
    pub fn level(&self) -> DivisionLevel {
        match (&self.code.get(2..), self.code.ends_with("00")) {
            (Some("0000"), _) => DivisionLevel::Province,
            (_, true) => DivisionLevel::City,
            (_, false) => DivisionLevel::County,
        }
    }
}

/// Level of a division. Four cities have no counties, and three provinces no cities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DivisionLevel {
    /// 省、自治区、直辖市、特别行政区.
    Province,
    /// 市、自治州、地区、盟; 市辖区 of a municipality.
    City,
    /// 区、县、县级市、旗.
    County,
}

/// All divisions, in the order of their codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divisions(pub(crate) Vec<Division>);

impl Divisions {
    /// The division with this code.
    pub fn get(&self, code: &str) -> Option<&Division> {
        self.0.get(self.index(code)?)
    }

    /// The provinces.
    pub fn provinces(&self) -> impl Iterator<Item = &Division> {
        self.0.iter().filter(|division| division.parent.is_none())
    }

    /// The divisions right below this one: cities of a province, counties of a city. Nothing for an unknown code.
    pub fn children(&self, code: &str) -> impl Iterator<Item = &Division> {
        let parent = self.index(code);
        self.0
            .iter()
            .filter(move |division| parent.is_some() && division.parent == parent)
    }

    /// A division with those it belongs to, the province first; empty for an unknown code.
    pub fn path(&self, code: &str) -> Vec<&Division> {
        let mut path = Vec::new();
        let mut next = self.index(code);
        while let Some(division) = next.and_then(|index| self.0.get(index)) {
            path.push(division);
            next = division.parent;
        }
        path.reverse();
        path
    }

    fn index(&self, code: &str) -> Option<usize> {
        self.0
            .binary_search_by(|division| division.code.as_str().cmp(code))
            .ok()
    }
}

static DIVISIONS: LazyLock<Divisions> = LazyLock::new(|| {
    match reader::divisions::read(&reader::embedded) {
        Ok(divisions) => divisions,
        // The file is compiled in and a test reads it, so this is a build that skipped its tests.
        #[expect(clippy::panic, reason = "the embedded data is broken")]
        Err(error) => panic!("embedded divisions: {error}"),
    }
});

/// The divisions of the country, for addresses of institutions and the scope of provincial reviewers.
pub fn divisions() -> &'static Divisions {
    &DIVISIONS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names<'a>(divisions: impl IntoIterator<Item = &'a Division>) -> Vec<&'a str> {
        divisions
            .into_iter()
            .map(|division| division.name.as_str())
            .collect()
    }

    #[test]
    fn an_address_is_chosen_from_province_to_county() {
        let divisions = divisions();
        assert_eq!(divisions.provinces().count(), 34);
        assert_eq!(names(divisions.children("120000")), ["市辖区"]);
        assert_eq!(divisions.children("120100").count(), 16);
        assert_eq!(
            names(divisions.path("120101")),
            ["天津市", "市辖区", "和平区"]
        );
        assert_eq!(
            names(divisions.path("440304")),
            ["广东省", "深圳市", "福田区"]
        );
        assert_eq!(
            names(divisions.path("419001")),
            ["河南省", "省直辖县级行政区划", "济源市"]
        );
    }

    #[test]
    fn levels_are_told_by_the_code() {
        let level = |code: &str| divisions().get(code).unwrap().level();
        assert_eq!(level("120000"), DivisionLevel::Province);
        assert_eq!(level("120100"), DivisionLevel::City);
        assert_eq!(level("120101"), DivisionLevel::County);
        for division in &divisions().0 {
            assert_eq!(
                divisions().path(&division.code).len(),
                division.level() as usize + 1
            );
        }
    }

    #[test]
    fn cities_without_counties_end_the_choice_early() {
        let ends: Vec<&str> = names(divisions().0.iter().filter(|division| {
            division.level() != DivisionLevel::County
                && divisions().children(&division.code).count() == 0
        }));
        assert_eq!(
            ends,
            [
                "东莞市",
                "中山市",
                "儋州市",
                "嘉峪关市",
                "台湾省",
                "香港特别行政区",
                "澳门特别行政区"
            ]
        );
    }

    #[test]
    fn an_unknown_code_has_nothing() {
        for code in ["999999", "", "12", "天津市"] {
            assert_eq!(divisions().get(code), None);
            assert_eq!(divisions().children(code).count(), 0);
            assert!(divisions().path(code).is_empty());
        }
    }
}
