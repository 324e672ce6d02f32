//! What can be chosen when the program starts.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use domain::webhook::AllowedHosts;
use domain::{Clock, PasswordPolicy};

use crate::watch::Watch;

/// 在本机启动整个服务 · runs the whole service on this machine
///
/// 无需安装其他软件：对象存储和数据表都在本进程内，数据保存在一个文件夹里，重启后仍在。
/// Nothing else is needed: object store and table run inside the process and keep their data in one folder.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "local", version)]
pub struct Options {
    /// 数据文件夹 · folder for all data; kept when the program ends
    #[arg(long, env = "FLU_DATA", value_name = "DIR", default_value = ".local")]
    pub data: PathBuf,

    /// 门户和接口端口，被占用则顺延，0 为任意空闲端口 · port of portal and API; the next free one if taken, 0: any free one
    #[arg(long, env = "FLU_PORT", value_name = "N", default_value_t = 8420)]
    pub port: u16,

    /// 对象存储端口，默认为门户端口加一 · port of the object store [default: one above the portal's]
    #[arg(long, env = "FLU_S3_PORT", value_name = "N")]
    pub s3_port: Option<u16>,

    /// 数据表端口，默认为门户端口加二 · port of the table [default: two above the portal's]
    #[arg(long, env = "FLU_DYNAMODB_PORT", value_name = "N")]
    pub dynamodb_port: Option<u16>,

    /// 发件箱端口，默认为门户端口加三 · port of the outbox for mail and SMS [default: three above the portal's]
    #[arg(long, env = "FLU_NOTICES_PORT", value_name = "N")]
    pub notices_port: Option<u16>,

    /// 全部就绪后写入地址（JSON） · file that gets the addresses as JSON once everything answers
    #[arg(long, env = "FLU_READY_FILE", value_name = "FILE")]
    pub ready_file: Option<PathBuf>,

    /// 清空数据文件夹后启动 · start over: removes what an earlier run stored in the data folder
    #[arg(long)]
    pub fresh: bool,

    /// 不创建演示账号和示例上传 · no demo account, no sample upload
    #[arg(long, env = "FLU_NO_SEED")]
    pub no_seed: bool,

    /// 使用外部 S3 服务（凭据取自 AWS_* 环境变量） · S3 server to use instead of the embedded one; credentials from AWS_*
    #[arg(long, env = "FLU_S3_ENDPOINT", value_name = "URL")]
    pub s3_endpoint: Option<String>,

