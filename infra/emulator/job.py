"""The main job on the emulator, as a hospital does it: sign in, upload a hundred files, read a hundred results; and a code by SMS."""

import argparse
import hashlib
import http.client
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import stack as stacks

UPLOADS = 100


class Api:
    """The gateway. Its host name is one that only the emulator knows, so it is sent along rather than looked up."""

    def __init__(self, address: str, emulator: str):
        self.host = urlsplit(address).netloc
        self.emulator = urlsplit(emulator).netloc

    def call(self, method: str, path: str, body=None, token=None, expect=200) -> dict:
        headers = {"Host": self.host}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        connection = http.client.HTTPConnection(self.emulator, timeout=60)
        connection.request(method, f"/api/v1{path}", body=body, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status != expect:
            raise SystemExit(f"{method} {path} answered {answer.status}: {text[:500]}")
        return json.loads(text) if text else {}


def put(url: str, headers: dict, content: bytes) -> int:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=60)
    connection.request("PUT", f"{address.path}?{address.query}", body=content, headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


def upload(api: Api, token: str, number: int, content: bytes) -> str:
    ticket = api.call(
        "POST",
        "/uploads",
        {
            "kind": "data",
            "file_name": f"flu-{number}.zip",
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "dry_run": False,
        },
        token,
        expect=201,
    )
    headers = {k: v for k, v in ticket["headers"].items() if k.lower() != "host"}
    status = put(ticket["url"], headers, content)
    if status != 200:
        raise SystemExit(f"the object was answered {status}")
    return ticket["upload_id"]


def results(api: Api, token: str, ids: list[str], seconds: int) -> dict:
    until = time.monotonic() + seconds
    done = {}
    while time.monotonic() < until:
        for upload_id in ids:
            if upload_id in done:
                continue
            found = api.call("GET", f"/uploads/{upload_id}", token=token)
            if found["status"] not in ("registered", "checking") and found.get("dispositions"):
                done[upload_id] = found
        if len(done) == len(ids):
            return done
        time.sleep(1)
    raise SystemExit(f"{len(done)} of {len(ids)} results after {seconds} s")


def message(emulator: str, phone: str) -> str:
    address = urlsplit(emulator)
    until = time.monotonic() + 120
    while time.monotonic() < until:
        connection = http.client.HTTPConnection(address.netloc, timeout=60)
        connection.request("GET", "/_ministack/sns/sms-messages")
        text = connection.getresponse().read().decode()
        connection.close()
        if phone in text:
            return text
        time.sleep(1)
    raise SystemExit("no text message arrived")


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--emulator", required=True)
    arguments.add_argument("--outputs", required=True)
    arguments.add_argument("--uploads", type=int, default=UPLOADS)
    chosen = arguments.parse_args()
    outputs = json.loads(Path(chosen.outputs).read_text())
    api = Api(outputs["ApiAddress"], chosen.emulator)
    token = api.call("POST", "/session", {"login": "demo-hospital", "password": "Demo-2026!"})["token"]
    print("signed in")

    content = (stacks.ROOT / "docs/samples/flu_with_errors.zip").read_bytes()
    begun = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(lambda n: upload(api, token, n, content), range(chosen.uploads)))
    found = results(api, token, ids, 600)
    totals = {(r["status"], r["total"], r["passed"]) for r in found.values()}
    if len(set(ids)) != chosen.uploads or len(totals) != 1 or next(iter(totals))[0] != "done":
        raise SystemExit(f"results differ: {totals}")
    print(f"{len(found)} uploads, {len(found)} results in {time.monotonic() - begun:.0f} s: {totals}")

    api.call("POST", "/applications/codes", {"phone": "13800138000"}, expect=202)
    message(chosen.emulator, "13800138000")
    print("a code went out by SMS, from the table's stream")

    sqs = boto3.client("sqs", endpoint_url=chosen.emulator)
    for queue in ("UploadsDeadLettersUrl", "DocumentsDeadLettersUrl"):
        attributes = sqs.get_queue_attributes(QueueUrl=outputs[queue], AttributeNames=["All"])["Attributes"]
        if attributes["ApproximateNumberOfMessages"] != "0":
            raise SystemExit(f"{queue} holds {attributes['ApproximateNumberOfMessages']} messages")
    print("no dead letters")


if __name__ == "__main__":
    sys.exit(main())
