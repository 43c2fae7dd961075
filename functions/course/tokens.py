"""Tokens: the id of a subscriber, the links in an email, and the address that a reply goes to.

Each is signed for one purpose with a key of the keyring; when a key is removed from the ring, its tokens become
invalid. Only a journal link is random, and its hash is stored. Nobody can make a token from what the tables hold.
No token contains an address.
"""

import hashlib
import hmac
import re
import secrets
import struct
from base64 import b32decode, b32encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as DecodeError
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from course.errors import InvalidToken, UnknownKey

CONFIRM_LIFE = timedelta(hours=72)
PAGE_LIFE = timedelta(days=30)
JOURNAL_LIFE = timedelta(hours=24)
LEAVE = "leave"
"""Used instead of a lesson in the address of List-Unsubscribe: any mail to this address unsubscribes."""

_ID_BYTES = 10
_ID_LENGTH = 16  # in base32
_LINK = struct.Struct(f">B{_ID_BYTES}sHI")  # key id, subscriber, epoch, minute of expiry (0: never)
_LINK_MAC = 16  # 33 bytes in all: 44 characters of base64 with no bit to spare
_JOURNAL = re.compile(r"[\w-]{32}", re.ASCII)
_REPLY = struct.Struct(f">{_ID_BYTES}sHB2s")  # subscriber, epoch, round, lesson
_JOURNAL_BYTES = 24  # random: nobody can guess one
_REPLY_MAC = 6  # 21 bytes in all: 34 characters of base32; one guess in 2**48, and each guess is an email


class Purpose(StrEnum):
    """The purpose of a link: it is valid for nothing else."""

    CONFIRM = "confirm"
    PAGE = "page"
    UNSUBSCRIBE = "unsubscribe"


class Keyring:
    """The keys by number. The highest signs, all verify. Number 1 makes the ids, so it can never be replaced."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._keys = {int(number): key.encode() for number, key in keys.items()}

    def renew(self, other: "Keyring") -> None:
        """Replaces the keys by those of another ring, in every place that uses this one."""
        self._keys = other._keys

    @property
    def newest(self) -> int:
        """The number of the key that signs."""
        return max(self._keys)

    @property
    def numbers(self) -> list[int]:
        """All key numbers, newest first."""
        return sorted(self._keys, reverse=True)

    def mac(self, number: int, purpose: str, message: bytes) -> bytes:
        """HMAC-SHA256 of a message for one purpose. Raises UnknownKey."""
        key = self._keys.get(number)
        if key is None:
            raise UnknownKey("no such key")
        return hmac.digest(key, purpose.encode() + b"\0" + message, hashlib.sha256)

    def hashed(self, purpose: str, text: str) -> str:
        """A keyed hash for use as a table key: 16 lower-case base32 characters (80 bits)."""
        return _base32(self.mac(1, purpose, text.encode())[:_ID_BYTES])


@dataclass(frozen=True, slots=True)
class LinkToken:
    """The content of a signed link."""

    subscriber: str
    epoch: int


@dataclass(frozen=True, slots=True)
class JournalToken:
    """The content of a journal link. It is random, so only the stored hash proves that it is genuine."""

    subscriber: str
    hashed: str
    """The hash that is stored: nobody can make the link from it."""


@dataclass(frozen=True, slots=True)
class ReplyToken:
    """The content of a reply address: the email that a reply answers."""

    subscriber: str
    epoch: int
    round_byte: int
    """The round modulo 256."""
    lesson_tag: bytes

    def round_of(self, current: int) -> int:
        """The latest round up to the current one that matches the token's byte."""
        return current - (current - self.round_byte) % 256


def subscriber_id(keys: Keyring, course: str, address: str) -> str:
    """The id of a subscriber: a keyed hash of course and normalised address. So no address is in a key or a log."""
    return keys.hashed("subscriber", f"{course}\0{address}")


def address_hash(keys: Keyring, address: str) -> str:
    """The key of an address in the suppression list: a hash without the course, since the list is for all courses."""
    return keys.hashed("address", address)


def nameless(subscriber: str) -> str:
    """A hash of the id, for counters and marks: these stay for a while after an erasure."""
    return hashlib.sha256(subscriber.encode()).hexdigest()[:16]


def lesson_tag(lesson: str) -> bytes:
    """The two bytes for a lesson id in a reply address. They do not depend on its place in the course."""
    return hashlib.sha256(lesson.encode()).digest()[:2]


LEAVE_TAG = lesson_tag(LEAVE)


