"""Why a stack cannot be deployed, judged on this machine alone, and the parameters that `sam deploy` will be given."""

import argparse
import shlex
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from local_cloud.cloud import PARAMETERS
from local_cloud.template import resolved


def refusals(template: Path, stack: str, region: str, given: Mapping[str, str]) -> Iterator[str]:
    """Each reason against a deployment, a sentence each. Raises TemplateError for parameters that the template refuses.

    Parameters that are not given are those of the local cloud.
    """
    pseudo = {"AWS::StackName": stack, "AWS::Region": region}
    resources = resolved(template, PARAMETERS | dict(given), pseudo=pseudo)
    yield from resources.refusals()
    for _, identity in resources.resources("AWS::SES::EmailIdentity"):
        mail_from = identity.get("MailFromAttributes", {}).get("MailFromDomain")
        if mail_from == resources.parameters["ReplyDomain"]:  # a rule of a template cannot compare joined texts
            yield (
                f"{mail_from} would be both the MAIL FROM domain and the reply domain, with one MX record for bounces "
                "and one for replies, so replies would be lost at random: choose another MailFrom or ReplyDomain"
            )


def given_to_sam(arguments: Sequence[str], folder: Path) -> dict[str, str]:
    """The template's parameters in the arguments of `sam deploy`, or in its configuration file if there are none.

    Reads `Name=Value` and ignores sam's other forms, such as a file of parameters. Raises OSError and ValueError for a
    configuration file that is unreadable.
    """
    sam = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    sam.add_argument("--parameter-overrides", nargs="*", action="extend", default=[])
    sam.add_argument("--config-file", default="samconfig.toml")
    sam.add_argument("--config-env", default="default")
    given, _ = sam.parse_known_args(arguments)
    texts = given.parameter_overrides or _configured(folder / given.config_file, given.config_env)
    pairs = (word.partition("=") for text in texts for word in _words(text))
    return {name: value for name, equals, value in pairs if equals and name.isalnum() and name != "ParameterKey"}


def _configured(path: Path, environment: str) -> list[str]:
    """The parameters in the configuration file, as sam reads it (SAM CLI guide, "Configuration file")."""
    commands = tomllib.loads(path.read_text("utf-8")).get(environment, {})
    sections = (commands.get(command, {}).get("parameters", {}) for command in ("deploy", "global"))
    given: Any = next((one["parameter_overrides"] for one in sections if "parameter_overrides" in one), [])
    if isinstance(given, dict):
        return [f"{name}={shlex.quote(str(value))}" for name, value in given.items()]
    return [given] if isinstance(given, str) else [str(one) for one in given]


def _words(text: str) -> list[str]:
    """Splits at spaces outside quotes, as sam does."""
    try:
        return shlex.split(text)
    except ValueError:  # an apostrophe without a second one
        return [text]
