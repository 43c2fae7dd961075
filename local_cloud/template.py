"""Reads template.yaml as AWS would: SAM translated to CloudFormation, then every intrinsic resolved.

`translated` is what CloudFormation would be given (the lint reads that), `resolved` what it would make of it.
Both work offline.
"""

import functools
import logging
import re
from pathlib import Path
from typing import Any

import yaml

from local_cloud.environment import offline_aws
from local_cloud.intrinsics import Resolver, TemplateError

BUCKET = "local"  # CodeUri and ContentUri are carried through the translation as s3://local/<folder>


def translated(path: Path) -> dict[str, Any]:
    """The CloudFormation template that SAM makes of the file, intrinsics unresolved; cached, so only to read.

    Raises TemplateError, one line, when the file is missing, is not YAML, or SAM refuses it.
    """
    try:
        return _translated(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise TemplateError(f"{path}: no such file") from error
    except (TemplateError, UnicodeDecodeError) as error:
        raise TemplateError(f"{path}: {_one_line(error)}") from error


@functools.lru_cache(maxsize=8)
def _translated(text: str) -> dict[str, Any]:
    """By its text: a copy in another folder is the same template."""
    # Imported here, since it takes half a second that `email-course --help` need not pay.
    from samtranslator.model.exceptions import InvalidDocumentException  # type: ignore[import-untyped]
    from samtranslator.translator.transform import transform  # type: ignore[import-untyped]
    from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

    logging.getLogger("samtranslator.metrics").setLevel(logging.ERROR)  # it warns that nobody publishes its metrics
    try:
        source = yaml_parse(text)
    except yaml.YAMLError as error:
        raise TemplateError(_one_line(error)) from error
    if not isinstance(source, dict) or not isinstance(source.get("Resources"), dict):
        raise TemplateError("has no Resources")
    _check_shape(source)
    _carry_folders(source)
    parameters = {
        name: declared["Default"]
        for name, declared in (source.get("Parameters") or {}).items()
        if isinstance(declared, dict) and "Default" in declared
    }
    try:
        with offline_aws():  # SAM asks boto3 for the region
            template: dict[str, Any] = transform(source, parameters, _ManagedPolicies())
    except InvalidDocumentException as error:
        reasons = [cause.message for cause in error.causes] or [error.message]
        more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
        raise TemplateError(f"{_one_line(reasons[0])}{more}") from error
    return template


def resolved(
    path: Path,
    parameters: dict[str, str],
    made: dict[str, tuple[str, dict[str, str]]] | None = None,
    pseudo: dict[str, str] | None = None,
) -> Resolver:
    """The translated template with these parameters, ready to give properties without intrinsics.

    `made` holds what only creation can tell, such as the ARN of a secret: logical id → (Ref, attributes). `pseudo`
    replaces pseudo parameters, such as the name of the stack.
    """
    template = translated(path)
    return Resolver(template, _parameters(template, parameters), made or {}, pseudo)


def _parameters(template: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
    declared = template.get("Parameters") or {}
    if unknown := sorted(set(given) - set(declared)):
        raise TemplateError(f"the template has no parameter {unknown[0]}")
    values: dict[str, Any] = {}
    for name, parameter in declared.items():
        if name not in given and "Default" not in parameter:
            raise TemplateError(f"parameter {name} has no default and was not given")
        value = str(given.get(name, parameter.get("Default")))
        pattern = parameter.get("AllowedPattern")
        if pattern and not re.fullmatch(pattern, value):
            why = parameter.get("ConstraintDescription", f"must match {pattern}")
            raise TemplateError(f"parameter {name}: {value!r} {why}")
        if "AllowedValues" in parameter and value not in [str(v) for v in parameter["AllowedValues"]]:
            raise TemplateError(f"parameter {name}: {value!r} is not one of the AllowedValues")
        is_list = parameter.get("Type") == "CommaDelimitedList"
        values[name] = [part.strip() for part in value.split(",")] if is_list else value
    return values


def _check_shape(source: dict[str, Any]) -> None:
    """What SAM and everything after it take for granted."""
    if not isinstance(source.get("Parameters") or {}, dict):
        raise TemplateError("Parameters must be names and what they are")
    for logical_id, resource in source["Resources"].items():
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            raise TemplateError(f"{logical_id} has no Type")
        if not isinstance(resource.get("Properties") or {}, dict):
            raise TemplateError(f"{logical_id}.Properties must be names and values")


def _carry_folders(source: dict[str, Any]) -> None:
    """SAM takes only s3:// addresses for code; the folder's name is carried in one."""
    shared = (source.get("Globals") or {}).get("Function") or {}
    for properties in [shared, *(r.get("Properties") or {} for r in source["Resources"].values())]:
        for name in ("CodeUri", "ContentUri"):
            if isinstance(properties.get(name), str) and not properties[name].startswith("s3://"):
                properties[name] = f"s3://{BUCKET}/{properties[name]}"


class _ManagedPolicies:
    """SAM asks for the account's managed policies by name; it knows those it needs here itself."""

    def load(self) -> dict[str, str]:
        return {}


def _one_line(error: object) -> str:
    return " ".join(str(error).split())
