//! What stands between browsers and the service: `infra/front.yaml`, and what is asked of lines between its parts.

use serde_yaml::Value;

use super::file;
use super::read::{Template, text, texts};

fn distribution() -> (Template, Value) {
    let template = Template::of(&file("infra/front.yaml"));
    let config = template.resource("Distribution")["DistributionConfig"].clone();
    (template, config)
}

fn of_programs(config: &Value) -> Vec<&Value> {
    let all = config["CacheBehaviors"].as_sequence().unwrap();
    all.iter()
        .filter(|one| ["/api/*", "/docking/*"].contains(&text(&one["PathPattern"]).as_str()))
        .collect()
}

#[test]
fn nothing_is_answered_without_tls_and_only_people_are_led_to_it() {
    let (_, config) = distribution();
    assert_eq!(
        text(&config["DefaultCacheBehavior"]["ViewerProtocolPolicy"]),
        "redirect-to-https"
    );
    let of_programs = of_programs(&config);
    assert_eq!(of_programs.len(), 2);
    for behaviour in &of_programs {
        assert_eq!(text(&behaviour["ViewerProtocolPolicy"]), "https-only");
    }
    let origin = &config["Origins"][0]["CustomOriginConfig"];
    assert_eq!(text(&origin["OriginProtocolPolicy"]), "https-only");
    assert_eq!(texts(&origin["OriginSSLProtocols"]), ["TLSv1.2"]);
    let certificate = serde_yaml::to_string(&config["ViewerCertificate"]).unwrap();
    assert!(
        certificate.contains("MinimumProtocolVersion: TLSv1.2_2021"),
        "{certificate}"
    );
    assert!(certificate.contains("AcmCertificateArn"), "{certificate}");
}

#[test]
fn whatever_way_an_answer_takes_its_headers_and_addresses_are_the_same() {
    let (template, config) = distribution();
    let whole = &config["DefaultCacheBehavior"];
    for behaviour in of_programs(&config) {
        for same in [
            "CachePolicyId",
            "OriginRequestPolicyId",
            "ResponseHeadersPolicyId",
            "FunctionAssociations",
            "TargetOriginId",
            "AllowedMethods",
        ] {
            assert_eq!(behaviour[same], whole[same], "{same}");
        }
    }
    let headers = &template.resource("SafeHeaders")["ResponseHeadersPolicyConfig"];
    let headers = &headers["SecurityHeadersConfig"];
    let tls = &headers["StrictTransportSecurity"];
    assert!(tls["AccessControlMaxAgeSec"].as_u64().unwrap() >= 31_536_000);
    assert_eq!(tls["IncludeSubdomains"], Value::Bool(true));
    assert_eq!(headers["ContentTypeOptions"]["Override"], Value::Bool(true));
    // Nothing is kept between: what is one account's never reaches another.
    assert_eq!(
        text(&whole["CachePolicyId"]),
        "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        "the managed policy that caches nothing"
    );
    // Whoever asks is named here and by nobody who asks.
    let function = text(&template.resource("TellAddress")["FunctionCode"]);
    assert!(function.contains("event.viewer.ip") && !function.contains("x-forwarded-for"));
}

#[test]
fn stores_queues_and_topics_refuse_lines_without_tls() {
    let template = Template::read();
    let mut guarded = 0;
    for kind in [
        "AWS::S3::BucketPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::SNS::TopicPolicy",
    ] {
        for (id, policy) in template.resources(kind) {
            let statements = policy["PolicyDocument"]["Statement"].as_sequence().unwrap();
            let refuses = statements.iter().any(|statement| {
                text(&statement["Effect"]) == "Deny"
                    && text(&statement["Condition"]["Bool"]["aws:SecureTransport"]) == "false"
            });
            assert!(refuses, "{id}");
            guarded += 1;
        }
    }
    assert!(guarded >= 4, "{guarded}");
    let policy = serde_yaml::to_string(template.resource("DataBucketPolicy")).unwrap();
    assert!(policy.contains("s3:TlsVersion: '1.2'"), "{policy}");
}
