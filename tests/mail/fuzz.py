"""Randomly damaged mails and forged tokens. Each is generated from its number, so it is always the same."""

import random
import resource
import time
from base64 import b32decode, b32encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from course import tokens
from course.errors import InvalidToken
from course.tokens import Keyring, Purpose
from replies import UnreadableMail, automatic, mail, own_words
from tests.faults.oracle import Tally
from tests.mail import library
from tests.mail.emails import as_html, as_text
from tests.mail.weighing import MAX_MEMORY, MAX_SECONDS

BROKEN = "mails that broke the reader"
FORGED = "forged tokens accepted"

KEYS = Keyring({"1": "one" * 20, "2": "two" * 20})
EMAIL, EMAIL_HTML = as_text("en"), as_html("en")
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)

_ODD = (
    b"\0",
    b"\xff",
    b"\r",
    b"\n",
    b"> ",
    b"=?",
    b"?=",
    b"--",
    b"<",
    b"&#",
    b"\xe2\x80\x8b",
    b"\xed\xa0\x80",
    b": ",
    b";",
    b'"',
    b"=\r\n",
    b"\x1b$B",
)


def seeds() -> list[bytes]:
    """Returns all the project's own test mails."""
    automatic_mails = [raw for _, raw in (*library.mails("automatic"), *library.mails("people"))]
    return [*(reply.raw for reply in library.replies()), *automatic_mails]


def damaged(first: int, number: int) -> Iterator[bytes]:
    """Yields `number` damaged mails, beginning with the one numbered `first`."""
    whole = seeds()
    for which in range(first, first + number):
        rnd = random.Random(which)
        raw = whole[which % len(whole)]
        for _ in range(rnd.randint(1, 4)):
            raw = rnd.choice(_DAMAGES)(rnd, raw, whole)
        yield raw


def _flipped(rnd: random.Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    changed = bytearray(raw)
    for _bit in range(rnd.randint(1, 20) if changed else 0):
        changed[rnd.randrange(len(changed))] ^= 1 << rnd.randrange(8)
    return bytes(changed)


def _cut(rnd: random.Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    start, end = sorted(rnd.randint(0, len(raw)) for _ in "12")
    return rnd.choice((raw[:end], raw[start:], raw[:start] + raw[end:]))


def _spliced(rnd: random.Random, raw: bytes, whole: Sequence[bytes]) -> bytes:
    other = rnd.choice(whole)
    return raw[: rnd.randint(0, len(raw))] + other[rnd.randint(0, len(other)) :]


def _odd(rnd: random.Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    at = rnd.randint(0, len(raw))
    return raw[:at] + rnd.choice(_ODD) * rnd.choice((1, 1, 2, 50)) + raw[at:]


def _lines(rnd: random.Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    """Repeats, swaps, deletes or copies lines, headers included."""
    lines = raw.split(b"\r\n")
    at, to = rnd.randrange(len(lines)), rnd.randrange(len(lines))
    match rnd.randrange(4):
        case 0:
            lines[at:at] = [lines[at]] * rnd.choice((1, 3, 60))
        case 1:
            lines[at], lines[to] = lines[to], lines[at]
        case 2:
            del lines[at]
        case _:
            lines[to:to] = lines[at : at + rnd.randint(1, 9)]
    return b"\r\n".join(lines)


def _ends(rnd: random.Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    return raw.replace(b"\r\n", rnd.choice((b"\n", b"\r", b"\n\n", b"\r\n\r\n", b"\r\n ")))


def _recoded(rnd: random.Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    old = rnd.choice((b"utf-8", b"8bit", b"text/plain", b"text/html", b"alternative", b"charset", b"boundary"))
    new = (
        b"utf-7",
        b"utf-16",
        b"base64",
        b"quoted-printable",
        b"x-uuencode",
        b"text/html",
        b"multipart/mixed",
        b"message/rfc822",
        b"",
    )
    return raw.replace(old, rnd.choice(new))


_DAMAGES: tuple[Callable[[random.Random, bytes, Sequence[bytes]], bytes], ...] = (
    _flipped, _flipped, _cut, _spliced, _odd, _odd, _lines, _lines, _ends, _recoded,
)  # fmt: skip


def read(first: int, number: int) -> Tally:
    """Reads `number` damaged mails as on arrival, every second one together with its original."""
    tally = Tally(runs=number)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for which, raw in enumerate(damaged(first, number), first):
        began = time.process_time()
        try:
            automatic(raw)
            mail.sender(mail.parse(raw))
            text = own_words(raw, EMAIL, EMAIL_HTML) if which % 2 else own_words(raw)
            if "\0" in text or len(text) > mail.MAX_TEXT:
                tally.found(BROKEN, f"number {which} gave a result that is not a text")
        except UnreadableMail:
            pass
        except Exception as error:  # noqa: BLE001 - any other error is a finding
            tally.found(BROKEN, f"number {which}: {error!r}")
        if time.process_time() - began > MAX_SECONDS:
            tally.found(BROKEN, f"number {which} took too long")
    if (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 > MAX_MEMORY:
        tally.found(BROKEN, f"numbers {first} to {first + number} took too much memory")
    return tally


def forge(first: int, number: int) -> Tally:
    """Tries `number` forged tokens: half of them in reply addresses, half in links."""
    tally = Tally(runs=number)
    rnd = random.Random(first)
    ids = [tokens.subscriber_id(KEYS, "rebuild-trust", f"{name}@example.net") for name in ("ann", "bob")]
    replies = [tokens.reply(KEYS, one, 1057, 1, "own-it") for one in ids]
    links = [tokens.link(KEYS, Purpose.PAGE, one, 1057) for one in ids]
    real = {*replies, *links}
    for which in range(number):
        is_link = which % 2 == 1
        token = _forged(rnd, links if is_link else replies, is_link=is_link)
        if (token if is_link else token.lower()) in real:
            continue
        try:
            if is_link:
                tokens.read_link(KEYS, rnd.choice(list(Purpose)), token, NOW)
            else:
                tokens.read_reply(KEYS, token)
        except InvalidToken:
            continue
        tally.found(FORGED, token)
    return tally


def _forged(rnd: random.Random, real: Sequence[str], *, is_link: bool) -> str:
    """Returns a token forged from real ones: changed bits or letters, halves of two tokens, or a random text."""
    one, other = rnd.sample(real, 2)
    match rnd.randrange(5):
        case 0:  # another round, lesson, subscriber or expiry with the same signature
            raw = bytearray(urlsafe_b64decode(one) if is_link else b32decode(one.upper() + "=" * (-len(one) % 8)))
            raw[rnd.randrange(len(raw))] ^= rnd.randrange(1, 256)
            return (urlsafe_b64encode(raw) if is_link else b32encode(raw).lower().rstrip(b"=")).decode()
        case 1:
            at = rnd.randrange(len(one))
            return one[:at] + rnd.choice("abcdefghijklmnopqrstuvwxyz234567=-_ .+018é\0") + one[at + 1 :]
        case 2:
            at = rnd.randint(1, len(one) - 1)
            return one[:at] + other[at:]
        case 3:
            return one[: rnd.randrange(len(one))] + rnd.choice(("", "=", "a", "aa", one))
        case _:
            return "".join(rnd.choices("abcdefghijklmnopqrstuvwxyz234567", k=len(one)))
