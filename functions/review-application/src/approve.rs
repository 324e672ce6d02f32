//! 审核通过: application, account, registration, audit entries and notices, all or nothing.

use axum::extract::State;
use domain::application::{Application, Profile, Stage};
use domain::audit::Act;
use domain::notice::{Channel, Notice, NoticeKind};
use domain::{
    Account, AccountState, INITIAL_PASSWORD_LIFETIME, Institution, NewAccount, PasswordHash, Phone,
    Role, beijing, initial_password,
};
use jiff::Timestamp;
use rand::RngExt;
use serde::{Deserialize, Serialize};
use standard::divisions;
use store::{StoreError, Transaction, TransactionError, accounts, applications, audit, notices};
use tokio::task::spawn_blocking;
use utoipa::ToSchema;
use web::{ApiError, ErrorCode, FieldError, Json, Path, Problem, Service};

use crate::ReviewerCaller;
use crate::decide::{changed, is_repeat, refused};

/// An approval.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approving {
    /// The version that was looked at; exactly this one is approved.
    version: u64,
}

/// What came of it. The password is in the notices and nowhere else.
#[derive(Serialize, ToSchema)]
pub(crate) struct Approved {
    /// 登录名 of the account.
    login_name: String,
}

/// 审核通过.
#[utoipa::path(
    post,
    path = "/api/v1/review/applications/{id}/approve",
    tag = "review",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the application's id")),
    request_body = Approving,
    responses(
        (status = OK, body = Approved),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "not a reviewer"),
        (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem, description = "decided on or changed meanwhile, or the institution or phone has an account"),
    )
)]
pub(crate) async fn approve(
    State(service): State<Service>,
    caller: ReviewerCaller,
    Path(id): Path<String>,
    Json(approving): Json<Approving>,
) -> Result<Json<Approved>, ApiError> {
    let before = caller.find(&service, &id).await?;
    if is_repeat(&before, &caller, approving.version, Stage::Approved) {
        let account = account_of(&service, &before)
            .await?
            .ok_or_else(no_account)?;
        return Ok(Json(Approved::of(&account)));
    }
    // A login name is random; that one is taken is next to impossible, and then another is tried.
    for _ in 0..4 {
        let approval = Approval::prepare(&service, &caller, &before, approving.version).await?;
        match approval.commit(&service, &caller).await {
            Ok(account) => {
                tracing::info!(application = %before.id, account = %account.id, "application {} approved", before.id);
                return Ok(Json(Approved::of(&account)));
            }
            Err(TransactionError::Refused(parts)) if parts.contains(&"application") => {
                return Err(changed(&caller, &service, &id).await?);
            }
            Err(TransactionError::Refused(parts)) if parts == ["login_name"] => {}
            Err(TransactionError::Refused(parts)) => return Err(taken(&parts)),
            Err(TransactionError::Store(StoreError::Conflict)) => {
                return Err(changed(&caller, &service, &id).await?);
            }
            Err(TransactionError::Store(error)) => return Err(error.into()),
        }
    }
    Err(ApiError::internal("no free login name was found"))
}

impl Approved {
    fn of(account: &Account) -> Self {
        Self {
            login_name: account.login_name.as_str().to_owned(),
        }
    }
}

/// What an approval writes.
struct Approval {
    before: Application,
    after: Application,
    seen: u64,
    account_before: Option<Account>,
    account: Account,
    /// Of a new account, or one that was reset.
    password: Option<String>,
    now: Timestamp,
}

impl Approval {
    async fn prepare(
        service: &Service,
        caller: &ReviewerCaller,
        before: &Application,
        seen: u64,
    ) -> Result<Self, ApiError> {
        let now = service.clock.now();
        let today = beijing(now);
        let last = |code: &str| {
            divisions().get(code).is_some() && divisions().children(code).next().is_none()
        };
        let profile = before
            .draft
            .complete(last, (today.year(), today.month()))
            .map_err(|_| ErrorCode::ApplicationChanged)?;
        let mut after = before.clone();
        let earlier = after
            .approve(seen, profile.clone(), &caller.reviewer, now)
            .map_err(|refusal| refused(refusal, before))?;
        let account_before = account_of(service, before).await?;
        let another_manager =
            earlier.is_none_or(|earlier| profile.changes_manager(&earlier.profile));
        let password = (account_before.is_none() || another_manager).then(initial_password);
        let hash = match password.clone() {
            Some(password) => Some(
                spawn_blocking(move || PasswordHash::of(&password))
                    .await
                    .map_err(ApiError::internal)?
                    .map_err(ApiError::internal)?,
            ),
            None => None,
        };
        let account = account(account_before.as_ref(), &profile, hash, now)?;
        after.account = Some(account.id.clone());
        Ok(Self {
            before: before.clone(),
            after,
            seen,
            account_before,
            account,
            password,
            now,
        })
    }

    async fn commit(
        self,
        service: &Service,
        caller: &ReviewerCaller,
    ) -> Result<Account, TransactionError> {
        let store = &service.store;
        let mut transaction = Transaction::new();
        let change = applications::write_change(store, &self.after, self.seen)?;
        transaction.add("application", change);
        match &self.account_before {
            None => accounts::add_new(store, &mut transaction, &self.account)?,
            Some(before) => accounts::add_change(store, &mut transaction, before, &self.account)?,
        }
        applications::add_registration(store, &mut transaction, &self.before, &self.after)?;
        let mut acts = vec![(Act::ApplicationApproved, self.after.id.as_str())];
        match (&self.account_before, &self.password) {
            (None, _) => acts.push((Act::AccountCreated, self.account.id.as_str())),
            (Some(_), Some(_)) => acts.push((Act::AccountReset, self.account.id.as_str())),
            (Some(_), None) => {}
        }
        for (act, subject) in acts {
            let entry = caller.entry(service, act, subject);
            transaction.add_all("audit", audit::write_entry(store, &entry)?);
        }
        for notice in self.notices() {
            transaction.add("notice", notices::write(store, &notice)?);
        }
        transaction.commit(store).await?;
        Ok(self.account)
    }

