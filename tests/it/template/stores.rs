//! Table and bucket are what the code makes of them on one machine.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::KeySchemaElement;
use domain::{AccountId, IcdFileId, Sha256, Upload, UploadId};
use jiff::Timestamp;
use serde_yaml::Value;
use store::keys;

use super::file;
use super::read::{Template, text, texts};
use crate::faults::Faults;
use crate::stage::Stage;

#[tokio::test]
async fn the_table_is_the_one_the_code_makes() {
    let stage = Stage::set().await;
    let dynamodb = stage.clients(&Faults::none()).await.dynamodb;
    let made = dynamodb
        .describe_table()
        .table_name(stage.table())
        .send()
        .await
        .unwrap();
    let made = made.table.unwrap();
    let template = Template::read();
    let declared = template.resource("DataTable");

    let schema = |schema: &[KeySchemaElement]| -> Vec<(String, String)> {
        let keys = schema.iter();
        keys.map(|key| (key.attribute_name.clone(), key.key_type.as_str().to_owned()))
            .collect()
    };
    assert_eq!(keys_of(&declared["KeySchema"]), schema(made.key_schema()));
    let attributes: BTreeSet<(String, String)> = made
        .attribute_definitions()
        .iter()
        .map(|it| {
            (
                it.attribute_name.clone(),
                it.attribute_type.as_str().to_owned(),
            )
        })
        .collect();
    let declared_attributes: BTreeSet<(String, String)> = each(&declared["AttributeDefinitions"])
        .map(|it| (text(&it["AttributeName"]), text(&it["AttributeType"])))
        .collect();
    assert_eq!(declared_attributes, attributes);
    let indexes: BTreeMap<String, (Vec<(String, String)>, String)> = made
        .global_secondary_indexes()
        .iter()
        .map(|it| {
            let projection = it.projection().unwrap().projection_type().unwrap();
            let name = it.index_name().unwrap().to_owned();
            (
                name,
                (schema(it.key_schema()), projection.as_str().to_owned()),
            )
        })
        .collect();
    let declared_indexes = each(&declared["GlobalSecondaryIndexes"])
        .map(|it| {
            let projection = text(&it["Projection"]["ProjectionType"]);
            (
                text(&it["IndexName"]),
                (keys_of(&it["KeySchema"]), projection),
            )
        })
        .collect();
    assert_eq!(indexes, declared_indexes);
    assert_eq!(text(&declared["BillingMode"]), "PAY_PER_REQUEST");

    let expiry = dynamodb
        .describe_time_to_live()
        .table_name(stage.table())
        .send()
        .await
        .unwrap();
    let expiry = expiry.time_to_live_description.unwrap();
    let declared = &declared["TimeToLiveSpecification"];
    assert_eq!(
        text(&declared["AttributeName"]),
        expiry.attribute_name().unwrap()
    );
    assert_eq!(text(&declared["Enabled"]), "true");
}

#[test]
fn the_table_can_be_restored_and_is_never_lost() {
    let template = Template::read();
    let table = template.resource("DataTable");
    assert_eq!(
        text(&table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]),
        "true"
    );
    assert_eq!(
        text(&table["SSESpecification"]["KMSMasterKeyId"]),
        "${DataKey.Arn}"
    );
    for id in ["DataTable", "DataBucket", "DataKey"] {
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
            assert_eq!(
                text(template.at(&["Resources", id, policy])),
                "Retain",
                "{id}"
            );
        }
    }
}

#[test]
fn the_bucket_is_private_versioned_and_encrypted() {
    let template = Template::read();
    let bucket = template.resource("DataBucket");
    for block in [
        "BlockPublicAcls",
        "BlockPublicPolicy",
        "IgnorePublicAcls",
        "RestrictPublicBuckets",
    ] {
        assert_eq!(
            text(&bucket["PublicAccessBlockConfiguration"][block]),
            "true",
            "{block}"
        );
    }
    assert_eq!(
        text(&bucket["VersioningConfiguration"]["Status"]),
        "Enabled"
    );
    let encryption = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
    let encryption = &encryption["ServerSideEncryptionByDefault"];
    assert_eq!(text(&encryption["SSEAlgorithm"]), "aws:kms");
    assert_eq!(text(&encryption["KMSMasterKeyID"]), "${DataKey.Arn}");
}

#[tokio::test]
async fn browsers_of_the_portal_may_send_exactly_what_is_signed() {
    let stage = Stage::set().await;
    let files = stage.clients(&Faults::none()).await.files;
    let put = files
        .presign_put_of("incoming/data/x", 1, &Sha256::of(b"x"))
        .await
        .unwrap();
    let signed: BTreeSet<String> = put
        .headers
        .into_iter()
        .map(|(name, _)| name.to_lowercase())
        .collect();
    let template = Template::read();
    let rules = &template.resource("DataBucket")["CorsConfiguration"]["CorsRules"];
    assert_eq!(each(rules).count(), 1);
    let rule = &rules[0];
    assert_eq!(texts(&rule["AllowedOrigins"]), ["${PortalOrigin}"]);
    assert_eq!(texts(&rule["AllowedMethods"]), ["PUT", "GET", "HEAD"]);
    let allowed: BTreeSet<String> = texts(&rule["AllowedHeaders"]).into_iter().collect();
    // Browsers name host and length by themselves, and the type of a file when it has one.
    let by_the_page = signed
        .iter()
        .filter(|name| !["host", "content-length"].contains(&name.as_str()));
    let mut needed: BTreeSet<String> = by_the_page.cloned().collect();
    needed.insert("content-type".to_owned());
    assert_eq!(allowed, needed, "left: template, right: signed");
}

