//! How the periods of use of a hospital's files lie beside each other.

use domain::{IcdFile, IcdFileStatus};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;
use standard::IcdCategory;
use utoipa::ToSchema;

/// Days of a category on which two files are in use, and days between files on which none is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Periods {
    /// `disease`, `procedure` or `morphology`.
    #[schema(value_type = String)]
    category: IcdCategory,
    /// The category in Chinese.
    category_zh: String,
    /// The category in English.
    category_en: String,
    /// Pairs of files that are in use on the same days.
    overlaps: Vec<Overlap>,
    /// Days without a file, between those with one.
    gaps: Vec<Gap>,
}

/// Two files in use on the same days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
struct Overlap {
    /// First of these days.
    #[schema(value_type = String, format = Date)]
    first_day: Date,
    /// Last of these days.
    #[schema(value_type = String, format = Date)]
    last_day: Date,
    /// Ids of the two files.
    icd_file_ids: [String; 2],
    /// What that means, Chinese.
    detail_zh: String,
    /// What that means, English.
    detail_en: String,
}

/// Days without a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
struct Gap {
    /// First of these days.
    #[schema(value_type = String, format = Date)]
    first_day: Date,
    /// Last of these days.
    #[schema(value_type = String, format = Date)]
    last_day: Date,
    /// What that means, Chinese.
    detail_zh: String,
    /// What that means, English.
    detail_en: String,
}

/// The periods of all categories that have a file in use.
pub(crate) fn of(files: &[IcdFile]) -> Vec<Periods> {
    let of_category = |category: IcdCategory| {
        let mut files: Vec<&IcdFile> = files
            .iter()
            .filter(|file| file.category == category && file.status == IcdFileStatus::InUse)
            .collect();
        files.sort_by_key(|file| (file.first_day, file.last_day));
        (!files.is_empty()).then(|| Periods {
            category,
            category_zh: category.name_zh().to_owned(),
            category_en: category.name_en().to_owned(),
            overlaps: overlaps(&files),
            gaps: gaps(&files),
        })
    };
    IcdCategory::ALL
        .into_iter()
        .filter_map(of_category)
        .collect()
}

fn overlaps(files: &[&IcdFile]) -> Vec<Overlap> {
    let mut overlaps = Vec::new();
    for (place, first) in files.iter().enumerate() {
        for second in &files[place + 1..] {
            let first_day = first.first_day.max(second.first_day);
            let last_day = first.last_day.min(second.last_day);
            if first_day <= last_day {
                let (one, other) = (&first.file_name, &second.file_name);
                overlaps.push(Overlap {
                    first_day,
                    last_day,
                    icd_file_ids: [first.id.to_string(), second.id.to_string()],
                    detail_zh: format!(
                        "{first_day}至{last_day}，“{one}”与“{other}”的编码使用日期重叠，两份文件中的编码均视为有效"
                    ),
                    detail_en: format!(
                        "From {first_day} to {last_day}, {one} and {other} are both in use; the codes of both count"
                    ),
                });
            }
        }
    }
    overlaps
}

fn gaps(files: &[&IcdFile]) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut covered: Option<Date> = None;
    for file in files {
        if let Some(covered) = covered
            && let Ok(first_day) = covered.checked_add(1.day())
            && let Ok(last_day) = file.first_day.checked_sub(1.day())
            && first_day <= last_day
        {
            gaps.push(Gap {
                first_day,
                last_day,
                detail_zh: format!(
                    "{first_day}至{last_day}没有编码文件，这段时间的编码不作比对"
                ),
                detail_en: format!(
                    "From {first_day} to {last_day} there is no code file; codes of these days are not looked up"
                ),
            });
        }
        covered = covered.max(Some(file.last_day));
    }
    gaps
}

#[cfg(test)]
mod tests {
    use domain::{AccountId, IcdFileId, Sha256};
    use jiff::Timestamp;
    use jiff::civil::date;

    use super::*;

    fn file(category: IcdCategory, first: (i8, i8), last: (i8, i8)) -> IcdFile {
        let now = Timestamp::UNIX_EPOCH;
        IcdFile {
            account: AccountId::random(),
            id: IcdFileId::new(now),
            category,
            file_name: "a.zip".parse().unwrap(),
            size: 1,
            sha256: Sha256::of(b""),
            first_day: date(2020, first.0, first.1),
            last_day: date(2020, last.0, last.1),
            status: IcdFileStatus::InUse,
            registered_at: now,
            url_until: now,
            object_version: None,
            received_at: None,
            standard: None,
            lease: None,
            fence: 0,
            deaths: 0,
            generation: None,
            result: None,
            reason: None,
            finished_at: None,
            deleted_at: None,
        }
    }

    /// First and last day of each overlap, and of each gap.
    type Days = (Vec<(Date, Date)>, Vec<(Date, Date)>);

    fn days(files: &[IcdFile]) -> Days {
        let periods = of(files);
        let overlaps = periods.iter().flat_map(|it| &it.overlaps);
        let gaps = periods.iter().flat_map(|it| &it.gaps);
        (
            overlaps.map(|it| (it.first_day, it.last_day)).collect(),
            gaps.map(|it| (it.first_day, it.last_day)).collect(),
        )
    }

    #[test]
    fn overlaps_and_gaps_are_pointed_out_by_the_day() {
        use IcdCategory::{Disease, Procedure};
        let mut files = vec![
            file(Disease, (3, 2), (3, 31)),
            file(Disease, (1, 1), (2, 29)),
            // Another category neither overlaps nor fills.
            file(Procedure, (2, 1), (3, 10)),
        ];
        assert_eq!(
            days(&files),
            (vec![], vec![(date(2020, 3, 1), date(2020, 3, 1))])
        );
        // One that lies within another leaves the longer one's end.
        files.push(file(Disease, (1, 10), (1, 20)));
        files.push(file(Disease, (3, 1), (3, 2)));
        assert_eq!(
            days(&files),
            (
                vec![
                    (date(2020, 1, 10), date(2020, 1, 20)),
                    (date(2020, 3, 2), date(2020, 3, 2))
                ],
                vec![]
            )
        );
        // What is not in use has no period.
        for file in &mut files {
            file.status = IcdFileStatus::Refused;
        }
        assert_eq!(of(&files), []);
    }
}
