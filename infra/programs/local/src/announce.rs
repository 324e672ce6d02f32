//! What is printed once everything answers: addresses, and what to do with them.

use std::fmt::Write;
use std::time::Duration;

use owo_colors::{OwoColorize, Style};

use crate::{Addresses, Service, sample};

/// The block for a person at a terminal. Plain text unless `colours`.
pub fn announcement(service: &Service, took: Duration, colours: bool) -> String {
    let style = |style: Style| if colours { style } else { Style::new() };
    let (bold, link, dim) = (
        style(Style::new().bold()),
        style(Style::new().cyan()),
        style(Style::new().dimmed()),
    );
    let Addresses {
        portal,
        api,
        s3,
        dynamodb,
        outbox,
    } = service.addresses();
    let mut text = String::new();
    let mut line = |line: String| {
        // Writing to a string can't fail.
        let _ = writeln!(text, "{line}");
    };
    line(format!(
        "{}  {}",
        "流感医疗服务监测系统 · national influenza reporting".style(bold),
        format!(
            "{:.1} s 就绪 · ready in {:.1} s",
            took.as_secs_f32(),
            took.as_secs_f32()
        )
        .style(dim)
    ));
    line(format!("  门户 portal   {}", portal.style(link)));
    line(format!("  接口 API      {}", api.style(link)));
    if let Some(outbox) = outbox {
        line(format!("  发件箱 outbox {}", outbox.style(link)));
    }
    line(format!("  对象存储 S3   {}", s3.style(link)));
    line(format!("  数据表 table  {}", dynamodb.style(link)));
    line(format!("  数据 data     {}", service.data().display()));
    if service.has_own_stores() {
        let file = service.data().join("credentials");
        let hint = format!("AWS_SHARED_CREDENTIALS_FILE={}", file.display());
        line(format!("  凭据 keys     {}", hint.style(dim)));
    }
    for note in service.notes() {
        line(format!("  注意 note     {note}"));
    }
    if let Some(demo) = service.demo() {
        line(String::new());
        line(format!(
            "  演示账号 demo login   {} / {}",
            demo.login.style(bold),
            demo.password.style(bold)
        ));
        line(format!(
            "  试一试 try it         1. 登录门户   2. 上传对接数据，选择 {}   3. 查看错误信息，下载工作簿，修改后再次上传",
            sample::PATH
        ));
        line(format!(
            "                        1. sign in   2. upload {}   3. read the findings, mend the workbook, upload it again",
            sample::PATH
        ));
        line(format!(
            "  或 or                 {}",
            format!("curl -s {portal}/_local/try.sh | sh").style(bold)
        ));
    }
    line(String::new());
    line(format!("  {}", "Ctrl-C 停止 · stops".style(dim)));
    text
}
