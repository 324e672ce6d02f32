//! What is kept of each record for its links: a few numbers, and text only where a finding may have to show it.

use std::borrow::Cow;

use hashbrown::HashMap;

use super::fingerprint::{Link, of_link};
use super::layout::{Role, StayFields, VisitFields};

/// 就诊类型 03 住院.
const INPATIENT: &str = "03";
/// 离院方式 5 死亡.
const DIED: &str = "5";
/// A finding shows at most this many characters of a value.
const SHOWN: usize = 200;

/// Facts of all records of one kind in one upload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) places: Vec<Place>,
    pub(crate) cases: Cases,
    /// Texts that [`Text`] points into.
    pub(crate) texts: String,
}

/// Where a record stands, and which case it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Place {
    pub(crate) row: u32,
    /// Index into [`Cases`]; [`Place::NO_CASE`]: the kind links with nothing.
    pub(crate) case: u32,
    pub(crate) file: u16,
    pub(crate) passed: bool,
}

impl Place {
    pub(crate) const NO_CASE: u32 = u32::MAX;
}

/// Several records of a visit share one case, so that a file of two million drug records stays small.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Cases {
    #[default]
    None,
    Visits(Vec<Visit>),
    Stays(Vec<Stay>),
}

/// A piece of [`Facts::texts`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) start: u32,
    pub(crate) length: u16,
}

/// A visit, or what belongs to one. Fingerprints are `None` where a part of them is blank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Visit {
    /// P7501, P7502, P7506.
    pub(crate) visit: Option<Link>,
    /// P7502 and P7506, to be found as P3 and P22.
    pub(crate) stay: Option<Link>,
    pub(crate) inpatient: bool,
    pub(crate) number: Text,
}

/// A stay: the texts as they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stay {
    pub(crate) number: Text,
    pub(crate) name: Text,
    pub(crate) sex: Text,
    pub(crate) admission: Text,
    pub(crate) discharge: Text,
    /// Whether P741 says died; `None`: the kind has no such column, or it is blank.
    pub(crate) died: Option<bool>,
}

/// What stays are found by and compared with, as fingerprints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StayFacts {
    /// P3 and P22.
    pub(crate) stay: Option<Link>,
    /// P3 and P25: finds the record of the same stay whose admission differs.
    pub(crate) leave: Option<Link>,
    /// P3.
    pub(crate) number: Option<Link>,
    pub(crate) name: Option<Link>,
    pub(crate) sex: Option<Link>,
    pub(crate) admission: Option<Link>,
    pub(crate) discharge: Option<Link>,
    pub(crate) died: Option<bool>,
}

impl Facts {
    /// Facts of a kind with this role.
    pub(crate) fn new(role: Option<Role>) -> Self {
        Self {
            places: Vec::new(),
            cases: match role {
                None => Cases::None,
                Some(Role::Visit(_)) => Cases::Visits(Vec::new()),
                Some(Role::Stay(_)) => Cases::Stays(Vec::new()),
            },
            texts: String::new(),
        }
    }

    pub(crate) fn text(&self, text: Text) -> &str {
        let start = text.start as usize;
        self.texts
            .get(start..start + usize::from(text.length))
            .unwrap_or_default()
    }

    pub(crate) fn visit(&self, place: &Place) -> Option<&Visit> {
        match &self.cases {
            Cases::Visits(visits) => visits.get(place.case as usize),
            _ => None,
        }
    }

    pub(crate) fn stay(&self, place: &Place) -> Option<&Stay> {
        match &self.cases {
            Cases::Stays(stays) => stays.get(place.case as usize),
            _ => None,
        }
    }

    pub(crate) fn stay_facts(&self, stay: &Stay) -> StayFacts {
        let number = self.text(stay.number);
        let admission = moment(self.text(stay.admission));
        let discharge = moment(self.text(stay.discharge));
        StayFacts {
            stay: of_link(&[number, &admission]),
            leave: of_link(&[number, &discharge]),
            number: of_link(&[number]),
            name: of_link(&[self.text(stay.name)]),
            sex: of_link(&[self.text(stay.sex)]),
            admission: of_link(&[&admission]),
            discharge: of_link(&[&discharge]),
            died: stay.died,
        }
    }

