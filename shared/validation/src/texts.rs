//! What stable codes stand for in words: the notes of a file and the details of findings about archives and files.

use std::borrow::Cow;

use crate::Note;
use crate::finding::column_letters;
use crate::invisible::{self, Seen};
use crate::uniqueness;

/// Code, Chinese, English.
type Text = (&'static str, &'static str, &'static str);

const NOTES: &[Text] = &[
    (
        "system_files",
        "压缩包中有系统自动生成的文件（如__MACOSX、.DS_Store），已忽略",
        "Files left by the operating system (such as __MACOSX, .DS_Store) were ignored",
    ),
    (
        "entry_name_gbk",
        "文件名不是UTF-8编码，已按GBK识别",
        "The file name is not UTF-8 and was read as GBK",
    ),
    (
        "in_folder",
        "文件位于压缩包的文件夹中，已直接读取",
        "The file lies in a folder of the ZIP and was read all the same",
    ),
    (
        "utf16",
        "文件为UTF-16编码（Excel的“Unicode文本”），已识别；建议使用UTF-8或GB18030",
        "The file is UTF-16 (Unicode text of Excel) and was read; UTF-8 or GB18030 is better",
    ),
    (
        "header_names",
        "表头使用了中文名称，已按名称对应到数据列代码",
        "The header names columns in Chinese; they were matched with their codes",
    ),
    (
        "unnamed_column",
        "存在没有表头的列，已忽略",
        "A column without a header was ignored",
    ),
    (
        "tabs",
        "数据值前后有制表符，已去除",
        "Tabs around values were removed",
    ),
    (
        "own_columns",
        "以#开头的列是本系统报告的说明列，已忽略",
        "Columns that begin with # are those of our report and were ignored",
    ),
    (
        "workbook",
        "上传的是本系统的错误报告工作簿，已读取其中的数据",
        "The upload is a workbook of our report; its data was read",
    ),
];

const DETAILS: &[Text] = &[
    // ZIP-001
    ("too_large", "文件超过20M", "the file is larger than 20 MB"),
    ("empty", "文件是空的", "the file is empty"),
    (
        "zeros",
        "文件内容全部为零字节，可能在复制时损坏",
        "the file holds zero bytes only; it was probably damaged while copied",
    ),
    (
        "truncated",
        "文件不完整，缺少压缩包的结尾部分，请重新压缩后上传",
        "the file is incomplete: the end of the ZIP is missing; pack it again",
    ),
    (
        "damaged_directory",
        "压缩包的目录已损坏，请重新压缩后上传",
        "the directory of the ZIP is damaged; pack it again",
    ),
    (
        "split_zip",
        "这是分卷压缩文件，请不要分卷压缩",
        "this is a part of a split ZIP; do not split it",
    ),
    (
        "rar",
        "这是rar文件，请改用zip格式压缩",
        "this is a RAR archive; pack it as ZIP",
    ),
    (
        "seven_zip",
        "这是7z文件，请改用zip格式压缩",
        "this is a 7z archive; pack it as ZIP",
    ),
    (
        "gzip",
        "这是gz文件，请改用zip格式压缩",
        "this is a gzip file; pack it as ZIP",
    ),
    (
        "old_office",
        "这是xls或其他Office文件，请另存为csv并压缩为zip",
        "this is an xls or other Office file; save it as CSV and pack it as ZIP",
    ),
    (
        "workbook",
        "这是xlsx工作簿，请另存为csv并压缩为zip",
        "this is an xlsx workbook; save it as CSV and pack it as ZIP",
    ),
    (
        "damaged_workbook",
        "xlsx工作簿已损坏，无法读取，请重新下载错误报告后再修改",
        "the workbook is damaged; download the report again and mend that",
    ),
    (
        "workbook_reader_died",
        "读取这个工作簿的程序中途终止，文件未能读取；请用Excel打开后另存为新的xlsx文件，或另存为csv并压缩为zip，再上传",
        "the program that read this workbook ended before it was done; open it in Excel, save it as a new xlsx or as CSV packed as ZIP, and upload that",
    ),
    (
        "workbook_reader_too_long",
        "读取这个工作簿用时过长，已停止；请用Excel打开后另存为新的xlsx文件，或另存为csv并压缩为zip，再上传",
        "reading this workbook took too long and was stopped; open it in Excel, save it as a new xlsx or as CSV packed as ZIP, and upload that",
    ),
    ("pdf", "这是pdf文件", "this is a PDF file"),
    (
        "program",
        "这是可执行文件（或自解压文件），请改用zip格式压缩",
        "this is a program (or self-extracting archive); pack it as ZIP",
    ),
    ("html", "这是网页文件", "this is a web page"),
    (
        "plain_csv",
        "这是未压缩的csv文件，请压缩为zip后上传",
        "this is a CSV that is not packed; pack it as ZIP",
    ),
    ("unknown", "这不是zip文件", "this is not a ZIP file"),
    // ZIP-002
    ("no_csv", "压缩包中没有csv文件", "the ZIP holds no CSV file"),
    (
        "not_csv",
        "压缩包中有不是csv的文件",
        "the ZIP holds a file that is not CSV",
    ),
    // ZIP-004
    (
        "too_many_entries",
        "压缩包中的文件过多，请只压缩要上报的csv文件",
        "the ZIP holds too many entries; pack only the CSV files to be sent",
    ),
    (
        "encrypted",
        "文件已加密，请不要设置密码",
        "the entry is encrypted; do not set a password",
    ),
    (
        "compression",
        "使用了不支持的压缩方式，请用普通zip方式重新压缩",
        "the compression method is not supported; pack it as an ordinary ZIP",
    ),
    (
        "link_or_device",
        "压缩包中有链接或设备文件，请直接压缩csv文件",
        "the entry is a link or device; pack the CSV files themselves",
    ),
    (
        "path_parent",
        "文件路径含有“..”，请直接压缩csv文件",
        "the path holds `..`; pack the CSV files themselves",
    ),
    (
        "path_absolute",
        "文件路径是绝对路径，请直接压缩csv文件",
        "the path is absolute; pack the CSV files themselves",
    ),
    (
        "path_backslash",
        "文件路径含有反斜杠，请直接压缩csv文件",
        "the path holds a backslash; pack the CSV files themselves",
    ),
    (
        "path_characters",
        "文件名含有控制字符或为空，请改名后重新压缩",
        "the name is empty or holds control characters; rename the file and pack it again",
    ),
    (
        "duplicate_name",
        "压缩包中有两个同名文件，请改名后重新压缩",
        "two entries have one name; rename one and pack them again",
    ),
    (
        "nested_archive",
        "压缩包中又有压缩包，请只压缩csv文件",
        "the ZIP holds another archive; pack CSV files only",
    ),
    (
        "overlapping",
        "压缩包中的文件数据相互重叠，请重新压缩后上传",
        "entries overlap; pack them again",
    ),
    (
        "headers_disagree",
        "压缩包的目录与文件头不一致，请重新压缩后上传",
        "the directory and the header of an entry disagree; pack it again",
    ),
    (
        "expands_too_much",
        "解压后的数据量过大，请按日期拆分后分别上传",
        "the data is too large once expanded; split it by date and send the parts",
    ),
    (
        "size_differs",
        "解压后的大小与压缩包记录的不一致，请重新压缩后上传",
        "the expanded size is not the recorded one; pack it again",
    ),
    (
        "checksum",
        "文件校验码（CRC）不一致，文件已损坏，请重新压缩后上传",
        "the checksum (CRC) does not match: the file is damaged; pack it again",
    ),
    (
        "truncated_entry",
        "文件数据不完整，请重新压缩后上传",
        "the data of the entry is incomplete; pack it again",
    ),
    (
        "damaged_entry",
        "文件数据已损坏，无法解压，请重新压缩后上传",
        "the data of the entry is damaged; pack it again",
    ),
    (
        "too_many_records",
        "数据记录过多，请分批上传",
        "there are too many records; send them in parts",
    ),
    // GEN-001
    (
        "data_first",
        "第一行是数据，请在第一行加上数据列代码",
        "the first row is data; put the column codes above it",
    ),
    (
        "unknown_header",
        "第一行没有标准中的数据列代码",
        "the first row names no column of the standard",
    ),
    (
        "other_kind",
        "表头是另一类数据文件的数据列，请检查文件名或文件内容",
        "the header is that of another kind of file; check the name or the content",
    ),
    (
        "delimiter_tab",
        "数据列之间用制表符分隔，请改用英文逗号",
        "the columns are separated by tabs; use commas",
    ),
    (
        "delimiter_semicolon",
        "数据列之间用分号分隔，请改用英文逗号",
        "the columns are separated by semicolons; use commas",
    ),
    (
        "delimiter_wide",
        "数据列之间用中文逗号分隔，请改用英文逗号",
        "the columns are separated by Chinese commas; use ASCII commas",
    ),
    // GEN-002
    (
        "misspelt",
        "表头中有相近的列名，可能写错了代码",
        "the header holds a similar code, which may be misspelt",
    ),
    // GEN-005
    (
        "fewer",
        "本行的列数少于表头",
        "the row has fewer fields than the header",
    ),
    (
        "more",
        "本行的列数多于表头，可能是内容中有英文逗号而没有加英文双引号",
        "the row has more fields than the header; a value may hold a comma without quotes",
    ),
    (
        "stray_quote",
        "有一个多余的英文双引号，后面的行已按没有该引号读取",
        "a quote has no end; the rows behind it were read as if it were not there",
    ),
    (
        "endless",
        "本行过长，没有读取",
        "the row is too long and was not read",
    ),
    // GEN-011 to GEN-021
    (
        "scientific",
        "数值被Excel改写成了科学计数法",
        "a spreadsheet wrote the number in scientific notation",
    ),
    (
        "rounded",
        "超过15位的数字被Excel改写，末尾几位变成了0",
        "a spreadsheet kept 15 digits and wrote zeros for the rest",
    ),
    (
        "decimal_suffix",
        "数字末尾被加上了.0",
        "`.0` was added to the number",
    ),
    (
        "leading_zero",
        "代码开头的0丢失了",
        "a leading zero of the code is lost",
    ),
    (
        "thousands",
        "数字中有千分位逗号",
        "the number holds thousands separators",
    ),
    (
        "open_table",
        "该代码表尚不完整，请确认代码是否正确",
        "this table is not complete yet; make sure that the code is right",
    ),
];

fn find(texts: &'static [Text], code: &str) -> Option<&'static Text> {
    texts.iter().find(|(known, _, _)| *known == code)
}

/// The note of this code.
pub(crate) fn note(code: &str) -> Note {
    let (zh, en) = find(NOTES, code).map_or(("", ""), |(_, zh, en)| (*zh, *en));
    Note {
        code: code.to_owned(),
        zh: zh.to_owned(),
        en: en.to_owned(),
    }
}

/// The note of invisible characters that were left out; `None` where there were none.
pub(crate) fn invisible_note(seen: Seen) -> Option<Note> {
    let (row, column, character) = seen.first?;
    let count = seen.count;
    let letters = column_letters(column);
    let (zh, en) = invisible::names(character);
    Some(Note {
        code: "invisible".to_owned(),
        zh: format!(
            "{count}处表头或数据值的前后（或日期中间）有看不见的字符，已去除；首次出现在第{row}行{letters}列：{zh}"
        ),
        en: format!(
            "Invisible characters were removed from {count} headers or values; the first stands in row {row}, column \
             {letters}: {en}"
        ),
    })
}

/// Chinese and English text of a detail that is a code; `None` where the detail is a value.
pub(crate) fn detail(code: &str) -> Option<(Cow<'static, str>, Cow<'static, str>)> {
    if let Some((_, zh, en)) = find(DETAILS, code) {
        return Some((Cow::Borrowed(zh), Cow::Borrowed(en)));
    }
    let (zh, en) = of_one_place(code)?;
    Some((Cow::Owned(zh), Cow::Owned(en)))
}

/// The same of a detail that is another one wherever it is found.
pub(crate) fn of_one_place(code: &str) -> Option<(String, String)> {
    invisible::told(code).or_else(|| uniqueness::told(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_once_and_in_both_languages() {
        for texts in [NOTES, DETAILS] {
            for (index, (code, zh, en)) in texts.iter().enumerate() {
                assert!(!zh.is_empty() && !en.is_empty(), "{code}");
                assert!(
                    !texts[..index].iter().any(|(known, _, _)| known == code),
                    "{code}"
                );
            }
        }
    }
}
