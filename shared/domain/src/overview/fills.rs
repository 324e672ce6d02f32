use std::collections::BTreeMap;

use super::FillKey;

/// Fewer uploads are no peers.
const FEWEST: i64 = 5;

/// How uploads filled one column, by the tenth their share of fillers falls into; the first tenth is 0, all of them is 10.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fills {
    /// Kind of file.
    pub kind: String,
    /// Column code.
    pub column: String,
    /// What was looked for.
    pub check: String,
    /// Uploads by tenth.
    pub classes: [i64; 11],
}

impl Fills {
    /// All columns for which anything was counted.
    pub fn of(counted: &BTreeMap<FillKey, i64>) -> Vec<Self> {
        let mut columns: BTreeMap<(&str, &str, &str), [i64; 11]> = BTreeMap::new();
        for (key, uploads) in counted {
            let parts: Vec<&str> = key.split('|').collect();
            let [kind, column, check, class] = parts[..] else {
                continue;
            };
            let Some(class) = class.parse().ok().filter(|class: &usize| *class <= 10) else {
                continue;
            };
            columns.entry((kind, column, check)).or_default()[class] += uploads;
        }
        let all = |kind: &str| {
            counted
                .get(&format!("{kind}|||uploads"))
                .copied()
                .unwrap_or(0)
        };
        columns
            .into_iter()
            .map(|((kind, column, check), mut classes)| {
                // Uploads in which the column does not stand out are not counted one by one.
                let told: i64 = classes[1..].iter().sum();
                classes[0] = (all(kind) - told).max(0);
                Self {
                    kind: kind.to_owned(),
                    column: column.to_owned(),
                    check: check.to_owned(),
                    classes,
                }
            })
            .collect()
    }

    /// Uploads in all.
    pub fn uploads(&self) -> i64 {
        self.classes.iter().sum()
    }

    /// Uploads in which nine tenths or more are fillers.
    pub fn nearly_all(&self) -> i64 {
        self.classes[9] + self.classes[10]
    }

    /// The tenth the middle one of the uploads falls into; `None` while there are too few to compare with.
    pub fn median(&self) -> Option<u64> {
        let all = self.uploads();
        if all < FEWEST {
            return None;
        }
        let mut seen = 0;
        let class = self.classes.iter().position(|uploads| {
            seen += uploads;
            seen * 2 >= all
        });
        class.and_then(|class| u64::try_from(class).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uploads_that_say_nothing_of_a_column_count_as_without_fillers() {
        let counted = BTreeMap::from([
            ("flu|||uploads".to_owned(), 9),
            ("flu|P5|same|10".to_owned(), 3),
            ("flu|P5|same|4".to_owned(), 2),
            ("flu|P7|dash|9".to_owned(), 1),
            ("nonsense".to_owned(), 5),
        ]);
        let fills = Fills::of(&counted);
        assert_eq!(fills.len(), 2);
        assert_eq!(fills[0].uploads(), 9);
        assert_eq!((fills[0].classes[0], fills[0].nearly_all()), (4, 3));
        assert_eq!(fills[0].median(), Some(4));
        assert_eq!(fills[1].median(), Some(0));
        let few = BTreeMap::from([
            ("lis|||uploads".to_owned(), 2),
            ("lis|P5|same|9".to_owned(), 2),
        ]);
        assert_eq!(Fills::of(&few)[0].median(), None);
    }
}
