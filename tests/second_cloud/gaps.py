"""Starts ministack with its gaps closed: this file has every feature that ministack lacks and the course needs.

It runs in ministack's own environment (.venv-ministack), in a separate process: `gaps.py` with the environment
variables of `server.py`. docs/second-cloud.md lists the gaps, with one row for each function in `GAPS`.

Paths under /_gaps/ are not AWS's: they return what happened in the cloud, move the clock, and check whether a service
of AWS may do something.
"""

import hashlib
import json
import os
import sys
import tempfile
import threading
import time
import uuid
import zipfile
from collections.abc import Awaitable, Callable
from email.utils import parseaddr
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ministack.app
import time_machine
from ministack.core import iam_actions, iam_evaluator, lambda_runtime
from ministack.services import (
    apigateway,
    dynamodb,
    eventbridge,
    iam,
    kms,
    lambda_svc,
    s3,
    scheduler,
    secretsmanager,
    ses,
    ses_v2,
    sns,
    sqs,
    sts,
    tagging,
)
from ministack.services.cloudformation import changesets, engine, handlers, provisioners, stacks

ACCOUNT, REGION = "123456789012", "eu-west-1"
HANDLERS: dict[str, dict[str, Any]] = provisioners._RESOURCE_HANDLERS
Reply = tuple[int, dict[str, str], bytes]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

seen: list[dict[str, Any]] = []
"""Everything that happened, in order: emails that SES accepted, calls with their verdicts, runs of functions."""


def note(kind: str, **what: Any) -> None:
    seen.append({"kind": kind, **what})


# ---------------------------------------------------------------- CloudFormation


def splits_in_conditions() -> None:
    """Evaluates a condition that splits a parameter, which ministack takes for an empty list."""
    evaluate = engine._evaluate_conditions

    def evaluate_with_splits(template: dict[str, Any], parameters: dict[str, Any]) -> dict[str, bool]:
        conditions = _split(template.get("Conditions", {}), parameters)
        found: dict[str, bool] = evaluate(template | {"Conditions": conditions}, parameters)
        return found

    for module in (changesets, engine, handlers, stacks):
        module._evaluate_conditions = evaluate_with_splits


def _split(value: Any, parameters: dict[str, Any]) -> Any:
    """Replaces every `!Split [separator, !Ref parameter]` in the value by its list."""
    match value:
        case {"Fn::Split": [str(separator), {"Ref": name}]}:
            return parameters[name]["Value"].split(separator)
        case dict():
            return {key: _split(each, parameters) for key, each in value.items()}
        case list():
            return [_split(each, parameters) for each in value]
    return value


