//! `operate create-reviewer`: accounts of those who decide on applications, or run the service.

use std::process::ExitCode;

use anyhow::{Result, anyhow};
use clap::{Args, ValueEnum};
use domain::audit::{Act, AuditEntry};
use domain::{
    Account, AccountState, Clock, LoginName, NewAccount, PasswordHash, Phone, Role,
    initial_password,
};
use store::{Transaction, TransactionError, accounts, audit};

use crate::connection::{Connection, run, say};

/// 创建审核员账号 · Creates the account of a reviewer
///
/// 有手机号码的，用“忘记密码”收短信验证码设置密码；没有的，屏幕上显示一次性初始密码，72小时内有效。
/// With a phone, the password is set with “Forgotten password” and a code by SMS; without one, an initial password is shown, good for one use within 72 hours.
#[derive(Args)]
pub(crate) struct CreateReviewer {
    /// 登录名 · Login name
    login_name: String,
    /// 省级审核员：行政区划代码前两位，如 12；不填为全国 · Province of a provincial reviewer, first two digits of the division code; the whole country without it
    #[arg(long, value_name = "NN")]
    province: Option<String>,
    /// 手机号码 · Mobile phone
    #[arg(long)]
    phone: Option<String>,
    /// 邮箱 · Mail address
    #[arg(long)]
    email: Option<String>,
    /// 姓名，用于通知 · Name, for notices
    #[arg(long)]
    name: Option<String>,
    /// 角色 · Role
    #[arg(long, value_enum, default_value = "reviewer")]
    role: Kind,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Reviewer,
    Analyst,
    Operator,
    Auditor,
}

impl CreateReviewer {
    pub(crate) fn run(self) -> ExitCode {
        run(self.connection.lang, self.create())
    }

    async fn create(&self) -> Result<bool> {
        let lang = self.connection.lang;
        let now = Clock::system().now();
        let password = self.phone.is_none().then(initial_password);
        let mut account = Account::new(self.account()?, now);
        account.email.clone_from(&self.email);
        account.holder.clone_from(&self.name);
        if let Some(password) = &password {
            account.set_initial_password(PasswordHash::of(password)?, now);
        }
        let store = self.connection.store().await?;
        let mut transaction = Transaction::new();
        accounts::add_new(&store, &mut transaction, &account)?;
        let entry = AuditEntry {
            at: now,
            act: Act::AccountCreated,
            by: "operator".to_owned(),
            subject: account.id.to_string(),
            address: None,
            request: None,
        };
        transaction.add_all("audit", audit::write_entry(&store, &entry)?);
        match transaction.commit(&store).await {
            Ok(()) => {}
            Err(TransactionError::Refused(_)) => {
                return Err(anyhow!(lang.say(
                    "登录名或手机号码已有账号",
                    "there is an account with this login name or phone",
                )));
            }
            Err(TransactionError::Store(error)) => return Err(error.into()),
        }
        let login = account.login_name.as_str();
        say(&match password {
            Some(password) => lang.say(
                format!("已创建 {login}，初始密码 {password}（只能使用一次，72小时内有效）"),
                format!("{login} created, initial password {password} (good for one use within 72 hours)"),
            ),
            None => lang.say(
                format!("已创建 {login}，请在登录页面点击“忘记密码”设置密码"),
                format!("{login} created; its password is set with “Forgotten password” on the sign-in page"),
            ),
        });
        Ok(true)
    }

    fn account(&self) -> Result<NewAccount> {
        let lang = self.connection.lang;
        let login_name: LoginName = self.login_name.parse().map_err(|_| {
            anyhow!(lang.say(
                "登录名应为2至64个不含空格的字符",
                "a login name has 2 to 64 characters without spaces",
            ))
        })?;
        let phone = self.phone.as_deref().map(str::parse::<Phone>).transpose();
        let phone = phone.map_err(|_| {
            anyhow!(lang.say("手机号码应为11位数字", "a mobile phone has 11 digits"))
        })?;
        let provinces = || standard::divisions().provinces();
        let known = |province: &String| {
            provinces().any(|known| known.code.get(..2) == Some(province.as_str()))
        };
        if self
            .province
            .as_ref()
            .is_some_and(|province| !known(province))
        {
            return Err(anyhow!(lang.say(
                "没有这个省级行政区划代码",
                "there is no province of this code",
            )));
        }
        Ok(NewAccount {
            login_name,
            phone,
            role: match self.role {
                Kind::Reviewer => Role::Reviewer,
                Kind::Analyst => Role::Analyst,
                Kind::Operator => Role::Operator,
                Kind::Auditor => Role::Auditor,
            },
            institution: None,
            province: self.province.clone(),
            password_hash: PasswordHash::unusable(),
            state: AccountState::MustChangePassword,
        })
    }
}
