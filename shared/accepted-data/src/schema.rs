//! The columns of a kind's files, made from the standard.

use std::borrow::Cow;

use domain::{Account, Upload};
use jiff::civil::DateTime;
use standard::{Field, FieldType, FileKind, Standard};
use validation::{JudgedRecord, TypedValue};

use crate::export::Identities;
use crate::parquet::{Column, ColumnType, Value};
use crate::{ColumnTreatment, Treatment, TreatmentError, treatments};

/// Columns in front of the standard's own: where a row comes from.
const OWN: [(&str, ColumnType, &str); 6] = [
    ("institution_code", ColumnType::Text, "医疗机构代码（账号）"),
    ("record", ColumnType::Text, "记录标识（由自然主键生成）"),
    ("upload", ColumnType::Text, "上传编号"),
    ("file", ColumnType::Integer, "上传中的文件序号"),
    ("row", ColumnType::Integer, "行号"),
    ("received_at", ColumnType::Moment, "接收时间"),
];

/// What is written of a kind.
pub(crate) struct Schema {
    pub(crate) kind: FileKind,
    pub(crate) columns: Vec<Column>,
    treatments: Vec<ColumnTreatment>,
    identities: Identities,
}

/// What all rows of an upload have in common.
pub(crate) struct Origin {
    pub(crate) institution: String,
    pub(crate) account: String,
    pub(crate) upload: String,
    received_micros: i64,
    /// For each field of the newest standard the field of the one the upload was judged by.
    fields: Vec<Option<usize>>,
    day: Option<usize>,
}

impl Schema {
    pub(crate) fn new(
        standard: &Standard,
        kind: usize,
        identities: Identities,
    ) -> Result<Self, TreatmentError> {
        let treatments = treatments(standard, kind)?;
        let file_kind = standard.kinds[kind].clone();
        let own = OWN.map(|(name, column_type, name_zh)| Column {
            name: name.to_owned(),
            column_type,
            metadata: vec![("name_zh", name_zh.to_owned())],
        });
        let mut schema = Self {
            columns: own.to_vec(),
            kind: file_kind,
            treatments,
            identities,
        };
        let fields = schema.kind.fields.iter().zip(&schema.treatments);
        let columns: Vec<Column> = fields
            .filter_map(|(field, treatment)| column(standard, field, schema.treatment(treatment)))
            .collect();
        schema.columns.extend(columns);
        Ok(schema)
    }

    fn treatment(&self, column: &ColumnTreatment) -> Treatment {
        match self.identities {
            Identities::Named => Treatment::Keep,
            Identities::Pseudonyms(_) => column.treatment,
        }
    }

    /// What the rows of an upload have in common.
    pub(crate) fn origin(
        &self,
        account: &Account,
        upload: &Upload,
        judged_by: &Standard,
    ) -> Option<Origin> {
        let kind = &judged_by.kinds[judged_by.kind_index(&self.kind.code)?];
        let fields = self.kind.fields.iter();
        let received = upload.received_at.unwrap_or(upload.registered_at);
        Some(Origin {
            institution: account.institution.as_ref()?.code.clone(),
            account: account.id.to_string(),
            upload: upload.id.to_string(),
            received_micros: received.as_microsecond(),
            fields: fields.map(|field| kind.field_index(&field.code)).collect(),
            day: Some(kind.record_date),
        })
    }

    /// The day of a record, since 1970-01-01: of its visit or its discharge.
    pub(crate) fn day(&self, origin: &Origin, record: &JudgedRecord<'_>) -> Option<i64> {
        match record.typed(origin.day?) {
            TypedValue::Seconds(seconds) => Some(seconds.div_euclid(86_400)),
            _ => None,
        }
    }

