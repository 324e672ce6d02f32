//! What can be answered instead of a result: one line each, with both texts.

use std::collections::BTreeMap;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use store::StoreError;
use utoipa::ToSchema;

macro_rules! errors {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal, $status:ident, $zh:literal, $en:literal;)*) => {
        /// Names an error; clients may rely on the codes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ErrorCode {
            $($(#[doc = $doc])* $name,)*
        }

        /// The table of errors.
        pub const ERRORS: &[ErrorEntry] = &[
            $(ErrorEntry {
                error: ErrorCode::$name,
                code: $code,
                status: StatusCode::$status,
                zh: $zh,
                en: $en,
            },)*
        ];
    };
}

errors! {
    /// The body is not the JSON asked for.
    MalformedRequest = "malformed_request", BAD_REQUEST,
        "请求内容格式不正确", "The request is not in the form expected";
    /// Some fields are not acceptable; the answer lists them.
    InvalidFields = "invalid_fields", UNPROCESSABLE_ENTITY,
        "部分内容填写有误，请按提示修改", "Some fields are not acceptable; see each of them";
    /// The body is larger than any request is.
    TooLarge = "too_large", PAYLOAD_TOO_LARGE,
        "请求内容过大", "The request is too large";
    /// No session, or one that is over.
    NotSignedIn = "not_signed_in", UNAUTHORIZED,
        "尚未登录或登录已过期，请重新登录", "Not signed in, or the session is over; please sign in again";
    /// Unknown user or wrong password; never told apart.
    WrongLogin = "wrong_login", UNAUTHORIZED,
        "登录名或密码错误", "The login name or the password is wrong";
    /// The password is right; the account asks for the code of its second factor as well.
    SecondFactorRequired = "second_factor_required", UNAUTHORIZED,
        "请输入动态验证码", "Please give the code your authenticator app shows";
    /// The password is right, the code is not, or was used.
    WrongSecondFactor = "wrong_second_factor", UNAUTHORIZED,
        "动态验证码错误或已使用，请等待新的验证码后重试", "The code is wrong or was used already; please wait for the next one and try again";
    /// Too many failed sign-ins.
    TooManyAttempts = "too_many_attempts", TOO_MANY_REQUESTS,
        "尝试次数过多，请稍后再试", "Too many attempts; please try again later";
    /// Signed in, but not for this.
    Forbidden = "forbidden", FORBIDDEN,
        "当前账号没有此项权限", "This account may not do that";
    /// Signed in with a machine's credential, which sends data and asks for results only.
    NotForMachines = "not_for_machines", FORBIDDEN,
        "前置机凭据只能报送数据和查询结果，此操作请用账号登录", "The credential of a machine sends data and asks for results only; please sign in with the account";
    /// A page of another site made the browser send this, or nothing tells that none did.
    CrossSite = "cross_site", FORBIDDEN,
        "请求不是从本系统页面发出的，已拒绝；请在本系统页面内操作", "The request did not come from a page of this service and was refused; please use its own pages";
    /// Something stands in front of the service, and the request did not come through it.
    NotThroughFront = "not_through_front", FORBIDDEN,
        "请通过系统的正式网址访问", "Please use the official address of the service";
    /// No such address.
    NoSuchPath = "no_such_path", NOT_FOUND,
        "地址不存在", "There is nothing at this address";
    /// No such method at this address.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED,
        "不支持此请求方式", "This method is not allowed here";
    /// No such hospital among those of the caller's province; never told apart.
    HospitalNotFound = "hospital_not_found", NOT_FOUND,
        "未找到该医疗机构", "There is no such institution";
    /// Records of a day that is to be declared without a case are there.
    RecordsExist = "records_exist", CONFLICT,
        "所选日期已有上报的记录，不能填报“本期无病例”；如记录有误，请先更正后再填报",
        "There are records of the days chosen, so they cannot be declared to be without a case; please mend the records first if they are wrong";
    /// No such upload, or another account's; never told apart.
    UploadNotFound = "upload_not_found", NOT_FOUND,
        "未找到该上传记录", "There is no such upload";
    /// The ticket is used or given up, so there is no new address for it.
    UploadNotOpen = "upload_not_open", CONFLICT,
        "该上传已接收或已失效，请重新登记", "The upload was received already or is no longer open; please register it anew";
    /// More tickets are open than one account needs.
    TooManyOpenUploads = "too_many_open_uploads", TOO_MANY_REQUESTS,
        "未完成的上传过多，请等待完成后再登记", "Too many uploads are open; please wait until some are finished";
    /// The upload has no records that count: it failed, never came, was a dry run, or was taken back.
    NothingToWithdraw = "nothing_to_withdraw", CONFLICT,
        "没有可以撤回的有效记录：上传未成功、仅校验，或已经撤回", "There is nothing to withdraw: the upload failed, was a check only, or was withdrawn already";
    /// No accepted record stands at that place of the upload.
    RecordNotFound = "record_not_found", NOT_FOUND,
        "该上传中没有这条已达标的记录，请核对文件和行号", "There is no accepted record at that place of the upload; please check file and row";
    /// A later upload holds a newer version of the record.
    RecordSentAgain = "record_sent_again", CONFLICT,
        "该记录在以后的上传中已重新报送，请在最新的上传中撤回", "A later upload sent this record again; please withdraw it there";
    /// No record of the hospital has that number, or another hospital's has; never told apart.
    CaseNotFound = "case_not_found", NOT_FOUND,
        "未找到该病案号（就诊卡号）的数据，请核对号码；若尚未上传，请先上传", "No data with this medical record number (visit card number); please check it, or upload the data first";
    /// The check is not finished.
    NotFinished = "not_finished", CONFLICT,
        "文件尚在校验中，请稍后再查看", "The file is still being checked; please look again later";
    /// The findings or the object are no longer kept.
    ResultExpired = "result_expired", GONE,
        "错误信息已超过保存期限，请重新上传文件后查看", "The findings are no longer kept; please upload the file again";
    /// There is no report, because nothing could be checked.
    NoReport = "no_report", CONFLICT,
        "该上传没有可供下载的校验报告", "There is no report for this upload";
    /// The initial password has to be changed before anything else.
    MustChangePassword = "must_change_password", FORBIDDEN,
        "首次登录请先修改初始密码", "Please change the initial password first";
    /// The initial password's time is over.
    InitialPasswordOver = "initial_password_over", FORBIDDEN,
        "初始密码已过期，请点击“忘记密码”，用短信验证码设置新密码", "The initial password has expired; please choose \"Forgotten password\" and set one with a code by SMS";
    /// The initial password has opened its one session.
    InitialPasswordUsed = "initial_password_used", FORBIDDEN,
        "初始密码只能使用一次，已经失效；请点击“忘记密码”，用短信验证码设置新密码", "The initial password was good for one use; please choose \"Forgotten password\" and set one with a code by SMS";
    /// The password is older than the policy allows.
    PasswordTooOld = "password_too_old", FORBIDDEN,
        "密码已超过90天未修改，请先修改密码", "The password is older than 90 days; please change it first";
    /// There is no such session of this account.
    SessionNotFound = "session_not_found", NOT_FOUND,
        "未找到该登录会话，可能已经退出", "There is no such session; it may have ended";
    /// The second factor is on already, or there is none to be turned on or off.
    SecondFactorState = "second_factor_state", CONFLICT,
        "动态验证码的当前状态不允许此操作，请刷新页面后再试", "The second factor is not in a state for this; please reload the page";
    /// A code by SMS that is wrong, too old, used, or of another request; never told apart.
    WrongCode = "wrong_code", UNPROCESSABLE_ENTITY,
        "验证码错误或已失效，请核对后重试或重新获取", "The code is wrong or no longer valid; please check it or ask for a new one";
    /// No session of an applicant, or one that is over.
    NotIdentified = "not_identified", UNAUTHORIZED,
        "身份验证已过期，请重新获取短信验证码", "Your identity check has expired; please ask for a new code by SMS";
    /// No such application, or out of the reviewer's province; never told apart.
    ApplicationNotFound = "application_not_found", NOT_FOUND,
        "未找到该申请", "There is no such application";
    /// Somebody changed the application meanwhile.
    ApplicationChanged = "application_changed", CONFLICT,
        "资料已被修改，请刷新页面后再操作", "The application was changed meanwhile; please reload and look again";
    /// Not in this stage.
    NotInThisStage = "not_in_this_stage", CONFLICT,
        "当前审批状态下不能进行此操作", "This cannot be done in the present stage of the application";
    /// Not all three documents have passed for the current version of the form.
    ScansMissing = "scans_missing", CONFLICT,
        "请先上传全部盖章文件，并等待文件检查通过", "Please upload all stamped documents first and wait until they were checked";
    /// There is no document like that.
    ScanNotFound = "scan_not_found", NOT_FOUND,
        "未找到该文件", "There is no such document";
    /// Another reviewer was first.
    DecidedAlready = "decided_already", CONFLICT,
        "该申请已由其他审核员处理", "Another reviewer has decided on this application";
    /// The institution or the data manager's phone has an account already.
    RegisteredAlready = "registered_already", CONFLICT,
        "医疗机构或数据管理员手机号码已有账号，不能通过审核", "The institution or the data manager's phone has an account already; this cannot be approved";
    /// No such ICD code file, or another account's; never told apart.
    IcdFileNotFound = "icd_file_not_found", NOT_FOUND,
        "未找到该ICD编码文件", "There is no such ICD code file";
    /// More ICD code files, or more codes, than one hospital needs.
    TooManyIcdFiles = "too_many_icd_files", CONFLICT,
        "ICD编码文件过多，请先删除不再使用的编码文件", "There are too many ICD code files; please delete those no longer used first";
    /// No such death case, or another account's; never told apart.
    DeathCaseNotFound = "death_case_not_found", NOT_FOUND,
        "未找到该死亡病例记录", "There is no such death case";
    /// The medical record number has a death case.
    DeathCaseExists = "death_case_exists", CONFLICT,
        "该病案号已有死亡病例记录，请打开已有的记录，不要重复新增", "There is a death case with this medical record number; please open it instead of adding another";
    /// The sheet was saved by another browser.
    DeathCaseChanged = "death_case_changed", CONFLICT,
        "该记录已在其他窗口中保存，您的修改尚未保存；请查看最新内容后再保存", "The case was saved in another window and your changes were not; please look at it as it is now and save again";
    /// No such attachment, or it was deleted.
    AttachmentNotFound = "attachment_not_found", NOT_FOUND,
        "未找到该附件", "There is no such attachment";
    /// It was not looked at yet, or is not what it claims to be.
    AttachmentNotPassed = "attachment_not_passed", CONFLICT,
        "该附件尚未通过文件检查，不能下载", "This attachment has not passed the file check and cannot be downloaded";
    /// A case has as many attachments as it may have.
    TooManyAttachments = "too_many_attachments", CONFLICT,
        "该病例的附件数量已达上限，请将多页扫描件合并为一个 pdf 文件后上传", "The case has as many attachments as it may have; please join the pages in one pdf";
    /// More than can be given in one archive.
    ArchiveTooLarge = "archive_too_large", UNPROCESSABLE_ENTITY,
        "所选附件合计超过500M，请分几次下载", "The attachments chosen have more than 500 MB together; please download them in several parts";
    /// No material package was published yet.
    MaterialNotPublished = "material_not_published", NOT_FOUND,
        "资料包尚未发布，请稍后再来下载，或联系技术支持", "The material package is not published yet; please come back later, or ask support";
    /// More than one request carries, where the object store takes it.
    BatchTooLarge = "batch_too_large", PAYLOAD_TOO_LARGE,
        "数据超过单次请求的上限，请按 ticket 中的地址直接上传文件，或先登记上传（POST /api/v1/uploads）",
        "The data is more than one request carries; please put the file to the address in `ticket`, or register an upload (POST /api/v1/uploads)";
    /// An encoding of the body other than gzip.
    UnknownEncoding = "unknown_encoding", UNSUPPORTED_MEDIA_TYPE,
        "请求内容只能不压缩或使用 gzip 压缩", "The body may be sent as it is or compressed with gzip";
    /// The idempotency key was used for another request.
    KeyReused = "idempotency_key_reused", CONFLICT,
        "该幂等键（Idempotency-Key）已用于另一份数据，请为每份数据使用各自的键",
        "This Idempotency-Key was used for other data; please use a key of its own for each";
    /// Too many requests of one account.
    TooManyRequests = "too_many_requests", TOO_MANY_REQUESTS,
        "请求过于频繁，请稍后再试", "Too many requests; please try again later";
    /// No such machine's credential, or another account's; never told apart.
    MachineNotFound = "machine_not_found", NOT_FOUND,
        "未找到该前置机凭据", "There is no such credential of a front-end machine";
    /// As many credentials as an account may have.
    TooManyMachines = "too_many_machines", CONFLICT,
        "前置机凭据数量已达上限，请先停用不再使用的凭据",
        "The account has as many credentials of machines as it may have; please revoke one that is not used";
    /// No address was given to tell results to.
    NoWebhook = "no_webhook", NOT_FOUND,
        "尚未设置结果推送的接收地址", "There is no address to tell results to yet";
    /// Another request changed the address or its secret at the same moment.
    WebhookChanged = "webhook_changed", CONFLICT,
        "结果推送设置刚被修改，请刷新页面后再试", "The address or its secret was changed meanwhile; please reload and try again";
    /// More work came in than can be done; what was taken is not affected.
    Overloaded = "overloaded", TOO_MANY_REQUESTS,
        "系统当前接收的数据过多，本次请求未受理，请稍后再试；已接收的数据会继续处理",
        "More is coming in than can be handled; this request was not taken, please try again later. What was received is being worked on";
    /// Nothing more can be written.
    StorageFull = "storage_full", INSUFFICIENT_STORAGE,
        "系统存储空间不足，暂时不能接收新的内容，请稍后再试；已接收的数据不受影响",
        "The service is out of storage and takes nothing new for now, please try again later; what was received is safe";
    /// A part of the service does not answer.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE,
        "系统繁忙，请稍后再试", "The service is busy; please try again later";
    /// A defect of the service.
    Internal = "internal", INTERNAL_SERVER_ERROR,
        "系统出现异常，请稍后再试；若仍有问题请联系技术支持", "Something went wrong; please try again later, or ask support if it stays";
}

