//! What goes wrong in hospitals' files, as a catalogue: each damage names the rule that must find it.

mod spoil;

use crate::random::Random;
use crate::row::Row;
use spoil::Spoiler;
pub(crate) use spoil::Touched;

/// One way to spoil a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Damage {
    /// A required column is blank.
    BlankRequired,
    /// `-` where the standard does not accept it.
    DashForRequired,
    /// A day or moment that does not exist.
    ImpossibleDate,
    /// `2019/12/3` in a single record.
    SlashedDate,
    /// A date long before anybody was born.
    DateOutOfRange,
    /// A code that its table lacks.
    UnknownCode,
    /// The label in place of the code, e.g. `男`.
    LabelForCode,
    /// A code whose leading zero a spreadsheet removed.
    LostLeadingZero,
    /// Words in a column of whole numbers.
    NotAnInteger,
    /// A thousands separator, or a unit behind the number.
    NotANumber,
    /// A text beyond the column's length.
    Overlong,
    /// A control character inside a text.
    ControlCharacter,
    /// A name that is only digits.
    PlaceholderName,
    /// An identifier in scientific notation.
    ScientificNotation,
    /// `.0` behind an identifier.
    DecimalSuffix,
    /// An identity number rounded to 15 digits.
    RoundedIdentity,
    /// An identity number with a wrong check digit.
    BadChecksum,
    /// An identity number that lacks a digit.
    ShortIdentity,
    /// A valid identity number of somebody born on another day.
    IdentityOfAnotherBirthDate,
    /// A valid identity number of somebody of the other sex.
    IdentityOfOtherSex,
    /// Another institution's code.
    ForeignInstitution,
    /// An institution code of wrong form.
    MalformedInstitution,
    /// The key of the record before.
    DuplicateKey,
    /// One value more than the header has columns.
    SurplusCell,
    /// The end before the start (discharge, end of medication, death).
    EndBeforeStart,
    /// A birth date after the visit.
    BornAfterVisit,
    /// An age that does not fit the birth date.
    WrongAge,
    /// An age over 150.
    AgeOutOfRange,
    /// A length of stay that does not fit the dates.
    WrongStay,
    /// A total below the sum of its parts.
    WrongTotal,
    /// An own share above the total.
    OwnShareAboveTotal,
    /// An amount, or a dose, below what can be.
    NegativeAmount,
    /// No payment method for an outpatient.
    NoPaymentMethod,
    /// No amounts for an outpatient.
    NoAmounts,
    /// A death without its time.
    DeathWithoutTime,
    /// A diagnosis code of wrong form.
    MalformedDiagnosis,
    /// The principal diagnosis once more among the others.
    RepeatedDiagnosis,
    /// A gap in the other diagnoses.
    DiagnosisGap,
    /// No diagnosis of influenza.
    NoInfluenza,
    /// A positive result without its type.
    PositiveWithoutType,
    /// A type for a negative result.
    TypeForNegative,
    /// A result text that contradicts the flag.
    ContradictoryResult,
    /// A number in place of the unit.
    NumberForUnit,
    /// A transfer to another hospital without its name.
    TransferWithoutHospital,
    /// A blank narrative.
    BlankNarrative,
}

/// A damage done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Row as a spreadsheet shows it; the header is row 1.
    pub row: u32,
    /// The damage.
    pub damage: Damage,
    /// Rule that must find it.
    pub rule: &'static str,
    /// Place of the spoilt column in the standard (from 0); `None`: the record as a whole.
    pub field: Option<u16>,
}

