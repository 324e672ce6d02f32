use standard::{FieldType, Requirement};

use super::Damage;
use crate::identity;
use crate::random::Random;
use crate::row::{Row, days_after};

/// The column a damage touched: its place in the standard, or the whole record.
pub(crate) type Touched = Option<usize>;

/// A record about to be spoilt.
pub(super) struct Spoiler<'a, 'b> {
    pub(super) row: &'a mut Row<'b>,
    pub(super) random: &'a mut Random,
}

impl Spoiler<'_, '_> {
    /// Does the damage; `None` (and an untouched record) where there is nothing to spoil that way.
    pub(super) fn spoil(&mut self, damage: Damage, before: Option<&Row<'_>>) -> Option<Touched> {
        match damage {
            Damage::BlankRequired => {
                let place = self.some_required(|_| true)?;
                self.row.cells[place].clear();
                Some(Some(place))
            }
            Damage::DashForRequired => {
                let place = self.some_required(|field| field == FieldType::Text)?;
                self.row.cells[place] = "-".to_owned();
                Some(Some(place))
            }
            Damage::ImpossibleDate => self.write(&["P6", "P8022", "P8002", "P25"], |old| {
                Some(if old.len() > 10 {
                    format!("{}-02-30 08:00:00", &old[..4])
                } else {
                    format!("{}-13-01", &old[..4])
                })
            }),
            Damage::SlashedDate => self.write(&["P6", "P8021", "P8002", "P25"], |old| {
                Some(old.replace('-', "/"))
            }),
            Damage::DateOutOfRange => self.write(&["P6", "P8021", "P8002", "P22"], |old| {
                Some(if old.len() > 10 {
                    "1800-01-01 00:00:00".into()
                } else {
                    "1800-01-01".into()
                })
            }),
            Damage::UnknownCode => self.write(&["P5", "P8004", "P7501"], |_| Some("7".into())),
            Damage::LabelForCode => {
                let yes_or_no = self.row.columns.kind.code == "lis";
                self.write(&["P5", "P8004", "P7501"], |old| {
                    Some(
                        match old {
                            "1" if yes_or_no => "是",
                            "1" => "男",
                            "2" if yes_or_no => "否",
                            "2" => "女",
                            "01" => "门诊",
                            "02" => "急诊",
                            _ => "住院",
                        }
                        .into(),
                    )
                })
            }
            Damage::LostLeadingZero => self.write(&["P7501", "P23"], |old| {
                old.strip_prefix('0').map(str::to_owned)
            }),
            Damage::NotAnInteger => self.write(&["P7"], |old| Some(format!("{old}岁"))),
            Damage::NotANumber => self.write(&["P7508", "P782", "P8018"], |old| {
                Some(if old.contains('.') {
                    format!("1,{old}")
                } else {
                    format!("{old}mg")
                })
            }),
            Damage::Overlong => self.overlong(),
            Damage::ControlCharacter => self.write(&["P322", "P8016", "P8003", "P8600"], |old| {
                Some(format!("{old}\u{1}。"))
            }),
            Damage::PlaceholderName => self.write(&["P4"], |_| Some("0000".into())),
            Damage::ScientificNotation => {
                self.write(&["P13", "P3", "P7502"], |_| Some("5.10198E+17".into()))
            }
            Damage::DecimalSuffix => self.write(&["P3", "P7502"], |old| {
                Some(format!(
                    "{}.0",
                    old.trim_start_matches(|sign: char| !sign.is_ascii_digit())
                ))
            }),
            Damage::RoundedIdentity => self.identity(|digits| {
                let rounded = format!("{}000", &digits[..15]);
                (identity::check_digit(&rounded[..17]) != '0').then_some(rounded)
            }),
            Damage::BadChecksum => self.identity(|digits| {
                let wrong = if digits.ends_with('7') { '8' } else { '7' };
                Some(format!("{}{wrong}", &digits[..17]))
            }),
            Damage::ShortIdentity => self.identity(|digits| Some(digits[..17].to_owned())),
            Damage::IdentityOfAnotherBirthDate => self.identity(|digits| {
                let day = if &digits[10..14] == "0107" {
                    "0108"
                } else {
                    "0107"
                };
                Some(with_check_digit(format!(
                    "{}{day}{}",
                    &digits[..10],
                    &digits[14..17]
                )))
            }),
            Damage::IdentityOfOtherSex => self.identity(|digits| {
                let other = (digits.as_bytes()[16] - b'0') ^ 1;
                Some(with_check_digit(format!("{}{other}", &digits[..16])))
            }),
            Damage::ForeignInstitution => {
                self.write(&["P900"], |_| Some("87654321X51010212A1001".into()))
            }
            Damage::MalformedInstitution => {
                self.write(&["P900"], |old| Some(old.chars().take(9).collect()))
            }
            Damage::DuplicateKey => self.duplicate_key(before?),
            Damage::SurplusCell => {
                self.row.surplus = 1;
                Some(None)
            }
            Damage::EndBeforeStart => self.end_before_start(),
            Damage::BornAfterVisit => {
                let flu = self.row.columns.kind.code == "flu";
                let visit = self.row.get(if flu { "P7506" } else { "P22" });
                let tomorrow = days_after(visit.get(..10)?.parse().ok()?, 1);
                self.write(&["P6"], |_| Some(tomorrow.to_string()))
            }
            Damage::WrongAge => self.write(&["P7"], |old| {
                old.parse::<u32>().ok().map(|age| (age + 7).to_string())
            }),
            Damage::AgeOutOfRange => self.write(&["P7"], |_| Some("220".into())),
            Damage::WrongStay => self.write(&["P27"], |old| {
                old.parse::<u32>().ok().map(|days| (days + 9).to_string())
            }),
            Damage::WrongTotal => self
                .write(&["P7508", "P782"], |_| Some("5.00".into()))
                .inspect(|_| {
                    // The own share must not rise above the new total, or a second rule would speak.
                    self.row.set("P7512", "1.00");
                    self.row.set("P751", "1.00");
                }),
            Damage::OwnShareAboveTotal => {
                let total = self
                    .filled(&["P7508", "P782"])
                    .map(|place| self.row.cells[place].clone())?;
                self.write(&["P7512", "P751"], |_| Some(format!("9{total}")))
            }
            Damage::NegativeAmount => {
                self.write(&["P7511", "P752", "P8019"], |old| Some(format!("-{old}")))
            }
            Damage::NoPaymentMethod => self.write(&["P1"], |_| Some(String::new())),
            Damage::NoAmounts => self.write(&["P7510"], |_| Some(String::new())),
            Damage::DeathWithoutTime => {
                self.row.set("P8509", "");
                self.write(&["P8508"], |_| Some("1".into()))
            }
            Damage::MalformedDiagnosis => self.write(&["P321"], |old| Some(old.replace('.', ""))),
            Damage::RepeatedDiagnosis => {
                let principal = self.row.get("P321").to_owned();
                self.write(&["P324"], |_| Some(principal))
            }
            Damage::DiagnosisGap => {
                let touched = self.filled(&["P324"])?;
                for (from, to) in [
                    ("P324", "P3291"),
                    ("P325", "P3292"),
                    ("P806", "P808"),
                    ("P326", "P3293"),
                ] {
                    let value = self.row.get(from).to_owned();
                    self.row.set(to, value);
                    self.row.set(from, "");
                }
                for code in ["P327", "P328", "P807", "P329"] {
                    self.row.set(code, "");
                }
                Some(Some(touched))
            }
            Damage::NoInfluenza => {
                self.row.set("P322", "肺炎");
                self.write(&["P321"], |_| Some("J18.900".into()))
            }
            Damage::PositiveWithoutType => self.write(&["P8005"], |_| Some(String::new())),
            Damage::TypeForNegative => {
                if self.row.get("P8004") != "2" {
                    return None;
                }
                self.row.set("P8005", "99");
                Some(self.row.columns.place("P8005"))
            }
            Damage::ContradictoryResult => self.write(&["P8003"], |old| {
                Some(
                    if old.contains("阳性") {
                        "流感病毒抗原阴性(-)"
                    } else {
                        "甲型流感病毒抗原阳性(+)"
                    }
                    .into(),
                )
            }),
            Damage::NumberForUnit => self.write(&["P8020"], |_| Some("75".into())),
            Damage::TransferWithoutHospital => {
                if self.row.get("P741") == "5" {
                    return None;
                }
                self.row.set("P741", "2");
                self.row.set("P742", "");
                Some(self.row.columns.place("P742"))
            }
            Damage::BlankNarrative => self.write(&["P8603"], |_| Some(String::new())),
        }
    }

