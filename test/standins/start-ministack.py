"""Starts MiniStack with the few things that it lacks and the tests need.

It reaches into the inside of one exact version: where that no longer fits, it ends before it serves anything.
"""

import base64
import datetime
import importlib.metadata
import inspect
import json
import os
import signal
import sys
import threading

VERSION = "1.5.33"


def end(reason):
    sys.exit(f"the launcher does not fit this MiniStack: {reason}")


def hook(module, name, parameters, make):
    """Puts `make(old)` in the place of a function, which must be there and take these parameters."""
    old = getattr(module, name, None)
    if not callable(old):
        end(f"{module.__name__}.{name} is gone")
    if list(inspect.signature(old).parameters) != parameters:
        end(f"{module.__name__}.{name} takes {list(inspect.signature(old).parameters)}")
    setattr(module, name, make(old))


if importlib.metadata.version("ministack") != VERSION:
    end(f"it is {importlib.metadata.version('ministack')}, not {VERSION}")

from ministack import app  # noqa: E402
from ministack.core import iam_evaluator, lambda_runtime  # noqa: E402
from ministack.core.responses import error_response_json  # noqa: E402
from ministack.services import ecr, eks, eventbridge, scheduler  # noqa: E402


# Pushes to ECR, by its API and by that of registries, are told to EventBridge.
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
LOST = os.environ.get("WINDLASS_TEST_LOST_EVENTS", "")


def pushed(repository, tag, digest, media_type):
    if os.path.exists(LOST):
        return
    detail = {
        "action-type": "PUSH",
        "result": "SUCCESS",
        "repository-name": repository,
        "image-digest": digest,
        "image-tag": tag or "",
        "manifest-media-type": media_type,
    }
    entry = {"Source": "aws.ecr", "DetailType": "ECR Image Action", "Resources": [], "Detail": json.dumps(detail)}
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def put_image(old):
    def put(data):
        answer = old(data)
        if answer[0] == 200:
            image = json.loads(answer[2])["image"]
            digest = image["imageId"]["imageDigest"]
            pushed(data["repositoryName"], data.get("imageTag"), digest, image["imageManifestMediaType"])
        return answer

    return put


def put_manifest(old):
    def put(name, ref, headers, body):
        answer = old(name, ref, headers, body)
        if answer[0] == 201:
            tag = None if ref.startswith("sha256:") else ref
            pushed(name, tag, answer[1]["Docker-Content-Digest"], headers.get("content-type"))
        return answer

    return put


# A repository that ECR cannot tell anything of: what asks for it must ask again.
BROKEN = os.environ.get("WINDLASS_TEST_BROKEN_REPOSITORY", "")


def describe_images(old):
    def describe(data):
        if BROKEN and data.get("repositoryName") == BROKEN:
            return error_response_json("ServerException", "as the test wants it", 500)
        return old(data)

    return describe


# Clusters are where the test says: a JSON file by name, { endpoint, ca }. Their authenticator is MiniStack's own.
CLUSTERS = os.environ.get("WINDLASS_TEST_CLUSTERS", "")
AUTHENTICATOR = os.environ.get("WINDLASS_TEST_AUTHENTICATOR", "")


def describe_cluster(old):
    def describe(name):
        answer = old(name)
        if answer[0] != 200 or not os.path.exists(CLUSTERS):
            return answer
        with open(CLUSTERS) as file:
            told = json.load(file).get(name)
        if told is None:
            return answer
        cluster = json.loads(answer[2])["cluster"]
        cluster["endpoint"] = told["endpoint"]
        cluster["certificateAuthority"] = {"data": base64.b64encode(told["ca"].encode()).decode()}
        return answer[0], answer[1], json.dumps({"cluster": cluster}).encode()

    return describe


def create_cluster(old):
    def create(body, creator_arn=None):
        answer = old(body, creator_arn)
        if answer[0] == 200 and AUTHENTICATOR:
            eks._clusters[body["name"]]["_auth_token"] = AUTHENTICATOR
        return answer

    return create


# The role of a control plane must be there, and nothing here makes one.
def validate_role(old):
    return lambda role_arn: None if str(role_arn).endswith(":role/cluster-of-a-test") else old(role_arn)


# Scheduler fills in the time, and a minute of its rates may be shorter.
# https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
SPEED = float(os.environ.get("WINDLASS_TEST_SPEED", "1"))


def invoke_target(old):
    def invoke(target, event, rule, view=None):
        if event.get("Source") == "aws.scheduler" and "<aws.scheduler.scheduled-time>" in target.get("Input", ""):
            time = datetime.datetime.fromtimestamp(event["Time"], tz=datetime.timezone.utc)
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ")
            target = {**target, "Input": target["Input"].replace("<aws.scheduler.scheduled-time>", at)}
        return old(target, event, rule, view)

    return invoke


def rate_seconds(old):
    def seconds(expr):
        found = old(expr)
        return None if found is None else found / SPEED

    return seconds


# Layers lie in /opt, which a process of this machine has not: the test says where their files are.
OPT = os.environ.get("WINDLASS_TEST_OPT", "")


def spawn(old):
    def start(self):
        variables = self.config.get("Environment", {}).get("Variables", {})
        if OPT and any(value.startswith("/opt/") for value in variables.values()):
            moved = {
                key: os.path.join(OPT, value[len("/opt/") :]) if value.startswith("/opt/") else value
                for key, value in variables.items()
            }
            self.config = {**self.config, "Environment": {"Variables": moved}, "Layers": []}
        return old(self)

    return start


hook(ecr, "_put_image", ["data"], put_image)
hook(ecr, "_v2_put_manifest", ["name", "ref", "headers", "body"], put_manifest)
hook(ecr, "_describe_images", ["data"], describe_images)
hook(eks, "_describe_cluster", ["name"], describe_cluster)
hook(eks, "_create_cluster", ["body", "creator_arn"], create_cluster)
hook(iam_evaluator, "validate_role_arn", ["role_arn"], validate_role)
hook(eventbridge, "_invoke_target", ["target", "event", "rule", "view"], invoke_target)
hook(eventbridge, "_parse_rate_seconds", ["expr"], rate_seconds)
hook(lambda_runtime.Worker, "_spawn", ["self"], spawn)
hook(app, "_port_is_bindable", ["host", "port"], lambda old: lambda host, port: False)
if "allow_aws_source" not in inspect.signature(eventbridge._put_events).parameters:
    end("put_events takes no source of AWS")
if not isinstance(scheduler._SCHEDULE_TICK_INTERVAL, int):
    end("the scheduler ticks otherwise")
if SPEED > 1:
    scheduler._SCHEDULE_TICK_INTERVAL = 1


def end_with_parent():
    """Ends everything as soon as whoever started it is gone, the processes of functions too."""
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, daemon=True).start()
    app.main()