impl Damage {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::BlankRequired,
        Self::DashForRequired,
        Self::ImpossibleDate,
        Self::SlashedDate,
        Self::DateOutOfRange,
        Self::UnknownCode,
        Self::LabelForCode,
        Self::LostLeadingZero,
        Self::NotAnInteger,
        Self::NotANumber,
        Self::Overlong,
        Self::ControlCharacter,
        Self::PlaceholderName,
        Self::ScientificNotation,
        Self::DecimalSuffix,
        Self::RoundedIdentity,
        Self::BadChecksum,
        Self::ShortIdentity,
        Self::IdentityOfAnotherBirthDate,
        Self::IdentityOfOtherSex,
        Self::ForeignInstitution,
        Self::MalformedInstitution,
        Self::DuplicateKey,
        Self::SurplusCell,
        Self::EndBeforeStart,
        Self::BornAfterVisit,
        Self::WrongAge,
        Self::AgeOutOfRange,
        Self::WrongStay,
        Self::WrongTotal,
        Self::OwnShareAboveTotal,
        Self::NegativeAmount,
        Self::NoPaymentMethod,
        Self::NoAmounts,
        Self::DeathWithoutTime,
        Self::MalformedDiagnosis,
        Self::RepeatedDiagnosis,
        Self::DiagnosisGap,
        Self::NoInfluenza,
        Self::PositiveWithoutType,
        Self::TypeForNegative,
        Self::ContradictoryResult,
        Self::NumberForUnit,
        Self::TransferWithoutHospital,
        Self::BlankNarrative,
    ];

    /// Rule that must find it in a file of this kind; `None`: it cannot happen there.
    pub fn rule(self, kind: &str) -> Option<&'static str> {
        let by_kind = |rules: [&'static str; 6]| {
            let place = ["flu", "hqms", "hda", "hdr", "pdr", "lis"]
                .iter()
                .position(|known| *known == kind)?;
            Some(rules[place]).filter(|rule| !rule.is_empty())
        };
        match self {
            Self::BlankRequired => Some("GEN-009"),
            Self::DashForRequired => Some("GEN-019"),
            Self::ImpossibleDate => Some(if kind == "flu" || kind == "hqms" {
                "GEN-013"
            } else {
                "GEN-014"
            }),
            Self::SlashedDate => Some("GEN-015"),
            Self::DateOutOfRange => Some("GEN-016"),
            Self::UnknownCode | Self::LostLeadingZero => Some("GEN-017"),
            Self::LabelForCode => Some("GEN-018"),
            Self::NotAnInteger => by_kind(["GEN-011", "GEN-011", "GEN-011", "GEN-011", "", ""]),
            Self::NotANumber => by_kind(["GEN-012", "GEN-012", "", "", "GEN-012", ""]),
            Self::Overlong => Some("GEN-010"),
            Self::ControlCharacter => Some("GEN-020"),
            Self::PlaceholderName => by_kind(["GEN-022", "GEN-022", "GEN-022", "GEN-022", "", ""]),
            Self::ScientificNotation | Self::DecimalSuffix => Some("GEN-021"),
            // Rounding is told as what a spreadsheet did, not as a wrong check digit: the cure is another export.
            Self::RoundedIdentity => by_kind(["GEN-021", "GEN-021", "", "", "", ""]),
            Self::BadChecksum => by_kind(["FLU-006", "HQMS-008", "", "", "", ""]),
            Self::ShortIdentity => by_kind(["FLU-007", "HQMS-008", "", "", "", ""]),
            Self::IdentityOfAnotherBirthDate => by_kind(["FLU-008", "HQMS-009", "", "", "", ""]),
            Self::IdentityOfOtherSex => by_kind(["FLU-009", "HQMS-009", "", "", "", ""]),
            Self::ForeignInstitution => by_kind(["FLU-HQMS-002", "FLU-HQMS-002", "", "", "", ""]),
            Self::MalformedInstitution => by_kind(["FLU-HQMS-001", "FLU-HQMS-001", "", "", "", ""]),
            Self::DuplicateKey => by_kind([
                "FLU-001", "HQMS-001", "HDA-001", "HDR-001", "PDR-001", "LIS-001",
            ]),
            Self::SurplusCell => Some("GEN-005"),
            Self::EndBeforeStart => {
                by_kind(["FLU-026", "HQMS-004", "HDA-002", "HDR-002", "PDR-005", ""])
            }
            Self::BornAfterVisit => by_kind(["FLU-003", "HQMS-005", "", "", "", ""]),
            Self::WrongAge => by_kind(["FLU-004", "HQMS-006", "", "", "", ""]),
            Self::AgeOutOfRange => by_kind(["FLU-005", "", "HDA-004", "HDR-004", "", ""]),
            Self::WrongStay => by_kind(["", "HQMS-007", "HDA-003", "HDR-003", "", ""]),
            Self::WrongTotal => by_kind(["FLU-023", "HQMS-052", "", "", "", ""]),
            Self::OwnShareAboveTotal => by_kind(["FLU-024", "HQMS-051", "", "", "", ""]),
            Self::NegativeAmount => by_kind(["FLU-022", "HQMS-057", "", "", "PDR-002", ""]),
            Self::NoPaymentMethod => by_kind(["FLU-020", "", "", "", "", ""]),
            Self::NoAmounts => by_kind(["FLU-021", "", "", "", "", ""]),
            Self::DeathWithoutTime => by_kind(["FLU-025", "", "", "", "", ""]),
            Self::MalformedDiagnosis => by_kind(["FLU-011", "HQMS-012", "", "", "", ""]),
            Self::RepeatedDiagnosis => by_kind(["FLU-016", "HQMS-019", "", "", "", ""]),
            Self::DiagnosisGap => by_kind(["FLU-015", "HQMS-020", "", "", "", ""]),
            Self::NoInfluenza => by_kind(["FLU-013", "HQMS-018", "", "", "", ""]),
            Self::PositiveWithoutType => by_kind(["", "", "", "", "", "LIS-002"]),
            Self::TypeForNegative => by_kind(["", "", "", "", "", "LIS-003"]),
            Self::ContradictoryResult => by_kind(["", "", "", "", "", "LIS-004"]),
            Self::NumberForUnit => by_kind(["", "", "", "", "PDR-004", ""]),
            Self::TransferWithoutHospital => by_kind(["", "HQMS-036", "", "", "", ""]),
            Self::BlankNarrative => by_kind(["", "", "HDA-005", "", "", ""]),
        }
    }

    /// Those that can happen in a file of this kind.
    pub fn of_kind(kind: &str) -> Vec<Self> {
        Self::ALL
            .iter()
            .copied()
            .filter(|damage| damage.rule(kind).is_some())
            .collect()
    }

    /// Spoils the record; `None` where it has nothing to spoil that way. `before` is the record written before.
    pub(crate) fn apply(
        self,
        row: &mut Row<'_>,
        before: Option<&Row<'_>>,
        random: &mut Random,
    ) -> Option<Touched> {
        self.rule(&row.columns.kind.code)?;
        Spoiler { row, random }.spoil(self, before)
    }
}