    /// The first of these columns that the kind has and the record fills.
    fn filled(&self, codes: &[&str]) -> Option<usize> {
        codes
            .iter()
            .filter_map(|code| self.row.columns.place(code))
            .find(|place| !matches!(self.row.cells[*place].as_str(), "" | "-"))
    }

    fn write(
        &mut self,
        codes: &[&str],
        change: impl FnOnce(&str) -> Option<String>,
    ) -> Option<Touched> {
        let place = self.filled(codes)?;
        self.row.cells[place] = change(&self.row.cells[place])?;
        Some(Some(place))
    }

    fn identity(&mut self, change: impl FnOnce(&str) -> Option<String>) -> Option<Touched> {
        let place = self.filled(&["P13"])?;
        let old = &self.row.cells[place];
        if old.len() != 18 || !old.is_ascii() {
            return None;
        }
        self.row.cells[place] = change(old)?;
        Some(Some(place))
    }

    /// A required column that may not be `-`, other than the institution's, whose rules would speak as well.
    fn some_required(&mut self, wanted: impl Fn(FieldType) -> bool) -> Option<usize> {
        let fields = &self.row.columns.kind.fields;
        let places: Vec<usize> = (0..fields.len())
            .filter(|place| {
                let field = &fields[*place];
                field.requirement == Requirement::Required
                    && !field.dash
                    && !matches!(field.code.as_str(), "P900" | "P6891")
                    && wanted(field.field_type)
            })
            .collect();
        (!places.is_empty()).then(|| *self.random.pick(&places))
    }

