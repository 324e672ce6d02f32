use standard::Standard;

use super::MARK;

/// One record of a CSV: quoted where needed, ended as spreadsheets end it.
pub(super) fn record<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells
        .map(|cell| match cell.contains([',', '"', '\r', '\n']) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell.to_owned(),
        })
        .collect();
    format!("{}\r\n", cells.join(","))
}

/// 使用说明.txt of the upload templates.
pub(super) fn how_to_use(standard: &Standard) -> String {
    let mut lines = vec![
        "流感医疗服务监测系统接口标准上传文件模板　使用说明".to_owned(),
        format!("接口标准版本：{}", standard.version),
        String::new(),
        "一、有哪些文件".to_owned(),
        "CSV模板：只有表头（数据列编码）的空文件，适合由院内系统导出数据时对照表头。".to_owned(),
        "Excel模板：各列已设为文本格式，不会丢失开头的0和长数字；有填写说明、代码下拉列表和代码表，适合手工填写。"
            .to_owned(),
        "填写示例：每类数据各一条示例记录，所有内容均为虚构，请勿上报。".to_owned(),
        "机器可读接口标准：供信息科和软件厂商在导出程序中校验数据，JSON Schema和Frictionless Table Schema两种格式。"
            .to_owned(),
        String::new(),
        "二、文件命名".to_owned(),
    ];
    for kind in &standard.kinds {
        lines.push(format!(
            "{}：{}开头，例如{}20191203.csv",
            kind.name_zh, kind.prefix, kind.prefix
        ));
    }
    lines.extend(
        [
            "",
            "三、怎样上传",
            "1. CSV文件：把一个或几个csv文件压缩为一个zip文件（不超过20M），在“数据对接管理—上传对接数据”页面上传。",
            "2. Excel模板：填好保存后，把xlsx文件直接上传，或压缩为zip后上传；不需要另存为csv。",
            "3. 如需把Excel模板另存为csv：先删除第一列“#行号”，并把表头各单元格中换行后的中文名称删去，再选“CSV UTF-8（逗号分隔）”保存。用别的csv格式保存也能识别，但生僻字可能丢失。",
            "",
            "四、常见问题",
            "· 不要用Excel直接双击打开csv再保存：开头的0、18位证件号码和日期会被改写。需要修改时，请用Excel的“数据—从文本/CSV”导入，并把各列设为文本。",
            "· 没有内容的列也要保留表头，内容留空。",
            "· 同一条记录再次上传时以最后一次为准，不会重复计数。",
            "",
            "服务电话：400-0030-686　服务邮箱：service@hqms.org.cn　服务时间：周一至周五 8:30-17:30（节假日除外）",
            "",
        ]
        .map(str::to_owned),
    );
    format!("{MARK}{}", lines.join("\r\n"))
}

/// 使用说明.txt of the ICD templates.
pub(super) fn how_to_use_icd(standard: &Standard) -> String {
    let lines = [
        "流感医疗服务监测系统ICD编码上传文件模板　使用说明".to_owned(),
        format!("接口标准版本：{}", standard.version),
        String::new(),
        "1. 按编码类别选择模板：疾病诊断编码、手术操作编码、肿瘤形态学编码。csv和xlsx两种格式任选一种。".to_owned(),
        "2. 第一行表头请勿改动，从第二行起填写本院使用的全部编码。".to_owned(),
        "3. 把填好的一个文件压缩为zip，在“上传ICD编码—ICD编码上传”页面选择编码类别和使用日期范围（起始日期不能晚于结束日期）后上传。"
            .to_owned(),
        "4. 编码更换时，按使用日期分别上传各时间段的编码文件。".to_owned(),
        String::new(),
        "服务电话：400-0030-686　服务邮箱：service@hqms.org.cn　服务时间：周一至周五 8:30-17:30（节假日除外）".to_owned(),
        String::new(),
    ];
    format!("{MARK}{}", lines.join("\r\n"))
}