/// One line of the table of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorEntry {
    /// The error.
    pub error: ErrorCode,
    /// Its code in answers.
    pub code: &'static str,
    /// Its HTTP status.
    pub status: StatusCode,
    /// Chinese text.
    pub zh: &'static str,
    /// English text.
    pub en: &'static str,
}

impl ErrorCode {
    /// Its line of the table.
    pub fn entry(self) -> &'static ErrorEntry {
        // The table lists the variants in their own order.
        &ERRORS[self as usize]
    }
}

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Name of the field.
    pub field: String,
    /// Stable code.
    pub code: String,
    /// What is wrong and what would be right, Chinese.
    pub detail_zh: String,
    /// What is wrong and what would be right, English.
    pub detail_en: String,
}

impl FieldError {
    /// What is wrong with a field.
    pub fn new(field: &str, code: &str, zh: &str, en: &str) -> Self {
        Self {
            field: field.to_owned(),
            code: code.to_owned(),
            detail_zh: zh.to_owned(),
            detail_en: en.to_owned(),
        }
    }
}

/// An answer of kind `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `about:blank`: the code tells the kind.
    pub r#type: String,
    /// Chinese text.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Stable code.
    pub code: String,
    /// The same in Chinese.
    pub detail_zh: String,
    /// The same in English.
    pub detail_en: String,
    /// Fields that are not acceptable.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
    /// What the error's code does not say and a client can act on, e.g. the id of what is there already.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
}

