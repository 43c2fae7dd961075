"""SES's reasons to refuse a SendEmail request, with its own error codes."""

import re
from collections import Counter
from email.utils import getaddresses
from typing import Any

HEADER_NAME = re.compile(r"[!-9;-@A-~]{1,126}")
HEADER_VALUE = re.compile(r"[ -~]{0,995}")
TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
FEEDBACK_ID = ("ses:feedback-id-a", "ses:feedback-id-b")  # SES's own: they become the first two parts of Feedback-ID
LOCAL_PART = re.compile(r"[!-?A-~]{1,64}")  # printable ASCII; SES has no SMTPUTF8
DOMAIN = re.compile(r"(?=.{1,253}$)([A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")
MAX_HEADERS = 15
MAX_RECIPIENTS = 50
MAX_BYTES = 40 * 1024 * 1024
# These have their own parameters (ReplyToAddresses …), or SES writes them itself.
NOT_AMONG_HEADERS = {
    "from", "to", "cc", "bcc", "reply-to", "subject", "return-path",
    "mime-version", "content-type", "content-transfer-encoding",
}  # fmt: skip


class SesError(Exception):
    """SES's answer to a request that it refuses: the error's code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = {"TooManyRequestsException": 429, "NotFoundException": 404}.get(code, 400)


def bad_request(message: str) -> SesError:
    return SesError("BadRequestException", message)


def check(request: dict[str, Any]) -> None:
    """Raises BadRequestException for a malformed request.

    A request that the local SES does not know (Raw and Template content) is refused as well, with a text that says so.
    """
    content = request.get("Content") or {}
    if "Simple" not in content:
        raise bad_request("The local SES takes Content.Simple only.")
    if "ListManagementOptions" in request:
        raise bad_request("The local SES does not know ListManagementOptions.")
    simple = content["Simple"]
    _check_addresses(request)
    _check_headers(simple.get("Headers") or [])
    _check_tags(request.get("EmailTags") or [])
    subject = simple["Subject"]["Data"]
    if not subject or re.search(r"[\r\n\0]", subject):
        raise bad_request("Subject must be one line and not empty.")
    body = simple.get("Body") or {}
    if not body.get("Text") and not body.get("Html"):
        raise bad_request("Body must have text or HTML.")
    size = sum(len(part["Data"].encode("utf-8")) for part in body.values())
    if size > MAX_BYTES:
        raise bad_request(f"Message length is more than {MAX_BYTES} bytes long: {size}.")


def check_address(given: str) -> str:
    """The bare address in `Name <address>`. Raises BadRequestException if SES would refuse it."""
    if not given.isascii() or re.search(r"[\r\n\0]", given):
        raise bad_request(f"Address contains illegal characters: {given!a}. Encode names and domains.")
    found = getaddresses([given])
    address = found[0][1] if len(found) == 1 else ""
    local, _, domain = address.rpartition("@")
    if not LOCAL_PART.fullmatch(local) or not DOMAIN.fullmatch(domain):
        raise bad_request(f"Illegal address: {given!a}.")
    return address


def recipients(request: dict[str, Any]) -> list[str]:
    destination = request.get("Destination") or {}
    return [a for kind in ("ToAddresses", "CcAddresses", "BccAddresses") for a in destination.get(kind) or []]


def _check_addresses(request: dict[str, Any]) -> None:
    if not request.get("FromEmailAddress"):
        raise bad_request("Missing required parameter: FromEmailAddress.")
    to = recipients(request)
    if not 1 <= len(to) <= MAX_RECIPIENTS:
        raise bad_request(f"Recipient count must be 1 to {MAX_RECIPIENTS}, is {len(to)}.")
    for address in (request["FromEmailAddress"], *to, *(request.get("ReplyToAddresses") or [])):
        check_address(address)


def _check_headers(headers: list[dict[str, str]]) -> None:
    if len(headers) > MAX_HEADERS:
        raise bad_request(f"Headers must have at most {MAX_HEADERS} entries, has {len(headers)}.")
    for header in headers:
        name, value = header.get("Name", ""), header.get("Value", "")
        if name.lower() in NOT_AMONG_HEADERS:
            raise bad_request(f"Header {name} is not allowed among Headers.")
        if not HEADER_NAME.fullmatch(name) or not HEADER_VALUE.fullmatch(value):
            raise bad_request(f"Header {name!a} must match [ -~]* and be at most 995 characters long.")
    for name, count in Counter(header["Name"].lower() for header in headers).items():
        if count > 1:
            raise bad_request(f"Duplicate header {name}.")


def _check_tags(tags: list[dict[str, str]]) -> None:
    for tag in tags:
        name = tag.get("Name", "")
        if not (TAG.fullmatch(name) or name in FEEDBACK_ID) or not TAG.fullmatch(tag.get("Value", "")):
            raise bad_request(f"Invalid tag {tag!a}: name and value must match [A-Za-z0-9_-]{{1,256}}.")
    if len({tag["Name"] for tag in tags}) != len(tags):
        raise bad_request("Duplicate tag name.")
