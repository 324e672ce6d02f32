use standard::{FileKind, Standard};

/// Where the columns stand that links are made from, looked up once.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// By kind; `None`: records of the kind link with nothing.
    pub(crate) kinds: Vec<Option<Role>>,
    pub(crate) flu: Option<usize>,
    pub(crate) hqms: Option<usize>,
    pub(crate) hda: Option<usize>,
    pub(crate) hdr: Option<usize>,
}

/// What a record is to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A visit (flu), or something that belongs to one (pdr, lis).
    Visit(VisitFields),
    /// A stay in hospital: hqms, hda, hdr.
    Stay(StayFields),
}

/// Fields of P7501 就诊类型, P7502 就诊卡号 and P7506 就诊日期.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VisitFields {
    pub(crate) visit_type: usize,
    pub(crate) number: usize,
    pub(crate) moment: usize,
}

/// Fields of P3 病案号, P4 姓名, P5 性别, P22 入院日期, P25 出院日期 and, in hqms only, P741 离院方式.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StayFields {
    pub(crate) number: usize,
    pub(crate) name: usize,
    pub(crate) sex: usize,
    pub(crate) admission: usize,
    pub(crate) discharge: usize,
    pub(crate) manner: Option<usize>,
}

impl Layout {
    pub(crate) fn new(standard: &Standard) -> Self {
        Self {
            kinds: standard.kinds.iter().map(Role::of).collect(),
            flu: standard.kind_index("flu"),
            hqms: standard.kind_index("hqms"),
            hda: standard.kind_index("hda"),
            hdr: standard.kind_index("hdr"),
        }
    }

    /// The kinds of stays, the front page first: it is what the others are compared with.
    pub(crate) fn stays(&self) -> impl Iterator<Item = usize> {
        [self.hqms, self.hda, self.hdr].into_iter().flatten()
    }

    /// Column whose value stands in a finding about a link.
    pub(crate) fn number_field(&self, kind: usize) -> Option<usize> {
        match self.kinds.get(kind)?.as_ref()? {
            Role::Visit(fields) => Some(fields.number),
            Role::Stay(fields) => Some(fields.number),
        }
    }
}

impl Role {
    fn of(kind: &FileKind) -> Option<Self> {
        let field = |code| kind.field_index(code);
        if let (Some(visit_type), Some(number), Some(moment)) =
            (field("P7501"), field("P7502"), field("P7506"))
        {
            return Some(Self::Visit(VisitFields {
                visit_type,
                number,
                moment,
            }));
        }
        Some(Self::Stay(StayFields {
            number: field("P3")?,
            name: field("P4")?,
            sex: field("P5")?,
            admission: field("P22")?,
            discharge: field("P25")?,
            manner: field("P741"),
        }))
    }
}
