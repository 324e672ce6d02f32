//! `operate smoke`: whether a deployed stage does its main job, seen from outside.

mod http;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Args;
use domain::Sha256;
use hyper::Method;
use serde_json::{Value, json};

use crate::connection::{Connection, run, say};
use crate::language::Language;
use crate::progress::bar;
use http::{Answer, Http};

/// A small archive with errors in it, so that a result without findings is a wrong one.
const SAMPLE: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../docs/samples/flu_with_errors.zip"
));
const NAME: &str = "smoke-test.zip";
/// 数据包记录总数 of the sample.
const RECORDS: u64 = 100;

/// 检查一个已部署的环境能否正常工作 · Tests a deployed stage from outside
///
/// 打开门户和接口，登录，以“仅校验”上传示例数据，核对结果，退出登录。
/// Opens portal and API, signs in, uploads a sample as a dry run, looks at the result, signs out.
#[derive(Args)]
#[command(
    after_help = "密码取自环境变量 OPERATE_PASSWORD 或 --password-file。\nThe password comes from OPERATE_PASSWORD or --password-file.\n\n退出码 Exit status\n  0  全部通过 all went well\n  1  有步骤失败 a step failed\n  2  无法进行 could not be done"
)]
pub(crate) struct Smoke {
    /// 门户地址；用 --ready-file 时可省略 · Address of the portal, unless --ready-file tells it
    #[arg(value_name = "URL")]
    address: Option<String>,
    /// 数据管理员的登录名 · Login name of a data manager
    #[arg(long, value_name = "NAME", env = "OPERATE_LOGIN")]
    login: Option<String>,
    /// 保存密码的文件 · File with the password
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// 最多等待结果多少秒 · Seconds to wait for the result
    #[arg(long, value_name = "N", default_value_t = 120)]
    patience: u64,
    /// 输出 JSON · Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// A step that was taken.
struct Step {
    name: &'static str,
    zh: &'static str,
    en: &'static str,
    took: Duration,
    outcome: Result<String>,
}

/// What steps hand on to later ones.
struct Visit<'a> {
    http: Http,
    address: &'a str,
    patience: Duration,
    token: String,
    ticket: Value,
}

const STEPS: [(&str, &str, &str); 8] = [
    ("portal", "门户页面", "portal page"),
    ("api", "接口说明", "API description"),
    ("sign_in", "登录", "sign-in"),
    ("ticket", "登记上传", "ticket"),
    ("put", "写入对象存储", "object put"),
    ("put_again", "重复写入被拒绝", "second put is refused"),
    ("result", "校验结果", "result"),
    ("sign_out", "退出登录", "sign-out"),
];

impl Smoke {
    pub(crate) fn run(self) -> ExitCode {
        run(self.connection.lang, self.visit())
    }

    async fn visit(&self) -> Result<bool> {
        let lang = self.connection.lang;
        let (address, login, password) = self.target()?;
        let mut visit = Visit {
            http: Http::new(Duration::from_secs(30))?,
            address: address.trim_end_matches('/'),
            patience: Duration::from_secs(self.patience),
            token: String::new(),
            ticket: Value::Null,
        };
        let bar = bar(lang.say("检查", "smoke test"), STEPS.len());
        let mut steps: Vec<Step> = Vec::new();
        for (name, zh, en) in STEPS {
            let begun = Instant::now();
            let outcome = match name {
                "portal" => visit.portal().await,
                "api" => visit.api().await,
                "sign_in" => visit.sign_in(&login, &password).await,
                "ticket" => visit.ticket().await,
                "put" => visit.put(200).await,
                "put_again" => visit.put(412).await,
                "result" => visit.result(lang).await,
                _ => visit.sign_out().await,
            };
            let failed = outcome.is_err();
            let took = begun.elapsed();
            steps.push(Step {
                name,
                zh,
                en,
                took,
                outcome,
            });
            bar.inc(1);
            // Nothing that comes later can work, and a portal that does not show says little about the API.
            if failed && !matches!(name, "portal" | "api" | "put_again") {
                break;
            }
        }
        bar.finish_and_clear();
        if !visit.token.is_empty() && steps.last().is_some_and(|last| last.name != "sign_out") {
            let _ = visit.sign_out().await;
        }
        let ok = steps.len() == STEPS.len() && steps.iter().all(|step| step.outcome.is_ok());
        if self.json {
            say(&json!({
                "address": visit.address, "ok": ok,
                "steps": steps.iter().map(Step::json).collect::<Vec<_>>(),
            })
            .to_string());
        } else {
            for step in &steps {
                say(&step.text(lang));
            }
            say(match ok {
                true => lang.say("全部通过", "all went well"),
                false => lang.say("未通过", "failed"),
            });
        }
        Ok(ok)
    }

    /// Address, login name and password.
    fn target(&self) -> Result<(String, String, String)> {
        let lang = self.connection.lang;
        let ready = self.connection.ready()?;
        let (portal, demo) = match ready {
            Some(ready) => (ready.portal, ready.demo),
            None => (None, None),
        };
        let address =
            self.address.clone().or(portal).ok_or_else(|| {
                anyhow!(lang.say("请给出门户地址", "give the address of the portal"))
            })?;
        let given = match &self.password_file {
            Some(path) => Some(std::fs::read_to_string(path).with_context(|| {
                let path = path.display();
                lang.say(format!("无法读取 {path}"), format!("{path} can't be read"))
            })?),
            None => std::env::var("OPERATE_PASSWORD").ok(),
        };
        let given = given.map(|password| password.trim_end_matches(['\r', '\n']).to_owned());
        match (self.login.clone(), given, demo) {
            (Some(login), Some(password), _) => Ok((address, login, password)),
            (None, None, Some(demo)) => Ok((address, demo.login, demo.password)),
            _ => bail!(lang.say(
                "请用 --login 给出登录名，用 OPERATE_PASSWORD 或 --password-file 给出密码",
                "give a login name with --login and its password with OPERATE_PASSWORD or --password-file",
            )),
        }
    }
}

