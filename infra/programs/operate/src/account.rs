//! `operate account`: what an operator does to an account of somebody who left, lost a telephone, or was robbed of a password.

use std::process::ExitCode;

use anyhow::{Result, anyhow};
use clap::{Args, ValueEnum};
use domain::audit::{Act, AuditEntry};
use domain::{Account, AccountState, Clock};
use store::{StoreError, accounts, audit};

use crate::connection::{Connection, run, say};

/// 结束登录、停用或启用账号、关闭动态验证码 · Ends the sessions of an account, disables or enables it, or turns its second factor off
///
/// 运维人员不能查看或设置密码：启用后，账号持有人登录时须设置新密码。
/// Nobody here sees or chooses a password: an account that is enabled again has its owner choose one.
#[derive(Args)]
pub(crate) struct ChangeAccount {
    /// 登录名或手机号码 · Login name or phone
    login: String,
    /// 做什么 · What to do
    #[arg(value_enum)]
    change: Change,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Change {
    /// 结束其全部登录 · End all its sessions
    EndSessions,
    /// 停用，并结束全部登录和前置机凭据 · Disable it; its sessions and machines' credentials end
    Disable,
    /// 启用 · Enable it again
    Enable,
    /// 关闭动态验证码（核实本人身份之后），并结束全部登录 · Turn its second factor off, once it is certain who asks; its sessions end
    SecondFactorOff,
}

impl ChangeAccount {
    pub(crate) fn run(self) -> ExitCode {
        run(self.connection.lang, self.change())
    }

    async fn change(&self) -> Result<bool> {
        let lang = self.connection.lang;
        let now = Clock::system().now();
        let store = self.connection.store().await?;
        let typed = self.login.trim().to_lowercase();
        let before = accounts::find_by_login(&store, &typed).await?;
        let before = before.ok_or_else(|| {
            anyhow!(lang.say(
                "没有这个登录名或手机号码的账号",
                "there is no account with this login name or phone",
            ))
        })?;
        let mut after = before.clone();
        let act = self.change.apply(&mut after);
        after.version += 1;
        let entry = AuditEntry {
            at: now,
            act,
            by: "operator".to_owned(),
            subject: after.id.to_string(),
            address: None,
            request: None,
        };
        let entry = audit::write_entry(&store, &entry)?;
        match accounts::save(&store, &after, before.version, entry).await {
            Ok(()) => {}
            Err(StoreError::Conflict) => {
                return Err(anyhow!(lang.say(
                    "账号刚刚被修改，请再试一次",
                    "the account was changed at this very moment; please try again",
                )));
            }
            Err(error) => return Err(error.into()),
        }
        let login = after.login_name.as_str();
        say(&match self.change {
            Change::EndSessions => lang.say(
                format!("{login} 的登录已全部结束"),
                format!("all sessions of {login} have ended"),
            ),
            Change::Disable => lang.say(
                format!("{login} 已停用，登录和前置机凭据均已失效"),
                format!(
                    "{login} is disabled; its sessions and its machines' credentials have ended"
                ),
            ),
            Change::Enable => lang.say(
                format!("{login} 已启用，下次登录须设置新密码"),
                format!("{login} is enabled; its owner chooses a password at the next sign-in"),
            ),
            Change::SecondFactorOff => lang.say(
                format!("{login} 的动态验证码已关闭，登录已全部结束"),
                format!("the second factor of {login} is off, and all its sessions have ended"),
            ),
        });
        Ok(true)
    }
}

impl Change {
    /// Changes the account, and says what that is called in the audit trail.
    fn apply(self, account: &mut Account) -> Act {
        account.session_epoch += 1;
        match self {
            Self::EndSessions => Act::SessionEnded,
            Self::Disable => {
                account.state = AccountState::Disabled;
                account.machine_epoch += 1;
                Act::AccountDisabled
            }
            Self::Enable => {
                account.state = AccountState::MustChangePassword;
                Act::AccountEnabled
            }
            Self::SecondFactorOff => {
                account.second_factor = None;
                Act::SecondFactorOff
            }
        }
    }
}
