//! Alarms, dashboard, metrics and runbook tell of the same things.

use std::collections::BTreeSet;

use metrics::Metric;
use serde_json::Value as Json;
use serde_yaml::Value;

use super::file;
use super::read::{Template, text, texts};

const OWN: &str = "${AWS::StackName}";

/// What an alarm looks at: namespace, metric, dimensions' values.
fn watched(alarm: &Value) -> Vec<(String, String, Vec<String>)> {
    let one = |metric: &Value| {
        let dimensions = metric["Dimensions"].as_sequence().into_iter().flatten();
        let dimensions = dimensions.map(|it| text(&it["Value"])).collect();
        (
            text(&metric["Namespace"]),
            text(&metric["MetricName"]),
            dimensions,
        )
    };
    match alarm["Metrics"].as_sequence() {
        Some(metrics) => metrics
            .iter()
            .filter(|it| !it["MetricStat"].is_null())
            .map(|it| one(&it["MetricStat"]["Metric"]))
            .collect(),
        None => vec![one(alarm)],
    }
}

#[test]
fn every_alarm_has_its_page_in_the_runbook_and_every_page_its_alarm() {
    let template = Template::read();
    let mut names = BTreeSet::new();
    for (id, alarm) in template.resources("AWS::CloudWatch::Alarm") {
        let name = text(&alarm["AlarmName"]);
        names.insert(name.strip_prefix("${AWS::StackName}-").unwrap().to_owned());
        assert_eq!(texts(&alarm["AlarmActions"]), ["${AlarmTopic}"], "{id}");
        assert_eq!(texts(&alarm["OKActions"]), ["${AlarmTopic}"], "{id}");
        assert!(!text(&alarm["AlarmDescription"]).is_empty(), "{id}");
    }
    let runbook = file("docs/runbook.md");
    let pages = runbook.lines().filter_map(|line| line.strip_prefix("## "));
    let pages: BTreeSet<String> = pages.map(str::to_owned).collect();
    assert_eq!(names, pages, "left: template, right: docs/runbook.md");
}

#[test]
fn every_metric_is_shown_and_nothing_else_is() {
    let template = Template::read();
    let mut named = BTreeSet::new();
    for (_, alarm) in template.resources("AWS::CloudWatch::Alarm") {
        let own = watched(alarm)
            .into_iter()
            .filter(|(namespace, ..)| namespace == OWN);
        named.extend(own.map(|(_, metric, _)| metric));
    }
    let dashboard = text(&template.resource("Dashboard")["DashboardBody"]);
    let dashboard: Json = serde_json::from_str(&dashboard).expect("the dashboard is no JSON");
    for widget in dashboard["widgets"].as_array().unwrap() {
        named.extend(shown(&widget["properties"]["metrics"]));
    }
    let counted: BTreeSet<String> = Metric::ALL.iter().map(|it| it.name().to_owned()).collect();
    assert_eq!(named, counted, "left: template, right: shared/metrics");
}

/// Own metrics of a widget. In its rows `.` stands for what stands above, `...` for a whole row.
fn shown(rows: &Json) -> Vec<String> {
    let mut above: Vec<String> = Vec::new();
    let mut own = Vec::new();
    for row in rows.as_array().unwrap() {
        let words = row.as_array().unwrap().iter().filter_map(Json::as_str);
        let mut row: Vec<String> = Vec::new();
        for word in words {
            match word {
                "..." => row.clone_from(&above),
                "." => row.push(above[row.len()].clone()),
                word => row.push(word.to_owned()),
            }
        }
        if let [namespace, metric, ..] = row.as_slice()
            && namespace == OWN
        {
            own.push(metric.clone());
        }
        above = row;
    }
    own
}

#[test]
fn every_queue_and_every_function_nobody_calls_is_watched() {
    let template = Template::read();
    let alarms = template.resources("AWS::CloudWatch::Alarm");
    let watched: BTreeSet<(String, String)> = alarms
        .iter()
        .flat_map(|(_, alarm)| watched(alarm))
        .flat_map(|(_, metric, of)| of.into_iter().map(move |of| (metric.clone(), of)))
        .collect();
    let is = |metric: &str, of: &str| watched.contains(&(metric.to_owned(), of.to_owned()));
    for (id, queue) in template.resources("AWS::SQS::Queue") {
        let name = format!("${{{id}.QueueName}}");
        let metric = match queue["RedrivePolicy"].is_null() {
            true => "ApproximateNumberOfMessagesVisible",
            false => "ApproximateAgeOfOldestMessage",
        };
        assert!(is(metric, &name), "no alarm looks at {metric} of {id}");
    }
    let permissions = template.resources("AWS::Lambda::Permission");
    let called: BTreeSet<String> = permissions
        .iter()
        .map(|(_, it)| text(&it["FunctionName"]))
        .collect();
    for function in template.functions() {
        let reference = format!("${{{}}}", function.logical);
        if !called.contains(&reference) {
            assert!(
                is("Errors", &reference),
                "no alarm looks at the errors of {}",
                function.logical
            );
        }
    }
}
