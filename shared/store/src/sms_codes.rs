//! 短信验证码: one live code for a purpose and a phone, and how many may be asked for.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::notice::Notice;
use domain::sms_code::{CODE_LIFETIME, CodePurpose, CodeTry, RESEND_AFTER, SmsCode};
use jiff::{SignedDuration, Timestamp};
use metrics::Metric;

use crate::attempts::{Allowed, Quota, pass, spend};
use crate::keys;
use crate::table::{expire, number, put_if, text, write};
use crate::{Store, StoreError, Transaction, notices};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Codes to one address in a minute; behind one sits a whole hospital, not a whole country.
pub const ADDRESS_MINUTE: Quota = Quota {
    what: "SMS_ADDRESS_MINUTE",
    most: 5,
    per: SignedDuration::from_mins(1),
};

/// Codes to one address in a day.
pub const ADDRESS_DAY: Quota = Quota {
    what: "SMS_ADDRESS_DAY",
    most: 50,
    per: DAY,
};

/// Codes to one phone in a day: with five tries each, one in 20,000 for who guesses all day.
pub const PHONE_DAY: Quota = Quota {
    what: "SMS_PHONE_DAY",
    most: 10,
    per: DAY,
};

/// Codes to all phones in a day. Text messages cost money, and who has addresses and phones without number is stopped here.
pub const ALL_DAY: Quota = Quota {
    what: "SMS_ALL_DAY",
    most: 20_000,
    per: DAY,
};

/// Counts a request for a code, and only then allows it: one a minute for a phone, so many a day for phone, address and all
/// together. The address comes first, so that it cannot use up the share of phones beyond its own.
///
/// # Errors
/// When the table cannot be reached; then nothing is sent, rather than anything uncounted.
pub async fn allow(
    store: &Store,
    phone: &str,
    address: &str,
    now: Timestamp,
) -> Result<Allowed, StoreError> {
    for quota in [ADDRESS_MINUTE, ADDRESS_DAY] {
        if let wait @ Allowed::After(_) = spend(store, quota, address, now).await? {
            return Ok(wait);
        }
    }
    if let wait @ Allowed::After(_) = allow_phone(store, phone, now).await? {
        return Ok(wait);
    }
    let all = spend(store, ALL_DAY, "", now).await?;
    if all != Allowed::Yes {
        tracing::error!("no more codes today: the budget of text messages is used up");
        metrics::record(&[(Metric::CodesOverBudget, 1)]);
    }
    Ok(all)
}

/// Counts a code for a phone alone.
///
/// # Errors
/// When the table cannot be reached.
pub async fn allow_phone(
    store: &Store,
    phone: &str,
    now: Timestamp,
) -> Result<Allowed, StoreError> {
    match pass(store, "SMS_PHONE", phone, RESEND_AFTER, now).await? {
        Allowed::Yes => spend(store, PHONE_DAY, phone, now).await,
        wait => Ok(wait),
    }
}

/// Keeps a code and puts its message into the outbox, both or neither. An earlier code of the purpose is void from then on.
///
/// # Errors
/// When the table cannot be written.
pub async fn issue(
    store: &Store,
    code: &SmsCode,
    message: &Notice,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut transaction = Transaction::new();
    transaction.add("code", write_code(store, code, now)?);
    transaction.add("notice", notices::write(store, message)?);
    transaction.settle(store).await
}

/// The code as part of a transaction; it takes the place of an earlier one.
pub(crate) fn write_code(
    store: &Store,
    code: &SmsCode,
    now: Timestamp,
) -> Result<TransactWriteItem, StoreError> {
    let mut item = write(keys::code(code.purpose, &code.phone), code, "code")?;
    expire(&mut item, now, CODE_LIFETIME);
    // Whatever stood there is over, so there is no condition but one that always holds.
    put_if(
        store,
        item,
        "attribute_not_exists(#request) OR #request <> :request",
        &[("#request", "request")],
        &[(":request", text(&code.request))],
    )
}

/// Tries a code, which is used up if it is right. The try is stored before its result is known to anybody: of a thousand at
/// once five are compared.
///
/// # Errors
/// When the table cannot be reached.
pub async fn attempt(
    store: &Store,
    purpose: CodePurpose,
    phone: &str,
    request: &str,
    digits: &str,
    now: Timestamp,
) -> Result<CodeTry, StoreError> {
    let how = |code: &mut SmsCode| code.attempt(purpose, request, digits, now);
    attempt_how(store, purpose, phone, now, how).await
}

/// Tries a code and leaves it if it is right; see [`SmsCode::look`].
///
/// # Errors
/// When the table cannot be reached.
pub async fn look(
    store: &Store,
    purpose: CodePurpose,
    phone: &str,
    request: &str,
    digits: &str,
    now: Timestamp,
) -> Result<CodeTry, StoreError> {
    let how = |code: &mut SmsCode| code.look(purpose, request, digits, now);
    attempt_how(store, purpose, phone, now, how).await
}

async fn attempt_how(
    store: &Store,
    purpose: CodePurpose,
    phone: &str,
    now: Timestamp,
    how: impl Fn(&mut SmsCode) -> CodeTry,
) -> Result<CodeTry, StoreError> {
    // Each round another try of the same code was first; there are only five in all.
    for _ in 0..=domain::sms_code::CODE_ATTEMPTS {
        let stored: Option<SmsCode> = store.get(keys::code(purpose, phone), "code").await?;
        let Some(mut code) = stored else {
            return Ok(CodeTry::Void);
        };
        let left = code.attempts_left;
        let result = how(&mut code);
        if result == CodeTry::Void {
            return Ok(result);
        }
        let mut item = write(keys::code(purpose, phone), &code, "code")?;
        expire(&mut item, now, CODE_LIFETIME);
        let answer = store
            .client
            .put_item()
            .table_name(&store.table)
            .set_item(Some(item))
            .condition_expression("attempts_left = :left AND #request = :request")
            .expression_attribute_names("#request", "request")
            .expression_attribute_values(":left", number(left))
            .expression_attribute_values(":request", text(&code.request))
            .send()
            .await
            .map_err(StoreError::call("PutItem"));
        match answer {
            Ok(_) => return Ok(result),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(CodeTry::Void)
}