/// Beginnings of the keys of all objects, and how long what is there is kept.
fn kept() -> BTreeMap<&'static str, Kept> {
    use Kept::{Days, For};
    BTreeMap::from([
        ("incoming/data/", Days("${RawDays}")),
        ("incoming/scan/", For("proof of who was authorised")),
        (
            "incoming/attachment/",
            For("the death case is erased by its hospital"),
        ),
        (
            "incoming/icd/",
            For("proof of what a hospital's codes were"),
        ),
        ("records/", For("the purpose of the service")),
        (
            "codes/",
            For("uploads judged with them are judged with them again"),
        ),
        ("reports/", Days("1")),
        ("archives/", Days("1")),
        ("material/", For("replaced by hand")),
        ("videos/", For("replaced by hand")),
    ])
}

enum Kept {
    /// By a rule of the bucket.
    Days(&'static str),
    /// No rule deletes it, for this reason.
    For(#[expect(dead_code, reason = "to be read in the source")] &'static str),
}

#[test]
fn objects_go_when_they_should_and_no_others() {
    let template = Template::read();
    let rules = &template.resource("DataBucket")["LifecycleConfiguration"]["Rules"];
    let mut declared = BTreeMap::new();
    for rule in each(rules) {
        assert_eq!(text(&rule["Status"]), "Enabled");
        match (&rule["Prefix"], &rule["ExpirationInDays"]) {
            (Value::Null, days) => assert!(days.is_null(), "a rule for everything deletes"),
            (prefix, days) => {
                declared.insert(text(prefix), text(days));
            }
        }
    }
    let kept = kept();
    let expected: BTreeMap<String, String> = kept
        .iter()
        .filter_map(|(prefix, kept)| match kept {
            Kept::Days(days) => Some(((*prefix).to_owned(), (*days).to_owned())),
            Kept::For(_) => None,
        })
        .collect();
    assert_eq!(declared, expected, "left: template, right: {}", file!());

    // What the code writes is known here.
    let (account, upload, digest) = (AccountId::random(), UploadId::new(1), Sha256::of(b"x"));
    let known = |key: &str| kept.keys().any(|prefix| key.starts_with(prefix));
    for key in [
        keys::segment_object(&account, "flu", &upload, 1),
        keys::report_object(&account, &upload, 1, "x.csv"),
        keys::codes_object(&account, &IcdFileId::new(Timestamp::UNIX_EPOCH), 1),
        keys::material_package(&digest),
        keys::video_object("a.mp4"),
    ] {
        assert!(known(&key), "{key}");
    }
    let source = file("shared/store/src/keys.rs");
    let code = source.split("#[cfg(test)]").next().unwrap();
    let beginnings: BTreeSet<&str> = code
        .split('"')
        .filter(|piece| {
            let (first, _) = piece.split_once('/').unwrap_or_default();
            !first.is_empty() && first.bytes().all(|it| it.is_ascii_lowercase())
        })
        .collect();
    assert!(beginnings.len() > 5, "{beginnings:?}");
    for beginning in beginnings {
        // Or a folder of such.
        let holds = || kept.keys().any(|prefix| prefix.starts_with(beginning));
        assert!(
            known(beginning) || holds(),
            "how long is {beginning} kept? say it in {}",
            file!()
        );
    }
}

#[test]
fn signed_addresses_are_refused_once_they_are_older_than_the_code_lets_them_be() {
    let template = Template::read();
    let statements = &template.resource("DataBucketPolicy")["PolicyDocument"]["Statement"];
    let age = |sid: &str| {
        let found = each(statements).find(|it| text(&it["Sid"]) == sid).unwrap();
        assert_eq!(text(&found["Effect"]), "Deny");
        text(&found["Condition"]["NumericGreaterThan"]["s3:signatureAge"])
    };
    assert_eq!(
        age("FreshSignaturesOnly"),
        Upload::URL_LIFE.as_millis().to_string()
    );
    // As `Files::presign_media` signs tutorials.
    assert_eq!(
        age("FreshSignaturesOfVideos"),
        (2 * 60 * 60 * 1000).to_string()
    );
}

fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_sequence().unwrap().iter()
}

fn keys_of(value: &Value) -> Vec<(String, String)> {
    each(value)
        .map(|key| (text(&key["AttributeName"]), text(&key["KeyType"])))
        .collect()
}
