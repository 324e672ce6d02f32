//! Policies name keys that there are, and are weighed rightly. Under them run all flow tests; what they needed of them is
//! compared in `tests/permissions`.

use std::collections::BTreeSet;

use super::file;
use super::policy::{Call, Policy, matches};
use super::read::Template;

/// What partition keys begin with, by the one place that makes them.
fn families() -> BTreeSet<String> {
    let source = file("shared/store/src/keys.rs");
    let code = source.split("#[cfg(test)]").next().unwrap();
    // The table at its head has a column of partition keys.
    let rows = code.lines().filter_map(|line| line.strip_prefix("//! | "));
    let cells = rows.filter_map(|row| row.split(" | ").nth(1));
    let keys = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    // The index is named there too, in small letters.
    keys.filter(|key| key.starts_with(|letter: char| letter.is_ascii_uppercase()))
        .map(|key| key.split_inclusive('#').next().unwrap().to_owned())
        .collect()
}

#[test]
fn policies_name_keys_that_there_are_and_each_key_is_somebodys() {
    let families = families();
    assert!(
        families.contains("ACCOUNT#") && families.contains("PENDING#"),
        "{families:?}"
    );
    let mut named = BTreeSet::new();
    for (function, policy) in Policy::all(&Template::read()) {
        for statement in &policy.0 {
            for condition in &statement.conditions {
                if condition.key != "dynamodb:LeadingKeys" {
                    continue;
                }
                for pattern in &condition.patterns {
                    let family = pattern.split_inclusive('#').next().unwrap();
                    assert!(
                        families.contains(family),
                        "{function}: no key begins with {pattern}"
                    );
                    named.insert(family.to_owned());
                }
            }
            let on_table = statement
                .resources
                .iter()
                .any(|it| it.starts_with("${DataTable.Arn}"));
            assert!(
                !on_table || !statement.conditions.is_empty(),
                "{function} may touch every item of the table"
            );
            for resource in &statement.resources {
                assert!(
                    !resource.starts_with("${DataBucket.Arn}/*"),
                    "{function} may touch every object"
                );
            }
        }
    }
    assert_eq!(named, families, "left: policies, right: keys.rs");
}

#[test]
fn policies_are_weighed_as_iam_does() {
    let template = Template::of(
        r"
Parameters: {From: {Default: a@b.cn}}
Resources:
  One:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub ${AWS::StackName}-one
      Policies:
        - Statement:
            - Effect: Allow
              Action: [dynamodb:GetItem, dynamodb:BatchWriteItem]
              Resource: !GetAtt DataTable.Arn
              Condition: {'ForAllValues:StringLike': {'dynamodb:LeadingKeys': ['A#*', 'B#*']}}
            - {Effect: Allow, Action: 's3:GetObject', Resource: !Sub '${DataBucket.Arn}/x/*'}
            - {Effect: Deny, Action: 's3:*', Resource: !Sub '${DataBucket.Arn}/x/secret*'}
            - Effect: Allow
              Action: ses:SendEmail
              Resource: '*'
              Condition: {StringEquals: {'ses:FromAddress': !Ref From}}
",
    );
    let policy = Policy::of(&template, &template.functions()[0]);
    let keys = |action: &str, keys: &[&str]| {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        policy.allows(&Call::new(action, "${DataTable.Arn}").with("dynamodb:LeadingKeys", keys))
    };
    assert!(keys("dynamodb:GetItem", &["A#1"]));
    assert!(!keys("dynamodb:PutItem", &["A#1"]));
    assert!(!keys("dynamodb:GetItem", &["C#1"]));
    assert!(keys("dynamodb:BatchWriteItem", &["A#1", "B#2"]));
    assert!(
        !keys("dynamodb:BatchWriteItem", &["A#1", "C#2"]),
        "one key too many"
    );
    let index = Call::new("dynamodb:GetItem", "${DataTable.Arn}/index/pending");
    assert!(!policy.allows(&index), "another resource");
    let object = |key: &str| {
        policy.allows(&Call::new(
            "s3:GetObject",
            format!("${{DataBucket.Arn}}/{key}"),
        ))
    };
    assert!(object("x/1") && !object("y/1"));
    assert!(!object("x/secret"), "a denial beats what is allowed");
    let mail = |from: &str| {
        let call =
            Call::new("ses:SendEmail", "arn:x").with("ses:FromAddress", vec![from.to_owned()]);
        policy.allows(&call)
    };
    assert!(mail("a@b.cn") && !mail("c@b.cn"));
    assert!(
        !policy.allows(&Call::new("ses:SendEmail", "arn:x")),
        "a condition without a value"
    );
}

#[test]
fn the_bucket_takes_what_is_uploaded_once_and_never_again() {
    let bucket = Policy::of_bucket(&Template::read());
    let put = |key: &str| Call::new("s3:PutObject", format!("${{DataBucket.Arn}}/{key}"));
    let once = vec!["*".to_owned()];
    assert!(bucket.denies(&put("incoming/data/x")), "written over");
    assert!(!bucket.denies(&put("incoming/data/x").with("s3:if-none-match", once)));
    assert!(!bucket.denies(&put("reports/x")));
}

#[test]
fn patterns_stand_for_anything_or_one_letter() {
    assert!(matches("a*c", "abbc") && matches("a*c", "ac") && matches("*", ""));
    assert!(matches("a?c", "abc") && !matches("a?c", "ac"));
    assert!(!matches("ACCOUNT#*", "ACCOUNTS#1"));
}
