//! One row for each upload that counts: how many records it had, how many passed, and what became of them.

use std::borrow::Cow;
use std::io;

use domain::{Account, Upload, beijing};
use jiff::civil::date;

use crate::parquet::{Column, ColumnType, Value};
use crate::partitions::Partitions;

const COLUMNS: [(&str, ColumnType, &str); 14] = [
    ("institution_code", ColumnType::Text, "医疗机构代码（账号）"),
    ("upload", ColumnType::Text, "上传编号"),
    ("received_at", ColumnType::Moment, "接收时间"),
    ("finished_at", ColumnType::Moment, "校验完成时间"),
    ("kinds", ColumnType::Text, "数据类别"),
    ("total", ColumnType::Integer, "数据包记录总数"),
    ("passed", ColumnType::Integer, "接口达标数"),
    ("errors", ColumnType::Integer, "错误数"),
    ("warnings", ColumnType::Integer, "提示数"),
    ("new", ColumnType::Integer, "新增"),
    ("updated", ColumnType::Integer, "更新"),
    ("unchanged", ColumnType::Integer, "未变化"),
    ("failed", ColumnType::Integer, "不达标"),
    ("withdrawn_at", ColumnType::Moment, "撤回时间"),
];

pub(crate) fn columns() -> Vec<Column> {
    COLUMNS
        .map(|(name, column_type, name_zh)| Column {
            name: name.to_owned(),
            column_type,
            metadata: vec![("name_zh", name_zh.to_owned())],
        })
        .to_vec()
}

/// Adds the row of an upload that was received on one of the days.
pub(crate) fn push(
    account: &Account,
    upload: &Upload,
    (first, last): (i64, i64),
    partitions: &mut Partitions,
) -> io::Result<()> {
    let (Some(institution), Some(figures)) = (&account.institution, &upload.figures) else {
        return Ok(());
    };
    let received = upload.received_at.unwrap_or(upload.registered_at);
    let span = date(1970, 1, 1).until(beijing(received).date());
    let day = i64::from(span.map_or(0, |span| span.get_days()));
    if !(first..=last).contains(&day) {
        return Ok(());
    }
    let count = |number: u64| Value::Number(i64::try_from(number).unwrap_or(i64::MAX));
    let moment = |at: Option<jiff::Timestamp>| match at {
        Some(at) => Value::Number(at.as_microsecond()),
        None => Value::None,
    };
    let settled = upload.settlement.as_ref();
    let became = |number: Option<u64>| number.map_or(Value::None, count);
    let row = [
        Value::Text(Cow::Borrowed(&*institution.code)),
        Value::Text(Cow::Borrowed(upload.id.as_str())),
        moment(Some(received)),
        moment(upload.finished_at),
        Value::Text(Cow::Owned(figures.kinds.join(","))),
        count(figures.total),
        count(figures.passed),
        count(figures.errors),
        count(figures.warnings),
        became(settled.map(|it| it.new)),
        became(settled.map(|it| it.updated)),
        became(settled.map(|it| it.unchanged)),
        became(settled.map(|it| it.failed)),
        moment(upload.withdrawal.as_ref().map(|it| it.at)),
    ];
    partitions.push(day, row.into_iter())
}
