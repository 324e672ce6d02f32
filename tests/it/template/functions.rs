//! Each crate in `functions/` is a function of the template, and each function of the template is one of them.

use super::read::{Template, text};
use super::{crates, file};

#[test]
fn every_crate_is_a_function_and_every_function_a_crate() {
    let template = Template::read();
    let mut deployed: Vec<String> = template.functions().iter().map(|it| it.name()).collect();
    deployed.sort();
    assert_eq!(deployed, crates(), "left: template, right: functions/");
    for function in template.functions() {
        let name = function.name();
        assert_eq!(function.logical, camel(&name), "logical id of {name}");
        let binary = file(&format!("functions/{name}/Cargo.toml"));
        assert!(
            binary.contains(&format!("name = \"{name}\"")),
            "binary of {name}"
        );
        let code = text(&function.properties["CodeUri"]);
        assert_eq!(code, format!("../target/lambda/{name}/"), "code of {name}");
    }
}

#[test]
fn every_function_has_bounds_and_a_log_of_its_own() {
    let template = Template::read();
    let mut reserved = 0;
    for function in template.functions() {
        let (name, properties) = (function.name(), function.properties);
        let memory = properties["MemorySize"].as_u64().unwrap();
        assert!((128..=3008).contains(&memory), "memory of {name}: {memory}");
        let timeout = properties["Timeout"].as_u64().unwrap();
        assert!((1..=900).contains(&timeout), "time of {name}: {timeout}");
        reserved += template.number(&properties["ReservedConcurrentExecutions"]);
        let log = format!("{}Log", function.logical);
        assert_eq!(
            text(&properties["LoggingConfig"]["LogGroup"]),
            format!("${{{log}}}")
        );
        let log = template.resource(&log);
        let group = format!("/aws/lambda/${{AWS::StackName}}-{name}");
        assert_eq!(text(&log["LogGroupName"]), group);
        assert_eq!(text(&log["RetentionInDays"]), "${LogDays}", "{name}");
        assert_eq!(text(&log["KmsKeyId"]), "${DataKey.Arn}", "{name}");
    }
    // Lambda keeps 100 of an account's 1,000 for functions without a reservation.
    assert!(reserved <= 900, "{reserved} executions are reserved");
    let told = format!("reserves about {}", reserved.div_ceil(50) * 50);
    assert!(
        file("docs/deploy.md").contains(&told),
        "docs/deploy.md does not say that the template {told}"
    );
}

#[test]
fn lines_of_the_log_are_json_and_requests_are_traced() {
    let template = Template::read();
    let all = template.at(&["Globals", "Function"]);
    assert_eq!(text(&all["LoggingConfig"]["LogFormat"]), "JSON");
    assert_eq!(text(&all["Tracing"]), "Active");
}

/// `send-notice` is `SendNotice` there.
fn camel(name: &str) -> String {
    name.split('-')
        .map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        })
        .collect()
}