def receipt_rules() -> None:
    """Makes receipt rules resources of a stack; ministack has them only in SES's API, and none of them fires."""

    def create_set(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        name = properties.get("RuleSetName") or f"{stack}-{logical_id}-{uuid.uuid4().hex[:12]}"
        _done(ses._create_receipt_rule_set({"RuleSetName": [name]}))
        return name, {}

    def create_rule(_logical_id: str, properties: dict[str, Any], _stack: str) -> tuple[str, dict[str, str]]:
        rule = properties["Rule"]
        if properties["RuleSetName"] not in ses._receipt_rule_sets:
            raise ValueError(f"Rule set does not exist: {properties['RuleSetName']}")
        ses._receipt_rule_sets[properties["RuleSetName"]]["Rules"].append(rule)
        return rule["Name"], {}

    def delete_set(name: str, _properties: dict[str, Any]) -> None:
        _done(ses._delete_receipt_rule_set({"RuleSetName": [name]}))

    def delete_rule(name: str, properties: dict[str, Any]) -> None:
        rules = ses._receipt_rule_sets.get(properties["RuleSetName"], {"Rules": []})["Rules"]
        rules[:] = [rule for rule in rules if rule["Name"] != name]

    HANDLERS["AWS::SES::ReceiptRuleSet"] = {"create": create_set, "delete": delete_set}
    HANDLERS["AWS::SES::ReceiptRule"] = {"create": create_rule, "delete": delete_rule}


def _done(reply: Reply) -> None:
    if reply[0] >= 400:
        raise ValueError(str(reply[2]))


def dkim_tokens() -> None:
    """Adds the three CNAME records of an identity, which outputs of the stack show."""
    handler = HANDLERS["AWS::SES::EmailIdentity"]
    create = handler["create"]

    def create_with_tokens(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        identity, attributes = create(logical_id, properties, stack)
        for number in (1, 2, 3):
            token = uuid.uuid5(uuid.NAMESPACE_DNS, f"{number}.{identity}").hex
            attributes[f"DkimDNSTokenName{number}"] = f"{token}._domainkey.{identity}"
            attributes[f"DkimDNSTokenValue{number}"] = f"{token}.dkim.amazonses.com"
        return identity, attributes

    handler["create"] = create_with_tokens


def routes_of_the_api() -> None:
    """Creates the routes of an HTTP API. SAM writes them as an OpenAPI body, which ministack does not read."""
    handler = HANDLERS["AWS::ApiGatewayV2::Api"]
    create = handler["create"]

    def create_with_routes(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        api, attributes = create(logical_id, properties, stack)
        for path, methods in (properties.get("Body") or {}).get("paths", {}).items():
            for method, operation in methods.items():
                _route(api, path, method, operation["x-amazon-apigateway-integration"])
        return api, attributes

    handler["create"] = create_with_routes


def _route(api: str, path: str, method: str, integration: dict[str, Any]) -> None:
    made = {"integrationType": "AWS_PROXY", "integrationUri": integration["uri"], "payloadFormatVersion": "2.0"}
    target = json.loads(apigateway._create_integration(api, made)[2])["integrationId"]
    verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
    key = path if path == "$default" else f"{verb} {path}"
    apigateway._create_route(api, {"routeKey": key, "target": f"integrations/{target}"})


def secrets_by_arn() -> None:
    """Makes a secret's Ref its ARN; ministack gives its name, which no policy of the template would match."""
    handler = HANDLERS["AWS::SecretsManager::Secret"]
    create, update, delete = handler["create"], handler["update"], handler["delete"]

    def create_by_arn(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        _, attributes = create(logical_id, properties, stack)
        return attributes["Arn"], attributes

    def update_by_arn(physical_id: str, *more: Any, **named: Any) -> tuple[str, dict[str, str]]:
        _, attributes = update(_name_of(physical_id), *more, **named)
        return physical_id, attributes

    def delete_by_arn(physical_id: str, properties: dict[str, Any]) -> None:
        delete(_name_of(physical_id), properties)

    handler |= {"create": create_by_arn, "update": update_by_arn, "delete": delete_by_arn}


def _name_of(arn: str) -> str:
    return str(secretsmanager._resolve(arn)[1]["Name"])


encrypted: dict[str, str] = {}
"""The customer-managed keys of tables, buckets and topics, by the Ref of each."""


def keys_of_what_is_encrypted() -> None:
    """Notes the key of a table, a bucket and a topic, which ministack's CloudFormation drops."""

    def of_table(properties: dict[str, Any]) -> Any:
        return (properties.get("SSESpecification") or {}).get("KMSMasterKeyId")

    def of_bucket(properties: dict[str, Any]) -> Any:
        rules = (properties.get("BucketEncryption") or {}).get("ServerSideEncryptionConfiguration") or [{}]
        return (rules[0].get("ServerSideEncryptionByDefault") or {}).get("KMSMasterKeyID")

    def of_topic(properties: dict[str, Any]) -> Any:
        return properties.get("KmsMasterKeyId")

    kinds = {"AWS::DynamoDB::Table": of_table, "AWS::S3::Bucket": of_bucket, "AWS::SNS::Topic": of_topic}
    for kind, key_of in kinds.items():
        HANDLERS[kind]["create"] = _noting_the_key(HANDLERS[kind]["create"], key_of)


def _noting_the_key(create: Callable[..., Any], key_of: Callable[[dict[str, Any]], Any]) -> Callable[..., Any]:
    def create_and_note(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        name, attributes = create(logical_id, properties, stack)
        if key := key_of(properties):
            encrypted[name] = key
        return name, attributes

    return create_and_note


def tags_of_bucket_and_secret() -> None:
    """Keeps the tags of a bucket that CloudFormation makes, and lists secrets among the tagged resources."""
    create = HANDLERS["AWS::S3::Bucket"]["create"]

    def create_with_tags(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        name, attributes = create(logical_id, properties, stack)
        s3._bucket_tags[name] = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
        return name, attributes

    HANDLERS["AWS::S3::Bucket"]["create"] = create_with_tags
    tagging._COLLECTORS["secretsmanager"] = tagging._collect_secretsmanager


def topics_of_the_account() -> None:
    """Limits a topic without a policy in the template to its account, as AWS does; ministack opens it to everyone.

    A topic that is made by SNS's own API in ministack has AWS's condition, which refuses a role without permission.
    """
    create = HANDLERS["AWS::SNS::Topic"]["create"]

    def create_closed(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        topic, attributes = create(logical_id, properties, stack)
        kept = sns._topics[topic]["attributes"]
        policy = json.loads(kept["Policy"])
        for statement in policy["Statement"]:
            statement["Condition"] = {"StringEquals": {"AWS:SourceOwner": ACCOUNT}}
        kept["Policy"] = json.dumps(policy)
        return topic, attributes

    HANDLERS["AWS::SNS::Topic"]["create"] = create_closed


def alarms_on_sums() -> None:
    """Accepts an alarm on an expression over several metrics, which ministack refuses. It is never evaluated."""
    handler = HANDLERS["AWS::CloudWatch::Alarm"]

    def or_named(name: str) -> Callable[..., Any]:
        whole = handler[name]

        def carry_out(*what: Any, **named: Any) -> Any:
            properties = next(given for given in reversed(what) if isinstance(given, dict))
            if "Metrics" not in properties:
                return whole(*what, **named)
            return None if name == "delete" else (f"{what[0]}-of-several-metrics", {})

        return carry_out

    handler |= {name: or_named(name) for name in ("create", "update", "delete") if name in handler}


# ---------------------------------------------------------------- Lambda


def layers_at_opt() -> None:
    """Points a setting that names /opt to the folder in which ministack unpacks a layer."""
    opt = "    os.environ.update({k: os.environ['_LAMBDA_LAYERS_DIRS'] for k, v in env.items() if v == '/opt'})\n"
    _add_to_worker("    os.environ.update(env)\n", opt)


def _add_to_worker(after: str, more: str) -> None:
    """Adds lines to the script with which ministack runs a Python function."""
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    if script.count(after) != 1:
        raise RuntimeError(f"ministack runs Python functions in another way, without {after!r}: look at gaps.py")
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(after, after + more)


def one_clock() -> None:
    """Sets the clock of the server and of every function ahead of this machine's by the seconds in a file.

    A function reads the file before each run, and the server when it is asked to.
    """
    _add_to_worker("def run():\n", f"{_IN_A_FUNCTION}    _ms_follow_clock()\n")
    _add_to_worker("        _ms_msg = json.loads(line)\n", "        _ms_follow_clock()\n")
    follow_clock()


_CLOCK = time_machine.travel(0, tick=True).start()
_IN_A_FUNCTION = """\
    import time_machine
    clock = time_machine.travel(0, tick=True).start()
    def _ms_follow_clock():
        with open(os.environ["SECOND_CLOUD_CLOCK"]) as file:
            clock.move_to(time_machine.escape_hatch.time.time() + float(file.read()))
"""


def follow_clock() -> None:
    ahead = float(Path(os.environ["SECOND_CLOUD_CLOCK"]).read_text("ascii"))
    _CLOCK.move_to(time_machine.escape_hatch.time.time() + ahead)


def runs_are_noted() -> None:
    """Notes the answer and the log of each run of a function."""
    invoke = lambda_runtime.Worker.invoke

    def noted(worker: Any, event: Any, request_id: str, **more: Any) -> Any:
        answer = invoke(worker, event, request_id, **more)
        result = answer.get("result")
        failed = result.get("batchItemFailures") if isinstance(result, dict) else None
        bad = answer["status"] == "error" or bool(failed)
        note("run", function=worker.func_name, failed=bad, log=answer.get("log", ""), error=answer.get("error", ""))
        return answer

    lambda_runtime.Worker.invoke = noted


def unpacked_once() -> None:
    """Shares the first unpacked copy of a zip, since each process of a function needs seconds to unpack its own."""
    lambda_runtime.zipfile = SimpleNamespace(**vars(zipfile) | {"ZipFile": _UnpackedOnce})


class _UnpackedOnce(zipfile.ZipFile):
    """A zip that is unpacked once for its content; every other folder becomes a link to the first."""

    _one_at_a_time = threading.Lock()

    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        digest = hashlib.sha256(Path(str(self.filename)).read_bytes()).hexdigest()
        folder = Path(tempfile.gettempdir(), digest)
        with self._one_at_a_time:
            if not folder.exists():
                super().extractall(folder, members, pwd)
        Path(path).rmdir()
        Path(path).symlink_to(folder)


def schedules_are_counted() -> None:
    """Counts a function that a schedule starts as running from the moment at which the schedule fires."""

    def start(arn: str, payload: str) -> None:
        function, config, _ = lambda_svc._get_func_record_for_ref(arn)
        record = lambda_svc._execution_record_for_config(function, config)
        started.append(arn)

        def run() -> None:
            try:
                lambda_svc._execute_function_with_config_scope(record, json.loads(payload))
            finally:
                started.remove(arn)

        threading.Thread(target=run, daemon=True).start()

    eventbridge._dispatch_to_lambda = start


def schedules_fire_when_asked() -> None:
    """Fires schedules after the run has moved the clock, and not when ministack looks at them, every few seconds."""
    scheduler._SCHEDULE_TICK_INTERVAL = 86_400


started: list[str] = []
"""Functions that a schedule has started and that have not ended."""

# ---------------------------------------------------------------- IAM


def calls_are_noted() -> None:
    """Notes every call of a role with its verdict, and evaluates the key's policy for calls on encrypted data."""
    enforce = iam_evaluator.enforce

    def judged(key: str, action: str, service: str, region: str, resource_arn: str = "*", **more: Any) -> Any:
        denied = enforce(key, action, service, region, resource_arn=resource_arn, **more)
        role = _role(key)
        if role or denied:
            note("call", who=role or key, action=action, resource=resource_arn, allowed=denied is None)
        if role and denied is None:
            denied = _key_denies(key, role, action, service, resource_arn)
        return denied

    iam_evaluator.enforce = judged


def _role(key: str) -> str:
    """Returns the role whose session has this access key, or nothing."""
    arn = (sts._sessions.get(key) or {}).get("Arn", "")
    return arn.split("/")[1] if ":assumed-role/" in arn else ""


KMS_ACTIONS = {
    "s3:GetObject": ["kms:Decrypt"],
    "s3:PutObject": ["kms:GenerateDataKey"],
    "sns:Publish": ["kms:GenerateDataKey", "kms:Decrypt"],
}
"""The actions of KMS that S3 and SNS need on the caller's behalf. Their other actions need none.

KMS guide, "How Amazon S3 uses AWS KMS"; SNS guide, "Managing encryption keys".
"""


def _key_denies(key: str, role: str, action: str, service: str, resource: str) -> Any:
    """Returns KMS's verdict on a call on encrypted data: ministack encrypts nothing and checks no key policy."""
    used = KMS_ACTIONS.get(action, ["kms:Decrypt"] if service in ("dynamodb", "secretsmanager") else [])
    found = _key_of(service, resource)
    denials = (_key_denies_one(key, role, each, service, found) for each in used) if found else ()
    return next((denied for denied in denials if denied), None)


def _key_denies_one(key: str, role: str, action: str, service: str, found: dict[str, Any]) -> Any:
    """Returns KMS's verdict on one action, by the key's policy, or by the role's if the key's allows the account."""
    caller = sts._sessions[key]["Arn"]
    context = {"kms:calleraccount": ACCOUNT, "kms:viaservice": f"{service}.{REGION}.amazonaws.com"}
    asked = iam_evaluator.EvalContext(
        caller, "AssumedRole", ACCOUNT, action, found["Arn"], REGION, service_context=context
    )
    own = iam_evaluator.evaluate(asked, iam_evaluator._gather_role_policies(role, ACCOUNT))
    verdict = iam_evaluator.combine_resource_policy(own, asked, found["Policy"], ACCOUNT, required=True)
    allowed = verdict.decision == "Allow"
    used = found["Arn"] if own.decision == "Allow" else f"the key, through {service}"
    note("call", who=role, action=action, resource=used, allowed=allowed)
    return None if allowed else verdict


def _key_of(service: str, resource: str) -> dict[str, Any] | None:
    """Returns the customer-managed key that encrypts a table, a bucket, a secret or a topic, or None."""
    key = None
    match service:
        case "dynamodb":
            key = encrypted.get(resource.partition("table/")[2].split("/")[0])
        case "s3":
            key = encrypted.get(resource.partition(":::")[2].split("/")[0])
        case "secretsmanager":
            key = (secretsmanager._resolve(resource)[1] or {}).get("KmsKeyId")
        case "sns":
            key = encrypted.get(resource)
    return dict(kms._keys.get_scoped(ACCOUNT, REGION, key.rpartition("/")[2])) if key else None


def leading_keys() -> None:
    """Adds the condition key dynamodb:LeadingKeys; without it, a condition on it is true for every item."""
    context = iam_actions.dynamodb_service_context

    def with_leading_keys(body: bytes) -> dict[str, Any]:
        found, request = dict(context(body)), json.loads(body or b"{}")
        table = dynamodb._tables.get(request.get("TableName", ""))
        given = request.get("Item") or request.get("Key")
        if table and given:
            hash_key = next(key["AttributeName"] for key in table["KeySchema"] if key["KeyType"] == "HASH")
            found["dynamodb:LeadingKeys"] = list(given[hash_key].values())
        return found

    iam_actions.dynamodb_service_context = with_leading_keys


def services_are_judged() -> None:
    """Notes the verdict of ministack on whether SNS may send to a queue."""
    allows = sqs.queue_policy_allows

    def judged(queue: str, service: str, *more: Any) -> bool:
        allowed = bool(allows(queue, service, *more))
        note("call", who=service, action="sqs:SendMessage", resource=queue, allowed=allowed)
        return allowed

    sqs.queue_policy_allows = judged


def may_publish(service: str, topic: str, source: str) -> bool:
    """Returns whether a service of AWS may publish to a topic for `source`, by the policies of topic and key."""
    policy = sns._topics.get_scoped(ACCOUNT, REGION, topic)["attributes"].get("Policy")
    asked = [("sns:Publish", topic, policy)]
    if key := _key_of("sns", topic):
        asked += [(used, key["Arn"], key["Policy"]) for used in KMS_ACTIONS["sns:Publish"]]
    return all([_service_may(service, *each, source) for each in asked])  # noqa: C419 - each is noted


def assume(service: str, role: str, source: str) -> dict[str, str] | None:
    """Returns credentials of a role that a service of AWS assumes for `source`; None if its trust policy denies it."""
    name = role.rpartition("/")[2]
    trust = iam._roles.get_scoped(ACCOUNT, None, name)["AssumeRolePolicyDocument"]
    if not _service_may(service, "sts:AssumeRole", role, trust, source):
        return None
    session = {
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{service.partition('.')[0]}",
        "UserId": f"{name}:{service}",
        "SecretAccessKey": uuid.uuid4().hex,
        "SessionToken": uuid.uuid4().hex,
        "AccountId": ACCOUNT,
        "PrincipalType": "AssumedRole",
    }
    access_key = f"ASIA{uuid.uuid4().hex[:16].upper()}"
    sts.register_session(access_key, session)
    return {
        "aws_access_key_id": access_key,
        "aws_secret_access_key": session["SecretAccessKey"],
        "aws_session_token": session["SessionToken"],
    }


def _service_may(service: str, action: str, resource: str, policy: Any, source: str) -> bool:
    context = {"aws:sourceaccount": ACCOUNT, "aws:sourcearn": source}
    asked = iam_evaluator.EvalContext(
        "*", "Service", "", action, resource, REGION, secure_transport=True, service_context=context
    )
    allowed: bool = iam_evaluator.evaluate_resource_policy(policy, asked, service=service).decision == "Allow"
    note("call", who=service, action=action, resource=resource, allowed=allowed)
    return allowed


def requests_by_tls() -> None:
    """Counts every request as one by TLS, as on AWS; here all of them come by plain HTTP."""
    cloud = ministack.app.app

    async def serve(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = scope | {"headers": [*scope["headers"], (b"x-forwarded-proto", b"https")]}
        await cloud(scope, receive, send)

    ministack.app.app = serve


# ---------------------------------------------------------------- SES


def emails_in_full() -> None:
    """Keeps the whole request of SendEmail, with an id in SES's format, and checks permission on identity and set.

    ministack drops header fields, tags and the configuration set, publishes no events, and evaluates the permission for
    the resource "*".
    """
    answer, enforce = ses_v2.handle_request, ministack.app._enforce_ses_v2

    async def take(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        reply = await answer(method, path, headers, body, query)
        if path.rstrip("/").endswith("/outbound-emails") and reply[0] == 200:
            number = sum(event["kind"] == "email" for event in seen) + 1
            taken = f"0102{int(time.time() * 1000):012x}-{uuid.uuid4()}-000000"
            note("email", request=json.loads(body), id=taken, at=time.time(), number=number)
            return reply[0], reply[1], json.dumps({"MessageId": taken}).encode()
        return reply

    def judge(method: str, path: str, headers: Any, body: bytes, query: Any, request_id: str) -> Any:
        if not path.rstrip("/").endswith("/outbound-emails"):
            return enforce(method, path, headers, body, query, request_id)
        request = json.loads(body)
        sender = parseaddr(request["FromEmailAddress"])[1]
        names = [f"identity/{sender.rpartition('@')[2]}"]
        names += [f"configuration-set/{name}" for name in [request.get("ConfigurationSetName")] if name]
        verdicts = (
            ministack.app._enforce_data_plane(
                "sesv2",
                "ses:SendEmail",
                headers,
                query,
                request_id,
                resource_arn=f"arn:aws:ses:{REGION}:{ACCOUNT}:{name}",
                service_context={"ses:FromAddress": sender},
            )
            for name in names
        )
        return next((denied for denied in verdicts if denied), None)

    ses_v2.handle_request = take
    ministack.app._enforce_ses_v2 = judge


# ---------------------------------------------------------------- what is not AWS's


def state() -> dict[str, Any]:
    """Counts the functions that run, and the messages that wait, are being handled, or are dead letters."""
    now = time.time()
    waiting = dead = taken = 0
    for queue in list(sqs._queues._data.values()):
        is_dead = "DeadLetters" in queue["name"]
        for message in list(queue["messages"]):
            if is_dead:
                dead += 1
            elif message["visible_at"] <= now:
                waiting += 1
            elif message["receive_count"]:
                taken += 1
    if waiting:
        lambda_svc._esm_wake.set()  # otherwise a message from SNS waits for up to a second
    running = lambda_svc.executions_in_flight()[0] + len(started)
    return {"running": running, "waiting": waiting, "taken": taken, "dead": dead, "seen": len(seen)}


def asked(path: str, request: dict[str, Any]) -> Any:
    match path:
        case "/_gaps/state":
            return state()
        case "/_gaps/seen":
            return seen[request["start"] :]
        case "/_gaps/time":
            follow_clock()
            scheduler._tick_schedules()
            return state()
        case "/_gaps/restart":
            for queue in sqs._queues._data.values():
                queue["messages"].clear()
            for function in request["functions"]:
                lambda_runtime.invalidate_worker(function)
            return state()
        case "/_gaps/may-publish":
            return may_publish(request["service"], request["topic"], request["source"])
        case "/_gaps/assume":
            return assume(request["service"], request["role"], request["source"])
    raise ValueError(path)


def with_gaps(
    cloud: Callable[[Any, Receive, Send], Awaitable[None]],
) -> Callable[[Any, Receive, Send], Awaitable[None]]:
    """Returns the whole server: AWS's own addresses, and those under /_gaps/."""

    async def serve(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/_gaps/"):
            await cloud(scope, receive, send)
            return
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        answer = json.dumps(asked(scope["path"], json.loads(body or b"{}"))).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": answer})

    return serve


GAPS = (
    splits_in_conditions,
    receipt_rules,
    dkim_tokens,
    routes_of_the_api,
    secrets_by_arn,
    keys_of_what_is_encrypted,
    tags_of_bucket_and_secret,
    topics_of_the_account,
    alarms_on_sums,
    layers_at_opt,
    one_clock,
    runs_are_noted,
    unpacked_once,
    schedules_are_counted,
    schedules_fire_when_asked,
    calls_are_noted,
    leading_keys,
    services_are_judged,
    requests_by_tls,
    emails_in_full,
)


def main() -> None:
    for close in GAPS:
        close()
    ministack.app.app = with_gaps(ministack.app.app)
    sys.argv[1:] = []
    ministack.app.main()


if __name__ == "__main__":
    sys.path.remove(str(Path(__file__).parent))  # nothing of ours is imported by a function
    main()