    fn keep(&mut self, text: &str) -> Text {
        let end = text
            .char_indices()
            .nth(SHOWN)
            .map_or(text.len(), |(index, _)| index);
        let Ok(start) = u32::try_from(self.texts.len()) else {
            // Four gigabytes of keys: the archive's limits end it long before.
            return Text::default();
        };
        self.texts.push_str(&text[..end]);
        Text {
            start,
            // 200 characters are at most 800 bytes.
            length: end as u16,
        }
    }
}

/// Takes the values of one record.
pub(crate) struct Intake {
    role: Option<Role>,
    /// Cases by what they are made of, whether or not that is enough for a link: millions of records may lack it.
    known: HashMap<Link, u32>,
}

impl Intake {
    pub(crate) fn new(role: Option<Role>) -> Self {
        Self {
            role,
            known: HashMap::new(),
        }
    }

    /// Adds a record, wherever it stands.
    pub(crate) fn add<'v>(
        &mut self,
        facts: &mut Facts,
        (file, row, passed): (u16, u32, bool),
        value: impl Fn(usize) -> Cow<'v, str>,
    ) {
        let case = match self.role {
            None => Place::NO_CASE,
            Some(Role::Visit(fields)) => self.visit(facts, fields, value),
            Some(Role::Stay(fields)) => self.stay(facts, fields, value),
        };
        facts.places.push(Place {
            row,
            case,
            file,
            passed,
        });
    }

    fn visit<'v>(
        &mut self,
        facts: &mut Facts,
        fields: VisitFields,
        value: impl Fn(usize) -> Cow<'v, str>,
    ) -> u32 {
        let visit_type = value(fields.visit_type);
        let number = value(fields.number);
        let at = value(fields.moment);
        let at = moment(&at);
        let visit = of_link(&[&visit_type, &number, &at]);
        let made_of = visit.or_else(|| of_link(&[&[&visit_type, &number, &*at].join("\u{1f}")]));
        if let Some(case) = made_of.and_then(|made_of| self.known.get(&made_of)) {
            return *case;
        }
        let case = Visit {
            visit,
            stay: of_link(&[&number, &at]),
            inpatient: visit_type == INPATIENT,
            number: facts.keep(&number),
        };
        let Cases::Visits(cases) = &mut facts.cases else {
            return Place::NO_CASE;
        };
        let index = cases.len() as u32;
        cases.push(case);
        self.known.extend(made_of.map(|made_of| (made_of, index)));
        index
    }

    fn stay<'v>(
        &mut self,
        facts: &mut Facts,
        fields: StayFields,
        value: impl Fn(usize) -> Cow<'v, str>,
    ) -> u32 {
        let manner = fields.manner.map(&value).unwrap_or_default();
        let texts = [
            value(fields.number),
            value(fields.name),
            value(fields.sex),
            value(fields.admission),
            value(fields.discharge),
        ];
        let made_of = of_link(&[&format!("{}\u{1f}{manner}", texts.join("\u{1f}"))]);
        if let Some(case) = made_of.and_then(|made_of| self.known.get(&made_of)) {
            return *case;
        }
        let [number, name, sex, admission, discharge] = texts.map(|text| facts.keep(&text));
        let case = Stay {
            number,
            name,
            sex,
            admission,
            discharge,
            died: (!manner.is_empty()).then(|| manner == DIED),
        };
        let Cases::Stays(cases) = &mut facts.cases else {
            return Place::NO_CASE;
        };
        let index = cases.len() as u32;
        cases.push(case);
        self.known.extend(made_of.map(|made_of| (made_of, index)));
        index
    }
}

/// Fingerprint of the visit, and whether it is one of an inpatient, without keeping anything.
pub(crate) fn glance<'v>(
    fields: VisitFields,
    value: impl Fn(usize) -> Cow<'v, str>,
) -> (Option<Link>, bool) {
    let visit_type = value(fields.visit_type);
    let visit = of_link(&[
        &visit_type,
        &value(fields.number),
        &moment(&value(fields.moment)),
    ]);
    (visit, visit_type == INPATIENT)
}

/// A day without a time is its first second: hospitals write both for one moment.
fn moment(text: &str) -> Cow<'_, str> {
    if text.len() == "yyyy-MM-dd".len() {
        Cow::Owned(format!("{text} 00:00:00"))
    } else {
        Cow::Borrowed(text)
    }
}
