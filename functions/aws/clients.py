"""Everything that a function needs, made on first use and kept until the process ends.

A function makes only the clients that it uses: each costs 20 to 35 ms of a cold start.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import TypeVar

import boto3
from botocore.config import Config

from aws.inbound import RawMail
from aws.limits import Limits, Suppressions
from aws.log import count, logger
from aws.outbox import Outbox
from aws.reflections import JournalLinks, Reflections, SetAside
from aws.ses import CONNECT_TIMEOUT, READ_TIMEOUT, Mailer, Quota
from aws.settings import settings
from aws.stack.receipt_rules import ReceiptRules
from aws.subscribers import Consents, Subscribers
from aws.unfinished import Erasures, Forms
from content.emails import Site
from content.lessons import Library, usable
from course.errors import UnknownKey
from course.tokens import Keyring

THREADS = 16
"""How many threads send at the same time."""

Read = TypeVar("Read")


def now() -> datetime:
    """The time now, in UTC, to the second. Only this function reads it."""
    return datetime.now(UTC).replace(microsecond=0)


# Short timeouts: sending waits for the answer to a claim, so a lost answer must be noticed within seconds.
_SHORT = Config(connect_timeout=2, read_timeout=3, retries={"mode": "standard"}, max_pool_connections=THREADS)
# One request to SES, never retried: see Mailer.
_ONCE = Config(
    connect_timeout=CONNECT_TIMEOUT,
    read_timeout=READ_TIMEOUT,
    retries={"total_max_attempts": 1},
    max_pool_connections=THREADS,
)
_dynamodb = cache(lambda: boto3.client("dynamodb", config=_SHORT))

subscribers = cache(lambda: Subscribers(_dynamodb(), settings().subscribers_table))
consents = cache(lambda: Consents(_dynamodb(), settings().subscribers_table))
erasures = cache(lambda: Erasures(_dynamodb(), settings().subscribers_table))
forms = cache(lambda: Forms(_dynamodb(), settings().subscribers_table))
reflections = cache(lambda: Reflections(_dynamodb(), settings().reflections_table))
journal_links = cache(lambda: JournalLinks(_dynamodb(), settings().reflections_table))
set_aside = cache(lambda: SetAside(_dynamodb(), settings().reflections_table))
limits = cache(lambda: Limits(_dynamodb(), settings().limits_table))
suppressions = cache(lambda: Suppressions(_dynamodb(), settings().suppressions_table))
outbox = cache(lambda: Outbox(boto3.client("sqs"), settings().outbox_url))
raw_mail = cache(lambda: RawMail(boto3.client("s3"), settings().mail_bucket))
receipt_rules = cache(lambda: ReceiptRules(boto3.client("ses", config=_SHORT)))
quota = cache(lambda: Quota(boto3.client("sesv2")))
mailer = cache(lambda: Mailer(boto3.client("sesv2", config=_ONCE), settings().sender, settings().configuration_set))


@cache
def keys() -> Keyring:
    """The keys that make tokens and ids."""
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=settings().signing_secret)
    return Keyring(json.loads(secret["SecretString"]))


def verified(read: Callable[[Keyring], Read]) -> Read:
    """Reads a token with the keys; returns what `read` returns, and raises what it raises.

    A key may have been added while this process was running. So if no key fits the token, it is read again with the
    keys as they are now.
    """
    try:
        return read(keys())
    except UnknownKey:
        _renew_keys(now().replace(second=0))
        return read(keys())


@lru_cache(maxsize=1)
def _renew_keys(_minute: datetime) -> None:
    """Reads the keys again, at most once a minute, because anybody can make up tokens.

    If the secret cannot be read, the keys stay as they are.
    """
    keys().renew(keys.__wrapped__())


@cache
def library() -> Library:
    """The courses and notices in the layer. Each process logs and counts each unusable file once."""
    found = usable(settings().emails_dir)
    for fault in found.faults:
        logger.error("a course's files cannot be used", fault=str(fault))
        count("Broken")
    return found


@cache
def site() -> Site:
    """What emails need to know about this deployment."""
    known = settings()
    return Site(library(), keys(), known.site_url, known.reply_domain, known.postal_address)