    /// A row, in the order of the columns.
    pub(crate) fn row<'r>(
        &'r self,
        origin: &'r Origin,
        record: &'r JudgedRecord<'r>,
    ) -> impl Iterator<Item = Value<'r>> + 'r {
        let key = format!(
            "{}\u{1f}{}\u{1f}{}",
            origin.account,
            self.kind.code,
            record.key()
        );
        let name = match &self.identities {
            Identities::Pseudonyms(keys) => keys.pseudonym("record", &key),
            Identities::Named => record.key().replace('\u{1f}', "|"),
        };
        let own = [
            Value::Text(Cow::Borrowed(&*origin.institution)),
            Value::Text(Cow::Owned(name)),
            Value::Text(Cow::Borrowed(&*origin.upload)),
            Value::Number(i64::from(record.file)),
            Value::Number(i64::from(record.row)),
            Value::Number(origin.received_micros),
        ];
        let fields = self
            .kind
            .fields
            .iter()
            .zip(&self.treatments)
            .zip(&origin.fields);
        own.into_iter()
            .chain(fields.filter_map(move |((field, column), place)| {
                let treatment = self.treatment(column);
                if treatment == Treatment::Drop {
                    return None;
                }
                let value = match place {
                    Some(place) => record.typed(*place),
                    None => TypedValue::None,
                };
                Some(self.value(origin, field, column, treatment, value))
            }))
    }

    fn value<'v>(
        &self,
        origin: &Origin,
        field: &Field,
        column: &ColumnTreatment,
        treatment: Treatment,
        value: TypedValue<'v>,
    ) -> Value<'v> {
        match (value, field.field_type) {
            (TypedValue::None, _) => Value::None,
            (TypedValue::Seconds(seconds), _) if treatment == Treatment::BirthYear => {
                Value::Number(year(seconds))
            }
            (TypedValue::Text(text), _) => match (treatment, &self.identities) {
                (Treatment::Pseudonym, Identities::Pseudonyms(keys)) => {
                    Value::Text(Cow::Owned(self.pseudonym(keys, origin, column, &text)))
                }
                _ => Value::Text(text),
            },
            (TypedValue::Integer(number), _) => Value::Number(number),
            (TypedValue::TenThousandths(number), FieldType::Decimal { scale, .. }) => {
                Value::Number(number / 10_i64.pow(4_u32.saturating_sub(u32::from(scale))))
            }
            (TypedValue::TenThousandths(number), _) => Value::Number(number),
            (TypedValue::Seconds(seconds), FieldType::Date) => {
                Value::Number(seconds.div_euclid(86_400))
            }
            (TypedValue::Seconds(seconds), _) => Value::Number(seconds * 1_000_000),
        }
    }

    /// A person is one in all hospitals; whatever a hospital numbers is its own.
    fn pseudonym(
        &self,
        keys: &crate::PseudonymKey,
        origin: &Origin,
        column: &ColumnTreatment,
        text: &str,
    ) -> String {
        match column.group.as_str() {
            "person" => keys.pseudonym("person", text),
            group => keys.pseudonym(group, &format!("{}\u{1f}{text}", origin.account)),
        }
    }
}

fn column(standard: &Standard, field: &Field, treatment: Treatment) -> Option<Column> {
    let (name, column_type, name_zh) = match treatment {
        Treatment::Drop => return None,
        Treatment::Keep => (
            field.code.clone(),
            column_type(field.field_type),
            field.name_zh.clone(),
        ),
        Treatment::Pseudonym => (
            field.code.clone(),
            ColumnType::Text,
            format!("{}（假名）", field.name_zh),
        ),
        Treatment::BirthYear => (
            format!("{}_year", field.code),
            ColumnType::Integer,
            format!("{}（年份）", field.name_zh),
        ),
    };
    let mut metadata = vec![("name_zh", name_zh), ("name_en", field.name_en.clone())];
    if let FieldType::Code(table) = field.field_type {
        metadata.push(("code_table", standard.code_tables[table].id.clone()));
    }
    Some(Column {
        name,
        column_type,
        metadata,
    })
}

fn column_type(field: FieldType) -> ColumnType {
    match field {
        FieldType::Text | FieldType::Code(_) => ColumnType::Text,
        FieldType::Integer => ColumnType::Integer,
        FieldType::Decimal { precision, scale } => ColumnType::Decimal {
            // What was taken for a number has at most 18 digits, whatever the standard says.
            precision: precision.clamp(1, 18),
            scale: scale.min(4),
        },
        FieldType::Date => ColumnType::Date,
        FieldType::DateTime => ColumnType::LocalMoment,
    }
}

fn year(seconds: i64) -> i64 {
    let moment = DateTime::constant(1970, 1, 1, 0, 0, 0, 0)
        .checked_add(jiff::SignedDuration::from_secs(seconds));
    moment.map_or(0, |moment| i64::from(moment.year()))
}
