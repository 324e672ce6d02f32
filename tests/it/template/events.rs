//! What makes functions run that nobody calls: objects, the clock, the table's stream.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml::Value;
use store::keys;

use super::read::{Template, text, texts};
use crate::world::World;

/// Logical id of a function to its name.
fn name_of(template: &Template, reference: &Value) -> String {
    let logical = text(reference);
    let logical = logical.trim_start_matches("${").trim_end_matches('}');
    let function = template
        .functions()
        .into_iter()
        .find(|it| it.logical == logical);
    function
        .unwrap_or_else(|| panic!("{logical} is no function"))
        .name()
}

/// Queues with the functions that read them.
fn readers(template: &Template) -> BTreeMap<String, String> {
    let mappings = template.resources("AWS::Lambda::EventSourceMapping");
    mappings
        .into_iter()
        .map(|(_, it)| {
            (
                text(&it["EventSourceArn"]),
                name_of(template, &it["FunctionName"]),
            )
        })
        .collect()
}

#[test]
fn objects_run_the_functions_they_run_on_one_machine() {
    let template = Template::read();
    let readers = readers(&template);
    let bucket = &template.resource("DataBucket")["NotificationConfiguration"];
    let mut deployed = BTreeSet::new();
    for it in bucket["QueueConfigurations"].as_sequence().unwrap() {
        assert_eq!(text(&it["Event"]), "s3:ObjectCreated:*");
        let rule = &it["Filter"]["S3Key"]["Rules"][0];
        assert_eq!(text(&rule["Name"]), "prefix");
        let queue = text(&it["Queue"]);
        deployed.insert((readers[&queue].clone(), text(&rule["Value"])));
    }
    let on_object = World::shared().service.on_object();
    let local: BTreeSet<(String, String)> = on_object
        .iter()
        .map(|(function, prefix)| ((*function).to_owned(), (*prefix).to_owned()))
        .collect();
    assert_eq!(
        deployed, local,
        "left: template, right: infra/programs/local"
    );
}

#[test]
fn the_clock_runs_the_functions_it_runs_on_one_machine() {
    let template = Template::read();
    let mut deployed = BTreeSet::new();
    for function in template.functions() {
        let events = function.properties["Events"].as_mapping();
        for (_, event) in events.into_iter().flatten() {
            assert_eq!(
                text(&event["Type"]),
                "Schedule",
                "other events are resources of their own"
            );
            let schedule = text(&event["Properties"]["Schedule"]);
            assert!(
                schedule.starts_with("rate(") || schedule.starts_with("cron("),
                "{schedule}"
            );
            deployed.insert(function.name());
        }
    }
    let on_schedule = World::shared().service.on_schedule();
    let local: BTreeSet<String> = on_schedule.iter().map(|it| (*it).to_owned()).collect();
    assert_eq!(
        deployed, local,
        "left: template, right: infra/programs/local"
    );
}

#[test]
fn what_fails_comes_back_and_is_put_aside_in_the_end() {
    let template = Template::read();
    for (id, mapping) in template.resources("AWS::Lambda::EventSourceMapping") {
        assert_eq!(
            texts(&mapping["FunctionResponseTypes"]),
            ["ReportBatchItemFailures"],
            "{id}"
        );
        let logical = text(&mapping["FunctionName"]);
        let logical = logical.trim_start_matches("${").trim_end_matches('}');
        let timeout = template.resource(logical)["Timeout"].as_u64().unwrap();
        let source = text(&mapping["EventSourceArn"]);
        let Some(queue) = source
            .strip_prefix("${")
            .and_then(|it| it.strip_suffix(".Arn}"))
        else {
            continue;
        };
        let queue = template.resource(queue);
        let hidden = queue["VisibilityTimeout"].as_u64().unwrap();
        assert!(
            hidden >= 6 * timeout,
            "{id}: hidden for {hidden} s, the function may take {timeout} s"
        );
        let redrive = &queue["RedrivePolicy"];
        assert!(redrive["maxReceiveCount"].as_u64().unwrap() >= 3, "{id}");
        let aside = text(&redrive["deadLetterTargetArn"]);
        let aside = aside.trim_start_matches("${").trim_end_matches(".Arn}");
        // As long as SQS keeps anything.
        assert_eq!(
            template.resource(aside)["MessageRetentionPeriod"],
            1_209_600,
            "{aside}"
        );
        let most = template.number(&mapping["ScalingConfig"]["MaximumConcurrency"]);
        let reserved = template.number(&template.resource(logical)["ReservedConcurrentExecutions"]);
        assert!(
            most <= reserved,
            "{id}: {most} at once, {reserved} reserved"
        );
    }
}

#[test]
fn the_stream_tells_of_notices_and_deliveries_by_their_keys() {
    let template = Template::read();
    let stream = &template.resource("DataTable")["StreamSpecification"];
    assert_eq!(text(&stream["StreamViewType"]), "KEYS_ONLY");
    for (mapping, function, pk, sk, aside) in [
        (
            "NoticesEvents",
            "send-notice",
            keys::NOTICE_PREFIX,
            None,
            "${NoticesDeadLetters.Arn}",
        ),
        (
            "WebhooksEvents",
            "deliver-webhook",
            keys::WEBHOOK_PREFIX,
            Some(keys::DELIVERY_PREFIX),
            "${WebhooksDeadLetters.Arn}",
        ),
    ] {
        let mapping = template.resource(mapping);
        assert_eq!(text(&mapping["EventSourceArn"]), "${DataTable.StreamArn}");
        assert_eq!(name_of(&template, &mapping["FunctionName"]), function);
        let filter = text(&mapping["FilterCriteria"]["Filters"][0]["Pattern"]);
        let filter: serde_json::Value = serde_json::from_str(&filter).unwrap();
        let prefix = |name: &str| filter["dynamodb"]["Keys"][name]["S"][0]["prefix"].as_str();
        assert_eq!(prefix(keys::PK), Some(pk), "{function}");
        assert_eq!(prefix(keys::SK), sk, "{function}");
        let destination = text(&mapping["DestinationConfig"]["OnFailure"]["Destination"]);
        assert_eq!(destination, aside);
    }
}