    /// 外部 S3 服务通知本程序时所用的名称（MinIO：arn:minio:sqs::flu:webhook） · name under which the S3 server knows this program's webhook
    #[arg(
        long,
        env = "FLU_S3_NOTIFICATIONS",
        value_name = "ARN",
        requires = "s3_endpoint"
    )]
    pub s3_notifications: Option<String>,

    /// 客户端访问 S3 服务所用的地址 · address under which clients reach the S3 server [default: --s3-endpoint]
    #[arg(
        long,
        env = "FLU_S3_PUBLIC_ENDPOINT",
        value_name = "URL",
        requires = "s3_endpoint"
    )]
    pub s3_public_endpoint: Option<String>,

    /// 使用外部 DynamoDB 服务 · DynamoDB server to use instead of the embedded one
    #[arg(long, env = "FLU_DYNAMODB_ENDPOINT", value_name = "URL")]
    pub dynamodb_endpoint: Option<String>,

    /// 使用外部 SES v2 服务发送邮件 · SES v2 server for mail to use instead of the local outbox
    #[arg(long, env = "FLU_SES_ENDPOINT", value_name = "URL")]
    pub ses_endpoint: Option<String>,

    /// 使用外部 SNS 服务发送短信 · SNS server for SMS to use instead of the local outbox
    #[arg(long, env = "FLU_SNS_ENDPOINT", value_name = "URL")]
    pub sns_endpoint: Option<String>,

    /// 密码策略：dengbao3 或 nist · what is asked of passwords: dengbao3 or nist
    #[arg(
        long,
        env = "FLU_PASSWORD_POLICY",
        value_name = "NAME",
        default_value = "dengbao3"
    )]
    pub password_policy: PasswordPolicy,

    /// 结果推送可发往的非公网主机，逗号分隔；默认仅本机，且仅在其他机器不能访问时 · hosts that results may be told to although they are not public, divided by commas [default: this machine, while no other can connect]
    #[arg(long, env = "FLU_WEBHOOK_ALLOWED", value_name = "HOSTS")]
    pub webhook_allowed: Option<String>,

    /// 视频教程所在文件夹，没有则不发布 · folder with the tutorial videos, as `generate videos` writes it; none are shown where there is none
    #[arg(
        long,
        env = "FLU_VIDEOS",
        value_name = "DIR",
        default_value = "target/videos"
    )]
    pub videos: PathBuf,

    /// 等待校验的文件超过此数时，仅受理近期没有上传的医院 · files that wait to be checked before new ones are taken only of hospitals that sent none lately
    #[arg(long, env = "FLU_MAX_WAITING", value_name = "N", default_value_t = 200)]
    pub max_waiting: u64,

    /// 存储桶名 · bucket name
    #[arg(long, env = "FLU_BUCKET", value_name = "NAME", default_value = "flu")]
    pub bucket: String,

    /// 数据表名 · table name
    #[arg(long, env = "FLU_TABLE", value_name = "NAME", default_value = "flu")]
    pub table: String,

    /// 监听地址，默认仅本机可访问 · address to listen on; by default only this machine can connect
    #[arg(long, env = "FLU_BIND", value_name = "IP", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub bind: IpAddr,

    /// 用户访问门户所用的地址（有反向代理时） · address under which people reach the portal, behind a proxy
    #[arg(long, env = "FLU_ADDRESS", value_name = "URL")]
    pub address: Option<String>,

    /// 演示账号登录名 · login name of the demo account
    #[arg(
        long,
        env = "FLU_DEMO_LOGIN",
        value_name = "NAME",
        default_value = "demo-hospital"
    )]
    pub demo_login: String,

    /// 演示账号密码 · password of the demo account
    #[arg(
        long,
        env = "FLU_DEMO_PASSWORD",
        value_name = "PASSWORD",
        default_value = "Demo-2026!",
        hide_env_values = true
    )]
    pub demo_password: String,

    /// Carries the requests to both stores; a test wraps it to lose, repeat or delay them.
    #[arg(skip)]
    pub http_client: Option<SharedHttpClient>,

    /// The time; a test hands in its own.
    #[arg(skip)]
    pub clock: Option<Clock>,

    /// Sees what each function asks of the stores and providers; a test holds it against the function's policy.
    #[arg(skip)]
    pub watch: Option<Watch>,
}

impl Options {
    /// What tests want: data in `folder`, free ports, everything else as when nothing is chosen.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            data: folder.into(),
            port: 0,
            s3_port: None,
            dynamodb_port: None,
            notices_port: None,
            ready_file: None,
            fresh: false,
            no_seed: false,
            s3_endpoint: None,
            s3_notifications: None,
            s3_public_endpoint: None,
            dynamodb_endpoint: None,
            ses_endpoint: None,
            sns_endpoint: None,
            videos: "target/videos".into(),
            max_waiting: 200,
            bucket: "flu".to_owned(),
            table: "flu".to_owned(),
            webhook_allowed: None,
            password_policy: PasswordPolicy::default(),
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            address: None,
            demo_login: "demo-hospital".to_owned(),
            demo_password: "Demo-2026!".to_owned(),
            http_client: None,
            clock: None,
            watch: None,
        }
    }

    /// Receivers on this machine are the hospital's that tries things out; where others can connect they might be anything.
    pub(crate) fn webhook_hosts(&self) -> AllowedHosts {
        let own = if self.bind.is_loopback() {
            "127.0.0.1,localhost"
        } else {
            ""
        };
        AllowedHosts::parse(self.webhook_allowed.as_deref().unwrap_or(own))
    }

    /// The port wanted for the server that comes `distance` after the portal.
    pub(crate) fn port_or(&self, chosen: Option<u16>, distance: u16) -> u16 {
        let beside = if self.port == 0 {
            0
        } else {
            self.port.saturating_add(distance)
        };
        chosen.unwrap_or(beside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_command_line_is_well_formed() {
        Options::command().debug_assert();
    }

    #[test]
    fn servers_stand_beside_the_portal_unless_told_otherwise() {
        let options = Options::parse_from(["local", "--port", "9000", "--s3-port", "7"]);
        assert_eq!(options.port_or(options.s3_port, 1), 7);
        assert_eq!(options.port_or(options.dynamodb_port, 2), 9002);
        assert_eq!(
            Options::in_folder("x").port_or(None, 1),
            0,
            "free stays free"
        );
    }

    #[test]
    fn tests_run_what_users_run() {
        let parsed = Options::parse_from(["local", "--data", "x", "--port", "0"]);
        assert_eq!(
            format!("{parsed:?}"),
            format!("{:?}", Options::in_folder("x"))
        );
    }
}
