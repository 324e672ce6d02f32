//! `test`: everything that has to work before the program is left alone, each with its cure.

use std::fs;
use std::path::Path;

use crate::check::Hospital;
use crate::client::{Call, Client};
use crate::config::Config;
use crate::credential::Credential;
use crate::language::Language;
use crate::problem::Problem;
use crate::receipt::Sent;
use crate::sample;
use crate::send::{self, Outcome, Parcel};
use crate::spool::Progress;

/// Runs all steps and prints each; whether all went well. Steps that need an earlier one that failed are left out.
pub(crate) fn run(config: &Config, language: Language, print: &mut dyn FnMut(String)) -> bool {
    let mut all_well = true;
    let mut tell = |name: &str, result: &Result<String, Problem>| match result {
        Ok(detail) => print(format!("✓ {name}  {detail}")),
        Err(problem) => {
            all_well = false;
            print(format!("✗ {name}  {}", problem.text(language)));
        }
    };
    for folder in &config.folders {
        let result = usable(folder).map(|()| folder.display().to_string());
        tell(language.say("文件夹可读写", "folder can be used"), &result);
    }
    let state = fs::create_dir_all(&config.state)
        .map_err(|error| Problem::path(&config.state, &error))
        .and_then(|()| usable(&config.state));
    let state = state.map(|()| config.state.display().to_string());
    tell(
        language.say("程序文件夹可读写", "state folder can be used"),
        &state,
    );
    let credential = Credential::read(&config.credential());
    let shown = match &credential {
        Ok(credential) => Ok(credential.login.clone()),
        Err(problem) => Err(problem.clone()),
    };
    tell(language.say("登录凭据", "credential"), &shown);
    let Ok(credential) = credential else {
        return false;
    };
    let mut client = match Client::new(config, credential) {
        Ok(client) => client,
        Err(problem) => {
            tell(language.say("网络", "network"), &Err(problem));
            return false;
        }
    };
    let session = client.call(&Call::get("/api/v1/session"));
    let hospital = match session {
        Ok(answer) => {
            let account = answer.json().get("account").cloned().unwrap_or_default();
            let text = |name: &str| {
                account
                    .get(name)
                    .and_then(|value| value.as_str())
                    .map(str::to_owned)
            };
            text("institution_code").zip(text("institution_name"))
        }
        Err(error) => {
            let signed_in: Result<String, Problem> = Err(error.problem().clone());
            tell(
                language.say("连接并登录系统", "reach the service and sign in"),
                &signed_in,
            );
            return false;
        }
    };
    let signed_in = match &hospital {
        Some((code, name)) => Ok(format!("{name}（{code}）")),
        None => Err(Problem::new(
            "该账号不属于医疗机构，不能报送数据",
            "this account is no hospital's and cannot send data",
        )),
    };
    tell(
        language.say("连接并登录系统", "reach the service and sign in"),
        &signed_in,
    );
    let ahead = client.clock_ahead().as_secs();
    let clock = if ahead.abs() <= 120 {
        Ok(String::new())
    } else {
        Err(Problem::new(
            format!("本机时间与系统相差 {ahead} 秒，请校准"),
            format!("this machine's clock is off by {ahead} seconds; please set it"),
        ))
    };
    tell(language.say("本机时间", "clock"), &clock);
    if let Some((code, name)) = hospital {
        let judged = dry_run(&mut client, &Hospital { code, name });
        tell(
            language.say(
                "测试报送（仅校验，不保存数据）",
                "dry run, no record is kept",
            ),
            &judged,
        );
    }
    all_well
}

/// Has the service judge a sample, which keeps no record.
fn dry_run(client: &mut Client, hospital: &Hospital) -> Result<String, Problem> {
    let bytes =
        sample::of(hospital).map_err(|error| Problem::new(error.to_string(), error.to_string()))?;
    let parcel = Parcel {
        id: &format!("test-{:016x}", rand::random::<u64>()),
        name: "flu_test.zip",
        bytes,
        dry_run: true,
    };
    let mut progress = Progress::default();
    for _ in 0..20 {
        let mut next = progress.clone();
        let mut keep = |progress: &Progress| {
            next = progress.clone();
            Ok(())
        };
        let outcome = send::send(client, &parcel, progress.clone(), &mut keep, None);
        match outcome.map_err(|error| error.problem().clone())? {
            Outcome::Sent(Sent::Received { totals, .. }) if totals.total > 0 => {
                let (total, passed) = (totals.total, totals.passed);
                return Ok(format!("{passed}/{total}"));
            }
            Outcome::Sent(Sent::Refused(why)) => return Err(Problem::new(why.clone(), why)),
            Outcome::Sent(_) => break,
            Outcome::Awaited => progress = next,
        }
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    Err(Problem::new(
        "系统未在规定时间内给出校验结果，请稍后再试",
        "the service gave no result in time; please try again later",
    ))
}

/// Whether files can be written into a folder and taken out of it.
fn usable(folder: &Path) -> Result<(), Problem> {
    let probe = folder.join(format!(".front-end-machine-{:08x}", rand::random::<u32>()));
    let failed = |error: std::io::Error| Problem::path(folder, &error);
    fs::write(&probe, b"test").map_err(failed)?;
    fs::remove_file(&probe).map_err(failed)
}