/// An error on its way to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    code: ErrorCode,
    fields: Vec<FieldError>,
    facts: BTreeMap<String, String>,
    retry_after: Option<u64>,
}

impl ApiError {
    /// Fields that are not acceptable, all of them at once.
    pub fn fields(fields: Vec<FieldError>) -> Self {
        Self {
            fields,
            ..ErrorCode::InvalidFields.into()
        }
    }

    /// An error with what is to be said of single fields.
    pub fn with(code: ErrorCode, fields: Vec<FieldError>) -> Self {
        Self {
            fields,
            ..code.into()
        }
    }

    /// The error with a fact a client can act on.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl ToString) -> Self {
        self.facts.insert(name.to_owned(), value.to_string());
        self
    }

    /// An error that passes after some seconds.
    pub fn after(code: ErrorCode, seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds.max(1)),
            ..code.into()
        }
    }

    /// Asked or tried too often. Rounded up: a page that counts down must not end before the wait does.
    pub fn too_often(wait: SignedDuration) -> Self {
        let seconds = u64::try_from(wait.as_secs()).unwrap_or(0) + 1;
        Self::after(ErrorCode::TooManyAttempts, seconds)
    }

    /// A defect of the service: the cause goes to the log, not to the client.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "request failed: {cause}");
        ErrorCode::Internal.into()
    }

    /// The body of its answer, for answers that carry something beside it.
    pub fn problem(self) -> Problem {
        let entry = self.code.entry();
        Problem {
            r#type: "about:blank".to_owned(),
            title: entry.zh.to_owned(),
            status: entry.status.as_u16(),
            code: entry.code.to_owned(),
            detail_zh: entry.zh.to_owned(),
            detail_en: entry.en.to_owned(),
            fields: self.fields,
            facts: self.facts,
        }
    }

    /// Its code.
    pub fn code(&self) -> ErrorCode {
        self.code
    }
}