def link(
    keys: Keyring, purpose: Purpose, subscriber: str, epoch: int, expires: datetime | None = None, *, ended: int = 0
) -> str:
    """A signed token for a link: 44 characters of URL-safe base64. `expires` is UTC, to the minute.

    `ended` is how often the subscriber ended all links of this purpose. The signature covers it, since the token has no
    space for it.
    """
    minute = int(expires.timestamp() // 60) if expires else 0
    number = keys.newest
    payload = _LINK.pack(number, _unbase32(subscriber), epoch, minute)
    return urlsafe_b64encode(payload + _link_mac(keys, number, purpose, payload, ended)).decode()


def read_link(keys: Keyring, purpose: Purpose, token: str, now: datetime, *, ended: int = 0) -> LinkToken:
    """The content of a signed link. Raises InvalidToken; UnknownKey for a key number that is not in the ring."""
    payload, mac = _divided(token)
    number, subscriber, epoch, minute = _LINK.unpack(payload)
    if not hmac.compare_digest(mac, _link_mac(keys, number, purpose, payload, ended)):
        raise InvalidToken("forged, made for another purpose, or ended by its subscriber")
    if minute and now >= datetime.fromtimestamp(minute * 60, UTC):
        raise InvalidToken("expired")
    return LinkToken(_base32(subscriber), epoch)


def claimed_subscriber(token: str) -> str:
    """The subscriber that a link names; nothing proves it yet. Raises InvalidToken."""
    return _base32(_LINK.unpack(_divided(token)[0])[1])


def journal(subscriber: str) -> str:
    """A new token for a journal link: the subscriber's id and 32 random characters of URL-safe base64."""
    return f"{subscriber}{secrets.token_urlsafe(_JOURNAL_BYTES)}"


def read_journal(token: str) -> JournalToken:
    """The content of a journal link. Raises InvalidToken."""
    subscriber, secret = token[:_ID_LENGTH], token[_ID_LENGTH:]
    _unbase32(subscriber)
    if not _JOURNAL.fullmatch(secret):
        raise InvalidToken("not a token")
    return JournalToken(subscriber, hashlib.sha256(token.encode()).hexdigest())


def reply(keys: Keyring, subscriber: str, epoch: int, round_number: int, lesson: str) -> str:
    """The local part of a reply address: 34 lower-case base32 characters.

    Mail servers lower-case local parts, remove what follows a plus sign and cut at 64 characters. So the local part is
    short and needs neither upper case nor a plus sign.
    """
    payload = _REPLY.pack(_unbase32(subscriber), epoch, round_number % 256, lesson_tag(lesson))
    return _base32(payload + keys.mac(keys.newest, "reply", payload)[:_REPLY_MAC])


def read_reply(keys: Keyring, local_part: str) -> ReplyToken:
    """The content of a reply address. Raises InvalidToken; UnknownKey if no key of the ring made it."""
    raw = _unbase32(local_part.lower())
    if len(raw) != _REPLY.size + _REPLY_MAC:
        raise InvalidToken("not a reply address")
    payload, mac = raw[: _REPLY.size], raw[_REPLY.size :]
    macs = (keys.mac(number, "reply", payload)[:_REPLY_MAC] for number in keys.numbers)
    if not any(hmac.compare_digest(mac, expected) for expected in macs):
        raise UnknownKey("made by no known key")
    subscriber, epoch, round_byte, tag = _REPLY.unpack(payload)
    return ReplyToken(_base32(subscriber), epoch, round_byte, tag)


def _divided(token: str) -> tuple[bytes, bytes]:
    """The payload and signature of a link's token. Raises InvalidToken."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii"))
    except (DecodeError, UnicodeEncodeError) as error:
        raise InvalidToken("not a token") from error
    if len(raw) != _LINK.size + _LINK_MAC or urlsafe_b64encode(raw).decode() != token:
        raise InvalidToken("not a token")
    return raw[: _LINK.size], raw[_LINK.size :]


def _link_mac(keys: Keyring, number: int, purpose: Purpose, payload: bytes, ended: int) -> bytes:
    return keys.mac(number, f"{purpose}#{ended}" if ended else purpose, payload)[:_LINK_MAC]


def _base32(raw: bytes) -> str:
    return b32encode(raw).decode().rstrip("=").lower()


def _unbase32(text: str) -> bytes:
    """Decodes base32. Only one spelling of each value is valid, so a changed character is never ignored."""
    try:
        raw = b32decode(text.upper() + "=" * (-len(text) % 8))
    except (DecodeError, ValueError) as error:
        raise InvalidToken("not a token") from error
    if _base32(raw) != text:
        raise InvalidToken("not a token")
    return raw
