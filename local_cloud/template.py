"""Reads template.yaml as AWS would: translates SAM to CloudFormation, then resolves every intrinsic.

`translated` returns the template that CloudFormation would get (the lint reads it), `resolved` what CloudFormation
would make of it. Both work offline.
"""

import functools
import logging
import re
from pathlib import Path
from typing import Any

import yaml

from local_cloud.environment import offline_aws
from local_cloud.intrinsics import Resolver, TemplateError

BUCKET = "local"  # CodeUri and ContentUri pass through the translation as s3://local/<folder>


def translated(path: Path) -> dict[str, Any]:
    """The CloudFormation template that SAM makes of the file, intrinsics unresolved. Cached: do not change it.

    Raises TemplateError, one line, if the file is missing or not YAML, or if SAM refuses it.
    """
    try:
        return _translated(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise TemplateError(f"{path}: no such file") from error
    except (TemplateError, UnicodeDecodeError) as error:
        raise TemplateError(f"{path}: {_one_line(error)}") from error


@functools.lru_cache(maxsize=8)
def _translated(text: str) -> dict[str, Any]:
    """Caches by the text: a copy in another folder is the same template."""
    # Imported here, since the import takes half a second, which `email-course --help` does not need.
    from samtranslator.model.exceptions import InvalidDocumentException  # type: ignore[import-untyped]
    from samtranslator.translator.transform import transform  # type: ignore[import-untyped]
    from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

    logging.getLogger("samtranslator.metrics").setLevel(logging.ERROR)  # it warns that it publishes no metrics
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
    """A resolver of the translated template with these parameters; it returns properties without intrinsics.

    `made` has the values that exist only after creation, such as a secret's ARN: logical id → (Ref, attributes).
    `pseudo` replaces pseudo parameters, such as the name of the stack.
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
    """Checks the structure that SAM and all later steps need."""
    if not isinstance(source.get("Parameters") or {}, dict):
        raise TemplateError("Parameters must be names and their definitions")
    for logical_id, resource in source["Resources"].items():
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            raise TemplateError(f"{logical_id} has no Type")
        if not isinstance(resource.get("Properties") or {}, dict):
            raise TemplateError(f"{logical_id}.Properties must be names and values")


def _carry_folders(source: dict[str, Any]) -> None:
    """Puts each code folder into an s3:// address, since SAM takes no other address for code."""
    shared = (source.get("Globals") or {}).get("Function") or {}
    for properties in [shared, *(r.get("Properties") or {} for r in source["Resources"].values())]:
        for name in ("CodeUri", "ContentUri"):
            if isinstance(properties.get(name), str) and not properties[name].startswith("s3://"):
                properties[name] = f"s3://{BUCKET}/{properties[name]}"


class _ManagedPolicies:
    """The account's managed policies, for which SAM asks: empty, since SAM itself knows the ones in this template."""

    def load(self) -> dict[str, str]:
        return {}


def _one_line(error: object) -> str:
    return " ".join(str(error).split())