impl From<ErrorCode> for ApiError {
    fn from(code: ErrorCode) -> Self {
        Self {
            code,
            fields: Vec::new(),
            facts: BTreeMap::new(),
            retry_after: None,
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Malformed { .. } | StoreError::NotFound => Self::internal(error),
            // The text names the call and the server's answer, no values.
            StoreError::Conflict
            | StoreError::Unavailable { .. }
            | StoreError::Unprocessed { .. } => {
                tracing::warn!(cause = %error, "storage does not answer: {error}");
                Self::after(ErrorCode::Unavailable, 2)
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (entry, retry_after) = (self.code.entry(), self.retry_after);
        let problem = self.problem();
        let mut response = (entry.status, axum::Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json; charset=utf-8"),
        );
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_error_has_its_own_code_and_both_texts() {
        let codes: BTreeSet<&str> = ERRORS.iter().map(|entry| entry.code).collect();
        assert_eq!(codes.len(), ERRORS.len());
        for entry in ERRORS {
            assert_eq!(entry.error.entry(), entry);
            assert!(!entry.zh.is_ascii(), "{}", entry.code);
            assert!(
                entry.en.is_ascii() && !entry.en.is_empty(),
                "{}",
                entry.code
            );
            assert!(entry.status.as_u16() >= 400);
        }
    }

    #[test]
    fn answers_are_problems_with_both_languages() {
        let response = ApiError::after(ErrorCode::TooManyAttempts, 0).into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[RETRY_AFTER], "1");
        assert_eq!(
            response.headers()[CONTENT_TYPE],
            "application/problem+json; charset=utf-8"
        );
    }
}
