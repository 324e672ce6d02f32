//! What a request of an SDK asks leave for.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::Value;

use super::policy::Call;

const TABLE: &str = "${DataTable.Arn}";
const INDEX: &str = "${DataTable.Arn}/index/";
const BUCKET: &str = "${DataBucket.Arn}";
const KEYS: &str = "dynamodb:LeadingKeys";

/// What AWS weighs one by one before it does anything.
pub fn calls(request: &HttpRequest) -> Vec<Call> {
    let body = request.body().bytes().unwrap_or_default();
    if let Some(target) = request.headers().get("x-amz-target") {
        let action = target.rsplit('.').next().unwrap();
        return of_table(action, &serde_json::from_slice(body).unwrap());
    }
    let uri = request.uri();
    if uri.contains("/v2/email/outbound-emails") {
        return vec![of_mail(&serde_json::from_slice(body).unwrap())];
    }
    if body.starts_with(b"Action=") {
        return vec![of_sms(std::str::from_utf8(body).unwrap())];
    }
    let call = of_bucket(request.method(), uri);
    vec![match request.headers().get("if-none-match") {
        Some(value) => call.with("s3:if-none-match", vec![value.to_owned()]),
        None => call,
    }]
}

fn of_table(action: &str, body: &Value) -> Vec<Call> {
    let one = |action: &str, item: &Value| {
        Call::new(&format!("dynamodb:{action}"), TABLE).with(KEYS, vec![partition(item)])
    };
    let many = |items: Vec<&Value>| {
        let keys = items.into_iter().map(partition).collect();
        vec![Call::new(&format!("dynamodb:{action}"), TABLE).with(KEYS, keys)]
    };
    let items = |name: &str| body[name].as_array().unwrap();
    // Every request names one table.
    let requested = || {
        body["RequestItems"]
            .as_object()
            .unwrap()
            .values()
            .next()
            .unwrap()
    };
    match action {
        "GetItem" | "UpdateItem" | "DeleteItem" => vec![one(action, &body["Key"])],
        "PutItem" => vec![one(action, &body["Item"])],
        "Query" => vec![of_query(body)],
        // Weighed item by item, each as the action it is.
        "TransactWriteItems" => items("TransactItems")
            .iter()
            .map(|item| {
                let (kind, item) = item.as_object().unwrap().iter().next().unwrap();
                match kind.as_str() {
                    "Put" => one("PutItem", &item["Item"]),
                    "Update" => one("UpdateItem", &item["Key"]),
                    "Delete" => one("DeleteItem", &item["Key"]),
                    "ConditionCheck" => one("ConditionCheckItem", &item["Key"]),
                    kind => panic!("unknown part of a transaction: {kind}"),
                }
            })
            .collect(),
        "TransactGetItems" => items("TransactItems")
            .iter()
            .map(|item| one("GetItem", &item["Get"]["Key"]))
            .collect(),
        "BatchGetItem" => many(requested()["Keys"].as_array().unwrap().iter().collect()),
        "BatchWriteItem" => many(
            requested()
                .as_array()
                .unwrap()
                .iter()
                .map(|item| match &item["PutRequest"] {
                    Value::Null => &item["DeleteRequest"]["Key"],
                    put => &put["Item"],
                })
                .collect(),
        ),
        other => vec![Call::new(&format!("dynamodb:{other}"), TABLE)],
    }
}

fn partition(item: &Value) -> String {
    item["pk"]["S"].as_str().unwrap().to_owned()
}

/// The partition a query asks for stands in its condition, by placeholders.
fn of_query(body: &Value) -> Call {
    let condition = body["KeyConditionExpression"].as_str().unwrap();
    let equal = condition
        .split(" AND ")
        .find_map(|part| part.split_once(" = "));
    let (name, value) = equal.unwrap_or_else(|| panic!("no partition in {condition}"));
    let name = body["ExpressionAttributeNames"][name.trim()]
        .as_str()
        .unwrap_or(name);
    let value = &body["ExpressionAttributeValues"][value.trim()]["S"];
    let resource = match body["IndexName"].as_str() {
        None => {
            assert_eq!(name, "pk");
            TABLE.to_owned()
        }
        Some(index) => {
            assert_eq!(name, format!("{index}_pk"));
            format!("{INDEX}{index}")
        }
    };
    Call::new("dynamodb:Query", resource).with(KEYS, vec![value.as_str().unwrap().to_owned()])
}

/// Objects are asked for by path: `/bucket/key`.
fn of_bucket(method: &str, uri: &str) -> Call {
    let (address, query) = uri.split_once('?').unwrap_or((uri, ""));
    let path = match address.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => address.trim_start_matches('/'),
    };
    let parameter = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(key, _)| *key == name)
            .map(|(_, value)| plain(value))
    };
    let key = path.split_once('/').map_or("", |(_, key)| key);
    if key.is_empty() {
        let prefix = parameter("prefix").into_iter().collect();
        return match method {
            "GET" => Call::new("s3:ListBucket", BUCKET).with("s3:prefix", prefix),
            method => panic!("{method} of a bucket"),
        };
    }
    let versioned = parameter("versionId").is_some();
    let action = match (method, versioned) {
        ("GET" | "HEAD", false) => "s3:GetObject",
        ("GET" | "HEAD", true) => "s3:GetObjectVersion",
        ("PUT", _) => "s3:PutObject",
        ("DELETE", false) => "s3:DeleteObject",
        ("DELETE", true) => "s3:DeleteObjectVersion",
        (method, _) => panic!("{method} of an object"),
    };
    Call::new(action, format!("{BUCKET}/{}", plain(key)))
}

/// Without leave to list, S3 answers 403 where there is nothing under a key, and nobody learns that there is none.
pub fn to_learn_of_absence() -> Call {
    Call::new("s3:ListBucket", BUCKET)
}

fn of_mail(body: &Value) -> Call {
    let from = body["FromEmailAddress"].as_str().unwrap();
    let domain = from.rsplit('@').next().unwrap();
    let identity = format!(
        "arn:${{AWS::Partition}}:ses:${{MailRegion}}:${{AWS::AccountId}}:identity/{domain}"
    );
    Call::new("ses:SendEmail", identity).with("ses:FromAddress", vec![from.to_owned()])
}

fn of_sms(body: &str) -> Call {
    let fields: Vec<(&str, &str)> = body
        .split('&')
        .filter_map(|it| it.split_once('='))
        .collect();
    let field = |name: &str| {
        fields
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| *value)
    };
    // A text message has no resource of its own.
    let resource = field("TopicArn").map_or_else(|| "phone".to_owned(), plain);
    Call::new(&format!("sns:{}", field("Action").unwrap()), resource)
}

/// Without percent signs.
fn plain(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                bytes.extend(hex::decode(digits).unwrap());
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap()
}
