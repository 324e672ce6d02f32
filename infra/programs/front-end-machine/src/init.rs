//! `init`: writes the configuration, and a credential of this machine's own.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::check::Hospital;
use crate::client::{Call, CallError, Client};
use crate::config::Config;
use crate::credential::{self, Credential};
use crate::durable;
use crate::language::Language;
use crate::machine::hospital_place;
use crate::private;
use crate::problem::Problem;

/// What `init` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// 系统地址 · Address of the service
    #[arg(long, value_name = "URL", env = "FRONT_END_MACHINE_SERVER")]
    server: String,
    /// 导出文件所在的文件夹，可重复 · Folder the hospital's systems export to; may be repeated
    #[arg(long = "folder", value_name = "DIR", required = true)]
    folders: Vec<PathBuf>,
    /// 登录名：医院账号，或在系统中创建的前置机凭据 · Login name: the hospital's account, or a credential made for a machine
    #[arg(long, value_name = "NAME", env = "FRONT_END_MACHINE_LOGIN")]
    login: String,
    /// 存有密码的文件；不指定则提示输入或从标准输入读取 · File with the password; asked for, or read from standard input, unless given
    #[arg(long, value_name = "FILE", env = "FRONT_END_MACHINE_PASSWORD_FILE")]
    password_file: Option<PathBuf>,
    /// 程序自己的文件夹 · The program's own folder
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// 代理服务器，none 表示不用 · Proxy; `none`: none
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
    /// 本机名称，显示在系统的凭据列表中 · What this machine is called in the service's list
    #[arg(long, value_name = "NAME", default_value = "前置机")]
    name: String,
}

impl Init {
    /// Writes configuration and credential; what there is to say about it.
    pub(crate) fn run(
        self,
        place: &std::path::Path,
        language: Language,
    ) -> Result<String, Problem> {
        let state = self.state.unwrap_or_else(Config::usual_state);
        let mut config = Config::new(self.server, self.folders, state);
        config.proxy = self.proxy;
        config.language = language;
        let config = config.checked()?;
        for folder in config.folders.iter().chain([&config.state]) {
            fs::create_dir_all(folder).map_err(|error| Problem::path(folder, &error))?;
        }
        private::keep(&config.state)?;
        let prompt = language.say("密码（不显示）：", "Password (not shown): ");
        let secret = credential::ask(self.password_file.as_deref(), prompt)?;
        let given = Credential {
            login: self.login,
            secret,
        };
        let mut client = Client::new(&config, given.clone())?;
        let session = client
            .call(&Call::get("/api/v1/session"))
            .map_err(told)?
            .json();
        let account = session.get("account").cloned().unwrap_or_default();
        let text = |name: &str| account.get(name).and_then(Value::as_str).map(str::to_owned);
        let (Some(code), Some(name)) = (text("institution_code"), text("institution_name")) else {
            return Err(Problem::new(
                "该账号不属于医疗机构，不能报送数据",
                "this account is no hospital's and cannot send data",
            ));
        };
        let own = own_credential(&mut client, given, &self.name)?;
        own.write(&config.credential())?;
        let hospital = Hospital { code, name };
        let kept = hospital_place(&config);
        durable::write_json(&kept, &hospital).map_err(|error| Problem::path(&kept, &error))?;
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(|error| Problem::path(parent, &error))?;
        }
        durable::write(place, config.to_file()?.as_bytes())
            .map_err(|error| Problem::path(place, &error))?;
        let (place, login) = (place.display(), own.login);
        Ok(language.say(
            format!(
                "{}：配置已写入 {place}，本机凭据为 {login}（可在系统中单独停用）。\n下一步：front-end-machine test",
                hospital.name
            ),
            format!(
                "{}: configuration written to {place}, this machine signs in as {login} (which can be revoked alone).\nNext: front-end-machine test",
                hospital.name
            ),
        ))
    }
}

/// A credential for this machine alone, so that the account's password lies nowhere. One made for a machine is kept as it is.
fn own_credential(
    client: &mut Client,
    given: Credential,
    name: &str,
) -> Result<Credential, Problem> {
    if given.login.starts_with("machine-") {
        return Ok(given);
    }
    let made = client.call(&Call::post(
        "/api/v1/machine-credentials",
        &json!({"name": name}),
    ));
    let made = made.map_err(told)?.json();
    let text = |name: &str| made.get(name).and_then(Value::as_str).map(str::to_owned);
    match text("login").zip(text("secret")) {
        Some((login, secret)) => Ok(Credential { login, secret }),
        None => Err(Problem::new(
            "系统没有返回凭据，请检查 server",
            "the service gave no credential; check `server`",
        )),
    }
}

fn told(error: CallError) -> Problem {
    error.problem().clone()
}