    fn overlong(&mut self) -> Option<Touched> {
        let place = self.filled(&["P322", "P8016", "P8003", "P8600"])?;
        let length = usize::from(self.row.columns.kind.fields[place].max_length);
        let cell = &mut self.row.cells[place];
        let repeated: String = cell.chars().cycle().take(length + 1).collect();
        *cell = repeated;
        Some(Some(place))
    }

    fn duplicate_key(&mut self, before: &Row<'_>) -> Option<Touched> {
        let kind = self.row.columns.kind;
        for place in &kind.natural_key {
            self.row.cells[*place].clone_from(&before.cells[*place]);
        }
        Some(kind.natural_key.first().copied())
    }

    fn end_before_start(&mut self) -> Option<Touched> {
        let touched = match self.row.columns.kind.code.as_str() {
            "flu" => {
                let earlier = year_before(self.row.get("P7506"))?;
                self.row.set("P8508", "1");
                self.row.set("P8509", earlier);
                "P8509"
            }
            "pdr" => {
                let earlier = year_before(self.row.get("P8021"))?;
                self.row.set("P8022", earlier);
                "P8022"
            }
            _ => {
                let earlier = year_before(self.row.get("P22"))?;
                self.row.set("P25", earlier);
                "P25"
            }
        };
        Some(self.row.columns.place(touched))
    }
}

fn with_check_digit(digits: String) -> String {
    let check = identity::check_digit(&digits);
    format!("{digits}{check}")
}

/// The same moment a year earlier (never on 29 February: the months of an influenza season are given).
fn year_before(moment: &str) -> Option<String> {
    let year: i32 = moment.get(..4)?.parse().ok()?;
    Some(format!("{}{}", year - 1, moment.get(4..)?))
}