    /// Who is told what. The keys name the version that was approved, so that a second approval of it tells nobody again.
    fn notices(&self) -> Vec<Notice> {
        let draft = &self.after.draft;
        let event = format!("approved/{}/{}", self.after.id, self.seen);
        let mut notices = Vec::new();
        let mut tell = |to: &str, kind: NoticeKind, manager: &domain::application::DataManager| {
            for channel in kind.channels() {
                let (way, address) = match channel {
                    Channel::Mail => ("mail", &manager.email),
                    Channel::Sms => ("sms", &manager.phone),
                };
                let key = format!("{event}/{to}/{way}");
                let mut notice = Notice::new(&key, kind, *channel, address, self.now)
                    .with("institution", &draft.institution_name)
                    .with("manager", &manager.name);
                if let (Some(password), true) =
                    (&self.password, kind.values().contains(&"password"))
                {
                    let expires = beijing(self.now + INITIAL_PASSWORD_LIFETIME);
                    notice = notice
                        .with("login_name", self.account.login_name.as_str())
                        .with("phone", &manager.phone)
                        .with("expires", &expires.strftime("%Y-%m-%d %H:%M").to_string())
                        .with_secret("password", password);
                }
                notices.push(notice);
            }
        };
        let earlier = self.before.approved.as_ref();
        match (&self.account_before, &self.password) {
            (None, _) => tell("manager", NoticeKind::ApplicationApproved, &draft.manager),
            (Some(_), None) => tell("manager", NoticeKind::ChangeApproved, &draft.manager),
            (Some(_), Some(_)) => {
                tell("manager", NoticeKind::ManagerChanged, &draft.manager);
                if let Some(earlier) = earlier {
                    let former = &earlier.profile.fields().manager;
                    tell("former", NoticeKind::ManagerReplaced, former);
                }
            }
        }
        notices
    }
}

/// The account as the approved profile makes it.
fn account(
    before: Option<&Account>,
    profile: &Profile,
    hash: Option<PasswordHash>,
    now: Timestamp,
) -> Result<Account, ApiError> {
    let fields = profile.fields();
    let institution = Institution::new(&fields.institution_code, &fields.institution_name)
        .map_err(ApiError::internal)?;
    let phone: Phone = fields.manager.phone.parse().map_err(ApiError::internal)?;
    let province = Some(profile.province().to_owned());
    let division = Some(fields.division.clone());
    let (email, holder) = (
        Some(fields.manager.email.clone()),
        Some(fields.manager.name.clone()),
    );
    let Some(before) = before else {
        let hash = hash.ok_or_else(no_account)?;
        let mut account = Account::new(
            NewAccount {
                login_name: login_name().parse().map_err(ApiError::internal)?,
                phone: Some(phone),
                role: Role::DataManager,
                institution: Some(institution),
                province,
                password_hash: hash.clone(),
                state: AccountState::MustChangePassword,
            },
            now,
        );
        account.division = division;
        account.email = email;
        account.holder = holder;
        account.set_initial_password(hash, now);
        return Ok(account);
    };
    let mut account = before.clone();
    account.institution = Some(institution);
    account.phone = Some(phone);
    account.province = province;
    account.division = division;
    account.email = email;
    account.holder = holder;
    if let Some(hash) = hash {
        account.set_initial_password(hash, now);
    }
    account.version += 1;
    Ok(account)
}

async fn account_of(
    service: &Service,
    application: &Application,
) -> Result<Option<Account>, ApiError> {
    match &application.account {
        Some(id) => Ok(accounts::find(&service.store, id).await?),
        None => Ok(None),
    }
}

/// `yy` (医院) and eight digits: easy to read out on the phone, and not to be counted.
fn login_name() -> String {
    format!("yy{:08}", rand::rng().random_range(0..100_000_000_u32))
}

fn no_account() -> ApiError {
    ApiError::internal("an approved application has no account")
}

/// What stands in the way; the reviewer rejects with that as the reason.
fn taken(parts: &[&str]) -> ApiError {
    let fields = parts.iter().filter_map(|part| match *part {
        "institution_code" => Some(FieldError::new(
            "institution_code",
            "registered",
            "该医疗机构代码已有账号",
            "An account has this institution code already",
        )),
        "institution_name" => Some(FieldError::new(
            "institution_name",
            "registered",
            "该医疗机构名称已有账号",
            "An account has this institution name already",
        )),
        "phone" | "applicant" => Some(FieldError::new(
            "manager.phone",
            "registered",
            "数据管理员的手机号码已用于其他账号或申请",
            "Another account or application has the data manager's phone",
        )),
        // The account was changed at this moment; the next try sees how.
        _ => None,
    });
    ApiError::with(ErrorCode::RegisteredAlready, fields.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_names_are_login_names() {
        let name = login_name();
        assert_eq!(name.len(), 10);
        assert!(name.parse::<domain::LoginName>().is_ok());
    }
}
