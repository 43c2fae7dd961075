"""CloudFormation's intrinsic functions: Ref, Sub, GetAtt, If and the rest, resolved to plain values."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_cloud.physical import PSEUDO, attribute, reference

NO_VALUE = object()  # AWS::NoValue: its property is left out
VARIABLE = re.compile(r"\$\{([^}]*)\}")


class TemplateError(Exception):
    """The local cloud cannot run the template. The message is one line that names the resource and the property."""


@contextmanager
def blamed(logical_id: str) -> Iterator[None]:
    """Turns an error inside into a TemplateError that names this resource: its properties are missing or wrong."""
    try:
        yield
    except KeyError as error:
        raise TemplateError(f"{logical_id}: has no {error.args[0]}") from error
    except (AttributeError, TypeError, ValueError, BotoCoreError, ClientError) as error:
        raise TemplateError(f"{logical_id}: {' '.join(str(error).split())}") from error


class Resolver:
    """One template with its parameters. The local cloud names the resources: see physical.py.

    `pseudo` replaces pseudo parameters: {"AWS::StackName": …}.
    """

    def __init__(
        self,
        template: dict[str, Any],
        parameters: dict[str, Any],
        made: dict[str, tuple[str, dict[str, str]]],
        pseudo: Mapping[str, str] | None = None,
    ) -> None:
        self.template = template
        self.parameters = parameters
        self.made = made
        self.pseudo: dict[str, str] = PSEUDO | dict(pseudo or {})
        self._resources: dict[str, Any] = template["Resources"]
        self._known: dict[str, dict[str, Any]] = {}

    def resources(self, *types: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Logical id and resolved properties of every resource of these types whose condition is true."""
        for logical_id, resource in self._resources.items():
            if resource["Type"] in types and self.exists(logical_id):
                yield logical_id, self.properties(logical_id)

    def exists(self, logical_id: str) -> bool:
        condition = self._resources[logical_id].get("Condition")
        return condition is None or self._condition(condition, logical_id)

    def types(self) -> dict[str, str]:
        """Logical id → type of every resource whose condition is true."""
        return {name: resource["Type"] for name, resource in self._resources.items() if self.exists(name)}

    def outputs(self) -> dict[str, str]:
        """The value of every output whose condition is true."""
        return {
            name: str(self.value(output["Value"], f"output {name}"))
            for name, output in (self.template.get("Outputs") or {}).items()
            if "Condition" not in output or self._condition(output["Condition"], name)
        }

    def refusals(self) -> Iterator[str]:
        """The reasons why CloudFormation would refuse a deployment: failed rules, and names that are too long."""
        for name, rule in (self.template.get("Rules") or {}).items():
            if "RuleCondition" in rule and not self._test(rule["RuleCondition"], name):
                continue
            for assertion in rule["Assertions"]:
                if not self._test(assertion["Assert"], name):
                    yield str(assertion.get("AssertDescription", f"rule {name} is not met"))
        for logical_id, kind in self.types().items():
            given = self._name(logical_id)
            if given and len(given) > LONGEST.get(kind, len(given)):
                yield f"{logical_id}: the name {given!r} has {len(given)} characters, and AWS accepts {LONGEST[kind]}"

    def properties(self, logical_id: str) -> dict[str, Any]:
        if logical_id not in self._known:
            properties = self._resources[logical_id].get("Properties") or {}
            self._known[logical_id] = {
                name: value
                for name, raw in properties.items()
                if (value := self.value(raw, f"{logical_id}.{name}")) is not NO_VALUE
            }
        return self._known[logical_id]

    def ref(self, logical_id: str, where: str = "") -> Any:
        if logical_id in self.pseudo:
            return self.pseudo[logical_id]
        if logical_id == "AWS::NoValue":
            return NO_VALUE
        if logical_id in self.parameters:
            return self.parameters[logical_id]
        if logical_id in self.made:
            return self.made[logical_id][0]
        value = reference(self._type(logical_id, where), logical_id, self._name(logical_id))
        if value is None:
            raise TemplateError(f"{where}: the local cloud has no Ref for {self._type(logical_id, where)}")
        return value

    def get_att(self, logical_id: str, name: str, where: str = "") -> str:
        if logical_id in self.made:
            value = self.made[logical_id][1].get(name)
        else:
            value = attribute(self._type(logical_id, where), logical_id, self._name(logical_id), name)
        if value is None:
            raise TemplateError(f"{where}: the local cloud has no {logical_id}.{name}")
        return value

    def value(self, raw: Any, where: str) -> Any:
        """The value without intrinsics; `where` is the resource and property for error texts."""
        if isinstance(raw, list):
            return [v for item in raw if (v := self.value(item, where)) is not NO_VALUE]
        if not isinstance(raw, dict):
            return raw
        if len(raw) == 1:
            function, argument = next(iter(raw.items()))
            if function in FUNCTIONS and (function != "Condition" or isinstance(argument, str)):
                return self._called(function, argument, where)
            if function.startswith("Fn::"):
                raise TemplateError(f"{where}: the local cloud does not know {function}")
        return {k: v for k, item in raw.items() if (v := self.value(item, where)) is not NO_VALUE}

    def _called(self, function: str, argument: Any, where: str) -> Any:
        try:
            return getattr(self, FUNCTIONS[function])(argument, where)
        except RecursionError as error:
            raise TemplateError(f"{where}: {function} leads back to itself") from error
        except (AttributeError, IndexError, TypeError, ValueError) as error:
            raise TemplateError(f"{where}: {function} cannot be {argument!r}") from error

    def _get_att(self, argument: str | list[Any], where: str) -> str:
        resource, name = argument.split(".", 1) if isinstance(argument, str) else argument
        return self.get_att(resource, self.value(name, where), where)

    def _join(self, argument: list[Any], where: str) -> str:
        separator, parts = argument
        return str(separator).join(str(part) for part in self.value(parts, where))

    def _select(self, argument: list[Any], where: str) -> Any:
        index, parts = self.value(argument, where)
        if not 0 <= int(index) < len(parts):
            raise TemplateError(f"{where}: Fn::Select {index} of {len(parts)} parts")
        return parts[int(index)]

    def _split(self, argument: list[Any], where: str) -> list[str]:
        separator, text = self.value(argument, where)
        return str(text).split(separator)

    def _if(self, argument: list[Any], where: str) -> Any:
        name, then, otherwise = argument
        return self.value(then if self._condition(name, where) else otherwise, where)

    def _sub(self, argument: Any, where: str) -> str:
        text, variables = (argument, {}) if isinstance(argument, str) else argument

        def replacement(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in variables:
                return str(self.value(variables[name], where))
            if "." in name:
                resource, attribute_name = name.split(".", 1)
                return self.get_att(resource, attribute_name, where)
            return str(self.ref(name, where))

        return VARIABLE.sub(replacement, text)

    def _find_in_map(self, argument: list[Any], where: str) -> Any:
        found: Any = self.template.get("Mappings") or {}
        for key in (keys := self.value(argument, where)):
            if not isinstance(found, dict) or key not in found:
                raise TemplateError(f"{where}: Mappings has no {'.'.join(map(str, keys))}")
            found = found[key]
        return found

    def _condition(self, name: str, where: str) -> bool:
        conditions = self.template.get("Conditions") or {}
        if name not in conditions:
            raise TemplateError(f"{where}: there is no condition {name}")
        return self._test(conditions[name], f"condition {name}")

    def _test(self, test: Any, where: str) -> bool:
        if not isinstance(test, dict) or len(test) != 1:
            raise TemplateError(f"{where}: the local cloud cannot test {test!r}")
        return bool(self.value(test, where))

    def _equals(self, argument: list[Any], where: str) -> bool:
        left, right = self.value(argument, where)
        return str(left) == str(right)

    def _and(self, argument: list[Any], where: str) -> bool:
        return all(self._test(part, where) for part in argument)

    def _contains(self, argument: list[Any], where: str) -> bool:
        values, wanted = self.value(argument, where)
        return wanted in values

    def _or(self, argument: list[Any], where: str) -> bool:
        return any(self._test(part, where) for part in argument)

    def _not(self, argument: list[Any], where: str) -> bool:
        return not self._test(argument[0], where)

    def _type(self, logical_id: str, where: str) -> str:
        if logical_id not in self._resources:
            raise TemplateError(f"{where}: there is no resource or parameter {logical_id}")
        return str(self._resources[logical_id]["Type"])

    def _name(self, logical_id: str) -> str | None:
        """The resource's name in the template, if it has one there."""
        resource = self._resources.get(logical_id) or {}
        key = NAME_PROPERTY.get(resource.get("Type", ""))
        raw = (resource.get("Properties") or {}).get(key) if key else None
        value = None if raw is None else self.value(raw, f"{logical_id}.{key}")
        return None if value is NO_VALUE else value


FUNCTIONS = {
    "Condition": "_condition",
    "Fn::And": "_and",
    "Fn::Contains": "_contains",
    "Fn::Equals": "_equals",
    "Fn::FindInMap": "_find_in_map",
    "Fn::GetAtt": "_get_att",
    "Fn::If": "_if",
    "Fn::Join": "_join",
    "Fn::Not": "_not",
    "Fn::Or": "_or",
    "Fn::Select": "_select",
    "Fn::Split": "_split",
    "Fn::Sub": "_sub",
    "Ref": "ref",
}

NAME_PROPERTY = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SES::ConfigurationSet": "Name",
    "AWS::SES::EmailIdentity": "EmailIdentity",
    "AWS::SES::ReceiptRuleSet": "RuleSetName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Scheduler::Schedule": "Name",
}

# Type → the longest name that AWS accepts, in characters.
LONGEST = {
    "AWS::IAM::Role": 64,
    "AWS::Lambda::Function": 64,
    "AWS::S3::Bucket": 63,
    "AWS::SES::ConfigurationSet": 64,
    "AWS::SES::ReceiptRuleSet": 64,
    "AWS::SQS::Queue": 80,
    "AWS::Scheduler::Schedule": 64,
}