impl Step {
    fn json(&self) -> Value {
        let detail = match &self.outcome {
            Ok(detail) => detail.clone(),
            Err(error) => format!("{error:#}"),
        };
        let took = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX);
        json!({"step": self.name, "ok": self.outcome.is_ok(), "ms": took, "detail": detail})
    }

    fn text(&self, lang: Language) -> String {
        let (mark, detail) = match &self.outcome {
            Ok(detail) => ('✓', detail.clone()),
            Err(error) => ('✗', format!("{error:#}")),
        };
        let name = lang.say(self.zh, self.en);
        let took = format!("{} ms", self.took.as_millis());
        let parts = [name, &detail, &took];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        format!("{mark} {}", parts.join("  "))
    }
}

impl Visit<'_> {
    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Answer> {
        let mut headers = Vec::new();
        if !self.token.is_empty() {
            let bearer = format!("Bearer {}", self.token);
            headers.push(("authorization".to_owned(), bearer));
        }
        if body.is_some() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let url = format!("{}{path}", self.address);
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        self.http.send(method, &url, &headers, body).await
    }

    async fn portal(&self) -> Result<String> {
        let answer = self.call(Method::GET, "/", None).await?.expect(200)?;
        let header = |name: &str| {
            let value = answer
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        ensure!(
            header("content-type").starts_with("text/html"),
            "不是网页 · no page: {}",
            header("content-type")
        );
        ensure!(
            header("content-security-policy").contains("script-src"),
            "没有内容安全策略 · no content security policy"
        );
        Ok(String::new())
    }

    async fn api(&self) -> Result<String> {
        let path = "/api/v1/openapi.json";
        let answer = self.call(Method::GET, path, None).await?.expect(200)?;
        let paths = answer
            .json()
            .get("paths")
            .and_then(Value::as_object)
            .map_or(0, serde_json::Map::len);
        ensure!(paths > 0, "没有接口 · no routes");
        Ok(format!("{paths}"))
    }

    async fn sign_in(&mut self, login: &str, password: &str) -> Result<String> {
        let body = json!({"login": login, "password": password});
        let answer = self
            .call(Method::POST, "/api/v1/session", Some(body))
            .await?;
        let answer = answer.expect(200)?.json();
        let token = answer.get("token").and_then(Value::as_str);
        self.token = token.context("没有令牌 · no token")?.to_owned();
        Ok(login.to_owned())
    }

    async fn ticket(&mut self) -> Result<String> {
        let body = json!({
            "kind": "data", "file_name": NAME, "size": SAMPLE.len(), "sha256": Sha256::of(SAMPLE).to_string(), "dry_run": true,
        });
        let answer = self
            .call(Method::POST, "/api/v1/uploads", Some(body))
            .await?;
        self.ticket = answer.expect(201)?.json();
        Ok(self.ticket["upload_id"]
            .as_str()
            .unwrap_or_default()
            .to_owned())
    }

    async fn put(&self, status: u16) -> Result<String> {
        let url = self.ticket["url"].as_str().unwrap_or_default();
        let headers = self.ticket["headers"].as_object().into_iter().flatten();
        let headers: Vec<(String, String)> = headers
            // The client sets these two itself.
            .filter(|(name, _)| !["host", "content-length"].contains(&name.to_lowercase().as_str()))
            .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect();
        let answer = self.http.send(Method::PUT, url, &headers, SAMPLE).await?;
        ensure!(answer.status == status, "HTTP {}", answer.status);
        Ok(String::new())
    }

    async fn result(&self, lang: Language) -> Result<String> {
        let id = self.ticket["upload_id"].as_str().unwrap_or_default();
        let until = Instant::now() + self.patience;
        let upload = loop {
            let path = format!("/api/v1/uploads/{id}");
            let upload = self
                .call(Method::GET, &path, None)
                .await?
                .expect(200)?
                .json();
            if !matches!(upload["status"].as_str(), Some("registered" | "checking")) {
                break upload;
            }
            ensure!(
                Instant::now() < until,
                "{}",
                lang.say(
                    "等待超时，仍在校验",
                    "no result in time, it is still being checked"
                )
            );
            tokio::time::sleep(Duration::from_millis(500)).await;
        };
        ensure!(upload["status"] == "done", "{}", upload["status"]);
        let (total, passed) = (upload["total"].as_u64(), upload["passed"].as_u64());
        ensure!(total == Some(RECORDS), "{total:?}");
        let path = format!("/api/v1/uploads/{id}/findings?page=1&page_size=20");
        let findings = self
            .call(Method::GET, &path, None)
            .await?
            .expect(200)?
            .json();
        let count = findings["total"].as_u64().unwrap_or_default();
        ensure!(count > 0, "没有错误信息 · no findings");
        let (total, passed) = (RECORDS, passed.unwrap_or_default());
        Ok(lang.say(
            format!("记录 {total} 条，达标 {passed} 条，错误信息 {count} 条"),
            format!("{total} records, {passed} passed, {count} findings"),
        ))
    }

    async fn sign_out(&self) -> Result<String> {
        let answer = self.call(Method::DELETE, "/api/v1/session", None).await?;
        answer.expect(204)?;
        Ok(String::new())
    }
}
