"""Translates infra/template.yaml as CloudFormation's transform would, and deploys it to an emulator on this machine."""

import argparse
import base64
import io
import json
import os
import platform
import sys
import time
import zipfile
from pathlib import Path

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]


class NoPolicies:
    """The template names no managed policies, so none have to be looked up."""

    def load(self):
        return {}


def translated(template: dict, parameters: dict) -> dict:
    """The template as CloudFormation carries it out."""
    return transform(template, parameters, NoPolicies())


def read() -> dict:
    return yaml_parse((ROOT / "infra/template.yaml").read_text(encoding="utf-8"))


def zipped(path: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, path.read_bytes())
    return packed.getvalue()


def deploy(clients, stack: str, bootstraps: Path, parameters: dict) -> dict:
    """Deploys and returns the outputs."""
    template = read()
    s3, cloudformation = clients("s3"), clients("cloudformation")
    s3.create_bucket(Bucket="code")
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            name = Path(resource["Properties"]["CodeUri"]).name
            s3.put_object(Bucket="code", Key=name, Body=zipped(bootstraps / name / "bootstrap"))
            resource["Properties"]["CodeUri"] = {"Bucket": "code", "Key": name}
    known = translated(template, parameters)
    # The emulator cannot carry out alarms that calculate; cfn-lint and the tests of the template look at them.
    for name, resource in list(known["Resources"].items()):
        if resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]:
            del known["Resources"][name]
        # It compares numbers that come from parameters as texts.
        if resource["Type"] == "AWS::Lambda::EventSourceMapping":
            resource["Properties"].pop("ScalingConfig", None)
    # Too long to be sent along.
    body = json.dumps(known, ensure_ascii=False)
    s3.put_object(Bucket="code", Key="template.json", Body=body.encode())
    cloudformation.create_stack(
        StackName=stack,
        TemplateURL=f"{s3.meta.endpoint_url}/code/template.json",
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    until = time.monotonic() + 300
    while True:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        status = found["StackStatus"]
        if status == "CREATE_COMPLETE":
            return {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])}
        if status.endswith("FAILED") or "ROLLBACK" in status or time.monotonic() > until:
            for event in cloudformation.describe_stack_events(StackName=stack)["StackEvents"]:
                print(event["LogicalResourceId"], event["ResourceStatus"], event.get("ResourceStatusReason", ""), file=sys.stderr)
            raise SystemExit(f"the stack is {status}")
        time.sleep(0.5)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--emulator", required=True)
    arguments.add_argument("--outputs", required=True)
    chosen = arguments.parse_args()
    outputs = deploy(
        lambda name: boto3.client(name, endpoint_url=chosen.emulator),
        "flu",
        ROOT / "target/lambda",
        {
            "Stage": "development",
            "Architecture": {"aarch64": "arm64"}.get(platform.machine(), "x86_64"),
            "LogDays": "1",
            "PortalOrigin": "http://localhost",
            "ReceiptKey": base64.b64encode(os.urandom(32)).decode(),
            "ObjectStoreEndpoint": chosen.emulator,
            "TableEndpoint": chosen.emulator,
            "MailEndpoint": chosen.emulator,
            "SmsEndpoint": chosen.emulator,
            "MailRegion": "us-east-1",
            "SmsRegion": "us-east-1",
        },
    )
    Path(chosen.outputs).write_text(json.dumps(outputs))
    print(f"deployed: {len(outputs)} outputs")


if __name__ == "__main__":
    main()
